// Intl's objects live outside of the heap. So whatever makes some asks the host first, which throws
// a RangeError where the worker has used up its memory there.
//
// That is the constructors; methods that clone what an object has; and the methods of other classes
// that make an object for a call, unless they are called as V8 keeps one for.

import { host } from "./host.js";
import {
    apply,
    construct,
    defineProperty,
    getOwnPropertyDescriptor,
    getPrototypeOf,
    ownKeys,
    symbolIterator,
} from "./primordials.js";
import { replace, sayText } from "./texts.js";

function guardConstructor(name, Original) {
    // Some can be called as functions.
    function Guarded(...args) {
        host.admitIntl();
        const made = new.target === undefined
            ? apply(Original, this, args)
            : construct(Original, args, new.target);
        host.chargeIntl(made);
        return made;
    }
    for (const key of ownKeys(Original)) {
        defineProperty(Guarded, key, getOwnPropertyDescriptor(Original, key));
    }
    defineProperty(Original.prototype, "constructor", { value: Guarded });
    defineProperty(Intl, name, { value: Guarded });
    sayText(Guarded, Original);
}

// The method asks when it has more than `free` arguments.
function guardMethod(object, name, free) {
    const original = object[name];
    const holder = {
        [name](...args) {
            if (args.length <= free) {
                return apply(original, this, args);
            }
            host.admitIntl();
            const made = apply(original, this, args);
            host.chargeIntl(made); // only if it is an object
            return made;
        },
    };
    const method = holder[name];
    defineProperty(method, "length", { value: original.length });
    replace(object, name, method);
}

const ALWAYS = -1;

export function installIntlGuards() {
    for (const name of ownKeys(Intl)) {
        if (typeof Intl[name] === "function" && Intl[name].prototype !== undefined) {
            guardConstructor(name, Intl[name]);
        }
    }
    const segments = getPrototypeOf(new Intl.Segmenter().segment(""));
    guardMethod(Intl.Segmenter.prototype, "segment", ALWAYS);
    guardMethod(segments, symbolIterator, ALWAYS);
    guardMethod(Intl.Locale.prototype, "maximize", ALWAYS);
    guardMethod(Intl.Locale.prototype, "minimize", ALWAYS);
    for (const name of ["toLocaleString", "toLocaleDateString", "toLocaleTimeString"]) {
        guardMethod(Date.prototype, name, 0);
    }
    guardMethod(Number.prototype, "toLocaleString", 0);
    guardMethod(BigInt.prototype, "toLocaleString", 0);
    guardMethod(String.prototype, "localeCompare", 1);
}
