import { equal, expectLog, same, test, throws, worker } from "./harness.js";

// Logs, and declares the line that is to come.
function logs(level, expected, method, ...data) {
    expectLog(level, expected);
    equal(console[method](...data), undefined);
}

test("levels", () => {
    logs(1, "a", "log", "a");
    logs(1, "a", "info", "a");
    logs(0, "a", "debug", "a");
    logs(2, "a", "warn", "a");
    logs(3, "a", "error", "a");
    logs(1, "a b", "dirxml", "a", "b");
    console.log();
});

test("primitives", () => {
    logs(
        1,
        "a 1 -0 1.5 NaN 10n true null undefined Symbol(s)",
        "log",
        "a",
        1,
        -0,
        1.5,
        NaN,
        10n,
        true,
        null,
        undefined,
        Symbol("s"),
    );
    logs(1, '[ "a" ]', "log", ["a"]);
});

test("format specifiers", () => {
    logs(1, "a b c", "log", "a %s c", "b");
    logs(1, "42 -7 NaN 3.5 NaN", "log", "%d %i %d %f %f", "42.9", -7.5, "x", "3.5z", {});
    logs(1, "NaN 12n", "log", "%d %i", Symbol("a"), 12n);
    logs(1, "100% a %s", "log", "100%% %s %s", "a");
    logs(1, "100%% %s", "log", "100%% %s");
    logs(1, "%s", "log", "%s");
    logs(1, "a% b", "log", "a%", "b");
    logs(1, "%x a", "log", "%x", "a");
    logs(1, "styled text", "log", "%cstyled%c text", "color: red", "");
    logs(1, "{ a: 1 } [ 1 ]", "log", "%o %O", { a: 1 }, [1]);
    logs(1, "a b { c: 1 }", "log", "%s", "a", "b", { c: 1 });
    logs(1, "1 %s", "log", 1, "%s");
    logs(1, "Symbol(a) null 1", "log", "%s %s %s", Symbol("a"), null, 1);
});

test("objects", () => {
    class Point {
        constructor() {
            this.x = 1;
        }
    }
    logs(1, "{}", "log", {});
    logs(1, '{ a: 1, "b-c": "d", [Symbol(e)]: 2 }', "log", { a: 1, "b-c": "d", [Symbol("e")]: 2 });
    logs(1, "Point { x: 1 }", "log", new Point());
    logs(
        1,
        "[Object: null prototype] { a: 1 }",
        "log",
        Object.assign(Object.create(null), { a: 1 }),
    );
    logs(1, "{ a: [Getter], b: [Setter], c: [Getter/Setter] }", "log", {
        get a() {
            throw new Error("called");
        },
        set b(value) {},
        get c() {
            throw new Error("called");
        },
        set c(value) {},
    });
    logs(1, "[Function: f]", "log", function f() {});
    logs(1, "[Function: (anonymous)] [class Point]", "log", () => {}, Point);
});

test("arrays", () => {
    logs(1, "[] [ 1, [ 2 ] ]", "log", [], [1, [2]]);
    logs(1, "[ 1, <2 empty items>, 4 ]", "log", [1, , , 4]);
    logs(1, "[ <1 empty item> ]", "log", [,]);
    logs(1, "[ 1, a: 2 ]", "log", Object.assign([1], { a: 2 }));
    logs(1, "[ <4294967295 empty items> ]", "log", new Array(4294967295));
    logs(1, "Uint8Array(2) [ 1, 2 ]", "log", new Uint8Array([1, 2]));
    logs(
        1,
        "ArrayBuffer { byteLength: 2 } DataView { byteLength: 2 }",
        "log",
        new ArrayBuffer(2),
        new DataView(new ArrayBuffer(2)),
    );
});

test("built-ins", () => {
    logs(
        1,
        'Map(1) { "a" => { b: 1 } } Set(2) { 1, "c" }',
        "log",
        new Map([["a", { b: 1 }]]),
        new Set([1, "c"]),
    );
    logs(
        1,
        "1970-01-01T00:00:00.000Z Invalid Date /a\\/b/gi",
        "log",
        new Date(0),
        new Date(NaN),
        /a\/b/gi,
    );
    logs(
        1,
        '[Number: -0] [String: "a"] [Boolean: false] [Symbol: Symbol(a)]',
        "log",
        Object(-0),
        Object("a"),
        Object(false),
        Object(Symbol("a")),
    );
    logs(1, "Promise {} WeakMap {}", "log", Promise.resolve(1), new WeakMap());
});

test("the platform's own", () => {
    logs(
        1,
        'Headers { a: "1, 2" }',
        "log",
        new Headers([
            ["a", "1"],
            ["A", "2"],
        ]),
    );
    logs(
        1,
        'URL { "https://a/" } URLSearchParams { "a=1" }',
        "log",
        new URL("https://a/"),
        new URLSearchParams("a=1"),
    );
    logs(
        1,
        'TextDecoder { encoding: "utf-8" } TextEncoder {}',
        "log",
        new TextDecoder(),
        new TextEncoder(),
    );
});

