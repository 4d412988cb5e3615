/*
 * tests/unit/base/test_assert.c - ASSERT ends the process, in every build, and says where.
 */
#include "base/assert.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(a_true_condition_goes_on)
{
    int evaluated = 0;
    ASSERT(++evaluated > 0);
    ck_assert_int_eq(evaluated, 1);
}
END_TEST

START_TEST(a_false_condition_aborts)
{
    ASSERT(1 + 1 == 3);
}
END_TEST

START_TEST(assert_fail_aborts)
{
    assert_fail("condition", "file.c", 1);
}
END_TEST

START_TEST(the_message_names_condition_and_place)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        assert_fail("order != fill", "executors/ledger.c", 42);
    }
    (void)close(ends[1]);
    char text[512] = {0};
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0) {
        length += (size_t)got;
    }
    (void)close(ends[0]);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ck_assert_ptr_nonnull(strstr(text, "ASSERT(order != fill) failed at executors/ledger.c:42"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("assert");
    TCase *tables = tcase_create("abort");
    tcase_add_test(tables, a_true_condition_goes_on);
    tcase_add_test_raise_signal(tables, a_false_condition_aborts, SIGABRT);
    tcase_add_test_raise_signal(tables, assert_fail_aborts, SIGABRT);
    tcase_add_test(tables, the_message_names_condition_and_place);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
