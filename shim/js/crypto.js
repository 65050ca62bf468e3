// Crypto: random values, and subtle. https://www.w3.org/TR/webcrypto/

import { DOMException } from "./domexception.js";
import { registerInterface } from "./format.js";
import { host } from "./host.js";
import {
    TypeError,
    Uint8Array,
    isView,
    typedArrayByteLength,
    typedArrayName,
} from "./primordials.js";
import { SubtleCrypto } from "./subtle/subtle.js";
import {
    INTERNAL,
    defineInterface,
    requireArguments,
    requireConstructible,
    requireThis,
} from "./webidl.js";

const INTEGER_ARRAYS = {
    __proto__: null,
    Int8Array: true,
    Uint8Array: true,
    Uint8ClampedArray: true,
    Int16Array: true,
    Uint16Array: true,
    Int32Array: true,
    Uint32Array: true,
    BigInt64Array: true,
    BigUint64Array: true,
};

const QUOTA_BYTES = 65536;

export class Crypto {
    #isCrypto = true;

    static {
        registerInterface((value) => #isCrypto in value);
    }

    constructor(token = undefined) {
        requireConstructible(token);
    }

    get subtle() {
        requireThis(#isCrypto in this);
        return subtle;
    }

    getRandomValues(array) {
        requireThis(#isCrypto in this);
        requireArguments(arguments.length, 1, "getRandomValues");
        if (!isView(array)) {
            throw new TypeError("getRandomValues: the first argument is not an ArrayBufferView");
        }
        const name = typedArrayName(array);
        if (name === undefined || !(name in INTEGER_ARRAYS)) {
            throw new DOMException(
                "getRandomValues: the view is not one of integers",
                "TypeMismatchError",
            );
        }
        if (typedArrayByteLength(array) > QUOTA_BYTES) {
            throw new DOMException(
                `getRandomValues: more than ${QUOTA_BYTES} bytes at once`,
                "QuotaExceededError",
            );
        }
        host.random(array);
        return array;
    }

    randomUUID() {
        requireThis(#isCrypto in this);
        const bytes = new Uint8Array(16);
        host.random(bytes);
        return formatUuid(bytes);
    }
}

const DIGITS = "0123456789abcdef";

function hex(byte) {
    return DIGITS[byte >> 4] + DIGITS[byte & 0xf];
}

// RFC 9562, 5.4: version 4, variant 10.
function formatUuid(bytes) {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = "";
    for (let i = 0; i < 16; i++) {
        const isGroup = i === 4 || i === 6 || i === 8 || i === 10;
        text += isGroup ? `-${hex(bytes[i])}` : hex(bytes[i]);
    }
    return text;
}

defineInterface("Crypto", Crypto);

const subtle = new SubtleCrypto(INTERNAL);

export const crypto = new Crypto(INTERNAL);
