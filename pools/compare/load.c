/*
 * Slots go round: the load's thread takes an idle one and begins a task with it; whoever ends the
 * task begins the next one with the slot, or gives it back. Where there is nothing left to begin,
 * the load's thread retires what it takes, and the end is when it has retired all.
 */
#include "pools/compare/load.h"

#include "api/bytes.h"
#include "api/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often the pool's queues are looked at, and whether to go on. */
#define LOOK_NS (5 * NS_PER_MS)

/* A caller whose task was refused tries the next one after this. */
#define REFUSED_NS (1 * NS_PER_MS)

#define NEVER UINT64_MAX

struct slot {
    struct task task;
    struct load *load;
    unsigned number;
    unsigned begun;   /* its tasks so far */
    size_t index;     /* of its task, among all */
    uint64_t from_ns; /* latency counts from here */
    uint64_t ended_ns;
    uint64_t ended, failed;
    atomic_uint visitors; /* threads that end a task of it: they may submit, and see the load */
    uint64_t due_ns;      /* with the next: where it is idle */
    struct slot *next;
};

/* Of slots that are idle; first come, first taken. */
struct idle {
    struct slot *first, **end;
};

struct load {
    struct pool *pool;
    struct load_plan plan;
    struct slot *slots;
    unsigned slot_count;
    /* Of each task, plus one; 0: not answered. An entry is whose thread ends its task. */
    uint32_t *latencies_us;
    size_t limit; /* tasks in all */
    uint64_t start_ns, stop_ns;
    atomic_size_t index; /* the next task's, where callers have no number of their own */
    atomic_bool is_stopped;

    /* The load's thread's. */
    unsigned retired;
    uint64_t lost; /* due, but there was no slot */
    uint64_t depth_sum, depth_looks, depth_max;

    pthread_mutex_t lock; /* a leaf; guards the rest */
    pthread_cond_t changed;
    struct idle idle;
    char failure[LOAD_FAILURE_BYTES];
};

static bool is_open(const struct load *load)
{
    return load->plan.rate_per_s > 0;
}

/* Whether every caller has so many tasks of its own. */
static bool has_own_numbers(const struct load_plan *plan)
{
    return plan->has_tasks_each && !(plan->rate_per_s > 0);
}

/* Idle slots. */

static void give_back(struct slot *slot, uint64_t due_ns)
{
    struct load *load = slot->load;

    slot->due_ns = due_ns;
    slot->next = NULL;
    pthread_mutex_lock(&load->lock);
    *load->idle.end = slot;
    load->idle.end = &slot->next;
    if (!is_open(load)) /* there tasks come when they are due, whether a slot does or not */
        pthread_cond_signal(&load->changed);
    pthread_mutex_unlock(&load->lock);
}

/* NULL: there is none. */
static struct slot *take_idle(struct load *load)
{
    struct slot *slot;

    pthread_mutex_lock(&load->lock);
    slot = load->idle.first;
    if (slot) {
        load->idle.first = slot->next;
        if (!load->idle.first)
            load->idle.end = &load->idle.first;
    }
    pthread_mutex_unlock(&load->lock);
    return slot;
}

/* Tasks. */

static bool is_time_over(const struct load *load, uint64_t now_ns)
{
    return now_ns >= load->stop_ns;
}

/* False: there is nothing left to begin. */
static bool take_index(struct slot *slot, uint64_t now_ns)
{
    struct load *load = slot->load;

    if (is_time_over(load, now_ns))
        return false;
    if (has_own_numbers(&load->plan)) {
        if (slot->begun == load->plan.tasks)
            return false;
        slot->index = (size_t)slot->number * load->plan.tasks + slot->begun;
        return true;
    }
    /* Relaxed: a number, and nothing that goes with it. */
    slot->index = atomic_fetch_add_explicit(&load->index, 1, memory_order_relaxed);
    return slot->index < load->limit;
}

/* Callers that have the same workers go round them together, or each on its own. */
static struct script *script_of(const struct slot *slot)
{
    const struct load_plan *plan = &slot->load->plan;
    size_t turn = has_own_numbers(plan) ? slot->begun : slot->index;
    size_t first = plan->has_workers_each ? (size_t)slot->number * plan->workers : 0;

    return plan->scripts[first + turn % plan->workers];
}

static void note_failure(struct load *load, const char *text)
{
    pthread_mutex_lock(&load->lock);
    if (load->failure[0] == '\0')
        snprintf(load->failure, sizeof(load->failure), "%s", text);
    pthread_mutex_unlock(&load->lock);
}

static void on_done(struct task *task);

/* False: there is nothing left to begin. From where a task is submitted the slot is whoever's who
 * ends it. */
