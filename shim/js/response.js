// Response. https://fetch.spec.whatwg.org/#response-class

import {
    cloneBody,
    isUsed,
    setBodyFrom,
    streamOf,
    takeArrayBuffer,
    takeBytes,
    takeJson,
    takeText,
} from "./body.js";
import { takeBlob, takeFormData } from "./bodyforms.js";
import { registerInterface } from "./format.js";
import {
    HeaderList,
    Headers,
    appendHeader,
    copyList,
    fillHeaders,
    flatten,
    flattenWithout,
    getHeader,
    hasHeader,
} from "./headers.js";
import {
    RangeError,
    TypeError,
    regExpExec,
    stringIndexOf,
    stringSlice,
    stringifyJson,
} from "./primordials.js";
import { parseUrl } from "./url/parse.js";
import {
    INTERNAL,
    defineInterface,
    enumeration,
    requireArguments,
    toByteString,
    toDictionary,
    toUSVString,
    toUnsignedShort,
} from "./webidl.js";

class ResponseState {
    constructor() {
        this.status = 200;
        this.statusText = "";
        this.type = "default";
        this.url = ""; // of what was fetched
        this.isRedirected = false;
        this.flatHeaders = ""; // while there is no list
        this.isImmutable = false; // the headers are
        this.list = null; // a HeaderList, made when needed
        this.headers = null; // the Headers object, made when asked for
        this.body = null; // see body.js
        this.stream = null;
        this.isBodyUsed = false;
        this.isBodyShared = false;
    }
}

// The value of a header; null where there is none.
export function headerOf(state, name) {
    return getHeader(listOf(state), name);
}

function listOf(state) {
    if (state.list === null) {
        state.list = new HeaderList(state.flatHeaders);
        state.list.isImmutable = state.isImmutable;
    }
    return state.list;
}

// The Response for what fetch() got. body: a string or a Uint8Array, which the response takes.
export function fetchedResponse(
    status,
    statusText,
    url,
    isRedirected,
    headers,
    body,
    stream = null,
) {
    const state = new ResponseState();
    const fragment = stringIndexOf(url, "#");
    state.type = "basic";
    state.status = status;
    state.statusText = statusText;
    state.url = fragment < 0 ? url : stringSlice(url, 0, fragment);
    state.isRedirected = isRedirected;
    state.flatHeaders = headers;
    state.isImmutable = true;
    state.body = isNullBodyStatus(status) ? null : body;
    state.stream = state.body === null ? null : stream;
    return new Response(INTERNAL, state);
}

const JSON_TYPE = "application/json";

function requireBodyAllowed({ status }) {
    if (isNullBodyStatus(status)) {
        throw new TypeError(`A response with status ${status} cannot have a body`);
    }
}

// The Content-Type that the body implies, where the worker gives none.
function setType(state, type) {
    if (state.list === null) {
        state.flatHeaders = `content-type\n${type}\n`;
    } else if (!hasHeader(state.list, "content-type")) {
        appendHeader(state.list, "content-type", type);
    }
}

function isNullBodyStatus(status) {
    return status === 204 || status === 205 || status === 304 || status === 101 || status === 103;
}

// RFC 9112's reason-phrase.
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

function applyInit(state, init) {
    const members = toDictionary(init, "Response: the second argument");
    if (members === undefined) {
        return;
    }
    const { headers, status, statusText } = members;
    if (status !== undefined) {
        state.status = toStatus(status);
    }
    if (statusText !== undefined) {
        state.statusText = toReason(statusText);
    }
    if (headers !== undefined) {
        fillHeaders(listOf(state), headers);
    }
}

function toStatus(value) {
    const status = toUnsignedShort(value);
    if (status < 200 || status > 599) {
        throw new RangeError(`Response: the status must be from 200 to 599, not ${status}`);
    }
    return status;
}

function toReason(value) {
    const reason = toByteString(value, "Response: statusText");
    if (regExpExec(REASON, reason) === null) {
        throw new TypeError("Response: statusText has a character that a status line cannot have");
    }
    return reason;
}

