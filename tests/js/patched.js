// A worker that has replaced what the platform could stand on. Only the tests below and the
// harness, which took what it needs before, must still work.

import { equal, expectLog, ok, sleep, test, worker } from "./harness.js";

const wasCalled = [];

function trap(object, name, key) {
    const descriptor = getOwnPropertyDescriptor(object, key);
    if (descriptor !== undefined && !descriptor.configurable) {
        return;
    }
    const trapped = function () {
        wasCalled[wasCalled.length] = name;
        throw new Error(`${name} was called`);
    };
    const isAccessor = descriptor !== undefined && descriptor.get !== undefined;
    defineProperty(
        object,
        key,
        isAccessor ? { __proto__: null, get: trapped } : { __proto__: null, value: trapped },
    );
}

const KeptBytes = Uint8Array;
const KeptMap = Map;
const KeptSet = Set;
const { toSorted } = Array.prototype;
const { union } = Set.prototype;
const { filter, toArray } = Iterator.prototype;
const { withResolvers } = Promise;
const KeptPromise = Promise;
const KeptResponse = Response;
const { apply } = Reflect;
const { defineProperty, getOwnPropertyDescriptor, getOwnPropertyNames, getPrototypeOf } = Object;

const { iterator } = Symbol;

const KEPT = {
    constructor: 1,
    toString: 1,
    valueOf: 1,
    length: 1,
    name: 1,
    prototype: 1,
    caller: 1,
    arguments: 1,
};

function trapAll(object, name) {
    const keys = getOwnPropertyNames(object);
    for (let i = 0; i < keys.length; i++) {
        const key = keys[i];
        if (!(key in KEPT) && key[0] !== "_") {
            trap(object, `${name}.${key}`, key);
        }
    }
}

test("a timer with arguments, and a microtask", async () => {
    let seen;
    setTimeout((value) => (seen = value), 1, 7);
    await sleep(5);
    equal(seen, 7);
    let ran = false;
    queueMicrotask(() => (ran = true));
    await undefined;
    await undefined;
    ok(ran);
});

test("bodies, headers and URLs", async ({ request }) => {
    equal(request.method, "POST");
    equal(request.headers.get("X-Test"), "a, b");
    const copy = request.clone();
    equal(await copy.text(), "hällo wörld");
    const response = new KeptResponse("ä", { headers: { a: "1", b: "2" } });
    response.headers.append("a", "3");
    equal(response.headers.get("a"), "1, 3");
    equal(await response.text(), "ä");
    equal(new URL("/b?c=d", "https://example.com/a").href, "https://example.com/b?c=d");
    equal(new URLSearchParams("a=b&c=%20").get("c"), " ");
    equal(new TextDecoder().decode(new TextEncoder().encode("☃")), "☃");
    equal(new TextDecoder("latin1").decode(new TextEncoder().encode("a")), "a");
    equal(new DOMException("m", "AbortError").code, 20);
});

test("events and signals", () => {
    const controller = new AbortController();
    let calls = 0;
    controller.signal.addEventListener("abort", () => calls++);
    controller.abort();
    equal(calls, 1);
});

test("the console", () => {
    expectLog(0, "text and { a: [ 1 ], b: Map(0) {} }");
    console.debug("%s and %o", "text", { a: [1], b: new KeptMap() });
});

test("clones and messages", async () => {
    const map = new KeptMap();
    const clone = structuredClone({ a: [1, { b: "c" }], map, bytes: new KeptBytes(2) });
    equal(clone.a[1].b, "c");
    equal(clone.map.constructor, KeptMap);
    ok(clone.bytes.constructor === KeptBytes && clone.map !== map);
    const { port1, port2 } = new MessageChannel();
    let seen;
    port2.onmessage = ({ data }) => (seen = data[0]);
    port1.postMessage(["message"]);
    await sleep(5);
    equal(seen, "message");
});

