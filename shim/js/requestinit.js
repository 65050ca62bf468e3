// What a worker may say about a request it makes. https://fetch.spec.whatwg.org/#requestinit

import { isAbortSignal } from "./abort.js";
import { TypeError, regExpExec, stringToUpperCase } from "./primordials.js";
import { parseUrl } from "./url/parse.js";
import {
    enumeration,
    toByteString,
    toDOMString,
    toDictionary,
    toEnumeration,
    toUSVString,
} from "./webidl.js";

// What hardly any request sets.
export class Options {
    constructor() {
        this.cache = "default";
        this.credentials = "same-origin";
        this.integrity = "";
        this.isKeptAlive = false;
        this.mode = "cors";
        this.redirect = "follow";
        this.referrer = "about:client";
        this.referrerPolicy = "";
    }
}

export const DEFAULT_OPTIONS = new Options();

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NORMALIZED = enumeration("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT");
const FORBIDDEN = enumeration("CONNECT", "TRACE", "TRACK");

function toMethod(value) {
    const method = toByteString(value, "Request: the method");
    const upper = stringToUpperCase(method);
    if (regExpExec(TOKEN, method) === null || upper in FORBIDDEN) {
        throw new TypeError(`Request: the method cannot be "${method}"`);
    }
    return upper in NORMALIZED ? upper : method;
}

const CACHES = enumeration(
    "default",
    "no-store",
    "reload",
    "no-cache",
    "force-cache",
    "only-if-cached",
);
const CREDENTIALS = enumeration("omit", "same-origin", "include");
const DUPLEXES = enumeration("half");
const MODES = enumeration("cors", "no-cors", "same-origin", "navigate");
const PRIORITIES = enumeration("high", "low", "auto");
const REDIRECTS = enumeration("follow", "error", "manual");
const POLICIES = enumeration(
    "",
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
);

// The members of a RequestInit, converted, in the order that Web IDL reads them.
export function readInit(init) {
    const members = toDictionary(init, "Request: the second argument");
    if (members === undefined) {
        return undefined;
    }
    const read = (name, convert) => {
        const value = members[name];
        return value === undefined ? undefined : convert(value);
    };
    const oneOf = (name, allowed) =>
        read(name, (value) => toEnumeration(value, allowed, `Request: ${name}`));
    return {
        body: members.body,
        cache: oneOf("cache", CACHES),
        credentials: oneOf("credentials", CREDENTIALS),
        duplex: oneOf("duplex", DUPLEXES),
        headers: members.headers,
        integrity: read("integrity", toDOMString),
        keepalive: read("keepalive", (value) => !!value),
        method: read("method", toMethod),
        mode: oneOf("mode", MODES),
        priority: oneOf("priority", PRIORITIES),
        redirect: oneOf("redirect", REDIRECTS),
        referrer: read("referrer", toReferrer),
        referrerPolicy: oneOf("referrerPolicy", POLICIES),
        signal: read("signal", toSignal),
        window: read("window", requireNull),
    };
}

function toSignal(value) {
    if (value !== null && !isAbortSignal(value)) {
        throw new TypeError("Request: signal is not an AbortSignal");
    }
    return value;
}

function requireNull(value) {
    if (value !== null) {
        throw new TypeError("Request: window can only be null");
    }
}

// The options of a request, changed as an init says.
export function changeOptions(from, init) {
    const to = new Options();
    to.cache = init.cache ?? from.cache;
    to.credentials = init.credentials ?? from.credentials;
    to.integrity = init.integrity ?? from.integrity;
    to.isKeptAlive = init.keepalive ?? from.isKeptAlive;
    to.mode = init.mode ?? from.mode;
    to.redirect = init.redirect ?? from.redirect;
    to.referrer = init.referrer ?? from.referrer;
    to.referrerPolicy = init.referrerPolicy ?? from.referrerPolicy;
    if (to.mode === "navigate" && init.mode !== undefined) {
        throw new TypeError('Request: mode cannot be "navigate"');
    }
    if (to.cache === "only-if-cached" && to.mode !== "same-origin") {
        throw new TypeError('Request: cache "only-if-cached" needs mode "same-origin"');
    }
    return to;
}

// A worker has no origin that a referrer could be of: it can only ask for none.
function toReferrer(value) {
    const referrer = toUSVString(value);
    if (referrer === "") {
        return "";
    }
    if (parseUrl(referrer) === null) {
        throw new TypeError(`Request: the referrer "${referrer}" is not an absolute URL`);
    }
    return "about:client";
}
