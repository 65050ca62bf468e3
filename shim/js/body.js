// Bodies of requests and responses, whole. https://fetch.spec.whatwg.org/#body-mixin
//
// A holder is the state of a Request or a Response, with the fields
//     body          null: none; a string; a Uint8Array that nobody else can change; or HOST_BODY.
//                   A stream will be one more
//     isBodyUsed    somebody has read it, or has taken it over
//     isBodyShared  a clone has the same Uint8Array
//     ticket        of the request that HOST_BODY belongs to
//     isBodyText    HOST_BODY is known to be well-formed UTF-8

import { bytesOf, copyBytes, isBufferSource } from "./buffers.js";
import { host } from "./host.js";
import {
    TypeError,
    Uint8Array,
    arrayBufferByteLength,
    parseJson,
    stringSlice,
    typedArrayBuffer,
    typedArrayByteLength,
} from "./primordials.js";
import { isURLSearchParams, serializeSearchParams } from "./url/searchparams.js";
import { toUSVString } from "./webidl.js";

// An incoming request's body that the host still keeps.
export const HOST_BODY = { __proto__: null };

// The body that a BodyInit stands for.
export function bodyFrom(init) {
    if (typeof init === "string") {
        return init;
    }
    if (isBufferSource(init)) {
        return copyBytes(bytesOf(init));
    }
    return isURLSearchParams(init) ? serializeSearchParams(init) : `${init}`;
}

export const TEXT_TYPE = "text/plain;charset=UTF-8";
const FORM_TYPE = "application/x-www-form-urlencoded;charset=UTF-8";

// The Content-Type that it implies; null where it implies none.
export function typeOf(init) {
    if (typeof init === "string") {
        return TEXT_TYPE;
    }
    if (isBufferSource(init)) {
        return null;
    }
    return isURLSearchParams(init) ? FORM_TYPE : TEXT_TYPE;
}

function requireUsable(holder) {
    if (holder.isBodyUsed) {
        throw new TypeError("The body was used already: a body can be read once; clone() before");
    }
}

// Takes the body out of a holder, which counts as used then unless it has none.
function take(holder) {
    requireUsable(holder);
    const { body } = holder;
    holder.isBodyUsed = body !== null;
    return body;
}

export function takeText(holder) {
    const body = take(holder);
    if (body === null) {
        return "";
    }
    if (body === HOST_BODY) {
        const text = host.bodyText(holder.ticket);
        host.releaseBody(holder.ticket);
        return text;
    }
    return typeof body === "string" ? decoded(body) : host.decodeUtf8(body, false, false);
}

// What encoding a string and decoding the bytes makes of it.
function decoded(string) {
    const text = toUSVString(string);
    return text[0] === "\ufeff" ? stringSlice(text, 1) : text;
}

export function takeJson(holder) {
    return parseJson(takeText(holder));
}

// A Uint8Array that the caller may give away.
export function takeBytes(holder) {
    const body = take(holder);
    if (body === null) {
        return new Uint8Array(0);
    }
    if (body === HOST_BODY) {
        const buffer = host.bodyBytes(holder.ticket);
        host.releaseBody(holder.ticket);
        return new Uint8Array(buffer);
    }
    if (typeof body === "string") {
        return host.encodeUtf8(body);
    }
    return holder.isBodyShared ? copyBytes(body) : body;
}

export function takeArrayBuffer(holder) {
    const bytes = takeBytes(holder);
    const buffer = typedArrayBuffer(bytes);
    const isWhole = arrayBufferByteLength(buffer) === typedArrayByteLength(bytes);
    return isWhole ? buffer : typedArrayBuffer(copyBytes(bytes));
}

// Takes the body for the host to send: a string, bytes, or undefined.
export function takeForHost(holder) {
    const body = take(holder);
    if (body === HOST_BODY) {
        return fetchFromHost(holder);
    }
    return body === null ? undefined : body;
}

// Moves the body of one holder to another.
export function moveBody(from, to) {
    to.body = take(from);
    to.isBodyShared = from.isBodyShared;
    to.ticket = from.ticket;
    to.isBodyText = from.isBodyText;
}

// Gives `to` a body of its own with the same content.
export function cloneBody(from, to) {
    requireUsable(from);
    if (from.body === HOST_BODY) {
        from.body = fetchFromHost(from);
    }
    from.isBodyShared = true;
    to.body = from.body;
    to.isBodyShared = true;
}

function fetchFromHost({ ticket, isBodyText }) {
    const body = isBodyText ? host.bodyText(ticket) : new Uint8Array(host.bodyBytes(ticket));
    host.releaseBody(ticket);
    return body;
}
