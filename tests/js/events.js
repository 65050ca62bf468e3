import { equal, expectLog, ok, same, test, throws, worker } from "./harness.js";

test("Event's attributes", () => {
    const event = new Event("a", { bubbles: 1, cancelable: true, composed: "x" });
    equal(event.type, "a");
    equal(event.bubbles, true);
    equal(event.cancelable, true);
    equal(event.composed, true);
    equal(event.target, null);
    equal(event.srcElement, null);
    equal(event.currentTarget, null);
    equal(event.eventPhase, Event.NONE);
    equal(event.defaultPrevented, false);
    equal(event.returnValue, true);
    equal(event.cancelBubble, false);
    equal(event.isTrusted, false);
    same(event.composedPath(), []);
    ok(event.timeStamp >= 0 && event.timeStamp <= performance.now());
    equal(new Event("a").cancelable, false);
    equal(new Event("a", null).bubbles, false);
    equal(new Event(1).type, "1");
    throws(TypeError, () => new Event());
    throws(TypeError, () => new Event("a", 1));
    throws(TypeError, () => Event("a"));
});

test("Event's constants", () => {
    for (const object of [Event, Event.prototype]) {
        same(
            [object.NONE, object.CAPTURING_PHASE, object.AT_TARGET, object.BUBBLING_PHASE],
            [0, 1, 2, 3],
        );
    }
});

test("isTrusted cannot be forged", () => {
    const event = new Event("a");
    const descriptor = Object.getOwnPropertyDescriptor(event, "isTrusted");
    equal(descriptor.configurable, false);
    equal(descriptor.enumerable, true);
    equal(descriptor.set, undefined);
    const other = Object.getOwnPropertyDescriptor(new Event("b"), "isTrusted");
    equal(descriptor.get, other.get);
    throws(TypeError, () => descriptor.get.call({}));
});

test("a listener is called with the event, on the target", () => {
    const target = new EventTarget();
    const event = new Event("a");
    let calls = 0;
    target.addEventListener("a", function (given) {
        calls++;
        equal(this, target);
        equal(given, event);
        equal(event.target, target);
        equal(event.srcElement, target);
        equal(event.currentTarget, target);
        equal(event.eventPhase, 2);
        same(event.composedPath().length, 1);
    });
    equal(target.dispatchEvent(event), true);
    equal(calls, 1);
    equal(event.eventPhase, 0);
    equal(event.currentTarget, null);
    equal(event.target, target);
    target.dispatchEvent(new Event("b"));
    equal(calls, 1);
});

test("an object's handleEvent, looked up at each call", () => {
    const target = new EventTarget();
    const calls = [];
    const listener = {
        handleEvent(event) {
            calls.push([this === listener, event.type]);
        },
    };
    target.addEventListener("a", listener);
    target.dispatchEvent(new Event("a"));
    listener.handleEvent = () => calls.push("replaced");
    target.dispatchEvent(new Event("a"));
    same(calls, [[true, "a"], "replaced"]);
});

test("listeners that throw are reported and stop nobody", () => {
    expectLog(3, 'Uncaught "thrown by a listener"');
    const target = new EventTarget();
    let called = false;
    target.addEventListener("a", () => {
        throw "thrown by a listener";
    });
    target.addEventListener("a", () => (called = true));
    equal(target.dispatchEvent(new Event("a")), true);
    ok(called);
});

test("the same listener is there once", () => {
    const target = new EventTarget();
    let calls = 0;
    const listener = () => calls++;
    target.addEventListener("a", listener);
    target.addEventListener("a", listener);
    target.addEventListener("a", listener, { once: true, passive: true });
    target.dispatchEvent(new Event("a"));
    equal(calls, 1);
    target.addEventListener("a", listener, true);
    target.dispatchEvent(new Event("a"));
    equal(calls, 3, "with capture it is another");
    target.removeEventListener("a", listener);
    target.dispatchEvent(new Event("a"));
    equal(calls, 4);
    target.removeEventListener("a", listener, { capture: true });
    target.removeEventListener("a", listener, { capture: true });
    target.dispatchEvent(new Event("a"));
    equal(calls, 4);
});

test("capturing listeners come first", () => {
    const target = new EventTarget();
    const order = [];
    target.addEventListener("a", () => order.push("plain"));
    target.addEventListener("a", () => order.push("capture"), true);
    target.dispatchEvent(new Event("a"));
    same(order, ["capture", "plain"]);
});

test("once", () => {
    const target = new EventTarget();
    let calls = 0;
    target.addEventListener(
        "a",
        () => {
            calls++;
            target.dispatchEvent(new Event("a"));
        },
        { once: true },
    );
    target.dispatchEvent(new Event("a"));
    target.dispatchEvent(new Event("a"));
    equal(calls, 1);
});

test("listeners added or removed meanwhile", () => {
    const target = new EventTarget();
    const order = [];
    const removed = () => order.push("removed");
    target.addEventListener(
        "a",
        () => {
            order.push("first");
            target.removeEventListener("a", removed);
            target.addEventListener("a", () => order.push("added"));
        },
        { once: true },
    );
    target.addEventListener("a", removed);
    target.dispatchEvent(new Event("a"));
    same(order, ["first"]);
    target.dispatchEvent(new Event("a"));
    same(order, ["first", "added"]);
});

