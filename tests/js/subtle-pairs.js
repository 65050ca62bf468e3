// crypto.subtle: RSA, ECDSA, Ed25519, and the formats of their keys.

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

const E = new Uint8Array([1, 0, 1]);

function rsaOf(name, hash = "SHA-256", modulusLength = 1024) {
    return { name, hash, modulusLength, publicExponent: E };
}

const SIGNATURES = [
    [rsaOf("RSASSA-PKCS1-v1_5"), {}],
    [rsaOf("RSASSA-PKCS1-v1_5", "SHA-512"), {}],
    [rsaOf("RSA-PSS"), { saltLength: 32 }],
    [rsaOf("RSA-PSS", "SHA-1"), { saltLength: 0 }],
    [{ name: "ECDSA", namedCurve: "P-256" }, { hash: "SHA-256" }],
    [{ name: "ECDSA", namedCurve: "P-384" }, { hash: "SHA-1" }],
    [{ name: "ECDSA", namedCurve: "P-521" }, { hash: { name: "SHA-512" } }],
    [{ name: "Ed25519" }, {}],
];

// One of 256 signatures begins with a zero, without which it is the same number.
test("a signature without its leading zero is none", async () => {
    const algorithm = rsaOf("RSA-PSS", "SHA-1");
    const { privateKey, publicKey } = await subtle.generateKey(algorithm, false, ["sign", "verify"]);
    const params = { name: "RSA-PSS", saltLength: 0 };
    for (let i = 0; i < 2000; i++) {
        const data = utf8(`data ${i}`);
        const signature = await subtle.sign(params, privateKey, data);
        if (new Uint8Array(signature)[0] !== 0) continue;
        equal(await subtle.verify(params, publicKey, signature, data), true);
        equal(await subtle.verify(params, publicKey, signature.slice(1), data), false);
        return;
    }
});

test("signatures", async () => {
    const data = utf8("data");
    for (const [algorithm, more] of SIGNATURES) {
        const what = JSON.stringify(algorithm);
        const { privateKey, publicKey } = await subtle.generateKey(algorithm, false, [
            "sign",
            "verify",
        ]);
        const params = { name: algorithm.name, ...more };
        const signature = await subtle.sign(params, privateKey, data);
        equal(await subtle.verify(params, publicKey, signature, data), true, what);
        equal(await subtle.verify(params, publicKey, signature, utf8("dat")), false, what);
        equal(await subtle.verify(params, publicKey, signature.slice(1), data), false, what);
        equal(await subtle.verify(params, publicKey, bytes(0), data), false, what);
        new Uint8Array(signature)[5] ^= 1;
        equal(await subtle.verify(params, publicKey, signature, data), false, what);
        await rejects("InvalidAccessError", subtle.sign(params, publicKey, data), what);
        await rejects("InvalidAccessError", subtle.verify(params, privateKey, signature, data));
    }
});

test("what a pair is", async () => {
    for (const [algorithm] of SIGNATURES) {
        const pair = await subtle.generateKey(algorithm, false, ["sign", "verify"]);
        same(Object.keys(pair), ["privateKey", "publicKey"]);
        const { privateKey, publicKey } = pair;
        same([privateKey.type, privateKey.extractable], ["private", false]);
        same([publicKey.type, publicKey.extractable], ["public", true]);
        same([privateKey.usages, publicKey.usages], [["sign"], ["verify"]]);
        const { publicExponent, ...rest } = publicKey.algorithm;
        const { publicExponent: wanted, ...others } = algorithm;
        if (typeof others.hash === "string") {
            others.hash = { name: others.hash };
        }
        same(rest, others);
        equal(hex(publicExponent ?? []), hex(wanted ?? []));
        await rejects("InvalidAccessError", subtle.exportKey("pkcs8", privateKey));
    }
});

test("formats there and back", async () => {
    const formats = { private: ["pkcs8", "jwk"], public: ["spki", "jwk", "raw"] };
    const kinds = [
        ...SIGNATURES.map(([algorithm]) => [algorithm, ["sign", "verify"]]),
        [rsaOf("RSA-OAEP"), ["encrypt", "decrypt", "wrapKey", "unwrapKey"]],
        [{ name: "ECDH", namedCurve: "P-384" }, ["deriveBits"]],
        [{ name: "X25519" }, ["deriveBits"]],
    ];
    for (const [algorithm, usages] of kinds) {
        const pair = await subtle.generateKey(algorithm, true, usages);
        for (const key of [pair.privateKey, pair.publicKey]) {
            for (const format of formats[key.type]) {
                if (format === "raw" && algorithm.modulusLength !== undefined) {
                    await rejects("NotSupportedError", subtle.exportKey("raw", key));
                    continue;
                }
                const data = await subtle.exportKey(format, key);
                const again = await subtle.importKey(format, data, algorithm, true, key.usages);
                const twice = await subtle.exportKey(format, again);
                const what = `${algorithm.name} ${key.type} ${format}`;
                same([again.type, again.usages], [key.type, key.usages], what);
                equal(JSON.stringify(again.algorithm), JSON.stringify(key.algorithm), what);
                if (format === "jwk") {
                    same(twice, data, what);
                } else {
                    equal(hex(twice), hex(data), what);
                }
            }
        }
        await rejects("InvalidAccessError", subtle.exportKey("spki", pair.privateKey));
        await rejects("InvalidAccessError", subtle.exportKey("pkcs8", pair.publicKey));
    }
});

