// ReadableStream with a default controller. https://streams.spec.whatwg.org/#rs

import { equal, fail, ok, rejects, same, sleep, test, throws, worker } from "./harness.js";

// What a stream gives until its end.
async function all(stream) {
    const reader = stream.getReader();
    const chunks = [];
    for (;;) {
        const { value, done } = await reader.read();
        if (done) {
            return chunks;
        }
        chunks.push(value);
    }
}

function streamOf(...chunks) {
    return new ReadableStream({
        start(controller) {
            chunks.forEach((chunk) => controller.enqueue(chunk));
            controller.close();
        },
    });
}

test("constructor arguments", () => {
    new ReadableStream();
    new ReadableStream(undefined, undefined);
    new ReadableStream({}, {});
    new ReadableStream(() => {});
    for (const source of [null, 1, "a", true, Symbol()]) {
        throws(TypeError, () => new ReadableStream(source), String(source));
    }
    for (const name of ["start", "pull", "cancel"]) {
        throws(TypeError, () => new ReadableStream({ [name]: 1 }), name);
        throws(TypeError, () => new ReadableStream({ [name]: null }), name);
        new ReadableStream({ [name]: undefined });
    }
    for (const type of ["", "byte", "Bytes", null, 1]) {
        throws(TypeError, () => new ReadableStream({ type }), String(type));
    }
    for (const highWaterMark of [-1, NaN, -Infinity, "text"]) {
        throws(RangeError, () => new ReadableStream({}, { highWaterMark }), String(highWaterMark));
    }
    throws(TypeError, () => new ReadableStream({}, { size: 1 }));
    throws(TypeError, () => new ReadableStream({}, 1));
    throws(TypeError, () => ReadableStream());
});

test("members of the source are read in order, once", () => {
    const seen = [];
    const note = (name) => ({
        get() {
            seen.push(name);
            return undefined;
        },
        enumerable: true,
    });
    const names = ["type", "start", "pull", "cancel", "autoAllocateChunkSize"];
    const source = Object.defineProperties({}, Object.fromEntries(names.map((n) => [n, note(n)])));
    const strategy = Object.defineProperties(
        {},
        { size: note("size"), highWaterMark: note("hwm") },
    );
    new ReadableStream(source, strategy);
    same(seen, ["hwm", "size", "autoAllocateChunkSize", "cancel", "pull", "start", "type"]);
});

test("start is called at once, with the source as this", () => {
    let seen;
    const source = {
        start(controller) {
            seen = [this === source, controller, arguments.length];
            equal(controller.desiredSize, 1);
        },
    };
    new ReadableStream(source);
    equal(seen[0], true);
    ok(seen[1] instanceof ReadableStreamDefaultController);
    equal(seen[2], 1);
    const error = new RangeError("mine");
    const thrown = throws(
        RangeError,
        () =>
            new ReadableStream({
                start() {
                    throw error;
                },
            }),
    );
    equal(thrown, error);
});

test("pull waits for start, and is not called twice at once", async () => {
    let started;
    const calls = [];
    let finish;
    const stream = new ReadableStream(
        {
            start: () => new Promise((resolve) => (started = resolve)),
            pull(controller) {
                calls.push(controller.desiredSize);
                return new Promise((resolve) => (finish = resolve));
            },
        },
        { highWaterMark: 3 },
    );
    await sleep(1);
    same(calls, []);
    started();
    await sleep(1);
    same(calls, [3]);
    const reader = stream.getReader();
    reader.read();
    reader.read();
    await sleep(1);
    same(calls, [3]);
    finish();
    await sleep(1);
    same(calls, [3, 3]);
});

test("pull stops at the high water mark", async () => {
    let count = 0;
    const stream = new ReadableStream(
        {
            pull(controller) {
                controller.enqueue(count++);
            },
        },
        new CountQueuingStrategy({ highWaterMark: 4 }),
    );
    await sleep(1);
    equal(count, 4);
    const reader = stream.getReader();
    equal((await reader.read()).value, 0);
    await sleep(1);
    equal(count, 5);
    let lazy = 0;
    new ReadableStream(
        {
            pull() {
                lazy++;
            },
        },
        { highWaterMark: 0 },
    );
    await sleep(1);
    equal(lazy, 0);
});

