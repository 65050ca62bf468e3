// AbortController and AbortSignal. https://dom.spec.whatwg.org/#aborting-ongoing-activities

import { removeFrom } from "./arrays.js";
import { DOMException } from "./domexception.js";
import { Event } from "./event.js";
import {
    EventTarget,
    defineEventHandler,
    fire,
    hasListener,
    listenersUseSignals,
    watchListeners,
} from "./eventtarget.js";
import { registerInterface } from "./format.js";
import { Set, TypeError, WeakRef, min, setAdd, setDelete, weakRefDeref } from "./primordials.js";
import { startTimer } from "./timers.js";
import {
    INTERNAL,
    defineInterface,
    requireArguments,
    requireConstructible,
    toEnforcedUnsigned,
} from "./webidl.js";

const MAX_DELAY_MS = 2 ** 31 - 1;

class SignalState {
    constructor() {
        this.isAborted = false;
        this.reason = undefined;
        this.actions = null; // functions to call when it is aborted
        this.sources = null; // of a dependent signal: the independent ones it follows
        this.dependents = null; // weak references to signals that follow this one
        this.pruneAt = 16; // how many of these call for looking which are still alive
        this.observed = null; // those of them that somebody listens to: kept alive
    }
}

export let isAbortSignal;
let stateOf;

export class AbortSignal extends EventTarget {
    #state;

    static {
        isAbortSignal = (value) => typeof value === "object" && value !== null && #state in value;
        stateOf = (signal) => signal.#state;
    }

    constructor(token = undefined) {
        requireConstructible(token);
        super();
        this.#state = new SignalState();
    }

    static abort(reason = undefined) {
        const signal = newSignal();
        abort(signal, reason);
        return signal;
    }

    static timeout(milliseconds) {
        requireArguments(arguments.length, 1, "AbortSignal.timeout");
        const delay = toEnforcedUnsigned(milliseconds, "AbortSignal.timeout: the first argument");
        const signal = newSignal();
        startTimer(abortForTimeout, [signal], min(delay, MAX_DELAY_MS), false);
        return signal;
    }

    static any(signals) {
        requireArguments(arguments.length, 1, "AbortSignal.any");
        const sources = [];
        for (const signal of signals) {
            if (!isAbortSignal(signal)) {
                throw new TypeError("AbortSignal.any: what is not an AbortSignal was given");
            }
            sources[sources.length] = signal;
        }
        return signalFollowing(sources);
    }

    get aborted() {
        return this.#state.isAborted;
    }

    get reason() {
        return this.#state.reason;
    }

    throwIfAborted() {
        if (this.#state.isAborted) {
            throw this.#state.reason;
        }
    }
}

export function newSignal() {
    return new AbortSignal(INTERNAL);
}

function abortForTimeout(signal) {
    abort(signal, new DOMException("The time is up", "TimeoutError"));
}

// Calls action() when the signal is aborted.
export function onceAborted(signal, action) {
    const state = stateOf(signal);
    if (!state.isAborted) {
        state.actions ??= [];
        state.actions[state.actions.length] = action;
        keepFollowing(signal);
    }
}

// Takes back what onceAborted was given.
export function forgetAborted(signal, action) {
    const state = stateOf(signal);
    if (state.actions === null) {
        return;
    }
    removeFrom(state.actions, action);
    if (state.actions.length === 0 && !hasListener(signal, "abort")) {
        stopFollowing(signal);
    }
}

export function isAborted(signal) {
    return stateOf(signal).isAborted;
}

export function reasonOf(signal) {
    return stateOf(signal).reason;
}

export function abort(signal, reason) {
    const state = stateOf(signal);
    if (state.isAborted) {
        return;
    }
    setAborted(
        state,
        reason === undefined
            ? new DOMException("This operation was aborted", "AbortError")
            : reason,
    );
    const followers = abortFollowers(state);
    runAbortSteps(signal);
    for (let i = 0; i < followers.length; i++) {
        runAbortSteps(followers[i]);
    }
}

function setAborted(state, reason) {
    state.isAborted = true;
    state.reason = reason;
}

// Marks the signals that follow before any code of the worker's runs; returns those marked.
function abortFollowers(state) {
    const followers = [];
    const dependents = state.dependents ?? [];
    for (let i = 0; i < dependents.length; i++) {
        const follower = weakRefDeref(dependents[i]);
        if (follower !== undefined && !stateOf(follower).isAborted) {
            setAborted(stateOf(follower), state.reason);
            followers[followers.length] = follower;
        }
    }
    state.dependents = null;
    state.observed = null;
    return followers;
}

function runAbortSteps(signal) {
    const state = stateOf(signal);
    const actions = state.actions ?? [];
    state.actions = null;
    for (let i = 0; i < actions.length; i++) {
        actions[i]();
    }
    fire(signal, new Event(INTERNAL, "abort"));
}

// A signal that is aborted with the first of the given ones.
export function signalFollowing(signals) {
    const follower = newSignal();
    for (let i = 0; i < signals.length; i++) {
        const state = stateOf(signals[i]);
        if (state.isAborted) {
            setAborted(stateOf(follower), state.reason);
            return follower;
        }
    }
    const followerState = stateOf(follower);
    followerState.sources = [];
    for (let i = 0; i < signals.length; i++) {
        follow(follower, followerState, signals[i]);
    }
    watchListeners(follower, () => keepFollowing(follower));
    return follower;
}

// Following is flat: whoever follows a follower follows its sources.
function follow(follower, followerState, signal) {
    const { sources } = stateOf(signal);
    if (sources !== null) {
        for (let i = 0; i < sources.length; i++) {
            follow(follower, followerState, sources[i]);
        }
        return;
    }
    followerState.sources[followerState.sources.length] = signal;
    addDependent(stateOf(signal), follower);
}

function addDependent(state, follower) {
    state.dependents ??= [];
    if (state.dependents.length >= state.pruneAt) {
        state.dependents = living(state.dependents);
        state.pruneAt = 2 * state.dependents.length + 16;
    }
    state.dependents[state.dependents.length] = new WeakRef(follower);
}

// A source that outlives its followers must not keep a reference to each.
function living(references) {
    const kept = [];
    for (let i = 0; i < references.length; i++) {
        if (weakRefDeref(references[i]) !== undefined) {
            kept[kept.length] = references[i];
        }
    }
    return kept;
}

// A follower that somebody waits for lives as long as its sources.
function keepFollowing(follower) {
    const sources = stateOf(follower).sources ?? [];
    for (let i = 0; i < sources.length; i++) {
        const state = stateOf(sources[i]);
        state.observed ??= new Set();
        setAdd(state.observed, follower);
    }
}

function stopFollowing(follower) {
    const sources = stateOf(follower).sources ?? [];
    for (let i = 0; i < sources.length; i++) {
        const { observed } = stateOf(sources[i]);
        if (observed !== null) {
            setDelete(observed, follower);
        }
    }
}

let isAbortController;

export class AbortController {
    #signal = newSignal();

    static {
        isAbortController = (value) => #signal in value;
    }

    get signal() {
        return this.#signal;
    }

    abort(reason = undefined) {
        abort(this.#signal, reason);
    }
}

listenersUseSignals(isAbortSignal, onceAborted);
defineEventHandler(AbortSignal.prototype, "abort", isAbortSignal);
defineInterface("AbortSignal", AbortSignal);
defineInterface("AbortController", AbortController);
registerInterface(isAbortSignal, ({ aborted, reason }) => ({ aborted, reason }));
registerInterface(isAbortController, ({ signal }) => ({ signal }));
