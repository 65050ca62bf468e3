/*
 * crypto.subtle: one host function for all operations, the handles of keys, and what has become of
 * operations that were computed elsewhere.
 *
 * An operation that is short is computed in the call, on the worker's own memory. One that is long
 * gets a copy of its inputs and goes out as OP_COMPUTE_START.
 */
#include "shim/crypto/job.h"

#include "shim/isolate.h"
#include "shim/ops/ops.h"

#include <openssl/crypto.h>

/* The arguments of compute(). */
enum {
    ARGUMENT_TICKET,
    ARGUMENT_ID,
    ARGUMENT_OPERATION,
    ARGUMENT_ALGORITHM,
    ARGUMENT_HASH,
    ARGUMENT_CURVE,
    ARGUMENT_FORMAT,
    ARGUMENT_LENGTH,
    ARGUMENT_ITERATIONS,
    ARGUMENT_KEY,
    ARGUMENT_PEER,
    ARGUMENT_INPUTS,
};

/* Keys. */

/* What the JavaScript object of a key stands for. It goes with that, or with the isolate. */
struct key_handle {
    struct isolate *isolate;
    struct crypto_key *key; /* a reference */
    size_t charged;
    v8::Global<v8::Object> object;
    struct key_handle *previous, *next; /* isolate.keys */
};

/* The first field of the objects of handles: promises, too, have fields in some builds of V8. */
alignas(16) static char handle_tag;

#define HANDLE_FIELDS 2

static void free_handle(struct key_handle *handle)
{
    struct isolate *isolate = handle->isolate;

    if (handle->previous)
        handle->previous->next = handle->next;
    else
        isolate->keys = handle->next;
    if (handle->next)
        handle->next->previous = handle->previous;
    handle->object.Reset();
    isolate->allocator->discharge(handle->charged);
    crypto_key_unref(handle->key);
    delete handle;
}

void crypto_drop_keys(struct isolate *isolate)
{
    while (isolate->keys)
        free_handle(isolate->keys);
    isolate->key_shape.Reset();
}

/* V8 collects garbage: it may be told nothing now. */
static void on_collected(const v8::WeakCallbackInfo<struct key_handle> &info)
{
    struct key_handle *handle = info.GetParameter();

    handle->isolate->key_bytes_gone += handle->charged;
    free_handle(handle);
}

static v8::Local<v8::ObjectTemplate> shape_of(struct isolate *isolate)
{
    if (isolate->key_shape.IsEmpty()) {
        v8::Local<v8::ObjectTemplate> shape = v8::ObjectTemplate::New(isolate->v8);

        shape->SetInternalFieldCount(HANDLE_FIELDS);
        isolate->key_shape.Reset(isolate->v8, shape);
    }
    return isolate->key_shape.Get(isolate->v8);
}

/* Takes the key. Nothing where it is more than the isolate may keep. */
static v8::MaybeLocal<v8::Object> handle_of(struct isolate *isolate, struct crypto_key *key)
{
    v8::Isolate *v8 = isolate->v8;
    size_t charged = sizeof(struct key_handle) + crypto_key_bytes(key);
    v8::Local<v8::Object> object;

    if (!shape_of(isolate)->NewInstance(v8->GetCurrentContext()).ToLocal(&object) ||
        !external_charge(v8, isolate->allocator, charged)) {
        crypto_key_unref(key);
        return {};
    }
    auto *handle = new struct key_handle();
    handle->isolate = isolate;
    handle->key = key;
    handle->charged = charged;
    handle->next = isolate->keys;
    if (handle->next)
        handle->next->previous = handle;
    isolate->keys = handle;
    object->SetAlignedPointerInInternalField(0, &handle_tag);
    object->SetAlignedPointerInInternalField(1, handle);
    handle->object.Reset(v8, object);
    handle->object.SetWeak(handle, on_collected, v8::WeakCallbackType::kParameter);
    v8->AdjustAmountOfExternalAllocatedMemory((int64_t)charged - (int64_t)isolate->key_bytes_gone);
    isolate->key_bytes_gone = 0;
    return object;
}

