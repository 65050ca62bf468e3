// structuredClone. https://html.spec.whatwg.org/multipage/structured-data.html#structured-cloning

import { deserializeWithTransfer } from "./clone/deserialize.js";
import { registerSerializable } from "./clone/platform.js";
import { serializeWithTransfer } from "./clone/serialize.js";
import { DOMException, isDOMException } from "./domexception.js";
import { TypeError, defineProperty } from "./primordials.js";
import { isObject, requireArguments, toDictionary, toSequence } from "./webidl.js";

export const cloneFunctions = {
    structuredClone(value, options = undefined) {
        requireArguments(arguments.length, 1, "structuredClone");
        const members = toDictionary(options, "structuredClone: the second argument");
        const transfer = toTransferList(members?.transfer, "structuredClone: transfer");
        return cloneWithTransfer(value, transfer).value;
    },
};

// { value, transferred }
export function cloneWithTransfer(value, transfer) {
    return deserializeWithTransfer(serializeWithTransfer(value, transfer));
}

// sequence<object>, empty where it is undefined.
export function toTransferList(value, where) {
    return value === undefined ? [] : toSequence(value, where, toTransferable);
}

function toTransferable(value) {
    if (!isObject(value)) {
        throw new TypeError("What is to be transferred is not an object");
    }
    return value;
}

registerSerializable(
    isDOMException,
    ({ message, name, stack }) => ({ message, name, stack }),
    ({ message, name, stack }) => {
        const clone = new DOMException(message, name);
        defineProperty(clone, "stack", { __proto__: null, value: stack });
        return clone;
    },
);
