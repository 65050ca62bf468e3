// Built-ins of V8 that walk an array, or what claims to be one, from end to end without looking up:
// nothing stops them before they are through, and lengths up to 2**53 - 1 can be claimed by objects
// and arrays that have no elements. Those that people call by accident, or that are easy to abuse,
// refuse lengths that no array of this world fills. Functions that take callbacks are left alone:
// they are used most, and a frame of the platform's in each stack would be in the way. What is not
// guarded is the host's affair, which gives up a thread that does not come back.
//
// V8 10.2 needs 15 to 50 ns for each element that is not there. An optimising compiler sees through
// a wrapper that calls the built-in with a fixed number of arguments, and with no more of them than
// were given: what is left of it is less than 1 ns.

import { Array, RangeError, apply, symbolIterator, uncurryThis } from "./primordials.js";
import { replace, textOf } from "./texts.js";

const MAX_LENGTH = 2 ** 25; // twice what fills a heap of 128 MiB
const MAX_MADE = 2 ** 24; // by Array.from, which fills the heap

// From here on sorting without a comparator is sorting with one of ours: V8's own cannot be
// stopped, and takes seconds for a million.
const MAX_SORTED = 2 ** 16;

const { prototype } = Array;
const copyWithin = uncurryThis(prototype.copyWithin);
const fill = uncurryThis(prototype.fill);
const from = uncurryThis(Array.from);
const includes = uncurryThis(prototype.includes);
const indexOf = uncurryThis(prototype.indexOf);
const lastIndexOf = uncurryThis(prototype.lastIndexOf);
const reverse = uncurryThis(prototype.reverse);
const shift = uncurryThis(prototype.shift);
const slice = uncurryThis(prototype.slice);
const sort = uncurryThis(prototype.sort);
const splice = uncurryThis(prototype.splice);
const unshift = uncurryThis(prototype.unshift);
const { splice: spliceMany, unshift: unshiftMany } = prototype;

function refuse(name) {
    throw new RangeError(`${name}: the array is too long`);
}

function isIterable(items) {
    return (items[symbolIterator] ?? null) !== null;
}

// As SortCompare has it (ECMA-262, 23.1.3.30.2): undefined does not come here.
function compareTexts(x, y) {
    const a = `${x}`;
    const b = `${y}`;
    if (a < b) {
        return -1;
    }
    return b < a ? 1 : 0;
}

const methods = {
    copyWithin(target, start, end = undefined) {
        if (this.length > MAX_LENGTH) {
            refuse("copyWithin");
        }
        return copyWithin(this, target, start, end);
    },
    fill(value, start = undefined, end = undefined) {
        if (this.length > MAX_LENGTH) {
            refuse("fill");
        }
        return fill(this, value, start, end);
    },
    includes(searched, start = undefined) {
        if (this.length > MAX_LENGTH) {
            refuse("includes");
        }
        return arguments.length > 1 ? includes(this, searched, start) : includes(this, searched);
    },
    indexOf(searched, start = undefined) {
        if (this.length > MAX_LENGTH) {
            refuse("indexOf");
        }
        return arguments.length > 1 ? indexOf(this, searched, start) : indexOf(this, searched);
    },
    lastIndexOf(searched, start = undefined) {
        if (this.length > MAX_LENGTH) {
            refuse("lastIndexOf");
        }
        return arguments.length > 1
            ? lastIndexOf(this, searched, start)
            : lastIndexOf(this, searched);
    },
    reverse() {
        if (this.length > MAX_LENGTH) {
            refuse("reverse");
        }
        return reverse(this);
    },
    shift() {
        if (this.length > MAX_LENGTH) {
            refuse("shift");
        }
        return shift(this);
    },
    slice(start, end) {
        if (this.length > MAX_LENGTH) {
            refuse("slice");
        }
        return slice(this, start, end);
    },
    sort(comparator) {
        const { length } = this;
        if (length > MAX_LENGTH) {
            refuse("sort");
        }
        const isPlain = comparator === undefined && length > MAX_SORTED;
        return sort(this, isPlain ? compareTexts : comparator);
    },
    splice(start, deleteCount) {
        if (this.length > MAX_LENGTH) {
            refuse("splice");
        }
        switch (arguments.length) {
            case 1:
                return splice(this, start);
            case 2:
                return splice(this, start, deleteCount);
            case 3:
                return splice(this, start, deleteCount, arguments[2]);
            default:
                return apply(spliceMany, this, arguments);
        }
    },
    unshift(item) {
        if (this.length > MAX_LENGTH) {
            refuse("unshift");
        }
        return arguments.length === 1 ? unshift(this, item) : apply(unshiftMany, this, arguments);
    },
};

const statics = {
    // With a mapper it can be stopped, and so it can where there is an iterator.
    from(items, mapper = undefined, thisArg = undefined) {
        if (items?.length > MAX_MADE && mapper === undefined && !isIterable(items)) {
            refuse("Array.from");
        }
        return arguments.length > 1 ? from(this, items, mapper, thisArg) : from(this, items);
    },
};

// As the method of arrays that workers have, on an array of ours.
export const guardedSort = uncurryThis(methods.sort);

const functionMethods = {
    toString() {
        return textOf(this);
    },
};

function replaceAll(object, replacements) {
    for (const name of Object.keys(replacements)) {
        replace(object, name, replacements[name]);
    }
}

export function installGuards() {
    replaceAll(prototype, methods);
    replaceAll(Array, statics);
    replaceAll(Function.prototype, functionMethods);
}
