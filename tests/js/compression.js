// CompressionStream and DecompressionStream. https://compression.spec.whatwg.org/

import { equal, ok, rejects, same, sleep, test, throws, worker } from "./harness.js";

const FORMATS = ["gzip", "deflate", "deflate-raw"];
const encode = (text) => new TextEncoder().encode(text);
const HELLO = encode("hello hello hello hello\n");

// "hello hello hello hello\n", compressed by another program.
const SAMPLES = {
    gzip: "H4sIAAAAAAACA8tIzcnJV8hAJ7kAAIhZCxgAAAA=",
    deflate: "eJzLSM3JyVfIQCe5AHC+CLs=",
    "deflate-raw": "y0jNyclXyEAnuQA=",
};

const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

async function through(transform, ...chunks) {
    const result = new Response(transform.readable).bytes();
    const writer = transform.writable.getWriter();
    const writes = [];
    for (const chunk of chunks) {
        writes.push(writer.write(chunk));
    }
    writes.push(writer.close());
    for (const write of writes) {
        write.catch(() => {});
    }
    const bytes = await result;
    await Promise.all(writes);
    return bytes;
}

const compress = (format, ...chunks) => through(new CompressionStream(format), ...chunks);
const decompress = (format, ...chunks) => through(new DecompressionStream(format), ...chunks);

test("there and back", async () => {
    const random = crypto.getRandomValues(new Uint8Array(50_000));
    for (const format of FORMATS) {
        for (const data of [new Uint8Array(0), HELLO, random, new Uint8Array(300_000)]) {
            const packed = await compress(format, data);
            const back = await decompress(format, packed);
            equal(back.length, data.length, format);
            for (let i = 0; i < data.length; i += 97) {
                equal(back[i], data[i]);
            }
        }
        const zeros = await compress(format, new Uint8Array(300_000));
        ok(zeros.length < 2000, `${format} makes it smaller`);
    }
});

test("what others have compressed", async () => {
    for (const format of FORMATS) {
        same([...(await decompress(format, fromBase64(SAMPLES[format])))], [...HELLO], format);
    }
});

test("in any chunks", async () => {
    for (const format of FORMATS) {
        const bytes = fromBase64(SAMPLES[format]);
        const single = Array.from(bytes, (byte) => new Uint8Array([byte]));
        same([...(await decompress(format, ...single))], [...HELLO], format);
        const packed = await compress(format, HELLO.slice(0, 3), new Uint8Array(0), HELLO.slice(3));
        same([...(await decompress(format, packed))], [...HELLO]);
    }
});

test("chunks are buffers and views", async () => {
    const { buffer } = HELLO;
    const parts = [
        buffer.slice(0, 4),
        new Uint16Array(buffer.slice(4, 8)),
        new DataView(buffer, 8, 4),
        HELLO.subarray(12),
    ];
    same([...(await decompress("gzip", await compress("gzip", ...parts)))], [...HELLO]);
    for (const chunk of ["text", null, undefined, 1, {}, [1]]) {
        for (const stream of [new CompressionStream("gzip"), new DecompressionStream("gzip")]) {
            const reader = stream.readable.getReader();
            const writer = stream.writable.getWriter();
            const write = writer.write(chunk);
            write.catch(() => {});
            const error = await rejects(TypeError, reader.read(), String(chunk));
            equal(await rejects(TypeError, write), error);
            equal(await rejects(TypeError, writer.closed), error);
        }
    }
});

test("data that ends too early", async () => {
    for (const format of FORMATS) {
        const bytes = fromBase64(SAMPLES[format]);
        await rejects(TypeError, decompress(format), `${format}, none`);
        for (let length = 0; length < bytes.length; length++) {
            await rejects(
                TypeError,
                decompress(format, bytes.slice(0, length)),
                `${format} ${length}`,
            );
        }
    }
});

test("junk behind the end", async () => {
    for (const format of FORMATS) {
        const bytes = fromBase64(SAMPLES[format]);
        const junk = new Uint8Array([...bytes, 0]);
        await rejects(TypeError, decompress(format, junk), format);
        await rejects(TypeError, decompress(format, bytes, new Uint8Array(1)), format);
        await rejects(TypeError, decompress(format, bytes, bytes), `${format}, twice`);
        equal((await decompress(format, bytes, new Uint8Array(0))).length, HELLO.length);
    }
});

test("malformed data", async () => {
    for (const format of FORMATS) {
        await rejects(TypeError, decompress(format, encode("this is not compressed")), format);
        for (const other of FORMATS) {
            if (other !== format) {
                await rejects(TypeError, decompress(format, fromBase64(SAMPLES[other])), format);
            }
        }
    }
    const { length } = fromBase64(SAMPLES.gzip);
    for (const at of [0, 1, 2, length - 8, length - 4]) {
        const broken = fromBase64(SAMPLES.gzip);
        broken[at] ^= 0xff;
        await rejects(TypeError, decompress("gzip", broken), `byte ${at}`);
    }
    const sum = fromBase64(SAMPLES.deflate);
    sum[sum.length - 1] ^= 1;
    await rejects(TypeError, decompress("deflate", sum));
});

