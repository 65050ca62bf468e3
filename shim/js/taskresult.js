// What a task handler returns, as the JSON text that its caller gets:
// {"success": true or false, "data": ..., "error": ...}.

import { inspect } from "./format.js";
import { TypeError, objectHasOwn, objectToString, stringifyJson } from "./primordials.js";
import { isObject, toDOMString } from "./webidl.js";

// An object with an own boolean `success` says all by itself; anything else is the data of a
// success. Throws for what JSON cannot hold.
export function resultText(value) {
    const isWhole =
        isObject(value) && objectHasOwn(value, "success") && typeof value.success === "boolean";
    if (!isWhole) {
        return `{"success":true${memberText("data", value)}}`;
    }
    const { success, data, error } = value;
    const errorText = memberText("error", isError(error) ? toDOMString(error.message) : error);
    return `{"success":${success}${memberText("data", data)}${errorText}}`;
}

function memberText(name, value) {
    if (value === undefined) {
        return "";
    }
    const text = stringifyJson(value);
    if (text === undefined) {
        const shown = inspect(value, 1);
        throw new TypeError(`The task's ${name} is nothing that JSON can say: ${shown}`);
    }
    return `,"${name}":${text}`;
}

// JSON would make an empty object of it.
function isError(value) {
    return isObject(value) && objectToString(value) === "[object Error]";
}
