/* server/admission: the gate and the count. */
#include "server/admission.h"

#include "api/clock.h"
#include "unit.h"

#include <pthread.h>

START_TEST(admission_enter_open_counts)
{
    struct admission a;

    admission_init(&a);
    ck_assert(admission_enter(&a));
    ck_assert(admission_enter(&a));
    ck_assert_uint_eq(admission_count(&a), 2);
    admission_leave(&a);
    admission_leave(&a);
    ck_assert_uint_eq(admission_count(&a), 0);
    admission_release(&a);
}
END_TEST

START_TEST(admission_enter_closed_is_refused)
{
    struct admission a;

    admission_init(&a);
    ck_assert(!admission_is_closed(&a));
    admission_close(&a);
    ck_assert(admission_is_closed(&a));
    ck_assert(!admission_enter(&a));
    ck_assert_uint_eq(admission_count(&a), 0);
    admission_release(&a);
}
END_TEST

START_TEST(admission_wait_empty_returns_at_once)
{
    struct admission a;

    admission_init(&a);
    admission_close(&a);
    ck_assert_uint_eq(admission_wait(&a, 60000), 0);
    admission_release(&a);
}
END_TEST

START_TEST(admission_wait_gives_up_in_time)
{
    struct admission a;
    uint64_t begin = clock_now_ns();

    admission_init(&a);
    admission_enter(&a);
    admission_close(&a);
    ck_assert_uint_eq(admission_wait(&a, 50), 1);
    ck_assert_uint_ge(clock_now_ns() - begin, 50 * NS_PER_MS);
    admission_leave(&a);
    admission_release(&a);
}
END_TEST

/* Enters and leaves until the gate is closed; what it did inside is seen by the waiter. */
struct guest {
    struct admission *admission;
    unsigned visits;
    pthread_t thread;
};

static void *visit(void *arg)
{
    struct guest *guest = arg;

    while (admission_enter(guest->admission)) {
        guest->visits++;
        admission_leave(guest->admission);
    }
    return NULL;
}

START_TEST(admission_wait_nobody_is_inside_afterwards)
{
    for (int round = 0; round < 50; round++) {
        struct guest guests[4] = {{0}};
        unsigned visits[4];
        struct admission a;

        admission_init(&a);
        for (int i = 0; i < 4; i++) {
            guests[i].admission = &a;
            pthread_create(&guests[i].thread, NULL, visit, &guests[i]);
        }
        nanosleep(&(struct timespec){0, 500000}, NULL);
        admission_close(&a);
        ck_assert_uint_eq(admission_wait(&a, 10000), 0);
        for (int i = 0; i < 4; i++)
            visits[i] = guests[i].visits;
        for (int i = 0; i < 4; i++) {
            pthread_join(guests[i].thread, NULL);
            ck_assert_uint_eq(guests[i].visits, visits[i]);
        }
        admission_release(&a);
    }
}
END_TEST

UNIT_MAIN("admission", admission_enter_open_counts, admission_enter_closed_is_refused,
          admission_wait_empty_returns_at_once, admission_wait_gives_up_in_time,
          admission_wait_nobody_is_inside_afterwards)
