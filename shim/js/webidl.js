// Web IDL: conversions of what a worker passes in, and interface objects with the properties that
// the standard gives them. https://webidl.spec.whatwg.org/

import {
    IteratorPrototype,
    TypeError,
    apply,
    create,
    defineProperty,
    floor,
    fromCharCode,
    getOwnPropertyDescriptor,
    isNaN,
    objectIsEnumerable,
    ownKeys,
    regExpExec,
    setPrototypeOf,
    stringCharCodeAt,
    symbolIterator,
    symbolToStringTag,
    trunc,
} from "./primordials.js";

// First argument of constructors that the prelude calls in a way of its own. No worker can get it.
export const INTERNAL = { __proto__: null };

export function isObject(value) {
    return (typeof value === "object" && value !== null) || typeof value === "function";
}

export function requireArguments(given, wanted, where) {
    if (given < wanted) {
        const plural = wanted === 1 ? "" : "s";
        throw new TypeError(`${where}: ${wanted} argument${plural} required, ${given} given`);
    }
}

// Of interfaces without a constructor: only the prelude makes their objects.
export function requireConstructible(token) {
    if (token !== INTERNAL) {
        throw new TypeError("Illegal constructor");
    }
}

export function requireThis(isOne) {
    if (!isOne) {
        throw new TypeError("Illegal invocation");
    }
}

export function toDOMString(value) {
    return typeof value === "string" ? value : `${value}`;
}

const SURROGATE = /[\ud800-\udfff]/;

export function toUSVString(value) {
    const string = toDOMString(value);
    return regExpExec(SURROGATE, string) === null ? string : replaceLoneSurrogates(string);
}

function replaceLoneSurrogates(string) {
    let result = "";
    for (let i = 0; i < string.length; i++) {
        const unit = stringCharCodeAt(string, i);
        const next = i + 1 < string.length ? stringCharCodeAt(string, i + 1) : 0;
        if ((unit & 0xf800) !== 0xd800) {
            result += fromCharCode(unit);
        } else if (unit < 0xdc00 && (next & 0xfc00) === 0xdc00) {
            result += fromCharCode(unit, next);
            i++;
        } else {
            result += "\ufffd";
        }
    }
    return result;
}

const ABOVE_BYTE = /[^\0-\xff]/;

export function toByteString(value, where) {
    const string = toDOMString(value);
    if (regExpExec(ABOVE_BYTE, string) !== null) {
        throw new TypeError(`${where} has a character above U+00FF`);
    }
    return string;
}

export function toUnsignedShort(value) {
    const number = +value;
    return number >>> 0 === number ? number & 0xffff : modulo(number, 0x10000);
}

export function toUnsignedLong(value) {
    return +value >>> 0;
}

// `long`: the 32 bits that ToInt32 leaves.
export function toLong(value) {
    return +value | 0;
}

function modulo(number, bound) {
    if (isNaN(number) || number === Infinity || number === -Infinity) {
        return 0;
    }
    const rest = trunc(number) % bound;
    return rest < 0 ? rest + bound : rest + 0;
}

// `long long`: what the 64 bits stand for.
export function toLongLong(value) {
    const number = +value;
    if (isNaN(number) || number === Infinity || number === -Infinity) {
        return 0;
    }
    const rest = trunc(number) % 2 ** 64;
    if (rest >= 2 ** 63) {
        return rest - 2 ** 64;
    }
    return rest < -(2 ** 63) ? rest + 2 ** 64 : rest + 0;
}

// [Clamp] long long
export function toClampedLongLong(value) {
    const number = +value;
    const bound = 2 ** 53 - 1;
    if (isNaN(number)) {
        return 0;
    }
    return number < -bound ? -bound : number > bound ? bound : roundHalfToEven(number);
}

function roundHalfToEven(number) {
    const below = floor(number);
    const rest = number - below;
    const isUp = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
    return below + (isUp ? 1 : 0) + 0;
}

// [EnforceRange] unsigned long long
export function toEnforcedUnsigned(value, where) {
    const number = trunc(+value);
    if (!(number >= 0 && number <= 2 ** 53 - 1)) {
        throw new TypeError(`${where} is not an integer from 0 to 2**53 - 1`);
    }
    return number + 0;
}

// A dictionary argument: undefined where there is none.
export function toDictionary(value, where) {
    if (value === undefined || value === null) {
        return undefined;
    }
    if (!isObject(value)) {
        throw new TypeError(`${where} is not an object`);
    }
    return value;
}

// `allowed`: an object without prototype that has the enumeration's values as keys.
export function toEnumeration(value, allowed, where) {
    const string = toDOMString(value);
    if (!(string in allowed)) {
        throw new TypeError(`${where} cannot be "${string}"`);
    }
    return string;
}

