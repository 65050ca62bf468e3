// Built-ins that V8 cannot stop refuse lengths that no array fills, and are themselves otherwise.

import { equal, ok, same, test, throws, worker } from "./harness.js";

const HUGE = 2 ** 32 - 2;
const like = (length) => ({ length });

const { prototype } = Array;

const GUARDED = [
    ["copyWithin", 2],
    ["fill", 1],
    ["includes", 1],
    ["indexOf", 1],
    ["lastIndexOf", 1],
    ["reverse", 0],
    ["shift", 0],
    ["slice", 2],
    ["sort", 1],
    ["splice", 2],
    ["unshift", 1],
];

test("huge arrays, and what claims to be one", () => {
    for (const [name] of GUARDED) {
        throws(RangeError, () => new Array(HUGE)[name](1, 2), name);
        throws(RangeError, () => prototype[name].call(like(2 ** 53 - 1), 1, 2), name);
        throws(RangeError, () => prototype[name].call(like("1e300"), 1), name);
    }
    throws(RangeError, () => Array.from(like(1e9)));
    throws(RangeError, () => Array.from.call(Object, like(2 ** 24 + 1)));
});

test("they look like what they replace", () => {
    const functions = GUARDED.map(([name, length]) => [prototype, name, length]);
    functions.push([Array, "from", 1], [Function.prototype, "toString", 0]);
    for (const [object, name, length] of functions) {
        const descriptor = Object.getOwnPropertyDescriptor(object, name);
        equal(descriptor.writable, true, name);
        equal(descriptor.enumerable, false, name);
        equal(descriptor.configurable, true, name);
        const { value } = descriptor;
        equal(value.name, name);
        equal(value.length, length, name);
        equal(String(value), `function ${name}() { [native code] }`);
        equal(Function.prototype.toString.call(value), String(value));
        ok(!("prototype" in value), name);
        throws(TypeError, () => new value(), name);
        throws(TypeError, () => value.call(undefined), name);
    }
    equal(String(() => 1), "() => 1");
    throws(TypeError, () => Function.prototype.toString.call({}));
});

test("numbers of arguments", () => {
    same([1, 2, 3].splice(), []);
    same([1, 2, 3].splice(undefined), [1, 2, 3]);
    same([1, 2, 3].splice(1), [2, 3]);
    same([1, 2, 3].splice(1, undefined), []);
    same([1, 2, 3].splice(0, 1), [1]);
    const array = [1, 2, 3];
    same(array.splice(1, 1, 4), [2]);
    same(array, [1, 4, 3]);
    same(array.splice(1, 0, 5, 6), []);
    same(array, [1, 5, 6, 4, 3]);
    equal(array.unshift(), 5);
    equal(array.unshift(7), 6);
    equal(array.unshift(8, 9), 8);
    same(array, [8, 9, 7, 1, 5, 6, 4, 3]);
    equal(array.shift(), 8);
    equal([1, 2, 1].lastIndexOf(1), 2);
    equal([1, 2, 1].lastIndexOf(1, undefined), 0);
    equal([1, 2, 1].lastIndexOf(1, -2), 0);
    equal([1, 2, 1].indexOf(1, 1), 2);
    equal([1, NaN].includes(NaN), true);
    equal([1, 2].includes(1, 1), false);
    same([1, 2, 3].fill(0, 1), [1, 0, 0]);
    same([1, 2, 3].fill(0, -2, -1), [1, 0, 3]);
    same([1, 2, 3].fill(), [undefined, undefined, undefined]);
    same([1, 2, 3, 4].copyWithin(0, 2), [3, 4, 3, 4]);
    same([1, 2, 3, 4].slice(-2), [3, 4]);
    same([1, 2, 3, 4].slice(1, -1), [2, 3]);
    same([1, 2].reverse(), [2, 1]);
    equal(prototype.indexOf.call("abc", "c"), 2);
    same(prototype.slice.call({ 0: "a", length: 1 }), ["a"]);
});

test("Array.from", () => {
    same(Array.from("aé"), ["a", "é"]);
    same(Array.from(new Set([1, 2])), [1, 2]);
    same(Array.from({ length: 2 }), [undefined, undefined]);
    same(Array.from({ length: 2 }, (_, i) => i), [0, 1]);
    same(Array.from([1], function (x) {
        return x + this.y;
    }, { y: 1 }), [2]);
    same(Array.from(7), []);
    class Mine extends Array {}
    ok(Mine.from([1]) instanceof Mine);
    throws(TypeError, () => Array.from(null));
    throws(TypeError, () => Array.from(undefined));
    throws(TypeError, () => Array.from([], 1));
});

test("subclasses and species", () => {
    class Mine extends Array {}
    const mine = new Mine(3, 1, 2);
    ok(mine.slice(1) instanceof Mine);
    ok(mine.splice(0, 1) instanceof Mine);
    equal(mine.sort(), mine);
});

test("sort without a comparator, short and long", () => {
    same([10, 9, 1, undefined, "a", null].sort(), [1, 10, 9, "a", null, undefined]);
    throws(TypeError, () => [1].sort(null));
    const length = 2 ** 17;
    const numbers = Array.from({ length }, (_, i) => (i * 7919) % 100003);
    const sorted = numbers.slice().sort();
    for (let i = 1; i < length; i++) {
        if (String(sorted[i - 1]) > String(sorted[i])) {
            throw new Error(`${sorted[i - 1]} ${sorted[i]}`);
        }
    }
    const holes = numbers.slice();
    holes[5] = undefined;
    delete holes[7];
    holes.sort();
    equal(holes.length, length);
    equal(holes[length - 2], undefined);
    ok(!(length - 1 in holes));
    numbers[3] = Symbol("x");
    throws(TypeError, () => numbers.sort());
});

test("large arrays that are filled", () => {
    const array = new Array(1e6).fill(1);
    equal(array.indexOf(2), -1);
    equal(array.push(2), 1000001);
    equal(array.indexOf(2), 1e6);
    equal(new Array(2 ** 20).indexOf(1), -1);
});

export default worker;