static bool begin(struct slot *slot, uint64_t from_ns, uint64_t now_ns)
{
    struct load *load = slot->load;
    int err;

    if (!take_index(slot, now_ns))
        return false;
    slot->task = (struct task){
        .kind = TASK_REQUEST,
        .script = script_of(slot),
        .request = load->plan.request,
        .done = on_done,
    };
    slot->task.tenant = slot->task.script->tenant;
    slot->from_ns = from_ns;
    slot->begun++;
    err = pool_submit(load->pool, &slot->task);
    if (!err)
        return true;
    slot->ended++;
    slot->failed++;
    slot->ended_ns = now_ns;
    note_failure(load, err == E_BUSY ? "the queue is full" : "the pool takes no tasks");
    give_back(slot, now_ns + REFUSED_NS);
    return true;
}

static void end(struct slot *slot, uint64_t now_ns)
{
    struct outcome *outcome = &slot->task.outcome;
    uint64_t took_us = (now_ns - slot->from_ns) / NS_PER_US;

    slot->ended++;
    slot->ended_ns = now_ns;
    if (outcome->kind == OUTCOME_ANSWERED) {
        slot->load->latencies_us[slot->index] =
            took_us < UINT32_MAX - 1 ? (uint32_t)took_us + 1 : UINT32_MAX;
    } else {
        slot->failed++;
        note_failure(slot->load, outcome->failure.message ? outcome->failure.message : "");
    }
    outcome_release(outcome);
}

/* A caller that does not wait between two tasks begins the next one here. */
static void on_done(struct task *task)
{
    struct slot *slot = (struct slot *)task;
    struct load *load = slot->load;
    uint64_t now_ns = clock_now_ns();

    /* Sequentially consistent, as is the flag: whoever stops the load sees the visitor, or the
     * visitor sees that it is stopped. */
    atomic_fetch_add(&slot->visitors, 1);
    end(slot, now_ns);
    if (is_open(load) || load->plan.think_ns > 0)
        give_back(slot, now_ns + load->plan.think_ns);
    else if (atomic_load(&load->is_stopped) || !begin(slot, now_ns, now_ns))
        give_back(slot, 0);
    atomic_fetch_sub(&slot->visitors, 1);
}

/* The load's thread. */

/* When there is something to do: a task is due, or a slot to be retired. */
static uint64_t next_due(struct load *load, uint64_t now_ns)
{
    uint64_t due_ns;
    size_t index;

    pthread_mutex_lock(&load->lock);
    due_ns = load->idle.first ? load->idle.first->due_ns : NEVER;
    pthread_mutex_unlock(&load->lock);
    if (!is_open(load))
        return due_ns;
    index = atomic_load_explicit(&load->index, memory_order_relaxed);
    if (index >= load->limit || is_time_over(load, now_ns))
        return due_ns == NEVER ? NEVER : 0;
    return load->start_ns + (uint64_t)((double)index * 1e9 / load->plan.rate_per_s);
}

static void begin_due(struct load *load, uint64_t due_ns, uint64_t now_ns)
{
    struct slot *slot = take_idle(load);

    if (!slot) {
        load->lost++;
        atomic_fetch_add_explicit(&load->index, 1, memory_order_relaxed);
        note_failure(load, "too many tasks are in flight at once");
    } else if (!begin(slot, is_open(load) ? due_ns : now_ns, now_ns)) {
        load->retired++;
    }
}

static void look(struct load *load)
{
    uint64_t queued = pool_queued(load->pool);

    load->depth_sum += queued;
    load->depth_looks++;
    if (queued > load->depth_max)
        load->depth_max = queued;
}

/* Until then, or until a slot comes back where none was idle. */
static void wait_until(struct load *load, uint64_t until_ns)
{
    struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S),
                             .tv_nsec = (long)(until_ns % NS_PER_S)};
    int err = 0;

    pthread_mutex_lock(&load->lock);
    while (err != ETIMEDOUT &&
           (is_open(load) || !load->idle.first || load->idle.first->due_ns >= until_ns))
        err = pthread_cond_timedwait(&load->changed, &load->lock, &until);
    pthread_mutex_unlock(&load->lock);
}

static bool play(struct load *load, const atomic_bool *is_cancelled)
{
    uint64_t look_ns = load->start_ns;

    while (load->retired < load->slot_count) {
        uint64_t now_ns = clock_now_ns(), due_ns = next_due(load, now_ns);

        if (now_ns >= look_ns) {
            look(load);
            look_ns = now_ns + LOOK_NS;
            if (atomic_load_explicit(is_cancelled, memory_order_relaxed))
                return false;
        }
        if (due_ns <= now_ns)
            begin_due(load, due_ns, now_ns);
        else
            wait_until(load, due_ns < look_ns ? due_ns : look_ns);
    }
    return true;
}

