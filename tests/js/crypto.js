import { equal, ok, same, test, throws, worker } from "./harness.js";

test("getRandomValues fills integer arrays and returns them", () => {
    const kinds = [
        Int8Array,
        Uint8Array,
        Uint8ClampedArray,
        Int16Array,
        Uint16Array,
        Int32Array,
        Uint32Array,
        BigInt64Array,
        BigUint64Array,
    ];
    for (const Kind of kinds) {
        const array = new Kind(64);
        equal(crypto.getRandomValues(array), array);
        ok(new Set(array).size > 8, Kind.name);
    }
    equal(crypto.getRandomValues(new Uint8Array(0)).length, 0);
});

test("a part of a buffer", () => {
    const bytes = new Uint8Array(96);
    crypto.getRandomValues(bytes.subarray(32, 64));
    ok(bytes.subarray(0, 32).every((byte) => byte === 0));
    ok(bytes.subarray(32, 64).some((byte) => byte !== 0));
    ok(bytes.subarray(64).every((byte) => byte === 0));
});

test("what is refused", () => {
    throws("TypeMismatchError", () => crypto.getRandomValues(new Float32Array(1)));
    throws("TypeMismatchError", () => crypto.getRandomValues(new Float64Array(1)));
    throws("TypeMismatchError", () => crypto.getRandomValues(new DataView(new ArrayBuffer(1))));
    throws("QuotaExceededError", () => crypto.getRandomValues(new Uint8Array(65537)));
    throws("QuotaExceededError", () => crypto.getRandomValues(new Uint32Array(16385)));
    equal(crypto.getRandomValues(new Uint8Array(65536)).length, 65536);
    for (const value of [undefined, null, 1, [], {}, new ArrayBuffer(1)]) {
        throws(TypeError, () => crypto.getRandomValues(value));
    }
    throws(TypeError, () => crypto.getRandomValues.call({}, new Uint8Array(1)));
});

test("randomUUID", () => {
    const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    const seen = new Set();
    for (let i = 0; i < 256; i++) {
        const uuid = crypto.randomUUID();
        ok(pattern.test(uuid), uuid);
        seen.add(uuid);
    }
    equal(seen.size, 256);
    throws(TypeError, () => crypto.randomUUID.call({}));
});

test("the interface", () => {
    equal(Object.prototype.toString.call(crypto), "[object Crypto]");
    ok(crypto instanceof Crypto);
    throws(TypeError, () => new Crypto());
    same(Object.keys(crypto), []);
});

export default worker;
