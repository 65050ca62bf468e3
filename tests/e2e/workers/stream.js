// Bodies that stream, by the request's path.

const seen = { pulls: 0, cancelled: [], aborted: 0, log: [] };

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// A stream of so many chunks, each filled with its number.
function chunks(count, size, { pause = 0, failAfter = Infinity } = {}) {
    let number = 0;
    return new ReadableStream(
        {
            async pull(controller) {
                seen.pulls++;
                if (pause > 0) {
                    await sleep(pause);
                }
                if (number >= failAfter) {
                    throw new Error("the worker's body broke");
                }
                if (number >= count) {
                    controller.close();
                    return;
                }
                controller.enqueue(new Uint8Array(size).fill(number++));
            },
            cancel(reason) {
                seen.cancelled.push(String(reason));
            },
        },
        { highWaterMark: 0 },
    );
}

const hex = (bytes) => [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, "0")).join("");

// FNV-1a over a stream, as it comes.
async function digest(stream) {
    let hash = 0x811c9dc5;
    let length = 0;
    for await (const chunk of stream) {
        length += chunk.length;
        for (let i = 0; i < chunk.length; i += 97) {
            hash = Math.imul(hash ^ chunk[i], 0x01000193) >>> 0;
        }
    }
    return { length, hash };
}

async function length(stream, pause = 0) {
    let total = 0;
    for await (const chunk of stream) {
        total += chunk.length;
        if (pause > 0) {
            await sleep(pause);
        }
    }
    return total;
}

async function outcomeOf(promise) {
    try {
        return { value: await promise };
    } catch (error) {
        return { error: `${error.name}: ${error.message}` };
    }
}

export default {
    async fetch(request, env, ctx) {
        const url = new URL(request.url);
        const number = (name, otherwise) => Number(url.searchParams.get(name) ?? otherwise);
        const count = number("count", 4);
        const size = number("size", 1000);
        const pause = number("pause", 0);
        switch (url.pathname) {
            case "/whole":
                return new Response("x".repeat(size), { headers: { "x-kind": "whole" } });
            case "/none":
                return new Response(null, { status: 204 });
            case "/chunks":
                return new Response(chunks(count, size, { pause }), { status: 201, headers: { "x-kind": "chunks" } });
            case "/breaks":
                return new Response(chunks(count, size, { failAfter: number("after", 2) }));
            case "/bad-chunk":
                return new Response(new ReadableStream({ start: (c) => c.enqueue("text") }));
            case "/never":
                return new Response(new ReadableStream({}));
            case "/loop":
                return new Response(
                    new ReadableStream({
                        pull(c) {
                            if (seen.looped) {
                                for (;;);
                            }
                            seen.looped = true;
                            c.enqueue(new Uint8Array(10));
                        },
                    }, { highWaterMark: 0 }),
                );
            case "/echo":
                return new Response(request.body);
            case "/text":
                return Response.json(await outcomeOf(request.text()));
            case "/length":
                return Response.json(await outcomeOf(length(request.body, pause)));
            case "/digest":
                return Response.json(await digest(request.body));
            case "/twice": {
                const first = (await request.text()).length;
                return Response.json({ first, second: await outcomeOf(request.text()), used: request.bodyUsed });
            }
            case "/note":
                await request.text();
                seen.log.push("whole");
                return new Response("whole");
            case "/ignored":
                return new Response("not read");
            case "/ignored-for-long":
                ctx.waitUntil(sleep(200).then(() => seen.log.push("ignored it")));
                return new Response("not read");
            case "/some": {
                const reader = request.body.getReader();
                const { value } = await reader.read();
                await reader.cancel("enough");
                return Response.json(value.length);
            }
            case "/clone": {
                const other = request.clone();
                const [a, b] = await Promise.all([request.text(), other.text()]);
                return Response.json([a.length, b.length, a === b]);
            }
            case "/wait": {
                request.signal.addEventListener("abort", () => seen.aborted++);
                ctx.waitUntil(sleep(300).then(() => seen.log.push("waited")));
                return new Response(chunks(1e9, 65536, { pause: 5 }));
            }
            case "/slow-cancel":
                return new Response(
                    new ReadableStream({
                        pull: (c) => c.enqueue(new Uint8Array(10000)),
                        async cancel() {
                            seen.log.push("cancel begins");
                            await sleep(20);
                            seen.log.push("cancel ends");
                            await sleep(2000);
                            seen.log.push("after the grace");
                        },
                    }),
                );
            case "/pass":
                return fetch(url.searchParams.get("to"), {
                    method: request.method,
                    body: request.body,
                    duplex: "half",
                });
            case "/forward": {
                const response = await fetch(url.searchParams.get("to"));
                return new Response(response.body, response);
            }
            case "/fetch-length": {
                const response = await fetch(url.searchParams.get("to"));
                return Response.json(await outcomeOf(length(response.body, pause)));
            }
            case "/fetch-cancel": {
                const response = await fetch(url.searchParams.get("to"));
                const reader = response.body.getReader();
                await reader.read();
                await reader.cancel();
                return new Response("cancelled");
            }
            case "/upload": {
                const response = await fetch(url.searchParams.get("to"), {
                    method: "POST",
                    body: chunks(count, size, { pause, failAfter: number("after", Infinity) }),
                    duplex: "half",
                });
                return new Response(await response.text(), { status: response.status });
            }
            case "/upload-outcome":
                return Response.json(
                    await outcomeOf(
                        fetch(url.searchParams.get("to"), {
                            method: "POST",
                            body: chunks(count, size, { pause, failAfter: number("after", Infinity) }),
                            duplex: "half",
                        }).then((response) => response.text()),
                    ),
                );
            case "/seen":
                return Response.json(seen);
        }
        return new Response("no such path", { status: 404 });
    },
};
