import { equal, expectLog, ok, rejects, same, sleep, test, throws, worker } from "./harness.js";

test("a controller aborts its signal once", () => {
    const controller = new AbortController();
    const { signal } = controller;
    equal(controller.signal, signal);
    equal(signal.aborted, false);
    equal(signal.reason, undefined);
    signal.throwIfAborted();
    const events = [];
    signal.addEventListener("abort", (event) => events.push(event));
    equal(controller.abort(), undefined);
    controller.abort("again");
    equal(events.length, 1);
    equal(events[0].type, "abort");
    equal(events[0].target, signal);
    equal(events[0].isTrusted, true);
    equal(events[0].bubbles, false);
    equal(signal.aborted, true);
    equal(signal.reason.name, "AbortError");
    ok(signal.reason instanceof DOMException);
    equal(
        throws("AbortError", () => signal.throwIfAborted()),
        signal.reason,
    );
});

test("reasons", () => {
    const controller = new AbortController();
    controller.abort(null);
    equal(controller.signal.reason, null);
    let thrown = "nothing";
    try {
        controller.signal.throwIfAborted();
    } catch (error) {
        thrown = error;
    }
    equal(thrown, null);
    equal(AbortSignal.abort("why").reason, "why");
    equal(AbortSignal.abort().reason.name, "AbortError");
    equal(AbortSignal.abort(undefined).reason.code, 20);
});

test("onabort", () => {
    const controller = new AbortController();
    const { signal } = controller;
    const order = [];
    equal(signal.onabort, null);
    signal.addEventListener("abort", () => order.push("before"));
    const handler = function (event) {
        order.push(["handler", this === signal, event.type]);
    };
    signal.onabort = () => order.push("replaced");
    signal.addEventListener("abort", () => order.push("after"));
    signal.onabort = handler;
    equal(signal.onabort, handler);
    controller.abort();
    same(order, ["before", ["handler", true, "abort"], "after"]);
    signal.onabort = 1;
    equal(signal.onabort, null);
    signal.onabort = {};
    equal(typeof signal.onabort, "object");
    signal.onabort = null;
    equal(signal.onabort, null);
});

test("onabort that was taken away is not called", () => {
    const controller = new AbortController();
    let called = false;
    controller.signal.onabort = () => (called = true);
    controller.signal.onabort = null;
    controller.abort();
    ok(!called);
});

test("timeout", async () => {
    const signal = AbortSignal.timeout(2);
    equal(signal.aborted, false);
    await sleep(8);
    equal(signal.aborted, true);
    equal(signal.reason.name, "TimeoutError");
    equal(signal.reason.code, 23);
    for (const ms of [-1, NaN, "x", undefined, 2 ** 53, Infinity, {}]) {
        throws(TypeError, () => AbortSignal.timeout(ms), String(ms));
    }
    throws(TypeError, () => AbortSignal.timeout());
    equal(AbortSignal.timeout(2 ** 53 - 1).aborted, false);
    equal(AbortSignal.timeout("1.9").aborted, false);
});

test("any is aborted with the first", () => {
    const [a, b] = [new AbortController(), new AbortController()];
    const signal = AbortSignal.any([a.signal, b.signal]);
    let calls = 0;
    signal.addEventListener("abort", () => calls++);
    b.abort("b");
    a.abort("a");
    equal(signal.reason, "b");
    equal(calls, 1);
});

test("any of what is aborted already, of nothing, of iterables", () => {
    const open = new AbortController();
    equal(AbortSignal.any([open.signal, AbortSignal.abort(1), AbortSignal.abort(2)]).reason, 1);
    equal(AbortSignal.any([]).aborted, false);
    equal(AbortSignal.any(new Set([AbortSignal.abort(1)])).reason, 1);
    throws(TypeError, () => AbortSignal.any());
    throws(TypeError, () => AbortSignal.any([{}]));
    throws(TypeError, () => AbortSignal.any([null]));
    throws(TypeError, () => AbortSignal.any(open.signal));
});

test("any of any", () => {
    const controller = new AbortController();
    const inner = AbortSignal.any([controller.signal]);
    const outer = AbortSignal.any([inner, new AbortController().signal]);
    const order = [];
    outer.onabort = () => order.push("outer", inner.aborted);
    inner.onabort = () => order.push("inner", outer.aborted);
    controller.signal.onabort = () => order.push("source", inner.aborted, outer.aborted);
    controller.abort("x");
    same(order, ["source", true, true, "inner", true, "outer", true]);
    equal(outer.reason, "x");
});

test("many that follow one signal", () => {
    const controller = new AbortController();
    const kept = [];
    let calls = 0;
    for (let i = 0; i < 200; i++) {
        const signal = AbortSignal.any([controller.signal]);
        if (i % 50 === 0) {
            kept.push(signal);
        } else {
            signal.addEventListener("abort", () => calls++);
        }
    }
    controller.abort();
    equal(calls, 196);
    ok(kept.every((signal) => signal.aborted));
});

test("a promise that is rejected by a signal", async () => {
    const controller = new AbortController();
    const promise = new Promise((_, reject) => {
        const { signal } = controller;
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    setTimeout(() => controller.abort(), 1);
    await rejects("AbortError", promise);
});

test("a timeout among others, and what follows it", async () => {
    const controller = new AbortController();
    const any = AbortSignal.any([controller.signal, AbortSignal.timeout(2)]);
    const outer = AbortSignal.any([any]);
    await sleep(8);
    equal(any.aborted, true);
    equal(any.reason.name, "TimeoutError");
    equal(outer.reason, any.reason);
    controller.abort("late");
    equal(any.reason.name, "TimeoutError");
});

test("listeners of a signal that throw are reported", () => {
    expectLog(3, 'Uncaught "thrown"');
    const controller = new AbortController();
    let called = false;
    controller.signal.addEventListener("abort", () => {
        throw "thrown";
    });
    controller.signal.addEventListener("abort", () => (called = true));
    controller.abort();
    ok(called);
});

test("the signal of a request follows the one that it was given", () => {
    const controller = new AbortController();
    const request = new Request("https://a/", { signal: controller.signal });
    const copy = new Request(request);
    ok(request.signal !== controller.signal);
    equal(request.signal, request.signal);
    controller.abort("x");
    equal(request.signal.reason, "x");
    equal(copy.signal.reason, "x");
    equal(request.clone().signal.reason, "x");
});

// The first call leaves it running; the second must not hear of it.
let leftover = null;

test("a timeout ends with its task", async () => {
    if (leftover !== null) {
        await sleep(8);
        equal(leftover.aborted, false);
    }
    leftover = AbortSignal.timeout(3);
});

test("the interfaces", () => {
    throws(TypeError, () => new AbortSignal());
    throws(TypeError, () => AbortController());
    throws(TypeError, () => AbortSignal.prototype.aborted);
    throws(TypeError, () => AbortController.prototype.abort.call({}));
    ok(AbortSignal.abort() instanceof EventTarget);
    equal(Object.prototype.toString.call(AbortSignal.abort()), "[object AbortSignal]");
});

export default worker;