test("fakes", () => {
    logs(1, '{ [Symbol(Symbol.toStringTag)]: "Map" }', "log", { [Symbol.toStringTag]: "Map" });
    logs(1, "{ [Symbol(Symbol.toStringTag)]: [Getter] }", "log", {
        get [Symbol.toStringTag]() {
            throw new Error("called");
        },
    });
    logs(
        1,
        "[object that cannot be shown]",
        "log",
        new Proxy(
            {},
            {
                ownKeys() {
                    throw new Error("no");
                },
            },
        ),
    );
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    logs(1, "[object that cannot be shown]", "log", proxy);
});

test("cycles and depth", () => {
    const cycle = { a: [] };
    cycle.a.push(cycle);
    logs(1, "{ a: [ [Circular] ] }", "log", cycle);
    const twice = {};
    logs(1, "[ {}, {} ]", "log", [twice, twice]);
    logs(1, "{ a: { b: { c: { d: [Object] } } } }", "log", { a: { b: { c: { d: { e: 1 } } } } });
    logs(1, "[ [ [ [ [Array] ] ] ] ]", "log", [[[[[1]]]]]);
});

test("what is long is broken into lines", () => {
    const line = "x".repeat(30);
    logs(1, `{\n  a: "${line}",\n  b: {\n    c: "${line}",\n    d: "${line}"\n  }\n}`, "log", {
        a: line,
        b: { c: line, d: line },
    });
});

test("what is huge is cut", () => {
    const items = Array.from({ length: 101 }, (_, i) => i % 10);
    logs(1, `[\n  ${items.slice(0, 100).join(",\n  ")},\n  ... 1 more items\n]`, "log", items);
    logs(1, `[\n  "${"y".repeat(10000)}"... 5 more characters\n]`, "log", ["y".repeat(10005)]);
});

test("errors have their stack, cause and other properties", () => {
    const error = new Error("boom");
    error.stack = "Error: boom\n    at here";
    logs(3, "Error: boom\n    at here", "error", error);
    logs(3, "failed: Error: boom\n    at here", "error", "failed:", error);
    error.code = 7;
    logs(3, "Error: boom\n    at here {\n  code: 7\n}", "error", error);
    const outer = new TypeError("outer", { cause: "inner" });
    outer.stack = "";
    logs(3, '[TypeError: outer] { [cause]: "inner" }', "error", outer);
});

test("assert", () => {
    console.assert(true, "not shown");
    logs(3, "Assertion failed", "assert");
    logs(3, "Assertion failed: a 1", "assert", false, "a %d", 1);
    logs(3, "Assertion failed: { a: 1 }", "assert", 0, { a: 1 });
});

test("count", () => {
    logs(1, "default: 1", "count");
    logs(1, "default: 2", "count", undefined);
    logs(1, "a: 1", "count", "a");
    console.countReset("a");
    logs(1, "a: 1", "count", { toString: () => "a" });
    logs(2, 'There is no count "b"', "countReset", "b");
    throws(TypeError, () => console.count(Symbol("a")));
});

test("groups", () => {
    logs(1, "outer", "group", "outer");
    logs(1, "  inner", "groupCollapsed", "inner");
    logs(1, "    two\n    lines", "log", "two\nlines");
    console.groupEnd();
    logs(1, "  one", "log", "one");
    console.groupEnd();
    console.groupEnd();
    logs(1, "none", "log", "none");
});

test("tables", () => {
    expectLog(
        1,
        [
            "(index) | a | b   | (value)",
            '0       | 1 | "x" |        ',
            "1       | 2 |     |        ",
            "2       |   |     | 5      ",
        ].join("\n"),
    );
    console.table([{ a: 1, b: "x" }, { a: 2 }, 5]);
    logs(1, '(index) | b  \n0       | "x"', "table", [{ a: 1, b: "x" }], ["b"]);
    logs(1, "7", "table", 7);
});

test("dir, time, trace", () => {
    logs(1, '"a"', "dir", "a");
    console.time("t");
    logs(2, 'There is no clock "none": console.time starts one', "timeEnd", "none");
    logs(2, 'The clock "t" runs already', "time", "t");
    equal(typeof console.trace, "function");
    console.clear();
});

test("a namespace", () => {
    equal(Object.prototype.toString.call(console), "[object console]");
    equal(Object.getPrototypeOf(Object.getPrototypeOf(console)), Object.prototype);
    same(Reflect.ownKeys(Object.getPrototypeOf(console)), []);
    const { log } = console;
    expectLog(1, "detached");
    log("detached");
    // Left open: the first lines of the next call show that it sees nothing of them.
    console.group();
    logs(1, "  default: 3", "count");
});

export default worker;
