// DOMException. https://webidl.spec.whatwg.org/#idl-DOMException

import { Error, captureStackTrace, defineProperty, setPrototypeOf } from "./primordials.js";
import { defineInterface, toDOMString } from "./webidl.js";

// Names that have a code, by code; the others have 0.
const LEGACY_CODES = {
    INDEX_SIZE_ERR: [1, "IndexSizeError"],
    DOMSTRING_SIZE_ERR: [2],
    HIERARCHY_REQUEST_ERR: [3, "HierarchyRequestError"],
    WRONG_DOCUMENT_ERR: [4, "WrongDocumentError"],
    INVALID_CHARACTER_ERR: [5, "InvalidCharacterError"],
    NO_DATA_ALLOWED_ERR: [6],
    NO_MODIFICATION_ALLOWED_ERR: [7, "NoModificationAllowedError"],
    NOT_FOUND_ERR: [8, "NotFoundError"],
    NOT_SUPPORTED_ERR: [9, "NotSupportedError"],
    INUSE_ATTRIBUTE_ERR: [10, "InUseAttributeError"],
    INVALID_STATE_ERR: [11, "InvalidStateError"],
    SYNTAX_ERR: [12, "SyntaxError"],
    INVALID_MODIFICATION_ERR: [13, "InvalidModificationError"],
    NAMESPACE_ERR: [14, "NamespaceError"],
    INVALID_ACCESS_ERR: [15, "InvalidAccessError"],
    VALIDATION_ERR: [16],
    TYPE_MISMATCH_ERR: [17, "TypeMismatchError"],
    SECURITY_ERR: [18, "SecurityError"],
    NETWORK_ERR: [19, "NetworkError"],
    ABORT_ERR: [20, "AbortError"],
    URL_MISMATCH_ERR: [21, "URLMismatchError"],
    QUOTA_EXCEEDED_ERR: [22, "QuotaExceededError"],
    TIMEOUT_ERR: [23, "TimeoutError"],
    INVALID_NODE_TYPE_ERR: [24, "InvalidNodeTypeError"],
    DATA_CLONE_ERR: [25, "DataCloneError"],
};

const constants = {};
const codeOfName = { __proto__: null };
for (const constant of Object.keys(LEGACY_CODES)) {
    const [code, name] = LEGACY_CODES[constant];
    constants[constant] = code;
    if (name !== undefined) {
        codeOfName[name] = code;
    }
}

export let isDOMException;

export class DOMException {
    #name;
    #message;

    static {
        isDOMException = (value) => typeof value === "object" && value !== null && #name in value;
    }

    constructor(message = "", name = "Error") {
        this.#message = toDOMString(message);
        this.#name = toDOMString(name);
        captureStackTrace(this, DOMException);
        // As engines have it for their errors; captureStackTrace makes it so in some versions only.
        defineProperty(this, "stack", { __proto__: null, enumerable: false });
    }

    get name() {
        return this.#name;
    }

    get message() {
        return this.#message;
    }

    get code() {
        return codeOfName[this.#name] ?? 0;
    }
}

setPrototypeOf(DOMException.prototype, Error.prototype);
defineInterface("DOMException", DOMException, constants);