test("sizes", async () => {
    let controller;
    const stream = new ReadableStream(
        {
            start(c) {
                controller = c;
            },
        },
        {
            highWaterMark: 10,
            size(chunk) {
                equal(this, undefined);
                equal(arguments.length, 1);
                return chunk.length;
            },
        },
    );
    controller.enqueue("abc");
    equal(controller.desiredSize, 7);
    controller.enqueue("0123456789");
    equal(controller.desiredSize, -3);
    const reader = stream.getReader();
    await reader.read();
    equal(controller.desiredSize, 0);
    controller.close();
    equal(controller.desiredSize, 0);
    await reader.read();
    equal(controller.desiredSize, 0);
});

test("bad sizes", async () => {
    const error = new RangeError("mine");
    const sizes = [() => -1, () => NaN, () => Infinity, () => "x", () => undefined];
    for (const size of sizes) {
        const stream = new ReadableStream(
            {
                start(controller) {
                    throws(RangeError, () => controller.enqueue("a"));
                    equal(controller.desiredSize, null);
                },
            },
            { size },
        );
        await rejects(RangeError, stream.getReader().read());
    }
    const stream = new ReadableStream(
        {
            start(controller) {
                equal(
                    throws(RangeError, () => controller.enqueue("a")),
                    error,
                );
            },
        },
        {
            size() {
                throw error;
            },
        },
    );
    equal(await rejects(RangeError, stream.getReader().closed), error);
});

test("any value is a chunk", async () => {
    const chunks = [undefined, null, 0, "", {}, Promise.resolve(1), { then: 1 }];
    const seen = await all(streamOf(...chunks));
    equal(seen.length, chunks.length);
    chunks.forEach((chunk, i) => equal(seen[i], chunk));
});

test("read's result", async () => {
    const reader = streamOf("a").getReader();
    const promise = reader.read();
    ok(promise instanceof Promise);
    const result = await promise;
    equal(Object.getPrototypeOf(result), Object.prototype);
    same(Object.getOwnPropertyNames(result), ["value", "done"]);
    same(await reader.read(), { value: undefined, done: true });
    same(await reader.read(), { value: undefined, done: true });
    equal(await reader.closed, undefined);
});

test("reads before chunks are served in order", async () => {
    let controller;
    const stream = new ReadableStream({
        start(c) {
            controller = c;
        },
    });
    const reader = stream.getReader();
    const reads = [reader.read(), reader.read(), reader.read()];
    controller.enqueue(1);
    controller.enqueue(2);
    controller.close();
    same(
        (await Promise.all(reads)).map(({ value }) => value),
        [1, 2, undefined],
    );
});

test("close", async () => {
    let controller;
    const stream = new ReadableStream({
        start(c) {
            controller = c;
        },
    });
    controller.enqueue("a");
    controller.close();
    throws(TypeError, () => controller.close());
    throws(TypeError, () => controller.enqueue("b"));
    same(await all(stream), ["a"]);
    throws(TypeError, () => controller.enqueue("b"));
    controller.error(new Error("nobody hears of it"));
    equal((await stream.getReader?.call(streamOf()).read()).done, true);
});

test("error", async () => {
    let controller;
    const stream = new ReadableStream({
        start(c) {
            controller = c;
        },
    });
    const error = new RangeError("mine");
    controller.enqueue("lost");
    const reader = stream.getReader();
    controller.error(error);
    controller.error(new Error("another"));
    equal(controller.desiredSize, null);
    equal(await rejects(RangeError, reader.read()), error);
    equal(await rejects(RangeError, reader.closed), error);
    throws(TypeError, () => controller.enqueue("a"));
    throws(TypeError, () => controller.close());
    reader.releaseLock();
    equal(await rejects(RangeError, stream.cancel()), error);
});

