/* The engine without V8: isolates, turns and events. */
#include "fake_shim.h"

#include "api/bytes.h"
#include "fake_program.h"
#include "shim/crypto/job.h"
#include "shim/net/fetcher.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct fake_figures fake_figures;
atomic_uint fake_open_us, fake_close_us;
atomic_bool fake_open_fails, fake_renew_fails, fake_is_busy, fake_holds;

int isolate_open(struct script *script, const struct isolate_host *host, struct isolate **ret)
{
    struct isolate *isolate;

    fake_spin_us(atomic_load(&fake_open_us));
    if (atomic_load(&fake_open_fails))
        return E_NOMEM;
    isolate = xcalloc(1, sizeof(*isolate));
    isolate->script = script_ref(script);
    isolate->host = *host;
    op_list_init(&isolate->ops);
    pthread_mutex_init(&isolate->lock, NULL);
    atomic_fetch_add(&fake_figures.alive, 1);
    atomic_fetch_add(&fake_figures.opened, 1);
    *ret = isolate;
    return 0;
}

/* What a context has. */
static void drop_context(struct isolate *isolate)
{
    struct op_list ops;

    for (unsigned i = 0; i < isolate->program_count; i++)
        free(isolate->programs[i].text);
    free(isolate->programs);
    isolate_take_ops(isolate, &ops);
    while (ops.first) {
        struct op *op = ops.first;

        ops.first = op->next;
        op_free(op);
    }
}

int isolate_renew(struct isolate *isolate)
{
    if (atomic_load(&fake_renew_fails))
        return E_NOMEM;
    drop_context(isolate);
    isolate->programs = NULL;
    isolate->program_count = 0;
    isolate->next_timer = isolate->next_fetch = isolate->next_computation =
        0; /* numbers come again, as V8's prelude's do */
    memset(isolate->timers, 0, sizeof(isolate->timers));
    isolate->has_burn_later = isolate->has_resume = false;
    atomic_fetch_add(&fake_figures.renewed, 1);
    return 0;
}

void isolate_close(struct isolate *isolate)
{
    if (!isolate)
        return;
    fake_spin_us(atomic_load(&fake_close_us));
    drop_context(isolate);
    script_unref(isolate->script);
    pthread_mutex_destroy(&isolate->lock);
    free(isolate);
    atomic_fetch_sub(&fake_figures.alive, 1);
    atomic_fetch_add(&fake_figures.closed, 1);
}

void isolate_enter(struct isolate *isolate, void (*turn)(void *arg), void *arg)
{
    if (atomic_exchange(&isolate->is_entered, true))
        atomic_fetch_add(&fake_figures.overlaps, 1);
    pthread_mutex_lock(&isolate->lock);
    /* As V8's outermost Locker does: what was requested between two turns is lost. */
    atomic_store(&isolate->is_terminating, false);
    turn(arg);
    pthread_mutex_unlock(&isolate->lock);
    atomic_store(&isolate->is_entered, false);
}

static void begin_samples(struct isolate *isolate, uint32_t ticket)
{
    isolate->owner = ticket;
    isolate->samples = (struct isolate_samples){.owner_count = 1, .owners = {{ticket, 0}}};
    atomic_store(&isolate->is_sample_asked, false);
    atomic_store(&isolate->last_owner, 0);
    atomic_store(&isolate->others_count, 0);
    atomic_store(&isolate->sample_count, 0);
}

/* The requests of a worker carry growing numbers in their headers, "n\nNUMBER\n", where a test
 * wants the order checked. */
static void check_order(struct isolate *isolate, const struct request *request)
{
    uint64_t number;

    if (request->headers.len < 3 || memcmp(request->headers.data, "n\n", 2) != 0)
        return;
    number = strtoull(request->headers.data + 2, NULL, 10);
    if (number <= isolate->last_number)
        atomic_fetch_add(&fake_figures.disorders, 1);
    isolate->last_number = number;
}

static enum step_result deliver(struct isolate *isolate, const struct event *event)
{
    struct program *program = NULL;

