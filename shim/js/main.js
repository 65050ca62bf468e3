// The prelude: the web platform of workers, and what C++ calls of it. It runs once, when the
// snapshot is made; host.js says what it may ask for then.
//
//   load(evaluation, namespace)                 handler.js: start-up, ends in host.loaded() or
//                                               host.loadFailed()
//   fetch(ticket, method, url, headers, bodyKind)
//                                               handler.js: a request, ends in host.answer() or
//                                               host.fail()
//   end(ticket)                                 handler.js: the task was given up
//   timer(id)                                   timers.js: a timer is due
//   warmUp()                                    warmup.js: before the snapshot is taken
//
// Before each call C++ has set whose code runs (host.owner()).

import { installGlobals } from "./globals.js";

export { end, fetch, load } from "./handler.js";
export { timer } from "./timers.js";
export { warmUp } from "./warmup.js";

installGlobals();
