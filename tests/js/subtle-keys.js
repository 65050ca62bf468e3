// crypto.subtle: the interfaces, CryptoKey, usages, normalization, and what is refused in which
// order.

import { equal, isEnumerable, ok, rejects, same, test, throws, worker } from "./harness.js";

const { subtle } = crypto;
const bytes = (length) => new Uint8Array(length);

function makeAes(usages = ["encrypt", "decrypt"], extractable = true) {
    return subtle.importKey("raw", bytes(16), "AES-GCM", extractable, usages);
}

test("the interfaces", () => {
    equal(Object.prototype.toString.call(subtle), "[object SubtleCrypto]");
    ok(subtle instanceof SubtleCrypto);
    equal(crypto.subtle, subtle);
    throws(TypeError, () => new SubtleCrypto());
    throws(TypeError, () => new CryptoKey());
    const { get } = Object.getOwnPropertyDescriptor(Crypto.prototype, "subtle");
    throws(TypeError, () => get.call({}));
    const lengths = {
        decrypt: 3,
        deriveBits: 2,
        deriveKey: 5,
        digest: 2,
        encrypt: 3,
        exportKey: 2,
        generateKey: 3,
        importKey: 5,
        sign: 3,
        unwrapKey: 7,
        verify: 4,
        wrapKey: 4,
    };
    const names = Object.getOwnPropertyNames(SubtleCrypto.prototype).sort();
    same(names, [...Object.keys(lengths), "constructor"].sort());
    for (const name of Object.keys(lengths)) {
        equal(SubtleCrypto.prototype[name].length, lengths[name], name);
        ok(isEnumerable(SubtleCrypto.prototype, name), name);
    }
    for (const name of ["type", "extractable", "algorithm", "usages"]) {
        const descriptor = Object.getOwnPropertyDescriptor(CryptoKey.prototype, name);
        ok(descriptor.enumerable && descriptor.set === undefined, name);
        throws(TypeError, () => descriptor.get.call({}));
    }
    equal(CryptoKey.prototype[Symbol.toStringTag], "CryptoKey");
});

test("what is wrong rejects, and does not throw", async () => {
    const key = await makeAes();
    await rejects(TypeError, SubtleCrypto.prototype.digest.call({}, "SHA-1", bytes(1)));
    await rejects(TypeError, subtle.digest("SHA-1"));
    await rejects(TypeError, subtle.digest("SHA-1", "text"));
    await rejects(TypeError, subtle.digest({}, bytes(1)));
    await rejects(TypeError, subtle.digest(Symbol(), bytes(1)));
    await rejects("NotSupportedError", subtle.digest("MD5", bytes(1)));
    await rejects("NotSupportedError", subtle.digest("AES-GCM", bytes(1)));
    await rejects("NotSupportedError", subtle.digest("SH\u212aA-1", bytes(1)));
    await rejects(TypeError, subtle.encrypt("AES-GCM", {}, bytes(1)));
    await rejects(TypeError, subtle.encrypt("AES-GCM", key, bytes(1)));
    await rejects(TypeError, subtle.importKey("der", bytes(16), "AES-GCM", true, ["encrypt"]));
    await rejects(TypeError, subtle.importKey("raw", bytes(16), "AES-GCM", true, ["write"]));
    await rejects(TypeError, subtle.importKey("raw", bytes(16), "AES-GCM", true, "encrypt"));
    await rejects(TypeError, subtle.importKey("raw", {}, "AES-GCM", true, ["encrypt"]));
    await rejects(TypeError, subtle.importKey("jwk", bytes(16), "AES-GCM", true, ["encrypt"]));
    await rejects(TypeError, subtle.importKey("jwk", 1, "AES-GCM", true, ["encrypt"]));
    await rejects("DataError", subtle.importKey("jwk", null, "AES-GCM", true, ["encrypt"]));
});

