/* Programs, step by step. */
#include "fake_program.h"

#include "fake_shim.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "shim/crypto/job.h"
#include "shim/net/fetcher.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fake_spin_us(uint64_t us)
{
    uint64_t end = clock_now_ns() + us * NS_PER_US;

    while (clock_now_ns() < end)
        ;
}

static struct op *add_op(struct isolate *isolate, enum op_kind kind, uint32_t ticket)
{
    struct op *op = op_new(kind, ticket);

    op_list_append(&isolate->ops, op);
    return op;
}

struct program *program_of(struct isolate *isolate, uint32_t ticket)
{
    unsigned slot = TICKET_SLOT(ticket);

    if (slot >= isolate->program_count || !isolate->programs[slot].is_open ||
        isolate->programs[slot].ticket != ticket)
        return NULL;
    return &isolate->programs[slot];
}

struct program *program_open(struct isolate *isolate, uint32_t ticket, const char *text, size_t len)
{
    unsigned slot = TICKET_SLOT(ticket);
    struct program *program;

    if (slot >= isolate->program_count) {
        isolate->programs = realloc(isolate->programs, (slot + 1) * sizeof(isolate->programs[0]));
        assert(isolate->programs);
        memset(isolate->programs + isolate->program_count, 0,
               (slot + 1 - isolate->program_count) * sizeof(isolate->programs[0]));
        isolate->program_count = slot + 1;
    }
    program = &isolate->programs[slot];
    free(program->text);
    *program = (struct program){.ticket = ticket, .is_open = true, .text = strndup(text, len)};
    program->rest = program->text;
    return program;
}

/* The event's own ticket is the first. */
static struct owner_samples *find_owner(struct isolate *isolate)
{
    struct isolate_samples *samples = &isolate->samples;

    for (unsigned i = 0; i < samples->owner_count; i++) {
        if (samples->owners[i].ticket == isolate->owner)
            return &samples->owners[i];
    }
    samples->owners[samples->owner_count].ticket = isolate->owner;
    return &samples->owners[samples->owner_count++];
}

static void note_owner(struct isolate *isolate)
{
    struct isolate_samples *samples = &isolate->samples;
    struct owner_samples *sample = find_owner(isolate);

    sample->count++;
    samples->total++;
    atomic_store(&isolate->others_count, samples->total - samples->owners[0].count);
    atomic_store(&isolate->sample_count, samples->total);
    atomic_store(&isolate->last_owner, (uint64_t)sample->ticket << 32 | sample->count);
}

/* Until so much CPU time is used, or somebody stops it: whether that came first. */
static bool work(struct isolate *isolate, uint64_t us)
{
    uint64_t end = clock_thread_cpu_ns() + us * NS_PER_US;

    while (clock_thread_cpu_ns() < end) {
        if (atomic_load_explicit(&isolate->is_terminating, memory_order_relaxed))
            return true;
        if (atomic_exchange(&isolate->is_sample_asked, false))
            note_owner(isolate);
    }
    return false;
}

void fake_burn(struct isolate *isolate)
{
    if (!work(isolate, 20 * 1000 * 1000))
        abort(); /* it ran on */
}

static void start_timer(struct isolate *isolate, uint32_t ticket, uint32_t delay_ms)
{
    struct op *op = add_op(isolate, OP_TIMER_START, ticket);

    op->timer.id = ++isolate->next_timer;
    op->timer.delay_ms = delay_ms;
    isolate->timers[op->timer.id % 4096].timer = op->timer.id;
    isolate->timers[op->timer.id % 4096].ticket = ticket;
}

/* Uninterruptible, until the test lets go. */
static void hold(void)
{
    while (atomic_load(&fake_holds))
        fake_spin_us(100);
}

/* PBKDF2 of so many iterations. The salt is copied, as the contract of OP_COMPUTE_START has it. */
static void start_computation(struct isolate *isolate, uint32_t ticket, uint32_t iterations)
{
    struct op *op = add_op(isolate, OP_COMPUTE_START, ticket);
    struct crypto_job *import = crypto_job_new(CRYPTO_IMPORT, CRYPTO_PBKDF2);
    struct crypto_job *job = crypto_job_new(CRYPTO_DERIVE, CRYPTO_PBKDF2);

    import->inputs[CRYPTO_DATA] = bytes_of("password");
    crypto_job_run(import);
    job->key = crypto_key_ref(import->keys[0]);
    crypto_job_free(import);
    job->hash = CRYPTO_SHA256;
    job->iterations = iterations;
    job->length = 256;
    job->inputs[CRYPTO_SALT] = bytes_of("salt");
    if (!crypto_job_keep(job))
        abort();
    op->compute.id = ++isolate->next_computation;
    op->compute.job = job;
}

