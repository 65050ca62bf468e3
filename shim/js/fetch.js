// fetch(). https://fetch.spec.whatwg.org/#fetch-method
//
// A fetch belongs to the task whose code called it, and ends with it at the latest. The host makes
// those of http and https; where a task has as many under way as it may, its next ones wait here,
// in order. An answer whose body is not there with its headers has a stream, and so have requests
// that are given one: hostbody.js.

import { forgetAborted, isAborted, onceAborted, reasonOf } from "./abort.js";
import { removeFrom } from "./arrays.js";
import { STREAM_BODY, takeForHost, takeStream } from "./body.js";
import { fetchData } from "./dataurl.js";
import { flattenWithout } from "./headers.js";
import { host } from "./host.js";
import { dropStream, sendStream, streamFromHost } from "./hostbody.js";
import {
    Error,
    Map,
    Promise,
    TypeError,
    Uint8Array,
    mapDelete,
    mapGet,
    mapSet,
    stringIndexOf,
    stringSlice,
    stringStartsWith,
} from "./primordials.js";
import { Request, listOf, stateOfRequest, urlOf } from "./request.js";
import { fetchedResponse } from "./response.js";
import { currentTask, endingReason, isNobody, onTaskEnd } from "./tasks.js";
import { enumeration, requireArguments } from "./webidl.js";

// As the host counts them.
const REDIRECTS = { __proto__: null, follow: 0, error: 1, manual: 2 };

const MAX_ID = 2 ** 32 - 1;

// The fetches of one task.
class Fetches {
    constructor() {
        this.made = 0; // in all
        this.open = []; // that have not ended, in the order of the calls
        this.running = 0; // how many of these the host has
    }
}

class Fetch {
    constructor(task, id, request, body) {
        this.task = task;
        this.id = id;
        this.method = request.method;
        this.url = urlOf(request);
        this.headers = flattenWithout(listOf(request), isForbidden);
        this.body = body; // until the host has it; null: upload
        this.upload = null; // a stream
        this.redirect = REDIRECTS[request.options.redirect];
        this.signal = request.followed;
        this.onAbort = null;
        this.isRunning = false; // the host has it
        this.resolve = null; // of the promise of its end
        this.reject = null;
        this.answer = null;
    }
}

// What the host says of the end of a fetch.
class HostAnswer {
    constructor(message, status, statusText, movedTo, headers, body) {
        this.message = message; // why there is none, else undefined
        this.status = status;
        this.statusText = statusText;
        this.movedTo = movedTo; // "" without a redirect
        this.headers = headers;
        this.body = body; // a string or an ArrayBuffer; null: it streams
    }
}

const fetches = new Map(); // those that have not ended, by id
let lastId = 0;

function unusedId() {
    do {
        lastId = lastId === MAX_ID ? 1 : lastId + 1;
    } while (mapGet(fetches, lastId) !== undefined);
    return lastId;
}

// What frames a message or belongs to a connection is the host's to say, and which content codings
// it can undo. Others that browsers keep for themselves (cookie, origin, ...) are the worker's.
const FORBIDDEN = enumeration(
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
);

function isForbidden(name) {
    return name in FORBIDDEN || stringStartsWith(name, "proxy-");
}

export const fetchFunctions = {
    fetch(input, init = undefined) {
        return fetchFor(currentTask(), arguments.length, input, init);
    },
};

// Errors are made in here, so that their stacks name who awaits the promise.
export async function fetchFor(task, given, input, init) {
    requireArguments(given, 1, "fetch");
    const request = stateOfRequest(new Request(input, init));
    requireTask(task);
    requireNotAborted(request);
    if (request.options.integrity !== "") {
        failed("integrity cannot be checked");
    }
    const url = urlOf(request);
    if (stringStartsWith(url, "data:")) {
        return fetchData(request, url) ?? failed("the data: URL is not well-formed");
    }
    if (!stringStartsWith(url, "https:") && !stringStartsWith(url, "http:")) {
        failed(`the scheme "${stringSlice(url, 0, stringIndexOf(url, ":"))}" cannot be fetched`);
    }
    const upload = request.body === STREAM_BODY ? takeStream(request) : null;
    const fetch = begin(task, request, upload === null ? takeForHost(request) : null);
    fetch.upload = upload;
    await endOf(fetch);
    return responseOf(fetch);
}

function requireNotAborted({ followed }) {
    if (followed !== null && isAborted(followed)) {
        throw reasonOf(followed);
    }
}

function requireTask(task) {
    if (task === null) {
        throw endingReason();
    }
    if (isNobody(task)) {
        throw new TypeError("fetch() is not available while modules are evaluated");
    }
}

// A network error.
function failed(message) {
    throw new TypeError("fetch failed", { __proto__: null, cause: new Error(message) });
}

