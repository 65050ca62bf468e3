// What a handler is given besides the request: env and ctx.

import { registerInterface } from "./format.js";
import { create, freeze } from "./primordials.js";
import { reportException } from "./report.js";
import { defineInterface, requireArguments, requireConstructible, requireThis } from "./webidl.js";

// Variables and secrets of the worker will stand here.
export const env = freeze(create(Object.prototype));

// What a task is to do besides its answer. A rejection is no failure of the task's. Keeping the
// task alive after its answer belongs here.
export async function extendTask(promise) {
    try {
        await promise;
    } catch (error) {
        reportException(error, "Uncaught (in waitUntil)");
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
        extendTask(promise);
    }

    // There is no origin server behind a worker that a failed request could pass through to.
    passThroughOnException() {
        requireThis(#task in this);
    }
}

defineInterface("ExecutionContext", ExecutionContext);
