// Names of header fields, and values. https://fetch.spec.whatwg.org/#headers

import {
    Map,
    TypeError,
    mapGet,
    mapSet,
    regExpExec,
    stringCharCodeAt,
    stringSlice,
    stringToLowerCase,
} from "./primordials.js";
import { toByteString } from "./webidl.js";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

// The names that nearly all messages have, as people and libraries write them: a look-up costs a
// tenth of a check.
const COMMON = [
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Accept-Ranges",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Age",
    "Allow",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Range",
    "Content-Security-Policy",
    "Content-Type",
    "Cookie",
    "Date",
    "ETag",
    "Expires",
    "Forwarded",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "Last-Modified",
    "Link",
    "Location",
    "Origin",
    "Range",
    "Referer",
    "Retry-After",
    "Server",
    "Server-Timing",
    "Set-Cookie",
    "Strict-Transport-Security",
    "Trailer",
    "Transfer-Encoding",
    "User-Agent",
    "Vary",
    "WWW-Authenticate",
    "X-Content-Type-Options",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Frame-Options",
    "X-Powered-By",
    "X-Real-IP",
    "X-Request-ID",
];

const lowerCase = new Map();
for (const name of COMMON) {
    mapSet(lowerCase, name, name.toLowerCase());
    mapSet(lowerCase, name.toLowerCase(), name.toLowerCase());
}

// Converts and checks a name, and returns it in lower case.
export function toHeaderName(value) {
    const known = mapGet(lowerCase, value);
    if (known !== undefined) {
        return known;
    }
    const name = toByteString(value, "A header's name");
    if (regExpExec(TOKEN, name) === null) {
        throw new TypeError(`"${name}" is not the name of a header`);
    }
    return stringToLowerCase(name);
}

// What a value may not have, or what makes work: characters above a byte, NUL and line ends, white
// space at either end.
const UNUSUAL = /[^\x01-\x09\x0b\x0c\x0e-\xff]|^[\t ]|[\t ]$/;

// Converts, checks and trims a value.
export function toHeaderValue(value) {
    const string = typeof value === "string" ? value : `${value}`;
    return regExpExec(UNUSUAL, string) === null ? string : normalize(string);
}

function normalize(string) {
    const value = trim(toByteString(string, "A header's value"));
    if (regExpExec(/[\0\r\n]/, value) !== null) {
        throw new TypeError("A header's value has a line end or a NUL");
    }
    return value;
}

function trim(string) {
    let start = 0;
    let end = string.length;
    while (start < end && isSpace(stringCharCodeAt(string, start))) {
        start++;
    }
    while (end > start && isSpace(stringCharCodeAt(string, end - 1))) {
        end--;
    }
    return stringSlice(string, start, end);
}

function isSpace(code) {
    return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}
