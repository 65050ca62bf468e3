// Percent-encoding. https://url.spec.whatwg.org/#percent-encoded-bytes
//
// Instead of whatwg-url's lib/percent-encoding.js, which encodes each character through a
// TextEncoder: that is most of the time its parser takes.

import { subBytes } from "../buffers.js";
import { host } from "../host.js";
import {
    Uint8Array,
    fromCharCode,
    stringCharCodeAt,
    stringCodePointAt,
    stringIndexOf,
    typedArrayLength,
} from "../primordials.js";

const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;

// A string of 128, since every isolate carries it: "1" where an ASCII character is to be encoded.
// All others are, in every set.
function encodeSet(base, characters) {
    let set = "";
    for (let code = 0; code < 128; code++) {
        const isAdded = characters.includes(String.fromCharCode(code));
        const isOfBase = base === null ? code <= 0x1f || code > 0x7e : base[code] === "1";
        set += isAdded || isOfBase ? "1" : "0";
    }
    return set;
}

const C0_CONTROL = encodeSet(null, "");
const FRAGMENT = encodeSet(C0_CONTROL, ' "<>`');
const QUERY = encodeSet(C0_CONTROL, ' "#<>');
const SPECIAL_QUERY = encodeSet(QUERY, "'");
const PATH = encodeSet(QUERY, "?^`{}");
const USERINFO = encodeSet(PATH, "/:;=@[\\]|");
const COMPONENT = encodeSet(USERINFO, "$%&+,");
const FORM = encodeSet(COMPONENT, "!'()~");

const predicate = (set) => (byte) => byte > 0x7f || set[byte] === "1";

export const isC0ControlPercentEncode = predicate(C0_CONTROL);
export const isFragmentPercentEncode = predicate(FRAGMENT);
export const isQueryPercentEncode = predicate(QUERY);
export const isSpecialQueryPercentEncode = predicate(SPECIAL_QUERY);
export const isPathPercentEncode = predicate(PATH);
export const isUserinfoPercentEncode = predicate(USERINFO);
export const isFormPercentEncode = predicate(FORM);

const DIGITS = "0123456789ABCDEF";

function encoded(byte) {
    return `%${DIGITS[byte >> 4]}${DIGITS[byte & 0xf]}`;
}

const REPLACEMENT = "%EF%BF%BD"; // of a lone surrogate

export function utf8PercentEncodeCodePoint(code, isEncoded) {
    if (code < 0x80) {
        return isEncoded(code) ? encoded(code) : fromCharCode(code);
    }
    const last = encoded(0x80 | (code & 0x3f));
    if (code < 0x800) {
        return encoded(0xc0 | (code >> 6)) + last;
    }
    if (code < 0x10000 && (code & 0xf800) === 0xd800) {
        return REPLACEMENT;
    }
    const third = encoded(0x80 | ((code >> 6) & 0x3f));
    if (code < 0x10000) {
        return encoded(0xe0 | (code >> 12)) + third + last;
    }
    return encoded(0xf0 | (code >> 18)) + encoded(0x80 | ((code >> 12) & 0x3f)) + third + last;
}

export function utf8PercentEncodeString(string, isEncoded, isSpacePlus = false) {
    let result = "";
    for (let i = 0; i < string.length; i++) {
        let code = stringCharCodeAt(string, i);
        if ((code & 0xfc00) === 0xd800) {
            code = stringCodePointAt(string, i);
            i += code > 0xffff ? 1 : 0;
        }
        const isPlus = isSpacePlus && code === SPACE;
        result += isPlus ? "+" : utf8PercentEncodeCodePoint(code, isEncoded);
    }
    return result;
}

export function percentDecodeString(string) {
    const bytes = host.encodeUtf8(string);
    return stringIndexOf(string, "%") < 0 ? bytes : percentDecodeBytes(bytes, false);
}

// What application/x-www-form-urlencoded makes of a name or a value.
export function decodeFormString(string) {
    if (stringIndexOf(string, "%") < 0 && stringIndexOf(string, "+") < 0) {
        return string;
    }
    return host.decodeUtf8(percentDecodeBytes(host.encodeUtf8(string), true), false, true);
}

function percentDecodeBytes(bytes, isPlusSpace) {
    const length = typedArrayLength(bytes);
    const decoded = new Uint8Array(length);
    let end = 0;
    for (let i = 0; i < length; i++) {
        const byte = bytes[i];
        if (byte === PERCENT) {
            const value = hexDigit(bytes[i + 1]) * 16 + hexDigit(bytes[i + 2]);
            const isEncoded = value >= 0;
            decoded[end++] = isEncoded ? value : byte;
            i += isEncoded ? 2 : 0;
        } else {
            decoded[end++] = byte === PLUS && isPlusSpace ? SPACE : byte;
        }
    }
    return subBytes(decoded, 0, end);
}

// NaN where it is none, or there is none.
function hexDigit(byte) {
    if (byte >= 0x30 && byte <= 0x39) {
        return byte - 0x30;
    }
    const lower = byte | 0x20;
    return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : NaN;
}
