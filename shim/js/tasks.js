// The tasks in flight: a record for each, from its request to its end: its answer or failure, or,
// where waitUntil was given promises, until these have settled.
//
// Whatever the prelude keeps for a task hangs on its record, so that nothing of it is left when it
// has ended. Whose code runs is known from the host: V8 carries the ticket across every await.

import { DOMException } from "./domexception.js";
import { host } from "./host.js";
import { WeakSet, weakSetAdd, weakSetHas } from "./primordials.js";
import { isObject } from "./webidl.js";

class Task {
    constructor(ticket) {
        this.ticket = ticket;
        this.request = null; // an incoming one: its signal is aborted when the task is given up
        this.isAnswered = false; // what is left of it is what waitUntil was given
        this.extensions = 0; // how many promises that is
        this.timers = null; // the first of a list that timers.js keeps
        this.fetches = null; // fetch.js
        this.computations = null; // the first of a list that subtle/compute.js keeps ...
        this.computing = 0; // ... and how many there are
        this.bodies = null; // hostbody.js: those that stream
        this.takesStream = false; // the answer's body may be one
        this.console = null; // console.js: its counts, clocks and groups
        this.isReporting = false; // errorevent.js: its code is being told of an exception
    }
}

// The low half of a ticket is a slot: no two tasks in flight have the same.
const SLOT_MASK = 0xffff;

// Start-up, and whatever runs for no task, is slot 0's.
const nobody = new Task(0);
const tasks = [nobody];

// What modules that import this one do with a task at its end.
const endings = [];

export function onTaskEnd(drop) {
    endings[endings.length] = drop;
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
    for (let i = 0; i < endings.length; i++) {
        endings[i](task);
    }
}

let isStarted = false;

// The snapshot has seen a start-up, too.
export function beginStartup() {
    isStarted = false;
}

// Start-up is over: what it has left ends as a task does, and nobody starts anything any more.
export function endStartup() {
    isStarted = true;
    for (let i = 0; i < endings.length; i++) {
        endings[i](nobody);
    }
}

// Whether it may start what ends with it.
export function canStart(task) {
    return task !== null && !(isStarted && task === nobody);
}

// Start-up belongs to nobody.
export function isNobody(task) {
    return task === nobody;
}

export function findTask(ticket) {
    const task = tasks[ticket & SLOT_MASK];
    return task !== undefined && task.ticket === ticket ? task : null;
}

// The task whose code runs; null if it is no longer in flight.
export function currentTask() {
    return findTask(host.owner());
}

// The reasons of promises that were rejected since their task has ended. Nobody is told of those.
let endingReasons = null;

export function endingReason() {
    const reason = new DOMException("The task that this belongs to has ended", "AbortError");
    endingReasons ??= new WeakSet();
    weakSetAdd(endingReasons, reason);
    return reason;
}

export function isEndingReason(value) {
    return endingReasons !== null && isObject(value) && weakSetHas(endingReasons, value);
}
