// CompressionStream and DecompressionStream. https://compression.spec.whatwg.org/

import { bytesOf, copyBytes, isBufferSource, subBytes } from "./buffers.js";
import { registerInterface } from "./format.js";
import { host } from "./host.js";
import { TypeError, Uint32Array, Uint8Array, min, typedArrayLength } from "./primordials.js";
import { allRead, enqueueTransformed, newTransform, queuedIn, sidesOf } from "./streams/streams.js";
import { defineInterface, requireArguments, toDOMString } from "./webidl.js";

const FORMATS = { __proto__: null, gzip: 0, deflate: 1, "deflate-raw": 2 };

// The host can be stopped between steps: none reads more than this, and none writes more.
const INPUT_BYTES = 262144;
const OUTPUT_BYTES = 65536;

// So many pieces of output wait for a reader; then the input waits. A little data may become much.
const MAX_QUEUED = 16;

// Of the step that runs; output is made for the first one.
const counts = new Uint32Array(3);
let output = null;

class Codec {
    constructor(format, isCompression) {
        this.isCompression = isCompression;
        this.handle = host.newCodec(format, isCompression);
        this.hasEnded = false; // the end of compressed data was read
        this.transform = newTransform(
            (chunk, controller) => convert(this, chunk, controller),
            (controller) => finish(this, controller),
            () => host.endCodec(this.handle),
        );
    }
}

async function convert(codec, chunk, controller) {
    try {
        if (!isBufferSource(chunk)) {
            throw new TypeError("A chunk is not an ArrayBuffer or a view");
        }
        await run(codec, bytesOf(chunk), false, controller);
    } catch (error) {
        host.endCodec(codec.handle);
        throw error;
    }
}

async function finish(codec, controller) {
    try {
        if (codec.isCompression) {
            await run(codec, new Uint8Array(0), true, controller);
        } else if (!codec.hasEnded) {
            throw new TypeError("The compressed data ends too early");
        }
    } finally {
        host.endCodec(codec.handle);
    }
}

// Enqueues what becomes of the bytes, which are the worker's.
async function run(codec, chunk, isLast, controller) {
    let bytes = chunk;
    let at = 0;
    for (;;) {
        if (codec.hasEnded) {
            requireNothing(bytes, at);
            return;
        }
        if (queuedIn(codec.transform) >= MAX_QUEUED) {
            bytes = bytes === chunk ? copyBytes(chunk) : bytes;
            await allRead(codec.transform);
        }
        const written = step(codec, bytes, at, isLast);
        at += counts[0];
        if (written > 0) {
            enqueueTransformed(controller, copyBytes(subBytes(output, 0, written)));
        }
        if (written < OUTPUT_BYTES && at >= typedArrayLength(bytes)) {
            return;
        }
    }
}

// Returns how much was written.
function step(codec, bytes, start, isLast) {
    const { handle, isCompression } = codec;
    const end = min(start + INPUT_BYTES, typedArrayLength(bytes));
    output ??= new Uint8Array(OUTPUT_BYTES);
    host.runCodec(handle, subBytes(bytes, start, end), isLast, output, counts);
    codec.hasEnded = !isCompression && counts[2] === 1;
    return counts[1];
}

function requireNothing(bytes, at) {
    if (at < typedArrayLength(bytes)) {
        throw new TypeError("Something follows the end of the compressed data");
    }
}

function newCodec(given, format, isCompression, where) {
    requireArguments(given, 1, where);
    const name = toDOMString(format);
    if (!(name in FORMATS)) {
        throw new TypeError(`${where}: there is no format "${name}"`);
    }
    return new Codec(FORMATS[name], isCompression);
}

export class CompressionStream {
    #codec;

    static {
        registerInterface((value) => #codec in value, describe);
    }

    constructor(format) {
        this.#codec = newCodec(arguments.length, format, true, "CompressionStream");
    }

    get readable() {
        return sidesOf(this.#codec.transform)[0];
    }

    get writable() {
        return sidesOf(this.#codec.transform)[1];
    }
}

export class DecompressionStream {
    #codec;

    static {
        registerInterface((value) => #codec in value, describe);
    }

    constructor(format) {
        this.#codec = newCodec(arguments.length, format, false, "DecompressionStream");
    }

    get readable() {
        return sidesOf(this.#codec.transform)[0];
    }

    get writable() {
        return sidesOf(this.#codec.transform)[1];
    }
}

function describe({ readable, writable }) {
    return { readable, writable };
}

defineInterface("CompressionStream", CompressionStream);
defineInterface("DecompressionStream", DecompressionStream);
