// What RSA and the curves have in common: keys that come in pairs. An algorithm of such a family
// has `publicUsages` and `privateUsages`: what its halves can do; and `use`: what JWKs say of that.

import { INTERNAL } from "../webidl.js";
import { compute, parameters } from "./compute.js";
import { accessError, dataError, unsupportedError, usageError } from "./errors.js";
import { checkJwk, makeJwk } from "./jwk.js";
import { common, includes, makeKey, requireUsages } from "./key.js";
import { EXPORT, FORMATS, GENERATE, IMPORT } from "./names.js";

// Of a new pair.
export function requirePairUsages(of, usages) {
    for (let i = 0; i < usages.length; i++) {
        if (!includes(of.publicUsages, usages[i]) && !includes(of.privateUsages, usages[i])) {
            throw usageError(`A key of ${of.name} cannot have the usage "${usages[i]}"`);
        }
    }
}

// A CryptoKeyPair. given: what the host is asked for; algorithm: the keys'.
export async function generatePair(given, algorithm, extractable, usages) {
    const { publicUsages, privateUsages } = algorithm.of;
    const { value } = await compute(given);
    const secret = common(privateUsages, usages);
    const open = common(publicUsages, usages);
    return {
        privateKey: makeKey(INTERNAL, "private", extractable, algorithm, secret, value[0]),
        publicKey: makeKey(INTERNAL, "public", true, algorithm, open, value[1]),
    };
}

export function generation(of, inputs) {
    const given = parameters(GENERATE, of.number);
    given.inputs = inputs;
    return given;
}

// Which half of a pair the data is. Raw data is public, where there is any.
export function typeOf(of, format, data) {
    switch (format) {
        case "pkcs8":
            return "private";
        case "jwk":
            return data.d !== undefined ? "private" : "public";
        case "raw":
            if (!of.hasRaw) {
                throw unsupportedError(`A key of ${of.name} cannot be imported as raw`);
            }
            return "public";
        default:
            return "public";
    }
}

export function requireHalfUsages(of, type, usages) {
    requireUsages(usages, type === "private" ? of.privateUsages : of.publicUsages);
}

// What the host makes of the data: [handle, bits, exponent]. members: of a JWK, in the host's
// order.
export async function importHalf(of, curve, format, data, members) {
    const given = parameters(IMPORT, of.number);
    given.curve = curve;
    given.format = FORMATS[format];
    if (format === "jwk") {
        const inputs = [];
        for (let i = 0; i < members.length; i++) {
            inputs[i] = data[members[i]];
        }
        given.inputs = inputs;
    } else {
        given.inputs = [data];
    }
    const { value } = await compute(given);
    return value;
}

export function checkPairJwk(of, jwk, kty, extractable, usages) {
    checkJwk(jwk, kty, of.use, extractable, usages);
    if (jwk.oth !== undefined) {
        throw dataError("A JWK with more than two primes is not supported");
    }
}

const TYPE_OF_FORMAT = { __proto__: null, raw: "public", spki: "public", pkcs8: "private" };

// Bytes, or a JWK of the members, by their names in the host's order; more: others that it has.
export async function exportHalf(record, format, members, more) {
    const given = parameters(EXPORT, record.algorithm.of.number, record.handle);
    if (format === "raw" && !record.algorithm.of.hasRaw) {
        throw unsupportedError(`A key of ${record.algorithm.of.name} cannot be exported as raw`);
    }
    if (format !== "jwk" && record.type !== TYPE_OF_FORMAT[format]) {
        throw accessError(`A ${record.type} key cannot be exported as ${format}`);
    }
    given.format = FORMATS[format];
    given.inputs = [];
    const { value } = await compute(given);
    if (format !== "jwk") {
        return value;
    }
    for (let i = 0; i < members.length; i++) {
        more[members[i]] = value[i];
    }
    return makeJwk(record, more);
}
