// ReadableStream of bytes. https://streams.spec.whatwg.org/#rbs-controller-class

import { equal, ok, rejects, same, sleep, test, throws, worker } from "./harness.js";

const bytes = (...values) => new Uint8Array(values);

// A byte stream and its controller.
function newStream(source = {}, strategy = undefined) {
    let controller;
    const stream = new ReadableStream(
        {
            ...source,
            type: "bytes",
            start(c) {
                controller = c;
            },
        },
        strategy,
    );
    return { stream, controller };
}

test("the controller", () => {
    const { stream, controller } = newStream();
    ok(controller instanceof ReadableByteStreamController);
    equal(controller.desiredSize, 0);
    equal(controller.byobRequest, null);
    ok(stream.getReader({ mode: "byob" }) instanceof ReadableStreamBYOBReader);
    equal(newStream({}, { highWaterMark: 5 }).controller.desiredSize, 5);
});

test("constructor arguments", () => {
    const make = (more, strategy) => () => new ReadableStream({ type: "bytes", ...more }, strategy);
    throws(RangeError, make({}, { size: () => 1 }));
    throws(RangeError, make({}, new CountQueuingStrategy({ highWaterMark: 1 })));
    throws(TypeError, make({ autoAllocateChunkSize: 0 }));
    throws(TypeError, make({ autoAllocateChunkSize: -1 }));
    throws(TypeError, make({ autoAllocateChunkSize: NaN }));
    throws(TypeError, make({ autoAllocateChunkSize: null }));
    make({ autoAllocateChunkSize: 1 })();
    throws(TypeError, () => new ReadableStreamBYOBReader(new ReadableStream()));
    throws(TypeError, () => new ReadableStreamBYOBReader());
    throws(TypeError, () => new ReadableByteStreamController());
    throws(TypeError, () => new ReadableStreamBYOBRequest());
});

test("enqueue takes the buffer", async () => {
    const { stream, controller } = newStream();
    const chunk = bytes(1, 2, 3);
    controller.enqueue(chunk.subarray(1));
    equal(chunk.byteLength, 0);
    equal(controller.desiredSize, -2);
    controller.enqueue(new Uint16Array([0x0403]));
    const reader = stream.getReader();
    const first = (await reader.read()).value;
    equal(first.constructor, Uint8Array);
    same([...first], [2, 3]);
    const second = (await reader.read()).value;
    equal(second.constructor, Uint8Array);
    same([...second], [3, 4]);
    equal(controller.desiredSize, 0);
});

test("what cannot be enqueued", () => {
    const { controller } = newStream();
    for (const chunk of [undefined, null, 1, "a", [1], {}, new ArrayBuffer(1)]) {
        throws(TypeError, () => controller.enqueue(chunk), String(chunk));
    }
    throws(TypeError, () => controller.enqueue());
    throws(TypeError, () => controller.enqueue(new Uint8Array(0)));
    throws(TypeError, () => controller.enqueue(new Uint8Array(new ArrayBuffer(2), 2)));
    const detached = bytes(1);
    structuredClone(detached, { transfer: [detached.buffer] });
    throws(TypeError, () => controller.enqueue(detached));
    const { memory } = { memory: new WebAssembly.Memory({ initial: 1 }) };
    throws(TypeError, () => controller.enqueue(new Uint8Array(memory.buffer)));
    controller.close();
    throws(TypeError, () => controller.enqueue(bytes(1)));
    throws(TypeError, () => controller.close());
});

test("a reader with a buffer of its own", async () => {
    const { stream, controller } = newStream();
    controller.enqueue(bytes(1, 2, 3, 4, 5));
    const reader = stream.getReader({ mode: "byob" });
    const buffer = new ArrayBuffer(4);
    const result = await reader.read(new Uint8Array(buffer, 1, 2));
    equal(buffer.byteLength, 0);
    equal(result.done, false);
    equal(result.value.byteOffset, 1);
    equal(result.value.buffer.byteLength, 4);
    same([...result.value], [1, 2]);
    const rest = await reader.read(new Uint8Array(10));
    same([...rest.value], [3, 4, 5]);
    equal(rest.value.buffer.byteLength, 10);
});

