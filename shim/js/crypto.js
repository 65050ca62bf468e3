// Crypto: random values. https://www.w3.org/TR/webcrypto/

import { DOMException } from "./domexception.js";
import { registerInterface } from "./format.js";
import { host } from "./host.js";
import {
    TypeError,
    Uint8Array,
    isView,
    numberToString,
    stringSlice,
    typedArrayByteLength,
    typedArrayName,
} from "./primordials.js";
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

const HEX = [];
for (let byte = 0; byte < 256; byte++) {
    HEX[byte] = stringSlice(numberToString(byte + 256, 16), 1);
}

// RFC 9562, 5.4: version 4, variant 10.
function formatUuid(b) {
    return (
        `${HEX[b[0]]}${HEX[b[1]]}${HEX[b[2]]}${HEX[b[3]]}-${HEX[b[4]]}${HEX[b[5]]}-` +
        `${HEX[(b[6] & 0x0f) | 0x40]}${HEX[b[7]]}-${HEX[(b[8] & 0x3f) | 0x80]}${HEX[b[9]]}-` +
        `${HEX[b[10]]}${HEX[b[11]]}${HEX[b[12]]}${HEX[b[13]]}${HEX[b[14]]}${HEX[b[15]]}`
    );
}

defineInterface("Crypto", Crypto);

export const crypto = new Crypto(INTERNAL);
