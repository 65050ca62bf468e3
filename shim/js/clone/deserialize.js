// StructuredDeserializeWithTransfer.
// https://html.spec.whatwg.org/multipage/structured-data.html#structureddeserializewithtransfer

import {
    DataView,
    Map,
    Set,
    arrayPrototype,
    defineProperty,
    mapSet,
    objectPrototype,
    setAdd,
    typedArrayConstructors,
} from "../primordials.js";
import { isObject } from "../webidl.js";
import { ARRAY, DATA_VIEW, MAP, PLAIN, PLATFORM, SET, TYPED_ARRAY } from "./record.js";

// Returns { value, transferred }: the clone, and the objects that were transferred, in order.
export function deserializeWithTransfer({ root, transferred }) {
    const received = [];
    for (let i = 0; i < transferred.length; i++) {
        const record = transferred[i];
        record.clone ??= record.data.receive(record.data.inside);
        received[i] = record.clone;
    }
    return { value: deserialize(root), transferred: received };
}

function deserialize(record) {
    if (!isObject(record)) {
        return record;
    }
    if (record.clone === undefined) {
        record.clone = newObject(record);
        addMembers(record);
    }
    return record.clone;
}

function newObject({ kind, data }) {
    switch (kind) {
        case ARRAY: {
            const array = [];
            array.length = data;
            return array;
        }
        case MAP:
            return new Map();
        case SET:
            return new Set();
        case TYPED_ARRAY: {
            const { buffer, name, offset, length } = data;
            return new typedArrayConstructors[name](deserialize(buffer), offset, length);
        }
        case DATA_VIEW:
            return new DataView(deserialize(data.buffer), data.offset, data.length);
        case PLATFORM:
            return data.deserialize(data.inside, deserialize);
        default:
            return {};
    }
}

const property = {
    __proto__: null,
    value: undefined,
    writable: true,
    enumerable: true,
    configurable: true,
};

// Setters that the object inherits are none of a clone's. Assigning is quicker where there can be
// none.
function create(object, prototype, key, value) {
    if (!(key in prototype)) {
        object[key] = value;
        return;
    }
    property.value = value;
    defineProperty(object, key, property);
    property.value = undefined;
}

function addMembers({ kind, clone, keys, values }) {
    switch (kind) {
        case PLAIN:
        case ARRAY:
            for (let i = 0; i < keys.length; i++) {
                const prototype = kind === ARRAY ? arrayPrototype : objectPrototype;
                create(clone, prototype, keys[i], deserialize(values[i]));
            }
            break;
        case MAP:
            for (let i = 0; i < keys.length; i++) {
                const key = deserialize(keys[i]);
                mapSet(clone, key, deserialize(values[i]));
            }
            break;
        case SET:
            for (let i = 0; i < values.length; i++) {
                setAdd(clone, deserialize(values[i]));
            }
            break;
    }
}
