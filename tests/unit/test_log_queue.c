/* server/log_queue: bounds, shares, and ids that grow. */
#include "server/log_queue.h"

#include "log_fixture.h"
#include "unit.h"

static size_t drain(struct log_queue *queue)
{
    struct log_record *record = log_queue_take(queue);
    size_t count = 0;

    while (record) {
        struct log_record *next = record->next;

        log_record_unref(record);
        record = next;
        count++;
    }
    return count;
}

START_TEST(push_ids_are_times_that_grow)
{
    struct log_queue queue;
    struct log_record *first;

    log_queue_init(&queue, 1 << 20, 1000);
    ck_assert(log_queue_push(&queue, new_record("w", "a"), 1, 5000));
    ck_assert(log_queue_push(&queue, new_record("w", "b"), 1, 5000));
    ck_assert(log_queue_push(&queue, new_record("w", "c"), 1, 4000)); /* the clock was set back */
    ck_assert(log_queue_push(&queue, new_record("w", "d"), 1, 6000));
    first = queue.first;
    ck_assert_int_eq(first->id, 5000);
    ck_assert_int_eq(first->next->id, 5001);
    ck_assert_int_eq(first->next->next->id, 5002);
    ck_assert_int_eq(first->next->next->time_us, 5002);
    ck_assert_int_eq(first->next->next->next->id, 6000);
    ck_assert_uint_eq(drain(&queue), 4);
    ck_assert_ptr_null(log_queue_take(&queue));
}
END_TEST

START_TEST(push_clock_behind_the_database_goes_on_from_its_last_id)
{
    struct log_queue queue;

    log_queue_init(&queue, 1 << 20, 2 * LOG_AHEAD_US);
    ck_assert(log_queue_push(&queue, new_record("w", "a"), 1, LOG_AHEAD_US + 1));
    ck_assert(log_queue_push(&queue, new_record("w", "b"), 1, LOG_AHEAD_US + 1));
    ck_assert_int_eq(queue.first->id, 2 * LOG_AHEAD_US + 1);
    ck_assert_int_eq(queue.first->time_us, 2 * LOG_AHEAD_US + 1);
    ck_assert_int_eq(queue.first->next->id, 2 * LOG_AHEAD_US + 2);
    ck_assert_int_eq(queue.first->next->time_us, LOG_AHEAD_US + 1);
    log_queue_release(&queue);
}
END_TEST

START_TEST(push_full_is_dropped_and_counted)
{
    struct log_queue queue;

    log_queue_init(&queue, 4000, 0);
    ck_assert(log_queue_push(&queue, record_of_bytes(2000), 1, 1));
    ck_assert(log_queue_push(&queue, record_of_bytes(2000), 2, 1));
    ck_assert(!log_queue_push(&queue, record_of_bytes(500), 3, 1));
    ck_assert_uint_eq(queue.dropped, 1);
    ck_assert_uint_eq(drain(&queue), 2);
    ck_assert(log_queue_push(&queue, record_of_bytes(500), 3, 1));
    ck_assert_uint_eq(queue.dropped, 1);
    log_queue_release(&queue);
}
END_TEST

START_TEST(push_one_tenant_has_half)
{
    struct log_queue queue;

    log_queue_init(&queue, 4000, 0);
    ck_assert(log_queue_push(&queue, record_of_bytes(1000), 1, 1));
    ck_assert(log_queue_push(&queue, record_of_bytes(1000), 1, 1));
    ck_assert(!log_queue_push(&queue, record_of_bytes(500), 1, 1));
    ck_assert(log_queue_push(&queue, record_of_bytes(1000), 2, 1));
    ck_assert_uint_eq(queue.dropped, 1);
    ck_assert_uint_eq(drain(&queue), 3);
    ck_assert(log_queue_push(&queue, record_of_bytes(500), 1, 1));
    log_queue_release(&queue);
}
END_TEST

UNIT_MAIN("log_queue", push_ids_are_times_that_grow,
          push_clock_behind_the_database_goes_on_from_its_last_id, push_full_is_dropped_and_counted,
          push_one_tenant_has_half)
