// URLPattern. https://urlpattern.spec.whatwg.org/
//
// The package does the work; this makes its class what Web IDL says.

import { URLPattern as Pattern } from "urlpattern-polyfill/urlpattern";

import { registerInterface } from "../format.js";
import { TypeError } from "../primordials.js";
import { defineInterface, isObject, toDictionary, toUSVString } from "../webidl.js";

// Of URLPatternInit, in the order in which a dictionary is read.
const MEMBERS = [
    "baseURL",
    "hash",
    "hostname",
    "password",
    "pathname",
    "port",
    "protocol",
    "search",
    "username",
];

// (USVString or URLPatternInit)
function toInput(value, where) {
    if (value !== undefined && value !== null && !isObject(value)) {
        return toUSVString(value);
    }
    const given = toDictionary(value, where);
    const init = { __proto__: null };
    for (let i = 0; given !== undefined && i < MEMBERS.length; i++) {
        const member = given[MEMBERS[i]];
        if (member !== undefined) {
            init[MEMBERS[i]] = toUSVString(member);
        }
    }
    return init;
}

function toOptions(value) {
    const members = toDictionary(value, "URLPattern: the options");
    return { __proto__: null, ignoreCase: !!members?.ignoreCase };
}

// What test() and exec() take.
function readArguments(input, baseURL) {
    const base = baseURL === undefined ? undefined : toUSVString(baseURL);
    const wanted = toInput(input, "The first argument");
    if (base !== undefined && typeof wanted !== "string") {
        throw new TypeError("A base URL belongs to a string: give it as a member of the object");
    }
    return { wanted, base };
}

export class URLPattern {
    #pattern;

    static {
        registerInterface(
            (value) => #pattern in value,
            ({ protocol, hostname, port, pathname, search, hash }) => ({
                protocol,
                hostname,
                port,
                pathname,
                search,
                hash,
            }),
        );
    }

    // (input = {}, options) or (input, baseURL, options)
    constructor(input = undefined, baseURL = undefined, options = undefined) {
        const hasBase = arguments.length > 2 || (baseURL !== undefined && !isObject(baseURL));
        const wanted = toInput(input, "URLPattern: the first argument");
        if (hasBase && baseURL !== null) {
            const base = toUSVString(baseURL);
            this.#pattern = new Pattern(wanted, base, toOptions(options));
        } else {
            this.#pattern = new Pattern(wanted, toOptions(hasBase ? options : baseURL));
        }
    }

    test(input = undefined, baseURL = undefined) {
        const pattern = this.#pattern;
        const { wanted, base } = readArguments(input, baseURL);
        return pattern.test(wanted, base);
    }

    exec(input = undefined, baseURL = undefined) {
        const pattern = this.#pattern;
        const { wanted, base } = readArguments(input, baseURL);
        return pattern.exec(wanted, base);
    }

    get protocol() {
        return this.#pattern.protocol;
    }

    get username() {
        return this.#pattern.username;
    }

    get password() {
        return this.#pattern.password;
    }

    get hostname() {
        return this.#pattern.hostname;
    }

    get port() {
        return this.#pattern.port;
    }

    get pathname() {
        return this.#pattern.pathname;
    }

    get search() {
        return this.#pattern.search;
    }

    get hash() {
        return this.#pattern.hash;
    }

    get hasRegExpGroups() {
        return this.#pattern.hasRegExpGroups;
    }
}

defineInterface("URLPattern", URLPattern);
