// ECDSA and ECDH on P-256, P-384 and P-521. https://www.w3.org/TR/webcrypto/#ecdsa

import { INTERNAL } from "../webidl.js";
import { firstBits } from "./bits.js";
import { compute, parameters } from "./compute.js";
import { ecKeyParams, ecdhParams, hashedParams } from "./dictionaries.js";
import { accessError, dataError, unsupportedError } from "./errors.js";
import { requireJwkAlgorithm } from "./jwk.js";
import { KeyAlgorithm, makeKey, requireType } from "./key.js";
import { DERIVE, ECDH, ECDSA, SIGN, VERIFY } from "./names.js";
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

// As the host counts them, and what a JWK calls ECDSA on them.
const CURVES = { __proto__: null, "P-256": 1, "P-384": 2, "P-521": 3 };
const JWK_NAMES = { __proto__: null, "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" };

// Of a JWK, in the host's order.
const MEMBERS = ["x", "y", "d"];

function curveOf(namedCurve, error) {
    if (!(namedCurve in CURVES)) {
        throw error(`The curve "${namedCurve}" is not supported`);
    }
    return CURVES[namedCurve];
}

function algorithmOf(of, namedCurve) {
    const algorithm = new KeyAlgorithm(of);
    algorithm.namedCurve = namedCurve;
    return algorithm;
}

class Ec {
    hasRaw = true;

    constructor(name, number, ownParameters) {
        this.name = name;
        this.number = number;
        this.parameters = {
            __proto__: null,
            generateKey: ecKeyParams,
            importKey: ecKeyParams,
            ...ownParameters,
        };
    }

    async generateKey({ namedCurve }, extractable, usages) {
        requirePairUsages(this, usages);
        const given = generation(this, []);
        given.curve = curveOf(namedCurve, unsupportedError);
        return await generatePair(given, algorithmOf(this, namedCurve), extractable, usages);
    }

    async importKey({ namedCurve }, format, data, extractable, usages) {
        const type = typeOf(this, format, data);
        requireHalfUsages(this, type, usages);
        const curve = curveOf(namedCurve, dataError);
        if (format === "jwk") {
            checkPairJwk(this, data, "EC", extractable, usages);
            if (data.crv !== namedCurve) {
                throw dataError(`The JWK's crv is not "${namedCurve}"`);
            }
            this.checkJwkAlgorithm(data, namedCurve);
        }
        const imported = await importHalf(this, curve, format, data, MEMBERS);
        const algorithm = algorithmOf(this, namedCurve);
        return makeKey(INTERNAL, type, extractable, algorithm, usages, imported[0]);
    }

    exportKey(record, format) {
        const crv = record.algorithm.namedCurve;
        return exportHalf(record, format, MEMBERS, { __proto__: null, crv, kty: "EC" });
    }
}

class Ecdsa extends Ec {
    publicUsages = ["verify"];
    privateUsages = ["sign"];
    use = "sig";

    checkJwkAlgorithm(jwk, namedCurve) {
        requireJwkAlgorithm(jwk, JWK_NAMES[namedCurve]);
    }

    async #run(operation, hash, record, inputs) {
        const given = parameters(operation, ECDSA, record.handle);
        given.hash = hash.hash;
        given.inputs = inputs;
        const { value } = await compute(given);
        return value;
    }

    async sign({ hash }, record, data) {
        requireType(record, "private");
        return await this.#run(SIGN, hash, record, [data]);
    }

    async verify({ hash }, record, signature, data) {
        requireType(record, "public");
        return await this.#run(VERIFY, hash, record, [data, signature]);
    }
}

// What two keys of an algorithm agree on: of ECDH and X25519.
export async function agree(params, record, length) {
    const peer = params.public;
    requireType(record, "private");
    requireType(peer, "public");
    if (peer.algorithm.of !== record.algorithm.of) {
        throw accessError("The public key is one of another algorithm");
    }
    if (peer.algorithm.namedCurve !== record.algorithm.namedCurve) {
        throw accessError("The public key is one of another curve");
    }
    const given = parameters(DERIVE, record.algorithm.of.number, record.handle);
    given.peer = peer.handle;
    given.inputs = [];
    const { value } = await compute(given);
    return firstBits(value, length);
}

class Ecdh extends Ec {
    publicUsages = [];
    privateUsages = ["deriveKey", "deriveBits"];
    use = "enc";

    checkJwkAlgorithm() {}

    deriveBits(params, record, length) {
        return agree(params, record, length);
    }
}

export const ecdsa = new Ecdsa("ECDSA", ECDSA, { sign: hashedParams, verify: hashedParams });
export const ecdh = new Ecdh("ECDH", ECDH, { deriveBits: ecdhParams });
