// crypto.subtle: HKDF, PBKDF2, ECDH, X25519; wrapping.

import { equal, ok, rejects, same, test, worker } from "./harness.js";

const { subtle } = crypto;
const bytes = (length) => new Uint8Array(length);
const utf8 = (text) => new TextEncoder().encode(text);

function hex(buffer) {
    return [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unhex(text) {
    return new Uint8Array((text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));
}

const DERIVING = ["deriveKey", "deriveBits"];

function baseKey(name, raw, usages = DERIVING) {
    return subtle.importKey("raw", raw, name, false, usages);
}

// RFC 5869, A.1
test("HKDF", async () => {
    const key = await baseKey("HKDF", bytes(22).fill(0x0b));
    const params = {
        name: "HKDF",
        hash: "SHA-256",
        salt: unhex("000102030405060708090a0b0c"),
        info: unhex("f0f1f2f3f4f5f6f7f8f9"),
    };
    equal(
        hex(await subtle.deriveBits(params, key, 42 * 8)),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
    equal((await subtle.deriveBits(params, key, 0)).byteLength, 0);
    equal((await subtle.deriveBits(params, key, 255 * 32 * 8)).byteLength, 255 * 32);
    for (const length of [255 * 32 * 8 + 8, 7, null, undefined]) {
        await rejects("OperationError", subtle.deriveBits(params, key, length), `${length}`);
    }
    for (const missing of ["hash", "salt", "info"]) {
        await rejects(
            TypeError,
            subtle.deriveBits({ ...params, [missing]: undefined }, key, 8),
            missing,
        );
    }
});

// RFC 7914, 11
test("PBKDF2", async () => {
    const key = await baseKey("PBKDF2", utf8("passwd"));
    const params = { name: "PBKDF2", hash: "SHA-256", salt: utf8("salt"), iterations: 1 };
    equal(
        hex(await subtle.deriveBits(params, key, 512)),
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc" +
            "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
    );
    const many = { ...params, salt: utf8("NaCl"), iterations: 80000 };
    equal(
        hex(await subtle.deriveBits(many, await baseKey("PBKDF2", utf8("Password")), 512)),
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56" +
            "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
    );
    await rejects("OperationError", subtle.deriveBits({ ...params, iterations: 0 }, key, 8));
    await rejects("OperationError", subtle.deriveBits(params, key, null));
    await rejects("OperationError", subtle.deriveBits(params, key, 9));
    equal((await subtle.deriveBits(params, await baseKey("PBKDF2", bytes(0)), 8)).byteLength, 1);
});

test("base keys", async () => {
    for (const name of ["HKDF", "PBKDF2"]) {
        const key = await baseKey(name, bytes(3));
        same([key.type, key.extractable], ["secret", false]);
        same(key.algorithm, { name });
        await rejects("SyntaxError", subtle.importKey("raw", bytes(3), name, true, DERIVING));
        await rejects("SyntaxError", baseKey(name, bytes(3), ["encrypt"]));
        await rejects("SyntaxError", baseKey(name, bytes(3), []));
        await rejects("NotSupportedError", subtle.importKey("jwk", {}, name, false, DERIVING));
        await rejects("NotSupportedError", subtle.exportKey("raw", key));
        await rejects("NotSupportedError", subtle.generateKey(name, false, DERIVING));
        const bitsOnly = await baseKey(name, bytes(3), ["deriveBits"]);
        const params = { name, hash: "SHA-1", salt: bytes(0), info: bytes(0), iterations: 1 };
        const aes = { name: "AES-GCM", length: 128 };
        await rejects(
            "InvalidAccessError",
            subtle.deriveKey(params, bitsOnly, aes, true, ["encrypt"]),
        );
    }
});

test("deriveKey", async () => {
    const base = await baseKey("PBKDF2", utf8("password"));
    const params = { name: "PBKDF2", hash: "SHA-1", salt: utf8("salt"), iterations: 2 };
    const bits = hex(await subtle.deriveBits(params, base, 512));
    const aes = await subtle.deriveKey(params, base, { name: "AES-CTR", length: 256 }, true, [
        "encrypt",
    ]);
    equal(hex(await subtle.exportKey("raw", aes)), bits.slice(0, 64));
    const hmac = await subtle.deriveKey(params, base, { name: "HMAC", hash: "SHA-256" }, true, [
        "sign",
    ]);
    equal(hex(await subtle.exportKey("raw", hmac)), bits);
    const short = { name: "HMAC", hash: "SHA-256", length: 16 };
    const shortKey = await subtle.deriveKey(params, base, short, true, ["sign"]);
    equal(hex(await subtle.exportKey("raw", shortKey)), bits.slice(0, 4));
    await rejects(
        "SyntaxError",
        subtle.deriveKey(params, base, { name: "AES-CTR", length: 256 }, true, []),
    );
    await rejects(
        "OperationError",
        subtle.deriveKey(params, base, { name: "AES-CTR", length: 100 }, true, ["encrypt"]),
    );
    await rejects("OperationError", subtle.deriveKey(params, base, "HKDF", false, ["deriveBits"]));
    await rejects(
        "NotSupportedError",
        subtle.deriveKey(params, base, { name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]),
    );
});

const CURVES = [
    ["ECDH", "P-256", 32],
    ["ECDH", "P-384", 48],
    ["ECDH", "P-521", 66],
    ["X25519", undefined, 32],
];

test("ECDH and X25519", async () => {
    for (const [name, namedCurve, width] of CURVES) {
        const algorithm = { name, namedCurve };
        const alice = await subtle.generateKey(algorithm, true, DERIVING);
        const bob = await subtle.generateKey(algorithm, false, DERIVING);
        const params = { name, public: bob.publicKey };
        const secret = await subtle.deriveBits(params, alice.privateKey, null);
        const same2 = await subtle.deriveBits({ name, public: alice.publicKey }, bob.privateKey);
        equal(secret.byteLength, width);
        equal(hex(secret), hex(same2));
        equal(hex(await subtle.deriveBits(params, alice.privateKey, 64)), hex(secret.slice(0, 8)));
        const cut = new Uint8Array(await subtle.deriveBits(params, alice.privateKey, 11));
        same([...cut], [new Uint8Array(secret)[0], new Uint8Array(secret)[1] & 0xe0]);
        equal((await subtle.deriveBits(params, alice.privateKey, 0)).byteLength, 0);
        await rejects(
            "OperationError",
            subtle.deriveBits(params, alice.privateKey, width * 8 + 1),
        );
        const aes = { name: "AES-GCM", length: 256 };
        const key = await subtle.deriveKey(params, alice.privateKey, aes, true, ["encrypt"]);
        equal(hex(await subtle.exportKey("raw", key)), hex(secret.slice(0, 32)));
        const hkdf = await subtle.deriveKey(params, alice.privateKey, "HKDF", false, [
            "deriveBits",
        ]);
        equal(hkdf.algorithm.name, "HKDF");
        await rejects("InvalidAccessError", subtle.deriveBits(params, alice.publicKey, 8));
        await rejects(
            "InvalidAccessError",
            subtle.deriveBits({ name, public: bob.privateKey }, alice.privateKey, 8),
        );
        await rejects(TypeError, subtle.deriveBits({ name }, alice.privateKey, 8));
        await rejects(TypeError, subtle.deriveBits({ name, public: {} }, alice.privateKey, 8));
    }
});

test("keys of two curves do not agree", async () => {
    const algorithm = { name: "ECDH", namedCurve: "P-256" };
    const one = await subtle.generateKey(algorithm, true, DERIVING);
    const other = await subtle.generateKey({ ...algorithm, namedCurve: "P-384" }, true, DERIVING);
    const x = await subtle.generateKey("X25519", true, DERIVING);
    for (const { publicKey } of [other, x]) {
        await rejects(
            "InvalidAccessError",
            subtle.deriveBits({ name: "ECDH", public: publicKey }, one.privateKey, 8),
        );
    }
});

// RFC 7748, 6.1
test("X25519's example", async () => {
    const secret = await subtle.importKey(
        "pkcs8",
        unhex(
            "302e020100300506032b656e04220420" +
                "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
        ),
        "X25519",
        true,
        ["deriveBits"],
    );
    const peer = unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    const open = await subtle.importKey("raw", peer, "X25519", true, []);
    equal(
        hex(await subtle.deriveBits({ name: "X25519", public: open }, secret, 256)),
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
    );
    const zero = await subtle.importKey("raw", bytes(32), "X25519", true, []);
    await rejects(
        "OperationError",
        subtle.deriveBits({ name: "X25519", public: zero }, secret, 256),
    );
});

test("wrapping: every way there and back", async () => {
    const rsa = { name: "RSA-OAEP", hash: "SHA-256", modulusLength: 2048 };
    const pair = await subtle.generateKey(
        { ...rsa, publicExponent: new Uint8Array([1, 0, 1]) },
        true,
        ["wrapKey", "unwrapKey"],
    );
    const both = ["wrapKey", "unwrapKey"];
    const ways = [["RSA-OAEP", pair.publicKey, pair.privateKey, { name: "RSA-OAEP" }]];
    for (const params of [
        { name: "AES-CBC", iv: bytes(16) },
        { name: "AES-CTR", counter: bytes(16), length: 64 },
        { name: "AES-GCM", iv: bytes(12) },
    ]) {
        const key = await subtle.generateKey({ name: params.name, length: 256 }, true, both);
        ways.push([params.name, key, key, params]);
    }
    const secret = await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]);
    const wanted = await subtle.exportKey("jwk", secret);
    for (const [name, wrapping, unwrapping, params] of ways) {
        for (const format of ["raw", "jwk"]) {
            const wrapped = await subtle.wrapKey(format, secret, wrapping, params);
            const key = await subtle.unwrapKey(
                format,
                wrapped,
                unwrapping,
                params,
                "AES-GCM",
                true,
                ["encrypt"],
            );
            same(await subtle.exportKey("jwk", key), wanted, `${name} ${format}`);
        }
    }
    const [, wrapping, unwrapping, params] = ways[3];
    const wrapped = await subtle.wrapKey("pkcs8", pair.privateKey, wrapping, params);
    const again = await subtle.unwrapKey(
        "pkcs8",
        wrapped,
        unwrapping,
        params,
        { name: "RSA-OAEP", hash: "SHA-256" },
        true,
        ["decrypt"],
    );
    equal(
        hex(await subtle.exportKey("pkcs8", again)),
        hex(await subtle.exportKey("pkcs8", pair.privateKey)),
    );
});

test("wrapping: what is refused", async () => {
    const both = ["wrapKey", "unwrapKey", "encrypt"];
    const wrapping = await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, both);
    const params = { name: "AES-GCM", iv: bytes(12) };
    const hidden = await subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt"]);
    await rejects("InvalidAccessError", subtle.wrapKey("raw", hidden, wrapping, params));
    await rejects("InvalidAccessError", subtle.wrapKey("raw", wrapping, hidden, params));
    const hkdf = await baseKey("HKDF", bytes(3));
    await rejects("NotSupportedError", subtle.wrapKey("raw", hkdf, wrapping, params));
    await rejects("NotSupportedError", subtle.wrapKey("raw", wrapping, wrapping, "HMAC"));
    const unwrap = (format, data, usages = ["encrypt"]) =>
        subtle.unwrapKey(format, data, wrapping, params, "AES-GCM", true, usages);
    for (const text of ["{", "1", "[]", "null", "{}", '{"kty":1}', '{"kty":"oct"}']) {
        const sealed = await subtle.encrypt(params, wrapping, utf8(text));
        await rejects("DataError", unwrap("jwk", sealed), text);
    }
    const jwk = utf8('{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAA"}');
    const sealed = await subtle.encrypt(params, wrapping, jwk);
    ok((await unwrap("jwk", sealed)).extractable);
    await rejects("SyntaxError", unwrap("jwk", sealed, []));
    await rejects("OperationError", unwrap("raw", bytes(40)));
    await rejects(TypeError, unwrap("raw", "text"));
});

export default worker;
