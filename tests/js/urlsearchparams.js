import { equal, ok, same, test, throws, worker } from "./harness.js";

const list = (init) => [...new URLSearchParams(init)];

test("strings", () => {
    same(list(), []);
    same(list(""), []);
    same(list("?"), []);
    same(list("a=b&c=d"), [
        ["a", "b"],
        ["c", "d"],
    ]);
    same(list("?a=b"), [["a", "b"]]);
    same(list("??a=b"), [["?a", "b"]]);
    same(list("a"), [["a", ""]]);
    same(list("=a"), [["", "a"]]);
    same(list("="), [["", ""]]);
    same(list("&&a&&"), [["a", ""]]);
    same(list("a=b=c"), [["a", "b=c"]]);
    same(list("a+b=c+d"), [["a b", "c d"]]);
    same(list("a%20b=%C3%A4%26"), [["a b", "ä&"]]);
    same(list("%zz=%4"), [["%zz", "%4"]]);
    same(list("a=%ff%e2%98"), [["a", "\ufffd\ufffd"]]);
    same(list("a=%EF%BB%BFb"), [["a", "\ufeffb"]], "no byte order mark is removed");
    same(list("a=\ufeffb"), [["a", "\ufeffb"]]);
    same(list("ä=☃"), [["ä", "☃"]]);
    same(list("a=\ud800"), [["a", "\ufffd"]]);
    same(list("a=b\0c"), [["a", "b\0c"]]);
    same(list(null), [["null", ""]]);
    same(list(12), [["12", ""]]);
});

test("pairs, records, iterables, others", () => {
    same(
        list([
            ["a", "b"],
            ["c", 1],
        ]),
        [
            ["a", "b"],
            ["c", "1"],
        ],
    );
    same(list({ a: "b", c: null }), [
        ["a", "b"],
        ["c", "null"],
    ]);
    same(list(new Map([["a", "b"]])), [["a", "b"]]);
    same(list(new URLSearchParams("a=b&a=c")), [
        ["a", "b"],
        ["a", "c"],
    ]);
    same(list(new Headers({ a: "b" })), [["a", "b"]]);
    same(list({ "x\udc53": "1", "x\udc5c": "2" }), [["x\ufffd", "2"]]);
    same(list(Object.create({ inherited: 1 }, { shown: { value: 2, enumerable: true } })), [
        ["shown", "2"],
    ]);
    const copy = new URLSearchParams("a=b");
    const other = new URLSearchParams(copy);
    other.append("c", "d");
    equal(copy.toString(), "a=b");
});

test("what is refused", () => {
    throws(TypeError, () => new URLSearchParams([["a"]]));
    throws(TypeError, () => new URLSearchParams([["a", "b", "c"]]));
    throws(TypeError, () => new URLSearchParams(["ab"]));
    throws(TypeError, () => new URLSearchParams({ [Symbol("a")]: "b" }));
    throws(TypeError, () => new URLSearchParams(Symbol("a")));
    throws(TypeError, () => URLSearchParams(""));
    const params = new URLSearchParams();
    for (const [name, count] of [
        ["append", 2],
        ["set", 2],
        ["get", 1],
        ["getAll", 1],
        ["has", 1],
        ["delete", 1],
    ]) {
        throws(TypeError, () => params[name](...["a", "b"].slice(0, count - 1)), name);
        throws(TypeError, () => URLSearchParams.prototype[name].call({}, "a", "b"), name);
    }
});

test("serialization", () => {
    const text = (pairs) => new URLSearchParams(pairs).toString();
    equal(text([["a b", "c+d"]]), "a+b=c%2Bd");
    equal(text([["*-._", "~!'()"]]), "*-._=%7E%21%27%28%29");
    equal(text([["&=", "%"]]), "%26%3D=%25");
    equal(text([["ä", "☃😀"]]), "%C3%A4=%E2%98%83%F0%9F%98%80");
    equal(text([["\0", "\n"]]), "%00=%0A");
    equal(
        text([
            ["", ""],
            ["a", ""],
        ]),
        "=&a=",
    );
    equal(String(new URLSearchParams("a=b")), "a=b");
});

test("reading", () => {
    const params = new URLSearchParams("a=1&b=2&a=3");
    equal(params.get("a"), "1");
    equal(params.get("c"), null);
    same(params.getAll("a"), ["1", "3"]);
    same(params.getAll("c"), []);
    ok(params.has("a"));
    ok(!params.has("c"));
    ok(params.has("a", "3"));
    ok(!params.has("a", "2"));
    ok(params.has("a", undefined));
    equal(params.size, 3);
});

test("changing", () => {
    const params = new URLSearchParams("a=1&b=2&a=3");
    params.set("a", "4");
    equal(params.toString(), "a=4&b=2");
    params.set("c", "5");
    params.append("a", "6");
    equal(params.toString(), "a=4&b=2&c=5&a=6");
    params.delete("a", "6");
    equal(params.toString(), "a=4&b=2&c=5");
    params.append("a", "7");
    params.delete("a");
    equal(params.toString(), "b=2&c=5");
    params.delete("b", undefined);
    equal(params.size, 1);
});

test("sorting is by UTF-16 units and stable", () => {
    const params = new URLSearchParams("z=b&a=b&z=a&a=a");
    params.sort();
    equal(params.toString(), "a=b&a=a&z=b&z=a");
    const units = new URLSearchParams([
        ["\uffff", "1"],
        ["😀", "2"],
        ["b", "3"],
        ["", "4"],
    ]);
    units.sort();
    same([...units.keys()], ["", "b", "😀", "\uffff"]);
});

test("iteration", () => {
    const params = new URLSearchParams("a=1&b=2");
    same([...params.keys()], ["a", "b"]);
    same([...params.values()], ["1", "2"]);
    same([...params.entries()], [...params]);
    equal(URLSearchParams.prototype[Symbol.iterator], URLSearchParams.prototype.entries);
    equal(Object.prototype.toString.call(params.keys()), "[object URLSearchParams Iterator]");
    const seen = [];
    params.forEach(function (value, name, object) {
        seen.push([name, value, object === params, this]);
    }, 7);
    equal(seen.length, 2);
    equal(seen[0][0], "a");
    equal(seen[1][1], "2");
    ok(seen[0][2]);
});

test("iteration sees changes", () => {
    const params = new URLSearchParams("a=1&b=2&c=3");
    const seen = [];
    for (const [name] of params) {
        seen.push(name);
        params.delete("a");
    }
    same(seen, ["a", "c"]);
});

export default worker;
