// What C++ gives the prelude: the parameter $host of the function that the bundle is the body of.
// No worker can reach this object.
//
// A ticket is the number of a task, 0: nobody. A body is undefined (none), a string, an ArrayBuffer
// or a view on one.
//
// While the snapshot is made there is no isolate to speak of: functions marked (pure), owner, now
// and the two maxima work as ever, random and timeOrigin are not called, and the others do nothing
// and return nothing of use.
//
//   answer(ticket, hasMore, status, headers, body) -> boolean
//                                          answers a request; headers: "name\nvalue\n" for each.
//                                          With hasMore its task goes on, to endTask(). False where
//                                          it is none that waits for an answer, or where the answer
//                                          passes a limit, which is then the task's failure
//   answerEvent(ticket, hasMore, json) -> boolean
//                                          the same for a point in time, json undefined, or a task
//   answerStream(ticket, status, headers) -> boolean
//                                          as answer() with hasMore; the body is written later
//   pullBody(ticket, id)                   calls body(ticket, id, ...) when something has come, or
//                                          that was all. id of a body: 0 is the task's own (the
//                                          request's comes in, the answer's goes out), else the
//                                          subrequest's (its own goes out, its answer's comes in)
//   cancelBody(ticket, id)                 no more is wanted of what comes in
//   writeBody(ticket, id, bytes, offset, length)
//                                          a part of them goes out; at most as much as body() has
//                                          given room for
//   endBody(ticket, id)                    that was all of what goes out; also said of one that
//                                          was cancelled, when that is dealt with
//   failBody(ticket, id, value)            it breaks off; value: what was thrown
//   endTask(ticket)                        nothing is left of a task that went on after its answer
//   fail(ticket, reason, value)            fails one; reason: failure.js; value: what was thrown,
//                                          or a sentence
//   loaded()                               start-up has ended well
//   loadFailed(reason, value)              it has not
//   startFetch(ticket, id, method, url, headers, body, redirect)
//                                          calls fetched(id, ...) when a subrequest of the task has
//                                          ended, or has its answer's head: then the body streams.
//                                          body null: so does the request's. id: 1 to 2**32 - 1, none that is under way; url:
//                                          http or https; redirect: 0 follow, 1 error, 2 manual.
//                                          Nothing happens where the task is not in flight.
//                                          RangeError where there are too many, or no memory
//   stopFetch(ticket, id)                  does not; unknown ids are fine
//   maxResponseBody() -> number            bytes that the body of answer() may have
//   maxSubrequests() -> number             that a task may make in all, ...
//   maxConcurrentSubrequests() -> number   ... and have under way at once
//   describeException(value) -> [message, file, line, column]
//                                          of what was thrown; "" and 0 where nothing is known
//   showStack(text) -> text                a stack without the prelude's frames, and with places in
//                                          terms of the files that the worker was bundled from, as
//                                          far as its source maps say
//   startTimer(id, delayMs)                calls timer(id) after delayMs, an integer of 0 to
//                                          2**31 - 1, on behalf of owner(); RangeError where there
//                                          are too many
//   stopTimer(id)                          does not; unknown ids are fine
//   log(level, text)                       a console line of owner(); 0 debug, 1 info, 2 warn,
//                                          3 error
//   owner() -> ticket                      whose code runs; where V8 cannot say (a thenable's
//                                          then(), called by an await): whose event it is
//   bodyText(ticket) -> string             the request's body: UTF-8 decoded with replacement, a
//                                          byte order mark removed. TypeError once it is released
//   bodyBytes(ticket) -> ArrayBuffer       the same body, a copy. TypeError once it is released
//   releaseBody(ticket)                    the body is not asked for again
//   encodeUtf8(string) -> Uint8Array       (pure) lone surrogates become U+FFFD
//   encodeUtf8Into(string, bytes) -> {read, written}
//                                          (pure) as much as fits, whole characters, into a
//                                          Uint8Array; read counts UTF-16 units
//   decodeUtf8(bytes, isFatal, ignoreBOM) -> string
//                                          (pure) of an ArrayBuffer or a view; malformed bytes
//                                          become U+FFFD as the Encoding standard says, or throw
//                                          a TypeError if isFatal. ignoreBOM keeps a leading mark
//   findEncoding(name) -> number           (pure) of an encoding that is not UTF-8, by its name
//   decodeLegacy(encoding, state, bytes, isLast, isFatal) -> string
//                                          (pure) of an ArrayBuffer or a view; encoding: from
//                                          findEncoding; state: a Uint8Array of 8 bytes for each
//                                          decoder, zeros at first; else as decodeUtf8
//   base64Encode(string) -> string         (pure) undefined where a character is above U+00FF
//   base64Decode(string) -> string         (pure) Infra's forgiving-base64 decode, bytes as
//                                          characters; undefined on failure
//   isDetached(buffer) -> boolean          (pure)
//   transferBuffer(buffer, length) -> ArrayBuffer
//                                          (pure) of that length, or else the same, with the bytes
//                                          of the other, which is detached; TypeError where it
//                                          cannot be, RangeError where there is no memory
//   newCodec(format, isCompression) -> codec
//                                          format: 0 gzip, 1 deflate, 2 deflate-raw; RangeError
//                                          where there is no memory
//   runCodec(codec, input, isLast, output, counts)
//                                          as far as input and output, Uint8Arrays, go. counts, a
//                                          Uint32Array of 3, gets how much was read, how much was
//                                          written, and 1 at the end of the data. isLast: no input
//                                          follows. TypeError where the data is malformed
//   endCodec(codec)                        frees its memory; it is not run again
//   random(bytes)                          fills an integer view
//   compute(ticket, id, operation, algorithm, hash, curve, format, length, iterations, key, peer,
//           inputs) -> result              an operation of crypto.subtle, by the numbers of
//                                          subtle/names.js. key, peer: handles of keys, or
//                                          undefined. inputs: an array of strings (members of a
//                                          JWK), bytes, or undefined. A result is a boolean, an
//                                          ArrayBuffer, an array (of a key: [handle, bits,
//                                          exponent]; of a new pair: [private, public]; of a JWK:
//                                          its members), or a number: why there is none. Undefined
//                                          where it takes long: then computed(id, result) is
//                                          called; where the task is not in flight, or id is 0,
//                                          nobody could be told, which is a number, too
//   stopCompute(ticket, id)                does not; unknown ids are fine
//   now() -> number                        milliseconds since the process's time origin, in steps
//                                          of 0.1
//   timeOrigin() -> number                 that origin, in milliseconds since 1970
//   cloneKind(value) -> number             (pure) clone/record.js
//   cloneWasmModule(module) -> WebAssembly.Module
//                                          another one of the same code
//   compileWasm(bytes) -> WebAssembly.Module
//                                          RangeError where the code would take too much memory,
//                                          CompileError where memory of it is shared
//   instantiateWasm(module, importObject) -> promise
//                                          WebAssembly.instantiate of a module, V8's own
//   wasmMemory() -> WebAssembly.Memory     V8's own constructor, which can make shared ones
//   admitIntl()                            (pure) RangeError where the worker has used up its memory
//                                          outside the heap, and so gets no further object of Intl
//   chargeIntl(object)                     (pure) counts what of the object's memory ICU is not asked for
//   domainToAscii(domain, beStrict) -> string | null
//                                          (pure) UTS #46 ToASCII, non-transitional, CheckBidi,
//                                          CheckJoiners; CheckHyphens, UseSTD3ASCIIRules and
//                                          VerifyDnsLength are beStrict; null on failure

export const host = $host;
