/* Joining two lists. */
#include "cli/top_workers.h"

#include "api/bytes.h"
#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>

static struct top_worker *find_or_add(struct top_workers *workers,
                                      const Isoyard__V1__WorkerUse *use)
{
    char *name, *escaped;

    if (asprintf(&name, "%s/%s", use->tenant, use->worker) < 0)
        abort();
    escaped = text_escape(name, false);
    free(name);
    for (size_t i = 0; i < workers->count; i++) {
        if (strcmp(workers->list[i].name, escaped) == 0) {
            free(escaped);
            return &workers->list[i];
        }
    }
    workers->list[workers->count] = (struct top_worker){.name = escaped};
    return &workers->list[workers->count++];
}

static void add_all(struct top_workers *workers, Isoyard__V1__WorkerUse *const *uses, size_t count,
                    bool is_cpu)
{
    for (size_t i = 0; i < count; i++) {
        struct top_worker *worker = find_or_add(workers, uses[i]);

        if (is_cpu)
            worker->cpu_us = uses[i]->total_us;
        else
            worker->wait_us = uses[i]->total_us;
        if (uses[i]->tasks > worker->tasks)
            worker->tasks = uses[i]->tasks;
    }
}

/* The most first; workers of the same use by name, so that they keep their places. */
static int order(uint64_t a, uint64_t b, const struct top_worker *x, const struct top_worker *y)
{
    if (a != b)
        return a > b ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int by_cpu(const void *a, const void *b)
{
    const struct top_worker *x = a, *y = b;

    return order(x->cpu_us, y->cpu_us, x, y);
}

static int by_wait(const void *a, const void *b)
{
    const struct top_worker *x = a, *y = b;

    return order(x->wait_us, y->wait_us, x, y);
}

static int by_tasks(const void *a, const void *b)
{
    const struct top_worker *x = a, *y = b;

    return order(x->tasks, y->tasks, x, y);
}

void top_workers_init(struct top_workers *ret, const Isoyard__V1__PoolStats *stats,
                      const Isoyard__V1__IntervalStats *i, enum top_sort sort)
{
    int (*const orders[])(const void *, const void *) = {by_cpu, by_wait, by_tasks};
    size_t cpu_count = i ? i->n_top_by_cpu : stats->n_top_by_cpu;
    size_t wait_count = i ? i->n_top_by_queue_wait : stats->n_top_by_queue_wait;

    *ret = (struct top_workers){0};
    ret->list = xcalloc(cpu_count + wait_count + 1, sizeof(ret->list[0]));
    add_all(ret, i ? i->top_by_cpu : stats->top_by_cpu, cpu_count, true);
    add_all(ret, i ? i->top_by_queue_wait : stats->top_by_queue_wait, wait_count, false);
    qsort(ret->list, ret->count, sizeof(ret->list[0]), orders[sort]);
}

void top_workers_release(struct top_workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        free(workers->list[i].name);
    free(workers->list);
}
