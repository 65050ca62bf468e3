// The worker's handlers: found at start-up, called for each event.

import { STREAM_BODY, takeForHost, takeStream } from "./body.js";
import { ExecutionContext, env, extendTask, requireInFlight } from "./context.js";
import { stateOfEvent } from "./event.js";
import { fire, hasListener } from "./eventtarget.js";
import { EXCEPTION, INVALID_PAYLOAD, INVALID_RESPONSE, NO_HANDLER } from "./failure.js";
import { FetchEvent, answerOfFetch } from "./fetchevent.js";
import { inspect } from "./format.js";
import { host } from "./host.js";
import { sendStream } from "./hostbody.js";
import { functionBind, global, parseJson } from "./primordials.js";
import { reportException } from "./report.js";
import { abortRequest, incomingRequest } from "./request.js";
import { flatHeaders, isResponse, stateOfResponse } from "./response.js";
import { ScheduledController, ScheduledEvent } from "./scheduledevent.js";
import { TaskEvent, answerOfTask } from "./taskevent.js";
import { resultText } from "./taskresult.js";
import { beginStartup, beginTask, endStartup, endTask, findTask, isInFlight } from "./tasks.js";
import { INTERNAL, isObject } from "./webidl.js";

// By the type of event: a function of (subject, env, ctx), LISTENERS, or null. What it returns is
// the answer or a promise of it.
const handlers = { fetch: null, scheduled: null, task: null };

// The worker listens instead of exporting a handler.
const LISTENERS = { __proto__: null };

// The host's call after the main module was evaluated, or the script was run. evaluation: the
// module's promise; namespace: the module's; both undefined for a script.
export function load(evaluation, namespace) {
    beginStartup();
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
        const main = namespace === undefined ? undefined : namespace.default;
        handlers.fetch = findHandler(main, "fetch");
        handlers.scheduled = findHandler(main, "scheduled");
        handlers.task = findHandler(main, "task");
    } catch (error) {
        host.loadFailed(EXCEPTION, error);
        return;
    }
    if (handlers.fetch === null && handlers.scheduled === null && handlers.task === null) {
        host.loadFailed(NO_HANDLER, whyNoHandler(namespace));
    } else {
        endStartup();
        host.loaded();
    }
}

function findHandler(main, type) {
    if (isObject(main)) {
        const handler = main[type];
        if (typeof handler === "function") {
            return functionBind(handler, main);
        }
    }
    return hasListener(global, type) ? LISTENERS : null;
}

const MODULE_EXAMPLE =
    'export default { async fetch(request, env, ctx) { return new Response("hello"); } }';
const SCRIPT_EXAMPLE =
    'addEventListener("fetch", (event) => event.respondWith(new Response("hello")));';

function whyNoHandler(namespace) {
    if (namespace === undefined) {
        const missing = 'The script has no listener for "fetch", "scheduled" or "task"';
        return `${missing}. Write: ${SCRIPT_EXAMPLE}`;
    }
    const what =
        namespace.default === undefined
            ? "The main module has no default export with a function fetch, scheduled or task"
            : "The main module's default export has no function fetch, scheduled or task";
    return `${what}. Write: ${MODULE_EXAMPLE}`;
}

// The host's call for a request. headers: "name\nvalue\n" for each; bodyKind: 0 none, 1 bytes,
// 2 text, 3 a stream; takesStream: the answer's body may be one.
export function fetch(ticket, method, url, headers, bodyKind, takesStream) {
    const task = beginTask(ticket);
    task.takesStream = takesStream;
    task.request = incomingRequest(task, method, url, headers, bodyKind);
    call(task, "fetch", task.request, listenToFetch, answerFetch);
}

// The host's call for a point in time, in milliseconds since 1970.
export function scheduled(ticket, time, cron) {
    const task = beginTask(ticket);
    const controller = new ScheduledController(INTERNAL, time, cron);
    call(task, "scheduled", controller, listenToScheduled, answerScheduled);
}

// The host's call for a task: JSON text, and which attempt it is.
export function runTask(ticket, json, attempt) {
    const task = beginTask(ticket);
    let payload;
    try {
        payload = parseJson(json);
    } catch {
        fail(task, INVALID_PAYLOAD, "The task's payload is not JSON");
        return;
    }
    const event = new TaskEvent(INTERNAL, { payload, attempt }, extender(task));
    call(task, "task", event, listenToTask, answerTask);
}

// listen(task, subject) tells the worker's listeners; answer(task, result) ends the task.
function call(task, type, subject, listen, answer) {
    const handler = handlers[type];
    let result;
    if (handler === null) {
        fail(task, NO_HANDLER, `The worker has no handler for "${type}" events`);
        return;
    }
    try {
        result =
            handler === LISTENERS
                ? listen(task, subject)
                : handler(subject, env, new ExecutionContext(INTERNAL, task));
    } catch (error) {
        fail(task, EXCEPTION, error);
        return;
    }
    if (isResponse(result)) {
        answer(task, result);
    } else {
        awaitAnswer(task, result, answer);
    }
}