    switch (event->kind) {
    case EVENT_LOAD:
        program = program_open(isolate, 0, isolate->script->files[0].content,
                               isolate->script->files[0].size);
        break;
    case EVENT_REQUEST:
        check_order(isolate, event->request);
        program =
            program_open(isolate, event->ticket, event->request->url.data, event->request->url.len);
        break;
    case EVENT_TIMER:
        assert(isolate->timers[event->timer % 4096].timer == event->timer);
        program = program_of(isolate, isolate->timers[event->timer % 4096].ticket);
        break;
    case EVENT_FETCHED:
        program = program_of(isolate, event->ticket);
        if (program && event->result->error != FETCH_OK)
            atomic_fetch_add(&fake_figures.failed_fetches, 1);
        break;
    case EVENT_BODY:
        program = program_of(isolate, event->ticket);
        if (program && !program_take_change(isolate, program, event->body))
            return STEP_ENDED;
        break;
    case EVENT_COMPUTED:
        program = program_of(isolate, event->ticket);
        if (event->job->status != CRYPTO_OK)
            atomic_fetch_add(&fake_figures.failed_computations, 1);
        break;
    case EVENT_END:
        program = program_of(isolate, event->ticket);
        if (program)
            program->is_open = false;
        return STEP_ENDED;
    case EVENT_PLATFORM:
        atomic_store(&isolate->platform_tasks, 0);
        return STEP_ENDED;
    }
    return program ? program_run(isolate, program) : STEP_ENDED;
}

struct event_result isolate_deliver(struct isolate *isolate, const struct event *event)
{
    struct event_result result = {0};
    enum step_result step;

    atomic_fetch_add(&fake_figures.events, 1);
    begin_samples(isolate, event->ticket);
    step = deliver(isolate, event);
    if (step == STEP_HEAP) {
        result = (struct event_result){.was_terminated = true,
                                       .is_unusable = true,
                                       .limit = LIMIT_HEAP,
                                       .used = isolate->script->limits.heap_bytes,
                                       .allowed = isolate->script->limits.heap_bytes};
    } else if (step == STEP_STOPPED) {
        result.was_terminated = true;
    } else {
        result = isolate_checkpoint(isolate);
    }
    if (result.was_terminated)
        atomic_fetch_add(&fake_figures.terminated, 1);
    return result;
}

/* Continuations of the programs that await: whether one of them was stopped. */
static bool resume_all(struct isolate *isolate)
{
    uint32_t event_owner = isolate->owner;
    bool is_stopped = false;

    for (unsigned i = 0; i < isolate->program_count && !is_stopped; i++) {
        struct program *program = &isolate->programs[i];

        if (!program->is_open || !program->is_awaiting)
            continue;
        program->is_awaiting = false;
        isolate->owner = program->ticket;
        is_stopped = program_run(isolate, program) == STEP_STOPPED;
    }
    isolate->owner = event_owner;
    return is_stopped;
}

struct event_result isolate_checkpoint(struct isolate *isolate)
{
    struct event_result result = {0};

    if (isolate->has_burn_later) {
        isolate->has_burn_later = false;
        fake_burn(isolate);
        result.was_terminated = result.is_unusable = true;
    }
    if (isolate->has_resume) {
        isolate->has_resume = false;
        if (resume_all(isolate))
            result.was_terminated = result.is_unusable = true;
    }
    return result;
}

void isolate_sample(struct isolate *isolate)
{
    atomic_store(&isolate->is_sample_asked, true);
}

void isolate_take_samples(struct isolate *isolate, struct isolate_samples *ret)
{
    *ret = isolate->samples;
    if (ret->total == 0)
        ret->owner_count = 0;
}

struct isolate_owner isolate_last_owner(const struct isolate *isolate)
{
    uint64_t last = atomic_load(&isolate->last_owner);

    return (struct isolate_owner){(uint32_t)(last >> 32), (uint32_t)last,
                                  atomic_load(&isolate->others_count),
                                  atomic_load(&isolate->sample_count)};
}

bool isolate_is_parked(const struct isolate *isolate)
{
    return atomic_load(&isolate->is_parked);
}

void isolate_take_ops(struct isolate *isolate, struct op_list *ret)
{
    ret->first = isolate->ops.first;
    ret->end = isolate->ops.first ? isolate->ops.end : &ret->first;
    op_list_init(&isolate->ops);
}

bool isolate_has_platform_task(struct isolate *isolate)
{
    return atomic_load(&isolate->platform_tasks) > 0;
}

void isolate_terminate(struct isolate *isolate)
{
    atomic_store_explicit(&isolate->is_terminating, true, memory_order_relaxed);
}

void isolate_clear_termination(struct isolate *isolate)
{
    atomic_store_explicit(&isolate->is_terminating, false, memory_order_relaxed);
}

const char *engine_version(void)
{
    return "none";
}

bool engine_is_busy(void)
{
    return atomic_load(&fake_is_busy);
}

const char *isolate_tenant(const struct isolate *isolate)
{
    return isolate->script->tenant;
}

size_t isolate_heap_bytes(struct isolate *isolate)
{
    (void)isolate;
    return 1 << 20;
}

void fake_post_platform(struct isolate *isolate, uint64_t delay_ns)
{
    atomic_fetch_add(&isolate->platform_tasks, 1);
    isolate->host.platform_task(isolate->host.arg, delay_ns);
}
