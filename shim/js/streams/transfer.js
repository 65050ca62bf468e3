// Transfer of streams. https://streams.spec.whatwg.org/#rs-transfer
//
// The standard sends chunks through a pair of message ports. Here both ends are in one isolate: the
// new stream asks the old one, which stays locked, and gets clones of its chunks.

import { cloneWithTransfer } from "../clone.js";
import { registerTransferable } from "../clone/platform.js";
import { cloneError } from "../clone/record.js";
import { create, getterOf, promiseThen, uncurryThis } from "../primordials.js";
import {
    ReadableStream,
    ReadableStreamDefaultController,
    TransformStream,
    WritableStream,
    WritableStreamDefaultController,
    WritableStreamDefaultWriter,
    acquireReader,
    cancelStream,
    giveSides,
    isLocked,
    isReadableStream,
    isTransformStream,
    isWritableStream,
    isWritableStreamLocked,
    readChunk,
    sidesOf,
} from "./streams.js";

const { prototype: readableController } = ReadableStreamDefaultController;
const closeReadable = uncurryThis(readableController.close);
const enqueue = uncurryThis(readableController.enqueue);
const failWritable = uncurryThis(WritableStreamDefaultController.prototype.error);
const { prototype: writer } = WritableStreamDefaultWriter;
const abort = uncurryThis(writer.abort);
const close = uncurryThis(writer.close);
const closed = getterOf(writer, "closed");
const write = uncurryThis(writer.write);
const getWriter = uncurryThis(WritableStream.prototype.getWriter);

function requireUnlocked(isStreamLocked) {
    if (isStreamLocked) {
        throw cloneError("A stream that is locked cannot be transferred");
    }
}

function ignore() {}

async function passChunk(stream, reader, controller) {
    const result = await readChunk(reader);
    if (result === null) {
        closeReadable(controller);
        return;
    }
    let clone;
    try {
        clone = cloneWithTransfer(result.chunk, []).value;
    } catch (error) {
        promiseThen(cancelStream(stream, error), undefined, ignore);
        throw error;
    }
    enqueue(controller, clone);
}

function receiveReadable({ stream, reader }) {
    const source = {
        __proto__: null,
        pull: (controller) => passChunk(stream, reader, controller),
        cancel: (reason) => cancelStream(stream, reason),
    };
    return new ReadableStream(source, { __proto__: null, highWaterMark: 0 });
}

function transferReadable(stream) {
    requireUnlocked(isLocked(stream));
    return { stream, reader: acquireReader(stream) };
}

function receiveWritable(streamWriter) {
    const sink = {
        __proto__: null,
        start(controller) {
            promiseThen(closed(streamWriter), undefined, (error) => {
                failWritable(controller, error);
            });
        },
        write: (chunk) => write(streamWriter, cloneWithTransfer(chunk, []).value),
        close: () => close(streamWriter),
        abort: (reason) => abort(streamWriter, reason),
    };
    return new WritableStream(sink, { __proto__: null, highWaterMark: 1 });
}

function transferWritable(stream) {
    requireUnlocked(isWritableStreamLocked(stream));
    return getWriter(stream);
}

registerTransferable(isReadableStream, transferReadable, receiveReadable);
registerTransferable(isWritableStream, transferWritable, receiveWritable);
registerTransferable(
    isTransformStream,
    (transform) => {
        const sides = sidesOf(transform);
        requireUnlocked(isLocked(sides[0]) || isWritableStreamLocked(sides[1]));
        return { readable: transferReadable(sides[0]), writable: transferWritable(sides[1]) };
    },
    ({ readable, writable }) => {
        const transform = create(TransformStream.prototype);
        giveSides(transform, receiveReadable(readable), receiveWritable(writable));
        return transform;
    },
);
