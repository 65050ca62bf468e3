// FetchEvent, for workers that listen. https://w3c.github.io/ServiceWorker/#fetchevent-interface

import { Answer, ExtendableEvent } from "./extendableevent.js";
import { TypeError } from "./primordials.js";
import { isRequest } from "./request.js";
import { INTERNAL, defineInterface, isObject, requireArguments, requireThis } from "./webidl.js";

export let answerOfFetch;

export class FetchEvent extends ExtendableEvent {
    #request;
    #answer = new Answer();

    static {
        answerOfFetch = (event) => event.#answer;
    }

    // new FetchEvent(INTERNAL, request, extend) makes the event of an incoming request.
    constructor(type, init, extend = undefined) {
        requireArguments(arguments.length, 2, "FetchEvent");
        if (type === INTERNAL) {
            super(INTERNAL, "fetch", extend);
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
        answer.give(this, response);
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

defineInterface("FetchEvent", FetchEvent);
