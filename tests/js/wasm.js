// WebAssembly as a worker has it: all of its interface, the streaming forms by the Web API's rules,
// no shared memory.

import { equal, fail, ok, rejects, same, test, throws, worker } from "./harness.js";

const HEAD = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

// (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
const ADD = new Uint8Array([
    ...HEAD,
    ...[0x01, 0x07, 0x01, 0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f],
    ...[0x03, 0x02, 0x01, 0x00],
    ...[0x07, 0x07, 0x01, 0x03, 0x61, 0x64, 0x64, 0x00, 0x00],
    ...[0x0a, 0x09, 0x01, 0x07, 0x00, 0x20, 0x00, 0x20, 0x01, 0x6a, 0x0b],
]);

// (import "m" "f" (func (result i32))) (func (export "g") (result i32) call 0)
const IMPORTING = new Uint8Array([
    ...HEAD,
    ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f],
    ...[0x02, 0x07, 0x01, 0x01, 0x6d, 0x01, 0x66, 0x00, 0x00],
    ...[0x03, 0x02, 0x01, 0x00],
    ...[0x07, 0x05, 0x01, 0x01, 0x67, 0x00, 0x01],
    ...[0x0a, 0x06, 0x01, 0x04, 0x00, 0x10, 0x00, 0x0b],
]);

// (memory (export "m") 1) (func (export "g") (param i32) (result i32) local.get 0 memory.grow)
const GROWING = new Uint8Array([
    ...HEAD,
    ...[0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f],
    ...[0x03, 0x02, 0x01, 0x00],
    ...[0x05, 0x03, 0x01, 0x00, 0x01],
    ...[0x07, 0x09, 0x02, 0x01, 0x6d, 0x02, 0x00, 0x01, 0x67, 0x00, 0x00],
    ...[0x0a, 0x08, 0x01, 0x06, 0x00, 0x20, 0x00, 0x40, 0x00, 0x0b],
]);

const { CompileError, LinkError } = WebAssembly;

function thrownBy(action) {
    try {
        action();
    } catch (error) {
        return error;
    }
    return fail("nothing was thrown");
}

function respond(body, type = "application/wasm", status = 200) {
    const headers = type === null ? {} : { "content-type": type };
    return new Response(body, { headers, status });
}

test("modules and instances", () => {
    ok(WebAssembly.validate(ADD));
    ok(!WebAssembly.validate(new Uint8Array(8)));
    const module = new WebAssembly.Module(ADD);
    same(WebAssembly.Module.exports(module), [{ name: "add", kind: "function" }]);
    equal(new WebAssembly.Instance(module).exports.add(40, 2), 42);
    throws(CompileError, () => new WebAssembly.Module(new Uint8Array(8)));
    throws(TypeError, () => new WebAssembly.Module("text"));
    throws(TypeError, () => WebAssembly.Module(ADD));
    class Derived extends WebAssembly.Module {}
    ok(new Derived(ADD) instanceof Derived);
    equal(new WebAssembly.Instance(new Derived(ADD)).exports.add(1, 2), 3);
    throws(TypeError, () => WebAssembly.Module(ADD));
});

test("compile and instantiate", async () => {
    for (const source of [ADD, ADD.buffer]) {
        const module = await WebAssembly.compile(source);
        ok(module instanceof WebAssembly.Module);
        equal((await WebAssembly.instantiate(module)).exports.add(1, 2), 3);
        const result = await WebAssembly.instantiate(source);
        ok(result.module instanceof WebAssembly.Module);
        equal(result.instance.exports.add(3, 4), 7);
    }
    const { instance } = await WebAssembly.instantiate(IMPORTING, { m: { f: () => 7 } });
    equal(instance.exports.g(), 7);
    await rejects(CompileError, WebAssembly.compile(new Uint8Array(8)));
    await rejects(CompileError, WebAssembly.instantiate(new Uint8Array(8)));
    await rejects(TypeError, WebAssembly.compile("text"));
    await rejects(TypeError, WebAssembly.compile());
    await rejects(TypeError, WebAssembly.instantiate(IMPORTING));
    await rejects(LinkError, WebAssembly.instantiate(IMPORTING, { m: { f: 1 } }));
});

test("streaming forms", async () => {
    const module = await WebAssembly.compileStreaming(respond(ADD));
    ok(module instanceof WebAssembly.Module);
    const late = Promise.resolve(respond(IMPORTING, " Application/WASM\t"));
    const result = await WebAssembly.instantiateStreaming(late, { m: { f: () => 8 } });
    ok(result.module instanceof WebAssembly.Module);
    equal(result.instance.exports.g(), 8);
    same(Object.keys(result), ["module", "instance"]);
});

