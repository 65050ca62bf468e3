// Bodies of requests and responses as streams. https://fetch.spec.whatwg.org/#body-mixin

import { equal, ok, rejects, same, sleep, test, throws, worker } from "./harness.js";

const encode = (text) => new TextEncoder().encode(text);

// A stream of chunks, strings as UTF-8.
function streamOf(...chunks) {
    return new ReadableStream({
        start(controller) {
            for (const chunk of chunks) {
                controller.enqueue(typeof chunk === "string" ? encode(chunk) : chunk);
            }
            controller.close();
        },
    });
}

async function textOf(stream) {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
        text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
}

const post = (body, more) => new Request("https://a/", { method: "POST", body, ...more });

test("body is null where there is none", () => {
    equal(new Response().body, null);
    equal(new Response(null, { status: 204 }).body, null);
    equal(new Request("https://a/").body, null);
    equal(Response.error().body, null);
});

test("the same stream each time", () => {
    for (const holder of [new Response("a"), post("a"), Response.json({}), post(encode("a"))]) {
        ok(holder.body instanceof ReadableStream);
        equal(holder.body, holder.body);
        equal(holder.bodyUsed, false);
        equal(holder.body.locked, false);
    }
    const stream = streamOf("a");
    equal(new Response(stream).body, stream);
});

test("the body of the incoming request", async ({ request }) => {
    const { body } = request;
    equal(request.bodyUsed, false);
    const reader = body.getReader();
    const { value, done } = await reader.read();
    equal(request.bodyUsed, true);
    equal(done, false);
    equal(value.constructor, Uint8Array);
    equal(new TextDecoder().decode(value), "hällo wörld");
    equal((await reader.read()).done, true);
    await rejects(TypeError, request.text());
});

test("whole bodies are byte streams", async () => {
    for (const body of [
        "häl",
        encode("häl"),
        encode("häl").buffer,
        new DataView(encode("häl").buffer),
    ]) {
        const reader = new Response(body).body.getReader({ mode: "byob" });
        const { value } = await reader.read(new Uint8Array(2));
        same([...value], [0x68, 0xc3]);
        const rest = await reader.read(new Uint8Array(10));
        same([...rest.value], [0xa4, 0x6c]);
        const end = await reader.read(new Uint8Array(10));
        equal(end.done, true);
        equal(end.value.byteLength, 0);
    }
});

test("bodies that end with half an element", async () => {
    for (const holder of [new Response("a"), new Response("abc"), post("abc")]) {
        const reader = holder.body.getReader({ mode: "byob" });
        const readAll = async () => {
            while (!(await reader.read(new BigUint64Array(1))).done);
        };
        await rejects(TypeError, readAll());
        await rejects(TypeError, reader.closed);
    }
});

test("an empty body ends at once", async () => {
    for (const holder of [new Response(""), new Response(new Uint8Array(0)), post("")]) {
        equal((await holder.body.getReader().read()).done, true);
    }
    const reader = new Response("").body.getReader({ mode: "byob" });
    equal((await reader.read(new Uint8Array(1))).done, true);
});

test("the bytes that were given stay as they are", async () => {
    const bytes = encode("abc");
    const response = new Response(bytes);
    bytes[0] = 0;
    equal(await textOf(response.body), "abc");
    equal(bytes.byteLength, 3);
});

test("text, json, bytes and arrayBuffer after body was looked at", async () => {
    for (const make of [
        () => new Response("[1]"),
        () => post("[1]"),
        () => new Response(streamOf("[", "1]")),
    ]) {
        const looked = () => {
            const holder = make();
            ok(holder.body !== null);
            return holder;
        };
        equal(await looked().text(), "[1]");
        same(await looked().json(), [1]);
        same([...(await looked().bytes())], [0x5b, 0x31, 0x5d]);
        equal((await looked().arrayBuffer()).byteLength, 3);
    }
});

