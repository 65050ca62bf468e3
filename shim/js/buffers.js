// ArrayBuffers and views on them, without asking the worker's world what they are.

import {
    Uint8Array,
    arrayBufferByteLength,
    dataViewBuffer,
    dataViewByteLength,
    dataViewByteOffset,
    isView,
    typedArrayBuffer,
    typedArrayByteLength,
    typedArrayByteOffset,
    typedArrayLength,
    typedArrayName,
    typedArraySet,
} from "./primordials.js";

export function isArrayBuffer(value) {
    if (typeof value !== "object" || value === null) {
        return false;
    }
    try {
        arrayBufferByteLength(value);
        return true;
    } catch {
        return false;
    }
}

export function isBufferSource(value) {
    return isView(value) || isArrayBuffer(value);
}

// The bytes of an ArrayBuffer or a view, as a Uint8Array on the same memory.
export function bytesOf(source) {
    if (!isView(source)) {
        return view(source, 0, arrayBufferByteLength(source));
    }
    return typedArrayName(source) === undefined
        ? view(dataViewBuffer(source), dataViewByteOffset(source), dataViewByteLength(source))
        : view(
              typedArrayBuffer(source),
              typedArrayByteOffset(source),
              typedArrayByteLength(source),
          );
}

// Nothing can be made on a detached buffer, whose length is 0.
function view(buffer, offset, length) {
    return length === 0 ? new Uint8Array(0) : new Uint8Array(buffer, offset, length);
}

export function copyBytes(bytes) {
    const copy = new Uint8Array(typedArrayLength(bytes));
    typedArraySet(copy, bytes);
    return copy;
}

export function subBytes(bytes, start, end) {
    return view(typedArrayBuffer(bytes), typedArrayByteOffset(bytes) + start, end - start);
}

export function concatBytes(a, b) {
    const all = new Uint8Array(typedArrayLength(a) + typedArrayLength(b));
    typedArraySet(all, a);
    typedArraySet(all, b, typedArrayLength(a));
    return all;
}

// The bytes of Uint8Arrays one after the other, in a new one.
export function joinBytes(chunks) {
    let length = 0;
    for (let i = 0; i < chunks.length; i++) {
        length += typedArrayLength(chunks[i]);
    }
    const all = new Uint8Array(length);
    let at = 0;
    for (let i = 0; i < chunks.length; i++) {
        typedArraySet(all, chunks[i], at);
        at += typedArrayLength(chunks[i]);
    }
    return all;
}
