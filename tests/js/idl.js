// What Web IDL says of every interface of the Minimum Common Web API, 2025: the property of the
// global, the class, its members with their descriptors, and that each knows its own objects.
// https://min-common-api.proposal.wintertc.org/, https://webidl.spec.whatwg.org/

import { equal, ok, same, test, throws, worker } from "./harness.js";

const BODY = { arrayBuffer: 0, blob: 0, bytes: 0, formData: 0, json: 0, text: 0 };
const PAIRS = { entries: 0, forEach: 1, keys: 0, values: 0 };
const SIDES = "readable writable";

// new: the length of the constructor, null where calling it throws.
// extends: the parent interface.
// get, set: attributes, read-only and not. promised: attributes that are promises.
// do: operations with their lengths. promise: those that return promises.
// static: static operations. constants: how many.
// iterable: the method that @@iterator or @@asyncIterator is.
const INTERFACES = {
    AbortController: { new: 0, get: "signal", do: { abort: 0 } },
    AbortSignal: {
        new: null,
        extends: "EventTarget",
        get: "aborted reason",
        set: "onabort",
        do: { throwIfAborted: 0 },
        static: { abort: 0, any: 1, timeout: 1 },
    },
    Blob: {
        new: 0,
        get: "size type",
        do: { slice: 0, stream: 0 },
        promise: { arrayBuffer: 0, bytes: 0, text: 0 },
    },
    ByteLengthQueuingStrategy: { new: 1, get: "highWaterMark size" },
    CompressionStream: { new: 1, get: SIDES },
    CountQueuingStrategy: { new: 1, get: "highWaterMark size" },
    Crypto: { new: null, get: "subtle", do: { getRandomValues: 1, randomUUID: 0 } },
    CryptoKey: { new: null, get: "algorithm extractable type usages" },
    CustomEvent: { new: 1, extends: "Event", get: "detail", do: { initCustomEvent: 1 } },
    DOMException: { new: 0, get: "code message name", constants: 25 },
    DecompressionStream: { new: 1, get: SIDES },
    ErrorEvent: { new: 1, extends: "Event", get: "colno error filename lineno message" },
    Event: {
        new: 1,
        get:
            "bubbles cancelable composed currentTarget defaultPrevented eventPhase srcElement " +
            "target timeStamp type",
        set: "cancelBubble returnValue",
        do: {
            composedPath: 0,
            initEvent: 1,
            preventDefault: 0,
            stopImmediatePropagation: 0,
            stopPropagation: 0,
        },
        constants: 4,
    },
    EventTarget: {
        new: 0,
        do: { addEventListener: 2, dispatchEvent: 1, removeEventListener: 2 },
    },
    File: { new: 2, extends: "Blob", get: "lastModified name" },
    FormData: {
        new: 0,
        do: { append: 2, delete: 1, get: 1, getAll: 1, has: 1, set: 2, ...PAIRS },
        iterable: "entries",
    },
    Headers: {
        new: 0,
        do: { append: 2, delete: 1, get: 1, getSetCookie: 0, has: 1, set: 2, ...PAIRS },
        iterable: "entries",
    },
    MessageChannel: { new: 0, get: "port1 port2" },
    MessageEvent: {
        new: 1,
        extends: "Event",
        get: "data lastEventId origin ports source",
        do: { initMessageEvent: 1 },
    },
    MessagePort: {
        new: null,
        extends: "EventTarget",
        set: "onclose onmessage onmessageerror",
        do: { close: 0, postMessage: 1, start: 0 },
    },
    Performance: {
        new: null,
        extends: "EventTarget",
        get: "timeOrigin",
        do: { now: 0, toJSON: 0 },
    },
    PromiseRejectionEvent: { new: 2, extends: "Event", get: "promise reason" },
    ReadableByteStreamController: {
        new: null,
        get: "byobRequest desiredSize",
        do: { close: 0, enqueue: 1, error: 0 },
    },
    ReadableStream: {
        new: 0,
        get: "locked",
        do: { getReader: 0, pipeThrough: 1, tee: 0, values: 0 },
        promise: { cancel: 0, pipeTo: 1 },
        static: { from: 1 },
        asyncIterable: "values",
    },
    ReadableStreamBYOBReader: {
        new: 1,
        promised: "closed",
        do: { releaseLock: 0 },
        promise: { cancel: 0, read: 1 },
    },
    ReadableStreamBYOBRequest: {
        new: null,
        get: "view",
        do: { respond: 1, respondWithNewView: 1 },
    },
    ReadableStreamDefaultController: {
        new: null,
        get: "desiredSize",
        do: { close: 0, enqueue: 0, error: 0 },
    },
    ReadableStreamDefaultReader: {
        new: 1,
        promised: "closed",
        do: { releaseLock: 0 },
        promise: { cancel: 0, read: 0 },
    },
    Request: {
        new: 1,
        get:
            "body bodyUsed cache credentials destination duplex headers integrity " +
            "isHistoryNavigation isReloadNavigation keepalive method mode redirect referrer " +
            "referrerPolicy signal url",
        do: { clone: 0 },
        promise: BODY,
    },
    Response: {
        new: 0,
        get: "body bodyUsed headers ok redirected status statusText type url",
        do: { clone: 0 },
        promise: BODY,
        static: { error: 0, json: 1, redirect: 1 },
    },
    SubtleCrypto: {
        new: null,
        promise: {
            decrypt: 3,
            deriveBits: 2,
            deriveKey: 5,
            digest: 2,
            encrypt: 3,
            exportKey: 2,
            generateKey: 3,
            importKey: 5,
            sign: 3,
            unwrapKey: 7,
            verify: 4,
            wrapKey: 4,
        },
    },
    TextDecoder: { new: 0, get: "encoding fatal ignoreBOM", do: { decode: 0 } },
    TextDecoderStream: { new: 0, get: `encoding fatal ignoreBOM ${SIDES}` },
    TextEncoder: { new: 0, get: "encoding", do: { encode: 0, encodeInto: 2 } },
    TextEncoderStream: { new: 0, get: `encoding ${SIDES}` },
    TransformStream: { new: 0, get: SIDES },
    TransformStreamDefaultController: {
        new: null,
        get: "desiredSize",
        do: { enqueue: 0, error: 0, terminate: 0 },
    },
    URL: {
        new: 1,
        get: "origin searchParams",
        set: "hash host hostname href password pathname port protocol search username",
        do: { toJSON: 0, toString: 0 },
        static: { canParse: 1, parse: 1 },
    },
    URLPattern: {
        new: 0,
        get:
            "hasRegExpGroups hash hostname password pathname port protocol search username",
        do: { exec: 0, test: 0 },
    },
    URLSearchParams: {
        new: 0,
        get: "size",
        do: {
            append: 2,
            delete: 1,
            get: 1,
            getAll: 1,
            has: 1,
            set: 2,
            sort: 0,
            toString: 0,
            ...PAIRS,
        },
        iterable: "entries",
    },
    WorkerGlobalScope: { new: null, extends: "EventTarget" },
    WritableStream: {
        new: 0,
        get: "locked",
        do: { getWriter: 0 },
        promise: { abort: 0, close: 0 },
    },
    WritableStreamDefaultController: { new: null, get: "signal", do: { error: 0 } },
    WritableStreamDefaultWriter: {
        new: 1,
        get: "desiredSize",
        promised: "closed ready",
        do: { releaseLock: 0 },
        promise: { abort: 0, close: 0, write: 0 },
    },
};

