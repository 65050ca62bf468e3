// URLs as strings in parts. https://url.spec.whatwg.org/#url-parsing
//
// whatwg-url's state machine is the parser; it walks code points and takes tens of microseconds.
// Most URLs that a worker sees are plain http and https ones in which nothing needs to be changed,
// encoded or resolved: regular expressions find those and cut them up in less than one.

import "./standins.js";
import {
    basicURLParse,
    serializeHost,
    serializePath,
    serializeURL,
    serializeURLOrigin,
} from "whatwg-url/lib/url-state-machine.js";
import { regExpExec, stringCharCodeAt, stringSlice, stringToLowerCase } from "../primordials.js";

// What the getters of URL need. query and fragment are null where there is none.
export class ParsedUrl {
    constructor(protocol, host, port, path, query, fragment) {
        this.protocol = protocol; // with the colon
        this.username = "";
        this.password = "";
        this.hostname = host;
        this.port = port;
        this.pathname = path;
        this.query = query;
        this.fragment = fragment;
        this.href = "";
    }
}

// Only characters that stand for themselves in their part.
const PATH = "\\/[!$-;=@-\\[\\]_a-z|~]*";
const QUERY = "[!$-&(-;=?-~]*";
const FRAGMENT = "[!#-;=?-_a-~]*";
const TAIL = `(?:\\?(${QUERY}))?(?:#(${FRAGMENT}))?$`;

const SIMPLE_URL = new RegExp(`^(https?:)//([a-zA-Z0-9_.-]+)(?::(\\d{1,5}))?(${PATH})?${TAIL}`);
const SIMPLE_REFERENCE = new RegExp(`^(${PATH})${TAIL}`);
const SIMPLE_PATH = new RegExp(`^${PATH}$`);
const SIMPLE_QUERY = new RegExp(`^${QUERY}$`);
const SIMPLE_FRAGMENT = new RegExp(`^${FRAGMENT}$`);

// Parts that call for the whole parser: dot segments, numbers that an IPv4 address may be written
// in other than as the serializer does, punycode.
const DOT_SEGMENT = /\/(?:\.|%2[eE])/;
const NUMBER_OR_PUNYCODE = /(?:^|\.)(?:\d[^.]*\.?$|[xX][nN]--)/;
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const NORMAL_IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const UPPER_CASE = /[A-Z]/;

const SLASH = 0x2f;

// Parses a string without lone surrogates; null on failure. base: a string, or undefined.
export function parseUrl(input, base = undefined) {
    if (base === undefined) {
        return parseSimple(input) ?? fromRecord(basicURLParse(input));
    }
    const parsedBase = parseUrl(base);
    if (parsedBase === null) {
        return null;
    }
    return (
        parseSimple(input) ??
        resolveSimple(input, parsedBase) ??
        fromRecord(basicURLParse(input, { baseURL: basicURLParse(parsedBase.href) }))
    );
}

function parseSimple(input) {
    const match = regExpExec(SIMPLE_URL, input);
    if (match === null) {
        return null;
    }
    const path = match[4] ?? "/";
    const port = normalPort(match[1], match[3]);
    if (port === null || regExpExec(DOT_SEGMENT, path) !== null) {
        return null;
    }
    let host = match[2];
    if (regExpExec(NUMBER_OR_PUNYCODE, host) !== null && regExpExec(NORMAL_IPV4, host) === null) {
        return null;
    }
    const isNormal = regExpExec(UPPER_CASE, host) === null;
    if (!isNormal) {
        host = stringToLowerCase(host);
    }
    const url = new ParsedUrl(match[1], host, port, path, match[5] ?? null, match[6] ?? null);
    const isWhole = isNormal && match[4] !== undefined && (match[3] ?? "") === port;
    url.href = isWhole ? input : hrefOf(url);
    return url;
}

// The digits as the serializer writes them; null where they are no port.
function normalPort(protocol, digits) {
    if (digits === undefined) {
        return "";
    }
    const number = +digits;
    if (number > 65535) {
        return null;
    }
    return number === (protocol === "http:" ? 80 : 443) ? "" : `${number}`;
}

// "/path?query#fragment" against a plain URL.
function resolveSimple(input, base) {
    if (!isPlain(base) || stringCharCodeAt(input, 1) === SLASH) {
        return null;
    }
    const match = regExpExec(SIMPLE_REFERENCE, input);
    if (match === null || regExpExec(DOT_SEGMENT, match[1]) !== null) {
        return null;
    }
    const { protocol, hostname, port } = base;
    const query = match[2] ?? null;
    const url = new ParsedUrl(protocol, hostname, port, match[1], query, match[3] ?? null);
    url.href = hrefOf(url);
    return url;
}

// Whether the parts, joined, are the href.
function isPlain(url) {
    const isWeb = url.protocol === "https:" || url.protocol === "http:";
    return isWeb && url.username === "" && url.password === "";
}

function hrefOf(url) {
    const port = url.port === "" ? "" : `:${url.port}`;
    const query = url.query === null ? "" : `?${url.query}`;
    const fragment = url.fragment === null ? "" : `#${url.fragment}`;
    return `${url.protocol}//${url.hostname}${port}${url.pathname}${query}${fragment}`;
}

// From what whatwg-url's parser returns.
function fromRecord(record) {
    if (record === null) {
        return null;
    }
    const url = new ParsedUrl("", "", "", "", null, null);
    takeRecord(url, record);
    return url;
}

function takeRecord(url, record) {
    url.protocol = `${record.scheme}:`;
    url.username = record.username;
    url.password = record.password;
    url.hostname = record.host === null ? "" : serializeHost(record.host);
    url.port = record.port === null ? "" : `${record.port}`;
    url.pathname = serializePath(record);
    url.query = record.query;
    url.fragment = record.fragment;
    url.href = serializeURL(record);
}

export function hrefWithoutFragment(url) {
    return url.fragment === null
        ? url.href
        : stringSlice(url.href, 0, url.href.length - url.fragment.length - 1);
}

export function originOf(url) {
    if (!isPlain(url)) {
        return serializeURLOrigin(basicURLParse(url.href));
    }
    return `${url.protocol}//${url.hostname}${url.port === "" ? "" : `:${url.port}`}`;
}

// Changes a URL in place through change(record) of whatwg-url's record.
export function changeUrl(url, change) {
    const record = basicURLParse(url.href);
    change(record);
    takeRecord(url, record);
}

// Sets a part and says whether that could be done by joining strings.
export function setPathSimply(url, path) {
    const isSimple =
        isPlain(url) && regExpExec(SIMPLE_PATH, path) && !regExpExec(DOT_SEGMENT, path);
    if (isSimple) {
        url.pathname = path;
        url.href = hrefOf(url);
    }
    return isSimple;
}

export function setQuerySimply(url, query) {
    const isSimple = isPlain(url) && (query === null || regExpExec(SIMPLE_QUERY, query));
    if (isSimple) {
        url.query = query;
        url.href = hrefOf(url);
    }
    return isSimple;
}

export function setFragmentSimply(url, fragment) {
    const isSimple = isPlain(url) && (fragment === null || regExpExec(SIMPLE_FRAGMENT, fragment));
    if (isSimple) {
        url.fragment = fragment;
        url.href = hrefOf(url);
    }
    return isSimple;
}
