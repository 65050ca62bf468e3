// What takes long of crypto.subtle, at a request.

const { subtle } = crypto;
const exponent = new Uint8Array([1, 0, 1]);

async function sign(modulusLength) {
    const algorithm = {
        name: "RSASSA-PKCS1-v1_5",
        hash: "SHA-256",
        modulusLength,
        publicExponent: exponent,
    };
    const pair = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const data = new TextEncoder().encode("data");
    const signature = await subtle.sign(algorithm.name, pair.privateKey, data);
    const spki = await subtle.exportKey("spki", pair.publicKey);
    const isValid = await subtle.verify(algorithm.name, pair.publicKey, signature, data);
    return { isValid, bits: signature.byteLength * 8, spki: spki.byteLength };
}

async function derive(iterations) {
    const raw = new TextEncoder().encode("password");
    const key = await subtle.importKey("raw", raw, "PBKDF2", false, ["deriveBits"]);
    const params = { name: "PBKDF2", hash: "SHA-256", salt: raw, iterations };
    return { bytes: (await subtle.deriveBits(params, key, 256)).byteLength };
}

export default {
    async fetch(request) {
        const { pathname, searchParams } = new URL(request.url);
        const count = Number(searchParams.get("n"));
        return Response.json(pathname === "/sign" ? await sign(count) : await derive(count));
    },
};
