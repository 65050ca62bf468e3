// Built-ins of later editions of ECMAScript than the engine's.

import { equal, ok, rejects, same, test, throws, worker } from "./harness.js";

// Object, its methods with their lengths.
const METHODS = [
    [Array, { fromAsync: 1 }],
    [
        Array.prototype,
        { at: 1, findLast: 1, findLastIndex: 1, toReversed: 0, toSorted: 1, toSpliced: 2, with: 2 },
    ],
    [ArrayBuffer.prototype, { transfer: 0, transferToFixedLength: 0 }],
    [Iterator, { from: 1 }],
    [
        Iterator.prototype,
        {
            drop: 1,
            every: 1,
            filter: 1,
            find: 1,
            flatMap: 1,
            forEach: 1,
            map: 1,
            reduce: 1,
            some: 1,
            take: 1,
            toArray: 0,
        },
    ],
    [Map, { groupBy: 2 }],
    [Object, { groupBy: 2, hasOwn: 2 }],
    [Object.getPrototypeOf(Uint8Array.prototype), { toReversed: 0, toSorted: 1, with: 2 }],
    [Promise, { any: 1, try: 1, withResolvers: 0 }],
    [RegExp, { escape: 1 }],
    [
        Set.prototype,
        {
            difference: 1,
            intersection: 1,
            isDisjointFrom: 1,
            isSubsetOf: 1,
            isSupersetOf: 1,
            symmetricDifference: 1,
            union: 1,
        },
    ],
    [String.prototype, { at: 1, isWellFormed: 0, replaceAll: 2, toWellFormed: 0 }],
];

test("they look like the engine's", () => {
    for (const [object, methods] of METHODS) {
        for (const [name, length] of Object.entries(methods)) {
            const descriptor = Object.getOwnPropertyDescriptor(object, name);
            ok(descriptor !== undefined, name);
            const { value, writable, enumerable, configurable } = descriptor;
            same([writable, enumerable, configurable], [true, false, true], name);
            equal(value.name, name);
            equal(value.length, length, `${name}.length`);
            equal(`${value}`, `function ${name}() { [native code] }`);
            throws(TypeError, () => new value(), name);
            ok(!("prototype" in value), name);
        }
    }
    const { get } = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "detached");
    equal(get.name, "get detached");
});

test("what the engine has", () => {
    const cause = {};
    equal(new Error("m", { cause }).cause, cause);
    equal([1, 2, 3].findLast((n) => n < 3), 2);
    equal([1, 2].at(-1), 2);
    equal(typeof AbortSignal.any, "function");
    equal(typeof AbortSignal.timeout, "function");
});

test("copies of arrays", () => {
    const array = [3, , 1];
    same(array.toReversed(), [1, undefined, 3]);
    ok(1 in array.toReversed());
    same(array.toSorted(), [1, 3, undefined]);
    same([1, 2, 3].toSorted((a, b) => b - a), [3, 2, 1]);
    throws(TypeError, () => array.toSorted(null));
    same(array.with(-1, 7), [3, undefined, 7]);
    throws(RangeError, () => array.with(3, 0));
    throws(RangeError, () => array.with(-4, 0));
    same(array, [3, , 1]);
    same([1, 2, 3].toSpliced(1, 1, "a", "b"), [1, "a", "b", 3]);
    same([1, 2, 3].toSpliced(-1), [1, 2]);
    same([1, 2, 3].toSpliced(), [1, 2, 3]);
    same([1, 2, 3].toSpliced(0, -1, 0), [0, 1, 2, 3]);
    const like = { length: 2, 0: "b", 1: "a" };
    same(Array.prototype.toSorted.call(like), ["a", "b"]);
    same(Array.prototype.toReversed.call("ab"), ["b", "a"]);
    same(Array.prototype.with.call(like, 0, "c"), ["c", "a"]);
    throws(TypeError, () => Array.prototype.toReversed.call(null));
    throws(RangeError, () => Array.prototype.toReversed.call({ length: 2 ** 32 }));
    class Mine extends Array {}
    equal(Mine.from([1]).toReversed().constructor, Array);
});

test("copies of typed arrays", () => {
    const bytes = new Uint8ClampedArray([3, 1, 2]);
    const sorted = bytes.toSorted();
    equal(sorted.constructor, Uint8ClampedArray);
    same([...sorted], [1, 2, 3]);
    same([...bytes.toSorted((a, b) => b - a)], [3, 2, 1]);
    same([...bytes.toReversed()], [2, 1, 3]);
    same([...bytes.with(0, 300)], [255, 1, 2]);
    same([...new BigInt64Array(2).with(1, -1n)], [0n, -1n]);
    throws(TypeError, () => new BigInt64Array(2).with(1, 1));
    throws(RangeError, () => bytes.with(3, 0));
    throws(TypeError, () => bytes.toReversed.call([1]));
    const { buffer } = bytes;
    buffer.transfer();
    throws(TypeError, () => bytes.toReversed());
});

