// WritableStream. https://streams.spec.whatwg.org/#ws

import { equal, ok, rejects, same, sleep, test, throws, worker } from "./harness.js";

// A promise, and what settles it.
function deferred() {
    const result = {};
    result.promise = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }));
    return result;
}

test("constructor arguments", () => {
    new WritableStream();
    new WritableStream(undefined, undefined);
    for (const sink of [null, 1, "a", true]) {
        throws(TypeError, () => new WritableStream(sink), String(sink));
    }
    for (const name of ["start", "write", "close", "abort"]) {
        throws(TypeError, () => new WritableStream({ [name]: 1 }), name);
    }
    throws(RangeError, () => new WritableStream({ type: "bytes" }));
    throws(RangeError, () => new WritableStream({ type: null }));
    for (const highWaterMark of [-1, NaN]) {
        throws(RangeError, () => new WritableStream({}, { highWaterMark }));
    }
    throws(TypeError, () => WritableStream());
    const error = new RangeError("mine");
    const sink = {
        start() {
            throw error;
        },
    };
    equal(
        throws(RangeError, () => new WritableStream(sink)),
        error,
    );
});

test("the sink is called in turn", async () => {
    const calls = [];
    const sink = {
        async start(controller) {
            calls.push([
                "start",
                this === sink,
                controller instanceof WritableStreamDefaultController,
            ]);
            await sleep(1);
        },
        async write(chunk, controller) {
            calls.push(["write", this === sink, chunk, controller.constructor.name]);
            await sleep(1);
            calls.push("written");
        },
        close() {
            calls.push(["close", this === sink, arguments.length]);
        },
    };
    const writer = new WritableStream(sink).getWriter();
    writer.write("a");
    writer.write("b");
    await writer.close();
    same(calls, [
        ["start", true, true],
        ["write", true, "a", "WritableStreamDefaultController"],
        "written",
        ["write", true, "b", "WritableStreamDefaultController"],
        "written",
        ["close", true, 0],
    ]);
    equal(await writer.closed, undefined);
    await rejects(TypeError, writer.write("c"));
    await rejects(TypeError, writer.close());
});

test("backpressure", async () => {
    const gate = deferred();
    const stream = new WritableStream({ write: () => gate.promise }, { highWaterMark: 2 });
    const writer = stream.getWriter();
    equal(writer.desiredSize, 2);
    await writer.ready;
    writer.write("a");
    equal(writer.desiredSize, 1);
    const before = writer.ready;
    writer.write("b");
    equal(writer.desiredSize, 0);
    ok(writer.ready !== before);
    let isReady = false;
    writer.ready.then(() => (isReady = true));
    await sleep(1);
    equal(isReady, false);
    gate.resolve();
    await writer.ready;
    equal(isReady, true);
    await sleep(1);
    equal(writer.desiredSize, 2);
});

test("sizes", async () => {
    const strategy = new ByteLengthQueuingStrategy({ highWaterMark: 10 });
    const writer = new WritableStream({}, strategy).getWriter();
    writer.write(new Uint8Array(4));
    equal(writer.desiredSize, 6);
    const error = new RangeError("mine");
    const failing = new WritableStream(
        {},
        {
            size() {
                throw error;
            },
        },
    ).getWriter();
    equal(await rejects(RangeError, failing.write("a")), error);
    equal(await rejects(RangeError, failing.closed), error);
});

test("locks", async () => {
    const stream = new WritableStream();
    equal(stream.locked, false);
    const writer = stream.getWriter();
    equal(stream.locked, true);
    throws(TypeError, () => stream.getWriter());
    throws(TypeError, () => new WritableStreamDefaultWriter(stream));
    await rejects(TypeError, stream.abort());
    await rejects(TypeError, stream.close());
    writer.releaseLock();
    writer.releaseLock();
    equal(stream.locked, false);
    await rejects(TypeError, writer.closed);
    await rejects(TypeError, writer.ready);
    await rejects(TypeError, writer.write("a"));
    await rejects(TypeError, writer.close());
    await rejects(TypeError, writer.abort());
    throws(TypeError, () => writer.desiredSize);
    ok(new WritableStreamDefaultWriter(stream) instanceof WritableStreamDefaultWriter);
    throws(TypeError, () => new WritableStreamDefaultWriter());
    throws(TypeError, () => new WritableStreamDefaultWriter({}));
});

