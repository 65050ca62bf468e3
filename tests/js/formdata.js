// FormData. https://xhr.spec.whatwg.org/#interface-formdata

import { equal, ok, same, test, throws, worker } from "./harness.js";

function sample() {
    const data = new FormData();
    data.append("a", "1");
    data.append("b", "2");
    data.append("a", "3");
    return data;
}

test("append, get, getAll, has", () => {
    const data = sample();
    equal(data.get("a"), "1");
    same(data.getAll("a"), ["1", "3"]);
    same(data.getAll("c"), []);
    equal(data.get("c"), null);
    equal(data.has("b"), true);
    equal(data.has("c"), false);
});

test("set takes the place of the first", () => {
    const data = sample();
    data.set("a", "x");
    same(
        [...data],
        [
            ["a", "x"],
            ["b", "2"],
        ],
    );
    data.set("c", "y");
    same([...data.keys()], ["a", "b", "c"]);
});

test("delete", () => {
    const data = sample();
    data.delete("a");
    data.delete("none");
    same([...data], [["b", "2"]]);
});

test("names and values are strings, well-formed", () => {
    const data = new FormData();
    data.append(1, null);
    data.append("\ud800", "\udc00");
    data.append("o", { toString: () => "text" });
    same(
        [...data],
        [
            ["1", "null"],
            ["\ufffd", "\ufffd"],
            ["o", "text"],
        ],
    );
});

test("blobs become files", async () => {
    const data = new FormData();
    const blob = new Blob(["abc"], { type: "text/plain" });
    const file = new File(["def"], "f.txt", { type: "text/x", lastModified: 7 });
    data.append("blob", blob);
    data.append("named", blob, "n.txt");
    data.append("file", file);
    data.append("renamed", file, "g.txt");
    data.set("undefined", blob, undefined);
    for (const name of data.keys()) {
        ok(data.get(name) instanceof File, name);
    }
    equal(data.get("blob").name, "blob");
    equal(data.get("blob").type, "text/plain");
    equal(data.get("blob"), data.get("blob"));
    equal(data.get("named").name, "n.txt");
    equal(data.get("file"), file);
    equal(data.get("renamed").name, "g.txt");
    equal(data.get("renamed").lastModified, 7);
    equal(data.get("renamed").type, "text/x");
    equal(data.get("undefined").name, "undefined");
    equal(await data.get("renamed").text(), "def");
});

test("wrong arguments", () => {
    const data = new FormData();
    throws(TypeError, () => data.append("a"));
    throws(TypeError, () => data.append());
    throws(TypeError, () => data.append("a", "b", "c"));
    throws(TypeError, () => data.set("a", {}, "c"));
    throws(TypeError, () => data.set("a"));
    throws(TypeError, () => data.get());
    throws(TypeError, () => data.getAll());
    throws(TypeError, () => data.has());
    throws(TypeError, () => data.delete());
    throws(TypeError, () => new FormData(null));
    throws(TypeError, () => new FormData({}));
    throws(TypeError, () => FormData());
    throws(TypeError, () => FormData.prototype.get.call({}, "a"));
    equal([...new FormData(undefined)].length, 0);
});

test("iteration", () => {
    const data = sample();
    same(
        [...data.entries()],
        [
            ["a", "1"],
            ["b", "2"],
            ["a", "3"],
        ],
    );
    same([...data.values()], ["1", "2", "3"]);
    const seen = [];
    data.forEach(
        function (value, name, of) {
            seen.push([name, value, of === data, this.x]);
        },
        { x: 1 },
    );
    same(seen[2], ["a", "3", true, 1]);
    equal(FormData.prototype[Symbol.iterator], FormData.prototype.entries);
    equal(Object.prototype.toString.call(data.keys()), "[object FormData Iterator]");
    const growing = [];
    for (const [name] of data) {
        growing.push(name);
        if (growing.length === 1) {
            data.append("late", "x");
        }
    }
    same(growing, ["a", "b", "a", "late"]);
});

test("shown on the console with its entries", () => {
    same(Object.keys(sample()), []);
    equal(Object.prototype.toString.call(sample()), "[object FormData]");
});

export default worker;
