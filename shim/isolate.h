/*
 * An isolate from the inside: what the shim's own files share. Everything here is used in a turn
 * only, unless it says otherwise.
 */
#ifndef ISOYARD_ISOLATE_H
#define ISOYARD_ISOLATE_H

#include "api/clock.h"
#include "shim/memory.h"
#include "shim/platform.h"
#include "shim/shim.h"

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

/* Which embedder slot of the V8 isolate holds our own. */
#define ISOLATE_DATA_SLOT 0

/* At most this many operations in one event: what JavaScript asks for takes memory outside its
 * heap. */
#define OPS_PER_EVENT_MAX 100000u

/* Rejected promises that are kept until the end of an event; what comes after is not reported. */
#define REJECTIONS_MAX 1000u

/* A console line is cut after this many bytes. */
#define LOG_LINE_MAX ((size_t)16 << 10)

/* The functions of the prelude that the shim calls, in the order in which the snapshot holds them.
 */
enum prelude_function {
    PRELUDE_FETCH,
    PRELUDE_SCHEDULED,
    PRELUDE_TASK,
    PRELUDE_TIMER,
    PRELUDE_FETCHED,
    PRELUDE_COMPUTED,
    PRELUDE_BODY,
    PRELUDE_REJECTED,
    PRELUDE_HANDLED,
    PRELUDE_END,
    PRELUDE_LOAD,
    PRELUDE_COMPILE_STREAMING,
    PRELUDE_INSTANTIATE_STREAMING,
    PRELUDE_MEMORY,
    PRELUDE_FUNCTIONS,
};

/* Functions of WebAssembly that are replaced. */
enum wasm_function {
    WASM_COMPILE,
    WASM_INSTANTIATE,
    WASM_VALIDATE,
    WASM_MEMORY,
    WASM_FUNCTIONS,
};

/* The properties of the prelude's exports with these names. */
extern const char *const prelude_function_names[PRELUDE_FUNCTIONS];

/* The prelude's resource name in stacks, which are shown without its frames. */
#define PRELUDE_NAME "isoyard:prelude"

/* What an isolate keeps of a task in flight. Slot 0 is the start-up's. */
struct ticket_slot {
    uint32_t ticket = 0;               /* of the task that has the slot */
    bool is_open = false;              /* something of the task is left */
    bool is_answered = false;          /* and that is what ctx.waitUntil was given */
    struct request *request = nullptr; /* until the body is read or the task ends */
    uint32_t log_lines = 0;
    size_t log_bytes = 0;
};

/* A promise that was rejected and has no handler; or one that the prelude has heard of as such, and
 * that has one now. */
struct rejection {
    v8::Global<v8::Promise> promise;
    uint32_t owner; /* whose code rejected or handled it */
    bool is_handled;
};

/* A module of the bundle that was compiled. */
struct loaded_module {
    std::string name;
    v8::Global<v8::Module> module;
    v8::Global<v8::Value> value; /* the default export of what is no JavaScript; else empty */
};

/* Compiled code that nobody has kept yet: of a module, or of a classic script. */
struct fresh_code {
    std::string key; /* in the code cache */
    v8::Global<v8::UnboundModuleScript> module;
    v8::Global<v8::UnboundScript> script;
};

struct key_handle;

struct isolate {
    v8::Isolate *v8 = nullptr;
    std::shared_ptr<foreground_runner> runner;   /* immutable; has its own lock */
    std::shared_ptr<buffer_allocator> allocator; /* immutable; any thread */
    struct script *script = nullptr;             /* a reference; immutable */
    v8::Global<v8::Context> context;
    v8::Global<v8::Function> prelude[PRELUDE_FUNCTIONS];
    v8::Global<v8::Function> wasm[WASM_FUNCTIONS]; /* V8's own, which ours stand before */
    std::vector<struct ticket_slot> slots;
    std::vector<struct loaded_module> modules;
    std::vector<struct fresh_code> fresh_code;    /* kept when a first task is answered */
    std::vector<struct rejection> rejections;     /* in order; at most REJECTIONS_MAX */
    bool has_reported_rejection = false;          /* ever */
    std::unordered_map<uint32_t, size_t> fetches; /* under way: what their requests were charged */
    std::unordered_set<struct codec *> codecs;    /* ops/compression.cc: those that are not freed */
    size_t codec_bytes_gone = 0; /* of freed ones, of which V8 has not been told yet */
    std::unordered_map<uint32_t, size_t> computations; /* the same */
    size_t key_bytes_gone = 0;                /* of freed ones, of which V8 has not been told yet */
    v8::Global<v8::ObjectTemplate> key_shape; /* of the next; empty until there is one */
    struct key_handle *keys = nullptr;        /* of JavaScript's, in no order */
    struct held *held = nullptr;              /* in no order */

