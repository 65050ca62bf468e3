import { equal, ok, same, test, throws, worker } from "./harness.js";

const CODES = {
    IndexSizeError: 1,
    HierarchyRequestError: 3,
    WrongDocumentError: 4,
    InvalidCharacterError: 5,
    NoModificationAllowedError: 7,
    NotFoundError: 8,
    NotSupportedError: 9,
    InUseAttributeError: 10,
    InvalidStateError: 11,
    SyntaxError: 12,
    InvalidModificationError: 13,
    NamespaceError: 14,
    InvalidAccessError: 15,
    TypeMismatchError: 17,
    SecurityError: 18,
    NetworkError: 19,
    AbortError: 20,
    URLMismatchError: 21,
    QuotaExceededError: 22,
    TimeoutError: 23,
    InvalidNodeTypeError: 24,
    DataCloneError: 25,
    EncodingError: 0,
    NotReadableError: 0,
    UnknownError: 0,
    ConstraintError: 0,
    DataError: 0,
    TransactionInactiveError: 0,
    ReadOnlyError: 0,
    VersionError: 0,
    OperationError: 0,
    NotAllowedError: 0,
    toString: 0,
    "": 0,
};

test("defaults", () => {
    const exception = new DOMException();
    equal(exception.name, "Error");
    equal(exception.message, "");
    equal(exception.code, 0);
    equal(String(exception), "Error");
});

test("names and codes", () => {
    for (const name of Object.keys(CODES)) {
        const exception = new DOMException("m", name);
        equal(exception.name, name);
        equal(exception.code, CODES[name], name);
    }
});

test("it is an Error by its prototype", () => {
    const exception = new DOMException("m", "AbortError");
    ok(exception instanceof Error);
    equal(Object.getPrototypeOf(DOMException.prototype), Error.prototype);
    equal(Object.getPrototypeOf(DOMException), Function.prototype);
    equal(String(exception), "AbortError: m");
    equal(Object.prototype.toString.call(exception), "[object DOMException]");
});

test("it has a stack, and no other property of its own", () => {
    const exception = new DOMException("m", "AbortError");
    same(Reflect.ownKeys(exception), ["stack"]);
    ok(exception.stack.startsWith("AbortError: m\n"), exception.stack);
    ok(!Object.getOwnPropertyDescriptor(exception, "stack").enumerable);
});

test("conversions", () => {
    const exception = new DOMException(null, undefined);
    equal(exception.message, "null");
    equal(exception.name, "Error");
    throws(TypeError, () => new DOMException(Symbol("a")));
    throws(TypeError, () => DOMException());
    throws(TypeError, () => DOMException.prototype.name);
    throws(TypeError, () => DOMException.prototype.code);
});

test("constants", () => {
    for (const object of [DOMException, DOMException.prototype]) {
        equal(object.ABORT_ERR, 20);
        equal(object.DATA_CLONE_ERR, 25);
        equal(object.DOMSTRING_SIZE_ERR, 2);
        const descriptor = Object.getOwnPropertyDescriptor(object, "INDEX_SIZE_ERR");
        same(
            { ...descriptor },
            { value: 1, writable: false, enumerable: true, configurable: false },
        );
    }
});

export default worker;
