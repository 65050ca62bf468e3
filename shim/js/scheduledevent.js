// A point in time that the worker was waiting for: ScheduledController for handlers, ScheduledEvent
// for listeners. No standard has them; the names are those of other servers' workers.

import { ExtendableEvent } from "./extendableevent.js";
import { registerInterface } from "./format.js";
import {
    INTERNAL,
    defineInterface,
    requireArguments,
    requireConstructible,
    requireThis,
    toDOMString,
    toDictionary,
} from "./webidl.js";

export class ScheduledController {
    #time;
    #cron;

    static {
        registerInterface(
            (value) => #time in value,
            ({ scheduledTime, cron }) => ({ scheduledTime, cron }),
        );
    }

    // new ScheduledController(INTERNAL, time, cron)
    constructor(token = undefined, time = 0, cron = "") {
        requireConstructible(token);
        this.#time = time;
        this.#cron = cron;
    }

    get scheduledTime() {
        return this.#time;
    }

    get cron() {
        return this.#cron;
    }

    get type() {
        requireThis(#time in this);
        return "scheduled";
    }

    // Nothing is tried again by itself.
    noRetry() {
        requireThis(#time in this);
    }
}

export class ScheduledEvent extends ExtendableEvent {
    #time;
    #cron;

    // new ScheduledEvent(INTERNAL, controller, extend) makes the event of a point in time.
    constructor(type, init = undefined, extend = undefined) {
        requireArguments(arguments.length, 1, "ScheduledEvent");
        if (type === INTERNAL) {
            super(INTERNAL, "scheduled", extend);
            this.#time = init.scheduledTime;
            this.#cron = init.cron;
        } else {
            super(type, init);
            const members = toDictionary(init, "ScheduledEvent: the second argument");
            this.#time = +(members?.scheduledTime ?? 0);
            this.#cron = toDOMString(members?.cron ?? "");
        }
    }

    get scheduledTime() {
        return this.#time;
    }

    get cron() {
        return this.#cron;
    }

    noRetry() {
        requireThis(#time in this);
    }
}

defineInterface("ScheduledController", ScheduledController);
defineInterface("ScheduledEvent", ScheduledEvent);
