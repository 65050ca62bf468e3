// Blob and File. https://w3c.github.io/FileAPI/
//
// A blob's bytes never change and nobody else has them, so that slices, clones and bodies share
// their memory.

import { bytesOf, copyBytes, isBufferSource, joinBytes, subBytes } from "./buffers.js";
import { registerSerializable } from "./clone/platform.js";
import { registerInterface } from "./format.js";
import { host } from "./host.js";
import { replaceNewlines } from "./newlines.js";
import {
    TypeError,
    dateNow,
    max,
    min,
    regExpExec,
    stringToLowerCase,
    symbolIterator,
    typedArrayBuffer,
    typedArrayLength,
} from "./primordials.js";
import { closeByteStream, enqueueBytes, newByteStream } from "./streams/streams.js";
import {
    INTERNAL,
    defineInterface,
    enumeration,
    isObject,
    requireArguments,
    toClampedLongLong,
    toDictionary,
    toDOMString,
    toEnumeration,
    toLongLong,
    toUSVString,
} from "./webidl.js";

const CHUNK_BYTES = 65536;
const ENDINGS = enumeration("transparent", "native");
const PRINTABLE = /^[\x20-\x7e]*$/;

export let isBlob;
export let bytesOfBlob;
export let typeOfBlob;

export class Blob {
    #bytes;
    #type;

    static {
        isBlob = (value) => typeof value === "object" && value !== null && #bytes in value;
        bytesOfBlob = (blob) => blob.#bytes;
        typeOfBlob = (blob) => blob.#type;
    }

    // new Blob(INTERNAL, [bytes, type]) takes the bytes.
    constructor(blobParts = undefined, options = undefined) {
        if (blobParts === INTERNAL) {
            this.#bytes = options[0];
            this.#type = options[1];
            return;
        }
        const parts = blobParts === undefined ? [] : toParts(blobParts, "Blob");
        const { isNative, type } = readOptions(options, "Blob");
        this.#bytes = bytesOfParts(parts, isNative);
        this.#type = type;
    }

    get size() {
        return typedArrayLength(this.#bytes);
    }

    get type() {
        return this.#type;
    }

    slice(start = undefined, end = undefined, contentType = undefined) {
        const bytes = this.#bytes;
        const size = typedArrayLength(bytes);
        const from = start === undefined ? 0 : positionIn(size, start);
        const to = end === undefined ? size : positionIn(size, end);
        const type = contentType === undefined ? "" : toType(contentType);
        return newBlob(subBytes(bytes, from, max(from, to)), type);
    }

    stream() {
        return streamOfBytes(this.#bytes);
    }

    async text() {
        return host.decodeUtf8(this.#bytes, false, false);
    }

    async arrayBuffer() {
        return typedArrayBuffer(copyBytes(this.#bytes));
    }

    async bytes() {
        return copyBytes(this.#bytes);
    }
}

// Takes bytes that nobody changes any more.
export function newBlob(bytes, type) {
    return new Blob(INTERNAL, [bytes, type]);
}

function positionIn(size, value) {
    const position = toClampedLongLong(value);
    return position < 0 ? max(size + position, 0) : min(position, size);
}

function streamOfBytes(bytes) {
    const length = typedArrayLength(bytes);
    let at = 0;
    const stream = newByteStream(
        async () => {
            if (at < length) {
                const end = min(at + CHUNK_BYTES, length);
                enqueueBytes(stream, copyBytes(subBytes(bytes, at, end)));
                at = end;
            }
            if (at === length) {
                closeByteStream(stream);
            }
        },
        async () => {},
    );
    return stream;
}

// What options say: { isNative, type }.
function readOptions(options, where) {
    const members = toDictionary(options, `${where}: the options`);
    const { endings, type } = members ?? { __proto__: null };
    return {
        isNative:
            endings !== undefined &&
            toEnumeration(endings, ENDINGS, `${where}: endings`) === "native",
        type: type === undefined ? "" : toType(type),
    };
}

function toParts(blobParts, where) {
    if (!isObject(blobParts) || typeof blobParts[symbolIterator] !== "function") {
        throw new TypeError(`${where}: the parts are not an iterable object`);
    }
    const parts = [];
    for (const part of blobParts) {
        parts[parts.length] = isBlob(part) || isBufferSource(part) ? part : toUSVString(part);
    }
    return parts;
}

function bytesOfParts(parts, isNative) {
    const chunks = [];
    for (let i = 0; i < parts.length; i++) {
        chunks[i] = bytesOfPart(parts[i], isNative);
    }
    return joinBytes(chunks);
}

function bytesOfPart(part, isNative) {
    if (typeof part === "string") {
        return host.encodeUtf8(isNative ? replaceNewlines(part, "\n") : part);
    }
    return isBlob(part) ? bytesOfBlob(part) : bytesOf(part);
}

// A type that is no printable ASCII is none.
export function toType(value) {
    const type = toDOMString(value);
    return regExpExec(PRINTABLE, type) === null ? "" : stringToLowerCase(type);
}

export let isFile;
export let nameOfFile;
export let timeOfFile;

export class File extends Blob {
    #name;
    #lastModified;

    static {
        isFile = (value) => typeof value === "object" && value !== null && #name in value;
        nameOfFile = (file) => file.#name;
        timeOfFile = (file) => file.#lastModified;
    }

    // new File(INTERNAL, [bytes, type], [name, lastModified]) takes the bytes.
    constructor(fileBits, fileName, options = undefined) {
        if (fileBits === INTERNAL) {
            super(INTERNAL, fileName);
            this.#name = options[0];
            this.#lastModified = options[1];
            return;
        }
        requireArguments(arguments.length, 2, "File");
        const parts = toParts(fileBits, "File");
        const name = toUSVString(fileName);
        const { isNative, type } = readOptions(options, "File");
        const { lastModified } = options ?? { __proto__: null };
        const time = lastModified === undefined ? dateNow() : toLongLong(lastModified);
        super(INTERNAL, [bytesOfParts(parts, isNative), type]);
        this.#name = name;
        this.#lastModified = time;
    }

    get name() {
        return this.#name;
    }

    get lastModified() {
        return this.#lastModified;
    }
}

// Takes bytes that nobody changes any more. Without a time it is now.
export function newFile(bytes, type, name, lastModified = dateNow()) {
    return new File(INTERNAL, [bytes, type], [name, lastModified]);
}

registerSerializable(
    isBlob,
    (blob) => [bytesOfBlob(blob), typeOfBlob(blob)],
    (state) => new Blob(INTERNAL, state),
);
registerSerializable(
    isFile,
    (file) => [bytesOfBlob(file), typeOfBlob(file), nameOfFile(file), timeOfFile(file)],
    (state) => newFile(state[0], state[1], state[2], state[3]),
);
defineInterface("Blob", Blob);
defineInterface("File", File);
registerInterface(isBlob, ({ size, type }) => ({ size, type }));
registerInterface(isFile, ({ name, size, type, lastModified }) => ({
    name,
    size,
    type,
    lastModified,
}));