/* The key behind a handle, borrowed; NULL where the value is none. */
static struct crypto_key *key_behind(v8::Local<v8::Value> value)
{
    if (!value->IsObject())
        return nullptr;
    v8::Local<v8::Object> object = value.As<v8::Object>();

    if (object->InternalFieldCount() != HANDLE_FIELDS ||
        object->GetAlignedPointerFromInternalField(0) != &handle_tag)
        return nullptr;
    return static_cast<struct key_handle *>(object->GetAlignedPointerFromInternalField(1))->key;
}

/* Results. */

static v8::MaybeLocal<v8::Value> take_bytes(struct isolate *isolate, struct crypto_output *output)
{
    v8::Local<v8::ArrayBuffer> buffer;

    if (!output->data)
        return v8::Undefined(isolate->v8);
    if (!array_buffer_adopt(isolate->v8, isolate->allocator, output->data, output->len)
             .ToLocal(&buffer))
        return {};
    *output = {nullptr, 0};
    return buffer;
}

static v8::Local<v8::Array> array_of(v8::Isolate *v8, v8::Local<v8::Value> *items, size_t count)
{
    return v8::Array::New(v8, items, count);
}

/* [handle of the private one or the secret, handle of the public one] */
static v8::MaybeLocal<v8::Value> take_generated(struct isolate *isolate, struct crypto_job *job)
{
    v8::Local<v8::Value> items[2] = {v8::Undefined(isolate->v8), v8::Undefined(isolate->v8)};

    for (size_t i = 0; i < 2 && job->keys[i]; i++) {
        v8::Local<v8::Object> handle;
        struct crypto_key *key = job->keys[i];

        job->keys[i] = nullptr;
        if (!handle_of(isolate, key).ToLocal(&handle))
            return {};
        items[i] = handle;
    }
    return array_of(isolate->v8, items, 2);
}

/* [handle, bits, RSA's public exponent] */
static v8::MaybeLocal<v8::Value> take_imported(struct isolate *isolate, struct crypto_job *job)
{
    struct crypto_key *key = job->keys[0];
    v8::Local<v8::Value> items[3] = {
        v8::Undefined(isolate->v8), v8::Integer::NewFromUnsigned(isolate->v8, crypto_key_bits(key)),
        v8::Undefined(isolate->v8)};
    v8::Local<v8::Object> handle;

    job->keys[0] = nullptr;
    if (!handle_of(isolate, key).ToLocal(&handle) ||
        !take_bytes(isolate, &job->outputs[0]).ToLocal(&items[2]))
        return {};
    items[0] = handle;
    return array_of(isolate->v8, items, 3);
}

/* The members of a JWK, in order: strings, or undefined. */
static v8::MaybeLocal<v8::Value> take_members(struct isolate *isolate, struct crypto_job *job)
{
    v8::Local<v8::Value> items[CRYPTO_OUTPUTS_MAX];

    for (size_t i = 0; i < CRYPTO_OUTPUTS_MAX; i++) {
        const struct crypto_output *output = &job->outputs[i];
        v8::Local<v8::String> text;

        items[i] = v8::Undefined(isolate->v8);
        if (!output->data)
            continue;
        if (!string_from_utf8(isolate->v8, output->data, output->len).ToLocal(&text))
            return {};
        items[i] = text;
    }
    return array_of(isolate->v8, items, CRYPTO_OUTPUTS_MAX);
}

static v8::MaybeLocal<v8::Value> take(struct isolate *isolate, struct crypto_job *job)
{
    switch (job->operation) {
    case CRYPTO_VERIFY:
        return v8::Boolean::New(isolate->v8, job->is_valid);
    case CRYPTO_GENERATE:
        return take_generated(isolate, job);
    case CRYPTO_IMPORT:
        return take_imported(isolate, job);
    case CRYPTO_EXPORT:
        if (job->format == CRYPTO_JWK)
            return take_members(isolate, job);
        return take_bytes(isolate, &job->outputs[0]);
    default:
        return take_bytes(isolate, &job->outputs[0]);
    }
}

