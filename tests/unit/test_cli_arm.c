/* cli/arm: names of arms. cli/workload: names of loads. */
#include "cli/arm.h"

#include "cli/text.h"
#include "cli/workload.h"
#include "unit.h"

static void expect_list(const char *names, size_t expected)
{
    Isoyard__V1__ComparisonArm arms[ARMS_MAX];
    struct error error;
    size_t count = 0;

    if (arm_parse_list(names, arms, &count, &error))
        ck_abort_msg("%s: %s", names, error.message);
    ck_assert_uint_eq(count, expected);
}

static void expect_refused(const char *names, const char *why)
{
    Isoyard__V1__ComparisonArm arms[ARMS_MAX];
    struct error error;
    size_t count = 0;

    ck_assert_int_eq(arm_parse_list(names, arms, &count, &error), E_INVALID);
    ck_assert_msg(strstr(error.message, why) != NULL, "%s: %s", names, error.message);
}

START_TEST(arm_parse_list_names_are_in_order)
{
    Isoyard__V1__ComparisonArm arms[ARMS_MAX];
    size_t count;

    ck_assert_int_eq(arm_parse_list("Pinned,shared,SHARED-MUTEX", arms, &count, NULL), 0);
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(arms[0].architecture, ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_PINNED);
    ck_assert_int_eq(arms[0].handoff, ISOYARD__V1__HANDOFF__HANDOFF_UNSPECIFIED);
    ck_assert_int_eq(arms[1].architecture, ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED);
    ck_assert_int_eq(arms[1].handoff, ISOYARD__V1__HANDOFF__HANDOFF_FIFO);
    ck_assert_int_eq(arms[2].handoff, ISOYARD__V1__HANDOFF__HANDOFF_MUTEX);
    expect_list("legacy,shared-fifo,shared-mutex,pinned", 4);
}
END_TEST

START_TEST(arm_parse_list_refuses_what_cannot_be)
{
    expect_refused("legacy", "two to compare");
    expect_refused("", "none of");
    expect_refused("legacy,", "none of");
    expect_refused("legacy,fifo", "'fifo' is none of legacy, shared-fifo");
    expect_refused("legacy,pinned,legacy", "'legacy' is there twice");
    expect_refused("shared,shared-fifo", "twice");
}
END_TEST

START_TEST(workload_list_fits_a_terminal_and_names_each)
{
    static const char *const names[] = {"cpu",   "standard",    "warm",    "simple",
                                        "fetch", "multi-fetch", "threads", "contention"};
    struct buffer list = {0}, line = {0};

    workload_append_list(&list);
    buffer_append(&list, "", 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ck_assert(workload_exists(names[i]));
        ck_assert_ptr_nonnull(strstr(list.data, names[i]));
    }
    ck_assert(!workload_exists("list"));
    for (char *at = strtok(list.data, "\n"); at; at = strtok(NULL, "\n"))
        ck_assert_msg(text_width(at) < 79, "%s", at);
    workload_append_names(&line);
    buffer_append(&line, "", 1);
    ck_assert_ptr_nonnull(strstr(line.data, "cpu, standard"));
    ck_assert_ptr_nonnull(strstr(line.data, "threads and contention"));
    buffer_release(&list);
    buffer_release(&line);
}
END_TEST

UNIT_MAIN("cli_arm", arm_parse_list_names_are_in_order, arm_parse_list_refuses_what_cannot_be,
          workload_list_fits_a_terminal_and_names_each)
