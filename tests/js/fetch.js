// fetch(), against the answers of upstream.c.

import { equal, fail, ok, rejects, same, sleep, test, throws, worker } from "./harness.js";

const UPSTREAM = "https://upstream.test";

async function echoed(input, init) {
    return (await fetch(input, init)).json();
}

async function stats() {
    return echoed(`${UPSTREAM}/stats`);
}

// The values of a header in what was echoed: names and values in turn.
function sent({ headers }, name) {
    return headers.filter((_, i) => i % 2 === 1 && headers[i - 1] === name);
}

let startupError = null;
try {
    await fetch(`${UPSTREAM}/echo`);
} catch (error) {
    startupError = error;
}

test("not while modules are evaluated", () => {
    ok(startupError instanceof TypeError);
    equal(startupError.message, "fetch() is not available while modules are evaluated");
});

test("a GET", async () => {
    const promise = fetch(`${UPSTREAM}/echo?a=b#fragment`);
    ok(promise instanceof Promise);
    const response = await promise;
    ok(response instanceof Response);
    equal(response.status, 200);
    equal(response.ok, true);
    equal(response.statusText, "OK");
    equal(response.type, "basic");
    equal(response.redirected, false);
    equal(response.url, `${UPSTREAM}/echo?a=b`);
    equal(response.headers.get("Content-Type"), "application/json");
    equal(response.bodyUsed, false);
    const request = await response.json();
    equal(response.bodyUsed, true);
    equal(request.method, "GET");
    equal(request.url, `${UPSTREAM}/echo?a=b#fragment`);
    equal(request.body, null);
    equal(request.redirect, "follow");
    equal(request.tenant, "js");
    same(request.headers, []);
});

test("bodies, and what they say of their type", async () => {
    const string = await echoed(`${UPSTREAM}/echo`, { method: "POST", body: "hällo" });
    equal(string.method, "POST");
    equal(string.body, "hällo");
    same(sent(string, "content-type"), ["text/plain;charset=UTF-8"]);
    const bytes = await echoed(`${UPSTREAM}/echo`, {
        method: "put",
        body: new Uint8Array([97, 98]),
        headers: { "content-type": "a/b" },
    });
    equal(bytes.method, "PUT");
    equal(bytes.body, "ab");
    same(sent(bytes, "content-type"), ["a/b"]);
    const form = await echoed(`${UPSTREAM}/echo`, {
        method: "PATCH",
        body: new URLSearchParams({ a: "b c" }),
    });
    equal(form.method, "PATCH");
    equal(form.body, "a=b+c");
    equal((await echoed(`${UPSTREAM}/echo`, { method: "POST", body: "" })).body, "");
    equal((await echoed(`${UPSTREAM}/echo`, { method: "POST" })).body, null);
});

test("forms, blobs and streams", async () => {
    const post = (body, more) => echoed(`${UPSTREAM}/echo`, { method: "POST", body, ...more });
    const form = new FormData();
    form.append("a", "ä");
    const multipart = await post(form);
    const [type] = sent(multipart, "content-type");
    equal(type.startsWith("multipart/form-data; boundary="), true);
    const headers = { "content-type": type };
    equal((await new Response(multipart.body, { headers }).formData()).get("a"), "ä");
    const blob = await post(new Blob(["bl", "ob"], { type: "text/x" }));
    equal(blob.body, "blob");
    same(sent(blob, "content-type"), ["text/x"]);
    const stream = await post(new Blob(["str", "eam"]).stream(), { duplex: "half" });
    equal(stream.body, "stream");
    same(sent(stream, "content-type"), []);
    await rejects(TypeError, post(new Blob(["x"]).stream()));
});

test("a body's stream that fails, and one that is aborted", async () => {
    const error = new RangeError("mine");
    const post = (body, more) =>
        fetch(`${UPSTREAM}/echo`, { method: "POST", body, duplex: "half", ...more });
    const failing = new ReadableStream({
        pull(controller) {
            controller.error(error);
        },
    });
    equal(await rejects(RangeError, post(failing)), error);
    const controller = new AbortController();
    const slow = new ReadableStream({
        async pull(to) {
            await sleep(1);
            controller.abort();
            to.close();
        },
    });
    await rejects("AbortError", post(slow, { signal: controller.signal }));
});

