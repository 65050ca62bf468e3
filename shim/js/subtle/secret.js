// What AES and HMAC have in common: keys that are bytes.

import { INTERNAL } from "../webidl.js";
import { compute, parameters } from "./compute.js";
import { dataError, unsupportedError } from "./errors.js";
import { checkJwk, makeJwk } from "./jwk.js";
import { KeyAlgorithm, makeKey } from "./key.js";
import { EXPORT, FORMATS, GENERATE, IMPORT } from "./names.js";

export async function generateSecret(algorithm, length) {
    const given = parameters(GENERATE, algorithm.number);
    given.length = length;
    given.inputs = [];
    const { value } = await compute(given);
    return value[0];
}

// {handle, length} of a raw key, or of a JWK whose other members are checked here. bits: how long
// it is to be, if that is said, in the last byte that there is.
export async function importSecret(algorithm, format, data, use, extractable, usages, bits = 0) {
    const given = parameters(IMPORT, algorithm.number);
    given.length = bits;
    if (format === "jwk") {
        checkJwk(data, "oct", use, extractable, usages);
        if (data.k === undefined) {
            throw dataError("The JWK has no k");
        }
        given.inputs = [data.k];
    } else if (format === "raw") {
        given.inputs = [data];
    } else {
        throw unsupportedError(`A secret cannot be imported as ${format}`);
    }
    given.format = FORMATS[format];
    const { value } = await compute(given);
    return { __proto__: null, handle: value[0], length: value[1] };
}

export async function exportSecret(record, format, alg) {
    const given = parameters(EXPORT, record.algorithm.of.number, record.handle);
    if (format !== "raw" && format !== "jwk") {
        throw unsupportedError(`A secret cannot be exported as ${format}`);
    }
    given.format = FORMATS[format];
    given.inputs = [];
    const { value } = await compute(given);
    if (format === "raw") {
        return value;
    }
    return makeJwk(record, { __proto__: null, alg, k: value[0], kty: "oct" });
}

export function makeSecret(of, hash, length, extractable, usages, handle) {
    const algorithm = new KeyAlgorithm(of);
    algorithm.hash = hash;
    algorithm.length = length;
    return makeKey(INTERNAL, "secret", extractable, algorithm, usages, handle);
}
