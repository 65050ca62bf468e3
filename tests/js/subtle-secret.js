// crypto.subtle: digests, HMAC, AES.

import { equal, ok, rejects, same, test, worker } from "./harness.js";

const { subtle } = crypto;
const bytes = (length) => new Uint8Array(length);
const utf8 = (text) => new TextEncoder().encode(text);

function hex(buffer) {
    return [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unhex(text) {
    return new Uint8Array(text.match(/../g).map((pair) => Number.parseInt(pair, 16)));
}

test("digests", async () => {
    const wanted = {
        "SHA-1": "a9993e364706816aba3e25717850c26c9cd0d89d",
        "SHA-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "SHA-384":
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed" +
            "8086072ba1e7cc2358baeca134c825a7",
        "SHA-512":
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    };
    for (const name of Object.keys(wanted)) {
        equal(hex(await subtle.digest(name, utf8("abc"))), wanted[name]);
        equal(hex(await subtle.digest({ name }, utf8("abc"))), wanted[name]);
    }
});

// RFC 4231, 4.3
test("HMAC", async () => {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await subtle.importKey("raw", utf8("Jefe"), algorithm, true, ["sign", "verify"]);
    const data = utf8("what do ya want for nothing?");
    const signature = await subtle.sign("HMAC", key, data);
    equal(hex(signature), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    equal(await subtle.verify("HMAC", key, signature, data), true);
    equal(await subtle.verify("HMAC", key, signature, utf8("other")), false);
    equal(await subtle.verify("HMAC", key, signature.slice(1), data), false);
    equal(await subtle.verify("HMAC", key, bytes(0), data), false);
    same(await subtle.exportKey("jwk", key), {
        alg: "HS256",
        ext: true,
        k: "SmVmZQ",
        key_ops: ["sign", "verify"],
        kty: "oct",
    });
    same(Object.keys(await subtle.exportKey("jwk", key)), ["alg", "ext", "k", "key_ops", "kty"]);
});

test("lengths of HMAC's keys", async () => {
    const usages = ["sign"];
    for (const [hash, length] of [
        ["SHA-1", 512],
        ["SHA-256", 512],
        ["SHA-384", 1024],
        ["SHA-512", 1024],
    ]) {
        const key = await subtle.generateKey({ name: "HMAC", hash }, true, usages);
        equal(key.algorithm.length, length, hash);
        equal((await subtle.exportKey("raw", key)).byteLength, length / 8);
    }
    const hash = "SHA-256";
    const odd = await subtle.generateKey({ name: "HMAC", hash, length: 13 }, true, usages);
    equal(odd.algorithm.length, 13);
    equal(new Uint8Array(await subtle.exportKey("raw", odd))[1] & 7, 0);
    await rejects(
        "OperationError",
        subtle.generateKey({ name: "HMAC", hash, length: 0 }, true, usages),
    );
    const cut = await subtle.importKey(
        "raw",
        new Uint8Array([255, 255]),
        { name: "HMAC", hash, length: 9 },
        true,
        usages,
    );
    equal(cut.algorithm.length, 9);
    equal(hex(await subtle.exportKey("raw", cut)), "ff80");
    for (const length of [0, 8, 17]) {
        await rejects(
            "DataError",
            subtle.importKey("raw", bytes(2), { name: "HMAC", hash, length }, true, usages),
        );
    }
    await rejects(
        "DataError",
        subtle.importKey("raw", bytes(0), { name: "HMAC", hash }, true, usages),
    );
});

test("JWKs of secrets that are none", async () => {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const good = { kty: "oct", k: "AAECAw", alg: "HS256", ext: true, use: "sig" };
    await subtle.importKey("jwk", good, algorithm, true, ["sign"]);
    await subtle.importKey("jwk", { kty: "oct", k: "AAECAw" }, algorithm, true, ["sign"]);
    for (const wrong of [
        { kty: "RSA" },
        { kty: undefined },
        { k: undefined },
        { k: "AAEC+/" },
        { k: "AAECAw==" },
        { k: "A" },
        { k: "" },
        { alg: "HS1" },
        { use: "enc" },
        { ext: false },
        { key_ops: ["verify"] },
        { key_ops: ["sign", "sign"] },
    ]) {
        const jwk = { ...good, ...wrong };
        await rejects(
            "DataError",
            subtle.importKey("jwk", jwk, algorithm, true, ["sign"]),
            JSON.stringify(wrong),
        );
    }
    await rejects(
        TypeError,
        subtle.importKey("jwk", { ...good, key_ops: 1 }, algorithm, true, ["sign"]),
    );
    const key = await subtle.importKey("jwk", { ...good, ext: false }, algorithm, false, ["sign"]);
    equal(key.extractable, false);
    await rejects(
        "NotSupportedError",
        subtle.importKey("spki", bytes(4), algorithm, true, ["sign"]),
    );
});

// SP 800-38A, F.2.1, with padding.
test("AES-CBC", async () => {
    const raw = unhex("2b7e151628aed2a6abf7158809cf4f3c");
    const iv = unhex("000102030405060708090a0b0c0d0e0f");
    const key = await subtle.importKey("raw", raw, "AES-CBC", true, ["encrypt", "decrypt"]);
    const plain = unhex("6bc1bee22e409f96e93d7e117393172a");
    const sealed = await subtle.encrypt({ name: "AES-CBC", iv }, key, plain);
    equal(hex(sealed), "7649abac8119b246cee98e9b12e9197d8964e0b149c10b7b682e6e39aaeb731c");
    equal(hex(await subtle.decrypt({ name: "AES-CBC", iv }, key, sealed)), hex(plain));
    equal((await subtle.encrypt({ name: "AES-CBC", iv }, key, bytes(0))).byteLength, 16);
    for (const data of [sealed.slice(0, 16), bytes(0), bytes(15)]) {
        await rejects("OperationError", subtle.decrypt({ name: "AES-CBC", iv }, key, data));
    }
    await rejects("OperationError", subtle.encrypt({ name: "AES-CBC", iv: bytes(15) }, key, plain));
    await rejects(TypeError, subtle.encrypt({ name: "AES-CBC" }, key, plain));
    await rejects(TypeError, subtle.encrypt({ name: "AES-CBC", iv: "0123" }, key, plain));
});

// SP 800-38A, F.5.1
test("AES-CTR", async () => {
    const raw = unhex("2b7e151628aed2a6abf7158809cf4f3c");
    const counter = unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    const key = await subtle.importKey("raw", raw, "AES-CTR", true, ["encrypt", "decrypt"]);
    const plain = unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    const params = { name: "AES-CTR", counter, length: 128 };
    const sealed = await subtle.encrypt(params, key, plain);
    equal(hex(sealed), "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff");
    equal(hex(await subtle.decrypt(params, key, sealed)), hex(plain));
    equal((await subtle.encrypt(params, key, bytes(3))).byteLength, 3);
    for (const length of [0, 129]) {
        await rejects("OperationError", subtle.encrypt({ ...params, length }, key, plain));
    }
    await rejects(TypeError, subtle.encrypt({ ...params, length: 256 }, key, plain));
    await rejects("OperationError", subtle.encrypt({ ...params, length: 1 }, key, bytes(33)));
    await rejects("OperationError", subtle.encrypt({ ...params, counter: bytes(8) }, key, plain));
});

test("AES-GCM", async () => {
    const raw = unhex("feffe9928665731c6d6a8f9467308308");
    const iv = unhex("cafebabefacedbaddecaf888");
    const additionalData = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const plain = unhex("d9313225f88406e5a55909c5aff5269a");
    const key = await subtle.importKey("raw", raw, "AES-GCM", true, ["encrypt", "decrypt"]);
    const params = { name: "AES-GCM", iv, additionalData };
    const sealed = await subtle.encrypt(params, key, plain);
    equal(hex(sealed).slice(0, 32), "42831ec2217774244b7221b784d0d49c");
    equal(sealed.byteLength, 32);
    equal(hex(await subtle.decrypt(params, key, sealed)), hex(plain));
    for (const tagLength of [32, 64, 96, 104, 112, 120, 128]) {
        const short = await subtle.encrypt({ ...params, tagLength }, key, plain);
        equal(short.byteLength, 16 + tagLength / 8);
        equal(hex(short), hex(sealed).slice(0, 32 + tagLength / 4));
        equal(hex(await subtle.decrypt({ ...params, tagLength }, key, short)), hex(plain));
    }
    for (const tagLength of [0, 8, 33, 127, 129]) {
        await rejects("OperationError", subtle.encrypt({ ...params, tagLength }, key, plain));
    }
    await rejects("OperationError", subtle.decrypt({ name: "AES-GCM", iv }, key, sealed));
    await rejects("OperationError", subtle.decrypt(params, key, sealed.slice(0, 15)));
    await rejects("OperationError", subtle.encrypt({ ...params, iv: bytes(0) }, key, plain));
    equal((await subtle.encrypt({ ...params, iv: bytes(100) }, key, bytes(0))).byteLength, 16);
});

test("what is large comes back", async () => {
    const data = crypto.getRandomValues(bytes(65_536));
    const large = bytes(1_000_000);
    for (let at = 0; at < large.length; at += 65_536) {
        large.set(data.subarray(0, Math.min(65_536, large.length - at)), at);
    }
    for (const params of [
        { name: "AES-CBC", iv: bytes(16) },
        { name: "AES-CTR", counter: bytes(16).fill(255), length: 32 },
        { name: "AES-GCM", iv: bytes(12) },
    ]) {
        const algorithm = { name: params.name, length: 256 };
        const key = await subtle.generateKey(algorithm, false, ["encrypt", "decrypt"]);
        const sealed = await subtle.encrypt(params, key, large);
        const opened = new Uint8Array(await subtle.decrypt(params, key, sealed));
        equal(opened.length, large.length);
        ok(
            opened.every((byte, i) => byte === large[i]),
            params.name,
        );
    }
});

test("keys of AES", async () => {
    for (const [name, alg] of [
        ["AES-CBC", "A256CBC"],
        ["AES-CTR", "A256CTR"],
        ["AES-GCM", "A256GCM"],
        ["AES-KW", "A256KW"],
    ]) {
        const usages = ["wrapKey", "unwrapKey"];
        const key = await subtle.generateKey({ name, length: 256 }, true, usages);
        same(key.algorithm, { name, length: 256 });
        const jwk = await subtle.exportKey("jwk", key);
        same([jwk.kty, jwk.alg, jwk.ext], ["oct", alg, true]);
        const again = await subtle.importKey("jwk", jwk, name, true, usages);
        equal(hex(await subtle.exportKey("raw", again)), hex(await subtle.exportKey("raw", key)));
        const other = { ...jwk, alg: "A128CBC" };
        await rejects("DataError", subtle.importKey("jwk", other, name, true, usages));
        await rejects("DataError", subtle.importKey("raw", bytes(17), name, true, usages));
        await rejects("NotSupportedError", subtle.exportKey("spki", key));
    }
    await rejects("SyntaxError", subtle.importKey("raw", bytes(16), "AES-KW", true, ["encrypt"]));
});

// RFC 3394, 4.1
test("AES-KW", async () => {
    const raw = unhex("000102030405060708090a0b0c0d0e0f");
    const usages = ["wrapKey", "unwrapKey"];
    const wrapping = await subtle.importKey("raw", raw, "AES-KW", true, usages);
    const plain = unhex("00112233445566778899aabbccddeeff");
    const key = await subtle.importKey("raw", plain, "AES-GCM", true, ["encrypt"]);
    const wrapped = await subtle.wrapKey("raw", key, wrapping, "AES-KW");
    equal(hex(wrapped), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    const again = await subtle.unwrapKey("raw", wrapped, wrapping, "AES-KW", "AES-GCM", true, [
        "encrypt",
    ]);
    equal(hex(await subtle.exportKey("raw", again)), hex(plain));
    new Uint8Array(wrapped)[0] ^= 1;
    await rejects(
        "OperationError",
        subtle.unwrapKey("raw", wrapped, wrapping, "AES-KW", "AES-GCM", true, ["encrypt"]),
    );
    await rejects("NotSupportedError", subtle.encrypt("AES-KW", wrapping, bytes(16)));
});

export default worker;
