/* A ring under a lock. */
#include "server/failures.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/lock.h"
#include "server/cut.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct failures {
    struct lock lock; /* a leaf; guards the rest */
    uint64_t count;   /* so far */
    struct failed_task ring[FAILURES_KEPT];
};

struct failures *failures_new(void)
{
    struct failures *failures = xcalloc(1, sizeof(*failures));

    lock_init(&failures->lock, LOCK_FAILURES);
    return failures;
}

void failures_free(struct failures *failures)
{
    if (!failures)
        return;
    lock_destroy(&failures->lock);
    free(failures);
}

static void describe(struct failed_task *ret, const struct execution_end *end)
{
    const struct failure *failure = end->failure;

    *ret = (struct failed_task){
        .ended_us = (int64_t)(clock_read_ns(CLOCK_REALTIME) / NS_PER_US),
        .execution = end->execution,
        .reason = failure->reason,
        .phase = failure->phase,
        .limit = failure->limit,
        .used = failure->used,
        .allowed = failure->allowed,
        .line = failure->line,
        .column = failure->column,
        .report = *end->report,
    };
    snprintf(ret->tenant, sizeof(ret->tenant), "%s", end->script->tenant);
    snprintf(ret->worker, sizeof(ret->worker), "%s", end->script->worker);
    cut_copy(ret->message, sizeof(ret->message), failure->message ? failure->message : "");
    cut_copy(ret->file, sizeof(ret->file), failure->file ? failure->file : "");
}

void failures_add(struct failures *failures, const struct execution_end *end)
{
    struct failed_task failed;

    describe(&failed, end);
    lock_take(&failures->lock);
    failed.number = failures->count + 1;
    failures->ring[failures->count++ % FAILURES_KEPT] = failed;
    lock_release(&failures->lock);
}

size_t failures_read(struct failures *failures, struct failed_task *ret, size_t max)
{
    size_t kept;

    lock_take(&failures->lock);
    kept = failures->count < FAILURES_KEPT ? (size_t)failures->count : FAILURES_KEPT;
    if (kept > max)
        kept = max;
    for (size_t i = 0; i < kept; i++)
        ret[i] = failures->ring[(failures->count - 1 - i) % FAILURES_KEPT];
    lock_release(&failures->lock);
    return kept;
}
