// Headers. https://fetch.spec.whatwg.org/#headers-class
//
// A message's headers come and go as one string, "name\nvalue\n" for each. It is taken apart when
// somebody first asks, and what nobody touched leaves as it came.

import { copyOf } from "./arrays.js";
import { registerInterface } from "./format.js";
import { toHeaderName, toHeaderValue } from "./headernames.js";
import { TypeError, arraySort, stringIndexOf, stringSlice, symbolIterator } from "./primordials.js";
import {
    INTERNAL,
    defineInterface,
    definePairIterable,
    forEachPair,
    isObject,
    requireArguments,
} from "./webidl.js";

// A list of headers in the order they were added; names in lower case.
export class HeaderList {
    constructor(flat) {
        this.flat = flat; // the one string; null where the pairs are newer
        this.pairs = null; // names and values in turn; null where nobody has asked
        this.sorted = null; // as iteration shows them; null where it is to be made anew
        this.isImmutable = false;
    }
}

function pairsOf(list) {
    if (list.pairs === null) {
        list.pairs = split(list.flat);
    }
    return list.pairs;
}

function split(flat) {
    const pairs = [];
    let start = 0;
    while (start < flat.length) {
        const end = stringIndexOf(flat, "\n", start);
        pairs[pairs.length] = stringSlice(flat, start, end);
        start = end + 1;
    }
    return pairs;
}

// The pairs, to be changed.
function changingPairs(list) {
    const pairs = pairsOf(list);
    list.flat = null;
    list.sorted = null;
    return pairs;
}

export function flatten(list) {
    if (list.flat === null) {
        let flat = "";
        const { pairs } = list;
        for (let i = 0; i < pairs.length; i += 2) {
            flat += `${pairs[i]}\n${pairs[i + 1]}\n`;
        }
        list.flat = flat;
    }
    return list.flat;
}

// The same without those whose names isLeftOut(name) tells.
export function flattenWithout(list, isLeftOut) {
    const pairs = pairsOf(list);
    let flat = "";
    for (let i = 0; i < pairs.length; i += 2) {
        if (!isLeftOut(pairs[i])) {
            flat += `${pairs[i]}\n${pairs[i + 1]}\n`;
        }
    }
    return flat;
}

export function copyList(list) {
    const copy = new HeaderList(list.flat);
    copy.pairs = list.pairs === null ? null : copyOf(list.pairs);
    return copy;
}

// The functions on lists take names in lower case and values that were checked.

export function getHeader(list, name) {
    const pairs = pairsOf(list);
    let value = null;
    for (let i = 0; i < pairs.length; i += 2) {
        if (pairs[i] === name) {
            value = value === null ? pairs[i + 1] : `${value}, ${pairs[i + 1]}`;
        }
    }
    return value;
}

export function hasHeader(list, name) {
    const pairs = pairsOf(list);
    for (let i = 0; i < pairs.length; i += 2) {
        if (pairs[i] === name) {
            return true;
        }
    }
    return false;
}

export function appendHeader(list, name, value) {
    const pairs = changingPairs(list);
    pairs[pairs.length] = name;
    pairs[pairs.length] = value;
}

export function setHeader(list, name, value) {
    const pairs = changingPairs(list);
    for (let i = 0; i < pairs.length; i += 2) {
        if (pairs[i] === name) {
            pairs[i + 1] = value;
            removeFollowing(pairs, i + 2, name);
            return;
        }
    }
    pairs[pairs.length] = name;
    pairs[pairs.length] = value;
}

export function deleteHeader(list, name) {
    removeFollowing(changingPairs(list), 0, name);
}

function removeFollowing(pairs, start, name) {
    let kept = start;
    for (let i = start; i < pairs.length; i += 2) {
        if (pairs[i] !== name) {
            pairs[kept++] = pairs[i];
            pairs[kept++] = pairs[i + 1];
        }
    }
    pairs.length = kept;
}

