// URLSearchParams. https://url.spec.whatwg.org/#interface-urlsearchparams

import { registerInterface } from "../format.js";
import { arraySort, stringSlice } from "../primordials.js";
import {
    INTERNAL,
    defineInterface,
    definePairIterable,
    forEachPair,
    isObject,
    requireArguments,
    toUSVString,
} from "../webidl.js";
import { parseForm, serializeForm } from "./form.js";
import { setEncodedQuery } from "./setters.js";

class ParamsState {
    constructor(list, urlState) {
        this.list = list; // names and values in turn
        this.urlState = urlState; // of the URL whose query this is, or null
    }
}

export let isURLSearchParams;
let stateOf;

export class URLSearchParams {
    #state;

    static {
        isURLSearchParams = (value) =>
            typeof value === "object" && value !== null && #state in value;
        stateOf = (params) => params.#state;
    }

    // new URLSearchParams(INTERNAL, urlState) makes those of a URL.
    constructor(init = "", urlState = undefined) {
        this.#state =
            init === INTERNAL
                ? new ParamsState(parseForm(urlState.url.query ?? ""), urlState)
                : new ParamsState(listFrom(init), null);
    }

    get size() {
        return this.#state.list.length / 2;
    }

    append(name, value) {
        const state = this.#state;
        requireArguments(arguments.length, 2, "append");
        const { list } = state;
        const nameString = toUSVString(name);
        const valueString = toUSVString(value);
        list[list.length] = nameString;
        list[list.length] = valueString;
        update(state);
    }

    delete(name, value = undefined) {
        const state = this.#state;
        requireArguments(arguments.length, 1, "delete");
        const isMeant = matcher(name, value);
        const kept = [];
        for (let i = 0; i < state.list.length; i += 2) {
            if (!isMeant(state.list, i)) {
                kept[kept.length] = state.list[i];
                kept[kept.length] = state.list[i + 1];
            }
        }
        state.list = kept;
        update(state);
    }

    get(name) {
        const { list } = this.#state;
        requireArguments(arguments.length, 1, "get");
        const wanted = toUSVString(name);
        for (let i = 0; i < list.length; i += 2) {
            if (list[i] === wanted) {
                return list[i + 1];
            }
        }
        return null;
    }

    getAll(name) {
        const { list } = this.#state;
        requireArguments(arguments.length, 1, "getAll");
        const wanted = toUSVString(name);
        const values = [];
        for (let i = 0; i < list.length; i += 2) {
            if (list[i] === wanted) {
                values[values.length] = list[i + 1];
            }
        }
        return values;
    }

    has(name, value = undefined) {
        const { list } = this.#state;
        requireArguments(arguments.length, 1, "has");
        const isMeant = matcher(name, value);
        for (let i = 0; i < list.length; i += 2) {
            if (isMeant(list, i)) {
                return true;
            }
        }
        return false;
    }

    set(name, value) {
        const state = this.#state;
        requireArguments(arguments.length, 2, "set");
        state.list = withPairSet(state.list, toUSVString(name), toUSVString(value));
        update(state);
    }

    sort() {
        const state = this.#state;
        state.list = sorted(state.list);
        update(state);
    }

    toString() {
        return serializeForm(this.#state.list);
    }
}

// Returns isMeant(list, index).
function matcher(name, value) {
    const wantedName = toUSVString(name);
    const wantedValue = value === undefined ? undefined : toUSVString(value);
    return (list, i) =>
        list[i] === wantedName && (wantedValue === undefined || list[i + 1] === wantedValue);
}

// The first pair of that name gets the value, the others go.
function withPairSet(list, name, value) {
    const result = [];
    let isSet = false;
    for (let i = 0; i < list.length; i += 2) {
        const isMeant = list[i] === name;
        if (!isMeant || !isSet) {
            result[result.length] = list[i];
            result[result.length] = isMeant ? value : list[i + 1];
        }
        isSet ||= isMeant;
    }
    if (!isSet) {
        result[result.length] = name;
        result[result.length] = value;
    }
    return result;
}

function sorted(list) {
    const pairs = [];
    for (let i = 0; i < list.length; i += 2) {
        pairs[i / 2] = { name: list[i], value: list[i + 1] };
    }
    arraySort(pairs, (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    const result = [];
    for (let i = 0; i < pairs.length; i++) {
        result[2 * i] = pairs[i].name;
        result[2 * i + 1] = pairs[i].value;
    }
    return result;
}

function update(state) {
    if (state.urlState !== null) {
        setEncodedQuery(state.urlState.url, serializeForm(state.list));
    }
}

function listFrom(init) {
    if (!isObject(init)) {
        const string = toUSVString(init);
        return parseForm(string[0] === "?" ? stringSlice(string, 1) : string);
    }
    let list = [];
    forEachPair(init, "URLSearchParams", (key, item, isRecord) => {
        const name = toUSVString(key);
        const value = toUSVString(item);
        if (isRecord) {
            list = withPairSet(list, name, value); // keys may become equal by the conversion
        } else {
            list[list.length] = name;
            list[list.length] = value;
        }
    });
    return list;
}

export function newSearchParams(urlState) {
    return new URLSearchParams(INTERNAL, urlState);
}

export function fillSearchParams(params, query) {
    stateOf(params).list = parseForm(query);
}

export function serializeSearchParams(params) {
    return serializeForm(stateOf(params).list);
}

definePairIterable("URLSearchParams", URLSearchParams, (params, index) => {
    const { list } = stateOf(params);
    return 2 * index < list.length ? [list[2 * index], list[2 * index + 1]] : undefined;
});
defineInterface("URLSearchParams", URLSearchParams);
registerInterface(isURLSearchParams, serializeSearchParams);