export function enumeration(...values) {
    const allowed = create(null);
    for (let i = 0; i < values.length; i++) {
        allowed[values[i]] = true;
    }
    return allowed;
}

export function toCallback(value, where) {
    if (typeof value !== "function") {
        throw new TypeError(`${where} is not a function`);
    }
    return value;
}

// sequence<T>, as an array of what convert(item) returns.
export function toSequence(value, where, convert) {
    if (!isObject(value) || typeof value[symbolIterator] !== "function") {
        throw new TypeError(`${where} is not an iterable object`);
    }
    const items = [];
    for (const item of value) {
        items[items.length] = convert(item);
    }
    return items;
}

// (sequence<sequence<T>> or record<T, T>): calls add(name, value, isRecord) for each pair of an
// object, unconverted.
export function forEachPair(init, where, add) {
    const method = init[symbolIterator];
    if (method !== undefined && method !== null) {
        for (const pair of init) {
            addSequence(pair, where, add);
        }
        return;
    }
    const keys = ownKeys(init);
    for (let i = 0; i < keys.length; i++) {
        if (objectIsEnumerable(init, keys[i])) {
            add(keys[i], init[keys[i]], true);
        }
    }
}

function addSequence(pair, where, add) {
    if (!isObject(pair)) {
        throw new TypeError(`${where}: a pair is not an iterable object`);
    }
    const items = [];
    for (const item of pair) {
        items[items.length] = item;
    }
    if (items.length !== 2) {
        throw new TypeError(`${where}: a pair has ${items.length} items`);
    }
    add(items[0], items[1], false);
}

// Gives a class what makes it an interface: enumerable members, constants and a class string.
// Before the snapshot only: descriptors inherit from Object.prototype.
// The name is given, since a bundler may have changed the class's.
export function defineInterface(name, interfaceObject, constants = {}) {
    defineProperty(interfaceObject, "name", { value: name });
    publishMembers(interfaceObject.prototype, ["constructor"]);
    publishMembers(interfaceObject, ["length", "name", "prototype"]);
    setClassString(interfaceObject.prototype, name);
    for (const key of ownKeys(constants)) {
        const constant = { value: constants[key], enumerable: true };
        defineProperty(interfaceObject, key, constant);
        defineProperty(interfaceObject.prototype, key, constant);
    }
}

function publishMembers(object, others) {
    for (const key of ownKeys(object)) {
        if (typeof key === "string" && !others.includes(key)) {
            defineProperty(object, key, { enumerable: true });
        }
    }
}

export function setClassString(object, name) {
    defineProperty(object, symbolToStringTag, { value: name, configurable: true });
}

const KEYS = 0;
const VALUES = 1;
const ENTRIES = 2;

// Gives an interface iterable<K, V>. pairAt(object, index) returns a new [key, value], or undefined
// past the end; it throws a TypeError for another interface's objects.
export function definePairIterable(name, interfaceObject, pairAt) {
    const iterate = pairIteratorFactory(`${name} Iterator`, pairAt);
    const methods = {
        entries() {
            return iterate(this, ENTRIES);
        },
        keys() {
            return iterate(this, KEYS);
        },
        values() {
            return iterate(this, VALUES);
        },
        forEach(callback, thisArg = undefined) {
            pairAt(this, 0);
            toCallback(callback, "The first argument");
            let pair;
            for (let i = 0; (pair = pairAt(this, i)) !== undefined; i++) {
                apply(callback, thisArg, [pair[1], pair[0], this]);
            }
        },
    };
    for (const key of ownKeys(methods)) {
        defineProperty(interfaceObject.prototype, key, getOwnPropertyDescriptor(methods, key));
    }
    defineProperty(interfaceObject.prototype, symbolIterator, {
        value: methods.entries,
        writable: true,
        configurable: true,
    });
}

function pairIteratorFactory(className, pairAt) {
    class PairIterator {
        #target;
        #kind;
        #index = 0;

        constructor(target, kind) {
            this.#target = target;
            this.#kind = kind;
        }

        next() {
            const pair = pairAt(this.#target, this.#index);
            if (pair === undefined) {
                return { value: undefined, done: true };
            }
            this.#index++;
            return { value: this.#kind === ENTRIES ? pair : pair[this.#kind], done: false };
        }
    }
    const prototype = PairIterator.prototype;
    delete prototype.constructor;
    setPrototypeOf(prototype, IteratorPrototype);
    defineProperty(prototype, "next", { enumerable: true });
    setClassString(prototype, className);
    return (target, kind) => {
        pairAt(target, 0);
        return new PairIterator(target, kind);
    };
}
