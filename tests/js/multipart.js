// Forms as bodies, both ways: multipart/form-data and application/x-www-form-urlencoded.

import { equal, ok, rejects, same, test, throws, worker } from "./harness.js";

const MULTIPART = "multipart/form-data; boundary=XX";

function responseOf(body, type = MULTIPART) {
    return new Response(body, { headers: { "content-type": type } });
}

function part(headers, body) {
    return `--XX\r\n${headers.join("\r\n")}\r\n\r\n${body}\r\n`;
}

const parse = (...parts) => responseOf(`${parts.join("")}--XX--\r\n`).formData();

const field = (name, value) => part([`Content-Disposition: form-data; name="${name}"`], value);

test("what is sent", async () => {
    const data = new FormData();
    data.append("a", "1");
    data.append('q"\r\n', "x\ny\rz\r\n");
    data.append("f", new Blob(["bytes"], { type: "text/x" }), 'f"\n.txt');
    data.append("g", new File(["\r\n"], "ä.bin"));
    const response = new Response(data);
    const type = response.headers.get("content-type");
    const boundary = /^multipart\/form-data; boundary=([-A-Za-z0-9_]{27,70})$/.exec(type)[1];
    const text = await response.text();
    equal(
        text.replaceAll(boundary, "B"),
        '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' +
            '--B\r\nContent-Disposition: form-data; name="q%22%0D%0A"\r\n\r\nx\r\ny\r\nz\r\n\r\n' +
            '--B\r\nContent-Disposition: form-data; name="f"; filename="f%22%0A.txt"\r\n' +
            "Content-Type: text/x\r\n\r\nbytes\r\n" +
            '--B\r\nContent-Disposition: form-data; name="g"; filename="ä.bin"\r\n' +
            "Content-Type: application/octet-stream\r\n\r\n\r\n\r\n--B--\r\n",
    );
    ok(new Response(data).headers.get("content-type") !== type, "another boundary each time");
});

test("there and back", async () => {
    const data = new FormData();
    const bytes = new Uint8Array(1000).map((_, i) => [13, 10, 45, 45, i][i % 5]);
    data.append("text", "hällo\r\n--wörld");
    data.append("", "");
    data.append("file", new File([bytes], "a b.bin", { type: "application/x-y" }));
    data.append("empty", new Blob([]));
    const request = new Request("https://a/", { method: "POST", body: data });
    for (const holder of [
        request.clone(),
        new Response(data),
        new Response(new Response(data).body, request),
    ]) {
        if (
            holder.headers.get("content-type") === request.headers.get("content-type") &&
            holder instanceof Response
        ) {
            continue; // the boundaries differ
        }
        const back = await holder.formData();
        same([...back.keys()], ["text", "", "file", "empty"]);
        equal(back.get("text"), "hällo\r\n--wörld");
        equal(back.get(""), "");
        const file = back.get("file");
        equal(file.name, "a b.bin");
        equal(file.type, "application/x-y");
        same([...(await file.bytes())], [...bytes]);
        equal(back.get("empty").size, 0);
        equal(back.get("empty").name, "blob");
    }
});

test("an empty form", async () => {
    same([...(await new Response(new FormData()).formData())], []);
    same([...(await parse())], []);
});

test("fields", async () => {
    const data = await parse(field("a", "1"), field("a", "ä"), field("b", ""));
    same(
        [...data],
        [
            ["a", "1"],
            ["a", "ä"],
            ["b", ""],
        ],
    );
});

test("files", async () => {
    const disposition = 'form-data; name="f"; filename="n.txt"';
    const typed = await parse(
        part([`Content-Disposition: ${disposition}`, "Content-Type: Text/Html; charset=x"], "<p>"),
    );
    const file = typed.get("f");
    ok(file instanceof File);
    equal(file.name, "n.txt");
    equal(file.type, "text/html; charset=x");
    equal(await file.text(), "<p>");
    const untyped = await parse(part([`Content-Disposition: ${disposition}`], "x"));
    equal(untyped.get("f").type, "text/plain");
    const unnamed = await parse(
        part(['Content-Disposition: form-data; name="f"; filename=""'], ""),
    );
    ok(unnamed.get("f") instanceof File);
    equal(unnamed.get("f").name, "");
});

