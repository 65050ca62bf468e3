// PromiseRejectionEvent, and what happens to rejected promises that nobody handles.
// https://html.spec.whatwg.org/multipage/webappapis.html#unhandled-promise-rejections

import { Event, stateOfEvent } from "./event.js";
import { defineEventHandler, fire, hasListener } from "./eventtarget.js";
import { registerInterface } from "./format.js";
import { TypeError, WeakSet, global, weakSetAdd, weakSetDelete } from "./primordials.js";
import { logException } from "./report.js";
import { isEndingReason } from "./tasks.js";
import { INTERNAL, defineInterface, isObject, requireArguments } from "./webidl.js";

export class PromiseRejectionEvent extends Event {
    #promise;
    #reason;

    static {
        registerInterface(
            (value) => #promise in value,
            ({ type, promise, reason }) => ({ type, promise, reason }),
        );
    }

    // new PromiseRejectionEvent(INTERNAL, type, promise, reason) makes a trusted event.
    constructor(type, init, promise = undefined, reason = undefined) {
        requireArguments(arguments.length, 2, "PromiseRejectionEvent");
        super(type, init);
        if (type === INTERNAL) {
            this.#promise = promise;
            this.#reason = reason;
        } else {
            this.#promise = promiseOf(init);
            this.#reason = init.reason;
        }
    }

    get promise() {
        return this.#promise;
    }

    get reason() {
        return this.#reason;
    }
}

function promiseOf(init) {
    if (!isObject(init) || !isObject(init.promise)) {
        throw new TypeError("PromiseRejectionEvent: the second argument has no promise");
    }
    return init.promise;
}

// Those that somebody was told of.
let reported = null;

// The host's call, after the microtasks of an event, for a promise that was rejected and has no
// handler.
export function rejected(promise, reason) {
    if (isEndingReason(reason)) {
        return;
    }
    reported ??= new WeakSet();
    weakSetAdd(reported, promise);
    if (!dispatch("unhandledrejection", promise, reason, true)) {
        logException(reason, "Uncaught (in promise)");
    }
}

// The host's call for one of those that has got a handler.
export function handled(promise, reason) {
    if (reported !== null && weakSetDelete(reported, promise)) {
        dispatch("rejectionhandled", promise, reason, false);
    }
}

// Returns whether a listener has taken it on itself.
function dispatch(type, promise, reason, isCancelable) {
    if (!hasListener(global, type)) {
        return false;
    }
    const event = new PromiseRejectionEvent(INTERNAL, type, promise, reason);
    stateOfEvent(event).isCancelable = isCancelable;
    fire(global, event);
    return stateOfEvent(event).isCanceled;
}

defineEventHandler(global, "unhandledrejection");
defineEventHandler(global, "rejectionhandled");
defineInterface("PromiseRejectionEvent", PromiseRejectionEvent);
