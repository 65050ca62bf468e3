// TaskEvent: work that somebody has for the worker. No standard has it. A task handler is given one
// that is not dispatched; a listener answers through respondWith().

import { Answer, ExtendableEvent } from "./extendableevent.js";
import { registerInterface } from "./format.js";
import {
    INTERNAL,
    defineInterface,
    requireArguments,
    toDictionary,
    toUnsignedLong,
} from "./webidl.js";

export let answerOfTask;

export class TaskEvent extends ExtendableEvent {
    #payload;
    #attempt;
    #answer = new Answer();

    static {
        answerOfTask = (event) => event.#answer;
        registerInterface(
            (value) => #payload in value,
            ({ type, payload, attempt }) => ({ type, payload, attempt }),
        );
    }

    // new TaskEvent(INTERNAL, { payload, attempt }, extend) makes the event of a task.
    constructor(type, init = undefined, extend = undefined) {
        requireArguments(arguments.length, 1, "TaskEvent");
        if (type === INTERNAL) {
            super(INTERNAL, "task", extend);
            this.#payload = init.payload;
            this.#attempt = init.attempt;
        } else {
            super(type, init);
            const members = toDictionary(init, "TaskEvent: the second argument");
            this.#payload = members?.payload ?? null;
            this.#attempt = toUnsignedLong(members?.attempt ?? 1);
        }
    }

    get payload() {
        return this.#payload;
    }

    get attempt() {
        return this.#attempt;
    }

    respondWith(value) {
        const answer = this.#answer;
        requireArguments(arguments.length, 1, "respondWith");
        answer.give(this, value);
    }
}

defineInterface("TaskEvent", TaskEvent);
