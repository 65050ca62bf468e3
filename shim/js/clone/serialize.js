// StructuredSerializeWithTransfer.
// https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializewithtransfer

import { inspect, isPlatformObject } from "../format.js";
import { host } from "../host.js";
import {
    ArrayBuffer,
    Date,
    Error,
    EvalError,
    Map,
    Object,
    RangeError,
    ReferenceError,
    RegExp,
    SyntaxError,
    TypeError,
    URIError,
    Uint8Array,
    arrayBufferByteLength,
    bigintValueOf,
    booleanValueOf,
    dataViewBuffer,
    dataViewByteLength,
    dataViewByteOffset,
    dateGetTime,
    defineProperty,
    getOwnPropertyDescriptor,
    getPrototypeOf,
    keys,
    mapForEach,
    mapGet,
    mapSet,
    numberValueOf,
    objectHasOwn,
    objectPrototype,
    regExpExec,
    regExpFlags,
    regExpSource,
    setForEach,
    stringValueOf,
    symbolToStringTag,
    typedArrayBuffer,
    typedArrayByteOffset,
    typedArrayLength,
    typedArrayName,
    typedArraySet,
} from "../primordials.js";
import { isObject } from "../webidl.js";
import { serializableOf, transferableOf } from "./platform.js";
import {
    ARRAY,
    BOXED,
    BUFFER,
    DATA_VIEW,
    DATE,
    ERROR,
    MAP,
    PLAIN,
    PLATFORM,
    REGEXP,
    Record,
    SET,
    TRANSFERRED,
    TYPED_ARRAY,
    WASM_MODULE,
    cloneError,
} from "./record.js";

// Returns { root, transferred }, for deserialize.js. `transfer`: an array of the prelude's.
export function serializeWithTransfer(value, transfer) {
    const memory = new Map();
    for (let i = 0; i < transfer.length; i++) {
        const object = transfer[i];
        if (host.cloneKind(object) !== BUFFER && transferableOf(object) === null) {
            throw cloneError(`${inspect(object, 0)} cannot be transferred`);
        }
        if (mapGet(memory, object) !== undefined) {
            throw cloneError(`${inspect(object, 0)} is to be transferred twice`);
        }
        mapSet(memory, object, new Record(TRANSFERRED, undefined, undefined));
    }
    const root = serialize(value, memory);
    const transferred = [];
    for (let i = 0; i < transfer.length; i++) {
        transferred[i] = mapGet(memory, transfer[i]);
        takeOut(transfer[i], transferred[i]);
    }
    return { root, transferred };
}

function takeOut(object, record) {
    const kind = transferableOf(object);
    if (kind !== null) {
        record.data = { receive: kind.receive, inside: kind.transfer(object) };
        return;
    }
    try {
        record.clone = host.transferBuffer(object);
    } catch {
        throw cloneError("An ArrayBuffer is detached, or cannot be");
    }
}

function serialize(value, memory) {
    if (!isObject(value)) {
        if (typeof value === "symbol") {
            throw cloneError(`${inspect(value)} could not be cloned`);
        }
        return value;
    }
    const known = mapGet(memory, value);
    if (known !== undefined) {
        return known;
    }
    const record = newRecord(value, memory);
    mapSet(memory, value, record);
    addMembers(value, record, memory);
    return record;
}

function newRecord(value, memory) {
    const kind = typeof value === "function" ? -1 : host.cloneKind(value);
    switch (kind) {
        case PLAIN:
            return plainRecord(value, memory);
        case ARRAY:
            return new Record(kind, value.length, undefined);
        case MAP:
        case SET:
            return new Record(kind, undefined, undefined);
        case BOXED:
            return new Record(kind, undefined, boxedCopy(value));
        case DATE:
            return new Record(kind, undefined, new Date(dateGetTime(value)));
        case REGEXP:
            return new Record(kind, undefined, new RegExp(regExpSource(value), regExpFlags(value)));
        case BUFFER:
            return new Record(kind, undefined, bufferCopy(value));
        case TYPED_ARRAY:
            return viewRecord(
                kind,
                serialize(typedArrayBuffer(value), memory),
                typedArrayName(value),
                typedArrayByteOffset(value),
                typedArrayLength(value),
            );
        case DATA_VIEW:
            return viewRecord(
                kind,
                serialize(dataViewBuffer(value), memory),
                undefined,
                dataViewByteOffset(value),
                dataViewByteLength(value),
            );
        case ERROR:
            return new Record(kind, undefined, errorCopy(value));
        case WASM_MODULE:
            return new Record(kind, undefined, host.cloneWasmModule(value));
        default:
            throw cloneError(`${inspect(value, 0)} could not be cloned`);
    }
}

