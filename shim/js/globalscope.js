// The interface of the global object.

import { EventTarget } from "./eventtarget.js";
import { TypeError } from "./primordials.js";
import { defineInterface } from "./webidl.js";

export class WorkerGlobalScope extends EventTarget {
    constructor() {
        throw new TypeError("Illegal constructor");
    }
}

defineInterface("WorkerGlobalScope", WorkerGlobalScope);
