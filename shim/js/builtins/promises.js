// Promise.withResolvers and Promise.try.
// https://tc39.es/ecma262/#sec-promise.withResolvers

import { Promise, TypeError, apply } from "../primordials.js";
import { isObject } from "../webidl.js";
import { installMissing, requireFunction } from "./install.js";

// NewPromiseCapability
function newCapability(constructor) {
    const capability = { promise: undefined, resolve: undefined, reject: undefined };
    capability.promise = new constructor((resolve, reject) => {
        if (capability.resolve !== undefined || capability.reject !== undefined) {
            throw new TypeError("The promise's executor was called twice");
        }
        capability.resolve = resolve;
        capability.reject = reject;
    });
    requireFunction(capability.resolve, "The promise's resolve function");
    requireFunction(capability.reject, "The promise's reject function");
    return capability;
}

installMissing(Promise, {
    try(callback, ...args) {
        if (!isObject(this)) {
            throw new TypeError("Promise.try was called on what is no object");
        }
        const { promise, resolve, reject } = newCapability(this);
        let value;
        try {
            value = apply(callback, undefined, args);
        } catch (error) {
            reject(error);
            return promise;
        }
        resolve(value);
        return promise;
    },

    withResolvers() {
        return newCapability(this);
    },
});
