// structuredClone. https://html.spec.whatwg.org/multipage/structured-data.html#structured-cloning

import { DOMException, isDOMException } from "./domexception.js";
import { isPlatformObject } from "./format.js";
import { host } from "./host.js";
import { defineProperty, symbolIterator } from "./primordials.js";
import { requireArguments, toDictionary } from "./webidl.js";

export const cloneFunctions = {
    structuredClone(value, options = undefined) {
        requireArguments(arguments.length, 1, "structuredClone");
        const members = toDictionary(options, "structuredClone: the second argument");
        if (members !== undefined && members.transfer !== undefined && !isEmpty(members.transfer)) {
            throw cloneError("structuredClone cannot transfer yet");
        }
        if (isDOMException(value)) {
            return cloneException(value);
        }
        if (isPlatformObject(value)) {
            throw cloneError("An object of the platform cannot be cloned");
        }
        return host.structuredClone(value, cloneError);
    },
};

function cloneError(message) {
    return new DOMException(message, "DataCloneError");
}

function isEmpty(sequence) {
    return sequence[symbolIterator]().next().done;
}

function cloneException(exception) {
    const clone = new DOMException(exception.message, exception.name);
    defineProperty(clone, "stack", { __proto__: null, value: exception.stack });
    return clone;
}
