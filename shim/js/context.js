// What a handler is given besides the request: env and ctx.

import { DOMException } from "./domexception.js";
import { registerInterface } from "./format.js";
import { host } from "./host.js";
import { create, freeze } from "./primordials.js";
import { logException } from "./report.js";
import { endTask, isInFlight } from "./tasks.js";
import { defineInterface, requireArguments, requireConstructible, requireThis } from "./webidl.js";

// Variables and secrets of the worker will stand here.
export const env = freeze(create(Object.prototype));

export function requireInFlight(task) {
    if (!isInFlight(task)) {
        throw new DOMException("waitUntil: the task has ended", "InvalidStateError");
    }
}

// What a task is to do besides its answer: it goes on until the promise has settled. A rejection is
// no failure of the task's. After its end there is nothing to extend: an InvalidStateError, as
// ExtendableEvent has it.
export function extendTask(task, promise) {
    requireInFlight(task);
    task.extensions++;
    awaitExtension(task, promise);
}

async function awaitExtension(task, promise) {
    try {
        await promise;
    } catch (error) {
        logException(error, "Uncaught (in waitUntil)");
    }
    await undefined; // whoever waits for the same promise may extend the task once more
    task.extensions--;
    if (task.extensions === 0 && task.isAnswered && isInFlight(task)) {
        endTask(task);
        host.endTask(task.ticket);
    }
}

export class ExecutionContext {
    #task;

    static {
        registerInterface((value) => #task in value);
    }

    // new ExecutionContext(INTERNAL, task)
    constructor(token = undefined, task = undefined) {
        requireConstructible(token);
        this.#task = task;
    }

    waitUntil(promise) {
        requireThis(#task in this);
        requireArguments(arguments.length, 1, "waitUntil");
        extendTask(this.#task, promise);
    }

    // There is no origin server behind a worker that a failed request could pass through to.
    passThroughOnException() {
        requireThis(#task in this);
    }
}

defineInterface("ExecutionContext", ExecutionContext);
