// What stands between an object and its clone. A primitive value stands for itself.

import { DOMException } from "../domexception.js";

// What host.cloneKind() says of an object.
export const PLAIN = 0;
export const ARRAY = 1;
export const BOXED = 2;
export const DATE = 3;
export const REGEXP = 4;
export const MAP = 5;
export const SET = 6;
export const BUFFER = 7;
export const TYPED_ARRAY = 8;
export const DATA_VIEW = 9;
export const ERROR = 10;
export const WASM_MODULE = 11;
// And what only the prelude knows.
export const PLATFORM = 100;
export const TRANSFERRED = 101;

export class Record {
    constructor(kind, data, clone) {
        this.kind = kind;
        this.data = data; // of objects of the platform, and of views
        this.clone = clone; // undefined until it is made; at once, where nothing can be inside
        this.keys = null; // of what has members: their names, or a map's keys
        this.values = null;
    }
}

export function cloneError(message) {
    return new DOMException(message, "DataCloneError");
}
