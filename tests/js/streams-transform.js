// TransformStream. https://streams.spec.whatwg.org/#ts

import { equal, ok, rejects, same, sleep, test, throws, worker } from "./harness.js";

async function all(stream) {
    const chunks = [];
    for await (const chunk of stream) {
        chunks.push(chunk);
    }
    return chunks;
}

// Writes the chunks, closes, and returns what comes out.
async function through(transform, ...chunks) {
    const writer = transform.writable.getWriter();
    for (const chunk of chunks) {
        writer.write(chunk).catch(() => {});
    }
    writer.close().catch(() => {});
    return all(transform.readable);
}

test("constructor arguments", () => {
    new TransformStream();
    new TransformStream(undefined, undefined, undefined);
    throws(TypeError, () => new TransformStream(null));
    throws(TypeError, () => new TransformStream(1));
    for (const name of ["start", "transform", "flush", "cancel"]) {
        throws(TypeError, () => new TransformStream({ [name]: 1 }), name);
    }
    throws(RangeError, () => new TransformStream({ readableType: "bytes" }));
    throws(RangeError, () => new TransformStream({ writableType: "bytes" }));
    throws(RangeError, () => new TransformStream({}, { highWaterMark: -1 }));
    throws(RangeError, () => new TransformStream({}, {}, { highWaterMark: -1 }));
    throws(TypeError, () => TransformStream());
});

test("identity", async () => {
    const transform = new TransformStream();
    ok(transform.readable instanceof ReadableStream);
    ok(transform.writable instanceof WritableStream);
    equal(transform.readable, transform.readable);
    const chunk = {};
    const [first, second] = await through(transform, chunk, "b");
    equal(first, chunk);
    equal(second, "b");
});

test("the transformer's functions", async () => {
    const calls = [];
    const transformer = {
        start(controller) {
            calls.push(["start", this === transformer, arguments.length]);
            ok(controller instanceof TransformStreamDefaultController);
        },
        async transform(chunk, controller) {
            calls.push(["transform", this === transformer, chunk, arguments.length]);
            controller.enqueue(chunk);
            controller.enqueue(chunk.toUpperCase());
        },
        flush(controller) {
            calls.push(["flush", this === transformer, arguments.length]);
            controller.enqueue("end");
        },
    };
    same(await through(new TransformStream(transformer), "a", "b"), ["a", "A", "b", "B", "end"]);
    same(calls, [
        ["start", true, 1],
        ["transform", true, "a", 2],
        ["transform", true, "b", 2],
        ["flush", true, 1],
    ]);
});

test("backpressure goes through", async () => {
    const seen = [];
    const transform = new TransformStream({
        transform(chunk, controller) {
            seen.push(chunk);
            controller.enqueue(chunk);
        },
    });
    const writer = transform.writable.getWriter();
    equal(writer.desiredSize, 1);
    writer.write("a");
    writer.write("b");
    await sleep(1);
    same(seen, []);
    const reader = transform.readable.getReader();
    equal((await reader.read()).value, "a");
    await sleep(1);
    same(seen, ["a"]);
    equal((await reader.read()).value, "b");
    const wide = new TransformStream({}, { highWaterMark: 5 }, { highWaterMark: 3 });
    equal(wide.writable.getWriter().desiredSize, 5);
});

test("desiredSize and terminate", async () => {
    let controller;
    const transform = new TransformStream(
        {
            start(c) {
                controller = c;
            },
        },
        undefined,
        { highWaterMark: 2 },
    );
    equal(controller.desiredSize, 2);
    controller.enqueue("a");
    equal(controller.desiredSize, 1);
    controller.terminate();
    throws(TypeError, () => controller.enqueue("b"));
    same(await all(transform.readable), ["a"]);
    await rejects(TypeError, transform.writable.getWriter().closed);
});

test("errors go both ways", async () => {
    const error = new RangeError("mine");
    const failing = [
        {
            transform() {
                throw error;
            },
        },
        { transform: () => Promise.reject(error) },
        { transform: (chunk, controller) => controller.error(error) },
    ];
    for (const transformer of failing) {
        const { readable, writable } = new TransformStream(transformer);
        const writer = writable.getWriter();
        const write = writer.write("a");
        write.catch(() => {});
        equal(await rejects(RangeError, readable.getReader().read()), error);
        equal(await rejects(RangeError, writer.closed), error);
    }
    const { readable, writable } = new TransformStream({
        flush() {
            throw error;
        },
    });
    const closed = writable.close();
    closed.catch(() => {});
    equal(await rejects(RangeError, readable.getReader().read()), error);
    equal(await rejects(RangeError, closed), error);
    const thrown = throws(
        RangeError,
        () =>
            new TransformStream({
                start() {
                    throw error;
                },
            }),
    );
    equal(thrown, error);
});

test("cancel of the readable side", async () => {
    const reasons = [];
    const { readable, writable } = new TransformStream({
        cancel: (reason) => reasons.push(reason),
    });
    const reason = new RangeError("why");
    await readable.cancel(reason);
    same(reasons, [reason]);
    equal(await rejects(RangeError, writable.getWriter().closed), reason);
});

test("a write while the readable side is being cancelled", async () => {
    let release;
    const { readable, writable } = new TransformStream(
        { cancel: () => new Promise((resolve) => (release = resolve)) },
        undefined,
        { highWaterMark: 5 },
    );
    const writer = writable.getWriter();
    await sleep(1);
    const cancelled = readable.cancel("why");
    const write = writer.write("a");
    const error = await rejects(TypeError, write);
    release();
    equal(await rejects(TypeError, cancelled), error);
    equal(await rejects(TypeError, writer.closed), error);
});

test("abort of the writable side", async () => {
    const reasons = [];
    const { readable, writable } = new TransformStream({
        cancel: (reason) => reasons.push(reason),
    });
    const reason = new RangeError("why");
    await writable.abort(reason);
    same(reasons, [reason]);
    equal(await rejects(RangeError, readable.getReader().read()), reason);
});

test("start is waited for", async () => {
    const calls = [];
    const transform = new TransformStream({
        async start() {
            await sleep(2);
            calls.push("started");
        },
        transform(chunk) {
            calls.push(chunk);
        },
    });
    await through(transform, "a");
    same(calls, ["started", "a"]);
});

test("brands", () => {
    const attribute = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
    for (const wrong of [{}, undefined, Object.create(TransformStream.prototype)]) {
        throws(TypeError, () => attribute(TransformStream.prototype, "readable").call(wrong));
        throws(TypeError, () => attribute(TransformStream.prototype, "writable").call(wrong));
        const { prototype } = TransformStreamDefaultController;
        throws(TypeError, () => attribute(prototype, "desiredSize").call(wrong));
        throws(TypeError, () => prototype.enqueue.call(wrong));
        throws(TypeError, () => prototype.terminate.call(wrong));
    }
    throws(TypeError, () => new TransformStreamDefaultController());
    same(Object.keys(new TransformStream()), []);
});

export default worker;