/* What JavaScript gets of a job that is over: a number where it has failed, the status. */
static v8::Local<v8::Value> result_of(struct isolate *isolate, struct crypto_job *job)
{
    v8::Local<v8::Value> result;

    if (job->status == CRYPTO_OK && !take(isolate, job).ToLocal(&result))
        job->status = CRYPTO_NO_MEMORY;
    if (job->status != CRYPTO_OK)
        return v8::Integer::New(isolate->v8, job->status);
    return result;
}

/* Starting. */

/* Strings of JWKs while a job is made of them; they may be secret. */
class input_texts final
{
  public:
    ~input_texts()
    {
        for (std::string &text : texts_)
            OPENSSL_cleanse(text.data(), text.size());
    }
    struct bytes add(v8::Isolate *v8, v8::Local<v8::String> string)
    {
        std::string &text = texts_[count_++];

        text.resize(op_utf8_length(v8, string));
        op_utf8_write(v8, string, text.data(), text.size());
        return {text.data(), text.size()};
    }

  private:
    std::string texts_[CRYPTO_INPUTS_MAX];
    size_t count_ = 0;
};

/* A string, a view, an ArrayBuffer, or undefined: there is none. An empty one has data all the
 * same. */
static bool read_input(v8::Isolate *v8, v8::Local<v8::Value> value, input_texts *texts,
                       struct bytes *ret)
{
    struct byte_view view;

    if (value->IsUndefined())
        return true;
    if (value->IsString()) {
        *ret = texts->add(v8, value.As<v8::String>());
        return true;
    }
    if (!op_bytes(value, &view))
        return false;
    *ret = {view.len > 0 ? view.data : "", view.len};
    return true;
}

static bool read_inputs(op_info info, input_texts *texts, struct crypto_job *job)
{
    v8::Isolate *v8 = info.GetIsolate();

    if (!info[ARGUMENT_INPUTS]->IsArray())
        return false;
    v8::Local<v8::Array> inputs = info[ARGUMENT_INPUTS].As<v8::Array>();

    if (inputs->Length() > CRYPTO_INPUTS_MAX)
        return false;
    for (uint32_t i = 0; i < inputs->Length(); i++) {
        v8::Local<v8::Value> value;

        if (!inputs->Get(v8->GetCurrentContext(), i).ToLocal(&value) ||
            !read_input(v8, value, texts, &job->inputs[i]))
            return false;
    }
    return true;
}

static bool are_numbers(op_info info)
{
    for (int i = ARGUMENT_TICKET; i <= ARGUMENT_ITERATIONS; i++) {
        if (!info[i]->IsUint32())
            return false;
    }
    return true;
}

static uint32_t number(op_info info, int argument)
{
    return info[argument].As<v8::Uint32>()->Value();
}

/* NULL where the arguments are of other types. */
static struct crypto_job *job_of(op_info info, input_texts *texts)
{
    struct crypto_job *job;

    if (!are_numbers(info) || number(info, ARGUMENT_OPERATION) >= CRYPTO_OPERATIONS ||
        number(info, ARGUMENT_ALGORITHM) >= CRYPTO_ALGORITHMS ||
        number(info, ARGUMENT_HASH) >= CRYPTO_HASHES ||
        number(info, ARGUMENT_CURVE) >= CRYPTO_CURVES ||
        number(info, ARGUMENT_FORMAT) >= CRYPTO_FORMATS)
        return nullptr;
    job = crypto_job_new((enum crypto_operation)number(info, ARGUMENT_OPERATION),
                         (enum crypto_algorithm)number(info, ARGUMENT_ALGORITHM));
    job->hash = (enum crypto_hash)number(info, ARGUMENT_HASH);
    job->curve = (enum crypto_curve)number(info, ARGUMENT_CURVE);
    job->format = (enum crypto_format)number(info, ARGUMENT_FORMAT);
    job->length = number(info, ARGUMENT_LENGTH);
    job->iterations = number(info, ARGUMENT_ITERATIONS);
    job->key = crypto_key_ref(key_behind(info[ARGUMENT_KEY]));
    job->peer = crypto_key_ref(key_behind(info[ARGUMENT_PEER]));
    if (!read_inputs(info, texts, job)) {
        crypto_job_free(job);
        return nullptr;
    }
    return job;
}