// It is taken or refused, and nothing else.
test("data changed at random", async () => {
    const random = crypto.getRandomValues(new Uint32Array(900));
    for (let i = 0; i < random.length; i += 3) {
        const format = FORMATS[random[i] % 3];
        const bytes = fromBase64(SAMPLES[format]);
        bytes[random[i + 1] % bytes.length] = random[i + 2];
        try {
            ok((await decompress(format, bytes)).length < 100_000);
        } catch (error) {
            equal(error.constructor, TypeError, String(error));
        }
    }
});

test("what came before an error can be read", async () => {
    const half = fromBase64(SAMPLES["deflate-raw"]);
    const stream = new DecompressionStream("deflate-raw");
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    writer.write(half).catch(() => {});
    writer.write(new Uint8Array(1)).catch(() => {});
    const { value } = await reader.read();
    same([...value], [...HELLO]);
    await rejects(TypeError, reader.read());
});

test("much from little, without much memory", async () => {
    const size = 160 << 20;
    const block = new Uint8Array(1 << 20);
    const packed = new CompressionStream("gzip");
    const bytes = new Response(packed.readable).bytes();
    const writer = packed.writable.getWriter();
    for (let i = 0; i < 160; i++) {
        await writer.write(block);
    }
    await writer.close();
    const bomb = await bytes;
    ok(bomb.length < 200_000);
    const stream = new DecompressionStream("gzip");
    const written = stream.writable.getWriter().write(bomb);
    let isWritten = false;
    written.then(() => (isWritten = true));
    const reader = stream.readable.getReader();
    let total = (await reader.read()).value.length;
    await sleep(1);
    equal(isWritten, false, "waits for the reader");
    while (total < size) {
        total += (await reader.read()).value.length;
    }
    await written;
    equal(total, size);
});

test("input that is changed while it waits", async () => {
    const size = 4 << 20;
    const packed = await compress("gzip", new Uint8Array(size).fill(7));
    const stream = new DecompressionStream("gzip");
    const writer = stream.writable.getWriter();
    const reader = stream.readable.getReader();
    const written = writer.write(packed);
    let total = (await reader.read()).value.length;
    await sleep(1);
    structuredClone(packed);
    packed.fill(0);
    writer.close();
    for (;;) {
        const { value, done } = await reader.read();
        if (done) {
            break;
        }
        equal(value[0], 7);
        total += value.length;
    }
    await written;
    equal(total, size);
});

test("a reader that gives up", async () => {
    const packed = await compress("gzip", new Uint8Array(4 << 20));
    const stream = new DecompressionStream("gzip");
    const writer = stream.writable.getWriter();
    const written = writer.write(packed);
    written.catch(() => {});
    const reader = stream.readable.getReader();
    await reader.read();
    const reason = new RangeError("enough");
    await reader.cancel(reason);
    equal(await rejects(RangeError, writer.closed), reason);
});

test("a writer that aborts", async () => {
    for (const stream of [new CompressionStream("gzip"), new DecompressionStream("gzip")]) {
        const reason = new RangeError("mine");
        const writer = stream.writable.getWriter();
        await writer.abort(reason);
        equal(await rejects(RangeError, stream.readable.getReader().read()), reason);
    }
});

test("many that nobody ends", async () => {
    for (let i = 0; i < 1000; i++) {
        const stream = new CompressionStream(FORMATS[i % 3]);
        const writer = stream.writable.getWriter();
        writer.write(HELLO);
        stream.readable.getReader().read();
        if (i % 200 === 0) {
            await sleep(1);
        }
    }
    same([...(await decompress("gzip", await compress("gzip", HELLO)))], [...HELLO]);
});

test("a body through both", async () => {
    const packed = new Response("text".repeat(1000)).body.pipeThrough(
        new CompressionStream("deflate"),
    );
    const text = packed.pipeThrough(new DecompressionStream("deflate"));
    equal(await new Response(text).text(), "text".repeat(1000));
});

test("formats", () => {
    for (const Stream of [CompressionStream, DecompressionStream]) {
        throws(TypeError, () => new Stream());
        for (const format of ["", "GZIP", "br", "zlib", "constructor", undefined, null]) {
            throws(TypeError, () => new Stream(format), String(format));
        }
        throws(TypeError, () => Stream("gzip"));
        ok(new Stream({ toString: () => "gzip" }).readable instanceof ReadableStream);
    }
});

test("attributes and brand", () => {
    for (const Stream of [CompressionStream, DecompressionStream]) {
        const stream = new Stream("gzip");
        equal(stream.readable, stream.readable);
        ok(stream.writable instanceof WritableStream);
        equal(Object.prototype.toString.call(stream), `[object ${Stream.name}]`);
        for (const name of ["readable", "writable"]) {
            const { get, set, enumerable } = Object.getOwnPropertyDescriptor(
                Stream.prototype,
                name,
            );
            equal(enumerable, true);
            equal(set, undefined);
            throws(TypeError, () => get.call({}));
        }
    }
});

export default worker;
