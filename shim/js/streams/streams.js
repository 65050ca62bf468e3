// The Streams standard, https://streams.spec.whatwg.org/: the interfaces of the package, made what
// Web IDL says, and the operations that the prelude uses, which ask no prototype for anything.

import {
    ByteLengthQueuingStrategy,
    CountQueuingStrategy,
    ReadableByteStreamController,
    ReadableStream,
    ReadableStreamBYOBReader,
    ReadableStreamBYOBRequest,
    ReadableStreamDefaultController,
    ReadableStreamDefaultReader,
    TransformStream,
    TransformStreamDefaultController,
    WritableStream,
    WritableStreamDefaultController,
    WritableStreamDefaultWriter,
    acquireReadableStreamDefaultReader,
    backpressureChangeOf,
    controllerOf,
    createReadableByteStream,
    giveSides,
    isByteLengthQueuingStrategy,
    isCountQueuingStrategy,
    isReadableByteStreamController,
    isReadableStream,
    isReadableStreamBYOBReader,
    isReadableStreamBYOBRequest,
    isReadableStreamDefaultController,
    isReadableStreamDefaultReader,
    isReadableStreamDisturbed,
    isReadableStreamLocked,
    isTransformStream,
    isTransformStreamDefaultController,
    isWritableStream,
    isWritableStreamDefaultController,
    isWritableStreamDefaultWriter,
    isWritableStreamLocked,
    queuedIn,
    readRequestOf,
    readableByteStreamControllerClose,
    readableByteStreamControllerEnqueue,
    readableByteStreamControllerError,
    readableStreamCancel,
    readableStreamDefaultReaderRead,
    readableStreamPipeTo,
    readableStreamTee,
    sidesOf,
    transformStreamDefaultControllerEnqueue,
} from "web-streams-polyfill";

import { registerInterface } from "../format.js";
import {
    AsyncIteratorPrototype,
    Promise,
    getPrototypeOf,
    promiseThen,
    setPrototypeOf,
} from "../primordials.js";
import { defineInterface, setClassString } from "../webidl.js";

export const streamInterfaces = {
    ByteLengthQueuingStrategy,
    CountQueuingStrategy,
    ReadableByteStreamController,
    ReadableStream,
    ReadableStreamBYOBReader,
    ReadableStreamBYOBRequest,
    ReadableStreamDefaultController,
    ReadableStreamDefaultReader,
    TransformStream,
    TransformStreamDefaultController,
    WritableStream,
    WritableStreamDefaultController,
    WritableStreamDefaultWriter,
};

export {
    ReadableStream,
    ReadableStreamDefaultController,
    TransformStream,
    WritableStream,
    WritableStreamDefaultController,
    WritableStreamDefaultWriter,
    giveSides,
    isReadableStream,
    isReadableStreamDisturbed as isDisturbed,
    isReadableStreamLocked as isLocked,
    isTransformStream,
    isWritableStream,
    isWritableStreamLocked,
    acquireReadableStreamDefaultReader as acquireReader,
    readableStreamCancel as cancelStream,
    readableStreamTee as tee,
    queuedIn,
    sidesOf,
    transformStreamDefaultControllerEnqueue as enqueueTransformed,
};

// A byte stream with a high water mark of 0: it is pulled when somebody reads. pull() and
// cancel(reason) return promises.
export function newByteStream(pull, cancel) {
    return createReadableByteStream(() => undefined, pull, cancel);
}

// The chunk's buffer is detached.
export function enqueueBytes(stream, bytes) {
    readableByteStreamControllerEnqueue(controllerOf(stream), bytes);
}

export function closeByteStream(stream) {
    readableByteStreamControllerClose(controllerOf(stream));
}

export function errorByteStream(stream, reason) {
    readableByteStreamControllerError(controllerOf(stream), reason);
}

// A TransformStream with the default strategies. Each function may return a promise.
export function newTransform(transform, flush, cancel) {
    return new TransformStream({ __proto__: null, transform, flush, cancel });
}

// A promise that is fulfilled when somebody has read all that a transform has enqueued and waits
// for more, or when nobody will.
export async function allRead(transform) {
    await backpressureChangeOf(transform);
}

// A stream of what another one gives, which is locked from now on.
export function passOn(stream) {
    const [readable, writable] = sidesOf(new TransformStream());
    promiseThen(
        readableStreamPipeTo(stream, writable, false, false, false, undefined),
        null,
        ignore,
    );
    return readable;
}

function ignore() {}

// A promise of { chunk }, or of null at the end.
export function readChunk(reader) {
    return new Promise((resolve, reject) => {
        const request = readRequestOf(
            (chunk) => resolve({ __proto__: null, chunk }),
            () => resolve(null),
            reject,
        );
        readableStreamDefaultReaderRead(reader, request);
    });
}

for (const name of Object.keys(streamInterfaces)) {
    defineInterface(name, streamInterfaces[name]);
}

delete WritableStreamDefaultController.prototype.abortReason; // of an earlier standard

const iteratorPrototype = getPrototypeOf(new ReadableStream().values());
delete iteratorPrototype[Symbol.asyncIterator];
setPrototypeOf(iteratorPrototype, AsyncIteratorPrototype);
setClassString(iteratorPrototype, "ReadableStream AsyncIterator");

const describeLock = (stream) => ({ locked: stream.locked });
const describeSize = ({ desiredSize }) => ({ desiredSize });
const describeMark = ({ highWaterMark }) => ({ highWaterMark });

registerInterface(isReadableStream, describeLock);
registerInterface(isWritableStream, describeLock);
registerInterface(isTransformStream, ({ readable, writable }) => ({ readable, writable }));
registerInterface(isByteLengthQueuingStrategy, describeMark);
registerInterface(isCountQueuingStrategy, describeMark);
registerInterface(isReadableByteStreamController, describeSize);
registerInterface(isReadableStreamBYOBReader);
registerInterface(isReadableStreamBYOBRequest, ({ view }) => ({ view }));
registerInterface(isReadableStreamDefaultController, describeSize);
registerInterface(isReadableStreamDefaultReader);
registerInterface(isTransformStreamDefaultController, describeSize);
registerInterface(isWritableStreamDefaultController);
registerInterface(isWritableStreamDefaultWriter);
