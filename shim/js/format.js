// Values as text, for console and for exceptions that nobody caught.
//
// Nothing of the value is called (getters, toString, toJSON) but an error's name, message and
// stack. Proxies may run code all the same: what throws is replaced by a text that says so. Depth,
// width and the whole are bounded.

import { host } from "./host.js";
import {
    Error,
    RangeError,
    Set,
    String,
    arrayBufferByteLength,
    arrayJoin,
    bigintValueOf,
    booleanValueOf,
    dataViewByteLength,
    dateGetTime,
    dateToIsoString,
    functionToString,
    getOwnPropertyDescriptor,
    getPrototypeOf,
    is,
    isArray,
    isNaN,
    isView,
    mapForEach,
    mapSize,
    numberValueOf,
    objectHasOwn,
    objectToString,
    ownKeys,
    regExpExec,
    regExpFlags,
    regExpSource,
    setAdd,
    setDelete,
    setForEach,
    setHas,
    setSize,
    stringIndexOf,
    stringRepeat,
    stringSlice,
    stringStartsWith,
    stringValueOf,
    stringifyJson,
    symbolToString,
    symbolValueOf,
    typedArrayLength,
    typedArrayName,
} from "./primordials.js";
import { isObject } from "./webidl.js";

const MAX_DEPTH = 4;
const MAX_ITEMS = 100;
const MAX_LISTED = 1000; // longer arrays are not asked for what else they have: indices are keys too
const MAX_STRING = 10_000;
const MAX_TOTAL = 100_000;
const MAX_LINE = 72;

// The interfaces whose objects have an inside. describe(value) returns what to show of it: a plain
// object, or a string.
const platformInterfaces = [];

export function registerInterface(isOne, describe = () => ({})) {
    platformInterfaces[platformInterfaces.length] = { isOne, describe };
}

// Derived interfaces were registered after those that they derive from.
function interfaceOf(value) {
    for (let i = platformInterfaces.length - 1; i >= 0; i--) {
        if (platformInterfaces[i].isOne(value)) {
            return platformInterfaces[i];
        }
    }
    return null;
}

export function isPlatformObject(value) {
    return isObject(value) && interfaceOf(value) !== null;
}

export function inspect(value, depth = MAX_DEPTH) {
    try {
        return format(value, new Walk(depth), 0);
    } catch {
        return "[value that cannot be shown]";
    }
}

class Walk {
    constructor(depth) {
        this.depth = depth;
        this.parents = new Set(); // of what is shown at the moment: a repetition is a cycle
        this.budget = MAX_TOTAL; // characters left
    }
}

function format(value, walk, level) {
    if (walk.budget <= 0) {
        return "...";
    }
    const text = isObject(value) ? formatObject(value, walk, level) : formatPrimitive(value);
    walk.budget -= text.length;
    return text;
}

function formatPrimitive(value) {
    switch (typeof value) {
        case "string":
            return quote(value);
        case "number":
            return is(value, -0) ? "-0" : String(value);
        case "bigint":
            return `${value}n`;
        case "symbol":
            return symbolToString(value);
        default:
            return String(value);
    }
}

function quote(string) {
    if (string.length <= MAX_STRING) {
        return stringifyJson(string);
    }
    const rest = string.length - MAX_STRING;
    return `${stringifyJson(stringSlice(string, 0, MAX_STRING))}... ${rest} more characters`;
}

function formatObject(value, walk, level) {
    if (setHas(walk.parents, value)) {
        return "[Circular]";
    }
    setAdd(walk.parents, value);
    let text;
    try {
        text = describe(value, walk, level);
    } catch {
        text = "[object that cannot be shown]";
    }
    setDelete(walk.parents, value);
    return text;
}

function describe(value, walk, level) {
    const known = interfaceOf(value);
    if (known !== null) {
        return describePlatformObject(value, known.describe(value), walk, level);
    }
    if (typeof value === "function") {
        return describeFunction(value, walk, level);
    }
    if (isArray(value)) {
        return describeArray(value, walk, level);
    }
    return describeBuiltIn(value, walk, level) ?? describePlain(value, walk, level);
}

function describePlatformObject(value, shown, walk, level) {
    const name = nameOf(value);
    if (typeof shown === "string") {
        return `${name} { ${quote(shown)} }`;
    }
    if (level >= walk.depth) {
        return `[${name}]`;
    }
    const texts = memberTexts(shown, walk, level);
    return wrap(`${name} `, "{", memberTexts(value, walk, level, isOfEvery, texts), "}", level);
}