function isRedirectStatus(status) {
    return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

// A Response's headers as the host takes them.
export function flatHeaders(state) {
    if (state.type === "basic") {
        return headersOfFetched(state);
    }
    return state.list === null ? state.flatHeaders : flatten(state.list);
}

// How what was fetched came over its connection says nothing of how it goes on.
const FRAMING = enumeration("connection", "content-length", "keep-alive", "transfer-encoding");

// The content codings that the host has undone.
const UNDONE = /^(?:(?:x-)?gzip|deflate|br|zstd)(?:[\t ]*,[\t ]*(?:(?:x-)?gzip|deflate|br|zstd))*$/i;

function headersOfFetched(state) {
    const list = listOf(state);
    if (state.body === null) {
        return flattenWithout(list, (name) => name in FRAMING && name !== "content-length");
    }
    const coding = getHeader(list, "content-encoding");
    const isUndone = coding !== null && regExpExec(UNDONE, coding) !== null;
    return flattenWithout(
        list,
        (name) => name in FRAMING || (isUndone && name === "content-encoding"),
    );
}

export let isResponse;
export let stateOfResponse;

export class Response {
    #state;

    static {
        isResponse = (value) => typeof value === "object" && value !== null && #state in value;
        stateOfResponse = (response) => response.#state;
    }

    // new Response(INTERNAL, state) takes a state.
    constructor(body = null, init = undefined) {
        if (body === INTERNAL) {
            this.#state = init;
            return;
        }
        const state = new ResponseState();
        if (init !== undefined) {
            applyInit(state, init);
        }
        if (body !== null) {
            requireBodyAllowed(state);
            const type = setBodyFrom(state, body);
            if (type !== null) {
                setType(state, type);
            }
        }
        this.#state = state;
    }

    static error() {
        const state = new ResponseState();
        state.type = "error";
        state.status = 0;
        listOf(state).isImmutable = true;
        return new Response(INTERNAL, state);
    }

    static json(data, init = undefined) {
        requireArguments(arguments.length, 1, "Response.json");
        const text = stringifyJson(data);
        if (text === undefined) {
            throw new TypeError("Response.json: the first argument is nothing that JSON can say");
        }
        const state = new ResponseState();
        applyInit(state, init);
        requireBodyAllowed(state);
        state.body = text;
        setType(state, JSON_TYPE);
        return new Response(INTERNAL, state);
    }

    static redirect(url, status = 302) {
        requireArguments(arguments.length, 1, "Response.redirect");
        const target = parseUrl(toUSVString(url));
        if (target === null) {
            throw new TypeError(`Response.redirect: "${url}" is not an absolute URL`);
        }
        const code = toUnsignedShort(status);
        if (!isRedirectStatus(code)) {
            throw new RangeError(`Response.redirect: ${code} is not the status of a redirect`);
        }
        const state = new ResponseState();
        state.status = code;
        appendHeader(listOf(state), "location", target.href);
        state.list.isImmutable = true;
        return new Response(INTERNAL, state);
    }

    get type() {
        return this.#state.type;
    }

    get url() {
        return this.#state.url;
    }

    get redirected() {
        return this.#state.isRedirected;
    }

    get status() {
        return this.#state.status;
    }

    get ok() {
        const { status } = this.#state;
        return status >= 200 && status <= 299;
    }

    get statusText() {
        return this.#state.statusText;
    }

    get headers() {
        const state = this.#state;
        state.headers ??= new Headers(INTERNAL, listOf(state));
        return state.headers;
    }

    get body() {
        return streamOf(this.#state);
    }

    get bodyUsed() {
        return isUsed(this.#state);
    }

    clone() {
        const from = this.#state;
        const to = new ResponseState();
        cloneBody(from, to);
        to.status = from.status;
        to.statusText = from.statusText;
        to.type = from.type;
        to.url = from.url;
        to.isRedirected = from.isRedirected;
        to.list = copyList(listOf(from));
        to.list.isImmutable = from.list.isImmutable;
        return new Response(INTERNAL, to);
    }

    async arrayBuffer() {
        return takeArrayBuffer(this.#state);
    }

    async blob() {
        const state = this.#state;
        return takeBlob(state, getHeader(listOf(state), "content-type"));
    }

    async bytes() {
        return takeBytes(this.#state);
    }

    async formData() {
        const state = this.#state;
        return takeFormData(state, getHeader(listOf(state), "content-type"));
    }

    async json() {
        return takeJson(this.#state);
    }

    async text() {
        return takeText(this.#state);
    }
}

defineInterface("Response", Response);
registerInterface(isResponse, (response) => ({
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
    bodyUsed: response.bodyUsed,
}));