test("a body that was read: used, closed and locked", async () => {
    for (const holder of [new Response("a"), new Response(streamOf("a")), post("a")]) {
        await holder.text();
        equal(holder.bodyUsed, true);
        equal(holder.body.locked, true);
        throws(TypeError, () => holder.body.getReader());
        throws(TypeError, () => holder.clone());
        await rejects(TypeError, holder.text());
        await rejects(TypeError, holder.body.cancel());
    }
    const looked = new Response("a");
    const { body } = looked;
    await looked.text();
    equal(looked.body, body);
    equal(body.locked, true);
    equal(looked.bodyUsed, true);
});

test("a locked body cannot be read, but is not used", async () => {
    for (const holder of [new Response("a"), new Response(streamOf("a")), post("a")]) {
        const reader = holder.body.getReader();
        equal(holder.bodyUsed, false);
        await rejects(TypeError, holder.text());
        await rejects(TypeError, holder.json());
        await rejects(TypeError, holder.bytes());
        await rejects(TypeError, holder.arrayBuffer());
        throws(TypeError, () => holder.clone());
        reader.releaseLock();
        equal(await holder.text(), "a");
    }
});

test("a disturbed body is used", async () => {
    for (const holder of [new Response("a"), new Response(streamOf("a")), post("a")]) {
        await holder.body.cancel();
        equal(holder.bodyUsed, true);
        await rejects(TypeError, holder.text());
        throws(TypeError, () => holder.clone());
    }
    const response = new Response("ab");
    const reader = response.body.getReader();
    await reader.read();
    reader.releaseLock();
    equal(response.bodyUsed, true);
    equal(response.body.locked, false);
    await rejects(TypeError, response.text());
});

test("streams that were read or are locked are no bodies", async () => {
    const locked = streamOf("a");
    locked.getReader();
    throws(TypeError, () => new Response(locked));
    const read = streamOf("a");
    await textOf(read);
    throws(TypeError, () => new Response(read));
    throws(TypeError, () => post(read, { duplex: "half" }));
});

test("chunks must be Uint8Array", async () => {
    for (const chunk of [
        "a",
        1,
        null,
        undefined,
        {},
        [1],
        new Uint16Array(1),
        new ArrayBuffer(1),
    ]) {
        let cancelled;
        const stream = new ReadableStream({
            start(controller) {
                controller.enqueue(chunk);
            },
            cancel(reason) {
                cancelled = reason;
            },
        });
        const error = await rejects(TypeError, new Response(stream).text(), String(chunk));
        equal(cancelled, error);
    }
    let told = 0;
    const listener = (event) => {
        told++;
        event.preventDefault();
    };
    addEventListener("unhandledrejection", listener);
    const failing = new ReadableStream({
        start(controller) {
            controller.enqueue("a");
        },
        cancel() {
            throw new RangeError("nobody hears of it");
        },
    });
    await rejects(TypeError, new Response(failing).text());
    await sleep(2);
    removeEventListener("unhandledrejection", listener);
    equal(told, 0);
});

test("a character that lies in two chunks", async () => {
    const [a, b, c] = encode("☃");
    const stream = streamOf(new Uint8Array([a]), new Uint8Array([b]), new Uint8Array([c]));
    equal(await new Response(stream).text(), "☃");
    equal(await new Response(streamOf("\ufeffa")).text(), "a");
});

test("the stream's error is the reader's", async () => {
    const error = new RangeError("mine");
    const broken = () =>
        new ReadableStream({
            pull(controller) {
                controller.error(error);
            },
        });
    for (const method of ["text", "json", "bytes", "arrayBuffer"]) {
        equal(await rejects(RangeError, new Response(broken())[method]()), error);
    }
    await rejects(SyntaxError, new Response(streamOf("{")).json());
});

test("no Content-Type for a stream", () => {
    equal(new Response(streamOf("a")).headers.get("content-type"), null);
    equal(post(streamOf("a"), { duplex: "half" }).headers.get("content-type"), null);
});

test("a stream needs duplex", () => {
    throws(TypeError, () => post(streamOf("a")));
    throws(TypeError, () => post(streamOf("a"), { duplex: "full" }));
    throws(TypeError, () => post(streamOf("a"), { duplex: "half", keepalive: true }));
    throws(TypeError, () => post(streamOf("a"), { duplex: "half", mode: "no-cors" }));
    const request = post(streamOf("a"), { duplex: "half" });
    equal(request.duplex, "half");
    throws(TypeError, () => new Request("https://a/", { body: streamOf("a"), duplex: "half" }));
    new Request(request.url, { method: "PUT", body: "text" });
});

