// SubtleCrypto. https://www.w3.org/TR/webcrypto/#subtlecrypto-interface
//
// Each method converts its arguments, normalizes the algorithm, and copies bytes, before anything
// is waited for; what it throws rejects its promise. Promises are awaited before they are returned:
// V8 would ask them for a then() that a worker may have replaced.

import { bytesOf, isBufferSource } from "../buffers.js";
import { registerInterface } from "../format.js";
import { TypeError, Uint8Array } from "../primordials.js";
import {
    defineInterface,
    enumeration,
    requireArguments,
    requireConstructible,
    requireThis,
    toDOMString,
    toEnumeration,
    toSequence,
} from "../webidl.js";
import { toBytes } from "./dictionaries.js";
import { accessError, unsupportedError, usageError } from "./errors.js";
import { parseJsonWebKey, stringifyJsonWebKey, toJsonWebKey } from "./jwk.js";
import { isCryptoKey, isUsage, recordOf, requireUsage, toCryptoKey } from "./key.js";
import { normalize, normalizeIfThere, toIdentifier, unsupported } from "./normalize.js";

const FORMATS = enumeration("raw", "spki", "pkcs8", "jwk");

function toFormat(value) {
    return toEnumeration(value, FORMATS, "The format");
}

function toUsage(value) {
    const usage = toDOMString(value);
    if (!isUsage(usage)) {
        throw new TypeError(`"${usage}" is no usage of a key`);
    }
    return usage;
}

function toUsages(value) {
    return toSequence(value, "The usages", toUsage);
}

// unsigned long?
function toLength(value) {
    return value === undefined || value === null ? null : +value >>> 0;
}

// (BufferSource or JsonWebKey)
function toKeyData(value) {
    return isBufferSource(value) ? bytesOf(value) : toJsonWebKey(value);
}

// Whether a key may be used for an operation.
function requireKeyFor(of, record, usage) {
    if (record.algorithm.of !== of) {
        throw accessError(`The key is one of ${record.algorithm.of.name}, not of ${of.name}`);
    }
    requireUsage(record, usage);
}

// The key, or the pair, unless there would be nothing that it could do.
function requireUse(made) {
    const key = isCryptoKey(made) ? recordOf(made) : recordOf(made.privateKey);
    if (key.type !== "public" && key.usages.length === 0) {
        throw usageError("A secret or private key needs a usage");
    }
    return made;
}

async function exported(format, record) {
    const { of } = record.algorithm;
    if (of.exportKey === undefined) {
        throw unsupportedError(`Keys of ${of.name} cannot be exported`);
    }
    if (!record.extractable) {
        throw accessError("The key is not extractable");
    }
    return await of.exportKey(record, format);
}

export class SubtleCrypto {
    #isSubtle = true;

