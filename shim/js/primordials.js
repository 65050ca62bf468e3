// The built-ins that the prelude's own machinery stands on, taken before any worker runs.
//
// A worker may replace any global and any method of any prototype. What answers requests, runs
// timers and knows whose code runs must not notice, so it never looks a built-in up at run time:
// it imports constructors and functions from here. Methods take their receiver as first argument.
// Arrays are walked by index, since for...of asks Array.prototype for an iterator.

const { bind, call } = Function.prototype;
export const uncurryThis = bind.bind(call);

export function getterOf(prototype, key) {
    return uncurryThis(Reflect.getOwnPropertyDescriptor(prototype, key).get);
}

export const global = globalThis;

export const {
    Array,
    ArrayBuffer,
    BigInt64Array,
    BigUint64Array,
    Boolean,
    DataView,
    Date,
    Error,
    EvalError,
    Float32Array,
    Float64Array,
    Int16Array,
    Int32Array,
    Int8Array,
    Map,
    Number,
    Object,
    Promise,
    RangeError,
    ReferenceError,
    RegExp,
    Set,
    String,
    Symbol,
    SyntaxError,
    TypeError,
    URIError,
    Uint16Array,
    Uint32Array,
    Uint8Array,
    Uint8ClampedArray,
    WeakRef,
    WeakSet,
} = globalThis;

export const {
    apply,
    construct,
    defineProperty,
    getOwnPropertyDescriptor,
    getPrototypeOf,
    ownKeys,
    setPrototypeOf,
} = Reflect;
export const { create, defineProperties, freeze, is, keys } = Object;
export const { isArray } = Array;
export const { isView } = ArrayBuffer;
export const { captureStackTrace } = Error;
export const { isNaN, parseFloat, parseInt } = Number;
export const { fromCharCode } = String;
export const { floor, max, min, trunc } = Math;
export const { parse: parseJson, stringify: stringifyJson } = JSON;

export const arrayPrototype = Array.prototype;
export const arrayBufferPrototype = ArrayBuffer.prototype;
export const objectPrototype = Object.prototype;
export const setPrototype = Set.prototype;
export const stringPrototype = String.prototype;
export const { asIntN: bigintAsIntN } = BigInt;

export const arrayJoin = uncurryThis(Array.prototype.join);
export const arraySort = uncurryThis(Array.prototype.sort);

export const arrayBufferByteLength = getterOf(ArrayBuffer.prototype, "byteLength");
export const bigintValueOf = uncurryThis(BigInt.prototype.valueOf);
export const booleanValueOf = uncurryThis(Boolean.prototype.valueOf);
export const dataViewBuffer = getterOf(DataView.prototype, "buffer");
export const dataViewByteLength = getterOf(DataView.prototype, "byteLength");
export const dataViewByteOffset = getterOf(DataView.prototype, "byteOffset");
export const dateGetTime = uncurryThis(Date.prototype.getTime);
export const dateNow = Date.now;
export const dateToIsoString = uncurryThis(Date.prototype.toISOString);
export const functionBind = uncurryThis(bind);
export const functionToString = uncurryThis(Function.prototype.toString);
export const mapDelete = uncurryThis(Map.prototype.delete);
export const mapForEach = uncurryThis(Map.prototype.forEach);
export const mapGet = uncurryThis(Map.prototype.get);
export const mapSet = uncurryThis(Map.prototype.set);
export const mapSize = getterOf(Map.prototype, "size");
export const numberToString = uncurryThis(Number.prototype.toString);
export const numberValueOf = uncurryThis(Number.prototype.valueOf);
export const objectHasOwn = uncurryThis(Object.prototype.hasOwnProperty);
export const objectIsEnumerable = uncurryThis(Object.prototype.propertyIsEnumerable);
export const objectIsPrototypeOf = uncurryThis(Object.prototype.isPrototypeOf);
export const objectToString = uncurryThis(Object.prototype.toString);
export const promiseThen = uncurryThis(Promise.prototype.then);
export const regExpExec = uncurryThis(RegExp.prototype.exec);
export const regExpFlags = getterOf(RegExp.prototype, "flags");
export const regExpSource = getterOf(RegExp.prototype, "source");
export const setAdd = uncurryThis(Set.prototype.add);
export const setDelete = uncurryThis(Set.prototype.delete);
export const setForEach = uncurryThis(Set.prototype.forEach);
export const setHas = uncurryThis(Set.prototype.has);
export const setIteratorNext = uncurryThis(getPrototypeOf(new Set().values()).next);
export const setSize = getterOf(Set.prototype, "size");
export const setValues = uncurryThis(Set.prototype.values);
export const stringCharCodeAt = uncurryThis(String.prototype.charCodeAt);
export const stringCodePointAt = uncurryThis(String.prototype.codePointAt);
export const stringIndexOf = uncurryThis(String.prototype.indexOf);
export const stringPadEnd = uncurryThis(String.prototype.padEnd);
export const stringPadStart = uncurryThis(String.prototype.padStart);
export const stringRepeat = uncurryThis(String.prototype.repeat);
export const stringSlice = uncurryThis(String.prototype.slice);
export const stringStartsWith = uncurryThis(String.prototype.startsWith);
export const stringToLowerCase = uncurryThis(String.prototype.toLowerCase);
export const stringToUpperCase = uncurryThis(String.prototype.toUpperCase);
export const stringValueOf = uncurryThis(String.prototype.valueOf);
export const symbolToString = uncurryThis(Symbol.prototype.toString);
export const symbolValueOf = uncurryThis(Symbol.prototype.valueOf);
export const weakRefDeref = uncurryThis(WeakRef.prototype.deref);
export const weakSetAdd = uncurryThis(WeakSet.prototype.add);
export const weakSetDelete = uncurryThis(WeakSet.prototype.delete);
export const weakSetHas = uncurryThis(WeakSet.prototype.has);

export const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
export const typedArrayBuffer = getterOf(typedArrayPrototype, "buffer");
export const typedArrayByteLength = getterOf(typedArrayPrototype, "byteLength");
export const typedArrayByteOffset = getterOf(typedArrayPrototype, "byteOffset");
export const typedArrayIndexOf = uncurryThis(typedArrayPrototype.indexOf);
export const typedArrayKeys = uncurryThis(typedArrayPrototype.keys);
export const typedArrayLength = getterOf(typedArrayPrototype, "length");
export const typedArrayName = getterOf(typedArrayPrototype, Symbol.toStringTag);
export const typedArrayReverse = uncurryThis(typedArrayPrototype.reverse);
export const typedArraySet = uncurryThis(typedArrayPrototype.set);
export const typedArraySort = uncurryThis(typedArrayPrototype.sort);

// By the name of its kind, the constructor of a typed array.
export const typedArrayConstructors = {
    __proto__: null,
    BigInt64Array,
    BigUint64Array,
    Float32Array,
    Float64Array,
    Int16Array,
    Int32Array,
    Int8Array,
    Uint16Array,
    Uint32Array,
    Uint8Array,
    Uint8ClampedArray,
};

export const AsyncIteratorPrototype = getPrototypeOf(
    getPrototypeOf(async function* () {}.prototype),
);
export const IteratorPrototype = getPrototypeOf(getPrototypeOf([][Symbol.iterator]()));
export const symbolAsyncIterator = Symbol.asyncIterator;
export const symbolIterator = Symbol.iterator;
export const symbolToStringTag = Symbol.toStringTag;
