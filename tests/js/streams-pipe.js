// pipeTo and pipeThrough. https://streams.spec.whatwg.org/#rs-pipe-to

import { equal, ok, rejects, same, sleep, test, throws, worker } from "./harness.js";

function streamOf(...chunks) {
    return new ReadableStream({
        start(controller) {
            chunks.forEach((chunk) => controller.enqueue(chunk));
            controller.close();
        },
    });
}

// A writable stream that notes what it is told.
function recorder(more = {}) {
    const calls = [];
    const stream = new WritableStream({
        write(chunk) {
            calls.push(chunk);
        },
        close() {
            calls.push("close");
        },
        abort(reason) {
            calls.push(["abort", reason]);
        },
        ...more,
    });
    return { calls, stream };
}

function failingWith(error) {
    return new ReadableStream({
        start(controller) {
            controller.error(error);
        },
    });
}

test("to the end", async () => {
    const { calls, stream } = recorder();
    const source = streamOf("a", "b");
    const promise = source.pipeTo(stream);
    equal(source.locked, true);
    equal(stream.locked, true);
    equal(await promise, undefined);
    same(calls, ["a", "b", "close"]);
    equal(source.locked, false);
    equal(stream.locked, false);
});

test("preventClose", async () => {
    const { calls, stream } = recorder();
    await streamOf("a").pipeTo(stream, { preventClose: true });
    await streamOf("b").pipeTo(stream, { preventClose: 1 });
    await streamOf("c").pipeTo(stream, null);
    same(calls, ["a", "b", "c", "close"]);
});

test("a source that fails", async () => {
    const error = new RangeError("mine");
    const { calls, stream } = recorder();
    equal(await rejects(RangeError, failingWith(error).pipeTo(stream)), error);
    same(calls, [["abort", error]]);
    const kept = recorder();
    const promise = failingWith(error).pipeTo(kept.stream, { preventAbort: true });
    equal(await rejects(RangeError, promise), error);
    same(kept.calls, []);
    await kept.stream.getWriter().write("x");
    same(kept.calls, ["x"]);
});

test("a destination that fails", async () => {
    const error = new RangeError("mine");
    let reason = null;
    const source = () =>
        new ReadableStream({
            pull(controller) {
                controller.enqueue("a");
            },
            cancel(why) {
                reason = why;
            },
        });
    const failing = () =>
        new WritableStream({
            write() {
                throw error;
            },
        });
    equal(await rejects(RangeError, source().pipeTo(failing())), error);
    equal(reason, error);
    reason = null;
    const kept = source();
    const promise = kept.pipeTo(failing(), { preventCancel: true });
    equal(await rejects(RangeError, promise), error);
    equal(reason, null);
    equal((await kept.getReader().read()).value, "a");
});

test("a destination that is closed", async () => {
    const stream = new WritableStream();
    await stream.close();
    let reason;
    const source = new ReadableStream({
        cancel(why) {
            reason = why;
        },
    });
    const error = await rejects(TypeError, source.pipeTo(stream));
    equal(reason, error);
});

test("backpressure", async () => {
    let pulls = 0;
    let finish;
    const source = new ReadableStream(
        {
            pull(controller) {
                controller.enqueue(pulls++);
            },
        },
        { highWaterMark: 0 },
    );
    const sink = new WritableStream({ write: () => new Promise((resolve) => (finish = resolve)) });
    source.pipeTo(sink);
    await sleep(2);
    ok(pulls <= 2, `${pulls} pulls`);
    const before = pulls;
    finish();
    await sleep(2);
    equal(pulls, before + 1);
});

test("a signal", async () => {
    const { calls, stream } = recorder();
    let reason;
    const source = new ReadableStream({
        cancel(why) {
            reason = why;
        },
    });
    const controller = new AbortController();
    const promise = source.pipeTo(stream, { signal: controller.signal });
    await sleep(1);
    controller.abort();
    const error = await rejects("AbortError", promise);
    equal(error, controller.signal.reason);
    equal(reason, error);
    same(calls, [["abort", error]]);
});

test("a signal that was aborted before", async () => {
    const { calls, stream } = recorder();
    const reason = new RangeError("mine");
    const signal = AbortSignal.abort(reason);
    const source = streamOf("a");
    equal(await rejects(RangeError, source.pipeTo(stream, { signal })), reason);
    same(calls, [["abort", reason]]);
    const kept = recorder();
    const other = streamOf("a");
    const options = { signal, preventAbort: true, preventCancel: true };
    await rejects(RangeError, other.pipeTo(kept.stream, options));
    same(kept.calls, []);
    equal((await other.getReader().read()).value, "a");
});

test("a write that is under way ends first", async () => {
    const calls = [];
    const controller = new AbortController();
    const sink = new WritableStream({
        async write(chunk) {
            await sleep(2);
            calls.push(chunk);
        },
        abort: () => calls.push("abort"),
    });
    const promise = streamOf("a", "b").pipeTo(sink, { signal: controller.signal });
    await sleep(1);
    controller.abort();
    await rejects("AbortError", promise);
    same(calls[0], "a");
    equal(calls.at(-1), "abort");
});

test("wrong arguments", async () => {
    await rejects(TypeError, streamOf().pipeTo());
    await rejects(TypeError, streamOf().pipeTo({}));
    await rejects(TypeError, streamOf().pipeTo(new WritableStream(), 1));
    for (const signal of [null, 1, {}, { aborted: false }, AbortSignal]) {
        await rejects(
            TypeError,
            streamOf().pipeTo(new WritableStream(), { signal }),
            String(signal),
        );
    }
    const locked = streamOf();
    locked.getReader();
    await rejects(TypeError, locked.pipeTo(new WritableStream()));
    const busy = new WritableStream();
    busy.getWriter();
    const source = streamOf();
    await rejects(TypeError, source.pipeTo(busy));
    equal(source.locked, false);
});

test("pipeThrough", async () => {
    const twice = () =>
        new TransformStream({
            transform(chunk, controller) {
                controller.enqueue(chunk * 2);
            },
        });
    const source = streamOf(1, 2);
    const result = source.pipeThrough(twice()).pipeThrough(twice());
    equal(source.locked, true);
    const chunks = [];
    for await (const chunk of result) {
        chunks.push(chunk);
    }
    same(chunks, [4, 8]);
    const pair = { readable: streamOf("x"), writable: recorder().stream };
    equal(streamOf().pipeThrough(pair), pair.readable);
});

test("pipeThrough's wrong arguments", () => {
    const { readable, writable } = new TransformStream();
    for (const pair of [
        undefined,
        null,
        1,
        {},
        { readable },
        { writable },
        { readable, writable: 1 },
    ]) {
        throws(TypeError, () => streamOf().pipeThrough(pair), String(pair));
    }
    const locked = streamOf();
    locked.getReader();
    throws(TypeError, () => locked.pipeThrough(new TransformStream()));
    const busy = new TransformStream();
    busy.writable.getWriter();
    throws(TypeError, () => streamOf().pipeThrough(busy));
});

test("nobody is told of pipeThrough's rejection", async () => {
    let told = 0;
    const listener = (event) => {
        told++;
        event.preventDefault();
    };
    addEventListener("unhandledrejection", listener);
    const error = new RangeError("mine");
    const result = failingWith(error).pipeThrough(new TransformStream());
    equal(await rejects(RangeError, result.getReader().read()), error);
    await sleep(2);
    removeEventListener("unhandledrejection", listener);
    equal(told, 0);
});

export default worker;
