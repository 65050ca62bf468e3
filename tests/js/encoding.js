import { equal, ok, same, test, throws, worker } from "./harness.js";

const bytes = (...values) => new Uint8Array(values);

test("TextEncoder", () => {
    const encoder = new TextEncoder();
    equal(encoder.encoding, "utf-8");
    same([...encoder.encode()], []);
    same([...encoder.encode(undefined)], []);
    same([...encoder.encode("aä☃😀")], [97, 195, 164, 226, 152, 131, 240, 159, 152, 128]);
    same([...encoder.encode("\ud800a\udc00")], [239, 191, 189, 97, 239, 191, 189]);
    same([...encoder.encode(null)], [110, 117, 108, 108]);
    ok(encoder.encode("a") instanceof Uint8Array);
    throws(TypeError, () => TextEncoder.prototype.encode.call({}));
    throws(TypeError, () => TextEncoder.prototype.encoding);
    throws(TypeError, () => TextEncoder());
});

test("encodeInto writes whole characters", () => {
    const encoder = new TextEncoder();
    const into = (text, size) => {
        const target = new Uint8Array(size);
        const { read, written } = encoder.encodeInto(text, target);
        return [read, written, ...target];
    };
    same(into("ab", 3), [2, 2, 97, 98, 0]);
    same(into("ab", 1), [1, 1, 97]);
    same(into("aä", 2), [1, 1, 97, 0]);
    same(into("😀a", 5), [3, 5, 240, 159, 152, 128, 97]);
    same(into("😀", 3), [0, 0, 0, 0, 0]);
    same(into("a", 0), [0, 0]);
    same(into("\ud800", 3), [1, 3, 239, 191, 189]);
    const part = new Uint8Array(4);
    encoder.encodeInto("xyz", part.subarray(1, 3));
    same([...part], [0, 120, 121, 0]);
    throws(TypeError, () => encoder.encodeInto("a", new Uint8ClampedArray(1)));
    throws(TypeError, () => encoder.encodeInto("a", new ArrayBuffer(1)));
    throws(TypeError, () => encoder.encodeInto("a"));
});

test("TextDecoder's attributes and labels", () => {
    const decoder = new TextDecoder();
    equal(decoder.encoding, "utf-8");
    equal(decoder.fatal, false);
    equal(decoder.ignoreBOM, false);
    for (const label of [
        "UTF-8",
        "utf8",
        " \t\n\f\rUtf-8 ",
        "unicode-1-1-utf-8",
        "x-unicode20utf8",
    ]) {
        equal(new TextDecoder(label).encoding, "utf-8", label);
    }
    for (const label of ["utf-7", "", "utf-8\0", "\u00a0utf-8", "toString", null]) {
        throws(RangeError, () => new TextDecoder(label), label);
    }
    equal(new TextDecoder(undefined, { fatal: 1, ignoreBOM: "x" }).fatal, true);
    equal(new TextDecoder("utf8", null).fatal, false);
    throws(TypeError, () => new TextDecoder("utf8", 1));
});

test("decode takes buffers and views", () => {
    const decoder = new TextDecoder();
    const source = bytes(97, 98, 99, 100);
    equal(decoder.decode(), "");
    equal(decoder.decode(source), "abcd");
    equal(decoder.decode(source.buffer), "abcd");
    equal(decoder.decode(source.subarray(1, 3)), "bc");
    equal(decoder.decode(new DataView(source.buffer, 2)), "cd");
    equal(decoder.decode(new Uint16Array(source.buffer, 2, 1)), "cd");
    for (const input of [null, "abc", 1, [97], {}]) {
        throws(TypeError, () => decoder.decode(input), String(input));
    }
    throws(TypeError, () => decoder.decode(source, 1));
    throws(TypeError, () => TextDecoder.prototype.decode.call({}));
});

test("malformed bytes, one replacement for each maximal part", () => {
    const decode = (...values) => new TextDecoder().decode(bytes(...values));
    equal(decode(0xff), "\ufffd");
    equal(decode(0xc3), "\ufffd");
    equal(decode(0xe2, 0x98), "\ufffd");
    equal(decode(0xe2, 0x98, 0x61), "\ufffda");
    equal(decode(0xf0, 0x9f, 0x98), "\ufffd");
    equal(decode(0xed, 0xa0, 0x80), "\ufffd\ufffd\ufffd");
    equal(decode(0xc0, 0x80), "\ufffd\ufffd");
    equal(decode(0xf4, 0x90, 0x80, 0x80), "\ufffd\ufffd\ufffd\ufffd");
    equal(decode(0xf0, 0x8f, 0x80), "\ufffd\ufffd\ufffd");
    equal(decode(0x80, 0x61), "\ufffda");
});