/* What the operation holds until it has ended is counted with the ArrayBuffers. */
static void end_charge(struct isolate *isolate, uint32_t id)
{
    auto found = isolate->computations.find(id);

    if (found == isolate->computations.end())
        return;
    isolate->allocator->discharge(found->second);
    isolate->computations.erase(found);
}

/* The inputs, and about as much of what comes out; what is derived has any length. */
static size_t size_of(const struct crypto_job *job)
{
    size_t derived = job->operation == CRYPTO_DERIVE ? job->length / 8 : 0;

    return sizeof(*job) + 2 * crypto_job_input_bytes(job) + derived;
}

/* Takes the job. How it went: CRYPTO_OK where the result will come. */
static enum crypto_status send(struct isolate *isolate, uint32_t ticket, uint32_t id,
                               struct crypto_job *job)
{
    size_t size = size_of(job);
    struct op *op;

    if (!external_charge(isolate->v8, isolate->allocator, size)) {
        crypto_job_free(job);
        return CRYPTO_NO_MEMORY;
    }
    isolate->computations[id] = size;
    if (!crypto_job_keep(job)) {
        crypto_job_free(job);
        end_charge(isolate, id);
        return CRYPTO_NO_MEMORY;
    }
    op = op_new(OP_COMPUTE_START, ticket);
    op->compute.id = id;
    op->compute.job = job;
    if (!isolate_add_op(isolate, op)) {
        end_charge(isolate, id);
        return CRYPTO_FAILED; /* an exception is on its way, too */
    }
    return CRYPTO_OK;
}

/* Whether there is somebody for the result. */
static bool can_wait(struct isolate *isolate, uint32_t ticket, uint32_t id)
{
    return id != 0 && isolate_slot(isolate, ticket);
}

void op_compute(op_info info)
{
    struct isolate *isolate = isolate_of(info.GetIsolate());
    input_texts texts;
    struct crypto_job *job = job_of(info, &texts);
    enum crypto_status status = CRYPTO_CANCELLED;
    uint32_t ticket, id;

    if (!job)
        return throw_type_error(isolate->v8, "compute: the arguments are of other types");
    if (!crypto_job_is_long(job)) {
        crypto_job_run(job);
        info.GetReturnValue().Set(result_of(isolate, job));
        crypto_job_free(job);
        return;
    }
    ticket = number(info, ARGUMENT_TICKET);
    id = number(info, ARGUMENT_ID);
    if (can_wait(isolate, ticket, id))
        status = send(isolate, ticket, id, job);
    else
        crypto_job_free(job);
    if (status != CRYPTO_OK)
        info.GetReturnValue().Set(status);
}

/* As many come as were started, so they are not counted. */
void op_stop_compute(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    struct op *op;

    if (!info[0]->IsUint32() || !info[1]->IsUint32())
        return throw_type_error(v8, "stopCompute: a ticket and an id are needed");
    op = op_new(OP_COMPUTE_STOP, info[0].As<v8::Uint32>()->Value());
    op->compute.id = info[1].As<v8::Uint32>()->Value();
    end_charge(isolate, op->compute.id);
    op_list_append(&isolate->ops, op);
}

void crypto_deliver(struct isolate *isolate, v8::Local<v8::Context> context,
                    const struct event *event)
{
    v8::Isolate *v8 = isolate->v8;

    end_charge(isolate, event->compute);
    v8::Local<v8::Value> arguments[] = {v8::Integer::NewFromUnsigned(v8, event->compute),
                                        result_of(isolate, event->job)};
    isolate_call_prelude(isolate, context, PRELUDE_COMPUTED, 2, arguments);
}