const words = (text) => (text === undefined ? [] : text.split(" "));
const descriptorOf = Object.getOwnPropertyDescriptor;

function has(descriptor, expected, what) {
    ok(descriptor !== undefined, `${what} is missing`);
    for (const [key, value] of Object.entries(expected)) {
        equal(descriptor[key], value, `${what}: ${key}`);
    }
}

function isFunction(value, name, length) {
    equal(typeof value, "function", name);
    has(
        descriptorOf(value, "name"),
        { value: name, writable: false, enumerable: false, configurable: true },
        `the name of ${name}`,
    );
    has(
        descriptorOf(value, "length"),
        { value: length, writable: false, enumerable: false, configurable: true },
        `the length of ${name}`,
    );
}

function isNoConstructor(value, name) {
    ok(!("prototype" in value), `${name} has a prototype`);
    throws(TypeError, () => Reflect.construct(Object, [], value), `new ${name}`);
}

// What is no object of the interface: one of another, and the prototype itself.
function strangersTo(prototype) {
    return [{}, prototype, new WeakMap(), null, 1];
}

function refuses(call, prototype, what) {
    for (const stranger of strangersTo(prototype)) {
        throws(TypeError, () => call(stranger), what);
    }
}

async function rejectsAll(call, prototype, what) {
    for (const stranger of strangersTo(prototype)) {
        const result = call(stranger);
        ok(result instanceof Promise, `${what} returns no promise`);
        const error = await result.then(
            () => null,
            (reason) => reason,
        );
        ok(error instanceof TypeError, `${what} was not rejected with a TypeError: ${error}`);
    }
}

function checkInterfaceObject(name, idl) {
    const { value, ...attributes } = descriptorOf(globalThis, name);
    same(attributes, { writable: true, enumerable: false, configurable: true }, name);
    isFunction(value, name, idl.new ?? 0);
    const { prototype } = value;
    has(
        descriptorOf(value, "prototype"),
        { writable: false, enumerable: false, configurable: false },
        `${name}.prototype`,
    );
    const parent = idl.extends === undefined ? undefined : globalThis[idl.extends];
    const root = name === "DOMException" ? Error.prototype : Object.prototype;
    equal(Object.getPrototypeOf(value), parent ?? Function.prototype, `parent of ${name}`);
    equal(Object.getPrototypeOf(prototype), parent?.prototype ?? root, `${name}'s prototype chain`);
    has(
        descriptorOf(prototype, "constructor"),
        { value, writable: true, enumerable: false, configurable: true },
        `${name}.prototype.constructor`,
    );
    has(
        descriptorOf(prototype, Symbol.toStringTag),
        { value: name, writable: false, enumerable: false, configurable: true },
        `${name}'s class string`,
    );
    throws(TypeError, () => value(), `${name} without new`);
    if (idl.new === null || idl.new > 0) {
        throws(TypeError, () => new value(), `new ${name}()`);
    }
}

