// Ed25519 and X25519. https://wicg.github.io/webcrypto-secure-curves/

import { INTERNAL } from "../webidl.js";
import { compute, parameters } from "./compute.js";
import { ecdhParams, nothing } from "./dictionaries.js";
import { agree } from "./ec.js";
import { dataError } from "./errors.js";
import { KeyAlgorithm, makeKey, requireType } from "./key.js";
import { ED25519, SIGN, VERIFY, X25519 } from "./names.js";
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

// Of a JWK, in the host's order; there is no y.
const MEMBERS = ["x", "y", "d"];

class Okp {
    hasRaw = true;

    constructor(name, number, ownParameters) {
        this.name = name;
        this.number = number;
        this.parameters = {
            __proto__: null,
            generateKey: nothing,
            importKey: nothing,
            ...ownParameters,
        };
    }

    async generateKey(_, extractable, usages) {
        requirePairUsages(this, usages);
        const algorithm = new KeyAlgorithm(this);
        return await generatePair(generation(this, []), algorithm, extractable, usages);
    }

    async importKey(_, format, data, extractable, usages) {
        const type = typeOf(this, format, data);
        requireHalfUsages(this, type, usages);
        if (format === "jwk") {
            checkPairJwk(this, data, "OKP", extractable, usages);
            if (data.crv !== this.name) {
                throw dataError(`The JWK's crv is not "${this.name}"`);
            }
        }
        const imported = await importHalf(this, 0, format, data, MEMBERS);
        const algorithm = new KeyAlgorithm(this);
        return makeKey(INTERNAL, type, extractable, algorithm, usages, imported[0]);
    }

    exportKey(record, format) {
        const more = { __proto__: null, crv: this.name, kty: "OKP" };
        return exportHalf(record, format, MEMBERS, more);
    }
}

class Ed25519 extends Okp {
    publicUsages = ["verify"];
    privateUsages = ["sign"];
    use = "sig";

    async sign(_, record, data) {
        requireType(record, "private");
        const { value } = await compute(signature(SIGN, record, [data]));
        return value;
    }

    async verify(_, record, signed, data) {
        requireType(record, "public");
        const { value } = await compute(signature(VERIFY, record, [data, signed]));
        return value;
    }
}

function signature(operation, record, inputs) {
    const given = parameters(operation, ED25519, record.handle);
    given.inputs = inputs;
    return given;
}

class X25519Agreement extends Okp {
    publicUsages = [];
    privateUsages = ["deriveKey", "deriveBits"];
    use = "enc";

    deriveBits(params, record, length) {
        return agree(params, record, length);
    }
}

export const ed25519 = new Ed25519("Ed25519", ED25519, { sign: nothing, verify: nothing });
export const x25519 = new X25519Agreement("X25519", X25519, { deriveBits: ecdhParams });
