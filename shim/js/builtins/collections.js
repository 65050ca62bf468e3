// Methods of Set that take another set, and the two groupBy.
// https://tc39.es/ecma262/#sec-set.prototype.union, https://tc39.es/ecma262/#sec-object.groupby

import {
    Map,
    Object,
    RangeError,
    Set,
    TypeError,
    apply,
    isNaN,
    mapGet,
    mapSet,
    ownKeys,
    setAdd,
    setDelete,
    setForEach,
    setHas,
    setIteratorNext,
    setPrototype,
    setSize,
    setValues,
} from "../primordials.js";
import { isObject } from "../webidl.js";
import { installMissing, requireFunction, toIntegerOrInfinity } from "./install.js";

// A "set record": what the methods need of the other set.
class Other {
    constructor(object) {
        if (!isObject(object)) {
            throw new TypeError("The first argument is not an object");
        }
        const number = +object.size;
        if (isNaN(number)) {
            throw new TypeError("The size of the first argument is not a number");
        }
        this.size = toIntegerOrInfinity(number);
        if (this.size < 0) {
            throw new RangeError("The size of the first argument is negative");
        }
        this.object = object;
        this.hasMethod = object.has;
        requireFunction(this.hasMethod, "The has of the first argument");
        this.keysMethod = object.keys;
        requireFunction(this.keysMethod, "The keys of the first argument");
    }

    has(value) {
        return !!apply(this.hasMethod, this.object, [value]);
    }

    // Calls visit(key) until it returns true, and then closes the iterator. Whether it did.
    someKey(visit) {
        const iterator = apply(this.keysMethod, this.object, []);
        if (!isObject(iterator)) {
            throw new TypeError("The iterator of keys is not an object");
        }
        const { next } = iterator;
        for (;;) {
            const result = apply(next, iterator, []);
            if (!isObject(result)) {
                throw new TypeError("The result of the iterator of keys is not an object");
            }
            if (result.done) {
                return false;
            }
            if (visit(result.value)) {
                closeIterator(iterator);
                return true;
            }
        }
    }
}

function closeIterator(iterator) {
    const method = iterator.return;
    if (method === undefined || method === null) {
        return;
    }
    if (!isObject(apply(method, iterator, []))) {
        throw new TypeError("The result of closing an iterator is not an object");
    }
}

// As someKey, over a set that the visitor's callees may change meanwhile.
function someValue(set, visit) {
    const iterator = setValues(set);
    for (;;) {
        const { done, value } = setIteratorNext(iterator);
        if (done) {
            return false;
        }
        if (visit(value)) {
            return true;
        }
    }
}

function copyOf(set) {
    const copy = new Set();
    setForEach(set, (value) => {
        setAdd(copy, value);
    });
    return copy;
}

installMissing(setPrototype, {
    difference(other) {
        const size = setSize(this);
        const record = new Other(other);
        const result = copyOf(this);
        if (size <= record.size) {
            someValue(this, (value) => {
                if (record.has(value)) {
                    setDelete(result, value);
                }
            });
        } else {
            record.someKey((key) => {
                setDelete(result, key);
            });
        }
        return result;
    },

    intersection(other) {
        const size = setSize(this);
        const record = new Other(other);
        const result = new Set();
        if (size <= record.size) {
            someValue(this, (value) => {
                if (record.has(value)) {
                    setAdd(result, value);
                }
            });
        } else {
            record.someKey((key) => {
                if (setHas(this, key)) {
                    setAdd(result, key);
                }
            });
        }
        return result;
    },

    isDisjointFrom(other) {
        const size = setSize(this);
        const record = new Other(other);
        return size <= record.size
            ? !someValue(this, (value) => record.has(value))
            : !record.someKey((key) => setHas(this, key));
    },

    isSubsetOf(other) {
        const size = setSize(this);
        const record = new Other(other);
        return size <= record.size && !someValue(this, (value) => !record.has(value));
    },

    isSupersetOf(other) {
        const size = setSize(this);
        const record = new Other(other);
        return size >= record.size && !record.someKey((key) => !setHas(this, key));
    },

    symmetricDifference(other) {
        setSize(this);
        const record = new Other(other);
        const result = copyOf(this);
        record.someKey((key) => {
            if (setHas(this, key)) {
                setDelete(result, key);
            } else {
                setAdd(result, key);
            }
        });
        return result;
    },

    union(other) {
        setSize(this);
        const record = new Other(other);
        const result = copyOf(this);
        record.someKey((key) => {
            setAdd(result, key);
        });
        return result;
    },
});

// Calls add(key, item) for each item of an iterable, with what the callback makes of it.
function forEachKeyed(items, callback, add) {
    if (items === undefined || items === null) {
        throw new TypeError("groupBy: the first argument is undefined or null");
    }
    requireFunction(callback, "groupBy: the second argument");
    let i = 0;
    for (const item of items) {
        add(callback(item, i), item);
        i++;
    }
}

function toPropertyKey(value) {
    return typeof value === "string" || typeof value === "symbol"
        ? value
        : ownKeys({ __proto__: null, [value]: undefined })[0];
}

installMissing(Object, {
    groupBy(items, callback) {
        const groups = { __proto__: null };
        forEachKeyed(items, callback, (value, item) => {
            const key = toPropertyKey(value);
            groups[key] ??= [];
            groups[key][groups[key].length] = item;
        });
        return groups;
    },
});

installMissing(Map, {
    groupBy(items, callback) {
        const groups = new Map();
        forEachKeyed(items, callback, (key, item) => {
            let group = mapGet(groups, key);
            if (group === undefined) {
                group = [];
                mapSet(groups, key, group);
            }
            group[group.length] = item;
        });
        return groups;
    },
});
