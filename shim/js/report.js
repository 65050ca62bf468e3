// What happens to an exception that nobody caught.
// https://html.spec.whatwg.org/multipage/webappapis.html#report-an-exception

import { inspect } from "./format.js";
import { host } from "./host.js";
import { requireArguments } from "./webidl.js";

const LEVEL_ERROR = 3;

// Set by errorevent.js, which imports this module: dispatches the global's "error" event, and
// returns whether a listener has taken the exception on itself.
let announce;
export function onException(dispatch) {
    announce = dispatch;
}

// Tells the global's listeners, or the log.
export function reportException(error) {
    if (!announce(error)) {
        logException(error, "Uncaught");
    }
}

// Says it in the log of the task whose code runs.
export function logException(error, prefix) {
    host.log(LEVEL_ERROR, `${prefix} ${inspect(error)}`);
}

export const reportFunctions = {
    reportError(error) {
        requireArguments(arguments.length, 1, "reportError");
        reportException(error);
    },
};