test("headers, and those that are not the worker's to set", async () => {
    const headers = new Headers({ "X-One": "1", cookie: "a=b", origin: "x", "user-agent": "me" });
    const forbidden = [
        "Accept-Encoding",
        "Connection",
        "Content-Length",
        "Expect",
        "Host",
        "Keep-Alive",
        "Proxy-Authorization",
        "Proxy-X",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    ];
    for (const name of forbidden) {
        headers.set(name, "1");
    }
    headers.append("x-one", "é");
    const request = await echoed(`${UPSTREAM}/echo`, { headers });
    same(request.headers, [
        "x-one",
        "1",
        "cookie",
        "a=b",
        "origin",
        "x",
        "user-agent",
        "me",
        "x-one",
        "é",
    ]);
});

test("a Request, a URL, anything that is a string", async () => {
    const request = new Request(`${UPSTREAM}/echo`, { method: "DELETE", headers: { a: "1" } });
    const plain = await echoed(request);
    equal(plain.method, "DELETE");
    same(sent(plain, "a"), ["1"]);
    const changed = await echoed(request, { method: "POST", headers: { b: "2" }, body: "x" });
    equal(changed.method, "POST");
    same(sent(changed, "a"), []);
    same(sent(changed, "b"), ["2"]);
    equal((await echoed(new URL(`${UPSTREAM}/echo`))).url, `${UPSTREAM}/echo`);
    equal((await echoed({ toString: () => `${UPSTREAM}/echo?x` })).url, `${UPSTREAM}/echo?x`);
    const used = new Request(`${UPSTREAM}/echo`, { method: "POST", body: "once" });
    equal((await echoed(used)).body, "once");
    equal(used.bodyUsed, true);
    await rejects(TypeError, fetch(used));
});

test("the incoming request is passed on, body and headers", async ({ request }) => {
    const passed = await echoed(request.clone());
    equal(passed.url, request.url);
    equal(passed.method, "POST");
    equal(passed.body, "hällo wörld");
    same(sent(passed, "x-test"), ["a", "b"]);
    same(sent(passed, "host"), []);
});

test("what cannot be fetched is a rejection", async () => {
    equal(fetch.length, 1);
    await rejects(TypeError, fetch());
    await rejects(TypeError, fetch("/relative"));
    await rejects(TypeError, fetch("https://user:password@upstream.test/"));
    await rejects(TypeError, fetch(`${UPSTREAM}/echo`, { method: "GET", body: "x" }));
    await rejects(TypeError, fetch(`${UPSTREAM}/echo`, { method: "CONNECT" }));
    await rejects(TypeError, fetch(`${UPSTREAM}/echo`, { headers: { "a b": "1" } }));
    await rejects(TypeError, fetch(`${UPSTREAM}/echo`, { signal: {} }));
    for (const url of ["blob:https://a/b", "ftp://a/b", "file:///etc/passwd", "about:blank"]) {
        const error = await rejects(TypeError, fetch(url), url);
        equal(error.message, "fetch failed");
        ok(error.cause.message.includes("cannot be fetched"), error.cause.message);
    }
});

test("integrity, which cannot be checked, is refused", async () => {
    const error = await rejects(TypeError, fetch(`${UPSTREAM}/echo`, { integrity: "sha256-x" }));
    ok(error.cause.message.includes("integrity"));
});

test("network errors say why, and where", async () => {
    async function caller() {
        await fetch(`${UPSTREAM}/fail`);
    }
    const error = await rejects(TypeError, caller());
    equal(error.message, "fetch failed");
    equal(error.cause.constructor, Error);
    equal(error.cause.message, "'upstream.test' took no connection");
    ok(error.stack.includes("async caller"), error.stack);
    const unknown = await rejects(TypeError, fetch("https://other.test/"));
    equal(unknown.cause.message, "the host's name leads to no address");
});

test("statuses without a body", async () => {
    for (const status of [204, 205, 304]) {
        const response = await fetch(`${UPSTREAM}/status/${status}`);
        equal(response.status, status);
        equal(await response.text(), "");
        equal(response.bodyUsed, false);
    }
    const response = await fetch(`${UPSTREAM}/status/404`);
    equal(response.status, 404);
    equal(response.ok, false);
    equal(response.statusText, "Something else");
    equal(await response.text(), "");
    equal(response.bodyUsed, true);
    const head = await fetch(`${UPSTREAM}/bytes/10`, { method: "HEAD" });
    equal((await head.arrayBuffer()).byteLength, 0);
    equal(head.bodyUsed, false);
});

