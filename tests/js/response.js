import { equal, ok, rejects, same, test, throws, worker } from "./harness.js";

test("defaults", async () => {
    const response = new Response();
    equal(response.status, 200);
    equal(response.statusText, "");
    equal(response.ok, true);
    equal(response.type, "default");
    equal(response.url, "");
    equal(response.redirected, false);
    equal(response.bodyUsed, false);
    same([...response.headers], []);
    equal(await response.text(), "");
    equal(response.bodyUsed, false);
    equal(await response.text(), "", "no body can be read again");
});

test("the status range", () => {
    equal(new Response(null, { status: 200 }).status, 200);
    equal(new Response(null, { status: 599 }).status, 599);
    equal(new Response(null, { status: 204.9 }).status, 204);
    equal(new Response(null, { status: "404" }).status, 404);
    equal(new Response(null, { status: 65536 + 201 }).status, 201);
    for (const status of [0, 1, 100, 101, 103, 199, 600, 1000, -1, NaN, "x", Infinity]) {
        throws(RangeError, () => new Response("", { status }), String(status));
    }
    throws(TypeError, () => new Response("", { status: 200n }));
});

test("ok is 200 to 299", () => {
    equal(new Response(null, { status: 299 }).ok, true);
    equal(new Response(null, { status: 300 }).ok, false);
});

test("statusText", () => {
    equal(new Response(null, { statusText: "all \t fine \xff" }).statusText, "all \t fine \xff");
    for (const statusText of ["\n", "a\rb", "\0", "\x7f", "☃"]) {
        throws(TypeError, () => new Response(null, { statusText }), JSON.stringify(statusText));
    }
});

test("statuses that have no body", () => {
    for (const status of [204, 205, 304]) {
        throws(TypeError, () => new Response("", { status }), String(status));
        equal(new Response(null, { status }).status, status);
        equal(new Response(undefined, { status }).status, status);
        throws(TypeError, () => Response.json({}, { status }), String(status));
    }
});

test("init is a dictionary", () => {
    equal(new Response(null, null).status, 200);
    equal(new Response(null, {}).status, 200);
    equal(new Response(null, { status: undefined, headers: undefined }).status, 200);
    throws(TypeError, () => new Response(null, 1));
    throws(TypeError, () => new Response(null, "a"));
    throws(TypeError, () => new Response(null, { headers: null }));
});

test("a string", async () => {
    const response = new Response("häß☃😀");
    equal(response.headers.get("content-type"), "text/plain;charset=UTF-8");
    const bytes = await response.bytes();
    same([...bytes], [...new TextEncoder().encode("häß☃😀")]);
    equal(response.bodyUsed, true);
});

test("lone surrogates are replaced, a byte order mark goes when the text is read", async () => {
    equal(await new Response("a\ud800b\udc00").text(), "a\ufffdb\ufffd");
    equal(await new Response("\ufeffab").text(), "ab");
    equal((await new Response("\ufeffab").bytes()).length, 5);
    equal(await new Response("\ufeff\ufeffab").text(), "\ufeffab");
    same(await new Response("\ufeff[1]").json(), [1]);
});

test("an ArrayBuffer and views are copied", async () => {
    const bytes = new Uint8Array([104, 105, 33, 33]);
    const whole = new Response(bytes.buffer);
    const part = new Response(bytes.subarray(0, 2));
    const view = new Response(new DataView(bytes.buffer, 1, 2));
    const wide = new Response(new Uint16Array(bytes.buffer, 2, 1));
    bytes.fill(0);
    equal(whole.headers.has("content-type"), false);
    equal(await whole.text(), "hi!!");
    equal(await part.text(), "hi");
    equal(await view.text(), "i!");
    equal(await wide.text(), "!!");
});

test("URLSearchParams", async () => {
    const response = new Response(new URLSearchParams({ a: "1 2", "ä": "&" }));
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    equal(response.headers.get("content-type"), type);
    equal(await response.text(), "a=1+2&%C3%A4=%26");
});

test("whatever else becomes a string", async () => {
    equal(await new Response(12).text(), "12");
    equal(await new Response({}).text(), "[object Object]");
    equal(await new Response([1, 2]).text(), "1,2");
    equal(await new Response(true).text(), "true");
    equal(new Response(12).headers.get("content-type"), "text/plain;charset=UTF-8");
    throws(TypeError, () => new Response(Symbol("a")));
});

test("malformed bytes are replaced in text", async () => {
    equal(
        await new Response(new Uint8Array([0x61, 0xff, 0xe2, 0x82, 0x62])).text(),
        "a\ufffd\ufffdb",
    );
});

test("a Content-Type that is given stays", () => {
    const type = (headers) => new Response("a", { headers }).headers.get("content-type");
    equal(type({ "Content-Type": "text/html" }), "text/html");
    equal(type([["content-TYPE", ""]]), "");
    equal(type({ other: "1" }), "text/plain;charset=UTF-8");
});

test("headers are copied from the init", () => {
    const headers = new Headers({ a: "1" });
    const response = new Response(null, { headers });
    headers.set("a", "2");
    equal(response.headers.get("a"), "1");
    response.headers.set("a", "3");
    equal(response.headers.get("a"), "3");
    equal(response.headers, response.headers);
});