test("what start and pull fail with", async () => {
    const error = new RangeError("mine");
    const sources = [
        { start: () => Promise.reject(error) },
        { pull: () => Promise.reject(error) },
        {
            pull() {
                throw error;
            },
        },
    ];
    for (const source of sources) {
        equal(await rejects(RangeError, new ReadableStream(source).getReader().read()), error);
    }
});

test("cancel", async () => {
    let seen;
    const source = {
        start(controller) {
            controller.enqueue("a");
        },
        cancel(reason) {
            seen = [this === source, reason, arguments.length];
            return "ignored";
        },
    };
    const stream = new ReadableStream(source);
    equal(await stream.cancel("why"), undefined);
    same(seen, [true, "why", 1]);
    seen = null;
    equal(await stream.cancel(), undefined);
    equal(seen, null);
    same(await all(stream), []);
    const error = new RangeError("mine");
    const failing = new ReadableStream({
        cancel() {
            throw error;
        },
    });
    const reader = failing.getReader();
    equal(await rejects(RangeError, reader.cancel()), error);
    equal(await reader.closed, undefined);
    await rejects(TypeError, failing.cancel());
});

test("locks", async () => {
    const stream = streamOf("a", "b");
    equal(stream.locked, false);
    const reader = stream.getReader();
    equal(stream.locked, true);
    throws(TypeError, () => stream.getReader());
    throws(TypeError, () => stream.tee());
    throws(TypeError, () => stream.values());
    throws(TypeError, () => new ReadableStreamDefaultReader(stream));
    await rejects(TypeError, stream.cancel());
    equal((await reader.read()).value, "a");
    const { closed } = reader;
    reader.releaseLock();
    reader.releaseLock();
    equal(stream.locked, false);
    await rejects(TypeError, closed);
    await rejects(TypeError, reader.closed);
    await rejects(TypeError, reader.read());
    await rejects(TypeError, reader.cancel());
    const second = new ReadableStreamDefaultReader(stream);
    equal((await second.read()).value, "b");
});

test("a lock that is given back rejects what waits", async () => {
    let controller;
    const stream = new ReadableStream({
        start(c) {
            controller = c;
        },
    });
    const first = stream.getReader();
    const read = first.read();
    first.releaseLock();
    await rejects(TypeError, read);
    controller.enqueue("a");
    equal((await stream.getReader().read()).value, "a");
});

test("getReader's mode", () => {
    throws(TypeError, () => new ReadableStream().getReader({ mode: "byob" }));
    throws(TypeError, () => new ReadableStream().getReader({ mode: "other" }));
    throws(TypeError, () => new ReadableStream().getReader({ mode: null }));
    throws(TypeError, () => new ReadableStream().getReader("byob"));
    ok(new ReadableStream().getReader({ mode: undefined }) instanceof ReadableStreamDefaultReader);
    ok(new ReadableStream().getReader(null) instanceof ReadableStreamDefaultReader);
    throws(TypeError, () => new ReadableStreamDefaultReader());
    throws(TypeError, () => new ReadableStreamDefaultReader({}));
    throws(TypeError, () => ReadableStreamDefaultReader(new ReadableStream()));
});

test("tee", async () => {
    let pulls = 0;
    let cancelled = null;
    const stream = new ReadableStream(
        {
            pull(controller) {
                controller.enqueue(pulls++);
            },
            cancel(reason) {
                cancelled = reason;
            },
        },
        { highWaterMark: 0 },
    );
    const branches = stream.tee();
    ok(Array.isArray(branches));
    equal(branches.length, 2);
    equal(stream.locked, true);
    const [a, b] = branches.map((branch) => branch.getReader());
    equal((await a.read()).value, 0);
    equal((await b.read()).value, 0);
    equal((await b.read()).value, 1);
    const first = a.cancel("a");
    await sleep(1);
    equal(cancelled, null);
    b.cancel("b");
    await first;
    same(cancelled, ["a", "b"]);
});