test("names do not depend on case", async () => {
    const key = await subtle.importKey("raw", bytes(16), { name: "aes-gCM" }, true, ["encrypt"]);
    equal(key.algorithm.name, "AES-GCM");
    equal((await subtle.digest("sha-1", bytes(0))).byteLength, 20);
});

test("a CryptoKey shows what it is, and cannot be changed", async () => {
    const key = await subtle.importKey("raw", bytes(32), { name: "HMAC", hash: "sha-256" }, false, [
        "verify",
        "sign",
        "verify",
    ]);
    equal(key.type, "secret");
    equal(key.extractable, false);
    same(key.algorithm, { name: "HMAC", hash: { name: "SHA-256" }, length: 256 });
    same(key.usages, ["sign", "verify"]);
    equal(key.algorithm, key.algorithm);
    equal(key.usages, key.usages);
    key.algorithm.name = "AES-GCM";
    key.usages[0] = "encrypt";
    key.usages.length = 1;
    equal(key.algorithm.name, "AES-GCM");
    equal((await subtle.sign("HMAC", key, bytes(1))).byteLength, 32);
    await rejects("InvalidAccessError", subtle.exportKey("raw", key));
    same(Object.getOwnPropertyNames(key), []);
    same(JSON.stringify(key), "{}");
});

test("the key must be of the algorithm and have the usage", async () => {
    const key = await makeAes(["decrypt"]);
    const params = { name: "AES-GCM", iv: bytes(12) };
    await rejects("InvalidAccessError", subtle.encrypt(params, key, bytes(1)));
    await rejects(
        "InvalidAccessError",
        subtle.decrypt({ name: "AES-CBC", iv: bytes(16) }, key, bytes(16)),
    );
    await rejects("InvalidAccessError", subtle.sign("HMAC", key, bytes(1)));
});

test("a key needs a usage, and none that is not its", async () => {
    await rejects("SyntaxError", makeAes([]));
    await rejects("SyntaxError", makeAes(["sign"]));
    const hash = "SHA-256";
    await rejects("SyntaxError", subtle.generateKey({ name: "HMAC", hash }, true, []));
    await rejects("SyntaxError", subtle.generateKey({ name: "HMAC", hash }, true, ["encrypt"]));
    const ecdsa = { name: "ECDSA", namedCurve: "P-256" };
    await rejects("SyntaxError", subtle.generateKey(ecdsa, true, ["verify"]));
    await rejects("SyntaxError", subtle.generateKey(ecdsa, true, ["deriveBits"]));
});

test("members are read once, in order, and before data is copied", async () => {
    const read = [];
    const data = new Uint8Array([1]);
    const iv = bytes(12);
    const key = await makeAes();
    const params = {
        get name() {
            read.push("name");
            return "AES-GCM";
        },
        get iv() {
            read.push("iv");
            return iv;
        },
        get tagLength() {
            read.push("tagLength");
            iv[0] = 7; // it was copied
            data[0] = 2; // and this is not yet
            return 128;
        },
        get additionalData() {
            read.push("additionalData");
            return undefined;
        },
    };
    const sealed = subtle.encrypt(params, key, data);
    data[0] = 3;
    same(read, ["name", "additionalData", "iv", "tagLength"]);
    const opened = await subtle.decrypt({ name: "AES-GCM", iv: bytes(12) }, key, await sealed);
    same([...new Uint8Array(opened)], [2]);
});

test("numbers are integers in range", async () => {
    const usages = ["encrypt"];
    for (const length of [-1, 65536, NaN, Infinity, "x", undefined]) {
        await rejects(TypeError, subtle.generateKey({ name: "AES-CBC", length }, true, usages));
    }
    for (const length of [0, 127, 129, 512]) {
        const promise = subtle.generateKey({ name: "AES-CBC", length }, true, usages);
        await rejects("OperationError", promise, `${length}`);
    }
    const key = await subtle.generateKey({ name: "AES-CBC", length: "192.9" }, true, usages);
    equal(key.algorithm.length, 192);
});