test("json", async () => {
    same(await new Response('{"a": [1, null]}').json(), { a: [1, null] });
    await rejects(SyntaxError, new Response("{").json());
    await rejects(SyntaxError, new Response("").json());
    await rejects(SyntaxError, new Response().json());
});

test("arrayBuffer and bytes", async () => {
    const buffer = await new Response("abc").arrayBuffer();
    ok(buffer instanceof ArrayBuffer);
    equal(buffer.byteLength, 3);
    const bytes = await new Response(new Uint8Array([1, 2, 3]).subarray(1)).bytes();
    ok(bytes instanceof Uint8Array);
    same([...bytes], [2, 3]);
    equal((await new Response().arrayBuffer()).byteLength, 0);
    equal((await new Response().bytes()).byteLength, 0);
});

test("a body is read once", async () => {
    for (const method of ["text", "json", "arrayBuffer", "bytes"]) {
        const response = new Response("1");
        await response[method]();
        equal(response.bodyUsed, true);
        await rejects(TypeError, response.text(), method);
        await rejects(TypeError, response[method](), method);
        throws(TypeError, () => response.clone(), method);
    }
});

test("a failed json uses the body too", async () => {
    const response = new Response("{");
    await rejects(SyntaxError, response.json());
    equal(response.bodyUsed, true);
});

test("methods reject, not throw, for what is no response", async () => {
    for (const method of ["text", "json", "arrayBuffer", "bytes"]) {
        await rejects(TypeError, Response.prototype[method].call({}), method);
    }
    throws(TypeError, () => Response.prototype.clone.call({}));
    throws(TypeError, () => Response.prototype.status);
    throws(TypeError, () => Response());
});

test("clone has a body and headers of its own", async () => {
    const response = new Response("abc", { status: 201, statusText: "x", headers: { a: "1" } });
    const clone = response.clone();
    clone.headers.set("a", "2");
    equal(response.headers.get("a"), "1");
    equal(clone.status, 201);
    equal(clone.statusText, "x");
    equal(await clone.text(), "abc");
    equal(response.bodyUsed, false);
    equal(await response.text(), "abc");
});

test("clones share no bytes", async () => {
    const response = new Response(new Uint8Array([1, 2, 3]));
    const clone = response.clone();
    const second = clone.clone();
    (await clone.bytes()).fill(9);
    new Uint8Array(await second.arrayBuffer()).fill(8);
    same([...(await response.bytes())], [1, 2, 3]);
});

test("clone of no body", async () => {
    equal(await new Response().clone().text(), "");
});

test("Response.json", async () => {
    const response = Response.json({ a: 1 }, { status: 201, headers: { x: "y" } });
    equal(response.status, 201);
    equal(response.headers.get("content-type"), "application/json");
    equal(response.headers.get("x"), "y");
    equal(await response.text(), '{"a":1}');
    equal(
        Response.json(1, { headers: { "content-type": "a/b" } }).headers.get("content-type"),
        "a/b",
    );
    equal(await Response.json(null).text(), "null");
    throws(TypeError, () => Response.json(undefined));
    throws(TypeError, () => Response.json(Symbol("a")));
    throws(TypeError, () => Response.json(() => {}));
    throws(TypeError, () => Response.json());
    throws(TypeError, () => Response.json(1n));
    throws(RangeError, () => Response.json(1, { status: 99 }));
    const cycle = {};
    cycle.cycle = cycle;
    throws(TypeError, () => Response.json(cycle));
});

test("what toJSON throws is thrown", () => {
    const error = new RangeError("mine");
    const thrown = throws(RangeError, () =>
        Response.json({
            toJSON() {
                throw error;
            },
        }),
    );
    equal(thrown, error);
});

test("Response.redirect", () => {
    const response = Response.redirect("https://Example.com/a b");
    equal(response.status, 302);
    equal(response.headers.get("location"), "https://example.com/a%20b");
    equal(response.type, "default");
    equal(response.redirected, false);
    for (const status of [301, 302, 303, 307, 308]) {
        equal(Response.redirect("https://a/", status).status, status);
    }
    for (const status of [200, 300, 304, 309, 400]) {
        throws(RangeError, () => Response.redirect("https://a/", status), String(status));
    }
    throws(TypeError, () => Response.redirect("/relative"));
    throws(TypeError, () => Response.redirect("http://"));
    throws(TypeError, () => response.headers.set("a", "b"));
    throws(TypeError, () => response.clone().headers.set("a", "b"));
});

test("Response.error", () => {
    const response = Response.error();
    equal(response.type, "error");
    equal(response.status, 0);
    equal(response.ok, false);
    throws(TypeError, () => response.headers.set("a", "b"));
});

test("a subclass", async () => {
    class Mine extends Response {
        get extra() {
            return `${this.status} extra`;
        }
    }
    const mine = new Mine("a", { status: 202 });
    equal(mine.extra, "202 extra");
    equal(await mine.text(), "a");
});

export default worker;
