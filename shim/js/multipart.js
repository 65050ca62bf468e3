// multipart/form-data, both ways: RFC 7578, as HTML writes it
// (https://html.spec.whatwg.org/#multipart-form-data) and Fetch reads it.

import { bytesOfBlob, nameOfFile, newFile, toType, typeOfBlob } from "./blob.js";
import { joinBytes, subBytes } from "./buffers.js";
import { host } from "./host.js";
import { replaceNewlines } from "./newlines.js";
import {
    TypeError,
    Uint8Array,
    min,
    regExpExec,
    stringSlice,
    stringToLowerCase,
    typedArrayIndexOf,
    typedArrayLength,
} from "./primordials.js";

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;

// Longer headers of one part are refused.
const MAX_HEADER_BYTES = 16384;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function newBoundary() {
    const random = new Uint8Array(24);
    host.random(random);
    let text = "----formdata-isoyard-";
    for (let i = 0; i < 24; i++) {
        text += ALPHABET[random[i] & 63];
    }
    return text;
}

// Entries have a name and a value, which is a string or a File.
export function encodeMultipart(entries, boundary) {
    const chunks = [];
    let text = "";
    for (let i = 0; i < entries.length; i++) {
        const { name, value } = entries[i];
        const label = escape(replaceNewlines(name, "\r\n"));
        text += `--${boundary}\r\nContent-Disposition: form-data; name="${label}"`;
        if (typeof value === "string") {
            text += `\r\n\r\n${replaceNewlines(value, "\r\n")}\r\n`;
            continue;
        }
        text += `; filename="${escape(nameOfFile(value))}"\r\n`;
        text += `Content-Type: ${typeOfBlob(value) || "application/octet-stream"}\r\n\r\n`;
        chunks[chunks.length] = host.encodeUtf8(text);
        chunks[chunks.length] = bytesOfBlob(value);
        text = "\r\n";
    }
    chunks[chunks.length] = host.encodeUtf8(`${text}--${boundary}--\r\n`);
    return joinBytes(chunks);
}

