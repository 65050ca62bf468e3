// What the global hears of: exceptions and rejections that nobody caught.

import { equal, expectLog, ok, same, sleep, test, throws, worker } from "./harness.js";

// Calls body(events) while a listener collects the events of a type, and waits for them.
async function collect(type, body) {
    const events = [];
    const listener = (event) => {
        events.push(event);
        event.preventDefault();
    };
    addEventListener(type, listener);
    await body(events);
    await sleep(2);
    removeEventListener(type, listener);
    return events;
}

test("ErrorEvent and PromiseRejectionEvent", () => {
    const error = new ErrorEvent("error", {
        message: "m",
        filename: "f",
        lineno: 1,
        colno: "2",
        error: 3,
        cancelable: true,
    });
    ok(error instanceof Event);
    same(
        [error.message, error.filename, error.lineno, error.colno, error.error, error.cancelable],
        ["m", "f", 1, 2, 3, true],
    );
    const plain = new ErrorEvent("x");
    same([plain.message, plain.filename, plain.lineno, plain.colno], ["", "", 0, 0]);
    equal(plain.error, undefined);
    equal(plain.isTrusted, false);
    throws(TypeError, () => new ErrorEvent());
    const promise = Promise.resolve();
    const rejection = new PromiseRejectionEvent("x", { promise, reason: 1 });
    equal(rejection.promise, promise);
    equal(rejection.reason, 1);
    throws(TypeError, () => new PromiseRejectionEvent("x"));
    throws(TypeError, () => new PromiseRejectionEvent("x", {}));
    throws(TypeError, () => new PromiseRejectionEvent("x", { promise: 1 }));
});

test("an exception in a timer", async () => {
    const error = new Error("in a timer");
    const [event, ...others] = await collect("error", () => {
        setTimeout(() => {
            throw error;
        }, 1);
        return sleep(3);
    });
    equal(others.length, 0);
    ok(event instanceof ErrorEvent);
    equal(event.type, "error");
    equal(event.isTrusted, true);
    equal(event.cancelable, true);
    equal(event.target, globalThis);
    equal(event.error, error);
    equal(event.message, "Uncaught Error: in a timer");
    equal(event.filename, "global-events.js");
    ok(event.lineno > 40 && event.lineno < 60, `${event.lineno}`);
    ok(event.colno > 0);
});

test("microtasks, listeners, reportError", async () => {
    const events = await collect("error", async () => {
        queueMicrotask(() => {
            throw "a microtask";
        });
        const target = new EventTarget();
        target.addEventListener("x", () => {
            throw "a listener";
        });
        target.dispatchEvent(new Event("x"));
        reportError("reported");
        await sleep(1);
    });
    same(
        events.map(({ error }) => error),
        ["a listener", "reported", "a microtask"],
    );
    equal(events[1].message, "Uncaught reported");
});

test("what nobody cancels is logged", async () => {
    expectLog(3, 'Uncaught "seen"');
    let seen = null;
    const listener = ({ error }) => (seen = error);
    addEventListener("error", listener);
    reportError("seen");
    removeEventListener("error", listener);
    equal(seen, "seen");
});

test("exceptions of listeners for exceptions are only logged", () => {
    expectLog(3, 'Uncaught "inner"');
    expectLog(3, 'Uncaught "again"');
    expectLog(3, 'Uncaught "outer"');
    let calls = 0;
    const listener = () => {
        calls++;
        reportError("inner");
        throw "again";
    };
    addEventListener("error", listener);
    reportError("outer");
    removeEventListener("error", listener);
    equal(calls, 1);
});

test("onerror", () => {
    expectLog(3, 'Uncaught "not cancelled"');
    equal(onerror, null);
    let args;
    globalThis.onerror = function (...given) {
        args = [this === globalThis, ...given];
        return true;
    };
    reportError("cancelled");
    same(args, [true, "Uncaught cancelled", args[2], args[3], args[4], "cancelled"]);
    onerror = () => false;
    reportError("not cancelled");
    onerror = (event) => (args = event);
    dispatchEvent(new Event("error"));
    ok(args instanceof Event, "other events come as such");
    onerror = null;
    equal(onerror, null);
});