function checkAccessor(prototype, name, isSettable) {
    const descriptor = descriptorOf(prototype, name);
    has(descriptor, { enumerable: true, configurable: true }, name);
    isFunction(descriptor.get, `get ${name}`, 0);
    isNoConstructor(descriptor.get, `get ${name}`);
    if (isSettable) {
        isFunction(descriptor.set, `set ${name}`, 1);
        refuses((stranger) => descriptor.set.call(stranger, ""), prototype, `set ${name}`);
    } else {
        equal(descriptor.set, undefined, `set ${name}`);
    }
    return descriptor.get;
}

function checkOperation(holder, name, length) {
    const descriptor = descriptorOf(holder, name);
    has(descriptor, { writable: true, enumerable: true, configurable: true }, name);
    isFunction(descriptor.value, name, length);
    isNoConstructor(descriptor.value, name);
    return descriptor.value;
}

// Enough of them for any operation, and none that all would take.
const ARGUMENTS = ["a", "b", "c", "d", "e", "f", "g"];

// The methods of EventTarget are the global's, too, which they stand for without an object.
function checkOperations(prototype, operations, isGlobals) {
    for (const [name, length] of Object.entries(operations ?? {})) {
        const method = checkOperation(prototype, name, length);
        const call = (stranger) =>
            isGlobals && stranger === null
                ? method.call(1, ...ARGUMENTS)
                : method.call(stranger, ...ARGUMENTS);
        refuses(call, prototype, name);
    }
}

async function checkPromises(prototype, idl) {
    for (const name of words(idl.promised)) {
        const getter = checkAccessor(prototype, name, false);
        await rejectsAll((stranger) => getter.call(stranger), prototype, name);
    }
    for (const [name, length] of Object.entries(idl.promise ?? {})) {
        const method = checkOperation(prototype, name, length);
        await rejectsAll((stranger) => method.call(stranger, ...ARGUMENTS), prototype, name);
    }
}

function checkConstants(value, count) {
    const names = Object.keys(value).filter((name) => typeof value[name] === "number");
    equal(names.length, count ?? 0, "number of constants");
    for (const name of names) {
        const expected = { writable: false, enumerable: true, configurable: false };
        has(descriptorOf(value, name), expected, name);
        has(descriptorOf(value.prototype, name), { value: value[name], ...expected }, name);
    }
    return names;
}

function checkIterable(prototype, symbol, name) {
    if (name === undefined) {
        ok(!Object.hasOwn(prototype, symbol), "is iterable");
        return;
    }
    has(
        descriptorOf(prototype, symbol),
        { value: prototype[name], writable: true, enumerable: false, configurable: true },
        String(symbol),
    );
}

function checkNothingElse(value, idl, constants) {
    const members = [
        "constructor",
        ...constants,
        ...words(idl.get),
        ...words(idl.set),
        ...words(idl.promised),
        ...Object.keys(idl.do ?? {}),
        ...Object.keys(idl.promise ?? {}),
    ];
    same(Object.getOwnPropertyNames(value.prototype).sort(), members.sort());
    const statics = ["length", "name", "prototype", ...constants, ...Object.keys(idl.static ?? {})];
    same(Object.getOwnPropertyNames(value).sort(), statics.sort());
}

for (const [name, idl] of Object.entries(INTERFACES)) {
    test(name, async () => {
        ok(Object.hasOwn(globalThis, name), "is missing");
        checkInterfaceObject(name, idl);
        const value = globalThis[name];
        const { prototype } = value;
        for (const attribute of words(idl.get)) {
            const getter = checkAccessor(prototype, attribute, false);
            refuses((stranger) => getter.call(stranger), prototype, attribute);
        }
        for (const attribute of words(idl.set)) {
            const getter = checkAccessor(prototype, attribute, true);
            refuses((stranger) => getter.call(stranger), prototype, attribute);
        }
        checkOperations(prototype, idl.do, name === "EventTarget");
        await checkPromises(prototype, idl);
        for (const [operation, length] of Object.entries(idl.static ?? {})) {
            checkOperation(value, operation, length);
        }
        const constants = checkConstants(value, idl.constants);
        checkIterable(prototype, Symbol.iterator, idl.iterable);
        checkIterable(prototype, Symbol.asyncIterator, idl.asyncIterable);
        checkNothingElse(value, idl, constants);
    });
}

const WEB_ASSEMBLY = [
    "CompileError",
    "Global",
    "Instance",
    "LinkError",
    "Memory",
    "Module",
    "RuntimeError",
    "Table",
    "compile",
    "instantiate",
    "validate",
];

test("WebAssembly", () => {
    equal(Object.prototype.toString.call(WebAssembly), "[object WebAssembly]");
    for (const name of WEB_ASSEMBLY) {
        equal(typeof WebAssembly[name], "function", name);
    }
});

export default worker;