test("a write that fails", async () => {
    const error = new RangeError("mine");
    const writer = new WritableStream({
        write() {
            throw error;
        },
    }).getWriter();
    const second = rejects(RangeError, (await sleep(1), writer.write("a")));
    equal(await second, error);
    equal(await rejects(RangeError, writer.write("b")), error);
    equal(await rejects(RangeError, writer.closed), error);
    equal(await rejects(RangeError, writer.ready), error);
    equal(writer.desiredSize, null);
    await writer.abort();
});

test("controller.error", async () => {
    let controller;
    const stream = new WritableStream({
        start(c) {
            controller = c;
        },
    });
    const error = new RangeError("mine");
    await sleep(1);
    controller.error(error);
    controller.error(new Error("another"));
    const writer = stream.getWriter();
    equal(await rejects(RangeError, writer.closed), error);
    equal(await rejects(RangeError, writer.write("a")), error);
});

test("abort", async () => {
    const calls = [];
    let signal;
    const gate = deferred();
    const stream = new WritableStream({
        start(controller) {
            ({ signal } = controller);
        },
        write: (chunk) => (calls.push(chunk), gate.promise),
        close: () => calls.push("close"),
        abort(reason) {
            calls.push(["abort", reason, arguments.length]);
        },
    });
    await sleep(1);
    const writer = stream.getWriter();
    const first = writer.write("a");
    const second = writer.write("b");
    second.catch(() => {});
    const closed = rejects("AbortError", writer.closed);
    const reason = new DOMException("why", "AbortError");
    const aborted = writer.abort(reason);
    ok(signal instanceof AbortSignal);
    equal(signal.aborted, true);
    equal(signal.reason, reason);
    equal(writer.desiredSize, null);
    gate.resolve();
    await first;
    await aborted;
    equal(await rejects("AbortError", second), reason);
    equal(await closed, reason);
    same(calls.length, 2);
    same(calls[1], ["abort", reason, 1]);
    equal(await writer.abort(), undefined);
});

test("a signal that is asked for late", async () => {
    let controller;
    const stream = new WritableStream({
        start(c) {
            controller = c;
        },
    });
    await stream.abort("why");
    equal(controller.signal.aborted, true);
    equal(controller.signal.reason, "why");
    equal(controller.signal, controller.signal);
    const untouched = new WritableStream({
        start(c) {
            controller = c;
        },
    });
    equal(controller.signal.aborted, false);
    let fired = 0;
    controller.signal.addEventListener("abort", () => fired++);
    await untouched.abort();
    equal(fired, 1);
    equal(controller.signal.reason.name, "AbortError");
});

test("close waits for writes", async () => {
    const gate = deferred();
    const calls = [];
    const stream = new WritableStream({
        write: () => gate.promise,
        close: () => calls.push("close"),
    });
    const writer = stream.getWriter();
    writer.write("a");
    const closed = writer.close();
    await rejects(TypeError, writer.close());
    await sleep(1);
    same(calls, []);
    gate.resolve();
    await closed;
    same(calls, ["close"]);
    const error = new RangeError("mine");
    const failing = new WritableStream({
        close() {
            throw error;
        },
    });
    equal(await rejects(RangeError, failing.close()), error);
});

test("brands", async () => {
    const { prototype } = WritableStream;
    for (const wrong of [{}, undefined, Object.create(prototype), new ReadableStream()]) {
        throws(TypeError, () => prototype.getWriter.call(wrong));
        await rejects(TypeError, prototype.abort.call(wrong));
        await rejects(TypeError, prototype.close.call(wrong));
        await rejects(TypeError, WritableStreamDefaultWriter.prototype.write.call(wrong));
        throws(TypeError, () => WritableStreamDefaultWriter.prototype.releaseLock.call(wrong));
        throws(TypeError, () => WritableStreamDefaultController.prototype.error.call(wrong));
        const { get } = Object.getOwnPropertyDescriptor(
            WritableStreamDefaultController.prototype,
            "signal",
        );
        throws(TypeError, () => get.call(wrong));
    }
    throws(TypeError, () => new WritableStreamDefaultController());
    same(Object.keys(new WritableStream()), []);
});

test("members as the standard has them", () => {
    const { prototype } = WritableStreamDefaultController;
    same(Object.getOwnPropertyNames(prototype).sort(), ["constructor", "error", "signal"]);
    same(Object.getOwnPropertyNames(WritableStream.prototype).sort(), [
        "abort",
        "close",
        "constructor",
        "getWriter",
        "locked",
    ]);
});

export default worker;
