// The worker's handler: found at start-up, called for each request.

import { takeForHost } from "./body.js";
import { ExecutionContext, env } from "./context.js";
import { stateOfEvent } from "./event.js";
import { fire, hasListener } from "./eventtarget.js";
import { EXCEPTION, INVALID_RESPONSE, NO_HANDLER } from "./failure.js";
import { FetchEvent, answerOf } from "./fetchevent.js";
import { inspect } from "./format.js";
import { host } from "./host.js";
import { functionBind, global } from "./primordials.js";
import { reportException } from "./report.js";
import { incomingRequest } from "./request.js";
import { flatHeaders, isResponse, stateOfResponse } from "./response.js";
import { beginTask, endTask, findTask, isInFlight } from "./tasks.js";
import { INTERNAL, isObject } from "./webidl.js";

// Takes (request, env, ctx) and returns a Response or a promise of one.
let handle = null;

// The host's call after the main module was evaluated, or the script was run. evaluation: the
// module's promise; namespace: the module's; both undefined for a script.
export function load(evaluation, namespace) {
    if (evaluation === undefined) {
        start(namespace);
    } else {
        startAfter(evaluation, namespace);
    }
}

async function startAfter(evaluation, namespace) {
    try {
        await evaluation;
    } catch (error) {
        host.loadFailed(EXCEPTION, error);
        return;
    }
    start(namespace);
}

function start(namespace) {
    try {
        handle = findHandler(namespace);
    } catch (error) {
        host.loadFailed(EXCEPTION, error);
        return;
    }
    if (handle === null) {
        host.loadFailed(NO_HANDLER, whyNoHandler(namespace));
    } else {
        host.loaded();
    }
}

function findHandler(namespace) {
    const main = namespace === undefined ? undefined : namespace.default;
    if (isObject(main)) {
        const { fetch } = main;
        if (typeof fetch === "function") {
            return functionBind(fetch, main);
        }
    }
    return hasListener(global, "fetch") ? callListeners : null;
}

const MODULE_EXAMPLE =
    'export default { async fetch(request, env, ctx) { return new Response("hello"); } }';
const SCRIPT_EXAMPLE =
    'addEventListener("fetch", (event) => event.respondWith(new Response("hello")));';

function whyNoHandler(namespace) {
    if (namespace === undefined) {
        return `The script has no listener for "fetch". Write: ${SCRIPT_EXAMPLE}`;
    }
    const what =
        namespace.default === undefined
            ? "The main module has no default export"
            : "The main module's default export has no function fetch";
    return `${what}. Write: ${MODULE_EXAMPLE}`;
}

// What a worker that listens has instead of a handler.
function callListeners(request) {
    const event = new FetchEvent(INTERNAL, request);
    let thrown = null;
    stateOfEvent(event).onListenerError = (error) => {
        if (thrown === null && !answerOf(event).isGiven) {
            thrown = { error };
        } else {
            reportException(error);
        }
    };
    fire(global, event);
    const answer = answerOf(event);
    if (answer.isGiven) {
        if (thrown !== null) {
            reportException(thrown.error);
        }
        return answer.value;
    }
    if (thrown !== null) {
        throw thrown.error;
    }
    return NOT_ANSWERED;
}

const NOT_ANSWERED = { __proto__: null };

// The host's call for a request. headers: "name\nvalue\n" for each; bodyKind: 0 none, 1 bytes,
// 2 text.
export function fetch(ticket, method, url, headers, bodyKind) {
    const task = beginTask(ticket);
    const request = incomingRequest(ticket, method, url, headers, bodyKind);
    let result;
    try {
        result = handle(request, env, new ExecutionContext(INTERNAL, task));
    } catch (error) {
        fail(task, EXCEPTION, error);
        return;
    }
    if (isResponse(result)) {
        answer(task, result);
    } else {
        awaitAnswer(task, result);
    }
}

async function awaitAnswer(task, promise) {
    let result;
    try {
        result = await promise;
    } catch (error) {
        fail(task, EXCEPTION, error);
        return;
    }
    answer(task, result);
}

// The first answer or failure of a task counts; it may also have been given up meanwhile.
function answer(task, result) {
    if (!isInFlight(task)) {
        return;
    }
    if (!isResponse(result)) {
        fail(task, INVALID_RESPONSE, whyNoResponse(result));
        return;
    }
    const state = stateOfResponse(result);
    if (state.type === "error") {
        fail(task, INVALID_RESPONSE, "The handler returned Response.error(), which is no answer");
        return;
    }
    try {
        host.answer(task.ticket, state.status, flatHeaders(state), takeForHost(state));
    } catch (error) {
        fail(task, INVALID_RESPONSE, error);
        return;
    }
    endTask(task);
}

function whyNoResponse(result) {
    if (result === NOT_ANSWERED) {
        return 'No listener for "fetch" called event.respondWith()';
    }
    const hint = result === undefined ? ': is a "return" missing?' : "";
    return `The handler must return a Response, not ${inspect(result, 1)}${hint}`;
}

function fail(task, reason, value) {
    if (isInFlight(task)) {
        endTask(task);
        host.fail(task.ticket, reason, value);
    }
}

// The host's call when it has given a task up.
export function end(ticket) {
    const task = findTask(ticket);
    if (task !== null) {
        endTask(task);
    }
}
