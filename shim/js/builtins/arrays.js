// Copies of arrays that are changed, and Array.fromAsync.
// https://tc39.es/ecma262/#sec-array.prototype.toreversed and what stands beside it

import { guardedSort } from "../guards.js";
import {
    Array,
    RangeError,
    TypeError,
    apply,
    arrayPrototype,
    bigintAsIntN,
    construct,
    defineProperty,
    stringStartsWith,
    symbolAsyncIterator,
    symbolIterator,
    typedArrayConstructors,
    typedArrayKeys,
    typedArrayLength,
    typedArrayName,
    typedArrayPrototype,
    typedArrayReverse,
    typedArraySet,
    typedArraySort,
} from "../primordials.js";
import {
    installMissing,
    lengthOf,
    relativeIndex,
    requireFunction,
    toIntegerOrInfinity,
    toObject,
} from "./install.js";

const MAX_ARRAY = 2 ** 32 - 1;

function requireArrayLength(length) {
    if (length > MAX_ARRAY) {
        throw new RangeError("Invalid array length");
    }
}

// The elements of something like an array, without holes.
function listOf(object, length) {
    requireArrayLength(length);
    const list = [];
    for (let i = 0; i < length; i++) {
        list[i] = object[i];
    }
    return list;
}

function actualIndex(index, length) {
    const relative = toIntegerOrInfinity(index);
    return relative < 0 ? length + relative : relative;
}

installMissing(arrayPrototype, {
    toReversed() {
        const object = toObject(this);
        const length = lengthOf(object);
        requireArrayLength(length);
        const result = [];
        for (let i = 0; i < length; i++) {
            result[i] = object[length - 1 - i];
        }
        return result;
    },

    toSorted(comparator) {
        if (comparator !== undefined) {
            requireFunction(comparator, "The comparison function");
        }
        const object = toObject(this);
        return guardedSort(listOf(object, lengthOf(object)), comparator);
    },

    toSpliced(start, skipCount, ...items) {
        const object = toObject(this);
        const length = lengthOf(object);
        const begin = relativeIndex(start, length);
        let skipped = 0;
        if (arguments.length === 1) {
            skipped = length - begin;
        } else if (arguments.length > 1) {
            const wanted = toIntegerOrInfinity(skipCount);
            skipped = wanted < 0 ? 0 : wanted < length - begin ? wanted : length - begin;
        }
        if (length - skipped + items.length > 2 ** 53 - 1) {
            throw new TypeError("The array would be too long");
        }
        requireArrayLength(length - skipped + items.length);
        const result = [];
        for (let i = 0; i < begin; i++) {
            result[i] = object[i];
        }
        for (let i = 0; i < items.length; i++) {
            result[result.length] = items[i];
        }
        for (let i = begin + skipped; i < length; i++) {
            result[result.length] = object[i];
        }
        return result;
    },

    with(index, value) {
        const object = toObject(this);
        const length = lengthOf(object);
        const place = actualIndex(index, length);
        if (place < 0 || place >= length) {
            throw new RangeError("Invalid index");
        }
        const result = listOf(object, length);
        result[place] = value;
        return result;
    },
});

// Of the same type, whatever its constructor has become. TypeError where it is no typed array, or
// its buffer is detached.
function copyOfTypedArray(array) {
    typedArrayKeys(array);
    const copy = new typedArrayConstructors[typedArrayName(array)](typedArrayLength(array));
    typedArraySet(copy, array);
    return copy;
}

installMissing(typedArrayPrototype, {
    toReversed() {
        return typedArrayReverse(copyOfTypedArray(this));
    },

    toSorted(comparator) {
        if (comparator !== undefined) {
            requireFunction(comparator, "The comparison function");
        }
        return typedArraySort(copyOfTypedArray(this), comparator);
    },

    with(index, value) {
        typedArrayKeys(this);
        const place = actualIndex(index, typedArrayLength(this));
        const isBig = stringStartsWith(typedArrayName(this), "Big");
        const element = isBig ? bigintAsIntN(64, value) : +value;
        if (!(place >= 0 && place < typedArrayLength(this))) {
            throw new RangeError("Invalid index");
        }
        const copy = copyOfTypedArray(this);
        copy[place] = element;
        return copy;
    },
});

function nothing() {}

function isConstructor(value) {
    if (typeof value !== "function") {
        return false;
    }
    try {
        construct(nothing, [], value);
        return true;
    } catch {
        return false;
    }
}

function createElement(object, index, value) {
    const descriptor = {
        __proto__: null,
        value,
        writable: true,
        enumerable: true,
        configurable: true,
    };
    if (!defineProperty(object, index, descriptor)) {
        throw new TypeError(`Cannot define element ${index}`);
    }
}

function methodOf(object, key) {
    const method = object[key];
    if (method === undefined || method === null) {
        return undefined;
    }
    requireFunction(method, "The iterator method");
    return method;
}

// What `for await` walks: the methods were looked up already.
function iterableOf(items) {
    const asynchronous = methodOf(items, symbolAsyncIterator);
    const key = asynchronous === undefined ? symbolIterator : symbolAsyncIterator;
    const method = asynchronous ?? methodOf(items, symbolIterator);
    return method && { __proto__: null, [key]: () => apply(method, items, []) };
}

async function fillFromIterable(result, iterable, map) {
    let i = 0;
    for await (const item of iterable) {
        createElement(result, i, map === undefined ? item : await map(item, i));
        i++;
    }
    result.length = i;
    return result;
}

async function fromAsync(constructor, items, mapper, thisArg) {
    if (mapper !== undefined) {
        requireFunction(mapper, "Array.fromAsync: the mapping function");
    }
    const map = mapper && ((item, i) => apply(mapper, thisArg, [item, i]));
    const iterable = iterableOf(items);
    const isOurs = !isConstructor(constructor);
    if (iterable !== undefined) {
        return fillFromIterable(isOurs ? [] : new constructor(), iterable, map);
    }
    const object = toObject(items);
    const length = lengthOf(object);
    if (isOurs) {
        requireArrayLength(length);
    }
    const result = isOurs ? [] : new constructor(length);
    for (let i = 0; i < length; i++) {
        const item = await object[i];
        createElement(result, i, map === undefined ? item : await map(item, i));
    }
    result.length = length;
    return result;
}

installMissing(Array, {
    fromAsync(items, mapper = undefined, thisArg = undefined) {
        return fromAsync(this, items, mapper, thisArg);
    },
});
