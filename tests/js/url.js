import { equal, ok, same, test, throws, worker } from "./harness.js";

const PARTS = [
    "href",
    "origin",
    "protocol",
    "username",
    "password",
    "host",
    "hostname",
    "port",
    "pathname",
    "search",
    "hash",
];

function partsOf(url) {
    return PARTS.map((name) => url[name]);
}

test("all parts", () => {
    same(partsOf(new URL("https://u:p@example.com:8080/a/b?c=d#e")), [
        "https://u:p@example.com:8080/a/b?c=d#e",
        "https://example.com:8080",
        "https:",
        "u",
        "p",
        "example.com:8080",
        "example.com",
        "8080",
        "/a/b",
        "?c=d",
        "#e",
    ]);
});

test("plain URLs", () => {
    const url = new URL("http://example.com/a/b?c=d#e");
    same(partsOf(url), [
        "http://example.com/a/b?c=d#e",
        "http://example.com",
        "http:",
        "",
        "",
        "example.com",
        "example.com",
        "",
        "/a/b",
        "?c=d",
        "#e",
    ]);
    equal(String(url), url.href);
    equal(url.toJSON(), url.href);
    equal(JSON.stringify({ url }), `{"url":"${url.href}"}`);
});

// Input, and what it becomes.
const NORMALIZED = [
    ["https://example.com", "https://example.com/"],
    ["https://example.com?a", "https://example.com/?a"],
    ["https://example.com#a", "https://example.com/#a"],
    ["https://example.com/?", "https://example.com/?"],
    ["https://example.com/#", "https://example.com/#"],
    ["HTTPS://EXAMPLE.com/A", "https://example.com/A"],
    ["https://example.com:443/", "https://example.com/"],
    ["http://example.com:80/", "http://example.com/"],
    ["http://example.com:443/", "http://example.com:443/"],
    ["https://example.com:0443/", "https://example.com/"],
    ["https://example.com:00080/", "https://example.com:80/"],
    ["https://example.com:/", "https://example.com/"],
    ["https://example.com:65535/", "https://example.com:65535/"],
    ["https://example.com/a/./b/../c", "https://example.com/a/c"],
    ["https://example.com/%2e/%2E%2e/.%2e/b", "https://example.com/b"],
    ["https://example.com/..", "https://example.com/"],
    ["https://example.com/.well-known/x", "https://example.com/.well-known/x"],
    ["https://example.com/...", "https://example.com/..."],
    ["https://example.com//a//", "https://example.com//a//"],
    ["https:\\\\example.com\\a\\b", "https://example.com/a/b"],
    ["https:example.com", "https://example.com/"],
    ["https:////example.com", "https://example.com/"],
    ["  https://example.com/ \n", "https://example.com/"],
    ["ht\ntps://exa\tmple.com/a\rb", "https://example.com/ab"],
    ["https://example.com/a b?c d#e f", "https://example.com/a%20b?c%20d#e%20f"],
    ["https://example.com/ä?ö#ü", "https://example.com/%C3%A4?%C3%B6#%C3%BC"],
    ["https://example.com/😀", "https://example.com/%F0%9F%98%80"],
    ["https://example.com/\ud800", "https://example.com/%EF%BF%BD"],
    ['https://example.com/"<>`{}^|', "https://example.com/%22%3C%3E%60%7B%7D%5E|"],
    ["https://example.com/?\"<>`{}'|", "https://example.com/?%22%3C%3E`{}%27|"],
    ["https://example.com/#\"<>`{}'|", "https://example.com/#%22%3C%3E%60{}'|"],
    ["https://example.com/%zz%4", "https://example.com/%zz%4"],
    ["https://münchen.example/", "https://xn--mnchen-3ya.example/"],
    ["https://MÜNCHEN.example/", "https://xn--mnchen-3ya.example/"],
    ["https://faß.example/", "https://xn--fa-hia.example/"],
    ["https://☃.net/", "https://xn--n3h.net/"],
    ["https://ＥＸＡＭＰＬＥ.com/", "https://example.com/"],
    ["https://ex%41mple.com/", "https://example.com/"],
    ["https://a_b.example/", "https://a_b.example/"],
    ["https://-a-.example/", "https://-a-.example/"],
    ["https://example.com./", "https://example.com./"],
    ["https://127.1/", "https://127.0.0.1/"],
    ["https://0x7f.0.0.1/", "https://127.0.0.1/"],
    ["https://2130706433/", "https://127.0.0.1/"],
    ["https://127.0.0.1:8080/a", "https://127.0.0.1:8080/a"],
    ["https://255.250.249.0/", "https://255.250.249.0/"],
    ["https://127.0.0.01/", "https://127.0.0.1/"],
    ["https://1.2.3.4./", "https://1.2.3.4/"],
    ["https://1.2.3.08.example/", "https://1.2.3.08.example/"],
    ["https://1.2.3.4.example/", "https://1.2.3.4.example/"],
    ["https://[::1]:80/", "https://[::1]:80/"],
    ["https://[2001:0db8:0:0::1]/", "https://[2001:db8::1]/"],
    ["https://[::127.0.0.1]/", "https://[::7f00:1]/"],
    ["https://u@e/", "https://u@e/"],
    ["https://u:@e/", "https://u@e/"],
    ["https://:p@e/", "https://:p@e/"],
    ["https://@e/", "https://e/"],
    ["https://a@b@e/", "https://a%40b@e/"],
    ["mailto:a@b.c", "mailto:a@b.c"],
    ["data:text/plain,a b?c#d e", "data:text/plain,a b?c#d%20e"],
    ["javascript:alert(1)", "javascript:alert(1)"],
    ["custom://Host/A/../b", "custom://Host/b"],
    ["custom:/a//b", "custom:/a//b"],
    ["custom:/..//a", "custom:/.//a"],
    ["file:///C|/a", "file:///C:/a"],
    ["file://localhost/a", "file:///a"],
    ["ws://example.com:80/", "ws://example.com/"],
    ["blob:https://a/b", "blob:https://a/b"],
];

