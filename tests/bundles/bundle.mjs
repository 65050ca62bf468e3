// Bundles the workers of this folder into OUTPUT, as an author would for any runtime of standard web
// APIs, and writes what Node.js answers to each worker's own requests: node bundle.mjs OUTPUT
//
// Of NAME.js there are then OUTPUT/NAME.mjs and OUTPUT/NAME.json: [{request, answer}, …].

import { build } from "esbuild";
import { readdir, writeFile } from "node:fs/promises";
import { webcrypto } from "node:crypto";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const output = process.argv[2];
if (output === undefined) {
    console.error("usage: node bundle.mjs OUTPUT");
    process.exit(2);
}

// Node.js 18 has these, but not as globals.
globalThis.crypto ??= webcrypto;
globalThis.File ??= (await import("node:buffer")).File;

const folder = fileURLToPath(new URL("workers/", import.meta.url));
const names = (await readdir(folder)).filter((name) => name.endsWith(".js")).sort();

await build({
    entryPoints: names.map((name) => join(folder, name)),
    outdir: output,
    outExtension: { ".js": ".mjs" }, // Node.js 18 takes others for CommonJS
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["worker", "browser"],
    define: { "process.env.NODE_ENV": '"production"' },
    minify: true,
    logLevel: "warning",
});

const ORIGIN = "https://bundles.example";

async function answer(worker, { url, ...init }) {
    const context = { waitUntil() {}, passThroughOnException() {} };
    const response = await worker.fetch(new Request(ORIGIN + url, init), {}, context);
    return {
        status: response.status,
        headers: [...response.headers],
        body: await response.text(),
    };
}

for (const name of names) {
    const path = resolve(output, name.replace(/\.js$/, ".mjs"));
    const { default: worker, requests } = await import(pathToFileURL(path));
    const pairs = [];
    for (const request of requests) {
        pairs.push({
            request: { ...request, url: ORIGIN + request.url },
            answer: await answer(worker, request),
        });
    }
    await writeFile(path.replace(/\.mjs$/, ".json"), JSON.stringify(pairs));
}
