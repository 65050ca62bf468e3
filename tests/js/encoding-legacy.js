// TextDecoder with the encodings of the Encoding standard that are not UTF-8.

import { equal, ok, test, throws, worker } from "./harness.js";

function decode(label, bytes, options) {
    return new TextDecoder(label, options).decode(new Uint8Array(bytes));
}

// In pieces of one byte each.
function decodeInPieces(label, bytes, options) {
    const decoder = new TextDecoder(label, options);
    let text = "";
    for (const byte of bytes) {
        text += decoder.decode(new Uint8Array([byte]), { stream: true });
    }
    return text + decoder.decode();
}

test("labels", () => {
    const names = {
        ascii: "windows-1252",
        " LATIN1\n": "windows-1252",
        "iso-8859-1": "windows-1252",
        "iso-8859-9": "windows-1254",
        "utf-16": "utf-16le",
        unicodefffe: "utf-16be",
        gb2312: "gbk",
        sjis: "shift_jis",
        "ks_c_5601-1987": "euc-kr",
        "big5-hkscs": "big5",
        "iso-8859-8-i": "iso-8859-8-i",
        866: "ibm866",
        "x-user-defined": "x-user-defined",
    };
    for (const [label, name] of Object.entries(names)) {
        equal(new TextDecoder(label).encoding, name, label);
    }
    for (const label of ["replacement", "iso-2022-kr", "hz-gb-2312", "utf-7", "utf-32", ""]) {
        throws(RangeError, () => new TextDecoder(label), label);
    }
});

// Encoding, bytes, text.
const SAMPLES = [
    ["windows-1252", [0x61, 0x80, 0x81, 0x9f, 0xe4], "a\u20ac\u0081\u0178\u00e4"],
    ["windows-1251", [0xcf, 0xf0, 0xe8], "\u041f\u0440\u0438"],
    ["iso-8859-7", [0xd3, 0xae], "\u03a3\ufffd"],
    ["koi8-u", [0xa4, 0xae], "\u0454\u045e"],
    ["x-mac-cyrillic", [0xff], "\u20ac"],
    ["x-user-defined", [0x7f, 0x80, 0xff], "\x7f\uf780\uf7ff"],
    ["gbk", [0xc4, 0xe3, 0xba, 0xc3, 0x80], "\u4f60\u597d\u20ac"],
    ["gb18030", [0x81, 0x30, 0x81, 0x30, 0x94, 0x39, 0xda, 0x33], "\u0080\u{1f4a9}"],
    ["gb18030", [0x81, 0x35, 0xf4, 0x37], "\ue7c7"],
    ["gb18030", [0x81, 0x30, 0x81, 0x41], "\ufffd0\u4e04"],
    ["gb18030", [0x81, 0x41, 0xff, 0x61], "\u4e04\ufffda"],
    ["gb18030", [0xfe, 0x39, 0xfe, 0x39, 0x81], "\ufffd\ufffd"],
    ["big5", [0xa7, 0x41, 0xa6, 0x6e], "\u4f60\u597d"],
    ["big5", [0x88, 0x62, 0x87, 0xa8], "\u00ca\u0304\u{20a8a}"],
    ["big5", [0x81, 0x61, 0xff], "\ufffda\ufffd"],
    ["euc-jp", [0xa4, 0xa2, 0x8e, 0xb1, 0x8f, 0xb0, 0xa1], "\u3042\uff71\u4e02"],
    ["euc-jp", [0xa4, 0x61, 0x8f, 0xa1], "\ufffda\ufffd"],
    ["shift_jis", [0x82, 0xa0, 0xb1, 0x5c, 0x80], "\u3042\uff71\\\u0080"],
    ["shift_jis", [0xf0, 0x40, 0x81, 0x20, 0xa0], "\ue000\ufffd \ufffd"],
    ["euc-kr", [0xb0, 0xa1, 0x81, 0x41, 0xc9, 0xa1], "\uac00\uac02\ufffd"],
    [
        "iso-2022-jp",
        [0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x4a, 0x5c, 0x1b, 0x28, 0x49, 0x31],
        "\u3042\u00a5\uff71",
    ],
    ["iso-2022-jp", [0x1b, 0x24, 0x42, 0x1b, 0x28, 0x42, 0x61], "\ufffda"],
    ["iso-2022-jp", [0x1b, 0x24, 0x61, 0x0e, 0x1b], "\ufffd$a\ufffd\ufffd"],
    ["utf-16le", [0x61, 0, 0x3d, 0xd8, 0xa9, 0xdc], "a\u{1f4a9}"],
    ["utf-16be", [0, 0x61, 0xd8, 0x3d, 0xdc, 0xa9], "a\u{1f4a9}"],
    ["utf-16le", [0x3d, 0xd8, 0x61, 0, 0xa9, 0xdc, 0x62], "\ufffda\ufffd\ufffd"],
    ["utf-16be", [0xd8, 0x3d, 0xd8], "\ufffd"],
];

test("decoding", () => {
    for (const [label, bytes, text] of SAMPLES) {
        equal(decode(label, bytes), text, label);
        equal(decodeInPieces(label, bytes), text, `${label} in pieces`);
    }
});

test("fatal", () => {
    for (const [label, bytes, text] of SAMPLES) {
        if (text.includes("\ufffd")) {
            throws(TypeError, () => decode(label, bytes, { fatal: true }), label);
            throws(TypeError, () => decodeInPieces(label, bytes, { fatal: true }), label);
        } else {
            equal(decode(label, bytes, { fatal: true }), text, label);
        }
    }
    const decoder = new TextDecoder("shift_jis", { fatal: true });
    decoder.decode(new Uint8Array([0x82]), { stream: true });
    throws(TypeError, () => decoder.decode());
    equal(decoder.decode(new Uint8Array([0x82, 0xa0])), "\u3042", "a failure starts anew");
});

test("a text of several megabytes", () => {
    const bytes = new Uint8Array((3 << 20) + 1);
    for (let i = 0; i + 1 < bytes.length; i += 3) {
        bytes[i] = 0x61;
        bytes[i + 1] = 0x82;
        bytes[i + 2] = 0xa0;
    }
    const text = new TextDecoder("shift_jis").decode(bytes);
    equal(text.length, 2 * (1 << 20) + 1);
    equal(text, `${"a\u3042".repeat(1 << 20)}\0`);
});

test("byte order marks", () => {
    equal(decode("utf-16le", [0xff, 0xfe, 0x61, 0]), "a");
    equal(decode("utf-16be", [0xfe, 0xff, 0, 0x61]), "a");
    equal(decode("utf-16le", [0xff, 0xfe, 0x61, 0], { ignoreBOM: true }), "\ufeffa");
    equal(decode("utf-16le", [0xfe, 0xff]), "\ufffe");
    equal(decodeInPieces("utf-16le", [0xff, 0xfe, 0xff, 0xfe]), "\ufeff");
    equal(decode("gb18030", [0x84, 0x31, 0x95, 0x33]), "\ufeff");
    equal(decode("windows-1252", [0xef, 0xbb, 0xbf]), "\u00ef\u00bb\u00bf");
});

test("a stream that goes on", () => {
    const decoder = new TextDecoder("euc-kr");
    equal(decoder.decode(new Uint8Array([0xb0]), { stream: true }), "");
    equal(decoder.decode(new Uint8Array([0xa1, 0xb0]), { stream: true }), "\uac00");
    equal(decoder.decode(), "\ufffd");
    equal(decoder.decode(new Uint8Array([0x61])), "a");
    ok(new TextDecoder("big5").decode() === "");
});

export default worker;
