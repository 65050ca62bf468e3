import { equal, ok, same, test, throws, worker } from "./harness.js";

test("an empty list", () => {
    const headers = new Headers();
    equal(headers.get("a"), null);
    equal(headers.has("a"), false);
    same([...headers], []);
});

test("names are matched without regard to case and shown in lower case", () => {
    const headers = new Headers({ "X-One": "1" });
    equal(headers.get("x-ONE"), "1");
    ok(headers.has("X-one"));
    same([...headers.keys()], ["x-one"]);
});

test("made of pairs, of a record, of headers, of any iterable", () => {
    same(
        [
            ...new Headers([
                ["b", "2"],
                ["a", "1"],
            ]),
        ],
        [
            ["a", "1"],
            ["b", "2"],
        ],
    );
    same(
        [...new Headers({ b: "2", a: 1 })],
        [
            ["a", "1"],
            ["b", "2"],
        ],
    );
    same([...new Headers(new Headers({ a: "1" }))], [["a", "1"]]);
    same([...new Headers(new Map([["a", "1"]]))], [["a", "1"]]);
    function* pairs() {
        yield ["a", "1"];
        yield new Set(["b", "2"]);
    }
    same(
        [...new Headers(pairs())],
        [
            ["a", "1"],
            ["b", "2"],
        ],
    );
});

test("undefined is no init, null and other primitives are refused", () => {
    same([...new Headers(undefined)], []);
    for (const init of [null, 1, "a", true, Symbol.iterator]) {
        throws(TypeError, () => new Headers(init), String(init));
    }
});

test("pairs must have two items and be objects", () => {
    throws(TypeError, () => new Headers([["a"]]));
    throws(TypeError, () => new Headers([["a", "b", "c"]]));
    throws(TypeError, () => new Headers([[]]));
    throws(TypeError, () => new Headers(["ab"]));
    throws(TypeError, () => new Headers({ [Symbol.iterator]: 1 }));
});

test("a record takes own enumerable properties alone, and no symbols", () => {
    const record = Object.create(
        { inherited: "1" },
        {
            hidden: { value: "2" },
            shown: { value: "3", enumerable: true },
        },
    );
    same([...new Headers(record)], [["shown", "3"]]);
    throws(TypeError, () => new Headers({ [Symbol("a")]: "1" }));
});

test("an iterator that was replaced is used", () => {
    const headers = new Headers({ a: "1" });
    headers[Symbol.iterator] = function* () {
        yield ["b", "2"];
    };
    same([...new Headers(headers)], [["b", "2"]]);
});

test("append keeps, set replaces, delete removes all", () => {
    const headers = new Headers();
    headers.append("a", "1");
    headers.append("A", "2");
    equal(headers.get("a"), "1, 2");
    headers.set("a", "3");
    equal(headers.get("a"), "3");
    headers.append("a", "4");
    headers.append("b", "5");
    headers.delete("A");
    same([...headers], [["b", "5"]]);
    headers.delete("not-there");
});

test("set keeps the place of the first", () => {
    const headers = new Headers([
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
    ]);
    headers.set("a", "4");
    same(
        [...headers],
        [
            ["a", "4"],
            ["b", "2"],
        ],
    );
});

test("values are trimmed at both ends", () => {
    const headers = new Headers({ a: " \t\r\n1 2\t \n" });
    equal(headers.get("a"), "1 2");
    headers.append("b", "");
    equal(headers.get("b"), "");
    headers.set("c", "  ");
    equal(headers.get("c"), "");
});

test("values with line ends or NUL inside, or above a byte, are refused", () => {
    const headers = new Headers();
    for (const value of ["a\nb", "a\rb", "a\0b", "\0", "\u0100", "a\ud800", "☃"]) {
        throws(TypeError, () => headers.append("a", value), JSON.stringify(value));
        throws(TypeError, () => headers.set("a", value), JSON.stringify(value));
        throws(TypeError, () => new Headers({ a: value }), JSON.stringify(value));
    }
    headers.set("a", "\x01\x7f\xff");
    equal(headers.get("a"), "\x01\x7f\xff");
});

test("names that are no tokens are refused everywhere", () => {
    const headers = new Headers();
    for (const name of ["", " ", "a b", "a:b", "a\n", "ä", "☃", "(a)", "a/b", "a,", '"a"', "\0"]) {
        throws(TypeError, () => headers.append(name, "1"), name);
        throws(TypeError, () => headers.set(name, "1"), name);
        throws(TypeError, () => headers.get(name), name);
        throws(TypeError, () => headers.has(name), name);
        throws(TypeError, () => headers.delete(name), name);
        throws(TypeError, () => new Headers([[name, "1"]]), name);
    }
    headers.set("!#$%&'*+-.^_`|~09azAZ", "1");
    ok(headers.has("!#$%&'*+-.^_`|~09AZAZ"));
});