test("a signal removes a listener", () => {
    const target = new EventTarget();
    const controller = new AbortController();
    let calls = 0;
    target.addEventListener("a", () => calls++, { signal: controller.signal });
    target.dispatchEvent(new Event("a"));
    controller.abort();
    target.dispatchEvent(new Event("a"));
    target.addEventListener("a", () => calls++, { signal: controller.signal });
    target.dispatchEvent(new Event("a"));
    equal(calls, 1);
    throws(TypeError, () => target.addEventListener("a", () => {}, { signal: null }));
    throws(TypeError, () => target.addEventListener("a", () => {}, { signal: {} }));
});

test("preventDefault", () => {
    const target = new EventTarget();
    target.addEventListener("a", (event) => event.preventDefault());
    equal(target.dispatchEvent(new Event("a")), true, "not cancelable");
    const event = new Event("a", { cancelable: true });
    equal(target.dispatchEvent(event), false);
    equal(event.defaultPrevented, true);
    equal(event.returnValue, false);
    const passive = new EventTarget();
    passive.addEventListener("a", (given) => given.preventDefault(), { passive: true });
    equal(passive.dispatchEvent(new Event("a", { cancelable: true })), true);
    const legacy = new Event("a", { cancelable: true });
    legacy.returnValue = false;
    equal(legacy.defaultPrevented, true);
    legacy.returnValue = true;
    equal(legacy.defaultPrevented, true);
});

test("stopImmediatePropagation", () => {
    const target = new EventTarget();
    const order = [];
    target.addEventListener("a", (event) => {
        order.push(1);
        event.stopImmediatePropagation();
    });
    target.addEventListener("a", () => order.push(2));
    const event = new Event("a");
    target.dispatchEvent(event);
    target.dispatchEvent(event);
    same(order, [1, 1]);
});

test("stopPropagation lets the same phase go on", () => {
    const target = new EventTarget();
    const order = [];
    target.addEventListener(
        "a",
        (event) => {
            order.push(1);
            event.stopPropagation();
            equal(event.cancelBubble, true);
        },
        true,
    );
    target.addEventListener("a", () => order.push(2), true);
    target.addEventListener("a", () => order.push(3));
    target.dispatchEvent(new Event("a"));
    same(order, [1, 2]);
});

test("an event is dispatched once at a time", () => {
    const target = new EventTarget();
    const event = new Event("a");
    target.addEventListener("a", () => {
        throws("InvalidStateError", () => target.dispatchEvent(event));
    });
    target.dispatchEvent(event);
    throws(TypeError, () => target.dispatchEvent({ type: "a" }));
    throws(TypeError, () => target.dispatchEvent());
});

test("initEvent", () => {
    const event = new Event("a");
    event.initEvent("b", true, true);
    equal(event.type, "b");
    equal(event.bubbles, true);
    equal(event.cancelable, true);
    const target = new EventTarget();
    target.addEventListener("b", () => event.initEvent("c"));
    target.dispatchEvent(event);
    equal(event.type, "b");
});

test("CustomEvent", () => {
    const detail = {};
    const event = new CustomEvent("a", { detail, cancelable: true });
    ok(event instanceof Event);
    equal(event.detail, detail);
    equal(event.cancelable, true);
    equal(new CustomEvent("a").detail, null);
    equal(new CustomEvent("a", { detail: undefined }).detail, null);
    equal(new CustomEvent("a", { detail: 0 }).detail, 0);
    event.initCustomEvent("b", false, false, 7);
    equal(event.detail, 7);
    equal(event.type, "b");
    throws(TypeError, () => new CustomEvent());
});

test("callbacks are functions, objects or nothing", () => {
    const target = new EventTarget();
    equal(target.addEventListener("a", null), undefined);
    equal(target.addEventListener("a", undefined), undefined);
    target.removeEventListener("a", null);
    for (const callback of [1, "a", true, Symbol("a")]) {
        throws(TypeError, () => target.addEventListener("a", callback), String(callback));
    }
    throws(TypeError, () => target.addEventListener("a"));
    throws(TypeError, () => target.removeEventListener("a"));
});

test("a subclass", () => {
    class Mine extends EventTarget {
        calls = 0;
        constructor() {
            super();
            this.addEventListener("a", () => this.calls++);
        }
    }
    const mine = new Mine();
    mine.dispatchEvent(new Event("a"));
    equal(mine.calls, 1);
    throws(TypeError, () => EventTarget.prototype.dispatchEvent.call({}, new Event("a")));
    throws(TypeError, () => EventTarget());
});

test("the global is a target", () => {
    const seen = [];
    const listener = function (event) {
        seen.push(this === globalThis, event.target === globalThis, event.type);
    };
    addEventListener("test", listener);
    equal(dispatchEvent(new Event("test")), true);
    equal(globalThis.dispatchEvent(new CustomEvent("test")), true);
    EventTarget.prototype.dispatchEvent.call(globalThis, new Event("test"));
    removeEventListener("test", listener);
    dispatchEvent(new Event("test"));
    same(seen, [true, true, "test", true, true, "test", true, true, "test"]);
});

test("reportError", () => {
    expectLog(3, "Uncaught { mine: 1 }");
    equal(reportError({ mine: 1 }), undefined);
    throws(TypeError, () => reportError());
});

export default worker;
