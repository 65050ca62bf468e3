/* Queues: what has come, what waits, how long it waited. */
#include "pools/queues.h"

#include "pools/task.h"
#include "unit.h"

#define US UINT64_C(1000)

static struct queues queues, others, sum;
static struct task task;

static uint64_t left(enum queue queue)
{
    return histogram_count(&queues.wait_us[queue]);
}

START_TEST(queues_move_through_all_waits_in_one_at_a_time)
{
    uint64_t now_ns = 1000 * US;

    for (enum queue q = QUEUE_NONE + 1; q < QUEUES; q++) {
        queues_move(&queues, &task, q, now_ns);
        for (enum queue other = QUEUE_NONE + 1; other < QUEUES; other++)
            ck_assert_uint_eq(queues_depth(&queues, other), other == q);
        now_ns += q * 10 * US;
    }
    queues_move(&queues, &task, QUEUE_NONE, now_ns);
    ck_assert_int_eq(task.queue, QUEUE_NONE);
    for (enum queue q = QUEUE_NONE + 1; q < QUEUES; q++) {
        ck_assert_uint_eq(queues_depth(&queues, q), 0);
        ck_assert_uint_eq(queues.entered[q], 1);
        ck_assert_uint_eq(left(q), 1);
        ck_assert_uint_eq(queues.wait_us[q].sum, q * 10);
    }
    ck_assert_uint_eq(queues.entered[QUEUE_NONE], 0);
    ck_assert_uint_eq(left(QUEUE_NONE), 0);
}
END_TEST

START_TEST(queues_move_to_the_same_queue_begins_anew)
{
    queues_move(&queues, &task, QUEUE_TURN, 100 * US);
    queues_move(&queues, &task, QUEUE_TURN, 130 * US);
    queues_move(&queues, &task, QUEUE_NONE, 135 * US);
    ck_assert_uint_eq(queues.entered[QUEUE_TURN], 2);
    ck_assert_uint_eq(queues.wait_us[QUEUE_TURN].sum, 35);
    ck_assert_uint_eq(queues.wait_us[QUEUE_TURN].max, 30);
}
END_TEST

/* The reader's clock was looked at before the task came. */
START_TEST(queues_leave_before_it_came_has_not_waited)
{
    queues_enter(&queues, QUEUE_READY);
    queues_leave(&queues, QUEUE_READY, 500 * US, 400 * US);
    ck_assert_uint_eq(left(QUEUE_READY), 1);
    ck_assert_uint_eq(queues.wait_us[QUEUE_READY].max, 0);
}
END_TEST

/* It enters in one set and leaves in another: only the sum says how many wait. */
START_TEST(queues_merge_of_two_sets_has_the_depth)
{
    queues_move(&queues, &task, QUEUE_MAILBOX, 100 * US);
    queues_enter(&queues, QUEUE_MAILBOX);
    queues_move(&others, &task, QUEUE_TURN, 150 * US);
    ck_assert_uint_eq(queues_depth(&queues, QUEUE_MAILBOX), 2);
    ck_assert_uint_eq(queues_depth(&others, QUEUE_MAILBOX), 0); /* not below */
    queues_merge(&sum, &queues);
    queues_merge(&sum, &others);
    ck_assert_uint_eq(queues_depth(&sum, QUEUE_MAILBOX), 1);
    ck_assert_uint_eq(queues_depth(&sum, QUEUE_TURN), 1);
    ck_assert_uint_eq(sum.wait_us[QUEUE_MAILBOX].sum, 50);
    ck_assert_uint_eq(sum.entered[QUEUE_MAILBOX], 2);
}
END_TEST

START_TEST(queue_name_each_has_its_own)
{
    for (enum queue q = QUEUE_NONE; q < QUEUES; q++) {
        ck_assert_uint_gt(strlen(queue_name(q)), 0);
        for (enum queue other = QUEUE_NONE; other < q; other++)
            ck_assert_str_ne(queue_name(q), queue_name(other));
    }
}
END_TEST

UNIT_MAIN("queues", queues_move_through_all_waits_in_one_at_a_time,
          queues_move_to_the_same_queue_begins_anew, queues_leave_before_it_came_has_not_waited,
          queues_merge_of_two_sets_has_the_depth, queue_name_each_has_its_own)
