// The dictionaries of parameters: conversion reads each member once, in Web IDL's order, and copies
// bytes. A function here makes of an object what the families' files work with.

import { bytesOf, copyBytes, isBufferSource } from "../buffers.js";
import { TypeError, isView, trunc, typedArrayName } from "../primordials.js";
import { toDOMString } from "../webidl.js";
import { toCryptoKey } from "./key.js";

function required(value, member) {
    if (value === undefined) {
        throw new TypeError(`The algorithm's member ${member} is missing`);
    }
    return value;
}

// [EnforceRange]
function toUnsigned(value, max, where) {
    const number = +value;
    const whole = trunc(number);
    if (!(whole >= 0 && whole <= max)) {
        throw new TypeError(`${where} is not an integer from 0 to ${max}`);
    }
    return whole + 0;
}

const toOctet = (value, member) => toUnsigned(value, 0xff, member);
const toShort = (value, member) => toUnsigned(value, 0xffff, member);
const toLong = (value, member) => toUnsigned(value, 0xffffffff, member);

export function toBytes(value, where) {
    if (!isBufferSource(value)) {
        throw new TypeError(`${where} is not an ArrayBuffer, nor a view of one`);
    }
    return bytesOf(value);
}

function copyOfBytes(value, member) {
    return copyBytes(toBytes(value, member));
}

// BigInteger
function copyOfInteger(value, member) {
    if (!isView(value) || typedArrayName(value) !== "Uint8Array") {
        throw new TypeError(`${member} is not a Uint8Array`);
    }
    return copyBytes(value);
}

function optional(value, convert, member) {
    return value === undefined ? undefined : convert(value, member);
}

// toHash: of normalize.js, which knows the digests.

export function nothing() {
    return { __proto__: null };
}

export function hmacParams(object, toHash) {
    const hash = toHash(required(object.hash, "hash"));
    return { __proto__: null, hash, length: optional(object.length, toLong, "length") };
}

export function aesKeyParams(object) {
    return { __proto__: null, length: toShort(required(object.length, "length"), "length") };
}

export function aesCbcParams(object) {
    return { __proto__: null, iv: copyOfBytes(required(object.iv, "iv"), "iv") };
}

export function aesCtrParams(object) {
    const counter = copyOfBytes(required(object.counter, "counter"), "counter");
    return {
        __proto__: null,
        counter,
        length: toOctet(required(object.length, "length"), "length"),
    };
}

export function aesGcmParams(object) {
    const additionalData = optional(object.additionalData, copyOfBytes, "additionalData");
    const iv = copyOfBytes(required(object.iv, "iv"), "iv");
    return {
        __proto__: null,
        additionalData,
        iv,
        tagLength: optional(object.tagLength, toOctet, "tagLength"),
    };
}

export function hashedParams(object, toHash) {
    return { __proto__: null, hash: toHash(required(object.hash, "hash")) };
}

export function rsaKeyGenParams(object, toHash) {
    const modulusLength = toLong(required(object.modulusLength, "modulusLength"), "modulusLength");
    const publicExponent = copyOfInteger(
        required(object.publicExponent, "publicExponent"),
        "publicExponent",
    );
    return {
        __proto__: null,
        modulusLength,
        publicExponent,
        hash: toHash(required(object.hash, "hash")),
    };
}

export function rsaPssParams(object) {
    return {
        __proto__: null,
        saltLength: toLong(required(object.saltLength, "saltLength"), "saltLength"),
    };
}

export function rsaOaepParams(object) {
    return { __proto__: null, label: optional(object.label, copyOfBytes, "label") };
}

export function ecKeyParams(object) {
    return { __proto__: null, namedCurve: toDOMString(required(object.namedCurve, "namedCurve")) };
}

export function ecdhParams(object) {
    return { __proto__: null, public: toCryptoKey(required(object.public, "public"), "public") };
}

export function hkdfParams(object, toHash) {
    const hash = toHash(required(object.hash, "hash"));
    const info = copyOfBytes(required(object.info, "info"), "info");
    return {
        __proto__: null,
        hash,
        info,
        salt: copyOfBytes(required(object.salt, "salt"), "salt"),
    };
}

export function pbkdf2Params(object, toHash) {
    const hash = toHash(required(object.hash, "hash"));
    const iterations = toLong(required(object.iterations, "iterations"), "iterations");
    return {
        __proto__: null,
        hash,
        iterations,
        salt: copyOfBytes(required(object.salt, "salt"), "salt"),
    };
}
