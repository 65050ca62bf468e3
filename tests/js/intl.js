// Intl's constructors and those methods that make objects of it ask the host for room, and are
// otherwise as V8 has them.

import { equal, ok, same, test, throws, worker } from "./harness.js";

const CONSTRUCTORS = [
    ["Collator", 0, []],
    ["DateTimeFormat", 0, []],
    ["DisplayNames", 2, ["en", { type: "region" }]],
    ["ListFormat", 0, []],
    ["Locale", 1, ["de-AT"]],
    ["NumberFormat", 0, []],
    ["PluralRules", 0, []],
    ["RelativeTimeFormat", 0, []],
    ["Segmenter", 0, []],
];

test("constructors look like what they replace", () => {
    for (const [name, length, args] of CONSTRUCTORS) {
        const Class = Intl[name];
        const descriptor = Object.getOwnPropertyDescriptor(Intl, name);
        ok(descriptor.writable && descriptor.configurable && !descriptor.enumerable, name);
        equal(Class.name, name);
        equal(Class.length, length, name);
        equal(String(Class), `function ${name}() { [native code] }`);
        ok(!Object.getOwnPropertyDescriptor(Class, "prototype").writable, name);
        equal(Class.prototype.constructor, Class, name);
        const object = new Class(...args);
        ok(object instanceof Class, name);
        equal(Object.prototype.toString.call(object), `[object Intl.${name}]`);
        class Derived extends Class {}
        const derived = new Derived(...args);
        ok(derived instanceof Derived && derived instanceof Class, name);
        if (name !== "Locale") {
            same(Class.supportedLocalesOf(["en"]), ["en"], name);
        }
    }
});

test("some can be called as functions", () => {
    for (const [name, , args] of CONSTRUCTORS) {
        if (["Collator", "DateTimeFormat", "NumberFormat"].includes(name)) {
            ok(Intl[name](...args) instanceof Intl[name], name);
        } else {
            throws(TypeError, () => Intl[name](...args), name);
        }
    }
    throws(RangeError, () => new Intl.NumberFormat("en", { style: "no style" }));
});

test("they work", () => {
    equal(new Intl.NumberFormat("de").format(1234.5), "1.234,5");
    equal(new Intl.PluralRules("en", { type: "ordinal" }).select(2), "two");
    equal(new Intl.ListFormat("en").format(["a", "b"]), "a and b");
    same(["z", "ä", "a"].sort(new Intl.Collator("de").compare), ["a", "ä", "z"]);
    const date = new Date(Date.UTC(2020, 1, 3));
    const options = { dateStyle: "long", timeZone: "UTC" };
    equal(new Intl.DateTimeFormat("en", options).format(date), "February 3, 2020");
    equal(date.toLocaleDateString("en", options), "February 3, 2020");
    equal(date.toLocaleString("en", options), "February 3, 2020");
    equal(date.toLocaleTimeString("en", { timeStyle: "short", timeZone: "UTC" }), "12:00 AM");
    equal((1234.5).toLocaleString("de"), "1.234,5");
    equal(1234n.toLocaleString("de"), "1.234");
    same([1234.5, "a"].toLocaleString("de"), "1.234,5,a");
    ok("ä".localeCompare("z", "de") < 0);
    ok("a".localeCompare("b") < 0);
    const words = [...new Intl.Segmenter("en", { granularity: "word" }).segment("a b")];
    same(
        words.map(({ segment }) => segment),
        ["a", " ", "b"],
    );
    equal(new Intl.Locale("de").maximize().toString(), "de-Latn-DE");
    equal(new Intl.Locale("de-Latn-DE").minimize().toString(), "de");
});

const METHODS = [
    [Date.prototype, "toLocaleString", 0],
    [Date.prototype, "toLocaleDateString", 0],
    [Date.prototype, "toLocaleTimeString", 0],
    [Number.prototype, "toLocaleString", 0],
    [BigInt.prototype, "toLocaleString", 0],
    [String.prototype, "localeCompare", 1],
    [Intl.Segmenter.prototype, "segment", 1],
    [Intl.Locale.prototype, "maximize", 0],
    [Intl.Locale.prototype, "minimize", 0],
];

test("methods look like what they replace", () => {
    for (const [object, name, length] of METHODS) {
        const { value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(
            object,
            name,
        );
        ok(writable && configurable && !enumerable, name);
        equal(value.name, name);
        equal(value.length, length, name);
        equal(String(value), `function ${name}() { [native code] }`);
        throws(TypeError, () => new value(), name);
        throws(TypeError, () => value.call(undefined, "en"), name);
    }
});

export default worker;
