// Bundles the prelude into one script: node build.mjs OUTPUT
//
// The script defines `prelude`, the exports of main.js, and needs `$host`, see host.js.

import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

// Parts of whatwg-url that the host or the prelude does better.
const STAND_INS = {
    tr46: here("url/idna.js"),
    "./encoding": here("url/utf8.js"),
    "./percent-encoding": here("url/percent.js"),
};

const standIns = {
    name: "stand-ins",
    setup({ onResolve }) {
        onResolve({ filter: /^(tr46|\.\/encoding|\.\/percent-encoding)$/ }, ({ path, importer }) =>
            importer.includes("whatwg-url") ? { path: STAND_INS[path] } : undefined,
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
    plugins: [standIns],
    logLevel: "warning",
});
