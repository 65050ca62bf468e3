// EventTarget, the global as one, and event handler attributes.
// https://dom.spec.whatwg.org/#interface-eventtarget
//
// There is no tree: an event's path is its target alone. Listeners on the global are the worker's,
// as its module variables are: those that a task has added stay when it ends.

import { copyOf, removeFrom } from "./arrays.js";
import { DOMException } from "./domexception.js";
import { AT_TARGET, NONE, cancel, isEvent, stateOfEvent } from "./event.js";
import { registerInterface } from "./format.js";
import { TypeError, apply, defineProperty, global } from "./primordials.js";
import { reportException } from "./report.js";
import {
    defineInterface,
    isObject,
    requireArguments,
    requireThis,
    toCallback,
    toDOMString,
} from "./webidl.js";

class Listener {
    constructor(type, callback, isCapture) {
        this.type = type;
        this.callback = callback;
        this.isCapture = isCapture;
        this.isOnce = false;
        this.isPassive = false;
        this.isRemoved = false;
    }
}

class TargetState {
    constructor(target) {
        this.target = target;
        this.listeners = [];
        this.handlers = null; // of onabort and its kin: listeners by type
        this.onListener = null; // called after a listener was added
    }
}

const globalState = new TargetState(global);

let stateOfTarget;
let isEventTarget;

// Set by abort.js, which imports this module: whether a value is an AbortSignal, and what to do
// when it is aborted.
let isAbortSignal;
let onceAborted;
export function listenersUseSignals(isSignal, once) {
    isAbortSignal = isSignal;
    onceAborted = once;
}

export class EventTarget {
    #state;

    static {
        isEventTarget = (value) => #state in value;
        // The functions of the global are called without a receiver.
        stateOfTarget = (target) =>
            target === undefined || target === null || target === global
                ? globalState
                : target.#state;
    }

    constructor() {
        this.#state = new TargetState(this);
    }

    addEventListener(type, callback, options = undefined) {
        const state = stateOfTarget(this);
        requireArguments(arguments.length, 2, "addEventListener");
        const listener = new Listener(toDOMString(type), toListener(callback), false);
        const signal = readOptions(listener, options);
        if (listener.callback === null || (signal !== undefined && signal.aborted)) {
            return;
        }
        if (find(state, listener.type, listener.callback, listener.isCapture) < 0) {
            add(state, listener);
            if (signal !== undefined) {
                onceAborted(signal, () => remove(state, listener));
            }
        }
    }

    removeEventListener(type, callback, options = undefined) {
        const state = stateOfTarget(this);
        requireArguments(arguments.length, 2, "removeEventListener");
        const isCapture = isObject(options) ? !!options.capture : !!options;
        const index = find(state, toDOMString(type), toListener(callback), isCapture);
        if (index >= 0) {
            remove(state, state.listeners[index]);
        }
    }

    dispatchEvent(event) {
        const state = stateOfTarget(this);
        requireArguments(arguments.length, 1, "dispatchEvent");
        if (!isEvent(event)) {
            throw new TypeError("dispatchEvent: the first argument is not an Event");
        }
        const eventState = stateOfEvent(event);
        if (eventState.isBeingDispatched || !eventState.isInitialized) {
            throw new DOMException("The event is being dispatched", "InvalidStateError");
        }
        eventState.isTrusted = false;
        dispatch(state, event, eventState);
        return !eventState.isCanceled;
    }
}

function toListener(callback) {
    if (!isObject(callback) && callback !== null && callback !== undefined) {
        throw new TypeError("An event listener must be a function or an object");
    }
    return callback ?? null;
}

// Returns the signal that removes the listener.
function readOptions(listener, options) {
    if (!isObject(options)) {
        listener.isCapture = !!options;
        return undefined;
    }
    listener.isCapture = !!options.capture;
    listener.isOnce = !!options.once;
    listener.isPassive = !!options.passive;
    const { signal } = options;
    if (signal !== undefined && !isAbortSignal(signal)) {
        throw new TypeError("addEventListener: signal is not an AbortSignal");
    }
    return signal;
}

function find(state, type, callback, isCapture) {
    const { listeners } = state;
    for (let i = 0; i < listeners.length; i++) {
        const l = listeners[i];
        if (l.callback === callback && l.type === type && l.isCapture === isCapture) {
            return i;
        }
    }
    return -1;
}

