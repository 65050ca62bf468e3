// The prelude: the web platform of workers, and what C++ calls of it. It runs once, when the
// snapshot is made; host.js says what it may ask for then.
//
//   load(evaluation, namespace)                 handler.js: start-up, ends in host.loaded() or
//                                               host.loadFailed()
//   fetch(ticket, method, url, headers, bodyKind, takesStream)
//                                               handler.js: a request, ends in host.answer(), or
//                                               host.answerStream() where that is taken, or
//                                               host.fail()
//   scheduled(ticket, timeMs, cron)             handler.js: a point in time, ends in
//                                               host.answerEvent() or host.fail()
//   task(ticket, payloadJson, attempt)          handler.js: a task, ends in the same
//   end(ticket)                                 handler.js: the task was given up
//   timer(id)                                   timers.js: a timer is due
//   fetched(id, message, status, statusText, movedTo, headers, body)
//                                               fetch.js: a subrequest has ended; message: why
//                                               there is no answer, else undefined; movedTo: its
//                                               last URL, "" where it was not redirected; body: a
//                                               string or an ArrayBuffer, or null where it streams
//   computed(id, result)                        subtle/compute.js: an operation has ended
//   body(ticket, id, change, value)             hostbody.js: something has happened to a body
//                                               that streams
//   rejected(promise, reason)                   rejections.js: nobody has handled it in its event
//   handled(promise, reason)                    rejections.js: somebody has, later
//   compileStreaming, instantiateStreaming, Memory
//                                               wasm.js: what C++ gives WebAssembly
//   warmUp()                                    warmup.js: before the snapshot is taken
//
// Before each call C++ has set whose code runs (host.owner()).

import "./builtins/index.js";
import { installGlobals } from "./globals.js";
import { installGuards } from "./guards.js";
import { installIntlGuards } from "./intl.js";

export { bodyChanged as body } from "./hostbody.js";
export { fetched } from "./fetch.js";
export { end, fetch, load, runTask as task, scheduled } from "./handler.js";
export { computed } from "./subtle/compute.js";
export { handled, rejected } from "./rejections.js";
export { timer } from "./timers.js";
export { warmUp } from "./warmup.js";
export { Memory, compileStreaming, instantiateStreaming } from "./wasm.js";

installGlobals();
installGuards();
installIntlGuards();
