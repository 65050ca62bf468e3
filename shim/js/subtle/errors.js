// The exceptions of crypto.subtle, by the names that the standard gives them.

import { DOMException } from "../domexception.js";

export function operationError(message) {
    return new DOMException(message, "OperationError");
}

export function dataError(message) {
    return new DOMException(message, "DataError");
}

export function accessError(message) {
    return new DOMException(message, "InvalidAccessError");
}

export function unsupportedError(message) {
    return new DOMException(message, "NotSupportedError");
}

export function usageError(message) {
    return new DOMException(message, "SyntaxError");
}