// An object without internal slots that V8 would know; but the prelude's have slots of their own.
function plainRecord(value, memory) {
    const prototype = getPrototypeOf(value);
    if (prototype === objectPrototype || prototype === null) {
        return new Record(PLAIN, undefined, undefined);
    }
    const kind = serializableOf(value);
    if (kind !== null) {
        const inside = kind.serialize(value, (member) => serialize(member, memory));
        return new Record(PLATFORM, { deserialize: kind.deserialize, inside }, undefined);
    }
    if (isPlatformObject(value) || hasUnknownSlots(prototype)) {
        throw cloneError(`${inspect(value, 0)} could not be cloned`);
    }
    return new Record(PLAIN, undefined, undefined);
}

const EXOTIC = /^(?:WeakRef|FinalizationRegistry|Intl\..*|WebAssembly\..*|.* Iterator)$/;

// Of objects that neither V8's API nor the prelude can tell from plain ones: they inherit from an
// intrinsic prototype that says its name.
function hasUnknownSlots(prototype) {
    for (let object = prototype; object !== null; object = getPrototypeOf(object)) {
        const tag = getOwnPropertyDescriptor(object, symbolToStringTag)?.value;
        if (typeof tag === "string" && regExpExec(EXOTIC, tag) !== null) {
            return true;
        }
    }
    return false;
}

function boxedCopy(value) {
    const readers = [booleanValueOf, numberValueOf, stringValueOf, bigintValueOf];
    for (let i = 0; i < readers.length; i++) {
        try {
            return Object(readers[i](value));
        } catch {
            // it is none of these
        }
    }
    return undefined;
}

function bufferCopy(buffer) {
    if (host.isDetached(buffer)) {
        throw cloneError("An ArrayBuffer is detached and could not be cloned");
    }
    const copy = new ArrayBuffer(arrayBufferByteLength(buffer));
    typedArraySet(new Uint8Array(copy), new Uint8Array(buffer));
    return copy;
}

function viewRecord(kind, buffer, name, offset, length) {
    return new Record(kind, { __proto__: null, buffer, name, offset, length }, undefined);
}

const ERRORS = {
    __proto__: null,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
};

function errorCopy(error) {
    const Constructor = ERRORS[`${error.name}`] ?? Error;
    const message = getOwnPropertyDescriptor(error, "message");
    const copy =
        message !== undefined && objectHasOwn(message, "value")
            ? new Constructor(`${message.value}`)
            : new Constructor();
    const { stack } = error;
    const text = typeof stack === "string" ? stack : undefined;
    defineProperty(copy, "stack", {
        __proto__: null,
        value: text,
        writable: true,
        enumerable: false,
        configurable: true,
    });
    return copy;
}

function addMembers(value, record, memory) {
    switch (record.kind) {
        case PLAIN:
        case ARRAY:
            addProperties(value, record, memory);
            break;
        case MAP: {
            record.keys = [];
            record.values = [];
            mapForEach(value, (member, key) => {
                record.keys[record.keys.length] = key;
                record.values[record.values.length] = member;
            });
            serializeAll(record.keys, memory);
            serializeAll(record.values, memory);
            break;
        }
        case SET:
            record.values = [];
            setForEach(value, (member) => {
                record.values[record.values.length] = member;
            });
            serializeAll(record.values, memory);
            break;
    }
}

function serializeAll(list, memory) {
    for (let i = 0; i < list.length; i++) {
        list[i] = serialize(list[i], memory);
    }
}

// A getter may take properties away that are still to come.
function addProperties(value, record, memory) {
    const names = keys(value);
    const values = [];
    for (let i = 0; i < names.length; i++) {
        if (objectHasOwn(value, names[i])) {
            const member = serialize(value[names[i]], memory);
            names[values.length] = names[i];
            values[values.length] = member;
        }
    }
    names.length = values.length;
    record.keys = names;
    record.values = values;
}
