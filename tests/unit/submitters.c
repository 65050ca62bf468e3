/* Tasks without end, each of which asks its isolate whose it is. */
#include "submitters.h"

#include "api/bytes.h"
#include "switch_fixture.h"
#include "unit.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define SUBMITTERS 2
#define SLOTS 64
#define PROGRAM_MAX 80

/* What comes after the worker's name and the task's number. */
static const char *const programs[] = {"answer",         "answer",         "work:20 answer",
                                       "sleep:1 answer", "throw",          "sleep:3 answer",
                                       "log answer",     "spin:3 answer",  "answer",
                                       "burn",           "answer-more end"};

/* Who may cancel a slot's task: its canceller, once; the submitter waits for it. */
enum {
    CANCEL_OPEN,
    CANCEL_RUNS,
    CANCEL_DONE,
};

struct slot {
    struct job job;
    const char *program; /* NULL: nothing */
    char tenant[2], worker[2];
    uint64_t number;
    bool is_submitted;
    atomic_int cancel;
};

struct submitter {
    pthread_t thread, canceller;
    unsigned seed, cancel_seed;
    uint64_t last_number;
    struct slot slots[SLOTS];
    uint64_t answered, cancelled, counts;
};

static atomic_bool is_over;
static const char *tenants, *workers; /* a letter each */
static struct submitter *submitters;

static bool is_program(const struct slot *slot, const char *program)
{
    return strcmp(slot->program, program) == 0;
}

/* The isolate says whose it is, and what it was asked. */
static void check_answer(const struct slot *slot, const struct response *response)
{
    char wanted[PROGRAM_MAX * 2] = "";

    if (!is_program(slot, "answer-more end"))
        snprintf(wanted, sizeof(wanted), "name %s/%s %" PRIu64 " %s ", slot->tenant, slot->worker,
                 slot->number, slot->program);
    ck_assert_uint_eq(response->body.len, strlen(wanted));
    ck_assert_mem_eq(response->body.data, wanted, strlen(wanted));
}

static void check_failure(struct submitter *s, const struct slot *slot,
                          const struct failure *failure)
{
    bool was_cancelled = atomic_load(&slot->cancel) == CANCEL_DONE;

    s->cancelled += failure->reason == FAILURE_CANCELLED;
    ck_assert_msg((failure->reason == FAILURE_CANCELLED && was_cancelled) ||
                      failure->reason == FAILURE_ISOLATE_CONDEMNED || is_program(slot, "throw") ||
                      is_program(slot, "burn"),
                  "'%s' failed: %s", slot->program, failure->message);
}

static void check_outcome(struct submitter *s, struct slot *slot)
{
    const struct outcome *outcome = &slot->job.dispatch.task.outcome;

    ck_assert_uint_eq(slot->job.times, 1);
    s->counts++;
    if (outcome->kind == OUTCOME_ANSWERED) {
        s->answered++;
        check_answer(slot, outcome->response);
        return;
    }
    ck_assert_int_eq(outcome->kind, OUTCOME_FAILED);
    check_failure(s, slot, &outcome->failure);
}

/* Ends what the slot holds, so that it can be used again. */
static void empty(struct submitter *s, struct slot *slot)
{
    int open = CANCEL_OPEN;

    if (!slot->program)
        return;
    if (slot->is_submitted)
        parts_await(&slot->job.is_done);
    if (!atomic_compare_exchange_strong(&slot->cancel, &open, CANCEL_RUNS)) {
        while (atomic_load(&slot->cancel) != CANCEL_DONE)
            usleep(10);
    }
    if (slot->is_submitted)
        check_outcome(s, slot);
    job_release(&slot->job);
    slot->program = NULL;
}

static void choose(struct submitter *s, struct slot *slot)
{
    slot->program = programs[(size_t)rand_r(&s->seed) % (sizeof(programs) / sizeof(programs[0]))];
    if (is_program(slot, "burn") && rand_r(&s->seed) % 50 != 0)
        slot->program = "answer";
    slot->tenant[0] = tenants[(size_t)rand_r(&s->seed) % strlen(tenants)];
    slot->worker[0] = workers[(size_t)rand_r(&s->seed) % strlen(workers)];
    slot->number = ++s->last_number;
}

static void fill(struct submitter *s, struct slot *slot)
{
    char text[PROGRAM_MAX];
    int err;

    memset(&slot->job, 0, sizeof(slot->job));
    choose(s, slot);
    snprintf(text, sizeof(text), "name %" PRIu64 " %s", slot->number, slot->program);
    /* Release: from here on it may be cancelled, before it is submitted, too. */
    atomic_store(&slot->cancel, CANCEL_OPEN);
    err = job_start_for(&slot->job, slot->tenant, slot->worker, text);
    ck_assert_msg(err == 0 || err == E_CANCELLED, "%d", err);
    slot->is_submitted = err == 0;
}

static void *submit_all(void *arg)
{
    struct submitter *s = arg;

    while (!atomic_load(&is_over)) {
        struct slot *slot = &s->slots[(size_t)rand_r(&s->seed) % SLOTS];

        empty(s, slot);
        fill(s, slot);
        if (rand_r(&s->seed) % 8 == 0)
            usleep((unsigned)rand_r(&s->seed) % 200);
    }
    for (int i = 0; i < SLOTS; i++)
        empty(s, &s->slots[i]);
    return NULL;
}

static void *cancel_some(void *arg)
{
    struct submitter *s = arg;

    while (!atomic_load(&is_over)) {
        struct slot *slot = &s->slots[(size_t)rand_r(&s->cancel_seed) % SLOTS];
        int open = CANCEL_OPEN;

        if (atomic_compare_exchange_strong(&slot->cancel, &open, CANCEL_RUNS)) {
            dispatcher_cancel(&slot->job.dispatch);
            atomic_store(&slot->cancel, CANCEL_DONE);
        }
        usleep((unsigned)rand_r(&s->cancel_seed) % 400);
    }
    return NULL;
}

static void add_workers(unsigned calls)
{
    for (const char *tenant = tenants; *tenant; tenant++) {
        for (const char *worker = workers; *worker; worker++)
            add_tenants_worker((char[]){*tenant, '\0'}, (char[]){*worker, '\0'}, "sleep:1 load",
                               calls);
    }
}

void submitters_start(const char *tenant_letters, const char *worker_letters, unsigned calls)
{
    tenants = tenant_letters;
    workers = worker_letters;
    add_workers(calls);
    submitters = xcalloc(SUBMITTERS, sizeof(*submitters));
    atomic_store(&is_over, false);
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        struct submitter *s = &submitters[i];

        s->seed = i + 1;
        s->cancel_seed = i + 100;
        s->last_number = (uint64_t)i << 32; /* no number twice */
        for (int k = 0; k < SLOTS; k++)
            atomic_init(&s->slots[k].cancel, CANCEL_DONE);
        pthread_create(&s->thread, NULL, submit_all, s);
        pthread_create(&s->canceller, NULL, cancel_some, s);
    }
}

uint64_t submitters_stop(void)
{
    uint64_t answered = 0, cancelled = 0, counts = 0;

    atomic_store(&is_over, true);
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        pthread_join(submitters[i].canceller, NULL);
        pthread_join(submitters[i].thread, NULL);
        answered += submitters[i].answered;
        cancelled += submitters[i].cancelled;
        counts += submitters[i].counts;
    }
    ck_assert_uint_gt(answered, counts / 2);
    ck_assert_uint_gt(cancelled, 0);
    free(submitters);
    return counts;
}