/* One piece of memory, as the contract of OP_FETCH_START has it. */
static void start_fetch(struct isolate *isolate, uint32_t ticket, const char *url)
{
    struct op *op = add_op(isolate, OP_FETCH_START, ticket);
    size_t len = strlen(url);
    struct fetch_request *request = xcalloc(1, sizeof(*request) + len + 1);

    memcpy(request + 1, url, len);
    request->method = bytes_of("GET");
    request->url = (struct bytes){(const char *)(request + 1), len};
    request->headers = bytes_of("");
    op->fetch.id = ++isolate->next_fetch;
    op->fetch.request = request;
}

static void answer_more(struct isolate *isolate, struct program *program)
{
    struct op *op = add_op(isolate, OP_ANSWER, program->ticket);

    op->answer.response = response_new(202, 0, 0);
    op->answer.has_more = true;
}

static void answer_stream(struct isolate *isolate, struct program *program)
{
    struct op *op = add_op(isolate, OP_ANSWER, program->ticket);

    op->answer.response = response_new(200, 0, 0);
    op->answer.response->has_body = true;
    op->answer.has_more = op->answer.has_stream = true;
}

/* What there is room for; whether that was all. */
static bool write_on(struct isolate *isolate, struct program *program)
{
    while (program->to_write > 0 && program->room > 0 && !program->is_cancelled) {
        size_t len = program->to_write < program->room ? program->to_write : program->room;
        struct op *op = add_op(isolate, OP_BODY_CHUNK, program->ticket);

        if (len > PIPE_CHUNK_MAX)
            len = PIPE_CHUNK_MAX;
        op->body.chunk = (struct pipe_chunk){xcalloc(1, len), len};
        program->room -= len;
        program->to_write -= len;
    }
    return program->to_write == 0 || program->is_cancelled;
}

static void pull(struct isolate *isolate, struct program *program)
{
    program->is_pulling = true;
    add_op(isolate, OP_BODY_PULL, program->ticket);
}

bool program_take_change(struct isolate *isolate, struct program *program,
                         const struct body_event *body)
{
    size_t len = strlen(program->taken);

    switch (body->change) {
    case BODY_ROOM:
        program->room += body->room;
        return program->to_write > 0 && write_on(isolate, program);
    case BODY_CANCELLED:
        program->is_cancelled = true;
        atomic_fetch_add(&fake_figures.cancelled_bodies, 1);
        return program->awaits_cancel || program->to_write > 0;
    case BODY_CHUNK:
        assert(program->is_pulling);
        program->read += body->chunk.len;
        if (program->reads_all)
            pull(isolate, program);
        return !program->reads_all;
    case BODY_ENDED:
    case BODY_FAILED:
        break;
    }
    if (body->change == BODY_ENDED)
        snprintf(program->taken + len, sizeof(program->taken) - len, "%zu bytes ", program->read);
    else
        snprintf(program->taken + len, sizeof(program->taken) - len, "broken ");
    program->is_pulling = false;
    return true;
}

static void finish(struct isolate *isolate, struct program *program, bool is_answer)
{
    struct op *op;

    program->is_open = false;
    if (program->ticket == 0) {
        op = add_op(isolate, is_answer ? OP_LOADED : OP_LOAD_FAILED, 0);
        if (!is_answer)
            failure_set(&op->failure, FAILURE_EXCEPTION, PHASE_STARTUP, "thrown");
        return;
    }
    op = add_op(isolate, is_answer ? OP_ANSWER : OP_FAIL, program->ticket);
    if (is_answer) {
        size_t len = strlen(program->taken);

        op->answer.response = response_new(200, 0, len);
        memcpy(op->answer.response->data, program->taken, len);
        op->answer.response->has_body = true;
    } else {
        failure_set(&op->failure, FAILURE_EXCEPTION, PHASE_HANDLER, "thrown");
    }
}

