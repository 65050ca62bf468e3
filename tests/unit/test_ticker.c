/* The ticker: in order, not early, once. */
#include "server/ticker.h"

#include "api/clock.h"
#include "unit.h"

#include <stdatomic.h>
#include <unistd.h>

#define TICKS 20

struct noted {
    struct tick tick;
    uint64_t wanted_ns;
    uint64_t called_ns;
    atomic_uint calls;
    unsigned number; /* among all calls, from 1 */
};

static struct ticker *ticker;
static atomic_uint called;

static void note(struct tick *tick)
{
    struct noted *noted = (struct noted *)tick;

    noted->called_ns = clock_now_ns();
    noted->number = atomic_load(&called) + 1;
    atomic_fetch_add(&noted->calls, 1);
    atomic_fetch_add(&called, 1); /* the last: then the test may look */
}

static void start(void)
{
    struct error error = {0};

    ck_assert_int_eq(ticker_start(&ticker, &error), 0);
}

static void stop(void)
{
    ticker_stop(ticker);
    ticker_free(ticker);
}

static bool set_in_ms(struct noted *noted, unsigned ms)
{
    noted->tick.fn = note;
    noted->wanted_ns = clock_now_ns() + ms * NS_PER_MS;
    return ticker_set(ticker, &noted->tick, noted->wanted_ns);
}

static void await_calls(unsigned count)
{
    for (int i = 0; i < 5000 && atomic_load(&called) < count; i++)
        usleep(1000);
    ck_assert_uint_eq(atomic_load(&called), count);
}

START_TEST(ticker_set_calls_once_in_order_and_not_early)
{
    struct noted noted[TICKS] = {0};

    start();
    /* From the last to the first. */
    for (unsigned i = TICKS; i > 0; i--)
        ck_assert(set_in_ms(&noted[i - 1], 50 + i * 10));
    await_calls(TICKS);
    for (unsigned i = 0; i < TICKS; i++) {
        ck_assert_uint_eq(noted[i].number, i + 1);
        ck_assert_uint_eq(atomic_load(&noted[i].calls), 1);
        ck_assert_uint_ge(noted[i].called_ns, noted[i].wanted_ns);
    }
    stop();
}
END_TEST

START_TEST(ticker_set_earlier_one_wakes_the_sleeper)
{
    struct noted late = {0}, early = {0};

    start();
    ck_assert(set_in_ms(&late, 60 * 1000));
    usleep(20 * 1000);
    ck_assert(set_in_ms(&early, 10));
    await_calls(1);
    ck_assert_uint_eq(atomic_load(&early.calls), 1);
    ck_assert(ticker_clear(ticker, &late.tick));
    stop();
}
END_TEST

START_TEST(ticker_set_one_that_is_set_moves)
{
    struct noted noted = {0};

    start();
    ck_assert(set_in_ms(&noted, 60 * 1000));
    ck_assert(!set_in_ms(&noted, 10));
    await_calls(1);
    ck_assert(!ticker_clear(ticker, &noted.tick));
    ck_assert(set_in_ms(&noted, 10));
    await_calls(2);
    stop();
}
END_TEST

START_TEST(ticker_clear_keeps_it_from_being_called)
{
    struct noted first = {0}, second = {0};

    start();
    set_in_ms(&first, 20);
    set_in_ms(&second, 40);
    ck_assert(ticker_clear(ticker, &first.tick));
    await_calls(1);
    ck_assert_uint_eq(atomic_load(&first.calls), 0);
    stop();
}
END_TEST

START_TEST(ticker_stop_calls_nothing_more)
{
    struct noted noted = {0};

    start();
    set_in_ms(&noted, 30);
    ticker_stop(ticker);
    usleep(60 * 1000);
    ck_assert_uint_eq(atomic_load(&called), 0);
    ck_assert(ticker_clear(ticker, &noted.tick));
    ticker_free(ticker);
}
END_TEST

UNIT_MAIN("ticker", ticker_set_calls_once_in_order_and_not_early,
          ticker_set_earlier_one_wakes_the_sleeper, ticker_set_one_that_is_set_moves,
          ticker_clear_keeps_it_from_being_called, ticker_stop_calls_nothing_more)
