import { equal, ok, same, test, throws, worker } from "./harness.js";

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
    }
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

test("arguments", () => {
    throws(TypeError, () => structuredClone());
    throws(TypeError, () => structuredClone(1, 1));
    equal(structuredClone(1, null), 1);
    equal(structuredClone(1, {}), 1);
    equal(structuredClone(1, { transfer: [] }), 1);
    throws(TypeError, () => structuredClone(1, { transfer: 1 }));
});

export default worker;
