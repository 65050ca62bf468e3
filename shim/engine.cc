/* The engine: V8's start and end, its platform, the snapshot. */
#include "shim/engine.h"

#include "shim/flags.h"
#include "shim/icu_memory.h"
#include "shim/isolate.h"

#include <cassert>
#include <cstring>
#include <openssl/evp.h>
#include <unicode/uclean.h>

/* The process's one platform, from engine_start to engine_close. */
static platform *the_platform;

/* Whether V8 knows which isolate a thread is in. Relaxed: it changes while there is one thread. */
static std::atomic<bool> is_running;

platform *engine_platform()
{
    return the_platform;
}

const std::shared_ptr<buffer_allocator> *isolate_allocator()
{
    v8::Isolate *v8 =
        is_running.load(std::memory_order_relaxed) ? v8::Isolate::TryGetCurrent() : nullptr;
    const struct isolate *isolate = v8 ? isolate_of(v8) : nullptr;

    return isolate ? &isolate->allocator : nullptr;
}

void engine_start(unsigned worker_threads)
{
    assert(!the_platform);
    for (const char *flag : v8_flags)
        v8::V8::SetFlagsFromString(flag);
    the_platform = new platform(worker_threads);
    v8::V8::InitializePlatform(the_platform);
    v8::V8::Initialize();
    is_running.store(true, std::memory_order_relaxed);
    the_platform->start();
}

static int check_version(struct error *error)
{
    char built[32];

    snprintf(built, sizeof(built), "%d.%d.%d.%d", V8_MAJOR_VERSION, V8_MINOR_VERSION,
             V8_BUILD_NUMBER, V8_PATCH_LEVEL);
    if (strncmp(v8::V8::GetVersion(), built, strlen(built)) == 0)
        return 0;
    return error_set(error, E_INTERNAL, "",
                     "this program was built with V8 %s and has loaded V8 %s: install the libnode "
                     "it was built with, or build it again",
                     built, v8::V8::GetVersion());
}

/* V8 would check the blob for every isolate; once is enough. */
static int check_snapshot(struct error *error)
{
    const v8::StartupData *blob = engine_snapshot();
    unsigned char sha256[EVP_MAX_MD_SIZE];

    if (EVP_Digest(blob->data, (size_t)blob->raw_size, sha256, nullptr, EVP_sha256(), nullptr) != 1)
        return error_set(error, E_NOMEM, "", "no memory for a digest");
    if (memcmp(sha256, engine_snapshot_sha256(), 32) == 0)
        return 0;
    return error_set(error, E_INTERNAL, "",
                     "the startup snapshot inside this program is damaged: install it again");
}

int engine_open(const struct engine_config *config, struct error *ret)
{
    UErrorCode icu = U_ZERO_ERROR;
    int err;

    if (config->worker_threads < 1 || config->worker_threads > 16)
        return error_set(ret, E_INVALID, "worker_threads", "V8 needs 1 to 16 worker threads");
    err = check_version(ret);
    if (!err)
        err = check_snapshot(ret);
    if (err)
        return err;
    the_prelude_source.set(engine_prelude_source().data, engine_prelude_source().len);
    if (!icu_memory_init())
        return error_set(ret, E_INTERNAL, "", "ICU was used before V8 was started");
    u_init(&icu); /* ICU's data is loaded before V8 starts, and before there are threads */
    engine_start(config->worker_threads);
    isolate_park_on_traps();
    return 0;
}

void engine_close(void)
{
    is_running.store(false, std::memory_order_relaxed);
    v8::V8::Dispose();
    v8::V8::DisposePlatform();
    delete the_platform;
    the_platform = nullptr;
}

bool engine_is_busy(void)
{
    return the_platform->is_busy();
}

const char *engine_version(void)
{
    return v8::V8::GetVersion();
}

void engine_code_tag(char *ret, size_t size)
{
    snprintf(ret, size, "%s-%08x", v8::V8::GetVersion(),
             v8::ScriptCompiler::CachedDataVersionTag());
}
