// Stands in for tr46, whose tables ICU has already.

import { host } from "../host.js";
import { regExpExec, stringToLowerCase } from "../primordials.js";

const PLAIN = /^[a-zA-Z0-9._-]*$/;
const PUNYCODE = /(?:^|\.)xn--/i;

// `checkHyphens` stands for all that the URL Standard's beStrict means.
export function toASCII(domain, { checkHyphens }) {
    // https://url.spec.whatwg.org/#concept-domain-to-ascii allows the shortcut.
    if (!checkHyphens && regExpExec(PLAIN, domain) && !regExpExec(PUNYCODE, domain)) {
        return stringToLowerCase(domain);
    }
    return host.domainToAscii(domain, checkHyphens);
}
