// Numbers that the host knows operations, algorithms, hashes, curves and formats by
// (shim/crypto/algorithm.h, job.h).

export const DIGEST = 0;
export const SIGN = 1;
export const VERIFY = 2;
export const ENCRYPT = 3;
export const DECRYPT = 4;
export const GENERATE = 5;
export const IMPORT = 6;
export const EXPORT = 7;
export const DERIVE = 8;

export const SHA = 0;
export const HMAC = 1;
export const AES_CBC = 2;
export const AES_CTR = 3;
export const AES_GCM = 4;
export const AES_KW = 5;
export const RSASSA_PKCS1 = 6;
export const RSA_PSS = 7;
export const RSA_OAEP = 8;
export const ECDSA = 9;
export const ECDH = 10;
export const ED25519 = 11;
export const X25519 = 12;
export const HKDF = 13;
export const PBKDF2 = 14;

export const FORMATS = { __proto__: null, raw: 0, spki: 1, pkcs8: 2, jwk: 3 };

// Why an operation has no result.
export const FAILED = 1;
export const BAD_DATA = 2;
export const UNSUPPORTED = 3;
export const NO_MEMORY = 4;
export const CANCELLED = 5;
