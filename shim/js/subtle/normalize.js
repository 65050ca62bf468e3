// Normalizing an algorithm. https://www.w3.org/TR/webcrypto/#algorithm-normalization
//
// An algorithm is an object of one of the families' files: its name, the dictionary of each
// operation that it has (`parameters`), and a function for each. What comes out has this object as
// `of`, and the members of the dictionary.

import { TypeError, regExpExec, stringToLowerCase } from "../primordials.js";
import { isObject, toDOMString } from "../webidl.js";
import { aesCbc, aesCtr, aesGcm, aesKw } from "./aes.js";
import { digests } from "./digest.js";
import { ecdh, ecdsa } from "./ec.js";
import { unsupportedError } from "./errors.js";
import { hmac } from "./hmac.js";
import { hkdf, pbkdf2 } from "./kdf.js";
import { ed25519, x25519 } from "./okp.js";
import { rsaOaep, rsaPss, rsaPkcs1 } from "./rsa.js";

const algorithms = { __proto__: null };

function register(list) {
    for (let i = 0; i < list.length; i++) {
        algorithms[stringToLowerCase(list[i].name)] = list[i];
    }
}

register(digests);
register([aesCbc, aesCtr, aesGcm, aesKw, hmac, hkdf, pbkdf2]);
register([rsaPkcs1, rsaPss, rsaOaep, ecdsa, ecdh, ed25519, x25519]);

// AlgorithmIdentifier: an object as it is, or a string.
export function toIdentifier(value) {
    return isObject(value) ? value : toDOMString(value);
}

const NOT_ASCII = /[^\0-\x7f]/;

// Names do not depend on case, in ASCII.
function find(name, operation) {
    const key = regExpExec(NOT_ASCII, name) === null ? stringToLowerCase(name) : "";
    const algorithm = algorithms[key];
    return algorithm !== undefined && operation in algorithm.parameters ? algorithm : undefined;
}

// What normalize() finds, or undefined where the algorithm does not have the operation.
export function normalizeIfThere(identifier, operation) {
    const object =
        typeof identifier === "string" ? { __proto__: null, name: identifier } : identifier;
    const { name } = object;
    if (name === undefined) {
        throw new TypeError("The algorithm has no name");
    }
    const algorithm = find(toDOMString(name), operation);
    if (algorithm === undefined) {
        return undefined;
    }
    const normalized = algorithm.parameters[operation](object, toHash);
    normalized.of = algorithm;
    return normalized;
}

export function normalize(identifier, operation) {
    return normalizeIfThere(identifier, operation) ?? unsupported(operation);
}

export function unsupported(operation) {
    throw unsupportedError(`There is no such algorithm for ${operation}`);
}

// HashAlgorithmIdentifier
function toHash(value) {
    return normalize(toIdentifier(value), "digest").of;
}