test("views of other kinds", async () => {
    const kinds = [
        Int8Array,
        Uint8ClampedArray,
        Int16Array,
        Uint16Array,
        Int32Array,
        Float32Array,
        Float64Array,
        BigInt64Array,
        BigUint64Array,
    ];
    for (const Kind of kinds) {
        const { stream, controller } = newStream();
        const reader = stream.getReader({ mode: "byob" });
        const size = Kind.BYTES_PER_ELEMENT;
        const read = reader.read(new Kind(4));
        controller.enqueue(new Uint8Array(size * 2 - 1 || 1));
        controller.enqueue(new Uint8Array(size * 2));
        const { value } = await read;
        equal(value.constructor, Kind);
        ok(value.length >= 1 && value.length <= 4, Kind.name);
    }
    const { stream, controller } = newStream();
    controller.enqueue(bytes(7));
    const { value } = await stream
        .getReader({ mode: "byob" })
        .read(new DataView(new ArrayBuffer(3)));
    equal(value.constructor, DataView);
    equal(value.byteLength, 1);
    equal(value.getUint8(0), 7);
});

test("a view of the worker's own class", async () => {
    class Mine extends Uint8Array {}
    const { stream, controller } = newStream();
    controller.enqueue(bytes(1));
    const { value } = await stream.getReader({ mode: "byob" }).read(new Mine(4));
    equal(value.constructor, Uint8Array);
    same([...value], [1]);
});

test("what cannot be read into", async () => {
    const { stream } = newStream();
    const reader = stream.getReader({ mode: "byob" });
    for (const view of [undefined, null, 1, "a", {}, new ArrayBuffer(1)]) {
        await rejects(TypeError, reader.read(view), String(view));
    }
    await rejects(TypeError, reader.read());
    await rejects(TypeError, reader.read(new Uint8Array(0)));
    const detached = bytes(1);
    structuredClone(detached, { transfer: [detached.buffer] });
    await rejects(TypeError, reader.read(detached));
    await rejects(
        TypeError,
        reader.read(new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer)),
    );
});

test("a minimum", async () => {
    const { stream, controller } = newStream();
    const reader = stream.getReader({ mode: "byob" });
    const read = reader.read(new Uint8Array(5), { min: 3 });
    let isDone = false;
    read.then(() => (isDone = true));
    controller.enqueue(bytes(1, 2));
    await sleep(1);
    equal(isDone, false);
    controller.enqueue(bytes(3, 4));
    same([...(await read).value], [1, 2, 3, 4]);
    await rejects(TypeError, reader.read(new Uint8Array(1), { min: 0 }));
    await rejects(RangeError, reader.read(new Uint8Array(1), { min: 2 }));
    await rejects(RangeError, reader.read(new Uint16Array(2), { min: 3 }));
    await rejects(TypeError, reader.read(new Uint8Array(1), { min: -1 }));
});

test("the request of a reader's buffer", async () => {
    let seen;
    const stream = new ReadableStream({
        type: "bytes",
        pull(controller) {
            const { byobRequest } = controller;
            ok(byobRequest instanceof ReadableStreamBYOBRequest);
            equal(controller.byobRequest, byobRequest);
            const { view } = byobRequest;
            seen = [view.constructor === Uint8Array, view.byteOffset, view.byteLength];
            view[0] = 9;
            throws(RangeError, () => byobRequest.respond(5));
            throws(TypeError, () => byobRequest.respond(0));
            throws(TypeError, () => byobRequest.respond());
            byobRequest.respond(1);
            equal(byobRequest.view, null);
            equal(view.byteLength, 0);
            throws(TypeError, () => byobRequest.respond(1));
        },
    });
    const reader = stream.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(new ArrayBuffer(8), 2, 4));
    same(seen, [true, 2, 4]);
    same([...value], [9]);
});

test("respondWithNewView", async () => {
    const stream = new ReadableStream({
        type: "bytes",
        pull({ byobRequest }) {
            const { view } = byobRequest;
            throws(TypeError, () => byobRequest.respondWithNewView());
            throws(TypeError, () => byobRequest.respondWithNewView({}));
            throws(RangeError, () =>
                byobRequest.respondWithNewView(new Uint8Array(view.buffer, 1, 1)),
            );
            throws(RangeError, () => byobRequest.respondWithNewView(new Uint8Array(3)));
            const moved = structuredClone(view.buffer, { transfer: [view.buffer] });
            const filled = new Uint8Array(moved, 0, 2);
            filled.set([5, 6]);
            byobRequest.respondWithNewView(filled);
        },
    });
    const { value } = await stream.getReader({ mode: "byob" }).read(new Uint8Array(4));
    same([...value], [5, 6]);
});

test("buffers that are made for a reader without one", async () => {
    const sizes = [];
    const stream = new ReadableStream({
        type: "bytes",
        autoAllocateChunkSize: 16,
        pull({ byobRequest }) {
            sizes.push(byobRequest.view.byteLength);
            byobRequest.view.set([1, 2]);
            byobRequest.respond(2);
        },
    });
    const { value } = await stream.getReader().read();
    same([...value], [1, 2]);
    same(sizes, [16]);
});

