// data: URLs. https://fetch.spec.whatwg.org/#data-urls

import { host } from "./host.js";
import { parseMimeType, serializeMimeType, trimHttpSpace } from "./mimetype.js";
import {
    Uint8Array,
    fromCharCode,
    regExpExec,
    stringCharCodeAt,
    stringIndexOf,
    stringSlice,
    stringStartsWith,
    typedArrayLength,
} from "./primordials.js";
import { fetchedResponse } from "./response.js";
import { percentDecodeString } from "./url/percent.js";

const BASE64 = /; *base64$/i;

// The response to a request for a data: URL; null where that is none.
export function fetchData({ method }, url) {
    const fragment = stringIndexOf(url, "#");
    const end = fragment < 0 ? url.length : fragment;
    const comma = stringIndexOf(url, ",");
    if (comma < 0 || comma >= end) {
        return null;
    }
    let type = trimHttpSpace(stringSlice(url, "data:".length, comma));
    let body = percentDecodeString(stringSlice(url, comma + 1, end));
    const mark = regExpExec(BASE64, type);
    if (mark !== null) {
        type = stringSlice(type, 0, mark.index);
        body = decodeBase64(body);
    }
    if (body === null) {
        return null;
    }
    const headers = `content-type\n${typeOf(type)}\n`;
    return fetchedResponse(200, "OK", url, false, headers, method === "HEAD" ? null : body);
}

function typeOf(text) {
    const parsed = parseMimeType(stringStartsWith(text, ";") ? `text/plain${text}` : text);
    return parsed === null ? "text/plain;charset=US-ASCII" : serializeMimeType(parsed);
}

function decodeBase64(bytes) {
    const length = typedArrayLength(bytes);
    let text = "";
    for (let i = 0; i < length; i++) {
        text += fromCharCode(bytes[i]);
    }
    const decoded = host.base64Decode(text);
    if (decoded === undefined) {
        return null;
    }
    const result = new Uint8Array(decoded.length);
    for (let i = 0; i < decoded.length; i++) {
        result[i] = stringCharCodeAt(decoded, i);
    }
    return result;
}
