// MessageEvent. https://html.spec.whatwg.org/multipage/comms.html#the-messageevent-interface

import { Event, stateOfEvent } from "./event.js";
import { registerInterface } from "./format.js";
import { TypeError, freeze } from "./primordials.js";
import {
    INTERNAL,
    defineInterface,
    requireArguments,
    toDOMString,
    toDictionary,
    toSequence,
    toUSVString,
} from "./webidl.js";

class Message {
    constructor(data, ports) {
        this.data = data;
        this.origin = "";
        this.lastEventId = "";
        this.source = null;
        this.ports = freeze(ports);
    }
}

// Set by messageport.js, which imports this module.
let isMessagePort;
export function portsAre(isOne) {
    isMessagePort = isOne;
}

let isMessageEvent;

export class MessageEvent extends Event {
    #message;

    static {
        isMessageEvent = (value) => #message in value;
    }

    // new MessageEvent(INTERNAL, type, data, ports) makes the event of a message that came.
    constructor(type, init = undefined) {
        requireArguments(arguments.length, 1, "MessageEvent");
        if (type === INTERNAL) {
            super(INTERNAL, init);
            this.#message = new Message(arguments[2], arguments[3]);
        } else {
            super(type, init);
            this.#message = readInit(init);
        }
    }

    get data() {
        return this.#message.data;
    }

    get origin() {
        return this.#message.origin;
    }

    get lastEventId() {
        return this.#message.lastEventId;
    }

    get source() {
        return this.#message.source;
    }

    get ports() {
        return this.#message.ports;
    }

    initMessageEvent(
        type,
        bubbles = false,
        cancelable = false,
        data = null,
        origin = "",
        lastEventId = "",
        source = null,
        ports = [],
    ) {
        const isLocked = this.#message !== null && stateOfEvent(this).isBeingDispatched;
        requireArguments(arguments.length, 1, "initMessageEvent");
        const message = new Message(data, toPorts(ports));
        message.origin = toUSVString(origin);
        message.lastEventId = toDOMString(lastEventId);
        message.source = toSource(source);
        super.initEvent(type, bubbles, cancelable);
        if (!isLocked) {
            this.#message = message;
        }
    }
}

function readInit(init) {
    const members = toDictionary(init, "MessageEvent: the second argument");
    if (members === undefined) {
        return new Message(null, []);
    }
    const { data = null, lastEventId = "", origin = "", ports = [], source = null } = members;
    const message = new Message(data, toPorts(ports));
    message.lastEventId = toDOMString(lastEventId);
    message.origin = toUSVString(origin);
    message.source = toSource(source);
    return message;
}

function toPorts(value) {
    return toSequence(value, "MessageEvent: ports", toPort);
}

function toPort(value) {
    if (!isMessagePort(value)) {
        throw new TypeError("MessageEvent: one of ports is not a MessagePort");
    }
    return value;
}

function toSource(value) {
    return value === null || value === undefined ? null : toPort(value);
}

defineInterface("MessageEvent", MessageEvent);
registerInterface(isMessageEvent, ({ type, data, origin, lastEventId, source, ports }) => ({
    type,
    data,
    origin,
    lastEventId,
    source,
    ports,
}));
