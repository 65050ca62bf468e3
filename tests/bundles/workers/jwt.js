// jose: tokens signed and checked, by a secret and by a key pair, and encrypted ones.

import {
    EncryptJWT,
    SignJWT,
    base64url,
    calculateJwkThumbprint,
    decodeJwt,
    generateKeyPair,
    importJWK,
    jwtDecrypt,
    jwtVerify,
} from "jose";

const SECRET = new TextEncoder().encode("a secret of 32 bytes, as HS256 has it");
const TIME = 1_700_000_000;

function newToken() {
    return new SignJWT({ scope: "read" })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setIssuer("isoyard")
        .setIssuedAt(TIME)
        .setExpirationTime(TIME + 60);
}

async function signed() {
    const token = await newToken().sign(SECRET);
    const options = { issuer: "isoyard", currentDate: new Date(TIME * 1000) };
    const { payload, protectedHeader } = await jwtVerify(token, SECRET, options);
    return { token, payload, protectedHeader };
}

async function refused() {
    const token = await newToken().sign(SECRET);
    const [head, , signature] = token.split(".");
    const forged = `${head}.${base64url.encode('{"scope":"write"}')}.${signature}`;
    const errors = [];
    for (const [text, options] of [
        [forged, {}],
        [token, {}],
        [token, { issuer: "else", currentDate: new Date(TIME * 1000) }],
        ["a.b.c", {}],
    ]) {
        await jwtVerify(text, SECRET, options).catch(({ code, message }) =>
            errors.push({ code, message }),
        );
    }
    return errors;
}

async function pairs() {
    const checked = {};
    for (const algorithm of ["ES256", "RS256", "PS256", "EdDSA"]) {
        const { privateKey, publicKey } = await generateKeyPair(algorithm);
        const token = await new SignJWT({ a: algorithm })
            .setProtectedHeader({ alg: algorithm })
            .sign(privateKey);
        checked[algorithm] = (await jwtVerify(token, publicKey)).payload;
    }
    return checked;
}

async function encrypted() {
    const key = new Uint8Array(32).fill(7);
    const token = await new EncryptJWT({ secret: true })
        .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
        .encrypt(key);
    return (await jwtDecrypt(token, key)).payload;
}

async function imported() {
    const jwk = { kty: "oct", k: base64url.encode(SECRET), alg: "HS256" };
    const token = await newToken().sign(await importJWK(jwk));
    return { claims: decodeJwt(token), thumbprint: await calculateJwkThumbprint(jwk) };
}

const routes = { signed, refused, pairs, encrypted, imported };

export default {
    async fetch(request) {
        return Response.json(await routes[new URL(request.url).pathname.slice(1)]());
    },
};

export const requests = Object.keys(routes).map((name) => ({ url: `/${name}` }));
