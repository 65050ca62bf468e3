// Runs once what most workers use, so that its bytecode is in the snapshot: compiling it costs an
// isolate more than running it. Leaves no state behind and asks only for pure functions of the
// host.

import { TextDecoder, TextEncoder } from "./encoding.js";
import { inspect } from "./format.js";
import { Headers } from "./headers.js";
import { incomingRequest, Request } from "./request.js";
import { Response, flatHeaders, stateOfResponse } from "./response.js";
import { URLSearchParams } from "./url/searchparams.js";
import { URL } from "./url/url.js";

export function warmUp() {
}
