// HKDF and PBKDF2. https://www.w3.org/TR/webcrypto/#hkdf

import { INTERNAL } from "../webidl.js";
import { compute, parameters } from "./compute.js";
import { hkdfParams, nothing, pbkdf2Params } from "./dictionaries.js";
import { operationError, unsupportedError, usageError } from "./errors.js";
import { KeyAlgorithm, makeKey, requireUsages } from "./key.js";
import { DERIVE, FORMATS, HKDF, IMPORT, PBKDF2 } from "./names.js";

const USAGES = ["deriveKey", "deriveBits"];

class Derivation {
    constructor(name, number, deriveParams) {
        this.name = name;
        this.number = number;
        this.parameters = {
            __proto__: null,
            deriveBits: deriveParams,
            importKey: nothing,
            "get key length": nothing,
        };
    }

    async importKey(_, format, data, extractable, usages) {
        if (format !== "raw") {
            throw unsupportedError(`A key of ${this.name} cannot be imported as ${format}`);
        }
        requireUsages(usages, USAGES);
        if (extractable) {
            throw usageError(`A key of ${this.name} cannot be extractable`);
        }
        const given = parameters(IMPORT, this.number);
        given.format = FORMATS.raw;
        given.inputs = [data];
        const { value } = await compute(given);
        return makeKey(INTERNAL, "secret", false, new KeyAlgorithm(this), usages, value[0]);
    }

    getKeyLength() {
        return null;
    }

    async run(record, hash, iterations, length, inputs) {
        if (length === null || length % 8 !== 0) {
            throw operationError("The length is not a multiple of 8");
        }
        const given = parameters(DERIVE, this.number, record.handle);
        given.hash = hash.hash;
        given.iterations = iterations;
        given.length = length;
        given.inputs = inputs;
        const { value } = await compute(given);
        return value;
    }
}

class Hkdf extends Derivation {
    deriveBits({ hash, info, salt }, record, length) {
        return this.run(record, hash, 0, length, [salt, info]);
    }
}

class Pbkdf2 extends Derivation {
    async deriveBits({ hash, iterations, salt }, record, length) {
        if (iterations === 0) {
            throw operationError("There must be an iteration");
        }
        return await this.run(record, hash, iterations, length, [salt]);
    }
}

export const hkdf = new Hkdf("HKDF", HKDF, hkdfParams);
export const pbkdf2 = new Pbkdf2("PBKDF2", PBKDF2, pbkdf2Params);
