// Which of the platform's objects can be cloned, and which transferred. Their modules say so.

const serializables = [];
const transferables = [];

// serialize(value, serializeMember) returns data, of which deserialize(data, deserializeMember)
// makes a new object. Values that are cloned with it go through the second arguments.
export function registerSerializable(isOne, serialize, deserialize) {
    serializables[serializables.length] = { isOne, serialize, deserialize };
}

// transfer(value) takes out of the object what receive(data) puts into a new one. It throws a
// DataCloneError where that cannot be.
export function registerTransferable(isOne, transfer, receive) {
    transferables[transferables.length] = { isOne, transfer, receive };
}

// Derived interfaces were registered after those that they derive from.
function find(list, value) {
    for (let i = list.length - 1; i >= 0; i--) {
        if (list[i].isOne(value)) {
            return list[i];
        }
    }
    return null;
}

// Null where there is none.
export function serializableOf(value) {
    return find(serializables, value);
}

export function transferableOf(value) {
    return find(transferables, value);
}