    static {
        registerInterface((value) => #isSubtle in value);
    }

    constructor(token = undefined) {
        requireConstructible(token);
    }

    async encrypt(algorithm, key, data) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 3, "encrypt");
        const identifier = toIdentifier(algorithm);
        const record = toCryptoKey(key, "encrypt: the second argument");
        toBytes(data, "encrypt: the third argument");
        const params = normalize(identifier, "encrypt");
        requireKeyFor(params.of, record, "encrypt");
        return await params.of.encrypt(params, record, bytesOf(data));
    }

    async decrypt(algorithm, key, data) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 3, "decrypt");
        const identifier = toIdentifier(algorithm);
        const record = toCryptoKey(key, "decrypt: the second argument");
        toBytes(data, "decrypt: the third argument");
        const params = normalize(identifier, "decrypt");
        requireKeyFor(params.of, record, "decrypt");
        return await params.of.decrypt(params, record, bytesOf(data));
    }

    async sign(algorithm, key, data) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 3, "sign");
        const identifier = toIdentifier(algorithm);
        const record = toCryptoKey(key, "sign: the second argument");
        toBytes(data, "sign: the third argument");
        const params = normalize(identifier, "sign");
        requireKeyFor(params.of, record, "sign");
        return await params.of.sign(params, record, bytesOf(data));
    }

    async verify(algorithm, key, signature, data) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 4, "verify");
        const identifier = toIdentifier(algorithm);
        const record = toCryptoKey(key, "verify: the second argument");
        toBytes(signature, "verify: the third argument");
        toBytes(data, "verify: the fourth argument");
        const params = normalize(identifier, "verify");
        requireKeyFor(params.of, record, "verify");
        return await params.of.verify(params, record, bytesOf(signature), bytesOf(data));
    }

    async digest(algorithm, data) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 2, "digest");
        const identifier = toIdentifier(algorithm);
        toBytes(data, "digest: the second argument");
        const params = normalize(identifier, "digest");
        return await params.of.digest(params, bytesOf(data));
    }

    async generateKey(algorithm, extractable, keyUsages) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 3, "generateKey");
        const identifier = toIdentifier(algorithm);
        const isExtractable = !!extractable;
        const usages = toUsages(keyUsages);
        const params = normalize(identifier, "generateKey");
        return requireUse(await params.of.generateKey(params, isExtractable, usages));
    }

    async deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 5, "deriveKey");
        const identifier = toIdentifier(algorithm);
        const record = toCryptoKey(baseKey, "deriveKey: the second argument");
        const derivedType = toIdentifier(derivedKeyType);
        const isExtractable = !!extractable;
        const usages = toUsages(keyUsages);
        const params = normalize(identifier, "deriveBits");
        const importParams = normalize(derivedType, "importKey");
        const lengthParams = normalize(derivedType, "get key length");
        requireKeyFor(params.of, record, "deriveKey");
        const length = lengthParams.of.getKeyLength(lengthParams);
        const secret = new Uint8Array(await params.of.deriveBits(params, record, length));
        return requireUse(
            await importParams.of.importKey(importParams, "raw", secret, isExtractable, usages),
        );
    }

    async deriveBits(algorithm, baseKey, length = null) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 2, "deriveBits");
        const identifier = toIdentifier(algorithm);
        const record = toCryptoKey(baseKey, "deriveBits: the second argument");
        const bits = toLength(length);
        const params = normalize(identifier, "deriveBits");
        requireKeyFor(params.of, record, "deriveBits");
        return await params.of.deriveBits(params, record, bits);
    }

    async importKey(format, keyData, algorithm, extractable, keyUsages) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 5, "importKey");
        const keyFormat = toFormat(format);
        const isBytes = isBufferSource(keyData);
        const jwk = isBytes ? undefined : toJsonWebKey(keyData);
        const identifier = toIdentifier(algorithm);
        const isExtractable = !!extractable;
        const usages = toUsages(keyUsages);
        const params = normalize(identifier, "importKey");
        if (isBytes !== (keyFormat !== "jwk")) {
            throw new TypeError(`importKey: the second argument is none for "${keyFormat}"`);
        }
        const data = isBytes ? bytesOf(keyData) : jwk;
        return requireUse(
            await params.of.importKey(params, keyFormat, data, isExtractable, usages),
        );
    }

    async exportKey(format, key) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 2, "exportKey");
        const keyFormat = toFormat(format);
        return await exported(keyFormat, toCryptoKey(key, "exportKey: the second argument"));
    }

    async wrapKey(format, key, wrappingKey, wrapAlgorithm) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 4, "wrapKey");
        const keyFormat = toFormat(format);
        const record = toCryptoKey(key, "wrapKey: the second argument");
        const wrapping = toCryptoKey(wrappingKey, "wrapKey: the third argument");
        const identifier = toIdentifier(wrapAlgorithm);
        const params = normalizeEither(identifier, "wrapKey", "encrypt");
        requireKeyFor(params.of, wrapping, "wrapKey");
        const data = await exported(keyFormat, record);
        const bytes = keyFormat === "jwk" ? stringifyJsonWebKey(data) : new Uint8Array(data);
        return params.of.wrapKey === undefined
            ? await params.of.encrypt(params, wrapping, bytes)
            : await params.of.wrapKey(params, wrapping, bytes);
    }

    async unwrapKey(
        format,
        wrappedKey,
        unwrappingKey,
        unwrapAlgorithm,
        unwrappedKeyAlgorithm,
        extractable,
        keyUsages,
    ) {
        requireThis(#isSubtle in this);
        requireArguments(arguments.length, 7, "unwrapKey");
        const keyFormat = toFormat(format);
        toBytes(wrappedKey, "unwrapKey: the second argument");
        const unwrapping = toCryptoKey(unwrappingKey, "unwrapKey: the third argument");
        const identifier = toIdentifier(unwrapAlgorithm);
        const unwrappedIdentifier = toIdentifier(unwrappedKeyAlgorithm);
        const isExtractable = !!extractable;
        const usages = toUsages(keyUsages);
        const params = normalizeEither(identifier, "unwrapKey", "decrypt");
        const importParams = normalize(unwrappedIdentifier, "importKey");
        requireKeyFor(params.of, unwrapping, "unwrapKey");
        const bytes = await unwrapped(params, unwrapping, bytesOf(wrappedKey));
        const data = keyFormat === "jwk" ? parseJsonWebKey(bytes) : bytes;
        return requireUse(
            await importParams.of.importKey(importParams, keyFormat, data, isExtractable, usages),
        );
    }
}

// Those without wrapping of their own encrypt.
function normalizeEither(identifier, operation, otherwise) {
    return (
        normalizeIfThere(identifier, operation) ??
        normalizeIfThere(identifier, otherwise) ??
        unsupported(operation)
    );
}

async function unwrapped(params, record, bytes) {
    const { of } = params;
    const key =
        of.unwrapKey === undefined
            ? await of.decrypt(params, record, bytes)
            : await of.unwrapKey(params, record, bytes);
    return new Uint8Array(key);
}

defineInterface("SubtleCrypto", SubtleCrypto);