test("normalization", () => {
    for (const [input, href] of NORMALIZED) {
        equal(new URL(input).href, href, JSON.stringify(input));
        equal(new URL(href).href, href, "again");
        ok(URL.canParse(input), input);
        equal(URL.parse(input).href, href);
    }
});

const REFUSED = [
    "",
    "a",
    "/a",
    "//a/",
    "http://",
    "https://?a",
    "https://#a",
    "https://:80/",
    "https://a:65536/",
    "https://a:b/",
    "https://a:99999/",
    "https://a b/",
    "https://a<b/",
    "https://a|b/",
    "https://a%00b/",
    "https://%zz/",
    "https://256.0.0.1/",
    "https://1.2.3.256/",
    "https://1.2.3.08/",
    "https://1.2.3.4.5/",
    "https://0x100000000/",
    "https://a.1.2.3.4/",
    "https://[::1/",
    "https://[1:2]/",
    "https://xn--a/",
    "https://xn--/",
    "https://\u00ad/",
    "https://u@/",
    "1http://a/",
    "custom://a b/",
];

test("an empty query or fragment is there, and shown as none", () => {
    const url = new URL("https://example.com/?#");
    equal(url.href, "https://example.com/?#");
    equal(url.search, "");
    equal(url.hash, "");
    url.search = "?";
    url.hash = "#";
    equal(url.href, "https://example.com/?#");
    const custom = new URL("custom:a?#");
    equal(custom.search + custom.hash, "");
});

test("what is no URL", () => {
    for (const input of REFUSED) {
        throws(TypeError, () => new URL(input), JSON.stringify(input));
        equal(URL.canParse(input), false, input);
        equal(URL.parse(input), null, input);
    }
    throws(TypeError, () => new URL());
    throws(TypeError, () => URL.parse());
    throws(TypeError, () => URL.canParse());
    throws(TypeError, () => URL("https://a/"));
    throws(TypeError, () => new URL(Symbol("a")));
});