async function awaitAnswer(task, promise, answer) {
    let result;
    try {
        result = await promise;
    } catch (error) {
        fail(task, EXCEPTION, error);
        return;
    }
    answer(task, result);
}

const extender = (task) => (promise) => extendTask(task, promise);

function listenToFetch(task, request) {
    const event = new FetchEvent(INTERNAL, request, extender(task));
    return tellListeners(event, answerOfFetch(event));
}

function listenToTask(task, event) {
    return tellListeners(event, answerOfTask(event));
}

// What listeners give to waitUntil is all that they do, so the task ends with it.
function listenToScheduled(task, controller) {
    const work = [];
    const event = new ScheduledEvent(INTERNAL, controller, (promise) => {
        requireInFlight(task);
        work[work.length] = failureOf(promise);
    });
    tellListeners(event, NEVER_GIVEN);
    return settle(work);
}

async function failureOf(promise) {
    try {
        await promise;
    } catch (error) {
        return { __proto__: null, error };
    }
    return null;
}

async function settle(work) {
    let failure = null;
    for (let i = 0; i < work.length; i++) {
        const next = await work[i];
        failure ??= next;
    }
    if (failure !== null) {
        throw failure.error;
    }
}

// Returns the answer that a listener has given. What one throws before is the task's failure, what
// one throws afterwards is reported.
function tellListeners(event, answer) {
    let thrown = null;
    stateOfEvent(event).onListenerError = (error) => {
        if (thrown === null && !answer.isGiven) {
            thrown = { error };
        } else {
            reportException(error);
        }
    };
    fire(global, event);
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
const NEVER_GIVEN = { __proto__: null, isGiven: false, value: undefined };

// The first answer or failure of a task counts; it may also have been given up meanwhile.
function answerFetch(task, result) {
    if (!isInFlight(task)) {
        return;
    }
    const problem = problemOf(result);
    if (problem !== null) {
        fail(task, INVALID_RESPONSE, problem);
        return;
    }
    const state = stateOfResponse(result);
    const isStreamed = state.body === STREAM_BODY;
    const isSentAsStream = isStreamed && task.takesStream;
    let body;
    try {
        body = isSentAsStream ? takeStream(state) : takeForHost(state, host.maxResponseBody());
    } catch (error) {
        fail(task, INVALID_RESPONSE, error);
        return;
    }
    if (isSentAsStream) {
        streamAnswer(task, state, body);
    } else if (isStreamed) {
        awaitAnswer(task, body, (_, bytes) => sendAnswer(task, state, bytes));
    } else {
        sendAnswer(task, state, body);
    }
}

function sendAnswer(task, state, body) {
    if (!isInFlight(task)) {
        return;
    }
    const hasMore = beginAnswer(task);
    const isAnswered = host.answer(task.ticket, hasMore, state.status, flatHeaders(state), body);
    endAnswer(task, hasMore, isAnswered);
}

// The head leaves at once. The task goes on as long as its body does.
function streamAnswer(task, state, stream) {
    const isAnswered = host.answerStream(task.ticket, state.status, flatHeaders(state));
    endAnswer(task, true, isAnswered);
    if (isAnswered) {
        extendTask(task, sendStream(task, 0, stream, () => false));
    }
}

function answerScheduled(task) {
    answerEvent(task, undefined);
}

function answerTask(task, result) {
    let json;
    if (!isInFlight(task)) {
        return;
    }
    if (result === NOT_ANSWERED) {
        fail(task, INVALID_RESPONSE, whyNotAnswered("task"));
        return;
    }
    try {
        json = resultText(result);
    } catch (error) {
        fail(task, INVALID_RESPONSE, error);
        return;
    }
    answerEvent(task, json);
}

// Turning the result into JSON may have run the worker's code, and ended the task.
function answerEvent(task, json) {
    if (isInFlight(task)) {
        const hasMore = beginAnswer(task);
        endAnswer(task, hasMore, host.answerEvent(task.ticket, hasMore, json));
    }
}

// A task that was given no extension ends before its answer leaves, so that the host hears first
// what it is not to do any more. Returns whether it goes on.
function beginAnswer(task) {
    if (task.extensions === 0) {
        endTask(task);
        return false;
    }
    return true;
}

// An answer that passes a limit of the host's is the task's failure.
function endAnswer(task, hasMore, isAnswered) {
    if (isAnswered) {
        task.isAnswered = true;
    } else if (hasMore) {
        endTask(task);
    }
}

// Why a result is no answer to a request; null where it is one.
function problemOf(result) {
    if (!isResponse(result)) {
        return result === NOT_ANSWERED ? whyNotAnswered("fetch") : whyNoResponse(result);
    }
    const { type, status } = stateOfResponse(result);
    if (type === "error") {
        return "The handler returned Response.error(), which is no answer";
    }
    if (status < 200 || status > 599) {
        return `The handler returned a response with status ${status}; 200 to 599 can be sent`;
    }
    return null;
}

function whyNotAnswered(type) {
    return `No listener for "${type}" called event.respondWith()`;
}

function whyNoResponse(result) {
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
        if (task.request !== null) {
            abortRequest(task.request);
        }
    }
}
