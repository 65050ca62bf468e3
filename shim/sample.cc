/* What can be learnt of an isolate's turn from outside: whose continuation runs, and whether V8 has
 * given up. */
#include "shim/isolate.h"

#include <csignal>
#include <unistd.h>

/* The last owner in the upper half, how often it was seen in the lower one. */
static uint64_t pack(const struct owner_samples *sample)
{
    return uint64_t(sample->ticket) << 32 | sample->count;
}

void isolate_begin_samples(struct isolate *isolate, uint32_t ticket)
{
    isolate->samples = {};
    isolate->samples.owners[0].ticket = ticket;
    /* Relaxed, as all of these: each is a figure of its own. A request that V8 has forgotten
     * between two turns is not waited for. */
    isolate->is_sample_asked.store(false, std::memory_order_relaxed);
    isolate->last_owner.store(0, std::memory_order_relaxed);
    isolate->others_count.store(0, std::memory_order_relaxed);
    isolate->sample_count.store(0, std::memory_order_relaxed);
}

/* The entry of an owner; the event's own, which is the first, where there is no room for more. */
static struct owner_samples *find_owner(struct isolate_samples *samples, uint32_t ticket)
{
    for (unsigned i = 0; i < samples->owner_count; i++) {
        if (samples->owners[i].ticket == ticket)
            return &samples->owners[i];
    }
    if (samples->owner_count == ISOLATE_OWNERS_MAX)
        return &samples->owners[0];
    samples->owners[samples->owner_count] = {ticket, 0};
    return &samples->owners[samples->owner_count++];
}

/* V8 does not carry the owner everywhere: code of nobody's is the event's, and so is what a task
 * has left behind that has ended. */
static void note_owner(v8::Isolate *v8, void *)
{
    struct isolate *isolate = isolate_of(v8);
    v8::HandleScope handles(v8);
    struct isolate_samples *samples = &isolate->samples;
    uint32_t owner = compat::owner(v8, v8->GetCurrentContext());
    struct owner_samples *sample;

    isolate->is_sample_asked.store(false, std::memory_order_relaxed);
    if (samples->owner_count == 0)
        samples->owner_count = 1;
    sample = isolate_slot(isolate, owner) ? find_owner(samples, owner) : &samples->owners[0];
    sample->count++;
    samples->total++;
    if (sample != &samples->owners[0])
        isolate->others_count.store(samples->total - samples->owners[0].count,
                                    std::memory_order_relaxed);
    isolate->sample_count.store(samples->total, std::memory_order_relaxed);
    isolate->last_owner.store(pack(sample), std::memory_order_relaxed);
}

void isolate_sample(struct isolate *isolate)
{
    if (!isolate->is_sample_asked.exchange(true, std::memory_order_relaxed))
        isolate->v8->RequestInterrupt(note_owner, nullptr);
}

void isolate_take_samples(struct isolate *isolate, struct isolate_samples *ret)
{
    *ret = isolate->samples;
}

struct isolate_owner isolate_last_owner(const struct isolate *isolate)
{
    uint64_t last = isolate->last_owner.load(std::memory_order_relaxed);

    return {uint32_t(last >> 32), uint32_t(last),
            isolate->others_count.load(std::memory_order_relaxed),
            isolate->sample_count.load(std::memory_order_relaxed)};
}

bool isolate_is_parked(const struct isolate *isolate)
{
    return isolate->is_parked.load(std::memory_order_acquire);
}

/* V8 must not be returned to, and ends the process where its handler returns. In an isolate's turn
 * the thread ends up here instead; nothing that it holds is ever touched again. Returns where there
 * is no turn. Safe in a signal's handler. */
static void park()
{
    v8::Isolate *v8 = v8::Isolate::TryGetCurrent();
    struct isolate *isolate = v8 ? isolate_of(v8) : nullptr;

    if (!isolate || isolate->context.IsEmpty())
        return; /* or it is only being made, and nobody watches yet */
    isolate->is_parked.store(true, std::memory_order_release);
    for (;;)
        pause();
}

static void on_fatal_error(const char *, const char *)
{
    park();
    abort();
}

static ISOYARD_OOM_HANDLER(on_out_of_memory)
{
    park();
    abort();
}

/* Where V8 finds a size that cannot be ("Fatal JavaScript invalid size error"), no handler of its
 * own is asked: it executes a trap, before anything has gone wrong. */
static void on_trap(int signal)
{
    park();
    std::signal(signal, SIG_DFL); /* and the trap is executed again */
}

void isolate_park_on_traps()
{
    struct sigaction action = {};

    action.sa_handler = on_trap;
    sigaction(SIGTRAP, &action, nullptr);
    sigaction(SIGILL, &action, nullptr);
}

void isolate_handle_fatal_errors(struct isolate *isolate)
{
    isolate->v8->SetFatalErrorHandler(on_fatal_error);
    isolate->v8->SetOOMErrorHandler(on_out_of_memory);
}
