// Runs what most workers use once before the snapshot is taken, so that its bytecode is in there:
// compiling it costs an isolate more than running it.
//
// There is no isolate to speak to yet: what host.js does not mark as pure does nothing and returns
// undefined. What is rare (whatwg-url's parser, tables, most of DOMException) is left out, since
// every isolate carries the bytecode. Nothing may stay behind but bytecode.

import { AbortController, AbortSignal } from "./abort.js";
import { console } from "./console.js";
import { TextDecoder, TextEncoder } from "./encoding.js";
import { addEventListener, removeEventListener } from "./eventtarget.js";
import { fetchFor, fetched } from "./fetch.js";
import { fetch, load, runTask, scheduled } from "./handler.js";
import { Headers } from "./headers.js";
import { Request } from "./request.js";
import { Response, fetchedResponse } from "./response.js";
import { findTask } from "./tasks.js";
import { timer, timerFunctions } from "./timers.js";
import { URLSearchParams } from "./url/searchparams.js";
import { URL } from "./url/url.js";

const TICKET = 0x10001;
const HEADERS = "host\nexample.com\naccept\n*/*\ncookie\na=b\n";

const samples = {
    plain() {
        return new Response("text", { status: 200, headers: { "content-type": "text/html" } });
    },
    async awaiting(request, env, ctx) {
        const url = new URL(request.url);
        const name = url.searchParams.get("name") ?? url.pathname + url.search;
        ctx.waitUntil(undefined);
        await new Response("{}", { headers: new Headers({ a: "b" }) }).json();
        return Response.json({ name, agent: request.headers.get("user-agent"), body: "" });
    },
    reading(request) {
        const headers = new Headers(request.headers);
        headers.set("X-One", "1");
        headers.append("set-cookie", "a=b");
        for (const [name] of headers) {
            headers.has(name);
        }
        return new Response(new TextEncoder().encode(request.method), { headers });
    },
    other() {
        const request = new Request("https://example.com/a", { method: "POST", body: "a=b" });
        request.clone().text();
        request.signal.addEventListener("abort", () => {}, { once: true });
        new URL("/b?c=%20#d", "https://example.com/a").searchParams.append("e", "f");
        new URLSearchParams({ a: "b" }).toString();
        new TextDecoder().decode(new Uint8Array(1));
        console.log("%s", "text", { a: [1, "b"] });
        timerFunctions.clearTimeout(timerFunctions.setTimeout(() => {}, 1));
        timer(timerFunctions.setTimeout(() => {}, 1));
        timerFunctions.queueMicrotask(() => {});
        AbortSignal.any([new AbortController().signal]);
        return new Response(null, { status: 204 });
    },
    async fetching() {
        const task = findTask(TICKET);
        const headers = { "Content-Type": "application/json", "x-one": "1" };
        const init = { method: "POST", headers, body: "{}", signal: new AbortController().signal };
        const promise = fetchFor(task, 2, "https://example.com/a", init);
        const bytes = fetchFor(task, 1, "https://127.0.0.1/");
        const { open } = task.fetches;
        const { buffer } = new TextEncoder().encode("{}");
        fetched(open[1].id, undefined, 200, "OK", "https://example.com/b", HEADERS, buffer);
        fetched(open[0].id, undefined, 200, "OK", "", HEADERS, "{}");
        const response = await promise;
        await (await bytes).arrayBuffer();
        response.headers.get("content-type");
        return Response.json(response.ok ? await response.clone().json() : await response.text());
    },
    forwarding() {
        const state = [200, "OK", "https://example.com/a", false, "content-type\ntext/plain\n"];
        return fetchedResponse(...state, new Uint8Array(1));
    },
    failing() {
        throw new Error("expected");
    },
};

const otherHandlers = {
    async scheduled(controller, env, ctx) {
        ctx.waitUntil(undefined);
        await controller.cron;
    },
    task({ payload }) {
        return payload;
    },
};

function useGuardedBuiltIns() {
    const array = Array.from([2, 1]);
    array.unshift(array.shift());
    array.splice(0, 1, array.indexOf(1));
    array.copyWithin(0, 1).fill(0).reverse().sort();
    array.slice(array.lastIndexOf(0)).includes(0);
}

function listener(event) {
    event.respondWith(samples.plain());
}

function run(namespace) {
    load(undefined, namespace);
    fetch(TICKET, "GET", "https://example.com/a?b=c#d", HEADERS, 0);
}

export function warmUp() {
    for (const name of Object.keys(samples)) {
        run({ default: { fetch: samples[name] } });
    }
    load(undefined, { default: otherHandlers });
    scheduled(TICKET, 0, "* * * * *");
    runTask(TICKET, '{"a":1}', 1);
    useGuardedBuiltIns();
    addEventListener("fetch", listener);
    run(undefined);
    removeEventListener("fetch", listener);
    load(undefined, undefined); // finds no handler, and forgets the last one
}