// An own property that every event has.
function isOfEvery(key) {
    return key === "isTrusted";
}

function describeFunction(value, walk, level) {
    const isClass = stringStartsWith(functionToString(value), "class");
    const name = ownData(value, "name");
    const label = typeof name === "string" && name !== "" ? name : "(anonymous)";
    const head = isClass ? `[class ${label}]` : `[Function: ${label}]`;
    const members = memberTexts(value, walk, level);
    return members.length === 0 ? head : wrap(`${head} `, "{", members, "}", level);
}

function describeArray(value, walk, level) {
    const name = nameOf(value);
    const prefix = name === "Array" ? "" : `${name}(${value.length}) `;
    if (level >= walk.depth) {
        return `[${name}]`;
    }
    const texts = itemTexts(value, value.length, walk, level);
    if (value.length <= MAX_LISTED) {
        memberTexts(value, walk, level, isIndex, texts);
    }
    return wrap(prefix, "[", texts, "]", level);
}

function isIndex(key) {
    return typeof key === "string" && (key === "length" || regExpExec(/^\d+$/, key) !== null);
}

function itemTexts(array, length, walk, level) {
    const texts = [];
    for (let i = 0; i < length && texts.length < MAX_ITEMS; i++) {
        const hole = holeLength(array, i, length);
        if (hole > 0) {
            texts[texts.length] = `<${hole} empty item${hole === 1 ? "" : "s"}>`;
            i += hole - 1;
        } else {
            texts[texts.length] = format(array[i], walk, level + 1);
        }
        if (texts.length === MAX_ITEMS && i + 1 < length) {
            texts[texts.length] = `... ${length - i - 1} more items`;
        }
    }
    return texts;
}

// Bounded, since a sparse array may claim billions of them.
function holeLength(array, start, length) {
    let end = start;
    while (end < length && end - start < MAX_TOTAL && !objectHasOwn(array, end)) {
        end++;
    }
    return end - start === MAX_TOTAL ? length - start : end - start;
}

function describePlain(value, walk, level) {
    const name = nameOf(value);
    const prefix = name === "Object" ? "" : `${name} `;
    if (level >= walk.depth) {
        return `[${name}]`;
    }
    return wrap(prefix, "{", memberTexts(value, walk, level), "}", level);
}

// Own enumerable properties, "key: value"; accessors are named, not called.
// Texts that are given come first.
function memberTexts(object, walk, level, isLeftOut = undefined, texts = []) {
    if (level >= walk.depth) {
        return texts;
    }
    const keys = ownKeys(object);
    for (let i = 0; i < keys.length; i++) {
        const key = keys[i];
        if (isLeftOut !== undefined && isLeftOut(key)) {
            continue;
        }
        const descriptor = getOwnPropertyDescriptor(object, key);
        if (descriptor === undefined || !descriptor.enumerable) {
            continue;
        }
        if (texts.length === MAX_ITEMS) {
            texts[texts.length] = "... more properties";
            break;
        }
        texts[texts.length] = `${formatKey(key)}: ${formatMember(descriptor, walk, level)}`;
    }
    return texts;
}

function formatKey(key) {
    if (typeof key === "symbol") {
        return `[${symbolToString(key)}]`;
    }
    return regExpExec(/^[A-Za-z_$][\w$]*$/, key) !== null ? key : quote(key);
}

function formatMember(descriptor, walk, level) {
    if (objectHasOwn(descriptor, "value")) {
        return format(descriptor.value, walk, level + 1);
    }
    if (descriptor.get === undefined) {
        return "[Setter]";
    }
    return descriptor.set === undefined ? "[Getter]" : "[Getter/Setter]";
}

// The built-ins with something inside that is no property. The class string is a hint, which
// anybody can fake: the functions that read the inside throw for what is not theirs, and the
// object is then shown as a plain one.
function describeBuiltIn(value, walk, level) {
    try {
        const tag = stringSlice(objectToString(value), 8, -1);
        if (tag === "Error" || value instanceof Error) {
            return describeError(value, walk, level);
        }
        if (isView(value)) {
            return describeView(value, walk, level);
        }
        const describeInside = insides[tag];
        return describeInside === undefined ? undefined : describeInside(value, walk, level);
    } catch (error) {
        if (error instanceof RangeError) {
            throw error;
        }
        return undefined;
    }
}