    struct op_list ops;
    unsigned op_count = 0;     /* in this event */
    uint32_t event_ticket = 0; /* its own */

    bool is_heap_limit_hit = false;
    size_t heap_used_at_limit = 0;
    const void *stack_owner = nullptr; /* the thread for which the stack limit was last set */

    struct isolate_samples samples = {}; /* of this event; the first owner is its own ticket */
    std::atomic<bool> is_sample_asked = false;
    std::atomic<uint64_t> last_owner = 0;
    std::atomic<uint32_t> others_count = 0;
    std::atomic<uint32_t> sample_count = 0;
    std::atomic<bool> is_parked = false;
};

/* The isolate of a V8 isolate, in a callback. */
static inline struct isolate *isolate_of(v8::Isolate *v8)
{
    return static_cast<struct isolate *>(v8->GetData(ISOLATE_DATA_SLOT));
}

/* Whose code runs: the owner of the continuation, or else the event's. */
static inline uint32_t running_ticket(const struct isolate *isolate)
{
    return compat::owner(isolate->v8, isolate->v8->GetCurrentContext(), isolate->event_ticket);
}

/* The slot of a ticket that is in flight, or NULL. */
struct ticket_slot *isolate_slot(struct isolate *isolate, uint32_t ticket);

/* Opens the slot of a ticket. */
struct ticket_slot *isolate_open_slot(struct isolate *isolate, uint32_t ticket);

/* Ends a ticket: it is in flight no more. */
void isolate_close_slot(struct ticket_slot *slot);

/* Adds an operation; false, and a RangeError thrown, where the event has asked for too many. What a
 * context asks for that was dropped comes to nothing. Takes the operation. */
bool isolate_add_op(struct isolate *isolate, struct op *op);

/* A V8 string of UTF-8 bytes, with replacement characters for what is malformed; nothing where it
 * would be too long for V8. */
v8::MaybeLocal<v8::String> string_from_utf8(v8::Isolate *v8, const char *data, size_t len);

/* A V8 string of a literal. */
v8::Local<v8::String> string_of(v8::Isolate *v8, const char *text);

/* What the worker reads where it gets no further object of Intl. */
#define INTL_REFUSED "Intl: the memory outside the heap is used up"

/* Throws an error of the class with a literal message. */
void throw_type_error(v8::Isolate *v8, const char *message);
void throw_range_error(v8::Isolate *v8, const char *message);

/* sample.cc */

/* An event of the ticket begins. */
void isolate_begin_samples(struct isolate *isolate, uint32_t ticket);

/* From now on V8's fatal errors park the thread. */
void isolate_handle_fatal_errors(struct isolate *isolate);

/* So do its traps, in any isolate's turn. Once in a process. */
void isolate_park_on_traps();

/* engine.cc */

/* V8's platform. Any thread. */
platform *engine_platform();

/* Where the memory is counted that the calling thread's isolate takes outside of its heap; NULL
 * where it is in none of ours, or in one that is still being made, or V8 does not run. Any thread.
 */
const std::shared_ptr<buffer_allocator> *isolate_allocator();

/* isolate.cc: what the server's isolates and the snapshot tool's have in common. Prepares `isolate`
 * for a V8 isolate that was allocated, and registers its runner. */
void isolate_init(struct isolate *isolate, struct script *script, const struct isolate_host *host);
void isolate_configure(
    struct isolate *isolate); /* handlers and policies, after the V8 isolate was initialised */

/* Calls a function of the prelude. What that throws is caught by the event's TryCatch: the stack
 * limit or a termination, which can hit anywhere. */
void isolate_call_prelude(struct isolate *isolate, v8::Local<v8::Context> context,
                          enum prelude_function function, int argc, v8::Local<v8::Value> *argv);

/* V8 remembers the limit for each pair of isolate and thread. */
void isolate_set_stack_limit(struct isolate *isolate);

/* context.cc. With the isolate locked and entered. */

/* Makes a new context, which takes the place of the one before; false where V8 cannot, and nothing
 * has changed. */
bool isolate_open_context(struct isolate *isolate);

/* Drops whatever refers to the context. */
void isolate_drop_handles(struct isolate *isolate);

/* host.cc */

/* The addresses that the snapshot refers to, NULL at the end. */
const intptr_t *host_references();

