// application/x-www-form-urlencoded. https://url.spec.whatwg.org/#application/x-www-form-urlencoded
//
// A list is an array of names and values in turn.

import { regExpExec, stringIndexOf, stringSlice } from "../primordials.js";
import { decodeFormString, isFormPercentEncode, utf8PercentEncodeString } from "./percent.js";

export function parseForm(string) {
    const list = [];
    let start = 0;
    while (start < string.length) {
        const mark = stringIndexOf(string, "&", start);
        const end = mark < 0 ? string.length : mark;
        if (end > start) {
            addPair(list, stringSlice(string, start, end));
        }
        start = end + 1;
    }
    return list;
}

function addPair(list, part) {
    const equals = stringIndexOf(part, "=");
    const name = equals < 0 ? part : stringSlice(part, 0, equals);
    const value = equals < 0 ? "" : stringSlice(part, equals + 1);
    list[list.length] = decodeFormString(name);
    list[list.length] = decodeFormString(value);
}

const PLAIN = /^[a-zA-Z0-9*._-]*$/;

function encode(string) {
    return regExpExec(PLAIN, string) !== null
        ? string
        : utf8PercentEncodeString(string, isFormPercentEncode, true);
}

export function serializeForm(list) {
    let text = "";
    for (let i = 0; i < list.length; i += 2) {
        text += `${i === 0 ? "" : "&"}${encode(list[i])}=${encode(list[i + 1])}`;
    }
    return text;
}
