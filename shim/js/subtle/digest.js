// SHA-1, SHA-256, SHA-384, SHA-512.

import { compute, parameters } from "./compute.js";
import { nothing } from "./dictionaries.js";
import { DIGEST, SHA } from "./names.js";

class Digest {
    parameters = { __proto__: null, digest: nothing };

    // hash: its number; blockBits: what HMAC's keys have where nothing else is said; suffix: of a
    // JWK's algorithm ("RS256", "HS1").
    constructor(name, hash, blockBits, suffix) {
        this.name = name;
        this.hash = hash;
        this.blockBits = blockBits;
        this.suffix = suffix;
    }

    async digest(_, data) {
        const given = parameters(DIGEST, SHA);
        given.hash = this.hash;
        given.inputs = [data];
        const { value } = await compute(given);
        return value;
    }
}

export const digests = [
    new Digest("SHA-1", 1, 512, "1"),
    new Digest("SHA-256", 2, 512, "256"),
    new Digest("SHA-384", 3, 1024, "384"),
    new Digest("SHA-512", 4, 1024, "512"),
];
