/* Live comparisons. */
#include "live_fixture.h"

#include "api/clock.h"
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

void live_cancel(struct asked_live *asked)
{
    asked->cancelled_ns = clock_now_ns();
    atomic_store(&asked->order.is_cancelled, true);
}

static void on_progress(struct live_order *order, const struct compare_progress *progress)
{
    struct asked_live *asked = (struct asked_live *)order;

    ck_assert_str_eq(progress->arm, "");
    ck_assert_uint_le(progress->round, progress->rounds);
    ck_assert_double_ge(progress->share, asked->share);
    ck_assert_double_le(progress->share, 1);
    asked->share = progress->share;
    asked->round = progress->round;
    asked->rounds = progress->rounds;
    if (++asked->told == asked->cancel_at)
        live_cancel(asked);
}

static void on_compared(struct live_order *order, int err, const struct error *error,
                        struct comparison *result)
{
    struct asked_live *asked = (struct asked_live *)order;

    asked->err = err;
    asked->times++;
    asked->result = result;
    if (err)
        asked->error = *error;
    parts_set(&asked->is_done);
}

struct asked_live live_for(const struct pool_ops *ops, uint64_t duration_ms)
{
    return (struct asked_live){.order = {.ops = ops,
                                         .config = two_lanes(),
                                         .duration_ms = duration_ms,
                                         .warm_limit = 8,
                                         .progress = on_progress,
                                         .done = on_compared}};
}

void live_begin(struct asked_live *asked)
{
    uint64_t end_ns = clock_now_ns() + 20 * NS_PER_S;
    struct error error = {0};
    int err;

    while ((err = switcher_begin_live(parts.switcher, &asked->order, &error)) == E_CONDITION) {
        ck_assert_msg(clock_now_ns() < end_ns, "%s", error.message);
        usleep(500);
    }
    ck_assert_int_eq(err, 0);
}

void live_finish(struct asked_live *asked, int err)
{
    parts_await(&asked->is_done);
    ck_assert_uint_eq(asked->times, 1);
    ck_assert_msg(asked->err == err, "%d: %s", asked->err, asked->error.message);
    ck_assert(!asked->result == !!err);
}

void live_release(struct asked_live *asked)
{
    comparison_release(asked->result);
    free(asked->result);
}

static void read_stats(struct dispatcher_stats *ret)
{
    dispatcher_stats(parts.dispatcher, ret);
    pool_stats_release(&ret->pool);
}

void await_split(void)
{
    struct dispatcher_stats stats;

    do {
        usleep(200);
        read_stats(&stats);
    } while (!stats.is_split);
}

void expect_served_by(enum architecture architecture)
{
    struct dispatcher_stats stats;

    read_stats(&stats);
    ck_assert_int_eq(stats.architecture, architecture);
    ck_assert(!stats.is_split);
    ck_assert_uint_eq(stats.switches, 0);
    for (char tenant = 'a'; tenant < 'a' + 2; tenant++)
        ck_assert_int_eq(ask_tenant(tenant), architecture);
}

void start_in_rival(struct job *job, enum architecture serving, const char *program)
{
    char name[] = "a";

    while (ask_tenant(name[0]) == serving)
        name[0]++;
    ck_assert_int_eq(job_start_for(job, name, "w", program), 0);
}
