// MIME types. https://mimesniff.spec.whatwg.org/#understanding-mime-types

import {
    regExpExec,
    stringCharCodeAt,
    stringIndexOf,
    stringSlice,
    stringToLowerCase,
} from "./primordials.js";

class MimeType {
    constructor(type, subtype) {
        this.type = type;
        this.subtype = subtype;
        this.parameters = []; // names and values in turn
    }
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function isToken(text) {
    return regExpExec(TOKEN, text) !== null;
}

// Returns null on failure.
export function parseMimeType(input) {
    const text = trimHttpSpace(input);
    const slash = stringIndexOf(text, "/");
    if (slash < 0 || !isToken(stringSlice(text, 0, slash))) {
        return null;
    }
    const end = endOf(text, ";", slash);
    const subtype = trimHttpSpace(stringSlice(text, slash + 1, end), false);
    if (!isToken(subtype)) {
        return null;
    }
    const lowerType = stringToLowerCase(stringSlice(text, 0, slash));
    const result = new MimeType(lowerType, stringToLowerCase(subtype));
    let at = end;
    while (at < text.length) {
        at = parseParameter(text, at + 1, result.parameters);
    }
    return result;
}

// The MIME type of a Content-Type that may have come in several lines; null where it has none.
// https://fetch.spec.whatwg.org/#concept-header-extract-mime-type
export function extractMimeType(header) {
    let result = null;
    let start = 0;
    while (start <= header.length) {
        const end = endOfValue(header, start);
        const next = parseMimeType(stringSlice(header, start, end));
        if (next !== null && !(next.type === "*" && next.subtype === "*")) {
            keepCharset(result, next);
            result = next;
        }
        start = end + 1;
    }
    return result;
}

// Where the next comma stands that is in no quoted string, or the end.
function endOfValue(header, start) {
    let at = start;
    while (at < header.length && header[at] !== ",") {
        at = header[at] === '"' ? parseQuoted(header, at + 1).end + 1 : at + 1;
    }
    return at < header.length ? at : header.length;
}

// The same type again, without a charset, goes on with the one that was said.
function keepCharset(from, to) {
    if (from === null || from.type !== to.type || from.subtype !== to.subtype) {
        return;
    }
    const charset = parameterOf(from, "charset");
    if (charset !== null) {
        addParameter(to.parameters, "charset", charset);
    }
}

// Returns null where there is none.
export function parameterOf({ parameters }, name) {
    for (let i = 0; i < parameters.length; i += 2) {
        if (parameters[i] === name) {
            return parameters[i + 1];
        }
    }
    return null;
}

// Where a character stands next, or the end.
function endOf(text, character, start) {
    const found = stringIndexOf(text, character, start);
    return found < 0 ? text.length : found;
}

// Adds the parameter that begins behind a ";" if it is one; returns where the next ";" stands.
function parseParameter(text, start, parameters) {
    const semicolon = endOf(text, ";", start);
    const equals = endOf(text, "=", start);
    if (equals >= semicolon) {
        return semicolon;
    }
    const name = stringToLowerCase(trimLeft(stringSlice(text, start, equals)));
    const isQuoted = text[equals + 1] === '"';
    const quoted = isQuoted ? parseQuoted(text, equals + 2) : null;
    const end = isQuoted ? endOf(text, ";", quoted.end) : semicolon;
    const value = isQuoted
        ? quoted.value
        : trimHttpSpace(stringSlice(text, equals + 1, end), false);
    if (isQuoted || value !== "") {
        addParameter(parameters, name, value);
    }
    return end;
}

// https://fetch.spec.whatwg.org/#collect-an-http-quoted-string, behind the first quotation mark.
function parseQuoted(text, start) {
    let value = "";
    let at = start;
    while (at < text.length && text[at] !== '"') {
        if (text[at] === "\\" && at + 1 < text.length) {
            at++;
        }
        value += text[at++];
    }
    return { value, end: at };
}

function addParameter(parameters, name, value) {
    if (!isToken(name) || regExpExec(VALUE, value) === null) {
        return;
    }
    for (let i = 0; i < parameters.length; i += 2) {
        if (parameters[i] === name) {
            return;
        }
    }
    parameters[parameters.length] = name;
    parameters[parameters.length] = value;
}

export function serializeMimeType({ type, subtype, parameters }) {
    let text = `${type}/${subtype}`;
    for (let i = 0; i < parameters.length; i += 2) {
        text += `;${parameters[i]}=${serializeValue(parameters[i + 1])}`;
    }
    return text;
}

function serializeValue(value) {
    if (isToken(value)) {
        return value;
    }
    let text = "";
    for (let i = 0; i < value.length; i++) {
        text += value[i] === '"' || value[i] === "\\" ? `\\${value[i]}` : value[i];
    }
    return `"${text}"`;
}

function trimLeft(text) {
    let start = 0;
    while (start < text.length && isHttpSpace(stringCharCodeAt(text, start))) {
        start++;
    }
    return stringSlice(text, start);
}

// Without HTTP white space at the end and, unless it is to stay, at the start.
export function trimHttpSpace(text, isStartTrimmed = true) {
    let end = text.length;
    while (end > 0 && isHttpSpace(stringCharCodeAt(text, end - 1))) {
        end--;
    }
    const trimmed = stringSlice(text, 0, end);
    return isStartTrimmed ? trimLeft(trimmed) : trimmed;
}

function isHttpSpace(code) {
    return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
