// CryptoKey. https://www.w3.org/TR/webcrypto/#cryptokey-interface
//
// A key's material is the host's, behind a handle that no worker sees. What may be done with it
// stands in a record that no worker can change: attributes show copies.

import { copyBytes } from "../buffers.js";
import { registerSerializable } from "../clone/platform.js";
import { registerInterface } from "../format.js";
import { TypeError, defineProperty } from "../primordials.js";
import {
    INTERNAL,
    defineInterface,
    isObject,
    requireConstructible,
    requireThis,
} from "../webidl.js";
import { accessError, usageError } from "./errors.js";

class KeyRecord {
    constructor(type, extractable, algorithm, usages, handle) {
        this.type = type; // "secret", "public", "private"
        this.extractable = extractable;
        this.algorithm = algorithm; // a KeyAlgorithm
        this.usages = usages; // in USAGES' order
        this.handle = handle;
    }
}

// What a key is for: its algorithm (an object of one of the families' files), and those of the
// members that this has.
export class KeyAlgorithm {
    constructor(of) {
        this.of = of;
        this.hash = undefined; // an object of digest.js
        this.length = undefined; // bits
        this.namedCurve = undefined;
        this.modulusLength = undefined;
        this.publicExponent = undefined; // a Uint8Array
    }
}

// As the standard shows it, a new object.
function shown({ of, hash, length, namedCurve, modulusLength, publicExponent }) {
    const algorithm = { name: of.name };
    if (modulusLength !== undefined) {
        setOwn(algorithm, "modulusLength", modulusLength);
        setOwn(algorithm, "publicExponent", copyBytes(publicExponent));
    }
    if (namedCurve !== undefined) {
        setOwn(algorithm, "namedCurve", namedCurve);
    }
    if (hash !== undefined) {
        setOwn(algorithm, "hash", { name: hash.name });
    }
    if (length !== undefined) {
        setOwn(algorithm, "length", length);
    }
    return algorithm;
}

// Whatever the worker has made of Object.prototype.
export function setOwn(object, key, value) {
    defineProperty(object, key, {
        __proto__: null,
        value,
        writable: true,
        enumerable: true,
        configurable: true,
    });
}

export let isCryptoKey;
export let recordOf; // of a CryptoKey

export class CryptoKey {
    #record;
    #algorithm = null; // what was shown before
    #usages = null;

    static {
        isCryptoKey = (value) => isObject(value) && #record in value;
        recordOf = (key) => key.#record;
    }

    // new CryptoKey(INTERNAL, record)
    constructor(token = undefined, record = undefined) {
        requireConstructible(token);
        this.#record = record;
    }

    get type() {
        requireThis(#record in this);
        return this.#record.type;
    }

    get extractable() {
        requireThis(#record in this);
        return this.#record.extractable;
    }

    get algorithm() {
        requireThis(#record in this);
        return (this.#algorithm ??= shown(this.#record.algorithm));
    }

    get usages() {
        requireThis(#record in this);
        return (this.#usages ??= copyOf(this.#record.usages));
    }
}

defineInterface("CryptoKey", CryptoKey);
registerInterface(isCryptoKey, ({ type, extractable, algorithm, usages }) => ({
    type,
    extractable,
    algorithm,
    usages,
}));

// A clone is another object for the same key.
registerSerializable(isCryptoKey, recordOf, (record) => new CryptoKey(INTERNAL, record));

// Usages.

const USAGES = [
    "encrypt",
    "decrypt",
    "sign",
    "verify",
    "deriveKey",
    "deriveBits",
    "wrapKey",
    "unwrapKey",
];

export function isUsage(value) {
    return includes(USAGES, value);
}

export function includes(list, value) {
    for (let i = 0; i < list.length; i++) {
        if (list[i] === value) {
            return true;
        }
    }
    return false;
}

export function copyOf(list) {
    return common(list, list);
}

// Of the one list, in its order, what is in the other one.
export function common(list, other) {
    const found = [];
    for (let i = 0; i < list.length; i++) {
        if (includes(other, list[i])) {
            found[found.length] = list[i];
        }
    }
    return found;
}

export function requireUsages(usages, allowed) {
    for (let i = 0; i < usages.length; i++) {
        if (!includes(allowed, usages[i])) {
            throw usageError(`A key of this kind cannot have the usage "${usages[i]}"`);
        }
    }
}

export function requireUsage(record, usage) {
    if (!includes(record.usages, usage)) {
        throw accessError(`The key does not have the usage "${usage}"`);
    }
}

export function requireType(record, type) {
    if (record.type !== type) {
        throw accessError(`A ${type} key is needed, not a ${record.type} one`);
    }
}

// Making.

export function makeKey(token, type, extractable, algorithm, usages, handle) {
    const sorted = common(USAGES, usages);
    return new CryptoKey(token, new KeyRecord(type, extractable, algorithm, sorted, handle));
}

export function toCryptoKey(value, where) {
    if (!isCryptoKey(value)) {
        throw new TypeError(`${where} is not a CryptoKey`);
    }
    return recordOf(value);
}
