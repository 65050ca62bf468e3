import { equal, ok, rejects, same, test, throws, worker } from "./harness.js";

test("defaults", () => {
    const request = new Request("https://example.com");
    const shown = {
        method: "GET",
        url: "https://example.com/",
        destination: "",
        referrer: "about:client",
        referrerPolicy: "",
        mode: "cors",
        credentials: "same-origin",
        cache: "default",
        redirect: "follow",
        integrity: "",
        keepalive: false,
        isReloadNavigation: false,
        isHistoryNavigation: false,
        duplex: "half",
        bodyUsed: false,
    };
    for (const name of Object.keys(shown)) {
        equal(request[name], shown[name], name);
    }
    same([...request.headers], []);
    equal(request.headers, request.headers);
    ok(request.signal instanceof AbortSignal);
    equal(request.signal, request.signal);
    equal(request.signal.aborted, false);
});

test("URLs are absolute and normalized", () => {
    equal(new Request("HTTPS://EXAMPLE.com:443/a/../b?c#d").url, "https://example.com/b?c#d");
    equal(new Request(new URL("https://a/b")).url, "https://a/b");
    equal(new Request({ toString: () => "https://a/" }).url, "https://a/");
    for (const url of ["/a", "a", "", "http://", "//a/", undefined, null, {}]) {
        throws(TypeError, () => new Request(url), String(url));
    }
    throws(TypeError, () => new Request("https://user@a/"));
    throws(TypeError, () => new Request("https://:secret@a/"));
    throws(TypeError, () => new Request());
    throws(TypeError, () => Request("https://a/"));
});

test("methods", () => {
    const method = (name) => new Request("https://a/", { method: name }).method;
    for (const name of ["delete", "GET", "Head", "options", "pOST", "put"]) {
        equal(method(name), name.toUpperCase());
    }
    equal(method("patch"), "patch");
    equal(method("PATCH"), "PATCH");
    equal(method("chicken"), "chicken");
    for (const name of ["CONNECT", "trace", "Track", "", " GET", "a b", "GÄT", "\0"]) {
        throws(TypeError, () => method(name), JSON.stringify(name));
    }
});

test("bodies", async () => {
    const init = { method: "POST", body: "abc" };
    const request = new Request("https://a/", init);
    equal(request.headers.get("content-type"), "text/plain;charset=UTF-8");
    equal(await request.text(), "abc");
    equal(request.bodyUsed, true);
    await rejects(TypeError, request.json());
    same(await new Request("https://a/", { method: "PUT", body: "[1]" }).json(), [1]);
    const bytes = new Request("https://a/", { method: "PUT", body: new Uint8Array([1]) });
    equal(bytes.headers.has("content-type"), false);
    equal((await bytes.arrayBuffer()).byteLength, 1);
});

test("GET and HEAD have no body", () => {
    for (const method of ["GET", "HEAD", "get", undefined]) {
        throws(TypeError, () => new Request("https://a/", { method, body: "" }), method);
    }
    equal(new Request("https://a/", { body: null }).method, "GET");
    equal(new Request("https://a/", { body: undefined }).method, "GET");
});

test("headers of the init are taken, whatever they are", () => {
    const headers = { Cookie: "a=b", Host: "c", Origin: "https://d", "X-Y": "1" };
    const request = new Request("https://a/", { headers });
    for (const name of Object.keys(headers)) {
        equal(request.headers.get(name), headers[name], name);
    }
    request.headers.append("x-y", "2");
    equal(request.headers.get("x-y"), "1, 2");
});