test("fatal", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for (const malformed of [
        [0xff],
        [0xc3],
        [0xed, 0xa0, 0x80],
        [0x61, 0xe2, 0x98],
        [0xc0, 0x80],
    ]) {
        throws(TypeError, () => decoder.decode(bytes(...malformed)), malformed.join());
    }
    equal(decoder.decode(bytes(0xe2, 0x98, 0x83)), "☃", "usable after an error");
    equal(decoder.decode(bytes(0xef, 0xbf, 0xbd)), "\ufffd");
});

test("the byte order mark", () => {
    const marked = bytes(0xef, 0xbb, 0xbf, 0x61);
    equal(new TextDecoder().decode(marked), "a");
    equal(new TextDecoder("utf-8", { ignoreBOM: true }).decode(marked), "\ufeffa");
    const decoder = new TextDecoder();
    equal(decoder.decode(marked), "a");
    equal(decoder.decode(marked), "a", "a decoder forgets between calls");
    equal(decoder.decode(bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf)), "\ufeff");
});

test("the byte order mark in a stream", () => {
    for (const ignoreBOM of [false, true]) {
        const decoder = new TextDecoder("utf-8", { ignoreBOM });
        let text = "";
        for (const byte of [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 0x61]) {
            text += decoder.decode(bytes(byte), { stream: true });
        }
        text += decoder.decode();
        equal(text, ignoreBOM ? "\ufeff\ufeffa" : "\ufeffa");
        equal(decoder.decode(bytes(0xef, 0xbb, 0xbf)), ignoreBOM ? "\ufeff" : "");
    }
});

const SAMPLES = [
    [0x61, 0xc3, 0xa4, 0xe2, 0x98, 0x83, 0xf0, 0x9f, 0x98, 0x80, 0x62],
    [0xff, 0xc3, 0x28, 0xe2, 0x98, 0xe2, 0x98, 0x83],
    [0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0xe0, 0x80, 0x80],
    [0xf0, 0x9f, 0xf0, 0x9f, 0x98, 0x80, 0xf0],
    [0xe2, 0x82, 0xc2, 0xc2, 0x80, 0x80],
    [0xe2, 0x80, 0xa6, 0xc2, 0x80, 0xf4, 0x8f, 0xbf, 0xbf, 0xf5, 0x80],
];

test("a stream in pieces is the whole", () => {
    for (const sample of SAMPLES) {
        const whole = new TextDecoder().decode(bytes(...sample));
        for (let size = 1; size <= 4; size++) {
            const decoder = new TextDecoder();
            let text = "";
            for (let at = 0; at < sample.length; at += size) {
                text += decoder.decode(bytes(...sample.slice(at, at + size)), { stream: true });
            }
            equal(text + decoder.decode(), whole, `${sample} by ${size}`);
        }
    }
});

test("a stream is lazy about what is incomplete alone", () => {
    const decoder = new TextDecoder();
    equal(decoder.decode(bytes(0x61, 0xe2), { stream: true }), "a");
    equal(decoder.decode(bytes(0x98), { stream: true }), "");
    equal(decoder.decode(bytes(0x83), { stream: true }), "☃");
    equal(decoder.decode(bytes(0xe2, 0x28), { stream: true }), "\ufffd(");
    equal(decoder.decode(bytes(0xe2, 0x80), { stream: true }), "");
    equal(decoder.decode(bytes(0xa6, 0xf4, 0x8f, 0xbf), { stream: true }), "…");
    equal(decoder.decode(bytes(0xbf, 0xe2), { stream: true }), "\u{10ffff}");
    equal(decoder.decode(), "\ufffd");
    equal(decoder.decode(bytes(0x98, 0x83)), "\ufffd\ufffd", "nothing is left over");
});

test("a fatal stream", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    equal(decoder.decode(bytes(0xe2), { stream: true }), "");
    throws(TypeError, () => decoder.decode());
    equal(decoder.decode(bytes(0xe2), { stream: true }), "");
    throws(TypeError, () => decoder.decode(bytes(0x28), { stream: true }));
    equal(decoder.decode(bytes(0x61)), "a");
});

test("the chunk may change after the call", () => {
    const decoder = new TextDecoder();
    const chunk = bytes(0xe2, 0x98);
    equal(decoder.decode(chunk, { stream: true }), "");
    chunk.fill(0);
    equal(decoder.decode(bytes(0x83)), "☃");
});

export default worker;
