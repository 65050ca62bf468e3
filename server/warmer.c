/* Tasks that ask for nothing but a warm isolate. */
#include "server/warmer.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "server/container_of.h"

#include <pthread.h>
#include <stdlib.h>

/* Whether it is still wanted is looked for, and a full queue tried again, this often. */
#define LOOK_MS 5

/* A worker that takes longer to start is not waited for before the next one begins. */
#define SLOW_NS (50 * NS_PER_MS)

/* The longest pause. */
#define PAUSE_MAX_NS (10 * NS_PER_MS)

struct warming;

struct warm_task {
    struct task task;
    struct warming *warming;
    bool is_submitted;
    bool is_over;   /* guarded by the lock */
    bool is_warmed; /* the same */
};

struct warming {
    struct pool *pool;
    bool (*is_unwanted)(void *arg);
    void *arg;
    uint64_t until_ns;
    size_t count;
    struct warm_task *tasks;
    pthread_mutex_t lock; /* a leaf */
    pthread_cond_t changed;
    size_t running; /* guarded by lock */
};

/* Lane thread. */
static void on_done(struct task *task)
{
    struct warm_task *warm = container_of(task, struct warm_task, task);
    struct warming *w = warm->warming;
    bool is_warmed = task->outcome.kind == OUTCOME_CHECKED;

    outcome_release(&task->outcome);
    pthread_mutex_lock(&w->lock);
    warm->is_over = true;
    warm->is_warmed = is_warmed;
    w->running--;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static bool is_time_up(const struct warming *w)
{
    return w->is_unwanted(w->arg) || clock_now_ns() >= w->until_ns;
}

/* For a little while, or until a task ends. The lock is held. */
static void wait_a_little(struct warming *w)
{
    uint64_t at_ns = clock_now_ns() + LOOK_MS * NS_PER_MS;
    struct timespec at = {(time_t)(at_ns / NS_PER_S), (long)(at_ns % NS_PER_S)};

    pthread_cond_timedwait(&w->changed, &w->lock, &at);
}

/* Where the queue is full, one that ends makes room. */
static void submit(struct warming *w, struct warm_task *warm)
{
    int err = E_BUSY;

    while (err == E_BUSY && !is_time_up(w)) {
        pthread_mutex_lock(&w->lock);
        w->running++;
        pthread_mutex_unlock(&w->lock);
        err = pool_submit(w->pool, &warm->task);
        if (!err)
            break;
        pthread_mutex_lock(&w->lock);
        w->running--;
        wait_a_little(w);
        pthread_mutex_unlock(&w->lock);
    }
    warm->is_submitted = !err;
}

/* Until the task has ended, or is slow; and as long again. */
static void pace(struct warming *w, const struct warm_task *warm)
{
    uint64_t begin_ns = clock_now_ns(), took_ns = 0;
    struct timespec pause;

    pthread_mutex_lock(&w->lock);
    while (warm->is_submitted && !warm->is_over && took_ns < SLOW_NS && !is_time_up(w)) {
        wait_a_little(w);
        took_ns = clock_now_ns() - begin_ns;
    }
    pthread_mutex_unlock(&w->lock);
    pause = (struct timespec){.tv_nsec = (long)(took_ns < PAUSE_MAX_NS ? took_ns : PAUSE_MAX_NS)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static void await_all(struct warming *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->running > 0 && !is_time_up(w))
        wait_a_little(w);
    pthread_mutex_unlock(&w->lock);
}

/* Those that are late are cancelled, which ends them at once; what they have begun goes on. */
static void end_late(struct warming *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct warm_task *warm = &w->tasks[i];
        bool is_over;

        pthread_mutex_lock(&w->lock);
        is_over = warm->is_over;
        pthread_mutex_unlock(&w->lock);
        if (warm->is_submitted && !is_over)
            pool_cancel(w->pool, &warm->task);
    }
    pthread_mutex_lock(&w->lock);
    while (w->running > 0)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

static void warming_init(struct warming *w, struct pool *pool, struct registry *registry,
                         unsigned max)
{
    struct script **scripts = xcalloc((size_t)max + 1, sizeof(scripts[0]));
    pthread_condattr_t attributes;

    w->pool = pool;
    w->until_ns = clock_now_ns() + WARMER_MS * NS_PER_MS;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    w->count = registry_hottest(registry, scripts, max);
    w->tasks = xcalloc(w->count + 1, sizeof(w->tasks[0]));
    for (size_t i = 0; i < w->count; i++)
        w->tasks[i] = (struct warm_task){.task = {.kind = TASK_WARM,
                                                  .script = scripts[i],
                                                  .tenant = scripts[i]->tenant,
                                                  .done = on_done},
                                         .warming = w};
    free(scripts);
}

static void warming_release(struct warming *w)
{
    for (size_t i = 0; i < w->count; i++)
        script_unref(w->tasks[i].task.script);
    free(w->tasks);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
}

void warmer_run(struct pool *pool, struct registry *registry, unsigned max,
                bool (*is_unwanted)(void *arg), void *arg, struct warmer_result *ret)
{
    struct warming w = {.is_unwanted = is_unwanted, .arg = arg};

    warming_init(&w, pool, registry, max);
    for (size_t i = w.count; i > 0; i--) {
        submit(&w, &w.tasks[i - 1]);
        pace(&w, &w.tasks[i - 1]);
    }
    await_all(&w);
    end_late(&w);
    *ret = (struct warmer_result){0};
    for (size_t i = 0; i < w.count; i++)
        ret->warmed += w.tasks[i].is_warmed;
    ret->cold = (unsigned)w.count - ret->warmed;
    warming_release(&w);
}
