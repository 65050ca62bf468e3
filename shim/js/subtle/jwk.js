// JsonWebKey. https://www.w3.org/TR/webcrypto/#JsonWebKey-dictionary (RFC 7517, RFC 7518)

import { host } from "../host.js";
import {
    TypeError,
    isArray,
    objectHasOwn,
    parseJson,
    setPrototypeOf,
    stringifyJson,
} from "../primordials.js";
import { isObject, toDOMString, toSequence } from "../webidl.js";
import { dataError } from "./errors.js";
import { copyOf, includes, setOwn } from "./key.js";

// In the order in which they are read, and shown.
const MEMBERS = [
    "alg",
    "crv",
    "d",
    "dp",
    "dq",
    "e",
    "ext",
    "k",
    "key_ops",
    "kty",
    "n",
    "oth",
    "p",
    "q",
    "qi",
    "use",
    "x",
    "y",
];

// Primes beyond the second, of which it only counts that there are any.
function toPrime(value) {
    return value;
}

function toMember(name, value) {
    switch (name) {
        case "ext":
            return !!value;
        case "key_ops":
            return toSequence(value, "The JWK's key_ops", toDOMString);
        case "oth":
            return toSequence(value, "The JWK's oth", toPrime);
        default:
            return toDOMString(value);
    }
}

// The dictionary: an object without prototype that has the members that there are.
export function toJsonWebKey(value) {
    const jwk = { __proto__: null };
    if (value === undefined || value === null) {
        return jwk;
    }
    if (!isObject(value)) {
        throw new TypeError("The key data is neither bytes nor a JWK");
    }
    for (let i = 0; i < MEMBERS.length; i++) {
        const member = value[MEMBERS[i]];
        if (member !== undefined) {
            jwk[MEMBERS[i]] = toMember(MEMBERS[i], member);
        }
    }
    return jwk;
}

// Of JSON text, in UTF-8. What a worker has made of its prototypes is no part of it.
export function parseJsonWebKey(bytes) {
    let value;
    try {
        value = parseJson(host.decodeUtf8(bytes, false, false));
    } catch {
        throw dataError("The JWK is not JSON");
    }
    if (!isObject(value) || isArray(value)) {
        throw dataError("The JWK is not an object");
    }
    setPrototypeOf(value, null);
    const jwk = { __proto__: null };
    for (let i = 0; i < MEMBERS.length; i++) {
        const name = MEMBERS[i];
        if (objectHasOwn(value, name)) {
            jwk[name] = parsedMember(name, value[name]);
        }
    }
    if (jwk.kty === undefined) {
        throw dataError("The JWK has no kty");
    }
    return jwk;
}

function parsedMember(name, value) {
    if (name === "ext" || name === "oth") {
        return name === "oth" || !!value;
    }
    if (name === "key_ops" && isArray(value)) {
        const strings = [];
        for (let i = 0; i < value.length; i++) {
            strings[i] = requireText(value[i]);
        }
        return strings;
    }
    return requireText(value);
}

function requireText(value) {
    if (typeof value !== "string") {
        throw dataError("A member of the JWK is no text");
    }
    return value;
}

// JSON text, in UTF-8.
export function stringifyJsonWebKey(jwk) {
    setPrototypeOf(jwk, null);
    setPrototypeOf(jwk.key_ops, null);
    return host.encodeUtf8(stringifyJson(jwk));
}

// What all kinds of keys have in common.
export function checkJwk(jwk, kty, use, extractable, usages) {
    if (jwk.kty !== kty) {
        throw dataError(`The JWK's kty is not "${kty}"`);
    }
    if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) {
        throw dataError(`The JWK's use is not "${use}"`);
    }
    checkOperations(jwk.key_ops, usages);
    if (jwk.ext === false && extractable) {
        throw dataError("The JWK is not extractable");
    }
}

function checkOperations(operations, usages) {
    if (operations === undefined) {
        return;
    }
    for (let i = 0; i < operations.length; i++) {
        for (let j = 0; j < i; j++) {
            if (operations[i] === operations[j]) {
                throw dataError("The JWK's key_ops name an operation twice");
            }
        }
    }
    for (let i = 0; i < usages.length; i++) {
        if (!includes(operations, usages[i])) {
            throw dataError(`The JWK's key_ops do not have "${usages[i]}"`);
        }
    }
}

export function requireJwkAlgorithm(jwk, wanted) {
    if (jwk.alg !== undefined && jwk.alg !== wanted) {
        throw dataError(`The JWK's alg is not "${wanted}"`);
    }
}

// The JWK of a key. members: those that are its own, without prototype.
export function makeJwk(record, members) {
    members.ext = record.extractable;
    members.key_ops = copyOf(record.usages);
    const jwk = {};
    for (let i = 0; i < MEMBERS.length; i++) {
        const value = members[MEMBERS[i]];
        if (value !== undefined) {
            setOwn(jwk, MEMBERS[i], value);
        }
    }
    return jwk;
}
