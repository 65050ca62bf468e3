// Built-ins of later editions of ECMAScript, where the engine lacks them. Ours look like its own:
// not enumerable, no constructors, and Function.prototype.toString says "[native code]".

import { disguise } from "../texts.js";
import {
    Object,
    RangeError,
    TypeError,
    defineProperty,
    getOwnPropertyDescriptor,
    isNaN,
    objectHasOwn,
    ownKeys,
    trunc,
} from "../primordials.js";

// Defines the methods and accessors of a plain object that the target does not have yet. Before
// the snapshot only: descriptors inherit from Object.prototype.
export function installMissing(target, members) {
    for (const key of ownKeys(members)) {
        if (objectHasOwn(target, key)) {
            continue;
        }
        const descriptor = getOwnPropertyDescriptor(members, key);
        descriptor.enumerable = false;
        defineProperty(target, key, descriptor);
        disguise(descriptor.value ?? descriptor.get);
        if (descriptor.set !== undefined) {
            disguise(descriptor.set);
        }
    }
}

// The abstract operations of ECMA-262 that they stand on.

export function toObject(value) {
    if (value === undefined || value === null) {
        throw new TypeError("Cannot convert undefined or null to object");
    }
    return Object(value);
}

export function toIntegerOrInfinity(value) {
    const number = +value;
    return isNaN(number) ? 0 : trunc(number) + 0;
}

const MAX_SAFE = 2 ** 53 - 1;

export function lengthOf(object) {
    const length = toIntegerOrInfinity(object.length);
    return length <= 0 ? 0 : length < MAX_SAFE ? length : MAX_SAFE;
}

// ToIndex
export function toIndex(value) {
    const index = toIntegerOrInfinity(value);
    if (index < 0 || index > MAX_SAFE) {
        throw new RangeError("Invalid index or length");
    }
    return index;
}

// An index that may count from the end, as slice() has it.
export function relativeIndex(value, length) {
    const index = toIntegerOrInfinity(value);
    if (index < 0) {
        return index + length > 0 ? index + length : 0;
    }
    return index < length ? index : length;
}

export function requireFunction(value, what) {
    if (typeof value !== "function") {
        throw new TypeError(`${what} is not a function`);
    }
}