// Input, base, and what they become.
const RESOLVED = [
    ["/x", "https://e/a/b?c#d", "https://e/x"],
    ["/x?y#z", "https://e:8/a/b?c#d", "https://e:8/x?y#z"],
    ["/", "https://e/a/b", "https://e/"],
    ["x", "https://e/a/b", "https://e/a/x"],
    ["../x", "https://e/a/b/c", "https://e/a/x"],
    ["/../x", "https://e/a/b", "https://e/x"],
    ["?x", "https://e/a/b?c#d", "https://e/a/b?x"],
    ["#x", "https://e/a/b?c#d", "https://e/a/b?c#x"],
    ["", "https://e/a/b?c#d", "https://e/a/b?c"],
    ["//f/x", "https://e/a", "https://f/x"],
    ["\\\\f\\x", "https://e/a", "https://f/x"],
    ["/\\f", "https://e/a", "https://f/"],
    ["/a b", "https://e/", "https://e/a%20b"],
    ["http:x", "http://e/a/b", "http://e/a/x"],
    ["https:x", "http://e/a/b", "https://x/"],
    ["https://f/x", "https://e/a", "https://f/x"],
    ["/x", "https://u:p@e/a", "https://u:p@e/x"],
    ["/x", "file:///C:/a", "file:///C:/x"],
    ["#x", "mailto:a", "mailto:a#x"],
    ["x", "custom://h/a/b", "custom://h/a/x"],
];

test("relative references", () => {
    for (const [input, base, href] of RESOLVED) {
        equal(new URL(input, base).href, href, `${input} against ${base}`);
        equal(new URL(input, new URL(base)).href, href);
        equal(URL.parse(input, base).href, href);
        ok(URL.canParse(input, base));
    }
    throws(TypeError, () => new URL("x", "mailto:a"));
    throws(TypeError, () => new URL("https://a/", "nonsense"), "a bad base, though not needed");
    throws(TypeError, () => new URL("x", null));
    equal(new URL("https://a/", undefined).href, "https://a/");
    equal(URL.canParse("x", "nonsense"), false);
    equal(URL.parse("x", "mailto:a"), null);
});

test("origins", () => {
    const origin = (url) => new URL(url).origin;
    equal(origin("https://u:p@e:8/a"), "https://e:8");
    equal(origin("ftp://e/a"), "ftp://e");
    equal(origin("wss://e/a"), "wss://e");
    equal(origin("file:///a"), "null");
    equal(origin("data:a"), "null");
    equal(origin("custom://e/a"), "null");
    equal(origin("blob:https://e/a"), "https://e");
    equal(origin("blob:a"), "null");
});

