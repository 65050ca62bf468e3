// Stands in for whatwg-url's lib/encoding.js, which wants TextEncoder and TextDecoder while the
// prelude is still being built.

import { host } from "../host.js";

export function utf8Encode(string) {
    return host.encodeUtf8(string);
}

export function utf8DecodeWithoutBOM(bytes) {
    return host.decodeUtf8(bytes, false, true);
}
