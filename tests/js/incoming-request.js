// The request that whoever runs these tests sends: see harness.js.

import { equal, ok, rejects, same, test, throws, worker } from "./harness.js";

test("what it is", ({ request }) => {
    ok(request instanceof Request);
    equal(request.method, "POST");
    const url = new URL(request.url);
    equal(url.pathname, "/tests/run");
    equal(url.search, "?case=1&name=a%20b");
    equal(url.searchParams.get("name"), "a b");
    equal(request.url, url.href);
});

test("headers are combined, sorted and immutable", ({ request }) => {
    equal(request.headers.get("Content-Type"), "text/plain;charset=utf-8");
    equal(request.headers.get("x-test"), "a, b");
    equal(request.headers.get("cookie"), "sid=1, lang=de");
    equal(request.headers.get("not-there"), null);
    const names = [...request.headers.keys()];
    same(names, [...names].sort());
    throws(TypeError, () => request.headers.set("a", "b"));
    throws(TypeError, () => request.headers.append("x-test", "c"));
    throws(TypeError, () => request.headers.delete("x-test"));
    throws(TypeError, () => request.clone().headers.set("a", "b"));
});

test("its headers can be copied and changed then", ({ request }) => {
    const headers = new Headers(request.headers);
    headers.set("x-test", "c");
    equal(headers.get("x-test"), "c");
    equal(request.headers.get("x-test"), "a, b");
});

test("a signal that nobody aborts", ({ request }) => {
    equal(request.signal.aborted, false);
});

test("env is an empty frozen object", ({ env }) => {
    ok(Object.isFrozen(env));
    same(Reflect.ownKeys(env), []);
});

test("ctx", ({ ctx }) => {
    equal(ctx.waitUntil(Promise.resolve()), undefined);
    equal(ctx.waitUntil(1), undefined);
    equal(ctx.passThroughOnException(), undefined);
    throws(TypeError, () => ctx.waitUntil());
    throws(TypeError, () => ctx.waitUntil.call({}, 1));
    throws(TypeError, () => new ctx.constructor());
});

// The tests below take the body in turn: each works on a clone, the last on the request.

test("text", async ({ request }) => {
    equal(await request.clone().text(), "hällo wörld");
});

test("bytes", async ({ request }) => {
    const bytes = await request.clone().bytes();
    equal(bytes.length, 13);
    equal(bytes[1], 0xc3);
    equal((await request.clone().arrayBuffer()).byteLength, 13);
});

test("json of what is none", async ({ request }) => {
    await rejects(SyntaxError, request.clone().json());
});

test("a copy without a body leaves it", async ({ request }) => {
    const copy = new Request(request.clone(), { method: "PUT", body: "other" });
    equal(await copy.text(), "other");
    equal(request.bodyUsed, false);
});

test("once", async ({ request }) => {
    const copy = new Request(request.clone());
    equal(await copy.text(), "hällo wörld");
    const moved = new Request(request, { headers: { a: "1" } });
    equal(request.bodyUsed, true);
    await rejects(TypeError, request.text());
    throws(TypeError, () => request.clone());
    equal(await moved.text(), "hällo wörld");
    await rejects(TypeError, moved.text());
});

export default worker;