test("RSA-OAEP", async () => {
    for (const hash of ["SHA-1", "SHA-256"]) {
        const usages = ["encrypt", "decrypt"];
        const pair = await subtle.generateKey(rsaOf("RSA-OAEP", hash), false, usages);
        const label = utf8("label");
        const sealed = await subtle.encrypt({ name: "RSA-OAEP", label }, pair.publicKey, utf8("x"));
        equal(sealed.byteLength, 128);
        const opened = await subtle.decrypt({ name: "RSA-OAEP", label }, pair.privateKey, sealed);
        equal(hex(opened), "78");
        await rejects("OperationError", subtle.decrypt("RSA-OAEP", pair.privateKey, sealed));
        await rejects("OperationError", subtle.encrypt("RSA-OAEP", pair.publicKey, bytes(127)));
        await rejects("OperationError", subtle.decrypt("RSA-OAEP", pair.privateKey, bytes(3)));
        await rejects("InvalidAccessError", subtle.encrypt("RSA-OAEP", pair.privateKey, bytes(1)));
        const plain = await subtle.encrypt("RSA-OAEP", pair.publicKey, bytes(0));
        equal((await subtle.decrypt("RSA-OAEP", pair.privateKey, plain)).byteLength, 0);
    }
});

test("what RSA is not made of", async () => {
    const usages = ["sign", "verify"];
    const make = (more) => subtle.generateKey({ ...rsaOf("RSA-PSS"), ...more }, true, usages);
    for (const exponent of [[], [0], [1], [2], [1, 0, 0]]) {
        await rejects("OperationError", make({ publicExponent: new Uint8Array(exponent) }));
    }
    for (const modulusLength of [0, 511, 8193, 100000]) {
        await rejects("OperationError", make({ modulusLength }));
    }
    await rejects(TypeError, make({ publicExponent: [1, 0, 1] }));
    await rejects(TypeError, make({ publicExponent: E.buffer }));
    await rejects(TypeError, make({ hash: undefined }));
    await rejects("NotSupportedError", make({ hash: "MD5" }));
    const pair = await make({ publicExponent: new Uint8Array([3]) });
    equal(hex(pair.publicKey.algorithm.publicExponent), "03");
});

test("salts of RSA-PSS", async () => {
    const pair = await subtle.generateKey(rsaOf("RSA-PSS"), true, ["sign", "verify"]);
    const sign = (saltLength) =>
        subtle.sign({ name: "RSA-PSS", saltLength }, pair.privateKey, bytes(1));
    const most = 128 - 32 - 2;
    const signature = await sign(most);
    const verify = (saltLength) =>
        subtle.verify({ name: "RSA-PSS", saltLength }, pair.publicKey, signature, bytes(1));
    equal(await verify(most), true);
    equal(await verify(most - 1), false);
    await rejects("OperationError", sign(most + 1));
    await rejects("OperationError", sign(2 ** 32 - 1));
    await rejects(TypeError, sign(undefined));
});

test("JWKs of pairs", async () => {
    const make = async (algorithm, usages) =>
        subtle.exportKey("jwk", (await subtle.generateKey(algorithm, true, usages)).privateKey);
    const signing = ["sign", "verify"];
    for (const [hash, suffix] of [
        ["SHA-1", "1"],
        ["SHA-256", "256"],
        ["SHA-384", "384"],
        ["SHA-512", "512"],
    ]) {
        equal((await make(rsaOf("RSASSA-PKCS1-v1_5", hash), signing)).alg, `RS${suffix}`);
        equal((await make(rsaOf("RSA-PSS", hash), signing)).alg, `PS${suffix}`);
    }
    equal((await make(rsaOf("RSA-OAEP", "SHA-1"), ["decrypt"])).alg, "RSA-OAEP");
    equal((await make(rsaOf("RSA-OAEP", "SHA-384"), ["decrypt"])).alg, "RSA-OAEP-384");
    const rsa = await make(rsaOf("RSA-PSS"), signing);
    same(Object.keys(rsa), [
        ...["alg", "d", "dp", "dq", "e", "ext", "key_ops", "kty", "n", "p", "q", "qi"],
    ]);
    equal(rsa.e, "AQAB");
    const ec = await make({ name: "ECDSA", namedCurve: "P-521" }, signing);
    same(Object.keys(ec), ["crv", "d", "ext", "key_ops", "kty", "x", "y"]);
    same([ec.crv, ec.kty, ec.d.length], ["P-521", "EC", 88]);
    const okp = await make({ name: "Ed25519" }, signing);
    same(Object.keys(okp), ["crv", "d", "ext", "key_ops", "kty", "x"]);
    same([okp.crv, okp.kty], ["Ed25519", "OKP"]);
});