const SPECIAL = /["\r\n]/;
const ESCAPES = { __proto__: null, '"': "%22", "\r": "%0D", "\n": "%0A" };

function escape(text) {
    if (regExpExec(SPECIAL, text) === null) {
        return text;
    }
    let result = "";
    for (let i = 0; i < text.length; i++) {
        result += ESCAPES[text[i]] ?? text[i];
    }
    return result;
}

class Reader {
    constructor(bytes, boundary) {
        this.bytes = bytes;
        this.length = typedArrayLength(bytes);
        this.at = 0;
        this.delimiter = host.encodeUtf8(`\r\n--${boundary}`);
    }
}

// The names and values in turn of a form; a value is a string or a File. Takes the bytes. Throws a
// TypeError where they are malformed.
export function parseMultipart(bytes, boundary) {
    const reader = new Reader(bytes, boundary);
    const list = [];
    if (!startsWith(reader, 0, 2)) {
        malformed("it does not begin with the boundary");
    }
    reader.at = typedArrayLength(reader.delimiter) - 2;
    while (!isLast(reader)) {
        const part = readHeaders(reader);
        const content = readContent(reader);
        list[list.length] = part.name;
        list[list.length] = valueOf(part, content);
    }
    return list;
}

function malformed(why) {
    throw new TypeError(`The body is not well-formed multipart/form-data: ${why}`);
}

// Whether the delimiter, from its byte `skipped` on, stands at a place.
function startsWith({ bytes, length, delimiter }, at, skipped) {
    const count = typedArrayLength(delimiter) - skipped;
    if (length - at < count) {
        return false;
    }
    for (let i = 0; i < count; i++) {
        if (bytes[at + i] !== delimiter[skipped + i]) {
            return false;
        }
    }
    return true;
}

// Reads what follows a boundary: "--" behind the last one, whatever then comes; else white space
// and the end of the line.
function isLast(reader) {
    const { bytes } = reader;
    if (bytes[reader.at] === DASH && bytes[reader.at + 1] === DASH) {
        return true;
    }
    while (bytes[reader.at] === 0x20 || bytes[reader.at] === 0x09) {
        reader.at++;
    }
    if (bytes[reader.at] !== CR || bytes[reader.at + 1] !== LF) {
        malformed("a boundary is followed by something else");
    }
    reader.at += 2;
    return false;
}

const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*/;

function readHeaders(reader) {
    const part = { __proto__: null, name: null, filename: null, type: null };
    const end = min(reader.length, reader.at + MAX_HEADER_BYTES);
    for (;;) {
        const lineEnd = findLineEnd(reader, end);
        const line = host.decodeUtf8(subBytes(reader.bytes, reader.at, lineEnd), false, true);
        reader.at = lineEnd + 2;
        if (line === "") {
            break;
        }
        const field = regExpExec(FIELD, line);
        if (field === null) {
            malformed("a part has a line that is no header");
        }
        const value = trimEnd(stringSlice(line, field[0].length));
        readField(part, stringToLowerCase(field[1]), value);
    }
    if (part.name === null) {
        malformed("a part has no name");
    }
    return part;
}

// Without blanks at the end. A regular expression would look at each of many blanks again and again.
function trimEnd(text) {
    let end = text.length;
    while (end > 0 && (text[end - 1] === " " || text[end - 1] === "\t")) {
        end--;
    }
    return stringSlice(text, 0, end);
}

function findLineEnd({ bytes, at }, end) {
    const found = typedArrayIndexOf(bytes, CR, at);
    if (found < 0 || found + 1 >= end || bytes[found + 1] !== LF) {
        malformed("a part's headers do not end, or are too long");
    }
    return found;
}

function readField(part, name, value) {
    if (name === "content-disposition") {
        readDisposition(part, value);
    } else if (name === "content-type") {
        part.type = value;
    }
}

const FORM_DATA = /^form-data[\t ]*(?=;|$)/i;

// A quotation mark inside is written %22, or \" by some.
const PARAMETER = /^;[\t ]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:\\"|[^"])*)"|([^;"\t ]*))[\t ]*/;

function readDisposition(part, value) {
    const start = regExpExec(FORM_DATA, value);
    if (start === null) {
        malformed("a part is not form-data");
    }
    let rest = stringSlice(value, start[0].length);
    while (rest !== "") {
        const parameter = regExpExec(PARAMETER, rest);
        if (parameter === null) {
            malformed("a part's Content-Disposition is malformed");
        }
        const name = stringToLowerCase(parameter[1]);
        if (name === "name" || name === "filename") {
            part[name] = parameter[2] === undefined ? parameter[3] : unescape(parameter[2]);
        }
        rest = stringSlice(rest, parameter[0].length);
    }
}

const ESCAPED = /%0A|%0D|%22|\\"/;
const ESCAPED_CHARACTERS = { __proto__: null, "%0A": "\n", "%0D": "\r", "%22": '"', '\\"': '"' };

function unescape(text) {
    let result = "";
    let rest = text;
    let found;
    while ((found = regExpExec(ESCAPED, rest)) !== null) {
        result += stringSlice(rest, 0, found.index) + ESCAPED_CHARACTERS[found[0]];
        rest = stringSlice(rest, found.index + found[0].length);
    }
    return result + rest;
}

// The bytes up to the next delimiter, which is read, too.
function readContent(reader) {
    const { bytes, at } = reader;
    let end = typedArrayIndexOf(bytes, CR, at);
    while (end >= 0 && !startsWith(reader, end, 0)) {
        end = typedArrayIndexOf(bytes, CR, end + 1);
    }
    if (end < 0) {
        malformed("the last boundary is missing");
    }
    reader.at = end + typedArrayLength(reader.delimiter);
    return subBytes(bytes, at, end);
}

function valueOf({ filename, type }, content) {
    return filename === null
        ? host.decodeUtf8(content, false, true)
        : newFile(content, toType(type ?? "text/plain"), filename);
}
