// MessageChannel, MessagePort, MessageEvent.

import { equal, ok, same, sleep, test, throws, worker } from "./harness.js";

let atTheEnd;

function nextMessage(port) {
    return new Promise((resolve) => {
        port.onmessage = resolve;
    });
}

test("messages are events of their own, in order", async () => {
    const { port1, port2 } = new MessageChannel();
    const seen = [];
    port2.onmessage = ({ data }) => {
        seen.push(data);
        queueMicrotask(() => seen.push(`after ${data}`));
    };
    port1.postMessage(1);
    port1.postMessage(2);
    setTimeout(() => seen.push("timer"), 0);
    port1.postMessage(3);
    await undefined;
    same(seen, []);
    await sleep(5);
    same(seen, [1, "after 1", 2, "after 2", "timer", 3, "after 3"]);
});

let late = 0;

test("what an execution has not delivered is dropped with it", () => {
    equal(late, 0);
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => late++;
    atTheEnd = () => port1.postMessage("late");
});

test("both ways, with a clone", async () => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => port1.postMessage(data.n + 1);
    const value = { n: 1 };
    port2.postMessage(value);
    value.n = 5;
    const event = await nextMessage(port2);
    equal(event.data, 2);
    ok(event instanceof MessageEvent);
    equal(event.isTrusted, true);
    equal(event.origin, "");
    equal(event.source, null);
    ok(Object.isFrozen(event.ports) && event.ports.length === 0);
    equal(event.target, port2);
});

test("a chain of messages is not slowed down as one of timers is", async () => {
    const { port1, port2 } = new MessageChannel();
    const start = Date.now();
    let left = 200;
    await new Promise((resolve) => {
        port2.onmessage = () => (left-- === 0 ? resolve() : port1.postMessage(0));
        port1.postMessage(0);
    });
    ok(Date.now() - start < 600, `${Date.now() - start} ms`);
});

test("messages wait for start()", async () => {
    const { port1, port2 } = new MessageChannel();
    const seen = [];
    port2.addEventListener("message", ({ data }) => seen.push(data));
    port1.postMessage("a");
    await sleep(3);
    same(seen, []);
    port2.start();
    port1.postMessage("b");
    await sleep(3);
    same(seen, ["a", "b"]);
});

test("close", async () => {
    const { port1, port2 } = new MessageChannel();
    const seen = [];
    port2.onmessage = ({ data }) => seen.push(data);
    port2.onclose = (event) => seen.push(event.type);
    port1.postMessage("before");
    port1.close();
    port1.postMessage("after");
    port2.postMessage("back");
    await sleep(3);
    same(seen, ["before", "close"]);
    const other = new MessageChannel();
    other.port2.onmessage = () => seen.push("never");
    other.port1.postMessage(1);
    other.port2.close();
    await sleep(3);
    equal(seen.length, 2);
});

test("transfer of buffers", async () => {
    const { port1, port2 } = new MessageChannel();
    const bytes = new Uint8Array([1, 2, 3]);
    port1.postMessage(bytes, [bytes.buffer]);
    equal(bytes.length, 0);
    same([...(await nextMessage(port2)).data], [1, 2, 3]);
    port1.postMessage(0, { transfer: [new ArrayBuffer(1)] });
});

test("transfer of ports", async () => {
    const { port1, port2 } = new MessageChannel();
    const inner = new MessageChannel();
    inner.port1.postMessage("early");
    port1.postMessage({ port: inner.port2 }, [inner.port2]);
    inner.port1.postMessage("late");
    const { data, ports } = await nextMessage(port2);
    equal(ports[0], data.port);
    ok(data.port !== inner.port2);
    const seen = [];
    data.port.onmessage = (event) => seen.push(event.data);
    await sleep(3);
    same(seen, ["early", "late"]);
    throws("DataCloneError", () => port1.postMessage(0, [inner.port2]));
    throws("DataCloneError", () => port1.postMessage(0, [port1]));
    throws("DataCloneError", () => port1.postMessage(data.port));
    const moved = structuredClone(data.port, { transfer: [data.port] });
    moved.onmessage = (event) => seen.push(`moved ${event.data}`);
    inner.port1.postMessage("again");
    await sleep(3);
    equal(seen[2], "moved again");
});

test("arguments", () => {
    const { port1 } = new MessageChannel();
    throws(TypeError, () => port1.postMessage());
    throws(TypeError, () => port1.postMessage(1, 1));
    throws(TypeError, () => port1.postMessage(1, [1]));
    throws("DataCloneError", () => port1.postMessage(() => {}));
    throws("DataCloneError", () => port1.postMessage(1, [{}]));
    throws(TypeError, () => new MessagePort());
    throws(TypeError, () => MessagePort.prototype.postMessage.call({}, 1));
    equal(port1.onmessage, null);
    equal(port1.onmessageerror, null);
});

test("MessageEvent", () => {
    const { port1 } = new MessageChannel();
    const event = new MessageEvent("x", {
        data: 1,
        origin: "https://a",
        lastEventId: "7",
        source: port1,
        ports: [port1],
        cancelable: true,
    });
    same(
        [event.type, event.data, event.origin, event.lastEventId, event.cancelable],
        ["x", 1, "https://a", "7", true],
    );
    equal(event.source, port1);
    equal(event.ports[0], port1);
    equal(event.ports, event.ports);
    equal(new MessageEvent("x").data, null);
    throws(TypeError, () => new MessageEvent());
    throws(TypeError, () => new MessageEvent("x", { ports: [1] }));
    throws(TypeError, () => new MessageEvent("x", { source: {} }));
    event.initMessageEvent("y", false, false, 2);
    same([event.type, event.data, event.origin, event.ports.length], ["y", 2, "", 0]);
    equal(event.source, null);
});

test("a message that comes too late", () => {
    atTheEnd();
});

export default worker;