test("spellings of the headers", async () => {
    const names = [
        ['content-disposition:form-data;name="n"', "n"],
        ['CONTENT-DISPOSITION:  Form-Data ; NAME="n" ', "n"],
        ["Content-Disposition: form-data; name=n", "n"],
        ['Content-Disposition: form-data; name="a%22b%0D%0Ac"', 'a"b\r\nc'],
        ['Content-Disposition: form-data; name="a\\"b"', 'a"b'],
        ['Content-Disposition: form-data; name="a\\b\\"', "a\\b\\"],
        ['Content-Disposition: form-data; name="a;b=c"', "a;b=c"],
        ['Content-Disposition: form-data; name="%41%0a"', "%41%0a"],
        ['Content-Disposition: form-data; name="日本"', "日本"],
        ["Content-Disposition: form-data; x=y; name=\"n\"; name*=utf-8''m", "n"],
        ['X-Other: 1\r\nContent-Disposition: form-data; name="n"\r\nX-More: a:b', "n"],
    ];
    for (const [header, name] of names) {
        const data = await parse(part([header], "v"));
        same([...data], [[name, "v"]], header);
    }
});

test("bodies that look like boundaries", async () => {
    for (const body of [
        "--XX",
        "\r\n",
        "\r\n--X",
        "\r\n--x",
        "\r--XX",
        "\n--XX--",
        "\r\r\n-",
        "-",
        "\r\n --XX",
    ]) {
        const data = await parse(field("a", body), field("b", "c"));
        equal(data.get("a"), body, JSON.stringify(body));
        equal(data.get("b"), "c");
    }
});

test("the boundary's spellings", async () => {
    const body = (boundary) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--${boundary}--\r\n`;
    for (const [type, boundary] of [
        ["multipart/form-data; boundary=abc", "abc"],
        ["Multipart/Form-Data; charset=x; BOUNDARY=abc", "abc"],
        ['multipart/form-data; boundary="a b:c"', "a b:c"],
        [
            "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
            "----WebKitFormBoundary7MA4YWxkTrZu0gW",
        ],
    ]) {
        equal((await responseOf(body(boundary), type).formData()).get("a"), "1", type);
    }
});

test("what may stand around boundaries", async () => {
    const data = `--XX \t\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--XX--`;
    equal((await responseOf(data).formData()).get("a"), "1");
    equal((await responseOf(`${data} epilogue\r\n--XX\r\n`).formData()).get("a"), "1");
});

test("malformed bodies", async () => {
    const good = field("a", "1");
    const disposition = 'Content-Disposition: form-data; name="a"';
    const bodies = {
        nothing: "",
        "no boundary": "a=b",
        "a preamble": `x\r\n${good}--XX--\r\n`,
        "no last boundary": good,
        "another boundary": `${good}--XY--\r\n`,
        "cut in the boundary": `${good}--X`,
        "cut behind the boundary": `${good}--XX`,
        "cut behind a dash": `${good}--XX-`,
        "cut in the headers": `--XX\r\n${disposition}`,
        "cut behind the headers": `--XX\r\n${disposition}\r\n\r\n`,
        "cut in the body": `--XX\r\n${disposition}\r\n\r\nabc`,
        "junk behind the boundary": `--XXjunk\r\n${disposition}\r\n\r\n1\r\n--XX--\r\n`,
        "no headers": "--XX\r\n\r\n1\r\n--XX--\r\n",
        "no name": part(["Content-Disposition: form-data"], "1") + "--XX--\r\n",
        "no disposition": part(["Content-Type: text/plain"], "1") + "--XX--\r\n",
        "another disposition":
            part(['Content-Disposition: attachment; name="a"'], "1") + "--XX--\r\n",
        "an open quotation": part(['Content-Disposition: form-data; name="a'], "1") + "--XX--\r\n",
        "junk behind a parameter": part([`${disposition} junk`], "1") + "--XX--\r\n",
        "a line that is no header": part([disposition, "junk"], "1") + "--XX--\r\n",
        "a header with a space": part([disposition, "a b: c"], "1") + "--XX--\r\n",
        "line feeds alone": `--XX\n${disposition}\n\n1\n--XX--\n`,
        "a line feed in the headers": `--XX\r\n${disposition}\n\r\n1\r\n--XX--\r\n`,
    };
    for (const what of Object.keys(bodies)) {
        const error = await rejects(TypeError, responseOf(bodies[what]).formData(), what);
        ok(error.message.length > 10, what);
    }
});

// Bodies that are nearly well-formed: they are taken or refused, and nothing else.
test("bodies changed at random", async () => {
    const file = part(
        ['Content-Disposition: form-data; name="f"; filename="n"', "Content-Type: a/b"],
        "x",
    );
    const whole = new TextEncoder().encode(
        `${field("a", "1")}${file}${field("b", "\r\n")}--XX--\r\n`,
    );
    const random = crypto.getRandomValues(new Uint32Array(3000));
    let taken = 0;
    for (let i = 0; i < random.length; i += 3) {
        const changed = whole.slice();
        const at = random[i] % whole.length;
        const interesting = [0, 10, 13, 34, 45, 58, 59, 61, 88, 255];
        changed[at] = interesting[random[i + 1] % interesting.length];
        const end = random[i + 2] % 4 === 0 ? at : whole.length;
        try {
            const data = await responseOf(changed.subarray(0, end)).formData();
            taken += [...data].length > 0 ? 1 : 0;
        } catch (error) {
            equal(error.constructor, TypeError, String(error));
            ok(error.message.startsWith("The body is not well-formed"), error.message);
        }
    }
    ok(taken > 10 && taken < 990, `${taken} taken`);
});

test("headers of a part have a bound", async () => {
    const filler = (length) => `X-Filler: ${"x".repeat(length)}`;
    const disposition = 'Content-Disposition: form-data; name="a"';
    const around = `${disposition}\r\n${filler(0)}\r\n\r\n`.length;
    const most = await parse(part([disposition, filler(16384 - around)], "1"));
    equal(most.get("a"), "1");
    await rejects(TypeError, parse(part([disposition, filler(16384 - around + 1)], "1")));
});

test("headers that could take long", async () => {
    const disposition = 'Content-Disposition: form-data; name="a"';
    const fillers = [
        `X: a${" ".repeat(16000)}x`,
        `X:${"\t ".repeat(8000)}`,
        `${disposition}; x="${'\\"'.repeat(4000)}"`,
        `${disposition}${"; x=y".repeat(3000)}`,
        `${disposition}; filename="${"%22".repeat(5000)}"`,
    ];
    const start = performance.now();
    for (const filler of fillers) {
        const headers = filler.startsWith("X") ? [disposition, filler] : [filler];
        const data = await parse(part(headers, "1").repeat(100));
        equal(data.getAll("a").length, 100);
    }
    const spent = performance.now() - start;
    ok(spent < 5000, `${spent} ms`);
});

