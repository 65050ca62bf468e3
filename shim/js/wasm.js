// WebAssembly's streaming forms, and a constructor of memories that shares none. C++ puts these into
// each context.
// https://webassembly.github.io/spec/web-api/#streaming-modules
//
// Compiling begins when the body is there: V8 compiles in the turn here.

import { takeBytes } from "./body.js";
import { host } from "./host.js";
import { TypeError, construct, regExpExec } from "./primordials.js";
import { headerOf, isResponse, stateOfResponse } from "./response.js";
import { disguise } from "./texts.js";

// Parameters are not allowed, not even none after a semicolon.
const WASM_TYPE = /^[\t ]*application\/wasm[\t ]*$/i;

async function bytesOf(source, name) {
    const response = await source;
    if (!isResponse(response)) {
        throw new TypeError(`${name}: the source is no Response, nor a promise of one`);
    }
    const state = stateOfResponse(response);
    const type = headerOf(state, "content-type");
    if (type === null || regExpExec(WASM_TYPE, type) === null) {
        const found = type === null ? "none" : `"${type}"`;
        throw new TypeError(`${name}: the Content-Type must be "application/wasm", and is ${found}`);
    }
    if (state.status < 200 || state.status > 299) {
        throw new TypeError(`${name}: the response has status ${state.status}`);
    }
    return await takeBytes(state);
}

export async function compileStreaming(source) {
    return host.compileWasm(await bytesOf(source, "WebAssembly.compileStreaming"));
}

export async function instantiateStreaming(source, importObject = undefined) {
    const module = host.compileWasm(await bytesOf(source, "WebAssembly.instantiateStreaming"));
    const instance = await host.instantiateWasm(module, importObject);
    return { module, instance };
}

// Gives V8's constructor a descriptor of its own, which has the members in V8's order and says
// nothing of sharing: so no getter can change its mind in between.
export function Memory(descriptor) {
    if (new.target === undefined) {
        throw new TypeError("WebAssembly.Memory must be invoked with 'new'");
    }
    if (descriptor === null || typeof descriptor !== "object" && typeof descriptor !== "function") {
        throw new TypeError("WebAssembly.Memory: the descriptor must be an object");
    }
    const { address, initial, maximum, shared } = descriptor;
    if (shared) {
        throw new TypeError("WebAssembly.Memory: shared memory is not supported");
    }
    const own = { __proto__: null, address, initial, maximum };
    return construct(host.wasmMemory(), [own], new.target);
}

disguise(Memory);