const insides = {
    __proto__: null,
    ArrayBuffer: (value) => `ArrayBuffer { byteLength: ${arrayBufferByteLength(value)} }`,
    BigInt: (value) => `[BigInt: ${bigintValueOf(value)}n]`,
    Boolean: (value) => `[Boolean: ${booleanValueOf(value)}]`,
    Date: (value) => (isNaN(dateGetTime(value)) ? "Invalid Date" : dateToIsoString(value)),
    Map: describeMap,
    Number: (value) => `[Number: ${formatPrimitive(numberValueOf(value))}]`,
    RegExp: (value) => `/${regExpSource(value)}/${regExpFlags(value)}`,
    Set: describeSet,
    String: (value) => `[String: ${quote(stringValueOf(value))}]`,
    Symbol: (value) => `[Symbol: ${symbolToString(symbolValueOf(value))}]`,
};

function describeMap(map, walk, level) {
    const size = mapSize(map);
    const texts = [];
    mapForEach(map, (value, key) => {
        if (texts.length < MAX_ITEMS && level < walk.depth) {
            const shownKey = format(key, walk, level + 1);
            texts[texts.length] = `${shownKey} => ${format(value, walk, level + 1)}`;
        }
    });
    addRest(texts, size);
    return wrap(`${nameOf(map)}(${size}) `, "{", texts, "}", level);
}

function describeSet(set, walk, level) {
    const size = setSize(set);
    const texts = [];
    setForEach(set, (value) => {
        if (texts.length < MAX_ITEMS && level < walk.depth) {
            texts[texts.length] = format(value, walk, level + 1);
        }
    });
    addRest(texts, size);
    return wrap(`${nameOf(set)}(${size}) `, "{", texts, "}", level);
}

function addRest(texts, size) {
    if (texts.length < size) {
        texts[texts.length] = `... ${size - texts.length} more items`;
    }
}

function describeView(view, walk, level) {
    const name = typedArrayName(view);
    if (name === undefined) {
        return `DataView { byteLength: ${dataViewByteLength(view)} }`;
    }
    const length = typedArrayLength(view);
    if (level >= walk.depth) {
        return `[${name}(${length})]`;
    }
    return wrap(`${name}(${length}) `, "[", itemTexts(view, length, walk, level), "]", level);
}

function describeError(error, walk, level) {
    const isShownElsewhere = (key) => key === "stack" || key === "message" || key === "cause";
    const members = memberTexts(error, walk, level, isShownElsewhere);
    const cause = getOwnPropertyDescriptor(error, "cause");
    if (cause !== undefined && level < walk.depth) {
        members[members.length] = `[cause]: ${formatMember(cause, walk, level)}`;
    }
    const errors = getOwnPropertyDescriptor(error, "errors");
    if (errors !== undefined && !errors.enumerable && level < walk.depth) {
        members[members.length] = `[errors]: ${formatMember(errors, walk, level)}`;
    }
    const head = headOfError(error);
    return members.length === 0 ? head : wrap(`${head} `, "{", members, "}", level);
}

// The stack, which begins with name and message unless they were changed after the error was made.
function headOfError(error) {
    const name = stringOf(error, "name", "Error");
    const message = stringOf(error, "message", "");
    const summary = message === "" ? name : `${name}: ${message}`;
    const { stack } = error;
    if (typeof stack !== "string" || stack === "") {
        return `[${summary}]`;
    }
    const shown = host.showStack(stack);
    return message !== "" && stringIndexOf(stack, message) < 0 ? `${summary}\n${shown}` : shown;
}

function stringOf(error, key, otherwise) {
    const value = error[key];
    return typeof value === "string" ? value : otherwise;
}

// The name of the class that made an object.
function nameOf(object) {
    for (let at = object; at !== null; at = getPrototypeOf(at)) {
        const constructor = ownData(at, "constructor");
        if (typeof constructor === "function") {
            const name = ownData(constructor, "name");
            if (typeof name === "string" && name !== "") {
                return name;
            }
        }
    }
    return "[Object: null prototype]";
}

function ownData(object, key) {
    const descriptor = getOwnPropertyDescriptor(object, key);
    return descriptor === undefined || !objectHasOwn(descriptor, "value")
        ? undefined
        : descriptor.value;
}

// On one line where it is short, else one part a line.
function wrap(prefix, open, parts, close, level) {
    if (parts.length === 0) {
        return `${prefix}${open}${close}`;
    }
    const line = `${prefix}${open} ${arrayJoin(parts, ", ")} ${close}`;
    if (line.length <= MAX_LINE && stringIndexOf(line, "\n") < 0) {
        return line;
    }
    const indent = `\n${stringRepeat("  ", level)}`;
    return `${prefix}${open}${indent}  ${arrayJoin(parts, `,${indent}  `)}${indent}${close}`;
}
