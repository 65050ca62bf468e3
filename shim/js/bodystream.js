// Where the body of a Request or a Response meets streams: the stream of a body, and a stream's end
// as a whole one. hostbody.js has those that go on as streams.

import { copyBytes, joinBytes } from "./buffers.js";
import { TypeError, promiseThen, typedArrayLength, typedArrayName } from "./primordials.js";
import {
    acquireReader,
    cancelStream,
    closeByteStream,
    enqueueBytes,
    newByteStream,
    readChunk,
    tee,
} from "./streams/streams.js";

// A stream of what takeWhole() returns when the stream is first asked for it: a Uint8Array, which
// the stream takes. drop() is called instead where it is cancelled before.
export function streamOfWhole(takeWhole, drop) {
    const stream = newByteStream(
        async () => {
            const bytes = takeWhole();
            if (typedArrayLength(bytes) > 0) {
                enqueueBytes(stream, bytes);
            }
            closeByteStream(stream);
        },
        async () => drop(),
    );
    return stream;
}

// Two streams of what a stream gives, which share no memory. Takes the stream.
export function teeBody(stream) {
    return tee(stream, (chunk) =>
        typedArrayName(chunk) === "Uint8Array" ? copyBytes(chunk) : chunk,
    );
}

// Returns the chunk's length.
function requireBytes(chunk) {
    if (typedArrayName(chunk) !== "Uint8Array") {
        throw new TypeError("A chunk of the body's stream is not a Uint8Array");
    }
    return typedArrayLength(chunk);
}

// Leaves a stream as one that was read to its end: closed, and locked for good.
export function useUp(stream) {
    acquireReader(stream);
    abandon(stream, undefined);
}

// Cancels a stream that the prelude has locked; how that goes is nobody's concern.
function abandon(stream, reason) {
    promiseThen(cancelStream(stream, reason), undefined, () => {});
}

// Reads a stream that nobody has read or locked to its end, or until there are more than `most`
// bytes: then the rest is cancelled. A promise of a new Uint8Array.
export async function readWhole(stream, most = Infinity) {
    const reader = acquireReader(stream);
    const chunks = [];
    let length = 0;
    let next;
    while ((next = await readChunk(reader)) !== null) {
        try {
            length += requireBytes(next.chunk);
        } catch (error) {
            abandon(stream, error);
            throw error;
        }
        chunks[chunks.length] = next.chunk;
        if (length > most) {
            abandon(stream, new TypeError("The body is larger than it may be"));
            break;
        }
    }
    return joinBytes(chunks);
}