test("tee of what fails and what ends", async () => {
    const error = new RangeError("mine");
    const failing = new ReadableStream({
        start(controller) {
            controller.error(error);
        },
    });
    for (const branch of failing.tee()) {
        equal(await rejects(RangeError, branch.getReader().read()), error);
    }
    for (const branch of streamOf("a", "b").tee()) {
        same(await all(branch), ["a", "b"]);
    }
});

test("for await", async () => {
    const stream = streamOf(1, 2, 3);
    const seen = [];
    for await (const chunk of stream) {
        seen.push(chunk);
    }
    same(seen, [1, 2, 3]);
    equal(stream.locked, false);
    let cancelled = 0;
    const endless = () =>
        new ReadableStream({
            pull(controller) {
                controller.enqueue(1);
            },
            cancel() {
                cancelled++;
            },
        });
    for await (const chunk of endless()) {
        equal(chunk, 1);
        break;
    }
    equal(cancelled, 1);
    const kept = endless();
    for await (const chunk of kept.values({ preventCancel: true })) {
        equal(chunk, 1);
        break;
    }
    equal(cancelled, 1);
    equal(kept.locked, false);
    equal((await kept.getReader().read()).value, 1);
    const error = new RangeError("mine");
    const failing = new ReadableStream({
        pull(controller) {
            controller.error(error);
        },
    });
    try {
        for await (const chunk of failing) {
            fail(chunk);
        }
        fail("no error");
    } catch (caught) {
        equal(caught, error);
    }
});

test("the iterator", async () => {
    equal(ReadableStream.prototype[Symbol.asyncIterator], ReadableStream.prototype.values);
    const iterator = streamOf("a", "b").values();
    const prototype = Object.getPrototypeOf(iterator);
    const AsyncIteratorPrototype = Object.getPrototypeOf(
        Object.getPrototypeOf(async function* () {}.prototype),
    );
    equal(Object.getPrototypeOf(prototype), AsyncIteratorPrototype);
    same(Object.getOwnPropertyNames(prototype).sort(), ["next", "return"]);
    equal(prototype[Symbol.toStringTag], "ReadableStream AsyncIterator");
    equal(iterator[Symbol.asyncIterator](), iterator);
    for (const name of ["next", "return"]) {
        const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
        equal(descriptor.enumerable, true);
        equal(descriptor.writable, true);
        equal(descriptor.value.name, name);
        equal(descriptor.value.length, name === "return" ? 1 : 0);
        await rejects(TypeError, descriptor.value.call({}));
    }
    same(await Promise.all([iterator.next(), iterator.next(), iterator.next()]), [
        { value: "a", done: false },
        { value: "b", done: false },
        { value: undefined, done: true },
    ]);
    same(await iterator.return("x"), { value: "x", done: true });
    same(await iterator.next(), { value: undefined, done: true });
});

test("ReadableStream.from", async () => {
    async function* asynchronous() {
        yield 1;
        yield 2;
    }
    same(await all(ReadableStream.from([1, 2])), [1, 2]);
    same(await all(ReadableStream.from("ab")), ["a", "b"]);
    same(await all(ReadableStream.from(new Set([1]))), [1]);
    same(await all(ReadableStream.from(asynchronous())), [1, 2]);
    same(await all(ReadableStream.from([Promise.resolve(7)])), [7]);
    same(await all(ReadableStream.from(streamOf("x"))), ["x"]);
    for (const wrong of [null, undefined, 1, true, {}, () => {}, Symbol()]) {
        throws(TypeError, () => ReadableStream.from(wrong), String(wrong));
    }
    let returned = null;
    const iterable = {
        [Symbol.asyncIterator]: () => ({
            next: async () => ({ value: 1, done: false }),
            return: async (reason) => {
                returned = reason;
                return {};
            },
        }),
    };
    const stream = ReadableStream.from(iterable);
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel("why");
    equal(returned, "why");
    const error = new RangeError("mine");
    const failing = ReadableStream.from({
        [Symbol.iterator]: () => ({
            next() {
                throw error;
            },
        }),
    });
    equal(await rejects(RangeError, failing.getReader().read()), error);
});

