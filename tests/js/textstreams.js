// TextEncoderStream and TextDecoderStream. https://encoding.spec.whatwg.org/

import { equal, ok, rejects, same, test, throws, worker } from "./harness.js";

// What comes out of a transform for these chunks, piece by piece.
async function through(transform, ...chunks) {
    const writer = transform.writable.getWriter();
    for (const chunk of chunks) {
        writer.write(chunk).catch(() => {});
    }
    writer.close().catch(() => {});
    const pieces = [];
    for await (const piece of transform.readable) {
        pieces.push(piece);
    }
    return pieces;
}

const bytes = (...values) => new Uint8Array(values);
const encodeAll = async (...chunks) =>
    (await through(new TextEncoderStream(), ...chunks)).flatMap((piece) => [...piece]);
const decodeAll = async (...chunks) =>
    (await through(new TextDecoderStream(), ...chunks)).join("|");

test("encoding", async () => {
    const pieces = await through(new TextEncoderStream(), "a", "ä", "☃");
    same(
        pieces.map((piece) => [...piece]),
        [[0x61], [0xc3, 0xa4], [0xe2, 0x98, 0x83]],
    );
    equal(pieces[0].constructor, Uint8Array);
    same(await encodeAll(), []);
    same(await encodeAll("", ""), []);
});

test("pairs of surrogates in two chunks", async () => {
    const smile = [0xf0, 0x9f, 0x98, 0x80];
    const replacement = [0xef, 0xbf, 0xbd];
    same(await encodeAll("\ud83d", "\ude00"), smile);
    same(await encodeAll("\ud83d", "", "\ude00"), smile);
    same(await encodeAll("a\ud83d", "\ude00b"), [0x61, ...smile, 0x62]);
    same(await encodeAll("\ud83d"), replacement);
    same(await encodeAll("\ud83d", "a"), [...replacement, 0x61]);
    same(await encodeAll("\ud83d", "\ud83d", "\ude00"), [...replacement, ...smile]);
    same(await encodeAll("\ude00", "\ud83d"), [...replacement, ...replacement]);
});

test("chunks become strings", async () => {
    same(await encodeAll(1, null), [0x31, 0x6e, 0x75, 0x6c, 0x6c]);
    same(await encodeAll({ toString: () => "x" }), [0x78]);
    await rejects(TypeError, encodeAll(Symbol()));
    const error = new RangeError("mine");
    const thrower = {
        toString() {
            throw error;
        },
    };
    equal(await rejects(RangeError, encodeAll(thrower)), error);
});

test("decoding", async () => {
    equal(await decodeAll(bytes(0x61), bytes(0xc3, 0xa4)), "a|ä");
    equal(await decodeAll(bytes(0xe2), bytes(0x98), bytes(0x83, 0x61)), "☃a");
    equal(await decodeAll(bytes(0xe2, 0x98)), "\ufffd");
    equal(await decodeAll(bytes(0x61, 0xff, 0x62)), "a\ufffdb");
    equal(await decodeAll(), "");
    equal(await decodeAll(new Uint8Array(0)), "");
    equal(await decodeAll(bytes(0x61).buffer, new DataView(bytes(0x62).buffer)), "a|b");
});

test("byte order marks", async () => {
    equal(await decodeAll(bytes(0xef, 0xbb), bytes(0xbf, 0x61)), "a");
    const kept = new TextDecoderStream("utf-8", { ignoreBOM: true });
    equal((await through(kept, bytes(0xef, 0xbb, 0xbf, 0x61))).join(""), "\ufeffa");
});

test("other encodings", async () => {
    const decode = async (label, ...chunks) =>
        (await through(new TextDecoderStream(label), ...chunks)).join("");
    equal(await decode("shift_jis", bytes(0x93), bytes(0xfa, 0x96), bytes(0x7b)), "日本");
    equal(await decode("utf-16le", bytes(0x3d), bytes(0xd8, 0x00), bytes(0xde)), "😀");
    equal(await decode("latin1", bytes(0x80, 0xe4)), "€ä");
    equal(new TextDecoderStream("latin1").encoding, "windows-1252");
});

test("fatal", async () => {
    const fatal = () => new TextDecoderStream("utf-8", { fatal: true });
    await rejects(TypeError, through(fatal(), bytes(0xff)));
    await rejects(TypeError, through(fatal(), bytes(0xe2, 0x98)));
    equal((await through(fatal(), bytes(0xe2), bytes(0x98, 0x83))).join(""), "☃");
});

test("chunks that are no bytes", async () => {
    for (const chunk of ["text", null, undefined, 1, {}, [1]]) {
        await rejects(TypeError, decodeAll(chunk), String(chunk));
    }
});

test("attributes", () => {
    const encoder = new TextEncoderStream();
    equal(encoder.encoding, "utf-8");
    ok(encoder.readable instanceof ReadableStream);
    ok(encoder.writable instanceof WritableStream);
    equal(encoder.readable, encoder.readable);
    const decoder = new TextDecoderStream(" UTF8 ", { fatal: 1 });
    equal(decoder.encoding, "utf-8");
    equal(decoder.fatal, true);
    equal(decoder.ignoreBOM, false);
    equal(decoder.writable, decoder.writable);
    throws(RangeError, () => new TextDecoderStream("nonsense"));
    throws(TypeError, () => new TextDecoderStream("utf-8", 1));
    throws(TypeError, () => TextEncoderStream());
    throws(TypeError, () => TextDecoderStream.prototype.fatal);
    throws(TypeError, () => TextEncoderStream.prototype.encoding);
    throws(TypeError, () => TextEncoderStream.prototype.readable);
});

test("a body as text, and back", async ({ request }) => {
    const upper = new TransformStream({
        transform(chunk, controller) {
            controller.enqueue(chunk.toUpperCase());
        },
    });
    const stream = request
        .clone()
        .body.pipeThrough(new TextDecoderStream())
        .pipeThrough(upper)
        .pipeThrough(new TextEncoderStream());
    equal(await new Response(stream).text(), "HÄLLO WÖRLD");
});

export default worker;