// Adds what a HeadersInit holds.
export function fillHeaders(list, init) {
    if (isHeaders(init) && isUntouched(init)) {
        const pairs = pairsOf(listOf(init));
        for (let i = 0; i < pairs.length; i += 2) {
            appendHeader(list, pairs[i], pairs[i + 1]);
        }
        return;
    }
    if (!isObject(init)) {
        throw new TypeError("Headers are given as an object or as pairs");
    }
    forEachPair(init, "Headers", (name, value) => {
        appendHeader(list, toHeaderName(name), toHeaderValue(value));
    });
}

// https://fetch.spec.whatwg.org/#concept-header-list-sort-and-combine
function sortAndCombine(list) {
    const pairs = pairsOf(list);
    const entries = [];
    for (let i = 0; i < pairs.length; i += 2) {
        const name = pairs[i];
        if (name === "set-cookie") {
            entries[entries.length] = { name, value: pairs[i + 1], order: i };
        } else if (isFirstOfName(pairs, i)) {
            entries[entries.length] = { name, value: getHeader(list, name), order: i };
        }
    }
    return arraySort(entries, compareEntries);
}

function isFirstOfName(pairs, index) {
    for (let i = 0; i < index; i += 2) {
        if (pairs[i] === pairs[index]) {
            return false;
        }
    }
    return true;
}

function compareEntries(a, b) {
    if (a.name === b.name) {
        return a.order - b.order;
    }
    return a.name < b.name ? -1 : 1;
}

export let isHeaders;
export let listOf;

export class Headers {
    #list;

    static {
        isHeaders = (value) => typeof value === "object" && value !== null && #list in value;
        listOf = (headers) => headers.#list;
    }

    // new Headers(INTERNAL, list) shows a list.
    constructor(init = undefined, shown = undefined) {
        if (init === INTERNAL) {
            this.#list = shown;
            return;
        }
        const list = new HeaderList("");
        if (init !== undefined) {
            fillHeaders(list, init);
        }
        this.#list = list;
    }

    append(name, value) {
        const list = this.#list;
        requireArguments(arguments.length, 2, "append");
        const headerName = toHeaderName(name);
        const headerValue = toHeaderValue(value);
        requireMutable(list);
        appendHeader(list, headerName, headerValue);
    }

    delete(name) {
        const list = this.#list;
        requireArguments(arguments.length, 1, "delete");
        const headerName = toHeaderName(name);
        requireMutable(list);
        deleteHeader(list, headerName);
    }

    get(name) {
        const list = this.#list;
        requireArguments(arguments.length, 1, "get");
        return getHeader(list, toHeaderName(name));
    }

    getSetCookie() {
        const pairs = pairsOf(this.#list);
        const cookies = [];
        for (let i = 0; i < pairs.length; i += 2) {
            if (pairs[i] === "set-cookie") {
                cookies[cookies.length] = pairs[i + 1];
            }
        }
        return cookies;
    }

    has(name) {
        const list = this.#list;
        requireArguments(arguments.length, 1, "has");
        return hasHeader(list, toHeaderName(name));
    }

    set(name, value) {
        const list = this.#list;
        requireArguments(arguments.length, 2, "set");
        const headerName = toHeaderName(name);
        const headerValue = toHeaderValue(value);
        requireMutable(list);
        setHeader(list, headerName, headerValue);
    }
}

function requireMutable(list) {
    if (list.isImmutable) {
        throw new TypeError(
            "These headers are immutable: make new Headers() of them to change some",
        );
    }
}

definePairIterable("Headers", Headers, (headers, index) => {
    const list = listOf(headers);
    list.sorted ??= sortAndCombine(list);
    const entry = list.sorted[index];
    return entry === undefined ? undefined : [entry.name, entry.value];
});
defineInterface("Headers", Headers);
registerInterface(isHeaders, (headers) => {
    const shown = { __proto__: null };
    const entries = sortAndCombine(listOf(headers));
    for (let i = 0; i < entries.length; i++) {
        shown[entries[i].name] = entries[i].value;
    }
    return shown;
});

// Whether iterating shows what is in the list: nobody has replaced the iterator. (What a worker
// does to the iterator's prototype is not looked for.)
const { entries } = Headers.prototype;

function isUntouched(headers) {
    return headers[symbolIterator] === entries;
}
