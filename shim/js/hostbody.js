// Bodies that stream between the worker and the host: what comes in is a stream that asks the host
// for bytes when it is pulled; what goes out is read from the worker's stream as far as the host
// has given room. Neither runs ahead of the other.
//
// A body is known by its task and a number: 0 is the task's own (the request's that comes in, the
// answer's that goes out), any other that of the subrequest with this number.

import { removeFrom } from "./arrays.js";
import { DOMException } from "./domexception.js";
import { host } from "./host.js";
import {
    Promise,
    TypeError,
    Uint8Array,
    min,
    promiseThen,
    typedArrayLength,
    typedArrayName,
} from "./primordials.js";
import {
    acquireReader,
    cancelStream,
    closeByteStream,
    enqueueBytes,
    errorByteStream,
    newByteStream,
    readChunk,
} from "./streams/streams.js";
import { endingReason, findTask, isInFlight, onTaskEnd } from "./tasks.js";

// What the host says of a body.
const CHUNK = 0; // an ArrayBuffer; undefined where the worker has no memory left for it
const ENDED = 1;
const FAILED = 2; // why
const ROOM = 3; // how many bytes more may go out
const CANCELLED = 4;

// What is written at once.
const PART = 65536;

class Incoming {
    constructor(task, id, onEnd) {
        this.task = task;
        this.id = id;
        this.onEnd = onEnd;
        this.isOut = false;
        this.stream = null;
        this.resolve = null; // while the host is asked for bytes
        this.reject = null;
    }
}

class Outgoing {
    constructor(task, id, stream, onError) {
        this.task = task;
        this.id = id;
        this.onError = onError;
        this.isOut = true;
        this.stream = stream;
        this.room = 0;
        this.wake = null; // while there is none
        this.isOver = false; // cancelled, or its task has ended
        this.cancelling = null; // a promise: of the worker's having dealt with it
    }
}

function register(body) {
    const { task } = body;
    task.bodies ??= [];
    task.bodies[task.bodies.length] = body;
}

function find({ bodies }, id, isOut) {
    for (let i = 0; bodies !== null && i < bodies.length; i++) {
        if (bodies[i].id === id && bodies[i].isOut === isOut) {
            return bodies[i];
        }
    }
    return undefined;
}

// The stream of a body that comes in. onEnd is called when the host is not asked any more, unless
// it is null.
export function streamFromHost(task, id, onEnd) {
    const body = new Incoming(task, id, onEnd);
    body.stream = newByteStream(
        () => pull(body),
        async () => cancel(body),
    );
    register(body);
    return body.stream;
}

function pull(body) {
    return new Promise((resolve, reject) => {
        if (!isInFlight(body.task)) {
            throw endingReason();
        }
        body.resolve = resolve;
        body.reject = reject;
        host.pullBody(body.task.ticket, body.id);
    });
}

// It is over, and the task in flight.
function forget(body) {
    removeFrom(body.task.bodies, body);
    if (!body.isOut && body.onEnd !== null) {
        body.onEnd();
    }
}

function cancel(body) {
    if (isInFlight(body.task)) {
        forget(body);
        host.cancelBody(body.task.ticket, body.id);
    }
}

// The bodies of a subrequest that is not wanted any more end with an error.
export function dropStream(task, id, reason) {
    const incoming = isInFlight(task) ? find(task, id, false) : undefined;
    const outgoing = isInFlight(task) ? find(task, id, true) : undefined;
    if (incoming !== undefined) {
        cancel(incoming);
        errorByteStream(incoming.stream, reason);
    }
    if (outgoing !== undefined) {
        stop(outgoing);
    }
}

function take(body, buffer) {
    if (buffer === undefined) {
        cancel(body);
        body.reject(new TypeError("There is no memory left for the body"));
        return;
    }
    enqueueBytes(body.stream, new Uint8Array(buffer));
    body.resolve();
}

function end(body) {
    forget(body);
    closeByteStream(body.stream);
    body.resolve();
}

function breakOff(body, message) {
    forget(body);
    body.reject(new TypeError(message));
}

// Sends a stream that nobody has read or locked as a body. A promise of the end, which is never
// rejected: the host hears what goes wrong, unless onError(error) says that it need not.
export function sendStream(task, id, stream, onError) {
    const body = new Outgoing(task, id, stream, onError);
    register(body);
    return send(body, acquireReader(stream));
}

async function send(body, reader) {
    const { task, id, stream } = body;
    try {
        await sendAll(body, reader);
    } catch (error) {
        if (!body.isOver) {
            removeFrom(task.bodies, body);
            body.isOver = true;
            if (!body.onError(error)) {
                host.failBody(task.ticket, id, error);
            }
            ignore(cancelStream(stream, error));
        }
    }
    if (body.cancelling !== null) {
        await body.cancelling;
        host.endBody(task.ticket, id);
    }
}

async function sendAll(body, reader) {
    for (;;) {
        await roomIn(body);
        const next = body.isOver ? null : await readChunk(reader);
        if (body.isOver) {
            return;
        }
        if (next === null) {
            removeFrom(body.task.bodies, body);
            host.endBody(body.task.ticket, body.id);
            return;
        }
        await sendChunk(body, next.chunk);
    }
}

async function sendChunk(body, chunk) {
    if (typedArrayName(chunk) !== "Uint8Array") {
        throw new TypeError("A chunk of the body's stream is not a Uint8Array");
    }
    const length = typedArrayLength(chunk);
    let at = 0;
    while (at < length) {
        await roomIn(body);
        if (body.isOver) {
            return;
        }
        const part = min(length - at, body.room, PART);
        host.writeBody(body.task.ticket, body.id, chunk, at, part);
        at += part;
        body.room -= part;
    }
}

function roomIn(body) {
    if (body.room > 0 || body.isOver) {
        return undefined;
    }
    return new Promise((resolve) => {
        body.wake = resolve;
    });
}

function wake(body) {
    if (body.wake !== null) {
        body.wake();
        body.wake = null;
    }
}

function stop(body) {
    removeFrom(body.task.bodies, body);
    body.isOver = true;
    body.cancelling = ignore(
        cancelStream(body.stream, new DOMException("Nobody reads the body any more", "AbortError")),
    );
    wake(body);
}

// A promise that is not rejected.
function ignore(promise) {
    return promiseThen(promise, nothing, nothing);
}

function nothing() {}

// The host's call.
export function bodyChanged(ticket, id, change, value) {
    const task = findTask(ticket);
    const body = task === null ? undefined : find(task, id, change >= ROOM);
    if (body === undefined) {
        return;
    }
    switch (change) {
        case CHUNK:
            take(body, value);
            break;
        case ENDED:
            end(body);
            break;
        case FAILED:
            breakOff(body, value);
            break;
        case ROOM:
            body.room += value;
            wake(body);
            break;
        case CANCELLED:
            stop(body);
            break;
    }
}

onTaskEnd(({ bodies }) => {
    if (bodies === null) {
        return;
    }
    const reason = bodies.length > 0 ? endingReason() : null;
    for (let i = 0; i < bodies.length; i++) {
        if (bodies[i].isOut) {
            bodies[i].isOver = true;
            ignore(cancelStream(bodies[i].stream, reason));
            wake(bodies[i]);
        } else {
            errorByteStream(bodies[i].stream, reason);
        }
    }
});
