// TextEncoder and TextDecoder. https://encoding.spec.whatwg.org/

import labels from "./node_modules/@exodus/bytes/fallback/encoding.labels.js";

import { bytesOf, concatBytes, copyBytes, isBufferSource, subBytes } from "./buffers.js";
import { registerInterface } from "./format.js";
import { host } from "./host.js";
import {
    RangeError,
    TypeError,
    Uint8Array,
    isView,
    regExpExec,
    stringSlice,
    stringToLowerCase,
    typedArrayLength,
    typedArrayName,
} from "./primordials.js";
import {
    defineInterface,
    requireArguments,
    requireThis,
    toDOMString,
    toDictionary,
} from "./webidl.js";

export class TextEncoder {
    #encoding = "utf-8";

    static {
        registerInterface((value) => #encoding in value);
    }

    get encoding() {
        return this.#encoding;
    }

    encode(input = "") {
        requireThis(#encoding in this);
        return host.encodeUtf8(toDOMString(input));
    }

    encodeInto(source, destination) {
        requireThis(#encoding in this);
        requireArguments(arguments.length, 2, "encodeInto");
        const string = toDOMString(source);
        if (!isView(destination) || typedArrayName(destination) !== "Uint8Array") {
            throw new TypeError("encodeInto: the second argument is not a Uint8Array");
        }
        return host.encodeUtf8Into(string, destination);
    }
}

// Encodings by their labels. No "replacement", which TextDecoder refuses.
const encodingsByLabel = { __proto__: null };
for (const name of Object.keys(labels)) {
    if (name !== "replacement") {
        encodingsByLabel[name] = name;
        for (const label of labels[name]) {
            encodingsByLabel[label] = name;
        }
    }
}

const LABEL = /^[\t\n\f\r ]*([^]*?)[\t\n\f\r ]*$/;

function encodingOf(label) {
    const encoding = encodingsByLabel[stringToLowerCase(regExpExec(LABEL, label)[1])];
    if (encoding === undefined) {
        throw new RangeError(`TextDecoder: there is no encoding "${label}"`);
    }
    return encoding;
}

const NO_BYTES = new Uint8Array(0);

const LEGACY_STATE_BYTES = 8;

class DecoderState {
    constructor(encoding, isFatal, ignoresBOM) {
        this.encoding = encoding;
        this.isUtf8 = encoding === "utf-8";
        this.legacy = this.isUtf8 ? -1 : host.findEncoding(encoding);
        this.isFatal = isFatal;
        this.ignoresBOM = ignoresBOM;
        this.hasBOM = this.isUtf8 || encoding === "utf-16le" || encoding === "utf-16be";
        this.reset();
    }

    // Before the first chunk of a stream.
    reset() {
        // What has come of a character whose end has not: of UTF-8 its bytes, else the host's notes.
        this.pending = this.isUtf8 ? NO_BYTES : new Uint8Array(LEGACY_STATE_BYTES);
        this.isAtStart = true;
    }
}

export class TextDecoder {
    #state;

    static {
        registerInterface(
            (value) => #state in value,
            ({ encoding }) => ({ encoding }),
        );
    }

    constructor(label = "utf-8", options = undefined) {
        const encoding = encodingOf(toDOMString(label));
        const members = toDictionary(options, "TextDecoder: the second argument");
        const isFatal = members !== undefined && !!members.fatal;
        const ignoresBOM = members !== undefined && !!members.ignoreBOM;
        this.#state = new DecoderState(encoding, isFatal, ignoresBOM);
    }

    get encoding() {
        return this.#state.encoding;
    }

    get fatal() {
        return this.#state.isFatal;
    }

    get ignoreBOM() {
        return this.#state.ignoresBOM;
    }

    decode(input = undefined, options = undefined) {
        const state = this.#state;
        if (input !== undefined && !isBufferSource(input)) {
            throw new TypeError("decode: the first argument is not an ArrayBuffer or a view");
        }
        const members = toDictionary(options, "decode: the second argument");
        const isStream = members !== undefined && !!members.stream;
        const isWhole = !isStream && state.isAtStart;
        if (isWhole && state.isUtf8 && typedArrayLength(state.pending) === 0) {
            return host.decodeUtf8(input ?? NO_BYTES, state.isFatal, state.ignoresBOM);
        }
        return decodeChunk(state, input === undefined ? NO_BYTES : bytesOf(input), isStream);
    }
}

function decodeChunk(state, chunk, isStream) {
    let text;
    try {
        text = state.isUtf8
            ? decodeUtf8(state, chunk, isStream)
            : host.decodeLegacy(state.legacy, state.pending, chunk, !isStream, state.isFatal);
    } catch (error) {
        state.reset();
        throw error;
    }
    const isMarked =
        state.isAtStart && state.hasBOM && !state.ignoresBOM && text[0] === "\ufeff";
    state.isAtStart = state.isAtStart && text === "";
    if (!isStream) {
        state.reset();
    }
    return isMarked ? stringSlice(text, 1) : text;
}

function decodeUtf8(state, chunk, isStream) {
    const bytes = concatBytes(state.pending, chunk);
    const length = typedArrayLength(bytes);
    const end = isStream ? length - incompleteTail(bytes, length) : length;
    state.pending = copyBytes(subBytes(bytes, end, length));
    return host.decodeUtf8(subBytes(bytes, 0, end), state.isFatal, true);
}

// How many bytes at the end begin a character and may still become one.
function incompleteTail(bytes, length) {
    for (let back = 1; back <= 3 && back <= length; back++) {
        const byte = bytes[length - back];
        if (byte < 0x80) {
            return 0;
        }
        if (byte >= 0xc0) {
            const isBegun = back === 1 || isSecondByte(byte, bytes[length - back + 1]);
            return isBegun && back < sequenceLength(byte) ? back : 0;
        }
    }
    return 0;
}

// Of the sequence that a byte leads; 0 where it leads none.
function sequenceLength(lead) {
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

// Unicode Standard, table 3-7. The byte is known to be in 0x80..0xbf.
function isSecondByte(lead, byte) {
    switch (lead) {
        case 0xe0:
            return byte >= 0xa0;
        case 0xed:
            return byte <= 0x9f;
        case 0xf0:
            return byte >= 0x90;
        case 0xf4:
            return byte <= 0x8f;
        default:
            return true;
    }
}

defineInterface("TextEncoder", TextEncoder);
defineInterface("TextDecoder", TextDecoder);
