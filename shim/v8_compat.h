/*
 * What differs between V8 10.2, 11.3 and 13.6, and nothing else. The rest of the shim is written
 * once.
 */
#ifndef ISOYARD_V8_COMPAT_H
#define ISOYARD_V8_COMPAT_H

#include <cstdint>
#include <libplatform/libplatform.h>
#include <memory>
#include <utility>
#include <v8.h>

#define ISOYARD_V8 (V8_MAJOR_VERSION * 100 + V8_MINOR_VERSION)

namespace compat
{

/* A foreground task runner, by two functions: post and post_delayed. */
class task_runner : public v8::TaskRunner
{
  public:
    virtual void post(std::unique_ptr<v8::Task> task) = 0;
    virtual void post_delayed(std::unique_ptr<v8::Task> task, double delay_s) = 0;

    bool IdleTasksEnabled() final
    {
        return false;
    }
    bool NonNestableTasksEnabled() const final
    {
        return true;
    }
    bool NonNestableDelayedTasksEnabled() const final
    {
        return true;
    }

#if ISOYARD_V8 < 1300
    void PostTask(std::unique_ptr<v8::Task> task) final
    {
        post(std::move(task));
    }
    void PostNonNestableTask(std::unique_ptr<v8::Task> task) final
    {
        post(std::move(task));
    }
    void PostDelayedTask(std::unique_ptr<v8::Task> task, double delay_s) final
    {
        post_delayed(std::move(task), delay_s);
    }
    void PostNonNestableDelayedTask(std::unique_ptr<v8::Task> task, double delay_s) final
    {
        post_delayed(std::move(task), delay_s);
    }
    void PostIdleTask(std::unique_ptr<v8::IdleTask>) final
    {
    }
#else
  protected:
    void PostTaskImpl(std::unique_ptr<v8::Task> task, const v8::SourceLocation &) final
    {
        post(std::move(task));
    }
    void PostNonNestableTaskImpl(std::unique_ptr<v8::Task> task, const v8::SourceLocation &) final
    {
        post(std::move(task));
    }
    void PostDelayedTaskImpl(std::unique_ptr<v8::Task> task, double delay_s,
                             const v8::SourceLocation &) final
    {
        post_delayed(std::move(task), delay_s);
    }
    void PostNonNestableDelayedTaskImpl(std::unique_ptr<v8::Task> task, double delay_s,
                                        const v8::SourceLocation &) final
    {
        post_delayed(std::move(task), delay_s);
    }
#endif
};

/* The page allocator of V8's own platform, which lives as long as the process. */
inline v8::PageAllocator *standard_page_allocator()
{
    static const std::unique_ptr<v8::Platform> standard =
        v8::platform::NewSingleThreadedDefaultPlatform();
    return standard->GetPageAllocator();
}

/* The platform, by four functions. */
class platform : public v8::Platform
{
  public:
    virtual std::shared_ptr<v8::TaskRunner> runner_of(v8::Isolate *isolate) = 0;
    virtual void run_on_worker(std::unique_ptr<v8::Task> task) = 0;
    virtual void run_on_worker_delayed(std::unique_ptr<v8::Task> task, double delay_s) = 0;
    virtual std::unique_ptr<v8::JobHandle> make_job(v8::TaskPriority priority,
                                                    std::unique_ptr<v8::JobTask> job) = 0;

#if ISOYARD_V8 < 1100
    std::unique_ptr<v8::JobHandle> PostJob(v8::TaskPriority priority,
                                           std::unique_ptr<v8::JobTask> job) final
    {
        std::unique_ptr<v8::JobHandle> handle = make_job(priority, std::move(job));
        handle->NotifyConcurrencyIncrease();
        return handle;
    }
#elif ISOYARD_V8 < 1300
    std::unique_ptr<v8::JobHandle> CreateJob(v8::TaskPriority priority,
                                             std::unique_ptr<v8::JobTask> job) final
    {
        return make_job(priority, std::move(job));
    }
#endif

#if ISOYARD_V8 < 1300
    std::shared_ptr<v8::TaskRunner> GetForegroundTaskRunner(v8::Isolate *isolate) final
    {
        return runner_of(isolate);
    }
    void CallOnWorkerThread(std::unique_ptr<v8::Task> task) final
    {
        run_on_worker(std::move(task));
    }
    void CallDelayedOnWorkerThread(std::unique_ptr<v8::Task> task, double delay_s) final
    {
        run_on_worker_delayed(std::move(task), delay_s);
    }
#else
    using v8::Platform::GetForegroundTaskRunner;
    std::shared_ptr<v8::TaskRunner> GetForegroundTaskRunner(v8::Isolate *isolate,
                                                            v8::TaskPriority) final
    {
        return runner_of(isolate);
    }

