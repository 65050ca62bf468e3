// The text of console.table. https://console.spec.whatwg.org/#table

import { inspect } from "./format.js";
import { arrayJoin, create, isArray, max, ownKeys, stringPadEnd } from "./primordials.js";
import { isObject, toDOMString } from "./webidl.js";

// A row for each member of an object; its members are the cells, in columns in order of
// appearance, and a value that has no members stands in a column of its own. `wanted`: an array of
// the columns to show, or undefined.
export function formatTable(data, wanted) {
    const keys = memberNames(data);
    const rows = [];
    for (let i = 0; i < keys.length; i++) {
        rows[i] = { key: keys[i], value: data[keys[i]] };
    }
    const columns = isArray(wanted) ? namesOf(wanted) : columnsOf(rows);
    return align(linesOf(rows, columns, hasValues(rows)));
}

function memberNames(object) {
    const keys = ownKeys(object);
    const names = [];
    for (let i = 0; i < keys.length; i++) {
        if (typeof keys[i] === "string" && !(keys[i] === "length" && isArray(object))) {
            names[names.length] = keys[i];
        }
    }
    return names;
}

function namesOf(wanted) {
    const names = [];
    for (let i = 0; i < wanted.length; i++) {
        names[i] = toDOMString(wanted[i]);
    }
    return names;
}

function columnsOf(rows) {
    const columns = [];
    const isKnown = create(null);
    for (let r = 0; r < rows.length; r++) {
        const names = isObject(rows[r].value) ? memberNames(rows[r].value) : [];
        for (let i = 0; i < names.length; i++) {
            if (!isKnown[names[i]]) {
                isKnown[names[i]] = true;
                columns[columns.length] = names[i];
            }
        }
    }
    return columns;
}

function hasValues(rows) {
    for (let r = 0; r < rows.length; r++) {
        if (!isObject(rows[r].value)) {
            return true;
        }
    }
    return false;
}

function linesOf(rows, columns, withValues) {
    const lines = [["(index)"]];
    for (let c = 0; c < columns.length; c++) {
        lines[0][c + 1] = columns[c];
    }
    if (withValues) {
        lines[0][columns.length + 1] = "(value)";
    }
    for (let r = 0; r < rows.length; r++) {
        lines[r + 1] = lineOf(rows[r], columns, withValues);
    }
    return lines;
}

function lineOf({ key, value }, columns, withValues) {
    const line = [key];
    for (let c = 0; c < columns.length; c++) {
        const isThere = isObject(value) && columns[c] in value;
        line[c + 1] = isThere ? inspect(value[columns[c]], 0) : "";
    }
    if (withValues) {
        line[columns.length + 1] = isObject(value) ? "" : inspect(value);
    }
    return line;
}

function align(lines) {
    for (let c = 0; c < lines[0].length; c++) {
        let width = 0;
        for (let r = 0; r < lines.length; r++) {
            width = max(width, lines[r][c].length);
        }
        for (let r = 0; r < lines.length; r++) {
            lines[r][c] = stringPadEnd(lines[r][c], width);
        }
    }
    const texts = [];
    for (let r = 0; r < lines.length; r++) {
        texts[r] = arrayJoin(lines[r], " | ");
    }
    return arrayJoin(texts, "\n");
}
