// TextEncoder and TextDecoder, UTF-8 alone for now. https://encoding.spec.whatwg.org/

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

const UTF8_LABELS = {
    __proto__: null,
    "unicode-1-1-utf-8": true,
    unicode11utf8: true,
    unicode20utf8: true,
    "utf-8": true,
    utf8: true,
    "x-unicode20utf8": true,
};

const LABEL = /^[\t\n\f\r ]*([^]*?)[\t\n\f\r ]*$/;

function encodingOf(label) {
    const name = stringToLowerCase(regExpExec(LABEL, label)[1]);
    if (!(name in UTF8_LABELS)) {
        throw new RangeError(`TextDecoder: the encoding "${label}" is not supported`);
    }
    return "utf-8";
}

const NO_BYTES = new Uint8Array(0);

class DecoderState {
    constructor(isFatal, ignoresBOM) {
        this.isFatal = isFatal;
        this.ignoresBOM = ignoresBOM;
        this.reset();
    }

    // Before the first chunk of a stream.
    reset() {
        this.pending = NO_BYTES; // the beginning of a character whose end has not come
        this.isAtStart = true;
    }
}

export class TextDecoder {
    #encoding;
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
        this.#encoding = encoding;
        this.#state = new DecoderState(isFatal, ignoresBOM);
    }

    get encoding() {
        return this.#encoding;
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
        if (!isStream && state.isAtStart && typedArrayLength(state.pending) === 0) {
            return host.decodeUtf8(input ?? NO_BYTES, state.isFatal, state.ignoresBOM);
        }
        return decodeChunk(state, input === undefined ? NO_BYTES : bytesOf(input), isStream);
    }
}

function decodeChunk(state, chunk, isStream) {
    const bytes = concatBytes(state.pending, chunk);
    const length = typedArrayLength(bytes);
    const end = isStream ? length - incompleteTail(bytes, length) : length;
    state.pending = copyBytes(subBytes(bytes, end, length));
    let text;
    try {
        text = host.decodeUtf8(subBytes(bytes, 0, end), state.isFatal, true);
    } catch (error) {
        state.reset();
        throw error;
    }
    const isMarked = state.isAtStart && !state.ignoresBOM && text[0] === "\ufeff";
    state.isAtStart = state.isAtStart && text === "";
    if (!isStream) {
        state.reset();
    }
    return isMarked ? stringSlice(text, 1) : text;
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