test("JWKs of RSA that are none", async () => {
    const algorithm = rsaOf("RSASSA-PKCS1-v1_5");
    const pair = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const jwk = await subtle.exportKey("jwk", pair.privateKey);
    const load = (more, usages = ["sign"]) =>
        subtle.importKey("jwk", { ...jwk, ...more }, algorithm, true, usages);
    await load({});
    await load({ alg: undefined, ext: undefined, key_ops: undefined });
    for (const wrong of [
        { kty: "EC" },
        { alg: "RS1" },
        { use: "enc" },
        { n: undefined },
        { e: undefined },
        { e: "AA" },
        { p: undefined },
        { qi: undefined },
        { p: jwk.q, q: jwk.p },
        { d: jwk.dp },
        { dp: jwk.dq },
        { n: `${jwk.n}=` },
        { d: "" },
        { oth: [{ r: "AQ", d: "AQ", t: "AQ" }] },
    ]) {
        await rejects("DataError", load(wrong), JSON.stringify(wrong));
    }
    await rejects("SyntaxError", load({}, ["verify"]));
    await rejects("SyntaxError", load({}, []));
    const { n, e, kty } = jwk;
    const open = await subtle.importKey("jwk", { n, e, kty }, algorithm, true, ["verify"]);
    equal(open.type, "public");
    equal(open.algorithm.modulusLength, 1024);
    await rejects("SyntaxError", subtle.importKey("jwk", { n, e, kty }, algorithm, true, ["sign"]));
});

test("keys of curves that are none", async () => {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const pair = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const jwk = await subtle.exportKey("jwk", pair.privateKey);
    const load = (more, usages = ["sign"], other = algorithm) =>
        subtle.importKey("jwk", { ...jwk, ...more }, other, true, usages);
    await load({ alg: "ES256" });
    for (const wrong of [
        { kty: "OKP" },
        { crv: "P-384" },
        { crv: undefined },
        { alg: "ES384" },
        { x: undefined },
        { y: jwk.x },
        { x: jwk.x.slice(4) },
        { d: jwk.x },
        { d: "AAAA" },
    ]) {
        await rejects("DataError", load(wrong), JSON.stringify(wrong));
    }
    await rejects("DataError", load({}, ["sign"], { ...algorithm, namedCurve: "P-384" }));
    await rejects("SyntaxError", load({}, ["verify"]));
    await rejects("DataError", load({}, ["sign"], { ...algorithm, namedCurve: "P-192" }));
    await rejects(
        "NotSupportedError",
        subtle.generateKey({ name: "ECDSA", namedCurve: "secp256k1" }, true, ["sign"]),
    );
    const raw = await subtle.exportKey("raw", pair.publicKey);
    equal(raw.byteLength, 65);
    new Uint8Array(raw)[64] ^= 1;
    await rejects("DataError", subtle.importKey("raw", raw, algorithm, true, ["verify"]));
    await rejects("DataError", subtle.importKey("raw", bytes(65), algorithm, true, ["verify"]));
    await rejects("SyntaxError", subtle.importKey("raw", raw, algorithm, true, ["sign"]));
    const okp = await subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    const okpJwk = await subtle.exportKey("jwk", okp.privateKey);
    for (const wrong of [{ crv: "X25519" }, { x: okpJwk.d }, { x: "AA" }, { d: "AA" }]) {
        const changed = { ...okpJwk, ...wrong };
        await rejects("DataError", subtle.importKey("jwk", changed, "Ed25519", true, ["sign"]));
    }
    await rejects("DataError", subtle.importKey("raw", bytes(31), "Ed25519", true, ["verify"]));
});

// RFC 6979, A.2.5; RFC 8032, 7.1
test("what others have signed", async () => {
    const spki = unhex(
        "3059301306072a8648ce3d020106082a8648ce3d03010703420004" +
            "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    );
    const signature = unhex(
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    );
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const key = await subtle.importKey("spki", spki, algorithm, true, ["verify"]);
    equal(await subtle.verify(algorithm, key, signature, utf8("sample")), true);
    const secret = unhex(
        "302e020100300506032b657004220420" +
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    );
    const ed25519 = await subtle.importKey("pkcs8", secret, "Ed25519", true, ["sign"]);
    equal(
        hex(await subtle.sign("Ed25519", ed25519, bytes(0))),
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e" +
            "39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    );
    const { x } = await subtle.exportKey("jwk", ed25519);
    equal(x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    ok(ed25519.extractable);
});

export default worker;
