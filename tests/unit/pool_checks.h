/*
 * What the tests of pools share: one fixture, and expectations of what becomes of tasks.
 */
#ifndef ISOYARD_TESTS_POOL_CHECKS_H
#define ISOYARD_TESTS_POOL_CHECKS_H

#include "api/clock.h"
#include "fake_shim.h"
#include "pool_fixture.h"
#include "unit.h"
#include <unistd.h>

static struct fixture f;

static inline void sleep_ms(unsigned ms)
{
    usleep(ms * 1000);
}

static inline struct pool_stats stats_now(void)
{
    struct pool_stats stats;

    pool_stats(f.pool, &stats);
    return stats;
}

#define STAT(field)                                                                                \
    ({                                                                                             \
        struct pool_stats stats_ = stats_now();                                                    \
        uint64_t value_ = stats_.field;                                                            \
        pool_stats_release(&stats_);                                                               \
        value_;                                                                                    \
    })

/* What is counted after a task's done comes a little later. */
#define EXPECT_SOON(field, wanted)                                                                 \
    do {                                                                                           \
        for (int i_ = 0; i_ < 5000 && STAT(field) != (wanted); i_++)                               \
            usleep(1000);                                                                          \
        ck_assert_uint_eq(STAT(field), wanted);                                                    \
    } while (0)

static inline void open_pinned(void)
{
    fixture_init(&f);
    fixture_open(&f, &pool_pinned);
}

static inline void expect_failure(struct script *script, const char *program,
                                  enum failure_reason reason, enum phase phase)
{
    struct call call;

    ck_assert_int_eq(call_start(&call, &f, script, program), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_FAILED);
    ck_assert_int_eq(call.task.outcome.failure.reason, reason);
    ck_assert_int_eq(call.task.outcome.failure.phase, phase);
    call_release(&call);
}

static inline void expect_limit(struct script *script, const char *program, enum limit limit,
                                enum phase phase)
{
    struct call call;

    ck_assert_int_eq(call_start(&call, &f, script, program), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_FAILED);
    ck_assert_int_eq(call.task.outcome.failure.reason, FAILURE_LIMIT_EXCEEDED);
    ck_assert_int_eq(call.task.outcome.failure.limit, limit);
    ck_assert_int_eq(call.task.outcome.failure.phase, phase);
    ck_assert_uint_ge(call.task.outcome.failure.used, call.task.outcome.failure.allowed * 9 / 10);
    call_release(&call);
}

static inline struct limits short_limits(void)
{
    struct limits limits = limits_default();

    limits.cpu_us = 20 * 1000;
    limits.wall_us = 100 * 1000;
    limits.startup_us = 30 * 1000;
    return limits;
}

#endif