test("close", async () => {
    const { stream, controller } = newStream();
    const reader = stream.getReader({ mode: "byob" });
    const read = reader.read(new Uint8Array(3));
    controller.close();
    controller.byobRequest.respond(0);
    const { value, done } = await read;
    equal(done, true);
    equal(value.byteLength, 0);
    equal(value.buffer.byteLength, 3);
    equal(await reader.closed, undefined);
    const after = await reader.read(new Uint8Array(3));
    equal(after.done, true);
    equal(after.value.byteLength, 0);
});

test("close with half an element", async () => {
    const { stream, controller } = newStream();
    const read = stream.getReader({ mode: "byob" }).read(new Uint16Array(1));
    controller.enqueue(bytes(1));
    throws(TypeError, () => controller.close());
    await rejects(TypeError, read);
});

test("cancel", async () => {
    let reason;
    const { stream } = newStream({
        cancel(why) {
            reason = why;
        },
    });
    const reader = stream.getReader({ mode: "byob" });
    const read = reader.read(new Uint8Array(1));
    await reader.cancel("why");
    equal(reason, "why");
    const { value, done } = await read;
    equal(done, true);
    equal(value, undefined);
});

test("error", async () => {
    const { stream, controller } = newStream();
    const error = new RangeError("mine");
    const reader = stream.getReader({ mode: "byob" });
    const read = reader.read(new Uint8Array(1));
    controller.error(error);
    equal(await rejects(RangeError, read), error);
    equal(await rejects(RangeError, reader.closed), error);
    equal(controller.desiredSize, null);
});

test("a lock that is given back", async () => {
    const { stream, controller } = newStream();
    const reader = stream.getReader({ mode: "byob" });
    const read = reader.read(new Uint8Array(4));
    reader.releaseLock();
    await rejects(TypeError, read);
    controller.enqueue(bytes(1, 2));
    same([...(await stream.getReader().read()).value], [1, 2]);
    equal(controller.byobRequest, null);
});

test("tee", async () => {
    const { stream, controller } = newStream();
    const [a, b] = stream.tee();
    controller.enqueue(bytes(1, 2, 3));
    controller.close();
    const first = (await a.getReader().read()).value;
    first[0] = 9;
    const reader = b.getReader({ mode: "byob" });
    same([...(await reader.read(new Uint8Array(2))).value], [1, 2]);
    same([...(await reader.read(new Uint8Array(2))).value], [3]);
    equal((await reader.read(new Uint8Array(2))).done, true);
});

test("tee, read by both into buffers of their own", async () => {
    let count = 0;
    const stream = new ReadableStream({
        type: "bytes",
        pull(controller) {
            const { byobRequest } = controller;
            ok(byobRequest !== null);
            byobRequest.view[0] = ++count;
            byobRequest.respond(1);
        },
    });
    const [a, b] = stream.tee().map((branch) => branch.getReader({ mode: "byob" }));
    const [first, second] = await Promise.all([
        a.read(new Uint8Array(1)),
        b.read(new Uint8Array(1)),
    ]);
    same([...first.value], [1]);
    same([...second.value], [1]);
    a.cancel();
    b.cancel();
});

test("a branch that ends with half an element", async () => {
    const { stream, controller } = newStream();
    const [a, b] = stream.tee();
    const reader = a.getReader({ mode: "byob" });
    controller.enqueue(bytes(1, 2, 3));
    controller.close();
    same([...(await reader.read(new Uint16Array(1))).value], [0x0201]);
    await rejects(TypeError, reader.read(new Uint16Array(1)));
    await rejects(TypeError, reader.closed);
    equal((await new Response(b).bytes()).length, 3);
    const waiting = newStream();
    const branch = waiting.stream.tee()[0].getReader({ mode: "byob" });
    const read = branch.read(new Uint16Array(1));
    waiting.controller.enqueue(bytes(1));
    await sleep(1);
    waiting.controller.close();
    waiting.controller.byobRequest.respond(0);
    await rejects(TypeError, read);
});

test("brands", async () => {
    const { prototype } = ReadableByteStreamController;
    for (const wrong of [{}, undefined, Object.create(prototype), new ReadableStream()]) {
        throws(TypeError, () => prototype.enqueue.call(wrong, bytes(1)));
        throws(TypeError, () => prototype.close.call(wrong));
        await rejects(TypeError, ReadableStreamBYOBReader.prototype.read.call(wrong, bytes(1)));
        throws(TypeError, () => ReadableStreamBYOBRequest.prototype.respond.call(wrong, 1));
        const { get } = Object.getOwnPropertyDescriptor(prototype, "byobRequest");
        throws(TypeError, () => get.call(wrong));
    }
});

export default worker;
