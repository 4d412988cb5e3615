/*
 * tests/unit/market/suite.h - runs one test case and gives main() its exit code.
 *
 * Threads: one test process.
 */
#ifndef TUTTI_TESTS_UNIT_MARKET_SUITE_H
#define TUTTI_TESTS_UNIT_MARKET_SUITE_H

#include <check.h>

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

static inline int suite_run(const char *name, TCase *cases)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

#endif
