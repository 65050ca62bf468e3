import { equal, expectLog, ok, same, sleep, test, throws, worker } from "./harness.js";

test("setTimeout calls back later, once, with its arguments, on the global", async () => {
    const calls = [];
    const done = new Promise((resolve) => {
        setTimeout(
            function (...args) {
                calls.push([this === globalThis, ...args]);
                resolve();
            },
            1,
            "a",
            2,
        );
    });
    same(calls, []);
    await done;
    await sleep(5);
    same(calls, [[true, "a", 2]]);
});

test("ids are positive integers, each its own", () => {
    const ids = [setTimeout(() => {}), setTimeout(() => {}), setInterval(() => {}, 1000)];
    for (const id of ids) {
        ok(Number.isInteger(id) && id > 0, String(id));
        clearTimeout(id);
    }
    equal(new Set(ids).size, 3);
});

test("order is by time, then by call", async () => {
    const order = [];
    setTimeout(() => order.push("later"), 6);
    setTimeout(() => order.push("first"), 1);
    setTimeout(() => order.push("second"), 1);
    await sleep(12);
    same(order, ["first", "second", "later"]);
});

test("clearTimeout and clearInterval are one", async () => {
    let calls = 0;
    const count = () => calls++;
    clearTimeout(setTimeout(count, 1));
    clearInterval(setTimeout(count, 1));
    clearTimeout(setInterval(count, 1));
    clearInterval(setInterval(count, 1));
    await sleep(8);
    equal(calls, 0);
});

test("clearing what is not there is nothing", () => {
    for (const id of [undefined, null, 0, -1, 1e9, NaN, "x", {}, 2 ** 40]) {
        equal(clearTimeout(id), undefined);
    }
    equal(clearInterval(), undefined);
});

test("clear takes what converts to the id", async () => {
    let calls = 0;
    const id = setTimeout(() => calls++, 1);
    clearTimeout(String(id));
    await sleep(5);
    equal(calls, 0);
});

test("setInterval repeats until it is cleared, also by itself", async () => {
    let calls = 0;
    await new Promise((resolve) => {
        const id = setInterval(
            (step) => {
                calls += step;
                if (calls === 6) {
                    clearInterval(id);
                    resolve();
                }
            },
            1,
            2,
        );
    });
    await sleep(8);
    equal(calls, 6);
});

test("delays are converted as numbers of 32 bits, negative ones are none", async () => {
    for (const delay of [undefined, null, -1, NaN, "x", {}, 2 ** 32, -Infinity]) {
        await new Promise((resolve) => setTimeout(resolve, delay));
    }
    await new Promise((resolve) => setTimeout(resolve, { valueOf: () => 1 }));
    throws(TypeError, () => setTimeout(() => {}, 1n));
});

test("code in strings is refused, with all that is no function", () => {
    for (const handler of ["1", undefined, null, {}, 1]) {
        throws(TypeError, () => setTimeout(handler), String(handler));
        throws(TypeError, () => setInterval(handler, 1), String(handler));
    }
    throws(TypeError, () => setTimeout());
});

test("what a callback throws is reported and stops nothing", async () => {
    expectLog(3, 'Uncaught "thrown by a timeout"');
    expectLog(3, 'Uncaught "thrown by an interval"');
    expectLog(3, 'Uncaught "thrown by an interval"');
    let calls = 0;
    setTimeout(() => {
        throw "thrown by a timeout";
    }, 1);
    const id = setInterval(() => {
        calls++;
        if (calls === 2) {
            clearInterval(id);
        }
        throw "thrown by an interval";
    }, 2);
    await sleep(15);
    equal(calls, 2);
});

test("microtasks run between timers", async () => {
    const order = [];
    setTimeout(() => {
        order.push("one");
        Promise.resolve().then(() => order.push("microtask"));
    }, 1);
    setTimeout(() => order.push("two"), 1);
    await sleep(6);
    same(order, ["one", "microtask", "two"]);
});

test("deep nesting slows down to 4 ms", async () => {
    const start = performance.now();
    await new Promise((resolve) => {
        let depth = 0;
        const again = () => (++depth === 12 ? resolve() : setTimeout(again, 0));
        setTimeout(again, 0);
    });
    ok(performance.now() - start >= 16, "the last ones were clamped");
});

test("queueMicrotask keeps its order among promises", async () => {
    const order = [];
    queueMicrotask(() => order.push(1));
    Promise.resolve().then(() => order.push(2));
    queueMicrotask(function () {
        "use strict";
        order.push(3, this, arguments.length);
    });
    order.push(0);
    await undefined;
    await undefined;
    same(order, [0, 1, 2, 3, undefined, 0]);
});

test("queueMicrotask wants a function and reports what it throws", async () => {
    for (const callback of ["1", undefined, null, {}]) {
        throws(TypeError, () => queueMicrotask(callback));
    }
    throws(TypeError, () => queueMicrotask());
    expectLog(3, 'Uncaught "thrown by a microtask"');
    queueMicrotask(() => {
        throw "thrown by a microtask";
    });
    await undefined;
});

// The first call leaves these running; its end must have dropped them when the second comes.
let leftovers = 0;
let previousLeftovers = -1;

test("timers end with their task", async () => {
    if (previousLeftovers >= 0) {
        await sleep(10);
        equal(leftovers, previousLeftovers, "calls after the end");
    }
    setInterval(() => leftovers++, 1);
    setTimeout(() => leftovers++, 3);
    await sleep(5);
    previousLeftovers = leftovers;
});

export default worker;
