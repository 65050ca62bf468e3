import { equal, ok, same, test, throws, worker } from "./harness.js";

test("a pathname", () => {
    const pattern = new URLPattern({ pathname: "/books/:id" });
    equal(pattern.pathname, "/books/:id");
    equal(pattern.hostname, "*");
    ok(pattern.test("https://example.com/books/12"));
    ok(!pattern.test("https://example.com/books/12/pages"));
    ok(pattern.test({ pathname: "/books/1" }));
    ok(pattern.test(new URL("https://example.com/books/1")));
    ok(pattern.test("books/1", "https://example.com/"));
    ok(!pattern.test("no URL"));
    const result = pattern.exec("https://example.com/books/12?a=b");
    same({ ...result.pathname.groups }, { id: "12" });
    equal(result.pathname.input, "/books/12");
    equal(result.search.input, "a=b");
    same(result.inputs, ["https://example.com/books/12?a=b"]);
    equal(pattern.exec("https://example.com/"), null);
});

test("a whole URL", () => {
    const pattern = new URLPattern("https://*.example.com/:kind/*\\?q=:q#top");
    equal(pattern.protocol, "https");
    equal(pattern.hostname, "*.example.com");
    equal(pattern.hash, "top");
    const result = pattern.exec("https://cdn.example.com/img/a/b.png?q=1#top");
    equal(result.hostname.groups[0], "cdn");
    same({ ...result.pathname.groups }, { 0: "a/b.png", kind: "img" });
    equal(result.search.groups.q, "1");
    ok(!pattern.test("http://cdn.example.com/img/a?q=1#top"));
});

test("modifiers, groups, expressions", () => {
    const pattern = new URLPattern({ pathname: "/:lang(en|de)?/:rest+" });
    equal(pattern.hasRegExpGroups, true);
    equal(new URLPattern({ pathname: "/a" }).hasRegExpGroups, false);
    equal(pattern.exec({ pathname: "/de/a/b" }).pathname.groups.rest, "a/b");
    equal(pattern.exec({ pathname: "/a" }).pathname.groups.lang, undefined);
    ok(new URLPattern({ pathname: "/a{/b}?" }).test({ pathname: "/a/b" }));
    ok(new URLPattern({ pathname: "/A" }, { ignoreCase: true }).test({ pathname: "/a" }));
    ok(!new URLPattern({ pathname: "/A" }).test({ pathname: "/a" }));
});

test("a base URL", () => {
    const pattern = new URLPattern("/a/*", "https://example.com");
    equal(pattern.hostname, "example.com");
    ok(pattern.test("https://example.com/a/b"));
    const anyCase = new URLPattern("/A", "https://example.com", { ignoreCase: true });
    ok(anyCase.test("https://example.com/a"));
    const init = { pathname: "b", baseURL: "https://example.com/a/" };
    equal(new URLPattern(init).pathname, "/a/b");
    throws(TypeError, () => new URLPattern("/a"));
    throws(TypeError, () => new URLPattern({}, "https://example.com"));
    throws(TypeError, () => pattern.test({}, "https://example.com"));
});

test("arguments", () => {
    ok(new URLPattern().test("https://a/"));
    equal(new URLPattern().pathname, "*");
    throws(TypeError, () => new URLPattern("https://a/("));
    throws(TypeError, () => new URLPattern({ pathname: "/:a/:a" }));
    throws(TypeError, () => new URLPattern({ protocol: "http\u2603" }));
    throws(TypeError, () => URLPattern());
    equal(new URLPattern({ hostname: "xn--mnchen-3ya.de" }).hostname, "xn--mnchen-3ya.de");
    equal(new URLPattern({ hostname: "m\u00fcnchen.de" }).hostname, "xn--mnchen-3ya.de");
    equal(new URLPattern({ pathname: "/\u2603" }).pathname, "/%E2%98%83");
});

export default worker;
