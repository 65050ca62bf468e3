// TextEncoderStream and TextDecoderStream. https://encoding.spec.whatwg.org/#interface-textdecoderstream

import { isBufferSource } from "./buffers.js";
import { TextDecoder } from "./encoding.js";
import { registerInterface } from "./format.js";
import { host } from "./host.js";
import {
    TypeError,
    getOwnPropertyDescriptor,
    stringCharCodeAt,
    stringSlice,
    typedArrayLength,
    uncurryThis,
} from "./primordials.js";
import { enqueueTransformed, newTransform, sidesOf } from "./streams/streams.js";
import { defineInterface, requireThis, toDOMString } from "./webidl.js";

export class TextEncoderStream {
    #transform;

    static {
        registerInterface((value) => #transform in value, describe);
    }

    constructor() {
        let pending = ""; // the first half of a pair of surrogates, whose second may come
        this.#transform = newTransform(
            (chunk, controller) => {
                const text = pending + toDOMString(chunk);
                const end = text.length - (endsInHighSurrogate(text) ? 1 : 0);
                pending = stringSlice(text, end);
                enqueueText(controller, stringSlice(text, 0, end));
            },
            (controller) => enqueueText(controller, pending),
        );
    }

    get encoding() {
        requireThis(#transform in this);
        return "utf-8";
    }

    get readable() {
        return sidesOf(this.#transform)[0];
    }

    get writable() {
        return sidesOf(this.#transform)[1];
    }
}

function endsInHighSurrogate(text) {
    return text !== "" && (stringCharCodeAt(text, text.length - 1) & 0xfc00) === 0xd800;
}

function enqueueText(controller, text) {
    const bytes = host.encodeUtf8(text);
    if (typedArrayLength(bytes) > 0) {
        enqueueTransformed(controller, bytes);
    }
}

const decode = uncurryThis(TextDecoder.prototype.decode);
const attribute = (name) => uncurryThis(getOwnPropertyDescriptor(TextDecoder.prototype, name).get);
const encodingOf = attribute("encoding");
const isFatal = attribute("fatal");
const ignoresBOM = attribute("ignoreBOM");

const MORE = { __proto__: null, stream: true };

export class TextDecoderStream {
    #decoder;
    #transform;

    static {
        registerInterface(
            (value) => #transform in value,
            ({ encoding, readable, writable }) => ({ encoding, readable, writable }),
        );
    }

    constructor(label = "utf-8", options = undefined) {
        const decoder = new TextDecoder(label, options);
        this.#decoder = decoder;
        this.#transform = newTransform(
            (chunk, controller) => {
                if (!isBufferSource(chunk)) {
                    throw new TypeError("A chunk is not an ArrayBuffer or a view");
                }
                enqueueUnlessEmpty(controller, decode(decoder, chunk, MORE));
            },
            (controller) => enqueueUnlessEmpty(controller, decode(decoder)),
        );
    }

    get encoding() {
        return encodingOf(this.#decoder);
    }

    get fatal() {
        return isFatal(this.#decoder);
    }

    get ignoreBOM() {
        return ignoresBOM(this.#decoder);
    }

    get readable() {
        return sidesOf(this.#transform)[0];
    }

    get writable() {
        return sidesOf(this.#transform)[1];
    }
}

function enqueueUnlessEmpty(controller, text) {
    if (text !== "") {
        enqueueTransformed(controller, text);
    }
}

function describe({ readable, writable }) {
    return { readable, writable };
}

defineInterface("TextEncoderStream", TextEncoderStream);
defineInterface("TextDecoderStream", TextDecoderStream);
