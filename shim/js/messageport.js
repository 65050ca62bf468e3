// MessageChannel and MessagePort.
// https://html.spec.whatwg.org/multipage/web-messaging.html#message-channels
//
// A message is cloned when it is posted, and comes as an event of its own, in the name of the task
// that posted it, and after the timers that were due before. Like a timer it is dropped at that
// task's end. A port that is open is nothing to wait for: only messages on their way are.

import { cloneWithTransfer, toTransferList } from "./clone.js";
import { registerTransferable } from "./clone/platform.js";
import { cloneError } from "./clone/record.js";
import { Event } from "./event.js";
import { EventTarget, defineEventHandler, fire } from "./eventtarget.js";
import { registerInterface } from "./format.js";
import { MessageEvent, portsAre } from "./messageevent.js";
import { apply, defineProperty, getOwnPropertyDescriptor, symbolIterator } from "./primordials.js";
import { startSoon } from "./timers.js";
import {
    INTERNAL,
    defineInterface,
    isObject,
    requireArguments,
    requireConstructible,
    toDictionary,
} from "./webidl.js";

// One end of a channel, which goes from object to object when it is transferred.
class Endpoint {
    constructor() {
        this.port = null; // the MessagePort that it is at
        this.other = null; // the other end; null once one of them is closed
        this.isEnabled = false;
        this.isClosed = false; // by its own port
        this.waiting = []; // messages that came before start()
    }
}

// { value, transferred } of cloneWithTransfer.
function post(endpoint, message) {
    if (!endpoint.isEnabled) {
        endpoint.waiting[endpoint.waiting.length] = message;
        return;
    }
    startSoon(() => deliver(endpoint, message));
}

function deliver(endpoint, message) {
    if (endpoint.isClosed) {
        return;
    }
    if (!endpoint.isEnabled) {
        // It was transferred meanwhile.
        endpoint.waiting[endpoint.waiting.length] = message;
        return;
    }
    const ports = [];
    for (let i = 0; i < message.transferred.length; i++) {
        if (isMessagePort(message.transferred[i])) {
            ports[ports.length] = message.transferred[i];
        }
    }
    fire(endpoint.port, new MessageEvent(INTERNAL, "message", message.value, ports));
}

function enable(endpoint) {
    if (endpoint === null || endpoint.isEnabled) {
        return;
    }
    const { waiting } = endpoint;
    endpoint.isEnabled = true;
    endpoint.waiting = [];
    for (let i = 0; i < waiting.length; i++) {
        post(endpoint, waiting[i]);
    }
}

let isMessagePort;
let endpointOf;
let detach;

export class MessagePort extends EventTarget {
    #endpoint; // null once it was transferred

    static {
        isMessagePort = (value) => isObject(value) && #endpoint in value;
        endpointOf = (port) => port.#endpoint;
        detach = (port) => {
            const endpoint = port.#endpoint;
            port.#endpoint = null;
            endpoint.port = null;
            endpoint.isEnabled = false;
            return endpoint;
        };
    }

    // new MessagePort(INTERNAL, endpoint)
    constructor(token = undefined, endpoint = undefined) {
        requireConstructible(token);
        super();
        this.#endpoint = endpoint;
        endpoint.port = this;
    }

    postMessage(message, options = undefined) {
        const endpoint = this.#endpoint;
        requireArguments(arguments.length, 1, "postMessage");
        const transfer = readTransfer(options);
        const target = endpoint === null ? null : endpoint.other;
        let isLost = target === null;
        for (let i = 0; i < transfer.length; i++) {
            if (transfer[i] === this) {
                throw cloneError("A port cannot be transferred through itself");
            }
            isLost ||= transfer[i] === target.port;
        }
        const clone = cloneWithTransfer(message, transfer);
        if (!isLost) {
            post(target, clone);
        }
    }

    start() {
        enable(this.#endpoint);
    }

    close() {
        const endpoint = this.#endpoint;
        if (endpoint === null) {
            return;
        }
        endpoint.isClosed = true;
        if (endpoint.other === null) {
            return;
        }
        const { other } = endpoint;
        endpoint.other = null;
        other.other = null;
        startSoon(() => {
            if (other.port !== null) {
                fire(other.port, new Event(INTERNAL, "close"));
            }
        });
    }
}

// The second argument is a sequence, or a dictionary.
function readTransfer(options) {
    if (isObject(options) && typeof options[symbolIterator] === "function") {
        return toTransferList(options, "postMessage: the second argument");
    }
    const members = toDictionary(options, "postMessage: the second argument");
    return toTransferList(members?.transfer, "postMessage: transfer");
}

export class MessageChannel {
    #port1;
    #port2;

    static {
        registerInterface(
            (value) => #port1 in value,
            ({ port1, port2 }) => ({ port1, port2 }),
        );
    }

    constructor() {
        const one = new Endpoint();
        const two = new Endpoint();
        one.other = two;
        two.other = one;
        this.#port1 = new MessagePort(INTERNAL, one);
        this.#port2 = new MessagePort(INTERNAL, two);
    }

    get port1() {
        return this.#port1;
    }

    get port2() {
        return this.#port2;
    }
}

// Setting onmessage starts the port.
function startOnHandler(prototype) {
    const { get, set } = getOwnPropertyDescriptor(prototype, "onmessage");
    const accessors = {
        set onmessage(value) {
            apply(set, this, [value]);
            enable(endpointOf(this));
        },
    };
    const descriptor = getOwnPropertyDescriptor(accessors, "onmessage");
    defineProperty(prototype, "onmessage", { ...descriptor, get });
}

defineEventHandler(MessagePort.prototype, "close", isMessagePort);
defineEventHandler(MessagePort.prototype, "message", isMessagePort);
defineEventHandler(MessagePort.prototype, "messageerror", isMessagePort);
startOnHandler(MessagePort.prototype);
defineInterface("MessageChannel", MessageChannel);
defineInterface("MessagePort", MessagePort);
registerInterface(isMessagePort);
portsAre(isMessagePort);

registerTransferable(
    isMessagePort,
    (port) => {
        if (endpointOf(port) === null) {
            throw cloneError("A MessagePort that was transferred is not there any more");
        }
        return detach(port);
    },
    (endpoint) => new MessagePort(INTERNAL, endpoint),
);