  protected:
    std::unique_ptr<v8::JobHandle> CreateJobImpl(v8::TaskPriority priority,
                                                 std::unique_ptr<v8::JobTask> job,
                                                 const v8::SourceLocation &) final
    {
        return make_job(priority, std::move(job));
    }
    void PostTaskOnWorkerThreadImpl(v8::TaskPriority, std::unique_ptr<v8::Task> task,
                                    const v8::SourceLocation &) final
    {
        run_on_worker(std::move(task));
    }
    void PostDelayedTaskOnWorkerThreadImpl(v8::TaskPriority, std::unique_ptr<v8::Task> task,
                                           double delay_s, const v8::SourceLocation &) final
    {
        run_on_worker_delayed(std::move(task), delay_s);
    }
#endif
};

/* The owner of the continuation that runs: an integer that V8 carries across await and then. */
inline void set_owner(v8::Isolate *isolate, v8::Local<v8::Context> context, uint32_t owner)
{
    v8::Local<v8::Value> value = v8::Integer::NewFromUnsigned(isolate, owner);
#if ISOYARD_V8 < 1300
    context->SetContinuationPreservedEmbedderData(value);
#else
    (void)context;
    isolate->SetContinuationPreservedEmbedderData(value);
#endif
}

/* `otherwise` where V8 has none: it carries the owner neither to what a thenable's then() runs nor
 * to its own tasks. */
inline uint32_t owner(v8::Isolate *isolate, v8::Local<v8::Context> context, uint32_t otherwise = 0)
{
#if ISOYARD_V8 < 1300
    (void)isolate;
    v8::Local<v8::Value> value = context->GetContinuationPreservedEmbedderData();
#else
    (void)context;
    v8::Local<v8::Value> value = isolate->GetContinuationPreservedEmbedderData();
#endif
    return value->IsUint32() ? value.As<v8::Uint32>()->Value() : otherwise;
}

inline v8::ScriptOrigin origin(v8::Isolate *isolate, v8::Local<v8::String> name, bool is_module)
{
#if ISOYARD_V8 < 1300
    return v8::ScriptOrigin(isolate, name, 0, 0, false, -1, v8::Local<v8::Value>(), false, false,
                            is_module);
#else
    (void)isolate;
    return v8::ScriptOrigin(name, 0, 0, false, -1, v8::Local<v8::Value>(), false, false, is_module);
#endif
}

/* The source as the body of a function with these parameters. */
inline v8::MaybeLocal<v8::Function> compile_function(v8::Local<v8::Context> context,
                                                     v8::ScriptCompiler::Source *source,
                                                     size_t argc, v8::Local<v8::String> *argv)
{
#if ISOYARD_V8 < 1100
    return v8::ScriptCompiler::CompileFunctionInContext(context, source, argc, argv, 0, nullptr);
#else
    return v8::ScriptCompiler::CompileFunction(context, source, argc, argv, 0, nullptr);
#endif
}

/* A module that exports `default`, which `steps` sets. */
inline v8::Local<v8::Module> synthetic_module(v8::Isolate *isolate, v8::Local<v8::String> name,
                                              v8::Module::SyntheticModuleEvaluationSteps steps)
{
    v8::Local<v8::String> exported = v8::String::NewFromUtf8Literal(isolate, "default");
#if ISOYARD_V8 < 1300
    return v8::Module::CreateSyntheticModule(isolate, name, {exported}, steps);
#else
    return v8::Module::CreateSyntheticModule(
        isolate, name, v8::MemorySpan<const v8::Local<v8::String>>(&exported, 1), steps);
#endif
}

/* What an import says of its module, in words like {type: "json"}: keys and values, and in a
 * static import their places, one after the other. */
inline v8::Local<v8::FixedArray> import_attributes(v8::Local<v8::ModuleRequest> request)
{
#if ISOYARD_V8 < 1300
    return request->GetImportAssertions();
#else
    return request->GetImportAttributes();
#endif
}

/* UTF-8 and Latin-1 of strings, with U+FFFD for lone surrogates. */
inline size_t utf8_length(v8::Isolate *isolate, v8::Local<v8::String> text)
{
#if ISOYARD_V8 < 1300
    return (size_t)text->Utf8Length(isolate);
#else
    return text->Utf8LengthV2(isolate);
#endif
}

/* Writes whole characters only; *ret_read, where given, is the number of UTF-16 units that went in.
 */
inline size_t utf8_write(v8::Isolate *isolate, v8::Local<v8::String> text, char *to,
                         size_t capacity, size_t *ret_read)
{
#if ISOYARD_V8 < 1300
    int read = 0;
    int written =
        text->WriteUtf8(isolate, to, (int)capacity, &read,
                        v8::String::NO_NULL_TERMINATION | v8::String::REPLACE_INVALID_UTF8);

    if (ret_read)
        *ret_read = (size_t)read;
    return (size_t)written;
#else
    return text->WriteUtf8V2(isolate, to, capacity, v8::String::WriteFlags::kReplaceInvalidUtf8,
                             ret_read);
#endif
}

inline void one_byte_write(v8::Isolate *isolate, v8::Local<v8::String> text, uint8_t *to,
                           size_t len)
{
#if ISOYARD_V8 < 1300
    text->WriteOneByte(isolate, to, 0, (int)len, v8::String::NO_NULL_TERMINATION);
#else
    text->WriteOneByteV2(isolate, 0, (uint32_t)len, to);
#endif
}

inline void detach(v8::Local<v8::ArrayBuffer> buffer)
{
#if ISOYARD_V8 < 1100
    buffer->Detach();
#else
    buffer->Detach(v8::Local<v8::Value>()).Check();
#endif
}

/* Whether V8 reserves code for each module of WebAssembly, also for one without functions, and for
 * one that it has compiled before. */
constexpr bool wasm_always_reserves = ISOYARD_V8 < 1300;

/* What an object of Intl takes besides of what ICU is asked for: an Intl.NumberFormat 0.9 KiB, the
 * others less. */
constexpr size_t intl_bytes_unseen = ISOYARD_V8 < 1300 ? 0 : 1024;

/* Gives an object the prototype of another one. False where that throws. */
inline bool copy_prototype(v8::Local<v8::Context> context, v8::Local<v8::Object> from,
                           v8::Local<v8::Object> to)
{
#if ISOYARD_V8 < 1300
    return to->SetPrototype(context, from->GetPrototype()).FromMaybe(false);
#else
    return to->SetPrototypeV2(context, from->GetPrototypeV2()).FromMaybe(false);
#endif
}

/* Where V8 goes when it finds no more memory; it must not return. */
#if ISOYARD_V8 < 1100
#define ISOYARD_OOM_HANDLER(name) void name(const char *, bool)
#else
#define ISOYARD_OOM_HANDLER(name) void name(const char *, const v8::OOMDetails &)
#endif

} // namespace compat

#endif
