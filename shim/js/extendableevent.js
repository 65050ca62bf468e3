// ExtendableEvent, and what events that are answered have in common.
// https://w3c.github.io/ServiceWorker/#extendableevent-interface

import { DOMException } from "./domexception.js";
import { Event, stateOfEvent } from "./event.js";
import { INTERNAL, defineInterface, requireArguments, requireThis } from "./webidl.js";

export class ExtendableEvent extends Event {
    #extend;

    // Derived events of the platform's pass INTERNAL, their type, and what waitUntil does.
    constructor(type, init = undefined, extend = undefined) {
        requireArguments(arguments.length, 1, "ExtendableEvent");
        super(type, init);
        this.#extend = type === INTERNAL ? extend : null;
    }

    waitUntil(promise) {
        requireThis(#extend in this);
        requireArguments(arguments.length, 1, "waitUntil");
        if (this.#extend === null) {
            throw new DOMException(
                "waitUntil: the event is none of the platform's",
                "InvalidStateError",
            );
        }
        this.#extend(promise);
    }
}

// What respondWith was given; a value or a promise of one.
export class Answer {
    constructor() {
        this.isGiven = false;
        this.value = undefined;
    }

    give(event, value) {
        const state = stateOfEvent(event);
        if (this.isGiven || !state.isBeingDispatched) {
            throw new DOMException(
                this.isGiven
                    ? "respondWith was called already"
                    : "respondWith is to be called while the listener runs, not later",
                "InvalidStateError",
            );
        }
        this.isGiven = true;
        this.value = value;
        state.isStopped = true;
        state.isStoppedAtOnce = true;
    }
}

defineInterface("ExtendableEvent", ExtendableEvent);
