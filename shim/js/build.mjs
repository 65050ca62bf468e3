// Bundles the prelude: node build.mjs OUTPUT [--without=MODULE,...]
//
// The output is the body of a function of `$host` (see host.js) that returns the exports of main.js. It is ASCII.
// Benchmarks build it without some modules: whatever these export is then a function that does nothing.

import { build } from "esbuild";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { streamsPackage } from "./streams/package.mjs";
import { urlPatternPackage } from "./urlpattern/package.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const [output, option = "--without="] = process.argv.slice(2);
if (output === undefined || !option.startsWith("--without=")) {
    console.error("usage: node build.mjs OUTPUT [--without=MODULE,...]");
    process.exit(2);
}
const absent = option.slice("--without=".length).split(",").filter(Boolean).map(here);

// See url/standins.js.
const standIns = {
    name: "stand-ins",
    setup({ onResolve }) {
        onResolve({ filter: /^(tr46|\.\/encoding|\.\/percent-encoding)$/ }, ({ importer }) =>
            importer.includes("whatwg-url") ? { path: here("url/standins.cjs") } : undefined,
        );
    },
};

async function exportsOf(path) {
    const options = { entryPoints: [path], format: "esm", metafile: true, write: false };
    const { metafile } = await build({ ...options, outdir: "/" });
    return Object.values(metafile.outputs)[0].exports;
}

const absences = {
    name: "absences",
    setup({ onLoad }) {
        onLoad({ filter: /\.js$/ }, async ({ path }) => {
            if (!absent.includes(path)) {
                return undefined;
            }
            const names = await exportsOf(path);
            const list = names.map((name) => `nothing as ${name}`).join(", ");
            return { contents: `function nothing() {}\nexport { ${list} };` };
        });
    },
};

const { metafile } = await build({
    entryPoints: [here("main.js")],
    outfile: resolve(output),
    absWorkingDir: here("."), // names in the output are relative to it
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
    plugins: [absences, standIns, streamsPackage, urlPatternPackage],
    metafile: true,
    logLevel: "warning",
});
const modules = Object.keys(metafile.inputs).map(here);
for (const path of absent) {
    if (!modules.includes(path)) {
        throw new Error(`the prelude has no module ${path}`);
    }
}
