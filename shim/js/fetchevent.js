// ExtendableEvent and FetchEvent, for workers that listen.
// https://w3c.github.io/ServiceWorker/#fetchevent-interface

import { extendTask } from "./context.js";
import { DOMException } from "./domexception.js";
import { Event, stateOfEvent } from "./event.js";
import { TypeError } from "./primordials.js";
import { isRequest } from "./request.js";
import { INTERNAL, defineInterface, isObject, requireArguments, requireThis } from "./webidl.js";

export class ExtendableEvent extends Event {
    #isExtendable = true;

    constructor(type, init = undefined) {
        requireArguments(arguments.length, 1, "ExtendableEvent");
        super(type, init);
    }

    waitUntil(promise) {
        requireThis(#isExtendable in this);
        requireArguments(arguments.length, 1, "waitUntil");
        extendTask(promise);
    }
}

// What respondWith was given; a value or a promise of one.
class Answer {
    constructor() {
        this.isGiven = false;
        this.value = undefined;
    }
}

export let answerOf;

export class FetchEvent extends ExtendableEvent {
    #request;
    #answer = new Answer();

    static {
        answerOf = (event) => event.#answer;
    }

    // new FetchEvent(INTERNAL, request) makes the event of an incoming request.
    constructor(type, init) {
        requireArguments(arguments.length, 2, "FetchEvent");
        if (type === INTERNAL) {
            super(INTERNAL, "fetch");
            this.#request = init;
        } else {
            super(type, init);
            this.#request = requestOf(init);
        }
    }

    get request() {
        return this.#request;
    }

    respondWith(response) {
        const answer = this.#answer;
        requireArguments(arguments.length, 1, "respondWith");
        if (answer.isGiven || !stateOfEvent(this).isBeingDispatched) {
            throw new DOMException(
                answer.isGiven
                    ? "respondWith was called already"
                    : "respondWith is to be called while the listener runs, not later",
                "InvalidStateError",
            );
        }
        answer.isGiven = true;
        answer.value = response;
        stateOfEvent(this).isStopped = true;
        stateOfEvent(this).isStoppedAtOnce = true;
    }

    // As ctx has it: there is nothing to pass through to.
    passThroughOnException() {
        requireThis(#request in this);
    }
}

function requestOf(init) {
    if (!isObject(init) || !isRequest(init.request)) {
        throw new TypeError("FetchEvent: the second argument has no request");
    }
    return init.request;
}

defineInterface("ExtendableEvent", ExtendableEvent);
defineInterface("FetchEvent", FetchEvent);
