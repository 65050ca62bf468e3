// RSASSA-PKCS1-v1_5, RSA-PSS, RSA-OAEP. https://www.w3.org/TR/webcrypto/#rsassa-pkcs1

import { Uint8Array } from "../primordials.js";
import { INTERNAL } from "../webidl.js";
import { compute, parameters } from "./compute.js";
import {
    hashedParams,
    nothing,
    rsaKeyGenParams,
    rsaOaepParams,
    rsaPssParams,
} from "./dictionaries.js";
import { requireJwkAlgorithm } from "./jwk.js";
import { KeyAlgorithm, makeKey, requireType } from "./key.js";
import { DECRYPT, ENCRYPT, RSASSA_PKCS1, RSA_OAEP, RSA_PSS, SIGN, VERIFY } from "./names.js";
import {
    checkPairJwk,
    exportHalf,
    generatePair,
    generation,
    importHalf,
    requireHalfUsages,
    requirePairUsages,
    typeOf,
} from "./pair.js";

// Of a JWK, in the host's order.
const MEMBERS = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

function algorithmOf(of, hash, modulusLength, publicExponent) {
    const algorithm = new KeyAlgorithm(of);
    algorithm.hash = hash;
    algorithm.modulusLength = modulusLength;
    algorithm.publicExponent = publicExponent;
    return algorithm;
}

async function run(operation, record, length, inputs) {
    const given = parameters(operation, record.algorithm.of.number, record.handle);
    given.hash = record.algorithm.hash.hash;
    given.length = length;
    given.inputs = inputs;
    const { value } = await compute(given);
    return value;
}

class Rsa {
    hasRaw = false;

    constructor(name, number, ownParameters) {
        this.name = name;
        this.number = number;
        this.parameters = {
            __proto__: null,
            generateKey: rsaKeyGenParams,
            importKey: hashedParams,
            ...ownParameters,
        };
    }

    async generateKey({ modulusLength, publicExponent, hash }, extractable, usages) {
        requirePairUsages(this, usages);
        const given = generation(this, [publicExponent]);
        given.length = modulusLength;
        const algorithm = algorithmOf(this, hash, modulusLength, publicExponent);
        return await generatePair(given, algorithm, extractable, usages);
    }

    async importKey({ hash }, format, data, extractable, usages) {
        const type = typeOf(this, format, data);
        requireHalfUsages(this, type, usages);
        if (format === "jwk") {
            checkPairJwk(this, data, "RSA", extractable, usages);
            requireJwkAlgorithm(data, this.jwkName(hash));
        }
        const imported = await importHalf(this, 0, format, data, MEMBERS);
        const algorithm = algorithmOf(this, hash, imported[1], new Uint8Array(imported[2]));
        return makeKey(INTERNAL, type, extractable, algorithm, usages, imported[0]);
    }

    exportKey(record, format) {
        const more = { __proto__: null, alg: this.jwkName(record.algorithm.hash), kty: "RSA" };
        return exportHalf(record, format, MEMBERS, more);
    }
}

class RsaSignature extends Rsa {
    publicUsages = ["verify"];
    privateUsages = ["sign"];
    use = "sig";

    constructor(name, number, jwkPrefix, signParams) {
        super(name, number, { sign: signParams, verify: signParams });
        this.jwkPrefix = jwkPrefix;
    }

    jwkName(hash) {
        return this.jwkPrefix + hash.suffix;
    }

    async sign({ saltLength = 0 }, record, data) {
        requireType(record, "private");
        return await run(SIGN, record, saltLength, [data]);
    }

    async verify({ saltLength = 0 }, record, signature, data) {
        requireType(record, "public");
        return await run(VERIFY, record, saltLength, [data, signature]);
    }
}

class RsaOaep extends Rsa {
    publicUsages = ["encrypt", "wrapKey"];
    privateUsages = ["decrypt", "unwrapKey"];
    use = "enc";

    jwkName(hash) {
        return hash.suffix === "1" ? "RSA-OAEP" : `RSA-OAEP-${hash.suffix}`;
    }

    async encrypt({ label }, record, data) {
        requireType(record, "public");
        return await run(ENCRYPT, record, 0, [data, label]);
    }

    async decrypt({ label }, record, data) {
        requireType(record, "private");
        return await run(DECRYPT, record, 0, [data, label]);
    }
}

export const rsaPkcs1 = new RsaSignature("RSASSA-PKCS1-v1_5", RSASSA_PKCS1, "RS", nothing);
export const rsaPss = new RsaSignature("RSA-PSS", RSA_PSS, "PS", rsaPssParams);
export const rsaOaep = new RsaOaep("RSA-OAEP", RSA_OAEP, {
    encrypt: rsaOaepParams,
    decrypt: rsaOaepParams,
});