test("many parts, and large ones", async () => {
    const many = await parse(field("a", "1").repeat(5000));
    equal(many.getAll("a").length, 5000);
    const body = "\r\n--X".repeat(50_000);
    equal((await parse(field("a", body))).get("a"), body);
});

test("no form", async () => {
    const body = `${field("a", "1")}--XX--\r\n`;
    for (const type of [
        "multipart/form-data",
        "multipart/mixed; boundary=XX",
        "text/plain",
        "x",
        "",
    ]) {
        await rejects(TypeError, responseOf(body, type).formData(), type);
    }
    await rejects(TypeError, new Response(new Uint8Array(1)).formData());
    await rejects(TypeError, new Response().formData());
    const response = responseOf(body, "text/plain");
    await rejects(TypeError, response.formData());
    equal(response.bodyUsed, true);
});

test("urlencoded", async () => {
    const type = "application/x-www-form-urlencoded";
    const data = await responseOf("a=1&b=%C3%A4+%26&a=&c&=d&&", type).formData();
    same(
        [...data],
        [
            ["a", "1"],
            ["b", "ä &"],
            ["a", ""],
            ["c", ""],
            ["", "d"],
        ],
    );
    const params = await new Response(new URLSearchParams({ x: "ü=&" })).formData();
    equal(params.get("x"), "ü=&");
    same([...(await responseOf("", type).formData())], []);
    equal(
        (await responseOf(new Uint8Array([0x61, 0x3d, 0xff]), type).formData()).get("a"),
        "\ufffd",
    );
    equal((await responseOf("\ufeffa=b", type).formData()).get("\ufeffa"), "b");
    equal((await responseOf("a=b", `${type}; charset=utf-8`).formData()).get("a"), "b");
});

test("a form in a stream", async () => {
    const bytes = new TextEncoder().encode(`${field("a", "x".repeat(1000))}--XX--`);
    const stream = new ReadableStream({
        start(controller) {
            for (let at = 0; at < bytes.length; at += 7) {
                controller.enqueue(bytes.slice(at, at + 7));
            }
            controller.close();
        },
    });
    equal((await responseOf(stream).formData()).get("a").length, 1000);
});

test("a body is read once", async () => {
    const response = new Response(new FormData());
    await response.formData();
    await rejects(TypeError, response.formData());
    await rejects(TypeError, Response.prototype.formData.call({}));
    throws(TypeError, () => response.clone());
});

export default worker;
