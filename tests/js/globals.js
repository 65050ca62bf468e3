// The shape of the global: what Web IDL says about every property.

import { equal, ok, same, test, throws, worker } from "./harness.js";

// Name, length of the constructor, and what it derives from.
const INTERFACES = [
    ["AbortController", 0],
    ["AbortSignal", 0, "EventTarget"],
    ["Blob", 0],
    ["ByteLengthQueuingStrategy", 1],
    ["CompressionStream", 1],
    ["CountQueuingStrategy", 1],
    ["Crypto", 0],
    ["CryptoKey", 0],
    ["CustomEvent", 1, "Event"],
    ["DOMException", 0],
    ["DecompressionStream", 1],
    ["ErrorEvent", 1, "Event"],
    ["Event", 1],
    ["EventTarget", 0],
    ["ExtendableEvent", 1, "Event"],
    ["FetchEvent", 2, "ExtendableEvent"],
    ["File", 2, "Blob"],
    ["FormData", 0],
    ["Headers", 0],
    ["MessageChannel", 0],
    ["MessageEvent", 1, "Event"],
    ["MessagePort", 0, "EventTarget"],
    ["Navigator", 0],
    ["Performance", 0, "EventTarget"],
    ["PromiseRejectionEvent", 2, "Event"],
    ["ReadableByteStreamController", 0],
    ["ReadableStream", 0],
    ["ReadableStreamBYOBReader", 1],
    ["ReadableStreamBYOBRequest", 0],
    ["ReadableStreamDefaultController", 0],
    ["ReadableStreamDefaultReader", 1],
    ["Request", 1],
    ["Response", 0],
    ["ScheduledEvent", 1, "ExtendableEvent"],
    ["SubtleCrypto", 0],
    ["TaskEvent", 1, "ExtendableEvent"],
    ["TextDecoder", 0],
    ["TextDecoderStream", 0],
    ["TextEncoder", 0],
    ["TextEncoderStream", 0],
    ["TransformStream", 0],
    ["TransformStreamDefaultController", 0],
    ["URL", 1],
    ["URLPattern", 0],
    ["URLSearchParams", 0],
    ["WritableStream", 0],
    ["WritableStreamDefaultController", 0],
    ["WritableStreamDefaultWriter", 1],
];

test("interface objects", () => {
    for (const [name, length, parent] of INTERFACES) {
        const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
        ok(descriptor !== undefined, name);
        equal(descriptor.writable, true, name);
        equal(descriptor.enumerable, false, name);
        equal(descriptor.configurable, true, name);
        const constructor = descriptor.value;
        equal(constructor.name, name);
        equal(constructor.length, length, `${name}.length`);
        const expected = parent === undefined ? Function.prototype : globalThis[parent];
        equal(Object.getPrototypeOf(constructor), expected, name);
        equal(Object.getOwnPropertyDescriptor(constructor, "prototype").writable, false, name);
    }
});

test("prototypes", () => {
    for (const [name] of INTERFACES) {
        const { prototype } = globalThis[name];
        equal(Object.prototype.toString.call(prototype), `[object ${name}]`);
        const tag = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag);
        same({ ...tag }, { value: name, writable: false, enumerable: false, configurable: true });
        const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor");
        equal(constructor.enumerable, false, name);
        for (const key of Object.getOwnPropertyNames(prototype)) {
            if (key !== "constructor") {
                const { enumerable } = Object.getOwnPropertyDescriptor(prototype, key);
                equal(enumerable, true, `${name}.prototype.${key}`);
            }
        }
    }
});

test("static members are enumerable", () => {
    const members = [
        [Response, "error", "json", "redirect"],
        [URL, "canParse", "parse"],
        [AbortSignal, "abort", "any", "timeout"],
        [ReadableStream, "from"],
    ];
    for (const [constructor, ...names] of members) {
        same(Object.keys(constructor).sort(), names);
    }
});