test("built-ins of later editions", async () => {
    const sorted = apply(toSorted, [2, 1], []);
    equal(sorted[0], 1);
    let i = 0;
    const none = { size: 0, has() {}, keys: () => ({ next: () => ({ done: true }) }) };
    equal(apply(union, new KeptSet(), [none]).constructor, KeptSet);
    const next = () => ({ value: i, done: i++ === 3 });
    const odd = apply(filter, { next }, [(n) => n % 2 === 1]);
    equal(apply(toArray, odd, []).length, 1);
    const { promise, resolve } = apply(withResolvers, KeptPromise, []);
    resolve(3);
    equal(await promise, 3);
});

// A sequence of two, which brings its own iterator.
function pair(one, other) {
    let i = 0;
    const next = () => ({ value: i === 0 ? one : other, done: i++ === 2 });
    return { [iterator]: () => ({ next }) };
}

test("crypto.subtle", async () => {
    const { subtle } = crypto;
    const raw = new KeptBytes(16);
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const key = await subtle.importKey("raw", raw, hmac, true, pair("sign", "verify"));
    const signature = await subtle.sign("HMAC", key, raw);
    equal(await subtle.verify("HMAC", key, signature, raw), true);
    equal((await subtle.exportKey("jwk", key)).k, "AAAAAAAAAAAAAAAAAAAAAA");
    const aes = { name: "AES-GCM", length: 128 };
    const wrapping = await subtle.generateKey(aes, true, pair("wrapKey", "unwrapKey"));
    const params = { name: "AES-GCM", iv: raw };
    const wrapped = await subtle.wrapKey("jwk", key, wrapping, params);
    const usages = pair("sign", "verify");
    const again = await subtle.unwrapKey("jwk", wrapped, wrapping, params, hmac, true, usages);
    equal(again.usages[1], "verify");
    equal(await subtle.verify("HMAC", again, signature, raw), true);
    const curve = { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };
    const made = await subtle.generateKey(curve, true, pair("sign", "verify"));
    const long = new KeptBytes(70_000);
    const signed = await subtle.sign(curve, made.privateKey, long);
    equal(await subtle.verify(curve, made.publicKey, signed, long), true);
});

test("nothing that was replaced has been called", () => {
    equal(wasCalled.length, 0, wasCalled[0]);
});

const iterators = [[][Symbol.iterator](), new Map()[Symbol.iterator](), ""[Symbol.iterator]()];

trap(Array.prototype, "Array.prototype[iterator]", Symbol.iterator);
trap(String.prototype, "String.prototype[iterator]", Symbol.iterator);
trap(Array, "Array[species]", Symbol.species);
trap(Promise, "Promise[species]", Symbol.species);
trap(RegExp, "RegExp[species]", Symbol.species);
const symbols = ["split", "replace", "match", "matchAll", "search"];
for (let i = 0; i < symbols.length; i++) {
    trap(RegExp.prototype, `RegExp.prototype[${symbols[i]}]`, Symbol[symbols[i]]);
    trap(String.prototype, `String.prototype[${symbols[i]}]`, Symbol[symbols[i]]);
}
for (let i = 0; i < iterators.length; i++) {
    trapAll(getPrototypeOf(iterators[i]), "Iterator");
}
const prototypes = [
    Array,
    ArrayBuffer,
    Date,
    Map,
    Number,
    Promise,
    RegExp,
    Set,
    String,
    Symbol,
    WeakMap,
    WeakRef,
    getPrototypeOf(Uint8Array),
];
for (let i = 0; i < prototypes.length; i++) {
    trapAll(prototypes[i].prototype, prototypes[i].name);
}

const statics = [Array, ArrayBuffer, JSON, Math, Object, Promise, Reflect, String];
for (let i = 0; i < statics.length; i++) {
    trapAll(statics[i], `static ${i}`);
}
trapAll(Function.prototype, "Function.prototype");

// Descriptors and dictionaries inherit from it.
const inherited = ["k", "toJSON", "get", "set", "handleEvent", "capture", "fatal", "stream"];
for (let i = 0; i < inherited.length; i++) {
    Object.prototype[inherited[i]] = undefined;
}

const globals = ["Map", "Promise", "Response", "TypeError", "Uint8Array", "globalThis"];
for (let i = 0; i < globals.length; i++) {
    defineProperty(globalThis, globals[i], { __proto__: null, value: undefined });
}

export default worker;
