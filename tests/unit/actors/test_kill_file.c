/*
 * tests/unit/actors/test_kill_file.c - a file that halts, and doubts that halt as well.
 */
#include "actors/kill_file.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/tutti-kill-XXXXXX";
static char path[128];
static char reason[KILL_FILE_REASON_MAX];

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/STOP", folder);
    reason[0] = '\0';
}

static void teardown(void)
{
    (void)unlink(path);
    (void)rmdir(folder);
}

START_TEST(a_file_halts_while_it_exists)
{
    ck_assert(!kill_file_halts(NULL, reason));
    ck_assert(!kill_file_halts(path, reason));
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    (void)fclose(file);
    ck_assert(kill_file_halts(path, reason));
    ck_assert_ptr_nonnull(strstr(reason, "exists"));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(!kill_file_halts(path, reason));
}
END_TEST

START_TEST(a_folder_counts_as_a_file)
{
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert(kill_file_halts(path, reason));
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(a_missing_folder_halts)
{
    char below[160];
    (void)snprintf(below, sizeof(below), "%s/none/STOP", folder);
    ck_assert(kill_file_halts(below, reason));
    ck_assert_ptr_nonnull(strstr(reason, "cannot be told"));
}
END_TEST

/* Where a part of the path is a file, nothing can be said. */
START_TEST(a_path_through_a_file_halts)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    (void)fclose(file);
    char below[160];
    (void)snprintf(below, sizeof(below), "%s/STOP", path);
    ck_assert(kill_file_halts(below, reason));
}
END_TEST

START_TEST(a_folder_that_may_not_be_read_halts)
{
    if (geteuid() == 0) {
        return; /* Nothing is forbidden to root. */
    }
    ck_assert_int_eq(chmod(folder, 0), 0);
    const bool halts = kill_file_halts(path, reason);
    ck_assert_int_eq(chmod(folder, 0700), 0);
    ck_assert(halts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kill_file");
    TCase *cases = tcase_create("kill_file");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, a_file_halts_while_it_exists);
    tcase_add_test(cases, a_folder_counts_as_a_file);
    tcase_add_test(cases, a_missing_folder_halts);
    tcase_add_test(cases, a_path_through_a_file_halts);
    tcase_add_test(cases, a_folder_that_may_not_be_read_halts);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
