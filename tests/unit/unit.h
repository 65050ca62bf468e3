/*
 * The main function of a unit test. Each test runs in a process of its own (Check's CK_FORK), so
 * one that dies takes no other with it. A test whose name ends in "_aborts" passes by aborting.
 */
#ifndef ISOYARD_TESTS_UNIT_H
#define ISOYARD_TESTS_UNIT_H

#include <check.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define UNIT_TIMEOUT_S 30 /* for one test: sanitizers are slow */

static inline int unit_expected_signal(const char *name)
{
    static const char suffix[] = "_aborts";
    size_t len = strlen(name), suffix_len = strlen(suffix);

    if (len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0)
        return SIGABRT;
    return 0;
}

static inline int unit_run(const char *module, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(module);
    TCase *tests_case = tcase_create(module);
    SRunner *runner;
    int failed;

    tcase_set_timeout(tests_case, UNIT_TIMEOUT_S);
    for (size_t i = 0; i < count; i++)
        tcase_add_test_raise_signal(tests_case, tests[i], unit_expected_signal(tests[i]->name));
    suite_add_tcase(suite, tests_case);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* UNIT_MAIN("bytes", test, ...); one left out does not compile, being unused. */
#define UNIT_MAIN(module, ...)                                                                     \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
                                                                                                   \
        return unit_run(module, tests, sizeof(tests) / sizeof(tests[0]));                          \
    }

#endif
