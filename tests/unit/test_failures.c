/* The ring of failures. */
#include "server/failures.h"

#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static struct script script = {.version = 7};
static struct failed_task found[FAILURES_KEPT + 1];

static void add(struct failures *failures, const char *message)
{
    const struct report report = {.wall_us = 1234};
    struct failure failure = {0};
    const struct execution_end end = {
        .script = &script, .execution = 77, .failure = &failure, .report = &report};

    failure_set(&failure, FAILURE_EXCEPTION, PHASE_HANDLER, "%s", message);
    failures_add(failures, &end);
    failure_release(&failure);
}

START_TEST(failures_read_empty_is_none)
{
    struct failures *failures = failures_new();

    ck_assert_uint_eq(failures_read(failures, found, FAILURES_KEPT), 0);
    failures_free(failures);
    failures_free(NULL);
}
END_TEST

START_TEST(failures_read_has_the_newest_first)
{
    struct failures *failures = failures_new();

    strcpy(script.tenant, "t");
    strcpy(script.worker, "w");
    add(failures, "first");
    add(failures, "second");
    ck_assert_uint_eq(failures_read(failures, found, FAILURES_KEPT), 2);
    ck_assert_str_eq(found[0].message, "second");
    ck_assert_str_eq(found[1].message, "first");
    ck_assert_str_eq(found[0].tenant, "t");
    ck_assert_str_eq(found[0].worker, "w");
    ck_assert_uint_eq(found[0].number, 2);
    ck_assert_uint_eq(found[0].execution, 77);
    ck_assert_int_eq(found[0].reason, FAILURE_EXCEPTION);
    ck_assert_uint_eq(found[0].report.wall_us, 1234);
    ck_assert_uint_eq(failures_read(failures, found, 1), 1);
    ck_assert_str_eq(found[0].message, "second");
    failures_free(failures);
}
END_TEST

START_TEST(failures_add_beyond_the_ring_forgets_the_oldest)
{
    struct failures *failures = failures_new();
    char message[32];

    for (unsigned i = 1; i <= FAILURES_KEPT + 5; i++) {
        snprintf(message, sizeof(message), "%u", i);
        add(failures, message);
    }
    ck_assert_uint_eq(failures_read(failures, found, FAILURES_KEPT + 1), FAILURES_KEPT);
    ck_assert_uint_eq(found[0].number, FAILURES_KEPT + 5);
    ck_assert_uint_eq(found[FAILURES_KEPT - 1].number, 6);
    ck_assert_str_eq(found[FAILURES_KEPT - 1].message, "6");
    failures_free(failures);
}
END_TEST

START_TEST(failures_add_cuts_a_long_message_at_a_character)
{
    struct failures *failures = failures_new();
    char message[2 * FAILURES_MESSAGE_BYTES + 1] = "";

    for (unsigned i = 0; i < FAILURES_MESSAGE_BYTES; i++)
        strcat(message, "é");
    add(failures, message);
    ck_assert_uint_eq(failures_read(failures, found, 1), 1);
    ck_assert_uint_eq(strlen(found[0].message), FAILURES_MESSAGE_BYTES - 2);
    failures_free(failures);
}
END_TEST

static atomic_bool is_over;

static void *add_many(void *failures)
{
    for (unsigned i = 0; i < 2000; i++)
        add(failures, "again");
    return NULL;
}

static void *read_many(void *failures)
{
    static struct failed_task seen[FAILURES_KEPT];

    while (!atomic_load(&is_over)) {
        size_t count = failures_read(failures, seen, FAILURES_KEPT);

        for (size_t i = 1; i < count; i++)
            ck_assert_uint_eq(seen[i].number + 1, seen[i - 1].number);
    }
    return NULL;
}

START_TEST(failures_threads_add_and_read)
{
    struct failures *failures = failures_new();
    pthread_t writers[2], reader;

    pthread_create(&reader, NULL, read_many, failures);
    for (int i = 0; i < 2; i++)
        pthread_create(&writers[i], NULL, add_many, failures);
    for (int i = 0; i < 2; i++)
        pthread_join(writers[i], NULL);
    atomic_store(&is_over, true);
    pthread_join(reader, NULL);
    ck_assert_uint_eq(failures_read(failures, found, 1), 1);
    ck_assert_uint_eq(found[0].number, 4000);
    failures_free(failures);
}
END_TEST

UNIT_MAIN("failures", failures_read_empty_is_none, failures_read_has_the_newest_first,
          failures_add_beyond_the_ring_forgets_the_oldest,
          failures_add_cuts_a_long_message_at_a_character, failures_threads_add_and_read)