test("a rejection that nobody handles", async () => {
    const reason = new Error("nobody");
    let promise;
    const [event, ...others] = await collect("unhandledrejection", async () => {
        promise = Promise.reject(reason);
        await sleep(1);
    });
    equal(others.length, 0);
    ok(event instanceof PromiseRejectionEvent);
    equal(event.isTrusted, true);
    equal(event.cancelable, true);
    equal(event.target, globalThis);
    equal(event.promise, promise);
    equal(event.reason, reason);
});

test("one that is handled in time", async () => {
    const events = await collect("unhandledrejection", async () => {
        Promise.reject(1).catch(() => {});
        const promise = Promise.reject(2);
        await undefined;
        await promise.catch(() => {});
        await (async () => {
            throw 3;
        })().catch(() => {});
    });
    equal(events.length, 0);
});

test("many, of async functions and callbacks", async () => {
    const events = await collect("unhandledrejection", async () => {
        (async () => {
            await undefined;
            throw 1;
        })();
        Promise.resolve().then(() => {
            throw 2;
        });
        new Promise((_, reject) => setTimeout(reject, 1, 3));
        await sleep(4);
    });
    same(
        events.map(({ reason }) => reason),
        [1, 2, 3],
    );
});

test("nobody listens: it is logged", async () => {
    expectLog(3, "Uncaught (in promise) { mine: 1 }");
    Promise.reject({ mine: 1 });
    await sleep(1);
});

test("handled later", async () => {
    expectLog(3, 'Uncaught (in promise) "late"');
    const promise = Promise.reject("late");
    const [event, ...others] = await collect("rejectionhandled", async () => {
        await sleep(2);
        promise.catch(() => {});
    });
    equal(others.length, 0);
    equal(event.promise, promise);
    equal(event.reason, "late");
    equal(event.cancelable, false);
});

test("a listener that handles the next one", async () => {
    const second = { promise: null };
    const seen = [];
    const listener = (event) => {
        event.preventDefault();
        seen.push(event.reason);
        second.promise.catch(() => {});
    };
    addEventListener("unhandledrejection", listener);
    Promise.reject(1);
    second.promise = Promise.reject(2);
    await sleep(1);
    removeEventListener("unhandledrejection", listener);
    same(seen, [1]);
});

test("a listener that rejects", async () => {
    const seen = [];
    const listener = (event) => {
        event.preventDefault();
        seen.push(event.reason);
        if (seen.length < 3) {
            Promise.reject(event.reason + 1);
        }
    };
    addEventListener("unhandledrejection", listener);
    Promise.reject(1);
    await sleep(1);
    removeEventListener("unhandledrejection", listener);
    same(seen, [1, 2, 3]);
});

test("a listener that rejects without end", async () => {
    const seen = [];
    const listener = (event) => {
        event.preventDefault();
        seen.push(event.reason);
        Promise.reject(seen.length);
    };
    addEventListener("unhandledrejection", listener);
    Promise.reject(0);
    await sleep(1);
    removeEventListener("unhandledrejection", listener);
    ok(seen.length > 3 && seen.length < 100, `${seen.length}`);
});

test("onunhandledrejection and onrejectionhandled", async () => {
    const seen = [];
    onunhandledrejection = (event) => {
        seen.push(event.type, event.reason);
        return false;
    };
    onrejectionhandled = (event) => seen.push(event.type, event.reason);
    const promise = Promise.reject("x");
    await sleep(1);
    promise.catch(() => {});
    await sleep(1);
    onunhandledrejection = null;
    onrejectionhandled = null;
    same(seen, ["unhandledrejection", "x", "rejectionhandled", "x"]);
});

test("the global is an EventTarget", () => {
    ok(globalThis instanceof EventTarget && globalThis instanceof WorkerGlobalScope);
    equal(String(globalThis), "[object WorkerGlobalScope]");
    let target;
    EventTarget.prototype.addEventListener.call(
        globalThis,
        "mine",
        (event) => (target = event.target),
        { once: true },
    );
    globalThis.dispatchEvent(new Event("mine"));
    equal(target, globalThis);
});

export default worker;
