/*
 * server/dispatcher and server/switcher: many switches while tasks of two tenants come and are
 * cancelled, on an engine without V8. Every task ends once, with the answer to itself by an isolate
 * of its own worker; and neither isolates nor memory are left behind.
 *
 * ISOYARD_SWITCHES says how many switches, 50 if not; CK_TIMEOUT_MULTIPLIER gives them time.
 */
#include "api/bytes.h"
#include "api/resident.h"
#include "fake_shim.h"
#include "switch_fixture.h"
#include "unit.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#define SWITCHES_DEFAULT 50
#define OWNERS 2
#define WORKERS 4 /* of each */
#define SUBMITTERS 2
#define SLOTS 64
#define PROGRAM_MAX 80

/* How much more memory than after the first switches there may be at the end: what the heap's
 * arenas keep of what threads have freed. */
#define GROWTH_MAX_BYTES ((uint64_t)4 << 20)

static const char *const tenants[OWNERS] = {"t", "u"};

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
    const char *tenant;
    char worker[2];
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
    slot->tenant = tenants[rand_r(&s->seed) % OWNERS];
    slot->worker[0] = (char)('a' + rand_r(&s->seed) % WORKERS);
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

static void start_submitters(struct submitter *submitters)
{
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

static uint64_t stop_submitters(struct submitter *submitters)
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
    return counts;
}

/* Switches. */

static unsigned switches_wanted(void)
{
    const char *text = getenv("ISOYARD_SWITCHES");

    return text ? (unsigned)atoi(text) : SWITCHES_DEFAULT;
}

static void switch_once(unsigned number)
{
    static const struct {
        const struct pool_ops *ops;
        enum architecture architecture;
        enum handoff handoff;
    } steps[] = {{&pool_legacy, ARCHITECTURE_LEGACY, HANDOFF_FIFO},
                 {&pool_shared, ARCHITECTURE_SHARED, HANDOFF_FIFO},
                 {&pool_pinned, ARCHITECTURE_PINNED, HANDOFF_FIFO},
                 {&pool_shared, ARCHITECTURE_SHARED, HANDOFF_MUTEX}};
    struct asked asked = asked_for(steps[number % 4].ops, number % 5 == 0 ? 0 : 1000);

    asked.order.config.lanes = 1 + number / 4 % 4;
    asked.order.config.handoff = steps[number % 4].handoff;
    asked_begin_patiently(&asked);
    asked_finish(&asked, 0);
    ck_assert_int_eq(asked.report.architecture, steps[number % 4].architecture);
    ck_assert_int_eq(asked.report.config.handoff, steps[number % 4].handoff);
    usleep(number % 7 * 300);
}

static uint64_t trimmed_bytes(void)
{
    malloc_trim(0);
    return resident_bytes();
}

/* A sanitizer keeps what is freed. */
static void check_growth(uint64_t early_bytes, uint64_t late_bytes)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    ck_assert_uint_lt(late_bytes, early_bytes + GROWTH_MAX_BYTES);
#else
    (void)early_bytes;
    (void)late_bytes;
#endif
}

static void run_switches(unsigned wanted)
{
    uint64_t early_bytes = 0, late_bytes;
    unsigned opened, closed;

    for (unsigned i = 0; i < wanted; i++) {
        switch_once(i);
        if (i == wanted / 10)
            early_bytes = trimmed_bytes();
    }
    late_bytes = trimmed_bytes();
    opened = atomic_load(&fake_figures.opened);
    closed = atomic_load(&fake_figures.closed);
    printf(
        "%u switches: resident %.1f MiB after %u, %.1f MiB at the end; %u isolates, of which %u live\n",
        wanted, (double)early_bytes / (1 << 20), wanted / 10, (double)late_bytes / (1 << 20),
        opened, opened - closed);
    check_growth(early_bytes, late_bytes);
}

START_TEST(dispatcher_submit_while_pools_are_switched_every_task_ends_once)
{
    struct submitter *submitters = xcalloc(SUBMITTERS, sizeof(*submitters));

    parts_open(&pool_pinned);
    for (int tenant = 0; tenant < OWNERS; tenant++) {
        for (char name[] = "a"; name[0] < 'a' + WORKERS; name[0]++)
            add_tenants_worker(tenants[tenant], name, "sleep:1 load", 0);
    }
    start_submitters(submitters);
    run_switches(switches_wanted());
    printf("%" PRIu64 " tasks\n", stop_submitters(submitters));
    ck_assert_uint_eq(dispatcher_drain(parts.dispatcher, 10000), 0);
    parts_close();
    ck_assert_uint_gt(atomic_load(&fake_figures.opened), 0);
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), atomic_load(&fake_figures.closed));
    free(submitters);
}
END_TEST

UNIT_MAIN("switch_stress", dispatcher_submit_while_pools_are_switched_every_task_ends_once)