test("clone of a stream", async () => {
    for (const holder of [
        new Response(streamOf("a", "b")),
        post(streamOf("a", "b"), { duplex: "half" }),
    ]) {
        const { body } = holder;
        const clone = holder.clone();
        equal(body.locked, true);
        ok(holder.body !== body);
        equal(holder.bodyUsed, false);
        equal(await clone.text(), "ab");
        equal(await holder.text(), "ab");
    }
});

test("clone of a whole body whose stream was asked for", async () => {
    const response = new Response("ab");
    const { body } = response;
    const clone = response.clone();
    equal(body.locked, true);
    ok(response.body !== body);
    ok(clone.body !== response.body);
    equal(await textOf(clone.body), "ab");
    equal(response.bodyUsed, false);
    equal(await textOf(response.body), "ab");
});

test("clones of streams share no memory", async () => {
    for (const type of [undefined, "bytes"]) {
        const response = new Response(
            new ReadableStream({
                type,
                start(controller) {
                    controller.enqueue(encode("ab"));
                    if (type === undefined) {
                        controller.enqueue(new Uint8Array(0));
                    }
                    controller.enqueue(encode("cd"));
                    controller.close();
                },
            }),
        );
        const clone = response.clone();
        for await (const chunk of response.body) {
            chunk.fill(0);
        }
        equal(await clone.text(), "abcd", type);
    }
});

test("clones of a stream that fails, or has no bytes", async () => {
    const error = new RangeError("mine");
    const failing = new Response(
        new ReadableStream({
            pull(controller) {
                controller.error(error);
            },
        }),
    );
    equal(await rejects(RangeError, failing.clone().text()), error);
    equal(await rejects(RangeError, failing.text()), error);
    const texts = new Response(
        new ReadableStream({
            start(controller) {
                controller.enqueue("text");
                controller.close();
            },
        }),
    );
    await rejects(TypeError, texts.clone().text());
    await rejects(TypeError, texts.text());
});

test("clones are cancelled together", async () => {
    let reasons;
    const response = new Response(
        new ReadableStream({
            cancel(why) {
                reasons = why;
            },
        }),
    );
    const clone = response.clone();
    const first = response.body.cancel("a");
    await clone.body.cancel("b");
    await first;
    same(reasons, ["a", "b"]);
});

test("clones share no memory", async () => {
    const response = new Response(encode("ab"));
    const clone = response.clone();
    const { value } = await response.body.getReader().read();
    value[0] = 0;
    equal(await clone.text(), "ab");
});

test("a request of a request", async () => {
    const first = post(streamOf("a", "b"), { duplex: "half" });
    const second = new Request(first);
    equal(first.bodyUsed, true);
    equal(first.body.locked, true);
    equal(second.bodyUsed, false);
    equal(await second.text(), "ab");
    const whole = post("ab");
    const { body } = whole;
    const moved = new Request(whole);
    equal(body.locked, true);
    equal(whole.bodyUsed, true);
    equal(await textOf(moved.body), "ab");
});

test("a response of a response's body", async () => {
    const inner = new Response("abc", { headers: { a: "b" } });
    const outer = new Response(inner.body, inner);
    equal(outer.headers.get("a"), "b");
    equal(inner.bodyUsed, false);
    equal(await outer.text(), "abc");
    equal(inner.bodyUsed, true);
});

test("a body through a transform", async () => {
    const upper = new TransformStream({
        transform(chunk, controller) {
            controller.enqueue(encode(new TextDecoder().decode(chunk).toUpperCase()));
        },
    });
    equal(await new Response(new Response("abc").body.pipeThrough(upper)).text(), "ABC");
});

test("the attribute's shape", () => {
    for (const { prototype } of [Request, Response]) {
        const descriptor = Object.getOwnPropertyDescriptor(prototype, "body");
        equal(descriptor.get.name, "get body");
        equal(descriptor.set, undefined);
        equal(descriptor.enumerable, true);
        throws(TypeError, () => prototype.body);
    }
});

export default worker;