test("streaming forms refuse what is no answer with WebAssembly", async () => {
    const { compileStreaming, instantiateStreaming } = WebAssembly;
    for (const stream of [compileStreaming, instantiateStreaming]) {
        await rejects(TypeError, stream(), "nothing");
        await rejects(TypeError, stream(ADD), "bytes");
        for (const type of [null, "text/html", "application/wasm;", "application/wasm; a=b"]) {
            await rejects(TypeError, stream(respond(ADD, type)), `${type}`);
        }
        await rejects(TypeError, stream(respond(ADD, "application/wasm", 404)), "404");
        await rejects(CompileError, stream(respond("no wasm")), "text");
        await rejects(CompileError, stream(respond(null)), "no body");
        const used = respond(ADD);
        await used.arrayBuffer();
        await rejects(TypeError, stream(used), "used");
        await rejects(RangeError, stream(Promise.reject(new RangeError())), "rejected");
    }
    await rejects(TypeError, instantiateStreaming(respond(IMPORTING)), "no imports");
});

test("a body that comes in parts", async () => {
    const stream = new ReadableStream({
        start(controller) {
            for (let i = 0; i < ADD.length; i += 5) {
                controller.enqueue(ADD.slice(i, i + 5));
            }
            controller.close();
        },
    });
    const { instance } = await WebAssembly.instantiateStreaming(respond(stream));
    equal(instance.exports.add(2, 2), 4);
});

test("memories grow up to their maximum", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 3 });
    const { buffer } = memory;
    new Uint8Array(buffer)[5] = 7;
    equal(memory.grow(2), 1);
    equal(buffer.byteLength, 0);
    equal(memory.buffer.byteLength, 3 * 65536);
    equal(new Uint8Array(memory.buffer)[5], 7);
    throws(RangeError, () => memory.grow(1));
    equal(new WebAssembly.Memory({ initial: 0 }).buffer.byteLength, 0);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(GROWING));
    equal(exports.g(2), 1);
    equal(exports.g(0), 3);
    equal(exports.m.buffer.byteLength, 3 * 65536);
    equal(exports.g(65536), -1);
});

// (memory 1 1 shared) (export "m")
const SHARED = new Uint8Array([
    ...HEAD,
    ...[0x05, 0x04, 0x01, 0x03, 0x01, 0x01],
    ...[0x07, 0x05, 0x01, 0x01, 0x6d, 0x02, 0x00],
]);

// (import "m" "f" (func)) (import "m" "m" (memory 1 1 shared))
const IMPORTING_SHARED = new Uint8Array([
    ...HEAD,
    ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
    ...[0x02, 0x0f, 0x02],
    ...[0x01, 0x6d, 0x01, 0x66, 0x00, 0x00],
    ...[0x01, 0x6d, 0x01, 0x6d, 0x02, 0x03, 0x01, 0x01],
]);

test("nothing is shared, and nothing waits", () => {
    equal(typeof SharedArrayBuffer, "undefined");
    throws(TypeError, () => Atomics.wait(new Int32Array(4), 0, 0, 1));
    throws(TypeError, () => Atomics.waitAsync(new Int32Array(4), 0, 0, 1));
});

test("no module with shared memory is compiled", async () => {
    for (const bytes of [SHARED, IMPORTING_SHARED]) {
        throws(CompileError, () => new WebAssembly.Module(bytes));
        await rejects(CompileError, WebAssembly.compile(bytes));
        await rejects(CompileError, WebAssembly.instantiate(bytes.buffer));
        await rejects(CompileError, WebAssembly.compileStreaming(respond(bytes)));
        await rejects(CompileError, WebAssembly.instantiateStreaming(respond(bytes)));
        ok(!WebAssembly.validate(bytes));
        // The same without sharing is fine.
        const plain = bytes.map((byte) => (byte === 0x03 ? 0x01 : byte));
        ok(WebAssembly.validate(plain));
        ok(new WebAssembly.Module(plain));
    }
});

test("a module that cannot be read is malformed", async () => {
    const cut = ADD.subarray(0, ADD.length - 3);
    ok(!WebAssembly.validate(cut));
    throws(CompileError, () => new WebAssembly.Module(cut));
    await rejects(CompileError, WebAssembly.compile(cut));
});