function add(state, listener) {
    state.listeners[state.listeners.length] = listener;
    if (state.onListener !== null) {
        state.onListener();
    }
}

function remove(state, listener) {
    listener.isRemoved = true;
    removeFrom(state.listeners, listener);
}

function dispatch(targetState, event, state) {
    state.isBeingDispatched = true;
    state.target = targetState.target;
    state.currentTarget = targetState.target;
    state.phase = AT_TARGET;
    invoke(targetState, event, state, true);
    invoke(targetState, event, state, false);
    state.phase = NONE;
    state.currentTarget = null;
    state.isBeingDispatched = false;
    state.isStopped = false;
    state.isStoppedAtOnce = false;
}

function invoke(targetState, event, state, isCapture) {
    if (state.isStopped) {
        return;
    }
    const listeners = copyOf(targetState.listeners); // what is added meanwhile is not called
    for (let i = 0; i < listeners.length && !state.isStoppedAtOnce; i++) {
        const listener = listeners[i];
        const isMeant = listener.type === state.type && listener.isCapture === isCapture;
        if (isMeant && !listener.isRemoved) {
            callListener(targetState, listener, event, state);
        }
    }
}

function callListener(targetState, listener, event, state) {
    if (listener.isOnce) {
        remove(targetState, listener);
    }
    state.isInPassiveListener = listener.isPassive;
    const { callback } = listener;
    try {
        if (typeof callback === "function") {
            apply(callback, targetState.target, [event]);
        } else {
            const { handleEvent } = callback;
            apply(toCallback(handleEvent, "handleEvent"), callback, [event]);
        }
    } catch (error) {
        if (state.onListenerError !== null) {
            state.onListenerError(error);
        } else {
            reportException(error);
        }
    }
    state.isInPassiveListener = false;
}

// Dispatches an event of the prelude's own.
export function fire(target, event) {
    dispatch(stateOfTarget(target), event, stateOfEvent(event));
}

export function hasListener(target, type) {
    const { listeners } = stateOfTarget(target);
    for (let i = 0; i < listeners.length; i++) {
        if (listeners[i].type === type) {
            return true;
        }
    }
    return false;
}

// Has onListener() called whenever the target has got a listener.
export function watchListeners(target, onListener) {
    stateOfTarget(target).onListener = onListener;
}

// An on... attribute. https://html.spec.whatwg.org/#event-handler-attributes
// isOne: of the interface that has it; none is the global.
export function defineEventHandler(prototype, type, isOne) {
    const name = `on${type}`;
    const stateOf = (target) => {
        requireThis(isOne === undefined || isOne(target));
        return stateOfTarget(target);
    };
    const accessors = {
        get [name]() {
            return stateOf(this).handlers?.[type]?.handler ?? null;
        },
        set [name](value) {
            setHandler(stateOf(this), type, isObject(value) ? value : null);
        },
    };
    defineProperty(prototype, name, Object.getOwnPropertyDescriptor(accessors, name));
}

// The listener of a handler keeps its place when the handler is replaced.
function setHandler(state, type, handler) {
    state.handlers ??= { __proto__: null };
    const entry = state.handlers[type];
    if (handler === null) {
        if (entry !== undefined) {
            remove(state, entry.listener);
            state.handlers[type] = undefined;
        }
    } else if (entry !== undefined) {
        entry.handler = handler;
    } else {
        const added = { handler, listener: null };
        added.listener = new Listener(type, (event) => callHandler(added, state, event), false);
        state.handlers[type] = added;
        add(state, added.listener);
    }
}

// Set by errorevent.js, which imports this module: what onerror of the global takes instead of an
// event; null where it takes that.
let argumentsOfError;
export function handlersOfErrorsTake(toArguments) {
    argumentsOfError = toArguments;
}

function callHandler({ handler }, { target }, event) {
    if (typeof handler !== "function") {
        return;
    }
    const state = stateOfEvent(event);
    const isOnError = target === global && state.type === "error";
    const args = isOnError ? argumentsOfError(event) : null;
    if (apply(handler, target, args ?? [event]) === (args !== null)) {
        cancel(state);
    }
}

// Called as functions, without a receiver, they are the global's.
export const { addEventListener, removeEventListener, dispatchEvent } = EventTarget.prototype;

defineInterface("EventTarget", EventTarget);
registerInterface(isEventTarget);