test("enumerations", () => {
    const make = (init) => new Request("https://a/", init);
    equal(make({ cache: "no-store" }).cache, "no-store");
    equal(make({ credentials: "omit" }).credentials, "omit");
    equal(make({ mode: "same-origin" }).mode, "same-origin");
    equal(make({ redirect: "manual" }).redirect, "manual");
    equal(make({ referrerPolicy: "origin" }).referrerPolicy, "origin");
    equal(make({ duplex: "half" }).duplex, "half");
    for (const name of ["cache", "credentials", "mode", "redirect", "referrerPolicy", "duplex"]) {
        throws(TypeError, () => make({ [name]: "nonsense" }), name);
        throws(TypeError, () => make({ [name]: null }), name);
        throws(TypeError, () => make({ [name]: "toString" }), name);
    }
    throws(TypeError, () => make({ mode: "navigate" }));
    throws(TypeError, () => make({ cache: "only-if-cached" }));
    equal(make({ cache: "only-if-cached", mode: "same-origin" }).cache, "only-if-cached");
    throws(TypeError, () => make({ mode: "no-cors", method: "PUT" }));
    throws(TypeError, () => make({ window: {} }));
    equal(make({ window: null, integrity: "x", keepalive: 1 }).integrity, "x");
    equal(make({ referrer: "" }).referrer, "");
    equal(make({ referrer: "about:client" }).referrer, "about:client");
    throws(TypeError, () => make({ referrer: "nonsense" }));
    throws(TypeError, () => make(1));
    equal(make(null).method, "GET");
});

test("members of the init are read in order, each once", () => {
    const read = [];
    const init = new Proxy({}, { get: (_, name) => void read.push(name) });
    new Request("https://a/", init);
    same(read, [...read].sort());
    equal(new Set(read).size, read.length);
});

test("a request of a request", async () => {
    const first = new Request("https://a/", {
        method: "POST",
        body: "abc",
        headers: { a: "1" },
        redirect: "error",
        integrity: "i",
        keepalive: true,
    });
    const second = new Request(first);
    equal(first.bodyUsed, true, "the body moves");
    equal(second.bodyUsed, false);
    equal(second.method, "POST");
    equal(second.redirect, "error");
    equal(second.integrity, "i");
    equal(second.keepalive, true);
    equal(second.headers.get("a"), "1");
    equal(second.headers.get("content-type"), "text/plain;charset=UTF-8");
    second.headers.set("a", "2");
    equal(first.headers.get("a"), "1");
    equal(await second.text(), "abc");
    throws(TypeError, () => new Request(first), "of a used one");
});

test("an init changes what it says", async () => {
    const first = new Request("https://a/", { method: "POST", body: "abc", headers: { a: "1" } });
    const second = new Request(first, { method: "PUT", headers: { b: "2" }, redirect: "manual" });
    equal(second.method, "PUT");
    equal(second.redirect, "manual");
    equal(second.headers.has("a"), false);
    equal(second.headers.get("b"), "2");
    equal(await second.text(), "abc");
});

test("a new body leaves the old one alone", async () => {
    const first = new Request("https://a/", { method: "POST", body: "old" });
    const second = new Request(first, { body: "new" });
    equal(first.bodyUsed, false);
    equal(await second.text(), "new");
    equal(await first.text(), "old");
    const third = new Request(first, { body: "again" });
    equal(await third.text(), "again");
});

test("a body cannot go with a method that has none", () => {
    const first = new Request("https://a/", { method: "POST", body: "abc" });
    throws(TypeError, () => new Request(first, { method: "GET" }));
    equal(first.bodyUsed, false);
});

test("clone", async () => {
    const request = new Request("https://a/", { method: "POST", body: "abc", headers: { a: "1" } });
    const clone = request.clone();
    clone.headers.set("a", "2");
    equal(request.headers.get("a"), "1");
    equal(clone.url, request.url);
    equal(clone.method, "POST");
    equal(await request.text(), "abc");
    equal(await clone.text(), "abc");
    throws(TypeError, () => request.clone());
});

test("signals are followed", () => {
    const controller = new AbortController();
    const request = new Request("https://a/", { signal: controller.signal });
    const clone = request.clone();
    const copy = new Request(request);
    ok(request.signal !== controller.signal);
    controller.abort("why");
    for (const { signal } of [request, clone, copy]) {
        equal(signal.aborted, true);
        equal(signal.reason, "why");
    }
    equal(new Request("https://a/", { signal: AbortSignal.abort(1) }).signal.reason, 1);
    equal(new Request(request, { signal: null }).signal.aborted, false);
    throws(TypeError, () => new Request("https://a/", { signal: {} }));
    equal(new Request("https://a/", { signal: null }).signal.aborted, false);
});

test("getters want a request", () => {
    for (const name of Object.keys(Object.getOwnPropertyDescriptors(Request.prototype))) {
        const { get } = Object.getOwnPropertyDescriptor(Request.prototype, name);
        if (get !== undefined) {
            throws(TypeError, () => get.call({}), name);
        }
    }
});

export default worker;
