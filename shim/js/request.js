// Request. https://fetch.spec.whatwg.org/#request-class

import { abort, newSignal, signalFollowing } from "./abort.js";
import {
    HOST_BODY,
    STREAM_BODY,
    cloneBody,
    isUsed,
    moveBody,
    setBodyFrom,
    streamOf,
    takeArrayBuffer,
    takeBytes,
    takeJson,
    takeText,
} from "./body.js";
import { takeBlob, takeFormData } from "./bodyforms.js";
import { DOMException } from "./domexception.js";
import { registerInterface } from "./format.js";
import {
    HeaderList,
    Headers,
    appendHeader,
    copyList,
    fillHeaders,
    getHeader,
    hasHeader,
} from "./headers.js";
import { streamFromHost } from "./hostbody.js";
import { TypeError } from "./primordials.js";
import { DEFAULT_OPTIONS, changeOptions, readInit } from "./requestinit.js";
import { parseUrl } from "./url/parse.js";
import { INTERNAL, defineInterface, requireArguments, requireThis, toUSVString } from "./webidl.js";

class RequestState {
    constructor(method, url, isUrlNormal, flatHeaders, isImmutable) {
        this.method = method;
        this.url = url;
        this.isUrlNormal = isUrlNormal; // else it is parsed when asked for
        this.flatHeaders = flatHeaders; // while there is no list
        this.isImmutable = isImmutable; // the headers are
        this.list = null; // a HeaderList, made when needed
        this.headers = null; // the Headers object, made when asked for
        this.options = DEFAULT_OPTIONS;
        this.signal = null; // made when asked for
        this.followed = null; // the signal that it follows; nothing else aborts what a worker made
        this.body = null; // see body.js
        this.stream = null;
        this.isBodyUsed = false;
        this.isBodyShared = false;
        this.ticket = 0;
        this.isBodyText = false;
    }
}

const BODY_NONE = 0;
const BODY_TEXT = 2;
const BODY_STREAM = 3;

// The Request for what the host delivers. bodyKind: 0 none, 1 bytes, 2 text, 3 a stream.
export function incomingRequest(task, method, url, headers, bodyKind) {
    const state = new RequestState(method, url, false, headers, true);
    state.ticket = task.ticket;
    if (bodyKind === BODY_STREAM) {
        state.body = STREAM_BODY;
        state.stream = streamFromHost(task, 0, null);
    } else if (bodyKind !== BODY_NONE) {
        state.body = HOST_BODY;
        state.isBodyText = bodyKind === BODY_TEXT;
    }
    return new Request(INTERNAL, state);
}

export function urlOf(state) {
    if (!state.isUrlNormal) {
        state.url = parseUrl(state.url)?.href ?? state.url;
        state.isUrlNormal = true;
    }
    return state.url;
}

export function listOf(state) {
    if (state.list === null) {
        state.list = new HeaderList(state.flatHeaders);
        state.list.isImmutable = state.isImmutable;
    }
    return state.list;
}

function signalOf(state) {
    state.signal ??= state.followed === null ? newSignal() : signalFollowing([state.followed]);
    return state.signal;
}

function stateFromUrl(input) {
    const url = parseUrl(input);
    if (url === null) {
        throw new TypeError(`Request: "${input}" is not an absolute URL`);
    }
    if (url.username !== "" || url.password !== "") {
        throw new TypeError(`Request: the URL "${input}" has credentials`);
    }
    return new RequestState("GET", url.href, true, "", false);
}

// All but the body of another request, and without its guard.
function stateFromRequest(source) {
    const state = new RequestState(source.method, source.url, source.isUrlNormal, "", false);
    state.list = copyList(listOf(source));
    state.options = source.options;
    state.followed = signalOf(source);
    return state;
}

function applyInit(state, init) {
    state.options = changeOptions(state.options, init);
    state.method = init.method ?? state.method;
    if (init.signal !== undefined) {
        state.followed = init.signal;
    }
    if (init.headers !== undefined) {
        state.list = new HeaderList("");
        fillHeaders(state.list, init.headers);
    }
    const { mode } = state.options;
    if (mode === "no-cors" && !isSimpleMethod(state.method)) {
        throw new TypeError(`Request: mode "no-cors" does not go with the method ${state.method}`);
    }
}

