// WebAssembly's streaming forms, for which C++ puts these functions into each context.
// https://webassembly.github.io/spec/web-api/#streaming-modules
//
// Compiling begins when the body is there: V8 compiles in the turn here.

import { takeBytes } from "./body.js";
import { host } from "./host.js";
import { TypeError, regExpExec } from "./primordials.js";
import { headerOf, isResponse, stateOfResponse } from "./response.js";

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
