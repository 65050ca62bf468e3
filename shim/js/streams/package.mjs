// The streams package as the prelude takes it in: an esbuild plugin that rewrites its module.
//
// The package stands on the globals and prototypes of its realm, and keeps its state in properties
// with a leading underscore. Here it stands on standins.js, and its state is under symbols that
// nobody else has. Its names are a minifier's, so this goes with one exact version: each change
// says how often it must be found, and another version fails the build until this file was looked at.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const FILTER = /web-streams-polyfill[\\/]dist[\\/]ponyfill\.mjs$/;

const STAND_INS = [
    "AbortController",
    "ArrayBuffer",
    "Boolean",
    "DataView",
    "Math",
    "Number",
    "Object",
    "Promise",
    "RangeError",
    "String",
    "Symbol",
    "TypeError",
    "Uint8Array",
    "allOf",
    "apply",
    "copyOf",
    "forgetAborted",
    "hasOwn",
    "isAbortSignal",
    "isAborted",
    "isDetached",
    "isView",
    "onceAborted",
    "push",
    "queueMicrotask",
    "reasonOf",
    "then",
    "transferBuffer",
    "typedArraySet",
    "viewConstructorOf",
];

// [what, instead, how often]
const CHANGES = [
    // Brand checks: each of these properties belongs to one interface.
    [
        /Object\.prototype\.hasOwnProperty\.call\((\w+),"(_\w+)"\)&&\1 instanceof \w+/g,
        'hasOwn($1,"$2")',
        13,
    ],
    [/Object\.prototype\.hasOwnProperty\.call\(/g, "hasOwn(", 1],
    // Functions and arrays.
    ["return a.call(e,t,r)", "return then(e,t,r)", 1],
    ["Function.prototype.apply.call(", "apply(", 1],
    ["return e.slice()", "return copyOf(e)", 1],
    ["t._elements.push(e)", "push(t._elements,e)", 1],
    [/(?<![\w.])([a-z])\.push\(/g, "push($1,", 4],
    ["Promise.all(a.map(e=>e()))", "allOf(a)", 1],
    ["Promise.resolve({", "l({", 2],
    // Buffers. A view's constructor is the one of its kind, whatever its object says.
    ["ArrayBuffer.isView(", "isView(", 3],
    ["new Uint8Array(e).set(", "typedArraySet(new Uint8Array(e),", 1],
    [/let ce=e=>.*?,de=e=>.*?;(?=function fe\()/g, "const ce=transferBuffer,de=isDetached;", 1],
    ["if(e.slice)return e.slice(t,r);", "", 1],
    [/\b([et])\.constructor(?=[),])/g, "viewConstructorOf($1)", 3],
    // Signals.
    ['return"boolean"==typeof e.aborted', "return isAbortSignal(e)", 1],
    ['void 0!==i.reason?i.reason:new fr("Aborted","AbortError")', "reasonOf(i)", 1],
    ["i.aborted", "isAborted(i)", 1],
    ['i.addEventListener("abort",', "onceAborted(i,", 1],
    ['i.removeEventListener("abort",', "forgetAborted(i,", 1],
    [/const dr="undefined"!=typeof globalThis.*?;(?=function hr\()/g, "", 1],
    // `null` is no object.
    ["void 0===e&&(e=null);", 'void 0===e?e=null:$(e,"First parameter");', 1],
    // A write while the readable side is being cancelled finds no transformer any more, which the
    // standard forgets.
    [
        "function co(e,t){",
        "function co(e,t){if(void 0===e._transformAlgorithm)" +
            'return d(new TypeError("The readable side was cancelled"));',
        1,
    ],
    // The end of a stream of bytes may find a branch with half an element, which fails that branch
    // alone; the standard takes it for impossible.
    ["||Ue(", "||closeBytes(", 4],
    ["void 0!==e&&(t||tt(", "void 0!==e&&(t||fillBranch(", 1],
    // tee() of chunks that its branches must not share: copyChunk makes the second branch's.
    ["function Wr(e,t){", "function Wr(e,copyChunk){", 1],
    [
        "function(e){const t=V(e);let r,o,n,i,a,",
        "function(e){const source=e,t=V(e);let r,o,n,i,a,",
        1,
    ],
    [
        "const t=e,r=e;d||Rr(",
        "const t=e;let r=e;if(copyChunk)try{r=copyChunk(e)}catch(e){" +
            "Tr(n._readableStreamController,e),Tr(i._readableStreamController,e);" +
            "return void a(Mr(source,e))}d||Rr(",
        1,
    ],
    // It rejects with a string there; the check that follows makes the error.
    [/if\(void 0===e\)return d\("Parameter 1 is required in 'pipeTo'\."\);/g, "", 1],
];

// Operations of the Streams standard that the prelude calls, by their names there.
const OPERATIONS = {
    acquireReadableStreamDefaultReader: "V",
    createReadableByteStream: "Fr",
    isByteLengthQueuingStrategy: "Ur",
    isCountQueuingStrategy: "Jr",
    isReadableByteStreamController: "Oe",
    isReadableStream: "Ir",
    isReadableStreamBYOBReader: "ft",
    isReadableStreamBYOBRequest: "Be",
    isReadableStreamDefaultController: "yr",
    isReadableStreamDefaultReader: "ee",
    isReadableStreamLocked: "$r",
    isTransformStream: "ro",
    isTransformStreamDefaultController: "so",
    isWritableStream: "qt",
    isWritableStreamDefaultController: "Qt",
    isWritableStreamDefaultWriter: "Ft",
    isWritableStreamLocked: "Et",
    readableByteStreamControllerEnqueue: "Ge",
    readableByteStreamControllerError: "Xe",
    readableStreamCancel: "Mr",
    readableStreamDefaultReaderRead: "te",
    readableStreamPipeTo: "hr",
    readableStreamTee: "Wr",
    transformStreamDefaultControllerEnqueue: "uo",
};

function change(text, [what, instead, times]) {
    const found = typeof what === "string" ? text.split(what).length - 1 : text.match(what)?.length;
    if (found !== times) {
        throw new Error(`the streams package has ${what} ${found ?? 0} times, not ${times}`);
    }
    return text.replaceAll(what, instead);
}

// Turns the properties _x into properties under symbols.
function hideState(text) {
    const names = new Set([...text.matchAll(/\.(_[a-z]\w{2,})/gi)].map(([, name]) => name));
    const hidden = text
        .replace(/\.(_[a-z]\w{2,})/gi, "[$$$1]")
        .replace(/(?<=[{},])(_[a-z]\w{2,})(?=[:(])/gi, "[$$$1]")
        .replace(/"(_[a-z]\w{2,})"/gi, "$$$1");
    const symbols = [...names].map((name) => `$${name}=Symbol("${name.slice(1)}")`);
    return `const ${symbols.join(",")};${hidden}`;
}

function rewrite(source) {
    const text = hideState(CHANGES.reduce(change, source));
    const operations = Object.entries(OPERATIONS).map(([name, short]) => `${short} as ${name}`);
    return `import {${STAND_INS.join(",")}} from "./standins.js";
${text}
export {${operations.join(",")}};
export const isReadableStreamDisturbed = (stream) => stream[$_disturbed];
export function giveSides(transform, readable, writable) {
    transform[$_readable] = readable;
    transform[$_writable] = writable;
    transform[$_transformStreamController] = undefined;
}
export const sidesOf = (transform) => [transform[$_readable], transform[$_writable]];
export const controllerOf = (stream) => stream[$_readableStreamController];
export const readRequestOf = (onChunk, onClose, onError) => ({
    [$_chunkSteps]: onChunk, [$_closeSteps]: onClose, [$_errorSteps]: onError,
});
export const queuedIn = (transform) =>
    transform[$_readable][$_readableStreamController][$_queue].length;
export const backpressureChangeOf = (transform) => transform[$_backpressureChangePromise];
function closeBytes(controller) {
    try {
        Ue(controller);
    } catch {
        // The stream has failed: somebody reads elements, and half of one is there.
    }
}
function fillBranch(controller, view) {
    if (controller[$_pendingPullIntos].length > 0) {
        tt(controller, view);
    }
}
export function readableByteStreamControllerClose(controller) {
    closeBytes(controller);
    if (controller[$_pendingPullIntos].length > 0) {
        et(controller, 0);
    }
}`;
}

export const streamsPackage = {
    name: "streams-package",
    setup({ onLoad }) {
        onLoad({ filter: FILTER }, async ({ path }) => ({
            contents: rewrite(await readFile(path, "utf8")),
            resolveDir: fileURLToPath(new URL(".", import.meta.url)),
        }));
    },
};
