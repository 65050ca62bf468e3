// Iterator and its helpers. https://tc39.es/ecma262/#sec-iterator-objects

import { disguise } from "../texts.js";
import {
    IteratorPrototype,
    RangeError,
    TypeError,
    apply,
    defineProperty,
    getOwnPropertyDescriptor,
    global,
    isNaN,
    objectHasOwn,
    objectIsPrototypeOf,
    setPrototypeOf,
    symbolIterator,
    symbolToStringTag,
} from "../primordials.js";
import { isObject, setClassString } from "../webidl.js";
import { installMissing, requireFunction, toIntegerOrInfinity } from "./install.js";

// What comes after the last value.
const END = { __proto__: null };

function closeIterator(iterator) {
    const method = iterator.return;
    if (method !== undefined && method !== null && !isObject(apply(method, iterator, []))) {
        throw new TypeError("The result of closing an iterator is not an object");
    }
}

// There is an error already, which counts more than that of closing.
function closeQuietly(iterator) {
    try {
        closeIterator(iterator);
    } catch {}
}

// An "iterator record".
class Source {
    constructor(iterator) {
        this.iterator = iterator;
        this.next = iterator.next;
    }

    // The next value, or END.
    step() {
        const result = apply(this.next, this.iterator, []);
        if (!isObject(result)) {
            throw new TypeError("The result of an iterator is not an object");
        }
        return result.done ? END : result.value;
    }

    // Calls a function of the worker's; where that throws the iterator is closed.
    call(callback, ...args) {
        try {
            return apply(callback, undefined, args);
        } catch (error) {
            closeQuietly(this.iterator);
            throw error;
        }
    }
}

function requireIterator(value) {
    if (!isObject(value)) {
        throw new TypeError("An iterator helper was called on what is no object");
    }
}

// An argument that is not what it should be closes the iterator, too.
function sourceWithCallback(iterator, callback) {
    requireIterator(iterator);
    if (typeof callback !== "function") {
        closeQuietly(iterator);
        throw new TypeError("The first argument is not a function");
    }
    return new Source(iterator);
}

function toLimit(iterator, value) {
    let limit;
    requireIterator(iterator);
    try {
        limit = +value;
    } catch (error) {
        closeQuietly(iterator);
        throw error;
    }
    if (isNaN(limit) || toIntegerOrInfinity(limit) < 0) {
        closeQuietly(iterator);
        throw new RangeError("The first argument is negative or not a number");
    }
    return toIntegerOrInfinity(limit);
}

class IteratorHelper {
    #step;
    #close;
    #isDone = false;
    #isRunning = false;

    // step(): the next value, or END. close(): closes what it stands on.
    constructor(step, close) {
        this.#step = step;
        this.#close = close;
    }