// A URL, a part, what the part is set to, and what the URL becomes.
const SET = [
    ["https://e/a", "href", "http://f/b", "http://f/b"],
    ["https://e/a", "protocol", "http", "http://e/a"],
    ["https://e/a", "protocol", "http:x", "http://e/a"],
    ["https://e/a", "protocol", "mailto", "https://e/a"],
    ["https://e/a", "protocol", "1", "https://e/a"],
    ["https://e/a", "username", "u:@ä", "https://u%3A%40%C3%A4@e/a"],
    ["https://u:p@e/a", "username", "", "https://:p@e/a"],
    ["https://e/a", "password", "p", "https://:p@e/a"],
    ["file:///a", "username", "u", "file:///a"],
    ["mailto:a", "password", "p", "mailto:a"],
    ["https://e:8/a", "host", "f", "https://f:8/a"],
    ["https://e:8/a", "host", "f:9", "https://f:9/a"],
    ["https://e:8/a", "host", "", "https://e:8/a"],
    ["https://e:8/a", "host", "f/x", "https://f:8/a"],
    ["mailto:a", "host", "f", "mailto:a"],
    ["https://e:8/a", "hostname", "f:9", "https://e:8/a"],
    ["https://e:8/a", "hostname", "MÜ", "https://xn--m-eha:8/a"],
    ["https://e:8/a", "port", "9", "https://e:9/a"],
    ["https://e:8/a", "port", "443", "https://e/a"],
    ["https://e:8/a", "port", "", "https://e/a"],
    ["https://e:8/a", "port", "9x", "https://e:9/a"],
    ["https://e:8/a", "port", "99999", "https://e:8/a"],
    ["https://e/a?b#c", "pathname", "/x", "https://e/x?b#c"],
    ["https://e/a", "pathname", "x", "https://e/x"],
    ["https://e/a", "pathname", "", "https://e/"],
    ["https://e/a", "pathname", "/x/../y z?#", "https://e/y%20z%3F%23"],
    ["mailto:a", "pathname", "b", "mailto:a"],
    ["https://e/a?b#c", "search", "x", "https://e/a?x#c"],
    ["https://e/a?b#c", "search", "?x y", "https://e/a?x%20y#c"],
    ["https://e/a?b#c", "search", "?", "https://e/a?#c"],
    ["https://e/a?b#c", "search", "", "https://e/a#c"],
    ["https://e/a?b#c", "search", "??#", "https://e/a??%23#c"],
    ["custom:a?b", "search", "x'", "custom:a?x'"],
    ["https://e/a?b", "search", "x'", "https://e/a?x%27"],
    ["https://e/a#b", "hash", "c", "https://e/a#c"],
    ["https://e/a#b", "hash", "#c d", "https://e/a#c%20d"],
    ["https://e/a#b", "hash", "", "https://e/a"],
    ["https://e/a", "hash", "#", "https://e/a#"],
    ["https://e/a", "hash", "##", "https://e/a##"],
    ["https://e/a", "origin", "https://f", "https://e/a"],
];

test("setters", () => {
    for (const [before, part, value, after] of SET) {
        const url = new URL(before);
        try {
            url[part] = value;
        } catch (error) {
            equal(part, "origin", "only origin has no setter");
        }
        equal(url.href, after, `${before} with ${part} ${value}`);
        equal(new URL(after).href, after);
    }
    throws(TypeError, () => {
        new URL("https://a/").href = "nonsense";
    });
});

test("searchParams and the query follow each other", () => {
    const url = new URL("https://e/a?b=1&c=2#d");
    const params = url.searchParams;
    equal(url.searchParams, params);
    equal(params.get("b"), "1");
    params.append("e", "ä &");
    equal(url.href, "https://e/a?b=1&c=2&e=%C3%A4+%26#d");
    params.delete("b");
    params.set("c", "3");
    equal(url.search, "?c=3&e=%C3%A4+%26");
    url.search = "?x=y";
    same([...params], [["x", "y"]]);
    url.href = "https://f/?z=1";
    same([...params], [["z", "1"]]);
    params.delete("z");
    equal(url.href, "https://f/");
    url.search = "a\tb";
    equal(params.toString(), "a%09b=");
    equal(url.href, "https://f/?ab");
    params.sort();
    equal(url.href, "https://f/?a%09b=");
});

test("searchParams of URLs that are not plain", () => {
    const url = new URL("https://u:p@e/a?b#c");
    url.searchParams.append("d", "e");
    equal(url.href, "https://u:p@e/a?b=&d=e#c");
    const custom = new URL("custom:a?b");
    custom.searchParams.delete("b");
    equal(custom.href, "custom:a");
    throws(TypeError, () => {
        "use strict";
        url.searchParams = new URLSearchParams();
    });
});

test("URL objects in strings and as bases", () => {
    equal(`${new URL("https://a/b")}`, "https://a/b");
    equal(new URL(new URL("https://a/b")).href, "https://a/b");
});

test("members want a URL", () => {
    for (const name of [...PARTS, "searchParams"]) {
        throws(TypeError, () => URL.prototype[name], name);
    }
    throws(TypeError, () => URL.prototype.toString.call({}));
    throws(TypeError, () => URL.prototype.toJSON.call("https://a/"));
});

export default worker;
