// File. https://w3c.github.io/FileAPI/#file-section

import { equal, ok, same, test, throws, worker } from "./harness.js";

test("is a Blob with a name", async () => {
    const file = new File(["ab", new Blob(["c"])], "name.txt", { type: "text/plain" });
    ok(file instanceof File);
    ok(file instanceof Blob);
    equal(file.name, "name.txt");
    equal(file.size, 3);
    equal(file.type, "text/plain");
    equal(await file.text(), "abc");
    equal(Object.prototype.toString.call(file), "[object File]");
});

test("arguments", () => {
    throws(TypeError, () => new File());
    throws(TypeError, () => new File([]));
    throws(TypeError, () => new File(undefined, "a"));
    throws(TypeError, () => new File("text", "a"));
    throws(TypeError, () => new File([], "a", 1));
    throws(TypeError, () => File([], "a"));
    equal(new File([], undefined).name, "undefined");
    equal(new File([], "\ud800").name, "\ufffd");
    equal(new File([], "a/b").name, "a/b");
    equal(new File([], "").name, "");
});

test("lastModified", () => {
    const before = Date.now();
    const { lastModified } = new File([], "a");
    ok(lastModified >= before && lastModified <= Date.now());
    const cases = [
        [0, 0],
        [-1, -1],
        [1.9, 1],
        [-1.9, -1],
        [NaN, 0],
        [Infinity, 0],
        [null, 0],
        ["12", 12],
        [new Date(5), 5],
        [2 ** 64 + 2 ** 12, 2 ** 12],
        [2 ** 63, -(2 ** 63)],
    ];
    for (const [value, expected] of cases) {
        equal(new File([], "a", { lastModified: value }).lastModified, expected, String(value));
    }
});

test("slices are blobs", () => {
    const slice = new File(["abc"], "a").slice(1);
    equal(slice.constructor, Blob);
    equal(slice.size, 2);
});

test("options are read in order", () => {
    const seen = [];
    const note = (name, value) => ({
        get() {
            seen.push(name);
            return value;
        },
    });
    const options = Object.defineProperties(
        {},
        {
            lastModified: note("lastModified", 1),
            type: note("type", ""),
            endings: note("endings", "native"),
        },
    );
    const name = {
        toString() {
            seen.push("name");
            return "";
        },
    };
    new File([], name, options);
    same(seen, ["name", "endings", "type", "lastModified"]);
});

test("brand", () => {
    throws(TypeError, () => File.prototype.name);
    throws(TypeError, () =>
        Object.getOwnPropertyDescriptor(File.prototype, "name").get.call(new Blob()),
    );
});

export default worker;