test("Array.fromAsync", async () => {
    async function* numbers() {
        yield 1;
        yield 2;
    }
    same(await Array.fromAsync(numbers()), [1, 2]);
    same(await Array.fromAsync([Promise.resolve(1), 2]), [1, 2]);
    same(await Array.fromAsync({ length: 2, 0: Promise.resolve("a"), 1: "b" }), ["a", "b"]);
    const receiver = {};
    const mapped = await Array.fromAsync(
        [1, 2],
        async function (value, index) {
            equal(this, receiver);
            return value * 10 + index;
        },
        receiver,
    );
    same(mapped, [10, 21]);
    let isClosed = false;
    const closable = {
        [Symbol.iterator]() {
            return {
                next: () => ({ value: 1, done: false }),
                return() {
                    isClosed = true;
                    return {};
                },
            };
        },
    };
    const fails = () => {
        throw new RangeError("mine");
    };
    await rejects(RangeError, Array.fromAsync(closable, fails));
    ok(isClosed);
    await rejects(TypeError, Array.fromAsync(null));
    await rejects(TypeError, Array.fromAsync([], 1));
    class Mine {}
    const mine = await Array.fromAsync.call(Mine, [5]);
    ok(mine instanceof Mine);
    same({ ...mine }, { 0: 5, length: 1 });
});

test("groupBy", () => {
    const groups = Object.groupBy([1, 2, 3], (value, index) => {
        equal(index, value - 1);
        return value % 2 === 0 ? "even" : "odd";
    });
    equal(Object.getPrototypeOf(groups), null);
    same({ ...groups }, { odd: [1, 3], even: [2] });
    same(Object.groupBy("ab", () => "__proto__").__proto__, ["a", "b"]);
    const key = Symbol();
    same(Object.groupBy([1], () => ({ [Symbol.toPrimitive]: () => key }))[key], [1]);
    const map = Map.groupBy([0, -0, 1], (value) => value);
    same([...map], [
        [0, [0, -0]],
        [1, [1]],
    ]);
    throws(TypeError, () => Object.groupBy(null, () => 1));
    throws(TypeError, () => Map.groupBy([], 1));
});

test("Promise.withResolvers and Promise.try", async () => {
    const { promise, resolve, reject } = Promise.withResolvers();
    same(Object.keys(Promise.withResolvers()), ["promise", "resolve", "reject"]);
    resolve(3);
    reject(4);
    equal(await promise, 3);
    class Mine extends Promise {}
    ok(Mine.withResolvers().promise instanceof Mine);
    throws(TypeError, () => Promise.withResolvers.call(undefined));
    throws(TypeError, () => Promise.withResolvers.call(() => {}));
    equal(await Promise.try((a, b) => a + b, 1, 2), 3);
    const error = new RangeError("mine");
    const failure = Promise.try(() => {
        throw error;
    });
    equal(await rejects(RangeError, failure), error);
    await rejects(TypeError, Promise.try(1));
    throws(TypeError, () => Promise.try.call(1, () => 1));
});

test("sets", () => {
    const a = new Set([1, 2, 3]);
    const b = new Set([3, 4]);
    same([...a.union(b)], [1, 2, 3, 4]);
    same([...a.intersection(b)], [3]);
    same([...a.difference(b)], [1, 2]);
    same([...b.difference(a)], [4]);
    same([...a.symmetricDifference(b)], [1, 2, 4]);
    ok(new Set([1]).isSubsetOf(a) && !a.isSubsetOf(b));
    ok(a.isSupersetOf(new Set([1, 2])) && !a.isSupersetOf(b));
    ok(a.isDisjointFrom(new Set([9])) && !a.isDisjointFrom(b));
    same([...a.union(new Map([[7, 8]]))], [1, 2, 3, 7]);
    throws(TypeError, () => a.union([1]));
    throws(TypeError, () => a.union({ size: NaN, has() {}, keys() {} }));
    throws(RangeError, () => a.union({ size: -1, has() {}, keys() {} }));
    throws(TypeError, () => Set.prototype.union.call(new Map(), a));
    let closed = 0;
    const like = {
        size: 1,
        has: () => true,
        keys: () => ({
            next: () => ({ value: 9, done: false }),
            return() {
                closed++;
                return {};
            },
        }),
    };
    equal(a.isSupersetOf(like), false);
    equal(closed, 1);
});

function* count(limit = Infinity) {
    for (let i = 0; i < limit; i++) {
        yield i;
    }
}

test("iterator helpers", () => {
    same(
        count()
            .filter((n) => n % 2 === 0)
            .map((n, i) => [n, i])
            .drop(1)
            .take(2)
            .toArray(),
        [
            [2, 1],
            [4, 2],
        ],
    );
    same([...count(3).flatMap((n) => count(n))], [0, 0, 1]);
    equal(count(4).reduce((sum, n) => sum + n), 6);
    equal(count(0).reduce((sum, n) => sum + n, "none"), "none");
    throws(TypeError, () => count(0).reduce(() => 0));
    equal(count().some((n) => n === 3), true);
    equal(count(3).every((n) => n < 2), false);
    equal(count().find((n) => n > 4), 5);
    equal(count(3).find((n) => n > 4), undefined);
    const seen = [];
    equal([1, 2][Symbol.iterator]().forEach((n, i) => seen.push(n, i)), undefined);
    same(seen, [1, 0, 2, 1]);
    same(new Map([[1, 2]]).keys().toArray(), [1]);
    equal(Object.prototype.toString.call(count().take(1)), "[object Iterator Helper]");
    same([...count(3).take(0)], []);
});

