// navigator. https://html.spec.whatwg.org/multipage/system-state.html#navigatorid

import { registerInterface } from "./format.js";
import { INTERNAL, defineInterface, requireConstructible, requireThis } from "./webidl.js";

export class Navigator {
    #isNavigator = true;

    static {
        registerInterface((value) => #isNavigator in value);
    }

    constructor(token = undefined) {
        requireConstructible(token);
    }

    get userAgent() {
        requireThis(#isNavigator in this);
        return "Isoyard";
    }
}

defineInterface("Navigator", Navigator);

export const navigator = new Navigator(INTERNAL);
