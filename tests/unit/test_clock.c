/* api/clock: which clock runs when. */
#include "api/clock.h"

#include "unit.h"

static void sleep_ms(long ms)
{
    struct timespec pause = {.tv_nsec = ms * (long)NS_PER_MS};

    nanosleep(&pause, NULL);
}

START_TEST(clock_now_ns_over_a_sleep_advances_by_it)
{
    uint64_t start = clock_now_ns();

    sleep_ms(20);
    ck_assert_uint_ge(clock_now_ns() - start, 20 * NS_PER_MS);
}
END_TEST

START_TEST(clock_thread_cpu_ns_over_a_sleep_hardly_advances)
{
    uint64_t start = clock_thread_cpu_ns();

    sleep_ms(100);
    ck_assert_uint_lt(clock_thread_cpu_ns() - start, 50 * NS_PER_MS);
}
END_TEST

START_TEST(clock_thread_cpu_ns_over_work_advances)
{
    uint64_t start = clock_thread_cpu_ns();

    for (volatile int i = 0; i < 1000000; i++)
        ;
    ck_assert_uint_gt(clock_thread_cpu_ns(), start);
}
END_TEST

START_TEST(clock_read_ns_of_real_time_is_that_of_the_epoch)
{
    uint64_t now = clock_read_ns(CLOCK_REALTIME);

    ck_assert_uint_le(now / NS_PER_S - (uint64_t)time(NULL) + 2, 4);
}
END_TEST

UNIT_MAIN("clock", clock_now_ns_over_a_sleep_advances_by_it,
          clock_thread_cpu_ns_over_a_sleep_hardly_advances, clock_thread_cpu_ns_over_work_advances,
          clock_read_ns_of_real_time_is_that_of_the_epoch)