static void take_name(const struct isolate *isolate, struct program *program)
{
    size_t len = strlen(program->taken);

    snprintf(program->taken + len, sizeof(program->taken) - len, "%s/%s ", isolate->script->tenant,
             isolate->script->worker);
}

static enum step_result take_step(struct isolate *isolate, struct program *program,
                                  const char *step)
{
    unsigned number = strchr(step, ':') ? (unsigned)atoi(strchr(step, ':') + 1) : 0;

    if (strlen(program->taken) + strlen(step) + 2 < sizeof(program->taken)) {
        strcat(program->taken, step);
        strcat(program->taken, " ");
    }
    if (strcmp(step, "answer") == 0 || strcmp(step, "load") == 0) {
        finish(isolate, program, true);
        return STEP_ENDED;
    }
    if (strcmp(step, "throw") == 0) {
        finish(isolate, program, false);
        return STEP_ENDED;
    }
    if (strncmp(step, "sleep:", 6) == 0) {
        start_timer(isolate, program->ticket, number);
        return STEP_PARKED;
    }
    if (strcmp(step, "end") == 0) {
        program->is_open = false;
        add_op(isolate, OP_END, program->ticket);
        return STEP_ENDED;
    }
    if (strcmp(step, "await") == 0) {
        program->is_awaiting = true;
        return STEP_PARKED;
    }
    if (strcmp(step, "park") == 0) {
        atomic_store(&isolate->is_parked, true);
        hold();
        return STEP_HEAP;
    }
    if (strncmp(step, "write:", 6) == 0) {
        program->to_write = number;
        return write_on(isolate, program) ? STEP_ON : STEP_PARKED;
    }
    if (strncmp(step, "read", 4) == 0) {
        program->reads_all = strcmp(step, "read-all") == 0;
        pull(isolate, program);
        return STEP_PARKED;
    }
    if (strcmp(step, "cancelled") == 0) {
        program->awaits_cancel = !program->is_cancelled;
        return program->awaits_cancel ? STEP_PARKED : STEP_ON;
    }
    if (strncmp(step, "fetch:", 6) == 0) {
        start_fetch(isolate, program->ticket, step + 6);
        return STEP_PARKED;
    }
    if (strncmp(step, "compute:", 8) == 0) {
        start_computation(isolate, program->ticket, number);
        return STEP_PARKED;
    }
    if (strcmp(step, "stray-timer") == 0)
        start_timer(isolate, program->ticket, 3600 * 1000);
    else if (strncmp(step, "spin:", 5) == 0)
        fake_spin_us(number * 1000u);
    else if (strncmp(step, "work:", 5) == 0)
        return work(isolate, number) ? STEP_STOPPED : STEP_ON;
    else if (strcmp(step, "burn") == 0) {
        fake_burn(isolate);
        return STEP_STOPPED;
    } else if (strcmp(step, "name") == 0)
        take_name(isolate, program);
    else if (strcmp(step, "burn-later") == 0)
        isolate->has_burn_later = true;
    else if (strcmp(step, "heap") == 0)
        return STEP_HEAP;
    else if (strcmp(step, "never") == 0)
        return STEP_PARKED;
    else if (strcmp(step, "hold") == 0)
        hold();
    else if (strcmp(step, "resume") == 0)
        isolate->has_resume = true;
    else if (strcmp(step, "answer-more") == 0)
        answer_more(isolate, program);
    else if (strcmp(step, "answer-stream") == 0)
        answer_stream(isolate, program);
    else if (strcmp(step, "end-body") == 0)
        add_op(isolate, OP_BODY_END, program->ticket);
    else if (strcmp(step, "fail-body") == 0)
        failure_set(&add_op(isolate, OP_BODY_FAIL, program->ticket)->body.failure,
                    FAILURE_EXCEPTION, PHASE_HANDLER, "thrown");
    else if (strcmp(step, "log") == 0) {
        struct op *op = add_op(isolate, OP_LOG, program->ticket);

        op->log.text = strdup("line");
        op->log.len = 4;
    }
    return STEP_ON;
}

enum step_result program_run(struct isolate *isolate, struct program *program)
{
    enum step_result result = STEP_ON;

    while (result == STEP_ON) {
        char *step = strsep(&program->rest, " ");

        if (!step)
            return STEP_PARKED;
        result = take_step(isolate, program, step);
    }
    return result;
}