    next() {
        if (this.#isRunning) {
            throw new TypeError("The iterator is running already");
        }
        if (this.#isDone) {
            return { value: undefined, done: true };
        }
        let value = END;
        this.#isRunning = true;
        try {
            value = this.#step();
        } finally {
            this.#isRunning = false;
            this.#isDone = value === END;
        }
        return { value: this.#isDone ? undefined : value, done: this.#isDone };
    }

    return() {
        if (this.#isRunning) {
            throw new TypeError("The iterator is running already");
        }
        if (!this.#isDone) {
            this.#isDone = true;
            this.#close();
        }
        return { value: undefined, done: true };
    }
}

function helperOf(source, step) {
    return new IteratorHelper(step, () => closeIterator(source.iterator));
}

// GetIteratorFlattenable: what flatMap's function and Iterator.from take.
function flattenable(value) {
    const method = value[symbolIterator];
    let iterator = value;
    if (method !== undefined && method !== null) {
        requireFunction(method, "The iterator method");
        iterator = apply(method, value, []);
    }
    if (!isObject(iterator)) {
        throw new TypeError("The iterator is not an object");
    }
    return new Source(iterator);
}

function flattenableOfObject(value) {
    if (!isObject(value)) {
        throw new TypeError("What flatMap's function returned is not an object");
    }
    return flattenable(value);
}

function flatMap(source, callback) {
    let inner = null;
    let index = 0;

    function stepInner() {
        try {
            return inner.step();
        } catch (error) {
            closeQuietly(source.iterator);
            throw error;
        }
    }

    function step() {
        for (;;) {
            if (inner === null) {
                const value = source.step();
                if (value === END) {
                    return END;
                }
                inner = source.call(() => flattenableOfObject(callback(value, index++)));
            }
            const value = stepInner();
            if (value !== END) {
                return value;
            }
            inner = null;
        }
    }

    function close() {
        if (inner !== null) {
            source.call(() => closeIterator(inner.iterator));
        }
        closeIterator(source.iterator);
    }

    return new IteratorHelper(step, close);
}

const lazyMethods = {
    drop(limit) {
        let remaining = toLimit(this, limit);
        const source = new Source(this);
        return helperOf(source, () => {
            for (; remaining > 0; remaining--) {
                if (source.step() === END) {
                    return END;
                }
            }
            return source.step();
        });
    },

    filter(callback) {
        const source = sourceWithCallback(this, callback);
        let index = 0;
        return helperOf(source, () => {
            for (;;) {
                const value = source.step();
                if (value === END || source.call(callback, value, index++)) {
                    return value;
                }
            }
        });
    },

    flatMap(callback) {
        return flatMap(sourceWithCallback(this, callback), callback);
    },

    map(callback) {
        const source = sourceWithCallback(this, callback);
        let index = 0;
        return helperOf(source, () => {
            const value = source.step();
            return value === END ? END : source.call(callback, value, index++);
        });
    },

    take(limit) {
        let remaining = toLimit(this, limit);
        const source = new Source(this);
        return helperOf(source, () => {
            if (remaining === 0) {
                closeIterator(source.iterator);
                return END;
            }
            remaining--;
            return source.step();
        });
    },
};

const eagerMethods = {
    every(callback) {
        return !visit(sourceWithCallback(this, callback), (value, i) => !callback(value, i));
    },

    find(callback) {
        let found;
        const isFound = visit(sourceWithCallback(this, callback), (value, i) => {
            found = value;
            return callback(value, i);
        });
        return isFound ? found : undefined;
    },

    forEach(callback) {
        visit(sourceWithCallback(this, callback), (value, i) => {
            callback(value, i);
        });
    },

    reduce(callback) {
        const source = sourceWithCallback(this, callback);
        let index = 0;
        let result;
        if (arguments.length > 1) {
            result = arguments[1];
        } else {
            result = source.step();
            index = 1;
            if (result === END) {
                throw new TypeError("Reduce of an empty iterator with no initial value");
            }
        }
        for (;;) {
            const value = source.step();
            if (value === END) {
                return result;
            }
            result = source.call(callback, result, value, index++);
        }
    },

    some(callback) {
        return visit(sourceWithCallback(this, callback), callback);
    },

    toArray() {
        requireIterator(this);
        const source = new Source(this);
        const values = [];
        for (let value; (value = source.step()) !== END; ) {
            values[values.length] = value;
        }
        return values;
    },
};

// Calls isLast(value, index) until that is true, and then closes the iterator. Whether it did.
function visit(source, isLast) {
    for (let i = 0; ; i++) {
        const value = source.step();
        if (value === END) {
            return false;
        }
        if (source.call(isLast, value, i)) {
            closeIterator(source.iterator);
            return true;
        }
    }
}

// Of what Iterator.from makes of an iterator that does not inherit from Iterator.prototype.
class WrappedIterator {
    #source;

    constructor(source) {
        this.#source = source;
    }

    next() {
        const { next, iterator } = this.#source;
        return apply(next, iterator, []);
    }

    return() {
        const { iterator } = this.#source;
        const method = iterator.return;
        return method === undefined || method === null
            ? { value: undefined, done: true }
            : apply(method, iterator, []);
    }
}

function Iterator() {
    if (new.target === undefined || new.target === Iterator) {
        throw new TypeError("Iterator is abstract: derive a class from it");
    }
}

const statics = {
    from(object) {
        if (!isObject(object) && typeof object !== "string") {
            throw new TypeError("Iterator.from: the first argument is no object and no string");
        }
        const source = flattenable(object);
        return objectIsPrototypeOf(IteratorPrototype, source.iterator)
            ? source.iterator
            : new WrappedIterator(source);
    },
};

// An accessor that behaves like a read-only data property, which objects that inherit it can shadow
// by assignment all the same: SetterThatIgnoresPrototypeProperties.
function defineShadowable(key, value) {
    const accessor = {
        get [key]() {
            return value;
        },
        set [key](replacement) {
            requireIterator(this);
            if (this === IteratorPrototype) {
                throw new TypeError("This property of Iterator.prototype cannot be changed");
            }
            if (objectHasOwn(this, key)) {
                this[key] = replacement;
                return;
            }
            defineProperty(this, key, {
                __proto__: null,
                value: replacement,
                writable: true,
                enumerable: true,
                configurable: true,
            });
        },
    };
    const { get, set } = getOwnPropertyDescriptor(accessor, key);
    defineProperty(IteratorPrototype, key, { get, set, configurable: true });
    disguise(get);
    disguise(set);
}

function becomeIterators(prototype) {
    delete prototype.constructor;
    setPrototypeOf(prototype, IteratorPrototype);
    disguise(prototype.next);
    disguise(prototype.return);
}

if (!objectHasOwn(global, "Iterator")) {
    becomeIterators(IteratorHelper.prototype);
    setClassString(IteratorHelper.prototype, "Iterator Helper");
    becomeIterators(WrappedIterator.prototype);
    defineProperty(Iterator, "prototype", { value: IteratorPrototype, writable: false });
    defineProperty(global, "Iterator", { value: Iterator, writable: true, configurable: true });
    disguise(Iterator);
    defineShadowable("constructor", Iterator);
    defineShadowable(symbolToStringTag, "Iterator");
    installMissing(IteratorPrototype, lazyMethods);
    installMissing(IteratorPrototype, eagerMethods);
    installMissing(Iterator, statics);
}
