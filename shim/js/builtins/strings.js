// String.prototype.isWellFormed and toWellFormed, and RegExp.escape.
// https://tc39.es/ecma262/#sec-string.prototype.iswellformed
// https://tc39.es/ecma262/#sec-regexp.escape

import {
    RegExp,
    TypeError,
    fromCharCode,
    numberToString,
    regExpExec,
    stringCharCodeAt,
    stringIndexOf,
    stringPadStart,
    stringPrototype,
} from "../primordials.js";
import { toUSVString } from "../webidl.js";
import { installMissing } from "./install.js";

const LONE_SURROGATE = /\p{Cs}/u;

function textOf(value, where) {
    if (value === undefined || value === null) {
        throw new TypeError(`${where} was called on undefined or null`);
    }
    return `${value}`;
}

installMissing(stringPrototype, {
    isWellFormed() {
        return regExpExec(LONE_SURROGATE, textOf(this, "isWellFormed")) === null;
    },

    toWellFormed() {
        return toUSVString(textOf(this, "toWellFormed"));
    },
});

const ALPHANUMERIC = /[0-9A-Za-z]/;
const SYNTAX = "^$\\.*+?()[]{}|/";
const PUNCTUATORS = ",-=<>#&!%:;@~'`\"";
const CONTROLS = "\t\n\v\f\r";
const CONTROL_LETTERS = "tnvfr";
const WHITE_SPACE = /\s/;

function escapeUnit(unit) {
    return unit < 0x100
        ? `\\x${stringPadStart(numberToString(unit, 16), 2, "0")}`
        : `\\u${stringPadStart(numberToString(unit, 16), 4, "0")}`;
}

function isSurrogateAlone(text, i) {
    const unit = stringCharCodeAt(text, i);
    const neighbour = unit < 0xdc00 ? stringCharCodeAt(text, i + 1) : stringCharCodeAt(text, i - 1);
    return (neighbour & 0xfc00) !== (unit < 0xdc00 ? 0xdc00 : 0xd800);
}

function escapeAt(text, i) {
    const character = text[i];
    const unit = stringCharCodeAt(text, i);
    if (i === 0 && regExpExec(ALPHANUMERIC, character) !== null) {
        return escapeUnit(unit);
    }
    if (stringIndexOf(SYNTAX, character) >= 0) {
        return `\\${character}`;
    }
    const control = stringIndexOf(CONTROLS, character);
    if (control >= 0) {
        return `\\${CONTROL_LETTERS[control]}`;
    }
    const isSurrogate = (unit & 0xf800) === 0xd800;
    return stringIndexOf(PUNCTUATORS, character) >= 0 ||
        regExpExec(WHITE_SPACE, character) !== null ||
        (isSurrogate && isSurrogateAlone(text, i))
        ? escapeUnit(unit)
        : fromCharCode(unit);
}

installMissing(RegExp, {
    escape(text) {
        if (typeof text !== "string") {
            throw new TypeError("RegExp.escape: the first argument is not a string");
        }
        let result = "";
        for (let i = 0; i < text.length; i++) {
            result += escapeAt(text, i);
        }
        return result;
    },
});
