// Tests that run inside a worker. Each file of this folder but this one is a worker: its handler
// runs the tests that the file has declared and answers with JSON:
//
//     {"passed": 12, "failed": [{"name": …, "message": …}], "logs": [[1, "text"], …]}
//
// `logs` are the console lines that the run must have left, level and text, in order; null where
// the file says nothing about them.
//
// Whoever runs a file deploys it with this one and calls it twice, with
//
//     POST <any origin>/tests/run?case=1&name=a%20b
//     content-type: text/plain;charset=utf-8
//     x-test: a
//     x-test: b
//     cookie: sid=1
//     cookie: lang=de
//
// and the body "hällo wörld", first as text, then as bytes. Both answers must have no failures.
// A file may count on the first call being the first of its isolate, and the second on finding
// that isolate warm, but must pass without.

const { apply, construct } = Reflect;
const { call } = Function.prototype;
const push = call.bind(Array.prototype.push);
const stringify = JSON.stringify;
const { is, keys } = Object;
const ThisPromise = Promise;
const ThisResponse = Response;

const tests = [];
const logs = [];
let hasLogs = false;

export function test(name, body) {
    push(tests, { name, body });
}

// Declares, inside a test, a console line that the run leaves.
export function expectLog(level, text) {
    hasLogs = true;
    push(logs, [level, text]);
}

export async function run(request, env, ctx) {
    logs.length = 0;
    const failed = [];
    let passed = 0;
    for (let i = 0; i < tests.length; i++) {
        const { name, body } = tests[i];
        try {
            await body({ request, env, ctx });
            passed++;
        } catch (error) {
            push(failed, { name, message: `${error && error.stack ? error.stack : error}` });
        }
    }
    const report = stringify({ passed, failed, logs: hasLogs ? logs : null });
    return construct(ThisResponse, [report, { status: failed.length === 0 ? 200 : 500 }]);
}

export const worker = { fetch: run };

class AssertionError extends Error {
    get name() {
        return "AssertionError";
    }
}

function show(value) {
    try {
        return typeof value === "string" ? stringify(value) : (stringify(value) ?? String(value));
    } catch {
        return String(value);
    }
}

export function fail(message) {
    throw new AssertionError(message);
}

export function ok(value, message = "not true") {
    if (!value) {
        fail(message);
    }
}

export function equal(actual, expected, what = "") {
    if (!is(actual, expected)) {
        fail(`${what} is ${show(actual)}, not ${show(expected)}`);
    }
}

// Equality of arrays, plain objects and what they hold.
export function same(actual, expected, what = "") {
    if (expected === null || typeof expected !== "object") {
        equal(actual, expected, what);
        return;
    }
    if (actual === null || typeof actual !== "object") {
        fail(`${what} is ${show(actual)}, not ${show(expected)}`);
    }
    const names = keys(expected);
    if (names.length !== keys(actual).length) {
        fail(`${what} is ${show(actual)}, not ${show(expected)}`);
    }
    for (let i = 0; i < names.length; i++) {
        same(actual[names[i]], expected[names[i]], `${what}[${names[i]}]`);
    }
}

// `kind`: a constructor, or the name of a DOMException. Returns what was thrown.
export function throws(kind, body, what = "") {
    let thrown;
    try {
        apply(body, undefined, []);
    } catch (error) {
        thrown = { error };
    }
    return checkThrown(kind, thrown, what);
}

export async function rejects(kind, promise, what = "") {
    let thrown;
    try {
        await promise;
    } catch (error) {
        thrown = { error };
    }
    return checkThrown(kind, thrown, what);
}

function checkThrown(kind, thrown, what) {
    if (thrown === undefined) {
        fail(`${what} nothing was thrown`);
    }
    const { error } = thrown;
    if (typeof kind === "string") {
        ok(error instanceof DOMException, `${what} threw ${error}, no DOMException`);
        equal(error.name, kind, what);
    } else {
        ok(error !== null && typeof error === "object", `${what} threw ${error}`);
        equal(error.constructor, kind, `${what} constructor of ${error}`);
    }
    return error;
}

export function sleep(ms) {
    return new ThisPromise((resolve) => setTimeout(resolve, ms));
}

// What the interface tests have in common: see globals.js.
export function isEnumerable(object, name) {
    return Object.getOwnPropertyDescriptor(object, name).enumerable;
}
