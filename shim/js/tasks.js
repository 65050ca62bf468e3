// The tasks in flight: a record for each, from its request to its answer, failure or end.
//
// Whatever the prelude keeps for a task hangs on its record, so that nothing of it is left when it
// has ended. Whose code runs is known from the host: V8 carries the ticket across every await.

import { host } from "./host.js";

class Task {
    constructor(ticket) {
        this.ticket = ticket;
        this.timers = null; // the first of a list that timers.js keeps
        this.console = null; // console.js: its counts, clocks and groups
    }
}

// The low half of a ticket is a slot: no two tasks in flight have the same.
const SLOT_MASK = 0xffff;

// Start-up, and whatever runs for no task, is slot 0's.
const nobody = new Task(0);
const tasks = [nobody];

// Set by timers.js, which imports this module.
let dropTimers;
export function onTaskEnd(drop) {
    dropTimers = drop;
}

export function beginTask(ticket) {
    const slot = ticket & SLOT_MASK;
    const previous = tasks[slot];
    if (previous !== undefined) {
        endTask(previous);
    }
    return (tasks[slot] = new Task(ticket));
}

export function isInFlight(task) {
    return tasks[task.ticket & SLOT_MASK] === task;
}

// Forgets a task in flight. The host drops what it still has of it by itself.
export function endTask(task) {
    tasks[task.ticket & SLOT_MASK] = undefined;
    if (task.timers !== null) {
        dropTimers(task);
    }
}

export function findTask(ticket) {
    const task = tasks[ticket & SLOT_MASK];
    return task !== undefined && task.ticket === ticket ? task : null;
}

// The task whose code runs; null if it is no longer in flight.
export function currentTask() {
    return findTask(host.owner());
}