/* The object with the host functions that the prelude gets as $host. */
v8::Local<v8::Object> host_object(v8::Local<v8::Context> context);

/* The prelude's source, outside the heap: the snapshot refers to it by this object's address, and
 * every isolate finds it in the program. ASCII. Empty until it is set. */
class prelude_source final : public v8::String::ExternalOneByteStringResource
{
  public:
    void set(const char *data, size_t len)
    {
        data_ = data;
        len_ = len;
    }
    const char *data() const override
    {
        return data_;
    }
    size_t length() const override
    {
        return len_;
    }

  protected:
    /* It is static: no string owns it. */
    void Dispose() override
    {
    }

  private:
    const char *data_ = nullptr;
    size_t len_ = 0;
};

extern prelude_source the_prelude_source;

/* loader.cc */

/* Compiles and evaluates the script, and hands the result to the prelude's load(). Whatever fails
 * becomes OP_LOAD_FAILED. */
void loader_load(struct isolate *isolate, v8::Local<v8::Context> context,
                 const v8::TryCatch &caught);

v8::MaybeLocal<v8::Promise> loader_import(v8::Local<v8::Context> context,
                                          v8::Local<v8::Data> options,
                                          v8::Local<v8::Value> referrer,
                                          v8::Local<v8::String> specifier,
                                          v8::Local<v8::FixedArray> attributes);
void loader_init_import_meta(v8::Local<v8::Context> context, v8::Local<v8::Module> module,
                             v8::Local<v8::Object> meta);

/* Keeps compiled code for isolates to come. At the end of an event. */
void loader_keep_code(struct isolate *isolate);

/* The compiled module, by its identity; NULL where there is none. */
struct loaded_module *loader_find(struct isolate *isolate, v8::Local<v8::Module> module);

/* synthetic.cc */

/* The module that a text, JSON, WebAssembly or data file is, and its default export. Nothing, with
 * an exception that names the file, where its content is not what its kind says. */
v8::MaybeLocal<v8::Module> synthetic_compile(struct isolate *isolate,
                                             v8::Local<v8::Context> context,
                                             const struct script_file *file,
                                             v8::Local<v8::Value> *ret_default);

/* wasm.cc */

v8::MaybeLocal<v8::WasmModuleObject> wasm_compile_module(struct isolate *isolate, const char *data,
                                                         size_t len);

/* Charges another object of the same code: nobody knows which of them is the last. */
void wasm_charge_clone(struct isolate *isolate, v8::Local<v8::WasmModuleObject> clone);

/* V8's call for `new WebAssembly.Module`; true where it has thrown, or given the module. */
bool wasm_construct_module(const v8::FunctionCallbackInfo<v8::Value> &info);

/* Replaces functions of a new context's WebAssembly. False where that fails. */
bool wasm_install(v8::Local<v8::Context> context,
                  const v8::Local<v8::Function> prelude[PRELUDE_FUNCTIONS],
                  v8::Local<v8::Function> ret_originals[WASM_FUNCTIONS]);

/* rejection.cc */

/* V8's call for each promise that is rejected without a handler, and for each that gets one later.
 */
void rejection_note(v8::PromiseRejectMessage message);

/* Tells the prelude of what was noted and is still so. False where that was cut off. */
bool rejections_report(struct isolate *isolate, v8::Local<v8::Context> context);

/* ops/fetch.cc */

/* Hands the prelude what has become of a subrequest. */
void fetch_deliver(struct isolate *isolate, v8::Local<v8::Context> context,
                   const struct event *event);

/* ops/compression.cc: frees all codecs; no JavaScript runs any more. With the isolate entered. */
void codecs_free(struct isolate *isolate);

/* ops/body.cc */

/* Tells the prelude what has happened to a body that streams. */
void body_deliver(struct isolate *isolate, v8::Local<v8::Context> context,
                  const struct event *event);

/* ops/crypto.cc */

/* Hands the prelude what has become of a computation. */
void crypto_deliver(struct isolate *isolate, v8::Local<v8::Context> context,
                    const struct event *event);

/* Frees all keys. With the isolate locked and entered; nothing of JavaScript's runs any more. */
void crypto_drop_keys(struct isolate *isolate);

/* failure.cc */

/* Fills in a failure from what JavaScript threw; message may be empty. Recognises the stack limit
 * and the limit of ArrayBuffer memory. */
void failure_from_exception(struct isolate *isolate, v8::Local<v8::Context> context,
                            v8::Local<v8::Value> exception, v8::Local<v8::Message> message,
                            enum failure_reason reason, enum phase phase, struct failure *ret);

#endif