test("no memory that is to be shared is made", () => {
    const asked = [true, 1, "false", {}];
    for (const shared of asked) {
        throws(TypeError, () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared }));
    }
    const descriptor = { initial: 1, maximum: 1, shared: true };
    const { Memory } = WebAssembly;
    throws(TypeError, () => new Memory.prototype.constructor(descriptor));
    throws(TypeError, () => Reflect.construct(Memory, [descriptor], Object));
    throws(TypeError, () => new (class extends Memory {})(descriptor));
    throws(TypeError, () => new Memory(Object.create(descriptor)));
    equal(new Memory({ ...descriptor, shared: 0 }).buffer.constructor, ArrayBuffer);
});

test("a descriptor is read once, and no prototype counts", () => {
    const read = [];
    const values = { initial: 1, maximum: 2 };
    const memory = new WebAssembly.Memory(
        new Proxy(
            {},
            {
                get(_, key) {
                    read.push(key);
                    return key === "shared" && read.indexOf("shared") < read.length - 1
                        ? true
                        : values[key];
                },
            },
        ),
    );
    equal(memory.buffer.constructor, ArrayBuffer);
    same(read, ["address", "initial", "maximum", "shared"]);
    Object.prototype.shared = true;
    try {
        throws(TypeError, () => new WebAssembly.Memory({ initial: 1 }));
        const plain = { __proto__: null, initial: 1, maximum: 1 };
        equal(new WebAssembly.Memory(plain).buffer.constructor, ArrayBuffer);
    } finally {
        delete Object.prototype.shared;
    }
});

test("the constructor of memories looks as V8's", () => {
    const { Memory } = WebAssembly;
    equal(Memory.name, "Memory");
    equal(Memory.length, 1);
    equal(`${Memory}`, "function Memory() { [native code] }");
    equal(Memory.prototype.constructor, Memory);
    const { value, ...rest } = Object.getOwnPropertyDescriptor(Memory, "prototype");
    same(rest, { writable: false, enumerable: false, configurable: false });
    equal(Object.getOwnPropertyDescriptor(WebAssembly, "Memory").enumerable, false);
    const memory = new Memory({ initial: 1 });
    ok(memory instanceof Memory);
    equal(Object.getPrototypeOf(memory), value);
    equal(Object.prototype.toString.call(memory), "[object WebAssembly.Memory]");
    class Derived extends Memory {}
    ok(new Derived({ initial: 1 }) instanceof Derived);
    throws(TypeError, () => Memory({ initial: 1 }));
    for (const bad of [undefined, null, 1, {}, { initial: -1 }, { initial: 2, maximum: 1 }]) {
        ok([TypeError, RangeError].includes(thrownBy(() => new Memory(bad)).constructor));
    }
    // An exported memory is of the same class.
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(GROWING));
    ok(exports.m instanceof Memory);
    equal(exports.m.constructor, Memory);
});

test("functions of the namespace look as they should", () => {
    const streaming = ["compileStreaming", "instantiateStreaming"];
    const functions = ["compile", "instantiate", "validate", ...streaming];
    for (const name of functions) {
        const descriptor = Object.getOwnPropertyDescriptor(WebAssembly, name);
        const { value } = descriptor;
        same(descriptor, { value, writable: true, enumerable: true, configurable: true }, name);
        equal(value.name, name);
        equal(value.length, 1, name);
        throws(TypeError, () => new value(ADD), name);
    }
    equal(Object.prototype.toString.call(WebAssembly), "[object WebAssembly]");
});

test("a module can be cloned, and other things of WebAssembly cannot", () => {
    const { a, b } = structuredClone({ a: new WebAssembly.Module(ADD), b: [1] });
    ok(a instanceof WebAssembly.Module);
    same(b, [1]);
    equal(new WebAssembly.Instance(a).exports.add(1, 1), 2);
    throws("DataCloneError", () => structuredClone(new WebAssembly.Instance(a)));
    throws("DataCloneError", () => structuredClone(new WebAssembly.Memory({ initial: 1 })));
});

test("a rejection that nobody handles is not hidden", async () => {
    const seen = new Promise((resolve) => {
        addEventListener("unhandledrejection", resolve, { once: true });
        setTimeout(resolve, 1000);
    });
    WebAssembly.compile(new Uint8Array(8));
    const event = await seen;
    if (event === undefined) {
        fail("no event came");
    }
    event.preventDefault();
    equal(event.reason.constructor, CompileError);
});

export default worker;
