// Performance: the clock. https://www.w3.org/TR/hr-time-3/

import { EventTarget } from "./eventtarget.js";
import { host } from "./host.js";
import { INTERNAL, defineInterface, requireConstructible, requireThis } from "./webidl.js";

export class Performance extends EventTarget {
    #isPerformance = true;

    constructor(token = undefined) {
        requireConstructible(token);
        super();
    }

    get timeOrigin() {
        requireThis(#isPerformance in this);
        return host.timeOrigin();
    }

    now() {
        requireThis(#isPerformance in this);
        return host.now();
    }

    toJSON() {
        requireThis(#isPerformance in this);
        return { timeOrigin: host.timeOrigin() };
    }
}

defineInterface("Performance", Performance);

export const performance = new Performance(INTERNAL);
