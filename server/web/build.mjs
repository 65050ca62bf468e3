// Bundles the dashboard: node build.mjs FOLDER
//
// Writes page.html, app.js and app.css there. They refer to nothing but each other.

import { copyFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const folder = process.argv[2];
if (folder === undefined) {
    console.error("usage: node build.mjs FOLDER");
    process.exit(2);
}

await build({
    entryPoints: { app: here("src/main.js") },
    outdir: folder,
    bundle: true,
    format: "iife",
    target: "es2020",
    minify: true,
    legalComments: "inline",
    charset: "utf8",
    logLevel: "warning",
});
await copyFile(here("src/page.html"), `${folder}/page.html`);
