// What happens to an exception that nobody caught.
// https://html.spec.whatwg.org/multipage/webappapis.html#report-an-exception

import { inspect } from "./format.js";
import { host } from "./host.js";
import { requireArguments } from "./webidl.js";

const LEVEL_ERROR = 3;

// Says it in the log of the task whose code runs. The global's "error" event belongs here too.
export function reportException(error, prefix = "Uncaught") {
    host.log(LEVEL_ERROR, `${prefix} ${inspect(error)}`);
}

export const reportFunctions = {
    reportError(error) {
        requireArguments(arguments.length, 1, "reportError");
        reportException(error);
    },
};