test("strategies", () => {
    for (const Strategy of [CountQueuingStrategy, ByteLengthQueuingStrategy]) {
        const strategy = new Strategy({ highWaterMark: 4 });
        equal(strategy.highWaterMark, 4);
        equal(strategy.size, new Strategy({ highWaterMark: 1 }).size);
        equal(strategy.size.name, "size");
        equal(strategy.size.length, Strategy === CountQueuingStrategy ? 0 : 1);
        equal(strategy.size({ byteLength: 7 }), Strategy === CountQueuingStrategy ? 1 : 7);
        throws(TypeError, () => new strategy.size());
        ok(Number.isNaN(new Strategy({ highWaterMark: "x" }).highWaterMark));
        equal(new Strategy({ highWaterMark: -1 }).highWaterMark, -1);
        throws(TypeError, () => new Strategy());
        throws(TypeError, () => new Strategy({}));
        throws(TypeError, () => new Strategy(4));
        throws(TypeError, () => Strategy({ highWaterMark: 1 }));
        throws(TypeError, () => {
            "use strict";
            strategy.highWaterMark = 1;
        });
        const { get } = Object.getOwnPropertyDescriptor(Strategy.prototype, "highWaterMark");
        throws(TypeError, () => get.call({}));
    }
    equal(new CountQueuingStrategy({ highWaterMark: 1 }).size(), 1);
    throws(TypeError, () => new ByteLengthQueuingStrategy({ highWaterMark: 1 }).size());
});

test("brands", async () => {
    const { prototype } = ReadableStream;
    for (const wrong of [{}, undefined, 1, Object.create(prototype), new WritableStream()]) {
        throws(TypeError, () => prototype.getReader.call(wrong));
        throws(TypeError, () => prototype.tee.call(wrong));
        throws(TypeError, () => prototype.values.call(wrong));
        throws(TypeError, () => prototype.pipeThrough.call(wrong, new TransformStream()));
        await rejects(TypeError, prototype.cancel.call(wrong));
        await rejects(TypeError, prototype.pipeTo.call(wrong, new WritableStream()));
        const { get } = Object.getOwnPropertyDescriptor(prototype, "locked");
        throws(TypeError, () => get.call(wrong));
        await rejects(TypeError, ReadableStreamDefaultReader.prototype.read.call(wrong));
        throws(TypeError, () => ReadableStreamDefaultReader.prototype.releaseLock.call(wrong));
        throws(TypeError, () => ReadableStreamDefaultController.prototype.enqueue.call(wrong));
    }
    throws(TypeError, () => new ReadableStreamDefaultController());
    throws(TypeError, () => new ReadableStreamDefaultController(new ReadableStream()));
});

test("nothing to see from outside", () => {
    const stream = new ReadableStream();
    same(Object.keys(stream), []);
    same(Object.getOwnPropertyNames(stream), []);
    equal(JSON.stringify(stream), "{}");
    equal(String(stream), "[object ReadableStream]");
    same(Object.keys(stream.getReader()), []);
});

test("a subclass", async () => {
    class Mine extends ReadableStream {
        get extra() {
            return 1;
        }
    }
    const mine = new Mine({
        start(controller) {
            controller.enqueue("a");
            controller.close();
        },
    });
    equal(mine.extra, 1);
    same(await all(mine), ["a"]);
    equal(Mine.from([]).constructor, ReadableStream);
});

test("many chunks do not overflow the stack", async () => {
    const stream = new ReadableStream({
        start(controller) {
            for (let i = 0; i < 100_000; i++) {
                controller.enqueue(i);
            }
            controller.close();
        },
    });
    let sum = 0;
    for await (const chunk of stream) {
        sum += chunk;
    }
    equal(sum, 4_999_950_000);
});

export default worker;
