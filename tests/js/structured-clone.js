import { equal, ok, rejects, same, test, throws, worker } from "./harness.js";

test("primitives", () => {
    for (const value of [undefined, null, true, 0, -0, NaN, "a☃", 10n]) {
        equal(structuredClone(value), value);
    }
});

test("objects are copied, shared ones stay shared", () => {
    const inner = { a: [1, , 3] };
    const value = { inner, again: inner, date: new Date(5), expression: /a/gi };
    value.self = value;
    const clone = structuredClone(value);
    ok(clone !== value && clone.inner !== inner);
    equal(clone.inner, clone.again);
    equal(clone.self, clone);
    equal(clone.inner.a.length, 3);
    ok(!(1 in clone.inner.a));
    equal(clone.date.getTime(), 5);
    equal(String(clone.expression), "/a/gi");
});

test("maps, sets, buffers, boxed values, errors", () => {
    const bytes = new Uint8Array([1, 2, 3, 4]);
    const clone = structuredClone({
        map: new Map([[{ a: 1 }, "b"]]),
        set: new Set(["c"]),
        view: bytes.subarray(1, 3),
        buffer: bytes.buffer,
        boxed: Object(false),
        error: new RangeError("mine"),
    });
    same([...clone.map], [[{ a: 1 }, "b"]]);
    ok(clone.set.has("c"));
    same([...clone.view], [2, 3]);
    equal(clone.view.buffer, clone.buffer);
    ok(clone.buffer !== bytes.buffer);
    equal(clone.boxed.valueOf(), false);
    ok(clone.error instanceof RangeError);
    equal(clone.error.message, "mine");
});

test("prototypes and accessors are lost", () => {
    class Point {
        x = 1;
        get y() {
            return 2;
        }
    }
    const clone = structuredClone(new Point());
    equal(Object.getPrototypeOf(clone), Object.prototype);
    same(clone, { x: 1 });
    same(
        structuredClone({
            get a() {
                return 3;
            },
        }),
        { a: 3 },
    );
});

test("what cannot be cloned", () => {
    for (const value of [
        () => {},
        Symbol("a"),
        { a: { b() {} } },
        new WeakMap(),
        Promise.resolve(),
    ]) {
        equal(throws("DataCloneError", () => structuredClone(value)).code, 25);
    }
    for (const value of [new Headers(), new Response(), new EventTarget(), new URL("https://a/")]) {
        throws("DataCloneError", () => structuredClone(value));
        throws("DataCloneError", () => structuredClone([{ value }]));
    }
    for (const value of [
        new Proxy({}, {}),
        new WeakRef({}),
        new Intl.NumberFormat(),
        new WebAssembly.Memory({ initial: 1 }),
        new Map().keys(),
        [].values(),
        (function* () {})(),
        Object(Symbol()),
    ]) {
        throws("DataCloneError", () => structuredClone({ value }));
    }
});

test("inherited setters are none of a clone's", () => {
    const set = () => {
        throw new Error("called");
    };
    Object.defineProperty(Object.prototype, "inherited", { set, configurable: true });
    const value = JSON.parse('{"__proto__": {"a": 1}}');
    Object.defineProperty(value, "inherited", { value: 2, enumerable: true });
    const clone = structuredClone(value);
    delete Object.prototype.inherited;
    equal(clone.inherited, 2);
    same(Object.getOwnPropertyDescriptor(clone, "__proto__").value, { a: 1 });
    equal(Object.getPrototypeOf(clone), Object.prototype);
});

test("properties that a getter takes away, or adds", () => {
    const value = {
        get a() {
            delete this.b;
            this.c = 3;
            return 1;
        },
        b: 2,
    };
    same(structuredClone(value), { a: 1 });
    const map = new Map();
    const key = {
        get a() {
            map.clear();
            return 1;
        },
    };
    map.set(key, 1).set("b", 2);
    Object.defineProperty(map, "length", { get: () => ok(false, "length is no map's") });
    equal(structuredClone(map).size, 2);
});

test("errors", () => {
    const clone = structuredClone({ error: new TypeError("mine") }).error;
    ok(clone instanceof TypeError);
    ok(clone.stack.includes("structured-clone.js"));
    same(Object.keys(clone), []);
    class Mine extends Error {
        name = "Mine";
    }
    const mine = structuredClone(new Mine("m"));
    equal(mine.constructor, Error);
    equal(mine.message, "m");
    equal(Object.prototype.hasOwnProperty.call(structuredClone(new Error()), "message"), false);
});

test("views share their buffer", () => {
    const buffer = new ArrayBuffer(8);
    const clone = structuredClone({ a: new Uint16Array(buffer, 2, 1), b: new DataView(buffer, 4) });
    equal(clone.a.buffer, clone.b.buffer);
    equal(clone.a.constructor, Uint16Array);
    same([clone.a.byteOffset, clone.a.length, clone.b.byteLength], [2, 1, 4]);
});

