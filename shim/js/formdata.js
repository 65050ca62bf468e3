// FormData. https://xhr.spec.whatwg.org/#interface-formdata

import { bytesOfBlob, isBlob, isFile, newFile, timeOfFile, typeOfBlob } from "./blob.js";
import { registerInterface } from "./format.js";
import { TypeError } from "./primordials.js";
import { encodeMultipart, newBoundary } from "./multipart.js";
import { defineInterface, definePairIterable, requireArguments, toUSVString } from "./webidl.js";

class Entry {
    constructor(name, value) {
        this.name = name;
        this.value = value; // a string or a File
    }
}

export let isFormData;
let entriesOf;

export class FormData {
    #entries = [];

    static {
        isFormData = (value) => typeof value === "object" && value !== null && #entries in value;
        entriesOf = (data) => data.#entries;
    }

    constructor(form = undefined) {
        if (form !== undefined) {
            throw new TypeError("FormData: there are no forms that it could be made of");
        }
    }

    append(name, value, filename = undefined) {
        const entries = this.#entries;
        requireArguments(arguments.length, 2, "append");
        entries[entries.length] = newEntry(name, value, filename, arguments.length > 2);
    }

    delete(name) {
        const entries = this.#entries;
        requireArguments(arguments.length, 1, "delete");
        removeNamed(entries, toUSVString(name), 0);
    }

    get(name) {
        const entries = this.#entries;
        requireArguments(arguments.length, 1, "get");
        const index = indexOf(entries, toUSVString(name));
        return index < 0 ? null : entries[index].value;
    }

    getAll(name) {
        const entries = this.#entries;
        requireArguments(arguments.length, 1, "getAll");
        const wanted = toUSVString(name);
        const values = [];
        for (let i = 0; i < entries.length; i++) {
            if (entries[i].name === wanted) {
                values[values.length] = entries[i].value;
            }
        }
        return values;
    }

    has(name) {
        const entries = this.#entries;
        requireArguments(arguments.length, 1, "has");
        return indexOf(entries, toUSVString(name)) >= 0;
    }

    set(name, value, filename = undefined) {
        const entries = this.#entries;
        requireArguments(arguments.length, 2, "set");
        const entry = newEntry(name, value, filename, arguments.length > 2);
        const index = indexOf(entries, entry.name);
        if (index < 0) {
            entries[entries.length] = entry;
        } else {
            entries[index] = entry;
            removeNamed(entries, entry.name, index + 1);
        }
    }
}

function indexOf(entries, name) {
    for (let i = 0; i < entries.length; i++) {
        if (entries[i].name === name) {
            return i;
        }
    }
    return -1;
}

function removeNamed(entries, name, start) {
    let kept = start;
    for (let i = start; i < entries.length; i++) {
        if (entries[i].name !== name) {
            entries[kept++] = entries[i];
        }
    }
    entries.length = kept;
}

// https://html.spec.whatwg.org/#create-an-entry, of arguments
function newEntry(name, value, filename, hasFilename) {
    const nameString = toUSVString(name);
    if (isBlob(value)) {
        return new Entry(nameString, fileOf(value, hasFilename ? toUSVString(filename) : null));
    }
    if (hasFilename) {
        throw new TypeError("Only a Blob can have a file name");
    }
    return new Entry(nameString, toUSVString(value));
}

function fileOf(blob, filename) {
    if (isFile(blob)) {
        return filename === null
            ? blob
            : newFile(bytesOfBlob(blob), typeOfBlob(blob), filename, timeOfFile(blob));
    }
    return newFile(bytesOfBlob(blob), typeOfBlob(blob), filename ?? "blob");
}

// A FormData of names and values in turn; a value is a string or a File.
export function formDataOf(list) {
    const data = new FormData();
    const entries = entriesOf(data);
    for (let i = 0; i < list.length; i += 2) {
        entries[entries.length] = new Entry(list[i], list[i + 1]);
    }
    return data;
}

// The bytes of a FormData as multipart/form-data, and their Content-Type.
export function serializeFormData(data) {
    const boundary = newBoundary();
    const bytes = encodeMultipart(entriesOf(data), boundary);
    return { bytes, type: `multipart/form-data; boundary=${boundary}` };
}

defineInterface("FormData", FormData);
definePairIterable("FormData", FormData, (data, index) => {
    const entry = entriesOf(data)[index];
    return entry === undefined ? undefined : [entry.name, entry.value];
});
registerInterface(isFormData, (data) => {
    const shown = {};
    const entries = entriesOf(data);
    for (let i = 0; i < entries.length; i++) {
        shown[entries[i].name] = entries[i].value;
    }
    return shown;
});