/* Nobody begins a task from here on, nor sees the load but in on_done. */
static void stop(struct load *load)
{
    const struct timespec pause = {.tv_nsec = 10 * NS_PER_US};

    atomic_store(&load->is_stopped, true);
    for (unsigned i = 0; i < load->slot_count; i++) {
        while (atomic_load(&load->slots[i].visitors) > 0)
            nanosleep(&pause, NULL);
    }
}

/* Figures. */

static int compare_latencies(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Moves those of answered tasks to the front, in order; returns how many there are. */
static size_t sort_latencies(struct load *load)
{
    size_t taken = has_own_numbers(&load->plan) ? load->limit : load->index;
    size_t count = 0;

    for (size_t i = 0; i < load->limit && i < taken; i++) {
        if (load->latencies_us[i] > 0)
            load->latencies_us[count++] = load->latencies_us[i] - 1;
    }
    qsort(load->latencies_us, count, sizeof(load->latencies_us[0]), compare_latencies);
    return count;
}

/* The nearest rank. */
static uint64_t percentile(const uint32_t *sorted, size_t count, unsigned percent)
{
    return count == 0 ? 0 : sorted[(count * percent + 99) / 100 - 1];
}

static void summarise(struct load *load, struct histogram *latency_us, struct load_result *ret)
{
    size_t answered = sort_latencies(load);
    uint64_t ended_ns = load->start_ns;

    *ret = (struct load_result){.tasks = load->lost, .failed = load->lost};
    for (unsigned i = 0; i < load->slot_count; i++) {
        const struct slot *slot = &load->slots[i];

        ret->tasks += slot->ended;
        ret->failed += slot->failed;
        if (slot->ended_ns > ended_ns)
            ended_ns = slot->ended_ns;
    }
    for (size_t i = 0; i < answered; i++)
        histogram_record(latency_us, load->latencies_us[i]);
    ret->elapsed_ns = ended_ns - load->start_ns;
    ret->p50_us = percentile(load->latencies_us, answered, 50);
    ret->p99_us = percentile(load->latencies_us, answered, 99);
    ret->depth_sum = load->depth_sum;
    ret->depth_looks = load->depth_looks;
    ret->depth_max = load->depth_max;
    memcpy(ret->failure, load->failure, sizeof(ret->failure));
}

/* Beginning and end. */

static size_t count_tasks(const struct load_plan *plan)
{
    return (size_t)plan->tasks * (has_own_numbers(plan) ? plan->callers : 1);
}

static unsigned count_slots(const struct load_plan *plan)
{
    if (!(plan->rate_per_s > 0))
        return plan->callers;
    return plan->tasks < LOAD_OPEN_MAX ? plan->tasks : LOAD_OPEN_MAX;
}

static void init_lock(struct load *load)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&load->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&load->lock, NULL);
}

int load_new(const struct load_plan *plan, struct load **ret, struct error *error)
{
    struct load *load = xcalloc(1, sizeof(*load));

    load->plan = *plan;
    load->limit = count_tasks(plan);
    load->slot_count = count_slots(plan);
    load->idle.end = &load->idle.first;
    /* Not xcalloc: both may be large, and somebody asked for it. */
    load->slots = calloc(load->slot_count, sizeof(load->slots[0]));
    load->latencies_us = calloc(load->limit, sizeof(load->latencies_us[0]));
    init_lock(load);
    if (!load->slots || !load->latencies_us) {
        load_free(load);
        return error_set(error, E_NOMEM, NULL, "no memory for a load of %u tasks", plan->tasks);
    }
    for (unsigned i = 0; i < load->slot_count; i++) {
        load->slots[i].load = load;
        load->slots[i].number = i;
        give_back(&load->slots[i], 0);
    }
    *ret = load;
    return 0;
}

int load_run(struct load *load, struct pool *pool, const atomic_bool *is_cancelled,
             struct histogram *latency_us, struct load_result *ret, struct error *error)
{
    bool is_over;

    load->pool = pool;
    load->start_ns = clock_now_ns();
    load->stop_ns = load->start_ns + load->plan.begin_ns;
    is_over = play(load, is_cancelled);
    stop(load);
    if (!is_over)
        return error_set(error, E_CANCELLED, NULL, "the comparison was cancelled");
    summarise(load, latency_us, ret);
    return 0;
}

void load_free(struct load *load)
{
    if (!load)
        return;
    pthread_cond_destroy(&load->changed);
    pthread_mutex_destroy(&load->lock);
    free(load->latencies_us);
    free(load->slots);
    free(load);
}
