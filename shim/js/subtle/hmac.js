// HMAC. https://www.w3.org/TR/webcrypto/#hmac

import { TypeError } from "../primordials.js";
import { compute, parameters } from "./compute.js";
import { hmacParams, nothing } from "./dictionaries.js";
import { dataError, operationError } from "./errors.js";
import { requireJwkAlgorithm } from "./jwk.js";
import { requireUsages } from "./key.js";
import { HMAC, SIGN, VERIFY } from "./names.js";
import { exportSecret, generateSecret, importSecret, makeSecret } from "./secret.js";

const USAGES = ["sign", "verify"];

function jwkName(hash) {
    return `HS${hash.suffix}`;
}

async function run(operation, record, inputs) {
    const given = parameters(operation, HMAC, record.handle);
    given.hash = record.algorithm.hash.hash;
    given.inputs = inputs;
    const { value } = await compute(given);
    return value;
}

export const hmac = {
    __proto__: null,
    name: "HMAC",
    number: HMAC,
    parameters: {
        __proto__: null,
        sign: nothing,
        verify: nothing,
        generateKey: hmacParams,
        importKey: hmacParams,
        "get key length": hmacParams,
    },

    sign(_, record, data) {
        return run(SIGN, record, [data]);
    },

    verify(_, record, signature, data) {
        return run(VERIFY, record, [data, signature]);
    },

    async generateKey({ hash, length }, extractable, usages) {
        requireUsages(usages, USAGES);
        const bits = length ?? hash.blockBits;
        if (bits === 0) {
            throw operationError("A key cannot be empty");
        }
        const handle = await generateSecret(hmac, bits);
        return makeSecret(hmac, hash, bits, extractable, usages, handle);
    },

    async importKey({ hash, length }, format, data, extractable, usages) {
        requireUsages(usages, USAGES);
        if (format === "jwk") {
            requireJwkAlgorithm(data, jwkName(hash));
        }
        const imported = await importSecret(hmac, format, data, "sig", extractable, usages, length);
        if (imported.length === 0 || length === 0) {
            throw dataError("A key cannot be empty");
        }
        return makeSecret(hmac, hash, imported.length, extractable, usages, imported.handle);
    },

    exportKey(record, format) {
        return exportSecret(record, format, jwkName(record.algorithm.hash));
    },

    getKeyLength({ hash, length }) {
        if (length === 0) {
            throw new TypeError("A key cannot be empty");
        }
        return length ?? hash.blockBits;
    },
};
