// A worker that has replaced what streams, blobs and forms could stand on: see patched.js. What
// they do ask for is what a promise asks for that is resolved with another one (its then, and
// Promise[Symbol.species]), and how large a view is.

import { equal, sleep, test, worker } from "./harness.js";

const wasCalled = [];

const { defineProperty, getOwnPropertyDescriptor, getOwnPropertyNames, getPrototypeOf } = Object;
const KEPT = { __proto__: null, constructor: 1, toString: 1, valueOf: 1, prototype: 1, then: 1 };

function trap(object, name, key) {
    const descriptor = getOwnPropertyDescriptor(object, key);
    if (!descriptor?.configurable || typeof descriptor.value !== "function") {
        return;
    }
    const trapped = function () {
        wasCalled[wasCalled.length] = name;
        throw new Error(`${name} was called`);
    };
    defineProperty(object, key, { __proto__: null, value: trapped });
}

function trapAll(object, name) {
    const keys = getOwnPropertyNames(object);
    for (let i = 0; i < keys.length; i++) {
        if (!(keys[i] in KEPT)) {
            trap(object, `${name}.${keys[i]}`, keys[i]);
        }
    }
}

const KeptResponse = Response;

// What a stream gives, as one string.
async function textOf(stream) {
    const reader = stream.getReader();
    let text = "";
    for (;;) {
        const { value, done } = await reader.read();
        if (done) {
            return text;
        }
        text += value;
    }
}

function streamOf(...chunks) {
    return new ReadableStream({
        start(controller) {
            for (let i = 0; i < chunks.length; i++) {
                controller.enqueue(chunks[i]);
            }
            controller.close();
        },
    });
}

test("reading, teeing, iterating", async () => {
    equal(await textOf(streamOf("a", "b")), "ab");
    const branches = streamOf("a", "b").tee();
    equal(await textOf(branches[0]), "ab");
    equal(await textOf(branches[1]), "ab");
    let text = "";
    for await (const chunk of streamOf("x", "y")) {
        text += chunk;
    }
    equal(text, "xy");
});

test("writing, transforming, piping", async () => {
    let seen = "";
    const sink = new WritableStream({
        async write(chunk) {
            await undefined;
            seen += chunk;
        },
    });
    const twice = new TransformStream({
        transform(chunk, controller) {
            controller.enqueue(chunk + chunk);
        },
    });
    await streamOf("a", "b").pipeThrough(twice).pipeTo(sink);
    equal(seen, "aabb");
    const controller = new AbortController();
    const endless = new ReadableStream({ pull: (c) => c.enqueue("a") });
    const piped = endless.pipeTo(new WritableStream({ write: () => sleep(1) }), {
        signal: controller.signal,
    });
    await sleep(2);
    controller.abort("why");
    try {
        await piped;
    } catch (error) {
        equal(error, "why");
    }
});

test("bytes", async () => {
    const stream = new ReadableStream({
        type: "bytes",
        pull(controller) {
            controller.enqueue(new Uint8Array(3));
        },
    });
    const reader = stream.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(2));
    equal(value.length, 2);
    await reader.cancel();
});

test("bodies", async ({ request }) => {
    equal(await new KeptResponse(request.clone().body).text(), "hällo wörld");
    equal(await new KeptResponse(new Blob(["a", "b"]).stream()).text(), "ab");
    const form = new FormData();
    form.append("a", "1");
    form.append("f", new File(["x\r\n"], "n", { type: "a/b" }));
    const back = await new KeptResponse(form).formData();
    equal(back.get("a"), "1");
    equal(await back.get("f").text(), "x\r\n");
    const clone = new KeptResponse(streamOf(new Uint8Array(2))).clone();
    equal((await clone.bytes()).length, 2);
});

test("text and compression", async () => {
    const packed = new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"));
    const text = packed
        .pipeThrough(new DecompressionStream("gzip"))
        .pipeThrough(new TextDecoderStream());
    equal(await textOf(text), "hello");
    const bytes = streamOf("a", "b").pipeThrough(new TextEncoderStream());
    equal(await new KeptResponse(bytes).text(), "ab");
});

test("nothing that was replaced has been called", () => {
    equal(wasCalled.length, 0, wasCalled[0]);
});

// Arrays are iterated where the standard says so: the parts of a blob.
const iterators = [new Map()[Symbol.iterator](), ""[Symbol.iterator]()];

for (let i = 0; i < iterators.length; i++) {
    trapAll(getPrototypeOf(iterators[i]), "Iterator");
}
const interfaces = [
    AbortController,
    AbortSignal,
    Array,
    ArrayBuffer,
    Blob,
    Date,
    FormData,
    Headers,
    Map,
    Number,
    Promise,
    RegExp,
    Set,
    String,
    Symbol,
    TextDecoder,
    TextEncoder,
    TransformStreamDefaultController,
    URLSearchParams,
    WeakMap,
    WritableStream,
    WritableStreamDefaultWriter,
    getPrototypeOf(Uint8Array),
];
const KEPT_METHODS = ["abort", "append", "stream", "text", "get", "enqueue"];
for (let i = 0; i < KEPT_METHODS.length; i++) {
    KEPT[KEPT_METHODS[i]] = 1;
}
for (let i = 0; i < interfaces.length; i++) {
    trapAll(interfaces[i].prototype, interfaces[i].name);
}
const statics = [Array, ArrayBuffer, JSON, Math, Number, Object, Promise, Reflect, String];
for (let i = 0; i < statics.length; i++) {
    trapAll(statics[i], `static ${i}`);
}
trapAll(Function.prototype, "Function.prototype");

const inherited = ["get", "set", "stream", "mode", "signal", "type", "highWaterMark", "size"];
for (let i = 0; i < inherited.length; i++) {
    Object.prototype[inherited[i]] = undefined;
}

const globals = ["Map", "Object", "Promise", "Response", "Symbol", "TypeError", "queueMicrotask"];
for (let i = 0; i < globals.length; i++) {
    defineProperty(globalThis, globals[i], { __proto__: null, value: undefined });
}

export default worker;
