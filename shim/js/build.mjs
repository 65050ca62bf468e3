// Bundles the prelude: node build.mjs OUTPUT
//
// The output is the body of a function of `$host` (see host.js) that returns the exports of main.js. It is ASCII.

import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { streamsPackage } from "./streams/package.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

// See url/standins.js.
const standIns = {
    name: "stand-ins",
    setup({ onResolve }) {
        onResolve({ filter: /^(tr46|\.\/encoding|\.\/percent-encoding)$/ }, ({ importer }) =>
            importer.includes("whatwg-url") ? { path: here("url/standins.cjs") } : undefined,
        );
    },
};

const output = process.argv[2];
if (output === undefined) {
    console.error("usage: node build.mjs OUTPUT");
    process.exit(2);
}

await build({
    entryPoints: [here("main.js")],
    outfile: output,
    bundle: true,
    format: "iife",
    globalName: "prelude",
    target: "es2022",
    // Every isolate keeps the source.
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 100,
    legalComments: "none",
    charset: "ascii",
    banner: { js: '"use strict";' }, // as modules are
    footer: { js: "return prelude;" },
    plugins: [standIns, streamsPackage],
    logLevel: "warning",
});