function responseOf(fetch) {
    const { message, status, statusText, movedTo, headers } = fetch.answer;
    if (message !== undefined) {
        failed(message);
    }
    const isRedirected = movedTo !== "";
    const url = isRedirected ? movedTo : fetch.url;
    if (fetch.answer.body === null) {
        const stream = streamOf(fetch);
        return fetchedResponse(status, statusText, url, isRedirected, headers, STREAM_BODY, stream);
    }
    return fetchedResponse(status, statusText, url, isRedirected, headers, bodyOf(fetch), null);
}

// The signal ends the body, too.
function streamOf({ task, id, signal }) {
    if (signal === null) {
        return streamFromHost(task, id, null);
    }
    const onAbort = () => dropStream(task, id, reasonOf(signal));
    const stream = streamFromHost(task, id, () => forgetAborted(signal, onAbort));
    if (isAborted(signal)) {
        onAbort();
    } else {
        onceAborted(signal, onAbort);
    }
    return stream;
}

function bodyOf({ method, answer }) {
    if (method === "HEAD") {
        return null;
    }
    return typeof answer.body === "string" ? answer.body : new Uint8Array(answer.body);
}

function begin(task, request, body) {
    task.fetches ??= new Fetches();
    if (task.fetches.made >= host.maxSubrequests()) {
        throw new TypeError("too many subrequests");
    }
    const fetch = new Fetch(task, unusedId(), request, body);
    const { open } = task.fetches;
    task.fetches.made++;
    open[open.length] = fetch;
    mapSet(fetches, fetch.id, fetch);
    return fetch;
}

// The promise of its end.
function endOf(fetch) {
    const promise = new Promise((resolve, reject) => {
        fetch.resolve = resolve;
        fetch.reject = reject;
    });
    if (fetch.signal !== null) {
        fetch.onAbort = () => stop(fetch);
        onceAborted(fetch.signal, fetch.onAbort);
    }
    runNext(fetch.task);
    return promise;
}

// Gives the host what waits, as long as it may have more. Those that it has come first.
function runNext({ fetches }) {
    const atOnce = host.maxConcurrentSubrequests();
    while (fetches.running < fetches.open.length && fetches.running < atOnce) {
        run(fetches.open[fetches.running]);
    }
}

function run(fetch) {
    const { task, id, method, url, headers, body, redirect, signal } = fetch;
    if (signal !== null && isAborted(signal)) {
        drop(fetch);
        fetch.reject(reasonOf(signal));
        return;
    }
    try {
        host.startFetch(task.ticket, id, method, url, headers, body, redirect);
    } catch (error) {
        drop(fetch);
        fetch.reject(error);
        return;
    }
    fetch.body = undefined;
    fetch.isRunning = true;
    task.fetches.running++;
    if (fetch.upload !== null) {
        sendStream(task, id, fetch.upload, (error) => fail(fetch, error));
        fetch.upload = null;
    }
}

// Forgets one whose task is in flight.
function drop(fetch) {
    const { task, isRunning } = fetch;
    forget(fetch);
    removeFrom(task.fetches.open, fetch);
    task.fetches.running -= isRunning ? 1 : 0;
}

function forget({ id, signal, onAbort }) {
    mapDelete(fetches, id);
    if (signal !== null) {
        forgetAborted(signal, onAbort);
    }
}

// Its signal was aborted.
function stop(fetch) {
    drop(fetch);
    if (fetch.isRunning) {
        host.stopFetch(fetch.task.ticket, fetch.id);
        runNext(fetch.task);
    }
    fetch.reject(reasonOf(fetch.signal));
}

// The stream of its body has failed. Whether that was in time.
function fail(fetch, error) {
    if (mapGet(fetches, fetch.id) !== fetch) {
        return false;
    }
    drop(fetch);
    host.stopFetch(fetch.task.ticket, fetch.id);
    runNext(fetch.task);
    fetch.reject(error);
    return true;
}

onTaskEnd((task) => {
    if (task.fetches === null) {
        return;
    }
    const { open } = task.fetches;
    const reason = open.length > 0 ? endingReason() : null;
    for (let i = 0; i < open.length; i++) {
        forget(open[i]);
        if (open[i].isRunning) {
            host.stopFetch(task.ticket, open[i].id);
        }
        open[i].reject(reason);
    }
});

// The host's call for a fetch that has ended. message: why there is no answer, else undefined.
export function fetched(id, message, status, statusText, movedTo, headers, body) {
    const fetch = mapGet(fetches, id);
    if (fetch === undefined) {
        return;
    }
    drop(fetch);
    runNext(fetch.task);
    fetch.answer = new HostAnswer(message, status, statusText, movedTo, headers, body);
    fetch.resolve();
}
