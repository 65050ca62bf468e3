// Operations, as the host computes them: at once where they are short, else on another thread. What
// is under way belongs to the task whose code called, and ends with it at the latest.

import { host } from "../host.js";
import { Map, Promise, RangeError, mapDelete, mapGet, mapSet } from "../primordials.js";
import { canStart, currentTask, endingReason, onTaskEnd } from "../tasks.js";
import { dataError, operationError, unsupportedError } from "./errors.js";
import { BAD_DATA, CANCELLED, NO_MEMORY, UNSUPPORTED } from "./names.js";

const MAX_ID = 2 ** 32 - 1;
// That a task has under way; what they hold counts with its isolate's memory.
const MAX_PENDING = 1000;

class Computation {
    constructor(task, id) {
        this.task = task;
        this.id = id;
        this.resolve = null; // of the promise of its end
        this.reject = null;
        this.previous = null; // of the task's
        this.next = null;
    }
}

const computations = new Map(); // those that have not ended, by id
let lastId = 0;

function unusedId() {
    do {
        lastId = lastId === MAX_ID ? 1 : lastId + 1;
    } while (mapGet(computations, lastId) !== undefined);
    return lastId;
}

function link(computation) {
    const { task } = computation;
    computation.next = task.computations;
    if (task.computations !== null) {
        task.computations.previous = computation;
    }
    task.computations = computation;
    task.computing++;
    mapSet(computations, computation.id, computation);
}

function unlink(computation) {
    const { task, previous, next } = computation;
    if (previous !== null) {
        previous.next = next;
    } else {
        task.computations = next;
    }
    if (next !== null) {
        next.previous = previous;
    }
    task.computing--;
    mapDelete(computations, computation.id);
}

// What an operation is asked for: operation and algorithm by their numbers; the rest where it
// counts.
class Parameters {
    hash = 0;
    curve = 0;
    format = 0;
    length = 0;
    iterations = 0;
    key = undefined; // handles
    peer = undefined;
    inputs = undefined; // an array

    constructor(operation, algorithm) {
        this.operation = operation;
        this.algorithm = algorithm;
    }
}

export function parameters(operation, algorithm, key = undefined) {
    const made = new Parameters(operation, algorithm);
    made.key = key;
    return made;
}

// Without a prototype: nobody asks it whether it is a promise.
function box(value) {
    return { __proto__: null, value };
}

// The result, in a box: value; or a promise of that. Inputs are the caller's again when it returns.
export function compute(given) {
    const task = currentTask();
    const mayWait = canStart(task) && task.computing < MAX_PENDING;
    const id = mayWait ? unusedId() : 0;
    const { operation, algorithm, hash, curve, format, length, iterations, key, peer } = given;
    const result = host.compute(
        task === null ? 0 : task.ticket,
        id,
        operation,
        algorithm,
        hash,
        curve,
        format,
        length,
        iterations,
        key,
        peer,
        given.inputs,
    );
    if (result !== undefined) {
        return box(checked(result, task));
    }
    return endOf(new Computation(task, id));
}

async function endOf(computation) {
    const promise = new Promise((resolve, reject) => {
        computation.resolve = resolve;
        computation.reject = reject;
    });
    link(computation);
    const { value } = await promise;
    return box(checked(value, computation.task));
}

function checked(result, task) {
    switch (typeof result === "number" ? result : 0) {
        case 0:
            return result;
        case BAD_DATA:
            throw dataError("The key data is malformed, or makes no such key");
        case UNSUPPORTED:
            throw unsupportedError("Keys of this length are not supported");
        case NO_MEMORY:
            throw new RangeError("There is no memory for the operation");
        case CANCELLED:
            if (task !== null && task.computing >= MAX_PENDING) {
                throw operationError("Too many operations are under way");
            }
            throw endingReason();
        default:
            throw operationError("The operation failed");
    }
}

onTaskEnd((task) => {
    if (task.computations === null) {
        return;
    }
    const reason = endingReason();
    for (let each = task.computations; each !== null; each = each.next) {
        mapDelete(computations, each.id);
        host.stopCompute(task.ticket, each.id);
        each.reject(reason);
    }
    task.computations = null;
    task.computing = 0;
});

// The host's call for an operation that has ended.
export function computed(id, result) {
    const computation = mapGet(computations, id);
    if (computation !== undefined) {
        unlink(computation);
        computation.resolve(box(result));
    }
}
