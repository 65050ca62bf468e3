// console. https://console.spec.whatwg.org/
//
// Counts, clocks and groups are a task's: the next one starts with none.

import { inspect } from "./format.js";
import { host } from "./host.js";
import {
    Map,
    String,
    captureStackTrace,
    create,
    floor,
    mapDelete,
    mapGet,
    mapSet,
    max,
    parseFloat,
    parseInt,
    stringCharCodeAt,
    stringIndexOf,
    stringRepeat,
    stringSlice,
} from "./primordials.js";
import { formatTable } from "./table.js";
import { currentTask } from "./tasks.js";
import { isObject, setClassString, toDOMString } from "./webidl.js";

const DEBUG = 0;
const INFO = 1;
const WARN = 2;
const ERROR = 3;

const MAX_INDENT = 40;

class State {
    constructor() {
        this.indent = "";
        this.counts = new Map(); // by label
        this.starts = new Map(); // of clocks, by label
    }
}

// Whether any task has opened a group, so that other workers' lines need not ask for their task.
let areGroupsUsed = false;

// What a task's remainder does after the task's end is nobody's business.
function currentState() {
    const task = currentTask();
    if (task === null) {
        return new State();
    }
    return (task.console ??= new State());
}

function print(level, text) {
    host.log(level, areGroupsUsed ? indented(text) : text);
}

function indented(text) {
    const { indent } = currentState();
    if (indent === "") {
        return text;
    }
    let result = indent;
    let start = 0;
    for (;;) {
        const end = stringIndexOf(text, "\n", start);
        if (end < 0) {
            return result + stringSlice(text, start);
        }
        result += stringSlice(text, start, end + 1) + indent;
        start = end + 1;
    }
}

function write(level, args) {
    if (args.length > 0) {
        print(level, formatArguments(args));
    }
}

// The standard's Logger and Formatter: format specifiers of a first string, then the rest.
function formatArguments(args) {
    if (args.length === 1) {
        return show(args[0]);
    }
    let text = "";
    let used = 0;
    if (typeof args[0] === "string") {
        ({ text, used } = substitute(args));
    }
    for (let i = used; i < args.length; i++) {
        text += i === 0 ? show(args[i]) : ` ${show(args[i])}`;
    }
    return text;
}

function show(value) {
    return typeof value === "string" ? value : inspect(value);
}

const PERCENT = 0x25;

// Returns the text and how many arguments went into it.
function substitute(args) {
    const format = args[0];
    let text = "";
    let used = 1;
    let copied = 0;
    for (let at = stringIndexOf(format, "%"); at >= 0; at = stringIndexOf(format, "%", at + 2)) {
        const isEscape = stringCharCodeAt(format, at + 1) === PERCENT;
        const convert = specifiers[format[at + 1]];
        if (isEscape) {
            text += stringSlice(format, copied, at + 1);
        } else if (convert !== undefined && used < args.length) {
            text += stringSlice(format, copied, at) + convert(args[used++]);
        } else {
            continue;
        }
        copied = at + 2;
    }
    return { text: text + stringSlice(format, copied), used };
}

const toNumberText = (parse) => (value) => {
    if (typeof value === "symbol") {
        return "NaN";
    }
    return typeof value === "bigint" ? `${value}n` : String(parse(isObject(value) ? NaN : value));
};

const specifiers = {
    __proto__: null,
    s: (value) => (isObject(value) ? inspect(value, 1) : String(value)),
    d: toNumberText((value) => parseInt(value, 10)),
    i: toNumberText((value) => parseInt(value, 10)),
    f: toNumberText(parseFloat),
    o: (value) => inspect(value),
    O: (value) => inspect(value),
    c: () => "",
};

function labelOf(value) {
    return value === undefined ? "default" : toDOMString(value);
}

function writeElapsed(label, args) {
    const { starts } = currentState();
    const start = mapGet(starts, label);
    if (start === undefined) {
        print(WARN, `There is no clock "${label}": console.time starts one`);
        return;
    }
    const rest = args.length > 0 ? ` ${formatArguments(args)}` : "";
    print(INFO, `${label}: ${formatMilliseconds(host.now() - start)}${rest}`);
}

function formatMilliseconds(ms) {
    return `${floor(ms * 10 + 0.5) / 10} ms`;
}

function openGroup(args) {
    write(INFO, args);
    areGroupsUsed = true;
    const state = currentState();
    if (state.indent.length < MAX_INDENT) {
        state.indent += "  ";
    }
}

function stackHere(caller) {
    const holder = {};
    captureStackTrace(holder, caller);
    const newline = stringIndexOf(holder.stack, "\n");
    return newline < 0 ? "" : host.showStack(stringSlice(holder.stack, newline));
}

const methods = {
    log(...data) {
        write(INFO, data);
    },
    info(...data) {
        write(INFO, data);
    },
    debug(...data) {
        write(DEBUG, data);
    },
    warn(...data) {
        write(WARN, data);
    },
    error(...data) {
        write(ERROR, data);
    },
    trace(...data) {
        const message = data.length > 0 ? `Trace: ${formatArguments(data)}` : "Trace";
        print(INFO, message + stackHere(methods.trace));
    },
    assert(condition = false, ...data) {
        if (!condition) {
            const rest = data.length > 0 ? `: ${formatArguments(data)}` : "";
            print(ERROR, `Assertion failed${rest}`);
        }
    },
    dir(item = undefined, options = undefined) {
        print(INFO, inspect(item));
    },
    dirxml(...data) {
        write(INFO, data);
    },
    table(data = undefined, properties = undefined) {
        if (isObject(data) && typeof data !== "function") {
            print(INFO, formatTable(data, properties));
        } else {
            write(INFO, [data]);
        }
    },
    count(label = undefined) {
        const name = labelOf(label);
        const { counts } = currentState();
        const count = (mapGet(counts, name) ?? 0) + 1;
        mapSet(counts, name, count);
        print(INFO, `${name}: ${count}`);
    },
    countReset(label = undefined) {
        const name = labelOf(label);
        if (!mapDelete(currentState().counts, name)) {
            print(WARN, `There is no count "${name}"`);
        }
    },
    group(...data) {
        openGroup(data);
    },
    groupCollapsed(...data) {
        openGroup(data);
    },
    groupEnd() {
        const state = currentState();
        state.indent = stringRepeat(" ", max(0, state.indent.length - 2));
    },
    time(label = undefined) {
        const name = labelOf(label);
        const { starts } = currentState();
        if (mapGet(starts, name) !== undefined) {
            print(WARN, `The clock "${name}" runs already`);
        } else {
            mapSet(starts, name, host.now());
        }
    },
    timeLog(label = undefined, ...data) {
        writeElapsed(labelOf(label), data);
    },
    timeEnd(label = undefined) {
        const name = labelOf(label);
        writeElapsed(name, []);
        mapDelete(currentState().starts, name);
    },
    clear() {},
};

// A namespace object: its prototype is an empty object of its own.
export const console = Object.assign(create(create(Object.prototype)), methods);
setClassString(console, "console");
