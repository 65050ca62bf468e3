// atob and btoa. https://html.spec.whatwg.org/multipage/webappapis.html#atob

import { DOMException } from "./domexception.js";
import { host } from "./host.js";
import { requireArguments, toDOMString } from "./webidl.js";

export const base64Functions = {
    atob(data) {
        requireArguments(arguments.length, 1, "atob");
        const decoded = host.base64Decode(toDOMString(data));
        if (decoded === undefined) {
            throw new DOMException("atob: the string is not base64", "InvalidCharacterError");
        }
        return decoded;
    },
    btoa(data) {
        requireArguments(arguments.length, 1, "btoa");
        const encoded = host.base64Encode(toDOMString(data));
        if (encoded === undefined) {
            throw new DOMException(
                "btoa: a character of the string is above U+00FF",
                "InvalidCharacterError",
            );
        }
        return encoded;
    },
};