test("views of parts, DataViews, ArrayBuffers", async () => {
    const whole = new Uint8Array([9, 9, 0x61, 0x62, 0x63, 9]);
    const wanted = new Uint8Array(await subtle.digest("SHA-1", whole.slice(2, 5)));
    for (const part of [
        whole.subarray(2, 5),
        new DataView(whole.buffer, 2, 3),
        whole.slice(2, 5).buffer,
    ]) {
        same([...new Uint8Array(await subtle.digest("SHA-1", part))], [...wanted]);
    }
});

test("results are ArrayBuffers of their own", async () => {
    const one = await subtle.digest("SHA-256", bytes(1));
    const other = await subtle.digest("SHA-256", bytes(1));
    ok(one instanceof ArrayBuffer);
    ok(one !== other);
    equal(one.byteLength, 32);
});

test("a console line shows a key's attributes, and nothing of its material", async () => {
    const key = await makeAes();
    const cloned = Reflect.ownKeys(key);
    same(cloned, []);
    ok(!`${key}`.includes("handle"));
});

test("a clone of a key is the same key", async () => {
    const key = await makeAes(["encrypt"], false);
    const { inside } = structuredClone({ inside: [key, key] });
    ok(inside[0] instanceof CryptoKey && inside[0] !== key);
    equal(inside[0], inside[1]);
    same([inside[0].type, inside[0].extractable], ["secret", false]);
    same(inside[0].algorithm, { name: "AES-GCM", length: 128 });
    same(inside[0].usages, ["encrypt"]);
    const params = { name: "AES-GCM", iv: bytes(12) };
    const [one, other] = await Promise.all([
        subtle.encrypt(params, key, bytes(1)),
        subtle.encrypt(params, inside[0], bytes(1)),
    ]);
    same([...new Uint8Array(one)], [...new Uint8Array(other)]);
});

test("more keys than fit are collected", async () => {
    for (let i = 0; i < 8000; i++) {
        await subtle.importKey("raw", bytes(32768), "HKDF", false, ["deriveBits"]);
    }
});

test("code after an await belongs to its task", async () => {
    await subtle.digest("SHA-256", bytes(100_000));
    await new Promise((resolve) => setTimeout(resolve, 1));
    const results = await Promise.all([
        subtle.digest("SHA-1", bytes(70_000)),
        subtle.digest("SHA-1", bytes(10)),
        subtle.digest("SHA-512", bytes(200_000)),
    ]);
    same(
        results.map((result) => result.byteLength),
        [20, 20, 64],
    );
});

test("bytes are copied at the call, also of what takes long", async () => {
    const data = bytes(100_000);
    const wanted = await subtle.digest("SHA-256", data);
    const promise = subtle.digest("SHA-256", data);
    data.fill(1);
    same([...new Uint8Array(await promise)], [...new Uint8Array(wanted)]);
});

test("too many operations at once are refused", async () => {
    const data = bytes(65_537);
    const all = [];
    for (let i = 0; i < 1001; i++) {
        all.push(subtle.digest("SHA-1", data));
    }
    const ends = await Promise.allSettled(all);
    equal(ends.filter(({ status }) => status === "fulfilled").length, 1000);
    equal(ends[1000].reason.name, "OperationError");
    equal((await subtle.digest("SHA-1", data)).byteLength, 20);
});

test("what an object's prototype has been given is not a parameter", async () => {
    Object.prototype.tagLength = 32;
    Object.prototype.saltLength = 1;
    try {
        const key = await makeAes();
        const sealed = await subtle.encrypt(
            { __proto__: null, name: "AES-GCM", iv: bytes(12) },
            key,
            bytes(4),
        );
        equal(sealed.byteLength, 20);
    } finally {
        delete Object.prototype.tagLength;
        delete Object.prototype.saltLength;
    }
});

export default worker;
