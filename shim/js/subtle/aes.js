// AES-CBC, AES-CTR, AES-GCM, AES-KW. https://www.w3.org/TR/webcrypto/#aes-cbc and what follows

import { stringSlice, typedArrayLength } from "../primordials.js";
import { compute, parameters } from "./compute.js";
import { aesCbcParams, aesCtrParams, aesGcmParams, aesKeyParams, nothing } from "./dictionaries.js";
import { dataError, operationError } from "./errors.js";
import { requireJwkAlgorithm } from "./jwk.js";
import { requireUsages } from "./key.js";
import { AES_CBC, AES_CTR, AES_GCM, AES_KW, DECRYPT, ENCRYPT } from "./names.js";
import { exportSecret, generateSecret, importSecret, makeSecret } from "./secret.js";

const BLOCK_BYTES = 16;
const TAG_BITS = { __proto__: null, 32: 1, 64: 1, 96: 1, 104: 1, 112: 1, 120: 1, 128: 1 };
const KEY_BITS = { __proto__: null, 128: 1, 192: 1, 256: 1 };

// "A128GCM"
function jwkName(of, length) {
    return `A${length}${stringSlice(of.name, 4)}`;
}

function requireLength(length, error) {
    if (!(length in KEY_BITS)) {
        throw error(`An AES key has 128, 192 or 256 bits, not ${length}`);
    }
}

async function run(operation, record, length, inputs) {
    const given = parameters(operation, record.algorithm.of.number, record.handle);
    given.length = length;
    given.inputs = inputs;
    const { value } = await compute(given);
    return value;
}

class Aes {
    constructor(name, number, usages, ownParameters) {
        this.name = name;
        this.number = number;
        this.usages = usages;
        this.parameters = {
            __proto__: null,
            generateKey: aesKeyParams,
            importKey: nothing,
            "get key length": aesKeyParams,
            ...ownParameters,
        };
    }

    async generateKey({ length }, extractable, usages) {
        requireUsages(usages, this.usages);
        requireLength(length, operationError);
        const handle = await generateSecret(this, length);
        return makeSecret(this, undefined, length, extractable, usages, handle);
    }

    async importKey(_, format, data, extractable, usages) {
        requireUsages(usages, this.usages);
        const imported = await importSecret(this, format, data, "enc", extractable, usages);
        const { handle, length } = imported;
        requireLength(length, dataError);
        if (format === "jwk") {
            requireJwkAlgorithm(data, jwkName(this, length));
        }
        return makeSecret(this, undefined, length, extractable, usages, handle);
    }

    exportKey(record, format) {
        return exportSecret(record, format, jwkName(this, record.algorithm.length));
    }

    getKeyLength({ length }) {
        requireLength(length, operationError);
        return length;
    }
}

const DATA_USAGES = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];

class AesCbc extends Aes {
    async #run(operation, { iv }, record, data) {
        if (typedArrayLength(iv) !== BLOCK_BYTES) {
            throw operationError("The iv does not have 16 bytes");
        }
        return await run(operation, record, 0, [data, iv]);
    }

    encrypt(params, record, data) {
        return this.#run(ENCRYPT, params, record, data);
    }

    decrypt(params, record, data) {
        return this.#run(DECRYPT, params, record, data);
    }
}

class AesCtr extends Aes {
    async #run(operation, { counter, length }, record, data) {
        if (typedArrayLength(counter) !== BLOCK_BYTES) {
            throw operationError("The counter does not have 16 bytes");
        }
        if (length === 0 || length > 128) {
            throw operationError("The counter's length is not from 1 to 128");
        }
        return await run(operation, record, length, [data, counter]);
    }

    encrypt(params, record, data) {
        return this.#run(ENCRYPT, params, record, data);
    }

    decrypt(params, record, data) {
        return this.#run(DECRYPT, params, record, data);
    }
}

class AesGcm extends Aes {
    async #run(operation, { additionalData, iv, tagLength = 128 }, record, data) {
        if (!(tagLength in TAG_BITS)) {
            throw operationError(`A tag cannot have ${tagLength} bits`);
        }
        return await run(operation, record, tagLength, [data, iv, additionalData]);
    }

    encrypt(params, record, data) {
        return this.#run(ENCRYPT, params, record, data);
    }

    decrypt(params, record, data) {
        return this.#run(DECRYPT, params, record, data);
    }
}

class AesKw extends Aes {
    wrapKey(_, record, data) {
        return run(ENCRYPT, record, 0, [data]);
    }

    unwrapKey(_, record, data) {
        return run(DECRYPT, record, 0, [data]);
    }
}

function forData(params) {
    return { encrypt: params, decrypt: params };
}

export const aesCbc = new AesCbc("AES-CBC", AES_CBC, DATA_USAGES, forData(aesCbcParams));
export const aesCtr = new AesCtr("AES-CTR", AES_CTR, DATA_USAGES, forData(aesCtrParams));
export const aesGcm = new AesGcm("AES-GCM", AES_GCM, DATA_USAGES, forData(aesGcmParams));
export const aesKw = new AesKw("AES-KW", AES_KW, ["wrapKey", "unwrapKey"], {
    wrapKey: nothing,
    unwrapKey: nothing,
});
