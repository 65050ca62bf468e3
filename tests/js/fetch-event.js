// A module that listens instead of exporting a handler.

import { equal, expectLog, ok, run, same, test, throws } from "./harness.js";

let current;

test("the event", ({ request }) => {
    ok(current instanceof FetchEvent);
    ok(current instanceof ExtendableEvent);
    equal(current.type, "fetch");
    equal(current.isTrusted, true);
    equal(current.target, globalThis);
    equal(current.request, request);
    ok(current.request instanceof Request);
    equal(current.cancelable, false);
});

test("respondWith is for the listener's run, once", () => {
    throws("InvalidStateError", () => current.respondWith(new Response()));
    throws(TypeError, () => current.respondWith());
    throws(TypeError, () => FetchEvent.prototype.respondWith.call({}, 1));
});

test("waitUntil and passThroughOnException", async () => {
    expectLog(3, 'Uncaught (in waitUntil) "thrown later"');
    equal(current.waitUntil(Promise.reject("thrown later")), undefined);
    equal(current.passThroughOnException(), undefined);
    throws(TypeError, () => current.waitUntil());
    await undefined;
    await undefined;
});

test("made by hand", () => {
    const request = new Request("https://a/");
    const event = new FetchEvent("fetch", { request, cancelable: true });
    equal(event.request, request);
    equal(event.cancelable, true);
    equal(event.isTrusted, false);
    throws(TypeError, () => new FetchEvent("fetch"));
    throws(TypeError, () => new FetchEvent("fetch", {}));
    throws(TypeError, () => new FetchEvent("fetch", { request: {} }));
    throws("InvalidStateError", () => event.respondWith(new Response()));
    equal(new ExtendableEvent("x").type, "x");
});

test("a listener behind the one that answers was not called", () => {
    equal(callsBehind, 0);
});

let callsBehind = 0;

addEventListener("fetch", () => {
    // Answers nothing; the next one does.
});

addEventListener("fetch", (event) => {
    current = event;
    event.respondWith(run(event.request));
});

addEventListener("fetch", () => callsBehind++);
