// The first bits of a shared secret.

import { copyBytes, subBytes } from "../buffers.js";
import { Uint8Array, typedArrayBuffer, typedArrayLength } from "../primordials.js";
import { operationError } from "./errors.js";

// Of an ArrayBuffer: so many, or with null all. What of the last byte is beyond them is 0.
export function firstBits(buffer, length) {
    if (length === null) {
        return buffer;
    }
    const bytes = new Uint8Array(buffer);
    if (length > typedArrayLength(bytes) * 8) {
        throw operationError("There are fewer bits than the length");
    }
    const whole = (length + 7 - ((length + 7) % 8)) / 8;
    const first = copyBytes(subBytes(bytes, 0, whole));
    if (length % 8 !== 0) {
        first[whole - 1] &= 0xff00 >> length % 8;
    }
    return typedArrayBuffer(first);
}
