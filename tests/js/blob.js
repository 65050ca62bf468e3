// Blob. https://w3c.github.io/FileAPI/#blob-section

import { equal, ok, rejects, same, test, throws, worker } from "./harness.js";

const bytes = (...values) => new Uint8Array(values);

test("without parts", async () => {
    for (const blob of [new Blob(), new Blob([]), new Blob(undefined), new Blob([""])]) {
        equal(blob.size, 0);
        equal(blob.type, "");
        equal(await blob.text(), "");
        equal((await blob.arrayBuffer()).byteLength, 0);
    }
});

test("parts of all kinds, in order", async () => {
    const buffer = bytes(1, 2, 3, 4).buffer;
    const blob = new Blob([
        "ä",
        buffer,
        new Uint8Array(buffer, 1, 2),
        new DataView(buffer, 3),
        new Uint16Array([0x4241]),
        new Blob(["b"]),
        7,
        { toString: () => "obj" },
        null,
    ]);
    same(
        [...(await blob.bytes())],
        [
            0xc3, 0xa4, 1, 2, 3, 4, 2, 3, 4, 0x41, 0x42, 0x62, 0x37, 0x6f, 0x62, 0x6a, 0x6e, 0x75,
            0x6c, 0x6c,
        ],
    );
    equal(blob.size, 20);
});

test("any iterable has parts, nothing else", () => {
    equal(new Blob(new Set(["a", "bc"])).size, 3);
    equal(new Blob(new Uint8Array([1, 20])).size, 3, "the numbers as text");
    function* parts() {
        yield "a";
        yield new Blob(["b"]);
    }
    equal(new Blob(parts()).size, 2);
    for (const wrong of [null, true, 1, "text", {}, new Date(), new ArrayBuffer(1)]) {
        throws(TypeError, () => new Blob(wrong), String(wrong));
    }
    equal(new Blob(Object("text")).size, 4);
    const error = new RangeError("mine");
    const thrown = throws(
        RangeError,
        () =>
            new Blob([
                {
                    toString() {
                        throw error;
                    },
                },
            ]),
    );
    equal(thrown, error);
});

test("lone surrogates become U+FFFD", async () => {
    equal(await new Blob(["\ud800"]).text(), "\ufffd");
});

test("what it was made of can change", async () => {
    const source = bytes(1, 2);
    const blob = new Blob([source]);
    source[0] = 9;
    same([...(await blob.bytes())], [1, 2]);
    (await blob.bytes())[0] = 9;
    new Uint8Array(await blob.arrayBuffer())[0] = 9;
    same([...(await blob.bytes())], [1, 2]);
});

test("type", () => {
    equal(new Blob([], { type: "Text/PLAIN;Charset=UTF-8" }).type, "text/plain;charset=utf-8");
    equal(new Blob([], { type: "anything goes" }).type, "anything goes");
    equal(new Blob([], { type: "a\u007fb" }).type, "");
    equal(new Blob([], { type: "ä" }).type, "");
    equal(new Blob([], { type: "a\nb" }).type, "");
    equal(new Blob([], { type: null }).type, "null");
    equal(new Blob([], {}).type, "");
    equal(new Blob([], null).type, "");
    equal(new Blob([], () => {}).type, "");
    throws(TypeError, () => new Blob([], 1));
    throws(TypeError, () => new Blob([], "type"));
});

test("endings", async () => {
    const text = "a\r\nb\rc\nd\n\r\n";
    equal(await new Blob([text]).text(), text);
    equal(await new Blob([text], { endings: "transparent" }).text(), text);
    equal(await new Blob([text], { endings: "native" }).text(), "a\nb\nc\nd\n\n");
    equal(await new Blob(["\r", "\n"], { endings: "native" }).text(), "\n\n");
    equal(await new Blob([new Blob(["\r"])], { endings: "native" }).text(), "\r");
    throws(TypeError, () => new Blob([], { endings: "Native" }));
});

test("options are read in order, after the parts", () => {
    const seen = [];
    const part = {
        toString() {
            seen.push("part");
            return "";
        },
    };
    new Blob([part], {
        get type() {
            seen.push("type");
            return "";
        },
        get endings() {
            seen.push("endings");
            return "native";
        },
    });
    same(seen, ["part", "endings", "type"]);
});

