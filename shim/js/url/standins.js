// In place of parts of whatwg-url that the host or the prelude does better: build.mjs leads the
// parser's imports of "tr46", "./encoding" and "./percent-encoding" to standins.cjs. To be imported
// before the parser.

import { host } from "../host.js";
import { regExpExec, stringToLowerCase } from "../primordials.js";
import * as percent from "./percent.js";
import standIns from "./standins.cjs";

const PLAIN = /^[a-zA-Z0-9._-]*$/;
const PUNYCODE = /(?:^|\.)xn--/i;

Object.assign(standIns, percent, {
    // Of tr46, whose tables ICU has already. checkHyphens stands for all that the URL Standard's
    // beStrict means, and https://url.spec.whatwg.org/#concept-domain-to-ascii has the shortcut.
    toASCII(domain, { checkHyphens }) {
        if (!checkHyphens && regExpExec(PLAIN, domain) && !regExpExec(PUNYCODE, domain)) {
            return stringToLowerCase(domain);
        }
        return host.domainToAscii(domain, checkHyphens);
    },

    // Of encoding.js, which wants TextDecoder while the prelude is still being built.
    utf8DecodeWithoutBOM(bytes) {
        return host.decodeUtf8(bytes, false, true);
    },
});