test("names and values are converted to strings", () => {
    const headers = new Headers();
    headers.append(1, 2);
    headers.append(null, undefined);
    headers.append({ toString: () => "o" }, [1, 2]);
    equal(headers.get("1"), "2");
    equal(headers.get("null"), "undefined");
    equal(headers.get("o"), "1,2");
    throws(TypeError, () => headers.append(Symbol("a"), "1"));
    throws(TypeError, () => headers.append("a", Symbol("a")));
});

test("arguments must be there", () => {
    const headers = new Headers();
    throws(TypeError, () => headers.append("a"));
    throws(TypeError, () => headers.set("a"));
    throws(TypeError, () => headers.get());
    throws(TypeError, () => headers.has());
    throws(TypeError, () => headers.delete());
    throws(TypeError, () => headers.forEach());
    throws(TypeError, () => headers.forEach(1));
});

test("iteration is sorted by name and combines values", () => {
    const headers = new Headers([
        ["b", "2"],
        ["a", "1"],
        ["B", "3"],
        ["c", "4"],
        ["a", "0"],
    ]);
    same(
        [...headers],
        [
            ["a", "1, 0"],
            ["b", "2, 3"],
            ["c", "4"],
        ],
    );
    same([...headers.values()], ["1, 0", "2, 3", "4"]);
    same([...headers.entries()], [...headers]);
});

test("Set-Cookie is never combined in iteration", () => {
    const headers = new Headers([
        ["set-cookie", "a=1"],
        ["x", "y"],
        ["Set-Cookie", "b=2"],
    ]);
    same(
        [...headers],
        [
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
            ["x", "y"],
        ],
    );
    same(headers.getSetCookie(), ["a=1", "b=2"]);
    equal(headers.get("set-cookie"), "a=1, b=2");
    same([...new Headers(headers)], [...headers]);
    headers.set("set-cookie", "c=3");
    same(headers.getSetCookie(), ["c=3"]);
    headers.delete("set-cookie");
    same(headers.getSetCookie(), []);
});

test("iteration sees changes made meanwhile", () => {
    const headers = new Headers([
        ["a", "1"],
        ["b", "2"],
        ["c", "3"],
    ]);
    const seen = [];
    for (const [name] of headers) {
        seen.push(name);
        if (name === "a") {
            headers.delete("b");
            headers.append("d", "4");
        }
    }
    same(seen, ["a", "c", "d"]);
});

test("what iteration gives away is nobody else's", () => {
    const headers = new Headers({ a: "1" });
    headers.entries().next().value[1] = "2";
    equal(headers.get("a"), "1");
});

test("forEach", () => {
    const headers = new Headers({ b: "2", a: "1" });
    const receiver = {};
    const calls = [];
    headers.forEach(function (value, name, object) {
        equal(this, receiver);
        equal(object, headers);
        calls.push([name, value]);
    }, receiver);
    same(calls, [
        ["a", "1"],
        ["b", "2"],
    ]);
});

test("the iterator is one", () => {
    const iterator = new Headers({ a: "1" }).keys();
    equal(iterator[Symbol.iterator](), iterator);
    equal(Object.prototype.toString.call(iterator), "[object Headers Iterator]");
    same({ ...iterator.next() }, { value: "a", done: false });
    same({ ...iterator.next() }, { value: undefined, done: true });
    same({ ...iterator.next() }, { value: undefined, done: true });
    const prototype = Object.getPrototypeOf(iterator);
    const arrayIterator = Object.getPrototypeOf([][Symbol.iterator]());
    equal(Object.getPrototypeOf(prototype), Object.getPrototypeOf(arrayIterator));
    same(Object.keys(prototype), ["next"]);
    throws(TypeError, () => prototype.next.call({}));
    equal(Headers.prototype[Symbol.iterator], Headers.prototype.entries);
});

test("methods want their own objects", () => {
    const { prototype } = Headers;
    for (const name of [
        "append",
        "delete",
        "get",
        "has",
        "set",
        "forEach",
        "keys",
        "getSetCookie",
    ]) {
        throws(TypeError, () => prototype[name].call({}, "a", "b"), name);
        throws(TypeError, () => prototype[name].call(prototype, "a", "b"), name);
    }
    throws(TypeError, () => Headers());
});

export default worker;
