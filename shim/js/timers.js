// setTimeout and its kin, and queueMicrotask.
// https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html
//
// A timer belongs to the task that started it and is dropped at the task's end.

import { host } from "./host.js";
import { Map, RangeError, TypeError, apply, global, mapDelete, mapGet, mapSet } from "./primordials.js";
import { reportException } from "./report.js";
import { canStart, currentTask, onTaskEnd } from "./tasks.js";
import { requireArguments, toCallback, toLong } from "./webidl.js";

const MAX_ID = 2 ** 31 - 1;
// A timer takes memory of the host's, which no heap limit counts.
const MAX_PENDING = 20000;
const CLAMP_NESTING = 5;
const CLAMP_MS = 4;

class Timer {
    constructor(id, task, run, args, delay, repeats, nesting) {
        this.id = id;
        this.task = task;
        this.run = run;
        this.args = args;
        this.delay = delay;
        this.repeats = repeats;
        this.nesting = nesting;
        this.previous = null; // of the task's
        this.next = null;
    }
}

const timers = new Map(); // by id
let pending = 0; // how many
let lastId = 0;

// How many timers, each set by the one before, led to the callback that runs.
let nesting = 0;

function unusedId() {
    do {
        lastId = lastId === MAX_ID ? 1 : lastId + 1;
    } while (mapGet(timers, lastId) !== undefined);
    return lastId;
}

function link(timer) {
    const { task } = timer;
    timer.next = task.timers;
    if (task.timers !== null) {
        task.timers.previous = timer;
    }
    task.timers = timer;
    mapSet(timers, timer.id, timer);
    pending++;
}

function unlink(timer) {
    if (timer.previous !== null) {
        timer.previous.next = timer.next;
    } else {
        timer.task.timers = timer.next;
    }
    if (timer.next !== null) {
        timer.next.previous = timer.previous;
    }
    mapDelete(timers, timer.id);
    pending--;
}

onTaskEnd((task) => {
    if (task.timers === null) {
        return;
    }
    for (let timer = task.timers; timer !== null; timer = timer.next) {
        mapDelete(timers, timer.id);
        pending--;
    }
    task.timers = null;
});

// Starts a timer of the task whose code runs and returns its id. What a task leaves running after
// its end can start none: the id is then nobody's.
export function startTimer(run, args, delay, repeats) {
    const task = currentTask();
    const id = unusedId();
    if (!canStart(task)) {
        return id;
    }
    const level = nesting + 1;
    start(new Timer(id, task, run, args, delay, repeats, level), clamp(delay, level));
    return id;
}

// Runs it in an event of its own, after the timers that are due, in the name of the task whose code
// runs; never where that has ended before.
export function startSoon(run) {
    const task = currentTask();
    if (canStart(task)) {
        const id = unusedId();
        start(new Timer(id, task, run, [], 0, false, 0), 0);
    }
}

function start(timer, delay) {
    if (pending >= MAX_PENDING) {
        throw new RangeError("too many timers are pending in this worker");
    }
    host.startTimer(timer.id, delay);
    link(timer);
}

function clamp(delay, level) {
    return level > CLAMP_NESTING && delay < CLAMP_MS ? CLAMP_MS : delay;
}

export function stopTimer(id) {
    const timer = mapGet(timers, id);
    if (timer !== undefined) {
        unlink(timer);
        host.stopTimer(id);
    }
}

// The host's call for a timer that is due.
export function timer(id) {
    const timer = mapGet(timers, id);
    if (timer === undefined) {
        return;
    }
    if (!timer.repeats) {
        unlink(timer);
    }
    nesting = timer.nesting;
    try {
        apply(timer.run, global, timer.args);
    } catch (error) {
        reportException(error);
    }
    nesting = 0;
    if (timer.repeats && mapGet(timers, id) === timer) {
        restart(timer);
    }
}

function restart(timer) {
    timer.nesting++;
    try {
        host.startTimer(timer.id, clamp(timer.delay, timer.nesting));
    } catch (error) {
        unlink(timer);
        reportException(error);
    }
}

function initialize(name, handler, timeout, args, repeats) {
    if (typeof handler !== "function") {
        throw new TypeError(
            `${name}: the first argument must be a function; code is not evaluated`,
        );
    }
    const delay = toLong(timeout);
    return startTimer(handler, args, delay < 0 ? 0 : delay, repeats);
}

export const timerFunctions = {
    setTimeout(handler, timeout = 0, ...args) {
        requireArguments(arguments.length, 1, "setTimeout");
        return initialize("setTimeout", handler, timeout, args, false);
    },
    setInterval(handler, timeout = 0, ...args) {
        requireArguments(arguments.length, 1, "setInterval");
        return initialize("setInterval", handler, timeout, args, true);
    },
    clearTimeout(id = 0) {
        stopTimer(toLong(id));
    },
    clearInterval(id = 0) {
        stopTimer(toLong(id));
    },
    queueMicrotask(callback) {
        requireArguments(arguments.length, 1, "queueMicrotask");
        runSoon(toCallback(callback, "queueMicrotask: the first argument"));
    },
};

// V8 does not tell plain microtasks whose they are; a continuation knows.
async function runSoon(callback) {
    await undefined;
    try {
        callback();
    } catch (error) {
        reportException(error);
    }
}
