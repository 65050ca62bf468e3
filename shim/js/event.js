// Event and CustomEvent. https://dom.spec.whatwg.org/#events

import { registerInterface } from "./format.js";
import { host } from "./host.js";
import { defineProperty } from "./primordials.js";
import {
    INTERNAL,
    defineInterface,
    isObject,
    requireArguments,
    toDOMString,
    toDictionary,
} from "./webidl.js";

export const NONE = 0;
export const AT_TARGET = 2;

class EventState {
    constructor(type, isTrusted) {
        this.type = type;
        this.isTrusted = isTrusted;
        this.bubbles = false;
        this.isCancelable = false;
        this.isComposed = false;
        this.target = null;
        this.currentTarget = null;
        this.phase = NONE;
        this.timeStamp = host.now();
        this.isInitialized = true;
        this.isBeingDispatched = false;
        this.isStopped = false;
        this.isStoppedAtOnce = false;
        this.isCanceled = false;
        this.isInPassiveListener = false;
        this.onListenerError = null; // instead of reporting what a listener throws
    }
}

export let stateOfEvent;
export let isEvent;

// An own accessor of every event, as [LegacyUnforgeable] has it.
const isTrusted = {
    __proto__: null,
    get: Object.getOwnPropertyDescriptor(
        {
            get isTrusted() {
                return stateOfEvent(this).isTrusted;
            },
        },
        "isTrusted",
    ).get,
    enumerable: true,
};

export class Event {
    #state;

    static {
        stateOfEvent = (event) => event.#state;
        isEvent = (value) => isObject(value) && #state in value;
    }

    // new Event(INTERNAL, type) makes a trusted event.
    constructor(type, init = undefined) {
        if (type === INTERNAL) {
            this.#state = new EventState(init, true);
        } else {
            requireArguments(arguments.length, 1, "Event");
            const state = new EventState(toDOMString(type), false);
            const members = toDictionary(init, "Event: the second argument");
            if (members !== undefined) {
                state.bubbles = !!members.bubbles;
                state.isCancelable = !!members.cancelable;
                state.isComposed = !!members.composed;
            }
            this.#state = state;
        }
        defineProperty(this, "isTrusted", isTrusted);
    }

    get type() {
        return this.#state.type;
    }

    get target() {
        return this.#state.target;
    }

    get srcElement() {
        return this.#state.target;
    }

    get currentTarget() {
        return this.#state.currentTarget;
    }

    get eventPhase() {
        return this.#state.phase;
    }

    get bubbles() {
        return this.#state.bubbles;
    }

    get cancelable() {
        return this.#state.isCancelable;
    }

    get composed() {
        return this.#state.isComposed;
    }

    get defaultPrevented() {
        return this.#state.isCanceled;
    }

    get timeStamp() {
        return this.#state.timeStamp;
    }

    get returnValue() {
        return !this.#state.isCanceled;
    }

    set returnValue(value) {
        const state = this.#state;
        if (!value) {
            cancel(state);
        }
    }

    get cancelBubble() {
        return this.#state.isStopped;
    }

    set cancelBubble(value) {
        const state = this.#state;
        if (value) {
            state.isStopped = true;
        }
    }

    composedPath() {
        const { currentTarget } = this.#state;
        return currentTarget === null ? [] : [currentTarget];
    }

    stopPropagation() {
        this.#state.isStopped = true;
    }

    stopImmediatePropagation() {
        this.#state.isStopped = true;
        this.#state.isStoppedAtOnce = true;
    }

    preventDefault() {
        cancel(this.#state);
    }

    initEvent(type, bubbles = false, cancelable = false) {
        requireArguments(arguments.length, 1, "initEvent");
        const state = this.#state;
        if (state.isBeingDispatched) {
            return;
        }
        state.isInitialized = true;
        state.isStopped = false;
        state.isStoppedAtOnce = false;
        state.isCanceled = false;
        state.isTrusted = false;
        state.target = null;
        state.type = toDOMString(type);
        state.bubbles = !!bubbles;
        state.isCancelable = !!cancelable;
    }
}

export function cancel(state) {
    if (state.isCancelable && !state.isInPassiveListener) {
        state.isCanceled = true;
    }
}

export class CustomEvent extends Event {
    #detail;

    constructor(type, init = undefined) {
        requireArguments(arguments.length, 1, "CustomEvent");
        super(toDOMString(type), init);
        const detail = init === undefined || init === null ? undefined : init.detail;
        this.#detail = detail === undefined ? null : detail;
    }

    get detail() {
        return this.#detail;
    }

    initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
        requireArguments(arguments.length, 1, "initCustomEvent");
        const isLocked = stateOfEvent(this).isBeingDispatched;
        super.initEvent(type, bubbles, cancelable);
        if (!isLocked) {
            this.#detail = detail;
        }
    }
}

defineInterface("Event", Event, { NONE, CAPTURING_PHASE: 1, AT_TARGET, BUBBLING_PHASE: 3 });
defineInterface("CustomEvent", CustomEvent);
registerInterface(isEvent, ({ type, defaultPrevented, cancelable, timeStamp }) => ({
    type,
    defaultPrevented,
    cancelable,
    timeStamp,
}));