test("bodies are read as text and as bytes, whatever is in them", async () => {
    const bodies = {
        bom: ["text", [0xef, 0xbb, 0xbf, 0x74, 0x65, 0x78, 0x74]],
        wide: ["grüß \u{1f600}", [0x67, 0x72, 0xc3, 0xbc, 0xc3, 0x9f, 0x20, 0xf0, 0x9f, 0x98, 0x80]],
        broken: ["a\ufffdb", [0x61, 0xff, 0x62]],
        empty: ["", []],
    };
    for (const [name, [text, bytes]] of Object.entries(bodies)) {
        const response = await fetch(`${UPSTREAM}/body/${name}`);
        same([...(await response.clone().bytes())], bytes, name);
        same([...new Uint8Array(await response.clone().arrayBuffer())], bytes, name);
        equal(await response.text(), text, name);
    }
});

test("bodies of answers", async () => {
    const buffer = await (await fetch(`${UPSTREAM}/bytes/100000`)).arrayBuffer();
    equal(buffer.byteLength, 100000);
    equal(new Uint8Array(buffer)[99999], "x".charCodeAt(0));
    const bytes = await (await fetch(`${UPSTREAM}/bytes/3`)).bytes();
    equal(bytes.length, 3);
    bytes[0] = 1; // it is the worker's
    const response = await fetch(`${UPSTREAM}/bytes/5`);
    const clone = response.clone();
    equal(clone.url, response.url);
    equal(await clone.text(), "xxxxx");
    equal(await response.text(), "xxxxx");
    await rejects(TypeError, response.text());
    equal((await (await fetch(`${UPSTREAM}/bytes/0`)).arrayBuffer()).byteLength, 0);
});

test("a body that is too large for the worker's memory", async () => {
    const kept = [];
    let error = null;
    for (let i = 0; i < 20 && error === null; i++) {
        try {
            kept.push(await (await fetch(`${UPSTREAM}/bytes/16000000`)).arrayBuffer());
        } catch (thrown) {
            error = thrown;
        }
    }
    ok(error instanceof TypeError);
    ok(error.cause.message.includes("memory"), error.cause.message);
    ok(kept.length >= 6, `${kept.length}`);
});

test("headers of answers", async () => {
    const response = await fetch(`${UPSTREAM}/headers`);
    const { headers } = response;
    same(headers.getSetCookie(), ["a=1", "b=2"]);
    equal(headers.get("x-high"), "é");
    equal(headers.get("x-empty"), "");
    equal(headers.get("content-encoding"), "gzip");
    throws(TypeError, () => headers.set("a", "b"));
    throws(TypeError, () => response.clone().headers.delete("x-high"));
    const copy = new Response("body", response);
    equal(copy.headers.get("x-high"), "é");
    copy.headers.set("x-high", "e");
    equal(copy.type, "default");
});

test("redirects", async () => {
    const followed = await fetch(`${UPSTREAM}/redirect`);
    equal(followed.redirected, true);
    equal(followed.url, `${UPSTREAM}/echo?redirected`);
    const error = await rejects(TypeError, fetch(`${UPSTREAM}/redirect`, { redirect: "error" }));
    ok(error.cause.message.includes("redirects"));
    const manual = await fetch(`${UPSTREAM}/redirect`, { redirect: "manual" });
    equal(manual.status, 302);
    equal(manual.type, "basic");
    equal(manual.redirected, false);
    equal(manual.headers.get("location"), "/echo?redirected");
    equal(await manual.text(), "moved");
    const request = new Request(`${UPSTREAM}/echo`, { redirect: "manual" });
    equal((await echoed(request)).redirect, "manual");
});

test("a signal that is aborted already", async () => {
    const { started } = await stats();
    await rejects("AbortError", fetch(`${UPSTREAM}/echo`, { signal: AbortSignal.abort() }));
    const reason = { mine: 1 };
    const signal = AbortSignal.abort(reason);
    let thrown;
    await fetch(`${UPSTREAM}/echo`, { signal }).catch((error) => (thrown = error));
    equal(thrown, reason);
    const request = new Request(`${UPSTREAM}/echo`, { signal: AbortSignal.abort() });
    await rejects("AbortError", fetch(request));
    equal((await stats()).started, started + 1, "started");
});