test("slice", async () => {
    const blob = new Blob(["abcdef"], { type: "text/plain" });
    const cases = [
        [[], "abcdef"],
        [[1], "bcdef"],
        [[1, 3], "bc"],
        [[-2], "ef"],
        [[0, -2], "abcd"],
        [[-3, -1], "de"],
        [[4, 2], ""],
        [[10], ""],
        [[-10, 2], "ab"],
        [[NaN, 2], "ab"],
        [[undefined, undefined], "abcdef"],
        [[null, 2], "ab"],
        [["1", "2"], "b"],
        [[0.5, 1.5], "ab"],
        [[1.5, 3.5], "cd"],
        [[-Infinity, Infinity], "abcdef"],
        [[0, 2 ** 53], "abcdef"],
    ];
    for (const [args, expected] of cases) {
        const slice = blob.slice(...args);
        equal(await slice.text(), expected, JSON.stringify(args));
        equal(slice.size, expected.length);
        equal(slice.type, "");
    }
    equal(blob.slice(0, 1, "Text/HTML").type, "text/html");
    equal(blob.slice(0, 1, "ä").type, "");
    equal(await blob.slice(1, 5).slice(1, -1).text(), "cd");
});

test("stream", async () => {
    const size = 200_000;
    const data = new Uint8Array(size).map((_, i) => i % 251);
    const blob = new Blob([data]);
    let at = 0;
    let chunks = 0;
    for await (const chunk of blob.stream()) {
        equal(chunk.constructor, Uint8Array);
        for (let i = 0; i < chunk.length; i += 997) {
            equal(chunk[i], data[at + i]);
        }
        at += chunk.length;
        chunks++;
    }
    equal(at, size);
    ok(chunks > 1);
    equal((await new Blob().stream().getReader().read()).done, true);
    ok(blob.stream() !== blob.stream());
});

test("stream is of bytes", async () => {
    const reader = new Blob(["abc"]).stream().getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(2));
    same([...value], [0x61, 0x62]);
    await reader.cancel();
    const blob = new Blob(["abc"]);
    const first = (await blob.stream().getReader().read()).value;
    first[0] = 0;
    equal(await blob.text(), "abc");
});

test("text is decoded", async () => {
    equal(await new Blob([bytes(0xef, 0xbb, 0xbf, 0x61)]).text(), "a");
    equal(await new Blob([bytes(0xff, 0x61)]).text(), "\ufffda");
});

test("as a body", async () => {
    const blob = new Blob(["{}"], { type: "application/json" });
    const response = new Response(blob);
    equal(response.headers.get("content-type"), "application/json");
    equal(await response.clone().text(), "{}");
    (await response.bytes())[0] = 0;
    equal(await blob.text(), "{}");
    equal(new Response(new Blob(["a"])).headers.get("content-type"), null);
    const request = new Request("https://a/", {
        method: "POST",
        body: blob,
        headers: { "content-type": "text/x" },
    });
    equal(request.headers.get("content-type"), "text/x");
    const { value } = await request.body.getReader().read();
    value[0] = 0;
    equal(await blob.text(), "{}");
});

test("of a body", async ({ request }) => {
    const incoming = await request.clone().blob();
    equal(incoming.type, "text/plain;charset=utf-8");
    equal(await incoming.text(), "hällo wörld");
    const typeOf = async (type) => {
        const headers = new Headers();
        for (const value of [type].flat()) {
            headers.append("content-type", value);
        }
        return (await new Response("a", { headers }).blob()).type;
    };
    equal(await typeOf('TEXT/Html; Charset="UTF-8"'), "text/html;charset=UTF-8");
    equal(await typeOf("nonsense"), "");
    equal(await typeOf(""), "");
    equal(await typeOf(["text/html;charset=gbk", "text/html"]), "text/html;charset=gbk");
    equal(await typeOf(["text/html;charset=gbk", "text/plain"]), "text/plain");
    equal(await typeOf(['text/html;a=",";b=c', "*/*"]), 'text/html;a=",";b=c');
    equal((await new Response(new Uint8Array(2)).blob()).type, "");
    equal((await new Response().blob()).size, 0);
    const used = new Response("a");
    await used.text();
    await rejects(TypeError, used.blob());
    const stream = new Blob(["xyz"]).stream();
    equal(await (await new Response(stream).blob()).text(), "xyz");
});

test("brand and class", async () => {
    equal(Object.prototype.toString.call(new Blob()), "[object Blob]");
    throws(TypeError, () => Blob());
    throws(TypeError, () => Blob.prototype.size);
    throws(TypeError, () => Blob.prototype.slice.call({}));
    await rejects(TypeError, Blob.prototype.text.call({}));
    class Mine extends Blob {}
    const mine = new Mine(["a"]);
    ok(mine instanceof Blob);
    equal(mine.slice().constructor, Blob);
    same(Object.keys(new Blob()), []);
});

export default worker;
