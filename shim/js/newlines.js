// https://infra.spec.whatwg.org/#normalize-newlines

import { regExpExec, stringSlice } from "./primordials.js";

const NEWLINE = /\r\n?|\n/g;

// The text with another newline in place of each CR LF, CR and LF.
export function replaceNewlines(text, newline) {
    let result = "";
    let start = 0;
    let found;
    NEWLINE.lastIndex = 0;
    while ((found = regExpExec(NEWLINE, text)) !== null) {
        result += stringSlice(text, start, found.index) + newline;
        start = NEWLINE.lastIndex;
    }
    return result + stringSlice(text, start);
}
