// What the streams package finds where it looks for globals: see package.mjs.

import { abort, newSignal } from "../abort.js";
import { host } from "../host.js";
import {
    DataView,
    Promise,
    create,
    defineProperties,
    defineProperty,
    isNaN,
    min,
    promiseThen,
    trunc,
    typedArrayConstructors,
    typedArrayName,
} from "../primordials.js";

export { forgetAborted, isAbortSignal, isAborted, onceAborted, reasonOf } from "../abort.js";
export { copyOf } from "../arrays.js";
export {
    ArrayBuffer,
    Boolean,
    DataView,
    Promise,
    RangeError,
    String,
    Symbol,
    TypeError,
    Uint8Array,
    apply,
    objectHasOwn as hasOwn,
    isView,
    promiseThen as then,
    typedArraySet,
} from "../primordials.js";

export const Object = { __proto__: null, create, defineProperties, defineProperty };
export const Math = { __proto__: null, min, trunc };

export function Number(value) {
    return +value;
}
Number.isFinite = (value) => typeof value === "number" && value - value === 0;
Number.isNaN = isNaN;
Number.MAX_SAFE_INTEGER = 2 ** 53 - 1;

export function push(array, item) {
    array[array.length] = item;
}

const settled = Promise.resolve();

export function queueMicrotask(callback) {
    promiseThen(settled, callback);
}

// Starts all, and waits for all; fails with the first failure.
export async function allOf(actions) {
    const promises = [];
    for (let i = 0; i < actions.length; i++) {
        promises[i] = actions[i]();
    }
    for (let i = 0; i < promises.length; i++) {
        promiseThen(promises[i], undefined, () => {});
    }
    for (let i = 0; i < promises.length; i++) {
        await promises[i];
    }
}

export function transferBuffer(buffer) {
    return host.transferBuffer(buffer);
}

export function isDetached(buffer) {
    return host.isDetached(buffer);
}

// The intrinsic one, where the view's object is of a class of the worker's.
export function viewConstructorOf(view) {
    const name = typedArrayName(view);
    return name === undefined ? DataView : typedArrayConstructors[name];
}

// Of a writable stream's controller. Few ask for the signal.
export class AbortController {
    #signal = null;
    #isAborted = false;
    #reason;

    get signal() {
        if (this.#signal === null) {
            this.#signal = newSignal();
            if (this.#isAborted) {
                abort(this.#signal, this.#reason);
            }
        }
        return this.#signal;
    }

    abort(reason) {
        this.#isAborted = true;
        this.#reason = reason;
        if (this.#signal !== null) {
            abort(this.#signal, reason);
        }
    }
}