function isSimpleMethod(method) {
    return method === "GET" || method === "HEAD" || method === "POST";
}

function requireBodyAllowed({ method }) {
    if (method === "GET" || method === "HEAD") {
        throw new TypeError(`Request: a request with the method ${method} cannot have a body`);
    }
}

function setBody(state, { body, duplex }) {
    requireBodyAllowed(state);
    const type = setBodyFrom(state, body);
    if (state.body === STREAM_BODY) {
        requireStreamable(state, duplex);
    }
    if (type !== null && !hasHeader(listOf(state), "content-type")) {
        appendHeader(state.list, "content-type", type);
    }
}

// A stream can be sent once, and nobody knows yet how long it is.
function requireStreamable({ options }, duplex) {
    if (duplex === undefined) {
        throw new TypeError('Request: a body that is a stream needs duplex: "half"');
    }
    if (options.isKeptAlive) {
        throw new TypeError("Request: keepalive does not go with a body that is a stream");
    }
    if (options.mode === "no-cors") {
        throw new TypeError('Request: mode "no-cors" does not go with a body that is a stream');
    }
}

// Its caller waits no longer.
export function abortRequest(request) {
    const reason = new DOMException("The request was given up", "AbortError");
    abort(signalOf(stateOfRequest(request)), reason);
}

export let isRequest;
export let stateOfRequest;

export class Request {
    #state;

    static {
        isRequest = (value) => typeof value === "object" && value !== null && #state in value;
        stateOfRequest = (request) => request.#state;
    }

    // new Request(INTERNAL, state) takes a state.
    constructor(input, init = undefined) {
        if (input === INTERNAL) {
            this.#state = init;
            return;
        }
        requireArguments(arguments.length, 1, "Request");
        const source = isRequest(input) ? input.#state : null;
        const url = source === null ? toUSVString(input) : "";
        const members = readInit(init);
        const state = source === null ? stateFromUrl(url) : stateFromRequest(source);
        if (members !== undefined) {
            applyInit(state, members);
        }
        if (members !== undefined && members.body !== undefined && members.body !== null) {
            setBody(state, members);
        } else if (source !== null && source.body !== null) {
            requireBodyAllowed(state);
            moveBody(source, state);
        }
        this.#state = state;
    }

    get method() {
        return this.#state.method;
    }

    get url() {
        return urlOf(this.#state);
    }

    get headers() {
        const state = this.#state;
        state.headers ??= new Headers(INTERNAL, listOf(state));
        return state.headers;
    }

    get destination() {
        requireThis(#state in this);
        return "";
    }

    get referrer() {
        return this.#state.options.referrer;
    }

    get referrerPolicy() {
        return this.#state.options.referrerPolicy;
    }

    get mode() {
        return this.#state.options.mode;
    }

    get credentials() {
        return this.#state.options.credentials;
    }

    get cache() {
        return this.#state.options.cache;
    }

    get redirect() {
        return this.#state.options.redirect;
    }

    get integrity() {
        return this.#state.options.integrity;
    }

    get keepalive() {
        return this.#state.options.isKeptAlive;
    }

    get isReloadNavigation() {
        requireThis(#state in this);
        return false;
    }

    get isHistoryNavigation() {
        requireThis(#state in this);
        return false;
    }

    get signal() {
        return signalOf(this.#state);
    }

    get duplex() {
        requireThis(#state in this);
        return "half";
    }

    get body() {
        return streamOf(this.#state);
    }

    get bodyUsed() {
        return isUsed(this.#state);
    }

    clone() {
        const from = this.#state;
        const to = stateFromRequest(from);
        cloneBody(from, to);
        to.list.isImmutable = from.isImmutable;
        return new Request(INTERNAL, to);
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

defineInterface("Request", Request);
registerInterface(isRequest, (request) => ({
    method: request.method,
    url: request.url,
    headers: request.headers,
    bodyUsed: request.bodyUsed,
}));
