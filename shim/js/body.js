// Bodies of requests and responses. https://fetch.spec.whatwg.org/#body-mixin
//
// A holder is the state of a Request or a Response, with the fields
//     body          null: none; a string; a Uint8Array that nobody else can change; HOST_BODY; or
//                   STREAM_BODY
//     stream        null until somebody asks for the stream of a whole body; or STREAM_BODY's
//     isBodyUsed    somebody has read it whole, or has taken it over
//     isBodyShared  others have the same Uint8Array: a clone, or a Blob
//     ticket        of the request that HOST_BODY belongs to
//     isBodyText    HOST_BODY is known to be well-formed UTF-8

import { bytesOfBlob, isBlob, typeOfBlob } from "./blob.js";
import { readWhole, streamOfWhole, teeBody, useUp } from "./bodystream.js";
import { bytesOf, copyBytes, isBufferSource } from "./buffers.js";
import { isFormData, serializeFormData } from "./formdata.js";
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
import {
    acquireReader,
    isDisturbed,
    isLocked,
    isReadableStream,
    passOn,
} from "./streams/streams.js";
import { isURLSearchParams, serializeSearchParams } from "./url/searchparams.js";
import { toUSVString } from "./webidl.js";

// An incoming request's body that the host still keeps.
export const HOST_BODY = { __proto__: null };

// A body that only its stream has.
export const STREAM_BODY = { __proto__: null };

const TEXT_TYPE = "text/plain;charset=UTF-8";
const FORM_TYPE = "application/x-www-form-urlencoded;charset=UTF-8";

// Gives a holder the body that a BodyInit stands for. Returns the Content-Type that it implies;
// null where it implies none.
export function setBodyFrom(holder, init) {
    if (typeof init === "string") {
        holder.body = init;
        return TEXT_TYPE;
    }
    if (isReadableStream(init)) {
        setStream(holder, init);
        return null;
    }
    if (isBufferSource(init)) {
        holder.body = copyBytes(bytesOf(init));
        return null;
    }
    if (isBlob(init)) {
        holder.body = bytesOfBlob(init);
        holder.isBodyShared = true;
        return typeOfBlob(init) || null;
    }
    if (isFormData(init)) {
        const { bytes, type } = serializeFormData(init);
        holder.body = bytes;
        return type;
    }
    if (isURLSearchParams(init)) {
        holder.body = serializeSearchParams(init);
        return FORM_TYPE;
    }
    holder.body = `${init}`;
    return TEXT_TYPE;
}

function setStream(holder, stream) {
    if (isDisturbed(stream) || isLocked(stream)) {
        throw new TypeError("The stream cannot be a body: it was read, or is locked");
    }
    holder.body = STREAM_BODY;
    holder.stream = stream;
}

export function isUsed({ isBodyUsed, stream }) {
    return isBodyUsed || (stream !== null && isDisturbed(stream));
}

function requireUsable(holder) {
    if (isUsed(holder)) {
        throw new TypeError("The body was used already: a body can be read once; clone() before");
    }
    if (holder.stream !== null && isLocked(holder.stream)) {
        throw new TypeError("The body is locked: its stream has a reader");
    }
}

// The value of the attribute `body`.
export function streamOf(holder) {
    if (holder.stream === null && holder.body !== null) {
        holder.stream = streamOfWhole(
            () => bytesFrom(moveToStream(holder), holder),
            () => dropBody(moveToStream(holder), holder),
        );
        if (holder.isBodyUsed) {
            holder.body = STREAM_BODY;
            useUp(holder.stream);
        }
    }
    return holder.stream;
}

function moveToStream(holder) {
    const { body } = holder;
    holder.body = STREAM_BODY;
    return body;
}

function dropBody(body, { ticket }) {
    if (body === HOST_BODY) {
        host.releaseBody(ticket);
    }
}

// Takes the body out of a holder, which counts as used then unless it has none.
function take(holder) {
    requireUsable(holder);
    const { body } = holder;
    holder.isBodyUsed = body !== null;
    if (holder.stream !== null && body !== STREAM_BODY) {
        holder.body = STREAM_BODY;
        useUp(holder.stream);
    }
    return body;
}

// The text, or a promise of it.
export function takeText(holder) {
    const body = take(holder);
    return body === STREAM_BODY ? readText(holder) : textFrom(body, holder);
}

async function readText({ stream }) {
    return host.decodeUtf8(await readWhole(stream), false, false);
}

function textFrom(body, { ticket }) {
    if (body === null) {
        return "";
    }
    if (body === HOST_BODY) {
        const text = host.bodyText(ticket);
        host.releaseBody(ticket);
        return text;
    }
    return typeof body === "string" ? decoded(body) : host.decodeUtf8(body, false, false);
}

// What encoding a string and decoding the bytes makes of it.
function decoded(string) {
    const text = toUSVString(string);
    return text[0] === "\ufeff" ? stringSlice(text, 1) : text;
}

// The value, or a promise of it.
export function takeJson(holder) {
    const body = take(holder);
    return body === STREAM_BODY ? readJson(holder) : parseJson(textFrom(body, holder));
}

async function readJson(holder) {
    return parseJson(await readText(holder));
}

// A Uint8Array that the caller may give away, or a promise of it.
export function takeBytes(holder) {
    const body = take(holder);
    return body === STREAM_BODY ? readWhole(holder.stream) : bytesFrom(body, holder);
}

function bytesFrom(body, { ticket, isBodyShared }) {
    if (body === null) {
        return new Uint8Array(0);
    }
    if (body === HOST_BODY) {
        const buffer = host.bodyBytes(ticket);
        host.releaseBody(ticket);
        return new Uint8Array(buffer);
    }
    if (typeof body === "string") {
        return host.encodeUtf8(body);
    }
    return isBodyShared ? copyBytes(body) : body;
}

// The ArrayBuffer, or a promise of it.
export function takeArrayBuffer(holder) {
    const body = take(holder);
    return body === STREAM_BODY ? readBuffer(holder) : bufferOf(bytesFrom(body, holder));
}

async function readBuffer({ stream }) {
    return bufferOf(await readWhole(stream));
}

function bufferOf(bytes) {
    const buffer = typedArrayBuffer(bytes);
    const isWhole = arrayBufferByteLength(buffer) === typedArrayByteLength(bytes);
    return isWhole ? buffer : typedArrayBuffer(copyBytes(bytes));
}

// Takes the body for the host to send: a string, bytes, or undefined; of STREAM_BODY a promise of
// bytes, of which there may be a few more than `most`, but not all then.
export function takeForHost(holder, most) {
    const body = take(holder);
    if (body === STREAM_BODY) {
        return readWhole(holder.stream, most);
    }
    if (body === HOST_BODY) {
        return fetchFromHost(holder);
    }
    return body === null ? undefined : body;
}

// Takes the stream of a STREAM_BODY.
export function takeStream(holder) {
    take(holder);
    return holder.stream;
}

// Moves the body of one holder to another.
export function moveBody(from, to) {
    to.body = take(from);
    to.isBodyShared = from.isBodyShared;
    to.ticket = from.ticket;
    to.isBodyText = from.isBodyText;
    if (to.body === STREAM_BODY) {
        to.stream = passOn(from.stream);
    }
}

// Gives `to` a body of its own with the same content.
export function cloneBody(from, to) {
    requireUsable(from);
    if (from.body === STREAM_BODY) {
        const branches = teeBody(from.stream);
        from.stream = branches[0];
        to.body = STREAM_BODY;
        to.stream = branches[1];
        return;
    }
    if (from.stream !== null) {
        acquireReader(from.stream); // as tee() does
        from.stream = null;
    }
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