test("iterator helpers close what they stand on", () => {
    let closed = 0;
    const make = () => ({
        __proto__: Iterator.prototype,
        next: () => ({ value: 1, done: false }),
        return() {
            closed++;
            return {};
        },
    });
    make().take(1).toArray();
    make().some(() => true);
    const mapped = make().map((n) => n);
    mapped.next();
    same(mapped.return(), { value: undefined, done: true });
    same(mapped.next(), { value: undefined, done: true });
    equal(closed, 3);
    const fails = () => {
        throw new RangeError("mine");
    };
    throws(RangeError, () => make().map(fails).next());
    throws(RangeError, () => make().forEach(fails));
    throws(TypeError, () => make().map(1));
    throws(RangeError, () => make().take(NaN));
    throws(RangeError, () => make().drop(-1));
    throws(TypeError, () => make().flatMap(() => 1).next());
    equal(closed, 9);
    const nested = make().flatMap(make);
    nested.next();
    nested.return();
    equal(closed, 11);
});

test("an iterator helper that calls itself", () => {
    let helper;
    helper = count().map(() => helper.next());
    throws(TypeError, () => helper.next());
    throws(TypeError, () => count().map((n) => n).next.call({}));
});

test("Iterator", () => {
    throws(TypeError, () => new Iterator());
    throws(TypeError, () => Iterator());
    class Mine extends Iterator {
        next() {
            return { done: true };
        }
    }
    ok(new Mine() instanceof Iterator);
    ok([].values() instanceof Iterator);
    same(new Mine().map((n) => n).toArray(), []);
    const wrapped = Iterator.from({ next: () => ({ value: 5, done: false }) });
    ok(wrapped instanceof Iterator);
    same(wrapped.take(1).toArray(), [5]);
    const values = [1].values();
    equal(Iterator.from(values), values);
    same(Iterator.from("ab").toArray(), ["a", "b"]);
    throws(TypeError, () => Iterator.from(1));
    equal(Iterator.prototype[Symbol.toStringTag], "Iterator");
    throws(TypeError, () => {
        Iterator.prototype[Symbol.toStringTag] = "x";
    });
    const mine = new Mine();
    mine[Symbol.toStringTag] = "Mine";
    equal(`${mine}`, "[object Mine]");
    const { writable, enumerable } = Object.getOwnPropertyDescriptor(globalThis, "Iterator");
    same([writable, enumerable], [true, false]);
});

test("well-formed strings", () => {
    ok("a😀".isWellFormed() && !"a\ud83d".isWellFormed() && !"\ude00\ud83d".isWellFormed());
    equal("\ud83da\ude00😀".toWellFormed(), "\ufffda\ufffd😀");
    throws(TypeError, () => String.prototype.isWellFormed.call(null));
});

test("RegExp.escape", () => {
    equal(RegExp.escape("foo.bar"), "\\x66oo\\.bar");
    equal(RegExp.escape("(*_*)"), "\\(\\*_\\*\\)");
    equal(RegExp.escape("1 -\n\u2028\ud800😀"), "\\x31\\x20\\x2d\\n\\u2028\\ud800😀");
    throws(TypeError, () => RegExp.escape(1));
    for (const text of ["a.b", "^[]$", "x-y", "\\d{2}", "é/☃"]) {
        equal(new RegExp(`^${RegExp.escape(text)}$`, "u").exec(text)[0], text);
    }
});

test("transfer of ArrayBuffers", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const { buffer } = bytes;
    equal(buffer.detached, false);
    const moved = buffer.transfer();
    equal(buffer.detached, true);
    equal(buffer.byteLength, 0);
    equal(bytes.length, 0);
    same([...new Uint8Array(moved)], [1, 2, 3]);
    same([...new Uint8Array(moved.transfer(5))], [1, 2, 3, 0, 0]);
    const short = new Uint8Array([1, 2]).buffer.transferToFixedLength(1);
    same([...new Uint8Array(short)], [1]);
    equal(new ArrayBuffer(4).transfer(0).byteLength, 0);
    throws(TypeError, () => moved.transfer());
    throws(TypeError, () => ArrayBuffer.prototype.transfer.call({}));
    throws(RangeError, () => new ArrayBuffer(1).transfer(-1));
    throws(RangeError, () => new ArrayBuffer(1).transfer(2 ** 40));
    const { memory } = { memory: new WebAssembly.Memory({ initial: 1 }) };
    throws(TypeError, () => memory.buffer.transfer());
});

export default worker;
