// What the setters of URL do. https://url.spec.whatwg.org/#api
//
// Each takes a ParsedUrl and a string without lone surrogates, and changes the URL in place or,
// where the string does not fit, not at all.

import "./standins.js";
import {
    basicURLParse,
    cannotHaveAUsernamePasswordPort,
    hasAnOpaquePath,
    setThePassword,
    setTheUsername,
} from "whatwg-url/lib/url-state-machine.js";
import { stringSlice } from "../primordials.js";
import { changeUrl, setFragmentSimply, setPathSimply, setQuerySimply } from "./parse.js";

function parseInto(record, input, stateOverride) {
    basicURLParse(input, { url: record, stateOverride });
}

export function setProtocol(url, value) {
    changeUrl(url, (record) => parseInto(record, `${value}:`, "scheme start"));
}

export function setUsername(url, value) {
    changeUrl(url, (record) => {
        if (!cannotHaveAUsernamePasswordPort(record)) {
            setTheUsername(record, value);
        }
    });
}

export function setPassword(url, value) {
    changeUrl(url, (record) => {
        if (!cannotHaveAUsernamePasswordPort(record)) {
            setThePassword(record, value);
        }
    });
}

export function setHost(url, value) {
    setHostPart(url, value, "host");
}

export function setHostname(url, value) {
    setHostPart(url, value, "hostname");
}

function setHostPart(url, value, stateOverride) {
    changeUrl(url, (record) => {
        if (!hasAnOpaquePath(record)) {
            parseInto(record, value, stateOverride);
        }
    });
}

export function setPort(url, value) {
    changeUrl(url, (record) => {
        if (cannotHaveAUsernamePasswordPort(record)) {
            return;
        }
        if (value === "") {
            record.port = null;
        } else {
            parseInto(record, value, "port");
        }
    });
}

export function setPathname(url, value) {
    if (setPathSimply(url, value)) {
        return;
    }
    changeUrl(url, (record) => {
        if (!hasAnOpaquePath(record)) {
            record.path = [];
            parseInto(record, value, "path start");
        }
    });
}

// "" is an empty query, null none.
export function setSearch(url, query) {
    if (setQuerySimply(url, query)) {
        return;
    }
    changeUrl(url, (record) => {
        record.query = query === null ? null : "";
        if (query !== null) {
            parseInto(record, query, "query");
        }
    });
}

// A query that is encoded already; "" is none.
export function setEncodedQuery(url, query) {
    const value = query === "" ? null : query;
    if (!setQuerySimply(url, value)) {
        changeUrl(url, (record) => {
            record.query = value;
        });
    }
}

export function setHash(url, value) {
    const fragment = value === "" ? null : withoutFirst(value, "#");
    if (setFragmentSimply(url, fragment)) {
        return;
    }
    changeUrl(url, (record) => {
        record.fragment = fragment === null ? null : "";
        if (fragment !== null) {
            parseInto(record, fragment, "fragment");
        }
    });
}

function withoutFirst(value, mark) {
    return value[0] === mark ? stringSlice(value, 1) : value;
}
