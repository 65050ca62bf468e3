// ErrorEvent, and the global's "error" event for exceptions that nobody caught.
// https://html.spec.whatwg.org/multipage/webappapis.html#the-errorevent-interface

import { Event, stateOfEvent } from "./event.js";
import { defineEventHandler, fire, handlersOfErrorsTake, hasListener } from "./eventtarget.js";
import { registerInterface } from "./format.js";
import { host } from "./host.js";
import { global } from "./primordials.js";
import { onException } from "./report.js";
import { currentTask } from "./tasks.js";
import {
    INTERNAL,
    defineInterface,
    requireArguments,
    toDOMString,
    toDictionary,
    toUSVString,
    toUnsignedLong,
} from "./webidl.js";

class Description {
    constructor(message, filename, line, column, error) {
        this.message = message;
        this.filename = filename;
        this.line = line;
        this.column = column;
        this.error = error;
    }
}

let isErrorEvent;
let descriptionOf;

export class ErrorEvent extends Event {
    #description;

    static {
        isErrorEvent = (value) => #description in value;
        descriptionOf = (event) => event.#description;
    }

    // new ErrorEvent(INTERNAL, description) makes the event of an exception.
    constructor(type, init = undefined) {
        requireArguments(arguments.length, 1, "ErrorEvent");
        if (type === INTERNAL) {
            super(INTERNAL, "error");
            this.#description = init;
            stateOfEvent(this).isCancelable = true;
        } else {
            super(type, init);
            this.#description = readInit(init);
        }
    }

    get message() {
        return this.#description.message;
    }

    get filename() {
        return this.#description.filename;
    }

    get lineno() {
        return this.#description.line;
    }

    get colno() {
        return this.#description.column;
    }

    get error() {
        return this.#description.error;
    }
}

function readInit(init) {
    const members = toDictionary(init, "ErrorEvent: the second argument");
    if (members === undefined) {
        return new Description("", "", 0, 0, undefined);
    }
    const { colno = 0, error, filename = "", lineno = 0, message = "" } = members;
    return new Description(
        toDOMString(message),
        toUSVString(filename),
        toUnsignedLong(lineno),
        toUnsignedLong(colno),
        error,
    );
}

function describe(error) {
    const parts = host.describeException(error);
    return new Description(`Uncaught ${parts[0]}`, parts[1], parts[2], parts[3], error);
}

// An exception of a listener for exceptions is only logged.
function announce(error) {
    const task = hasListener(global, "error") ? currentTask() : null;
    if (task === null || task.isReporting) {
        return false;
    }
    const event = new ErrorEvent(INTERNAL, describe(error));
    task.isReporting = true;
    fire(global, event);
    task.isReporting = false;
    return stateOfEvent(event).isCanceled;
}

onException(announce);

// onerror of the global is given five arguments, and cancels by returning true.
handlersOfErrorsTake((event) => {
    if (!isErrorEvent(event)) {
        return null;
    }
    const { message, filename, line, column, error } = descriptionOf(event);
    return [message, filename, line, column, error];
});

defineEventHandler(global, "error");
defineInterface("ErrorEvent", ErrorEvent);
registerInterface(
    (value) => isErrorEvent(value),
    ({ type, message, filename, lineno, colno, error }) => ({
        type,
        message,
        filename,
        lineno,
        colno,
        error,
    }),
);