test("a signal that is aborted later", async () => {
    const before = await stats();
    const controller = new AbortController();
    const { signal } = controller;
    const promise = fetch(`${UPSTREAM}/never`, { signal });
    const inRequest = fetch(new Request(`${UPSTREAM}/never`, { signal }));
    setTimeout(() => controller.abort("why"), 2);
    let reason;
    await promise.catch((error) => (reason = error));
    equal(reason, "why");
    await inRequest.catch((error) => (reason = [error]));
    same(reason, ["why"]);
    equal((await stats()).stopped, before.stopped + 2, "stopped");
    await rejects("TimeoutError", fetch(`${UPSTREAM}/never`, { signal: AbortSignal.timeout(3) }));
    const any = AbortSignal.any([AbortSignal.timeout(3), new AbortController().signal]);
    await rejects("TimeoutError", fetch(`${UPSTREAM}/never`, { signal: any }));
});

test("a signal that is aborted too late", async () => {
    const controller = new AbortController();
    const response = await fetch(`${UPSTREAM}/echo`, { signal: controller.signal });
    controller.abort();
    equal((await response.json()).method, "GET");
});

test("a signal of null is none", async () => {
    const request = new Request(`${UPSTREAM}/echo`, { signal: AbortSignal.abort() });
    equal((await echoed(request, { signal: null })).method, "GET");
});

test("some at once, the others in order", async () => {
    const order = [];
    const promises = [];
    for (let i = 0; i < 12; i++) {
        const promise = fetch(`${UPSTREAM}/wait/${3 + (i % 4)}`).then(() => order.push(i));
        promises.push(promise);
    }
    await Promise.all(promises);
    same(order.slice(0, 4), [0, 1, 2, 3]);
    same(
        order.slice().sort((a, b) => a - b),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    );
    equal((await stats()).most, 4);
});

test("one that waits can be aborted, and frees nobody's place", async () => {
    const before = await stats();
    const first = [1, 2, 3, 4].map(() => fetch(`${UPSTREAM}/wait/6`));
    const controller = new AbortController();
    const waiting = fetch(`${UPSTREAM}/never`, { signal: controller.signal });
    const last = fetch(`${UPSTREAM}/echo`);
    controller.abort();
    await rejects("AbortError", waiting);
    await Promise.all(first);
    equal((await last).status, 200);
    const after = await stats();
    equal(after.stopped, before.stopped, "stopped");
    equal(after.started, before.started + 6, "started"); // with one for the figures
});

test("one that is aborted makes room", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const stuck = [1, 2, 3, 4].map(() => fetch(`${UPSTREAM}/never`, { signal }));
    const next = fetch(`${UPSTREAM}/echo`);
    controller.abort();
    for (const promise of stuck) {
        await rejects("AbortError", promise);
    }
    equal((await next).status, 200);
});

test("what another task left is gone", async () => {
    if (leftover === null) {
        leftover = fetch(`${UPSTREAM}/never`);
        leftover.then(
            () => fail("it has ended"),
            (error) => (leftoverError = error),
        );
    } else {
        await undefined;
        equal(leftoverError.name, "AbortError");
        ok(leftoverError.message.includes("has ended"));
    }
});

let leftover = null;
let leftoverError = null;

test("a thenable whose then() fetches", async () => {
    const query = {
        then(resolve, reject) {
            return fetch(`${UPSTREAM}/echo`).then(resolve, reject);
        },
    };
    equal((await query).status, 200);
    await undefined;
    equal((await Promise.resolve(query)).status, 200);
});

test("timers go on meanwhile", async () => {
    let ticks = 0;
    const id = setInterval(() => ticks++, 1);
    await fetch(`${UPSTREAM}/wait/200`);
    clearInterval(id);
    ok(ticks > 2, `${ticks}`);
    await sleep(1);
});

// The last one: it uses up what the task has.
test("as many as a task may make", async () => {
    let error = null;
    let made = 0;
    for (; made < 300 && error === null; made++) {
        await fetch(`${UPSTREAM}/echo`).catch((thrown) => (error = thrown));
    }
    ok(made < 201, `${made}`);
    ok(error instanceof TypeError);
    equal(error.message, "too many subrequests");
});

export default worker;
