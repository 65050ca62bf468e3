// Writes the indexes of the Encoding standard as C: node make_tables.mjs OUTPUT
//
// They are those of the package @exodus/bytes, which has them compressed.

import { writeFile } from "node:fs/promises";

// Debian 12 has Node.js 18, which lacks two functions that the package calls.
String.prototype.isWellFormed ??= function () {
    return !/\p{Surrogate}/u.test(this);
};
String.prototype.toWellFormed ??= function () {
    return this.replace(/\p{Surrogate}/gu, "\ufffd");
};

const PACKAGE = "../js/node_modules/@exodus/bytes/fallback";
const { default: singleByte } = await import(`${PACKAGE}/single-byte.encodings.js`);
const { getEncoding } = await import(`${PACKAGE}/single-byte.js`);
const { getTable } = await import(`${PACKAGE}/multi-byte.table.js`);

const output = process.argv[2];
if (output === undefined) {
    console.error("usage: node make_tables.mjs OUTPUT");
    process.exit(2);
}

const hex = (number) => `0x${number.toString(16)}`;

function array(type, name, values) {
    return `static const ${type} ${name}[${values.length}] = {${values.map(hex).join(",")}};\n`;
}

// 0 where a byte or a pointer stands for nothing. The last bytes may stand for themselves.
const units = [...Object.keys(singleByte), "iso-8859-8-i"].map((name) => {
    const known = getEncoding(name);
    const codes = Array.from({ length: 128 }, (_, i) => known[i] ?? 0x80 + i);
    codes.forEach((code, i) => (codes[i] = code === 0xfffd ? 0 : code));
    return `    {"${name}", {${codes.map(hex).join(",")}}},\n`;
});
const indexes = [
    ["uint16_t", "index_jis0208", "jis0208"],
    ["uint16_t", "index_jis0212", "jis0212"],
    ["uint16_t", "index_euc_kr", "euc-kr"],
    ["uint16_t", "index_gb18030", "gb18030"],
    ["uint32_t", "index_big5", "big5"],
].map(([type, name, id]) => array(type, name, Array.from(getTable(id), Number)));
const ranges = getTable("gb18030-ranges").map((pair) => `{${pair.map(hex).join(",")}}`);

await writeFile(
    output,
    `/* Made by make_tables.mjs. */
static const struct {
    const char *name;
    uint16_t units[128];
} single_byte[] = {
${units.join("")}};
${indexes.join("")}static const struct {
    uint32_t pointer, code;
} ranges_gb18030[${ranges.length}] = {${ranges.join(",")}};
`,
);
