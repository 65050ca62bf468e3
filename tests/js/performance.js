import { equal, ok, same, sleep, test, throws, worker } from "./harness.js";

test("now goes on", async () => {
    const start = performance.now();
    equal(typeof start, "number");
    ok(start >= 0);
    await sleep(5);
    const end = performance.now();
    ok(end - start >= 4 && end - start < 5000, `${end - start} ms`);
});

test("now is coarse", () => {
    for (let i = 0; i < 100; i++) {
        const tenths = performance.now() * 10;
        ok(Math.abs(tenths - Math.round(tenths)) < 1e-3, String(tenths));
    }
});

test("timeOrigin and now give the date", () => {
    const now = performance.timeOrigin + performance.now();
    ok(Math.abs(now - Date.now()) < 2000, `${now} ${Date.now()}`);
    equal(performance.timeOrigin, performance.timeOrigin);
});

test("toJSON", () => {
    same(performance.toJSON(), { timeOrigin: performance.timeOrigin });
});

test("the interface", () => {
    ok(performance instanceof Performance);
    ok(performance instanceof EventTarget);
    equal(Object.prototype.toString.call(performance), "[object Performance]");
    throws(TypeError, () => new Performance());
    throws(TypeError, () => performance.now.call({}));
    throws(TypeError, () => Performance.prototype.timeOrigin);
});

export default worker;
