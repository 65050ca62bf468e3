// URL. https://url.spec.whatwg.org/#url-class

import { registerInterface } from "../format.js";
import { TypeError, regExpExec, stringSlice } from "../primordials.js";
import { INTERNAL, defineInterface, requireArguments, toUSVString } from "../webidl.js";
import { originOf, parseUrl } from "./parse.js";
import { fillSearchParams, newSearchParams } from "./searchparams.js";
import {
    setHash,
    setHost,
    setHostname,
    setPassword,
    setPathname,
    setPort,
    setProtocol,
    setSearch,
    setUsername,
} from "./setters.js";

class UrlState {
    constructor(url) {
        this.url = url;
        this.searchParams = null; // made when first asked for
    }
}

function searchParamsOf(state) {
    state.searchParams ??= newSearchParams(state);
    return state.searchParams;
}

function updateSearchParams(state) {
    if (state.searchParams !== null) {
        fillSearchParams(state.searchParams, state.url.query ?? "");
    }
}

export let isURL;
export let hrefOfURL;

export class URL {
    #state;

    static {
        isURL = (value) => typeof value === "object" && value !== null && #state in value;
        hrefOfURL = (url) => url.#state.url.href;
    }

    // new URL(INTERNAL, parsed) takes what parseUrl returned.
    constructor(url, base = undefined) {
        if (url === INTERNAL) {
            this.#state = new UrlState(base);
            return;
        }
        requireArguments(arguments.length, 1, "URL");
        this.#state = new UrlState(parseOrThrow(toUSVString(url), optionalUSVString(base)));
    }

    static parse(url, base = undefined) {
        requireArguments(arguments.length, 1, "URL.parse");
        const parsed = parseUrl(toUSVString(url), optionalUSVString(base));
        return parsed === null ? null : new URL(INTERNAL, parsed);
    }

    static canParse(url, base = undefined) {
        requireArguments(arguments.length, 1, "URL.canParse");
        return parseUrl(toUSVString(url), optionalUSVString(base)) !== null;
    }

    get href() {
        return this.#state.url.href;
    }

    set href(value) {
        const state = this.#state;
        state.url = parseOrThrow(toUSVString(value), undefined);
        updateSearchParams(state);
    }

    get origin() {
        return originOf(this.#state.url);
    }

    get protocol() {
        return this.#state.url.protocol;
    }

    set protocol(value) {
        setProtocol(this.#state.url, toUSVString(value));
    }

    get username() {
        return this.#state.url.username;
    }

    set username(value) {
        setUsername(this.#state.url, toUSVString(value));
    }

    get password() {
        return this.#state.url.password;
    }

    set password(value) {
        setPassword(this.#state.url, toUSVString(value));
    }

    get host() {
        const { hostname, port } = this.#state.url;
        return port === "" ? hostname : `${hostname}:${port}`;
    }

    set host(value) {
        setHost(this.#state.url, toUSVString(value));
    }

    get hostname() {
        return this.#state.url.hostname;
    }

    set hostname(value) {
        setHostname(this.#state.url, toUSVString(value));
    }

    get port() {
        return this.#state.url.port;
    }

    set port(value) {
        setPort(this.#state.url, toUSVString(value));
    }

    get pathname() {
        return this.#state.url.pathname;
    }

    set pathname(value) {
        setPathname(this.#state.url, toUSVString(value));
    }

    get search() {
        const { query } = this.#state.url;
        return query === null || query === "" ? "" : `?${query}`;
    }

    set search(value) {
        const state = this.#state;
        const given = toUSVString(value);
        const query = given[0] === "?" ? stringSlice(given, 1) : given;
        setSearch(state.url, given === "" ? null : query);
        // The parameters are those of what was given, and the URL's query loses line ends.
        if (state.searchParams !== null || regExpExec(LOST_IN_QUERY, query) !== null) {
            fillSearchParams(searchParamsOf(state), query);
        }
    }

    get searchParams() {
        return searchParamsOf(this.#state);
    }

    get hash() {
        const { fragment } = this.#state.url;
        return fragment === null || fragment === "" ? "" : `#${fragment}`;
    }

    set hash(value) {
        setHash(this.#state.url, toUSVString(value));
    }

    toJSON() {
        return this.#state.url.href;
    }

    toString() {
        return this.#state.url.href;
    }
}

const LOST_IN_QUERY = /[\t\n\r]/;

function optionalUSVString(value) {
    return value === undefined ? undefined : toUSVString(value);
}

function parseOrThrow(input, base) {
    const url = parseUrl(input, base);
    if (url === null) {
        const against = base === undefined ? "" : ` against the base "${base}"`;
        throw new TypeError(`Invalid URL: "${input}"${against}`);
    }
    return url;
}

defineInterface("URL", URL);
registerInterface(isURL, hrefOfURL);