// Interface, method, length.
const METHODS = [
    ["Blob", "slice", 0],
    ["Blob", "stream", 0],
    ["FormData", "append", 2],
    ["FormData", "delete", 1],
    ["FormData", "forEach", 1],
    ["FormData", "getAll", 1],
    ["FormData", "set", 2],
    ["Headers", "append", 2],
    ["Headers", "get", 1],
    ["Headers", "getSetCookie", 0],
    ["Headers", "forEach", 1],
    ["Headers", "entries", 0],
    ["URLSearchParams", "delete", 1],
    ["URLSearchParams", "has", 1],
    ["URLSearchParams", "set", 2],
    ["Response", "blob", 0],
    ["Response", "clone", 0],
    ["Response", "formData", 0],
    ["Response", "text", 0],
    ["TextDecoder", "decode", 0],
    ["TextEncoder", "encode", 0],
    ["TextEncoder", "encodeInto", 2],
    ["EventTarget", "addEventListener", 2],
    ["EventTarget", "removeEventListener", 2],
    ["EventTarget", "dispatchEvent", 1],
    ["Event", "initEvent", 1],
    ["AbortController", "abort", 0],
    ["Crypto", "getRandomValues", 1],
    ["ExtendableEvent", "waitUntil", 1],
    ["FetchEvent", "respondWith", 1],
    ["ReadableByteStreamController", "enqueue", 1],
    ["ReadableByteStreamController", "error", 0],
    ["ReadableStream", "cancel", 0],
    ["ReadableStream", "getReader", 0],
    ["ReadableStream", "pipeThrough", 1],
    ["ReadableStream", "pipeTo", 1],
    ["ReadableStream", "tee", 0],
    ["ReadableStream", "values", 0],
    ["ReadableStreamBYOBReader", "read", 1],
    ["ReadableStreamBYOBRequest", "respond", 1],
    ["ReadableStreamBYOBRequest", "respondWithNewView", 1],
    ["ReadableStreamDefaultController", "enqueue", 0],
    ["ReadableStreamDefaultReader", "read", 0],
    ["ReadableStreamDefaultReader", "releaseLock", 0],
    ["ScheduledEvent", "noRetry", 0],
    ["TaskEvent", "respondWith", 1],
    ["TransformStreamDefaultController", "enqueue", 0],
    ["TransformStreamDefaultController", "terminate", 0],
    ["WritableStream", "abort", 0],
    ["WritableStream", "getWriter", 0],
    ["WritableStreamDefaultController", "error", 0],
    ["WritableStreamDefaultWriter", "close", 0],
    ["WritableStreamDefaultWriter", "write", 0],
];

test("methods", () => {
    for (const [name, method, length] of METHODS) {
        const descriptor = Object.getOwnPropertyDescriptor(globalThis[name].prototype, method);
        equal(descriptor.writable, true, method);
        equal(descriptor.configurable, true, method);
        equal(descriptor.value.length, length, `${name}.${method}.length`);
        equal(descriptor.value.name, method);
        throws(TypeError, () => new descriptor.value(), `${method} is no constructor`);
    }
    equal(Response.redirect.length, 1);
    equal(Response.json.length, 1);
    equal(URL.parse.length, 1);
    equal(AbortSignal.abort.length, 0);
});

test("accessors are named as such", () => {
    const { get } = Object.getOwnPropertyDescriptor(Response.prototype, "status");
    equal(get.name, "get status");
    const { set } = Object.getOwnPropertyDescriptor(URL.prototype, "href");
    equal(set.name, "set href");
    equal(Object.getOwnPropertyDescriptor(Response.prototype, "status").set, undefined);
});

const FUNCTIONS = [
    ["addEventListener", 2],
    ["atob", 1],
    ["btoa", 1],
    ["clearInterval", 0],
    ["clearTimeout", 0],
    ["dispatchEvent", 1],
    ["fetch", 1],
    ["queueMicrotask", 1],
    ["removeEventListener", 2],
    ["reportError", 1],
    ["setInterval", 1],
    ["setTimeout", 1],
    ["structuredClone", 1],
];

test("functions", () => {
    for (const [name, length] of FUNCTIONS) {
        const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
        ok(descriptor !== undefined, name);
        equal(descriptor.writable, true, name);
        equal(descriptor.enumerable, true, name);
        equal(descriptor.configurable, true, name);
        equal(descriptor.value.length, length, `${name}.length`);
        equal(descriptor.value.name, name);
        throws(TypeError, () => new descriptor.value(), `${name} is no constructor`);
    }
});

test("attributes", () => {
    for (const name of ["crypto", "navigator", "performance", "self"]) {
        const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
        equal(typeof descriptor.get, "function", name);
        equal(descriptor.enumerable, true, name);
        equal(descriptor.configurable, true, name);
        equal(globalThis[name], globalThis[name]);
    }
    throws(TypeError, () => {
        globalThis.crypto = 1;
    });
    const console = Object.getOwnPropertyDescriptor(globalThis, "console");
    equal(console.enumerable, false);
    equal(console.writable, true);
});

test("event handlers", () => {
    for (const name of ["onerror", "onunhandledrejection", "onrejectionhandled"]) {
        const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
        equal(typeof descriptor.get, "function", name);
        equal(typeof descriptor.set, "function", name);
        equal(descriptor.enumerable, true, name);
        equal(descriptor.configurable, true, name);
        equal(globalThis[name], null, name);
    }
});

test("self and performance can be replaced", () => {
    for (const name of ["self", "performance"]) {
        const before = Object.getOwnPropertyDescriptor(globalThis, name);
        globalThis[name] = 1;
        const after = Object.getOwnPropertyDescriptor(globalThis, name);
        same({ ...after }, { value: 1, writable: true, enumerable: true, configurable: true });
        Object.defineProperty(globalThis, name, before);
    }
    equal(self, globalThis);
});

test("navigator", () => {
    equal(navigator.userAgent, "Isoyard");
    equal(Object.prototype.toString.call(navigator), "[object Navigator]");
    throws(TypeError, () => new Navigator());
    throws(TypeError, () => Navigator.prototype.userAgent);
});

test("nothing of another world", () => {
    for (const name of [
        "window",
        "document",
        "process",
        "require",
        "global",
        "Buffer",
        "$host",
        "prelude",
    ]) {
        ok(!(name in globalThis), name);
    }
    equal(typeof SharedArrayBuffer, "undefined");
});

export default worker;
