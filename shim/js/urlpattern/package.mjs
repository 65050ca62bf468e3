// The URLPattern package as the prelude takes it in: an esbuild plugin that has its module find the
// prelude's own URL, RegExp and TypeError where it looks for the worker's.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const FILTER = /urlpattern-polyfill[\\/]dist[\\/]urlpattern\.js$/;
const STAND_INS = ["Math", "Object", "RegExp", "TypeError", "URL", "parseInt"];

export const urlPatternPackage = {
    name: "urlpattern-package",
    setup({ onLoad }) {
        onLoad({ filter: FILTER }, async ({ path }) => ({
            contents: `import {${STAND_INS.join(",")}} from "./standins.js";
${await readFile(path, "utf8")}`,
            resolveDir: fileURLToPath(new URL(".", import.meta.url)),
        }));
    },
};
