// Functions that take the place of V8's say that they are what they replace.

import { Map, defineProperty, functionToString, mapGet, mapSet } from "./primordials.js";

const texts = new Map();

export function sayText(ours, original) {
    mapSet(texts, ours, functionToString(original));
}

// Has a function of ours say that it is the engine's.
export function disguise(ours) {
    mapSet(texts, ours, `function ${ours.name}() { [native code] }`);
}

export function textOf(value) {
    return mapGet(texts, value) ?? functionToString(value);
}

export function replace(object, key, ours) {
    sayText(ours, object[key]);
    defineProperty(object, key, { value: ours });
}