test("a WebAssembly module", () => {
    const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    const clone = structuredClone({ module }).module;
    ok(clone instanceof WebAssembly.Module && clone !== module);
});

test("transfer", () => {
    const bytes = new Uint8Array([1, 2, 3, 4]);
    const { buffer } = bytes;
    const value = { view: bytes.subarray(1, 3), buffer };
    const clone = structuredClone(value, { transfer: [buffer] });
    equal(buffer.byteLength, 0);
    equal(buffer.detached, true);
    equal(clone.view.buffer, clone.buffer);
    same([...clone.view], [2, 3]);
    throws("DataCloneError", () => structuredClone(0, { transfer: [buffer] }));
    throws("DataCloneError", () => structuredClone(buffer));
    const again = new ArrayBuffer(1);
    throws("DataCloneError", () => structuredClone(0, { transfer: [again, again] }));
    throws("DataCloneError", () => structuredClone(() => {}, { transfer: [again] }));
    equal(again.byteLength, 1, "nothing is transferred where cloning fails");
    const { buffer: wasm } = new WebAssembly.Memory({ initial: 1 });
    throws("DataCloneError", () => structuredClone(0, { transfer: [wasm] }));
    throws("DataCloneError", () => structuredClone(0, { transfer: [{}] }));
    throws(TypeError, () => structuredClone(0, { transfer: [1] }));
});

test("what a getter throws is thrown as it is", () => {
    const error = new RangeError("mine");
    const value = {
        get a() {
            throw error;
        },
    };
    equal(
        throws(RangeError, () => structuredClone(value)),
        error,
    );
});

test("a DOMException", () => {
    const clone = structuredClone(new DOMException("m", "AbortError"));
    ok(clone instanceof DOMException);
    equal(clone.message, "m");
    equal(clone.name, "AbortError");
    equal(clone.code, 20);
});

test("Blob and File", async () => {
    const file = new File(["ab"], "a.txt", { type: "text/plain", lastModified: 5 });
    const clone = structuredClone({ file, blob: new Blob(["c"]) });
    ok(clone.file instanceof File && clone.file !== file);
    same([clone.file.name, clone.file.type, clone.file.lastModified], ["a.txt", "text/plain", 5]);
    equal(await clone.file.text(), "ab");
    equal(clone.blob.constructor, Blob);
    equal(await clone.blob.text(), "c");
});

test("transfer of a ReadableStream", async () => {
    const chunks = [{ a: 1 }, "b"];
    const stream = ReadableStream.from(chunks);
    const moved = structuredClone({ stream }, { transfer: [stream] }).stream;
    ok(stream.locked && !moved.locked && moved !== stream);
    const received = await Array.fromAsync(moved);
    same(received, chunks);
    ok(received[0] !== chunks[0]);
    throws("DataCloneError", () => structuredClone(stream, { transfer: [stream] }));
    throws("DataCloneError", () => structuredClone(moved));
    let reason;
    const cancelled = new ReadableStream({ cancel: (given) => (reason = given) });
    await structuredClone(cancelled, { transfer: [cancelled] }).cancel("why");
    equal(reason, "why");
    const failing = ReadableStream.from([() => {}]);
    const reader = structuredClone(failing, { transfer: [failing] }).getReader();
    await rejects("DataCloneError", reader.read());
});

test("transfer of a WritableStream", async () => {
    const written = [];
    const stream = new WritableStream({
        write: (chunk) => written.push(chunk),
        close: () => written.push("closed"),
    });
    const writer = structuredClone(stream, { transfer: [stream] }).getWriter();
    await writer.write(1);
    await writer.close();
    same(written, [1, "closed"]);
    let reason;
    const aborted = new WritableStream({ abort: (given) => (reason = given) });
    await structuredClone(aborted, { transfer: [aborted] }).abort("why");
    equal(reason, "why");
});

test("transfer of a TransformStream", async () => {
    const stream = new TransformStream({ transform: (n, out) => out.enqueue(n * 2) });
    const moved = structuredClone(stream, { transfer: [stream] });
    ok(moved instanceof TransformStream && stream.readable.locked && stream.writable.locked);
    const result = Array.fromAsync(moved.readable);
    const writer = moved.writable.getWriter();
    writer.write(1);
    writer.write(2);
    writer.close();
    same(await result, [2, 4]);
});

test("arguments", () => {
    throws(TypeError, () => structuredClone());
    throws(TypeError, () => structuredClone(1, 1));
    equal(structuredClone(1, null), 1);
    equal(structuredClone(1, {}), 1);
    equal(structuredClone(1, { transfer: [] }), 1);
    throws(TypeError, () => structuredClone(1, { transfer: 1 }));
});

export default worker;
