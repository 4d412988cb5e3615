/*
 * tests/unit/actors/test_risk_latch_file.c - states on disk ahead of the journal: what comes back,
 * when it is out of date, and what cannot be read.
 */
#include "actors/risk_latch_file.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/tutti-latch-XXXXXX";
static struct text path;
static struct risk_latches latches;

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    char database[64];
    (void)snprintf(database, sizeof(database), "%s/run.db", folder);
    risk_latch_file_path(database, &path);
    ck_assert_str_eq(text_string(&path) + strlen(folder), "/run.db.latch");
}

static void teardown(void)
{
    risk_latches_done(&latches);
    risk_latch_file_remove(text_string(&path));
    text_done(&path);
    ck_assert_int_eq(rmdir(folder), 0); /* Nothing else was left there. */
}

static void save(uint64_t seq)
{
    struct risk_latches saved = {0};
    struct failure failure;
    ck_assert_int_eq(risk_latches_set(&saved, "global", RISK_HALTED, "a \"drill\"\n"), ERR_NONE);
    ck_assert_int_eq(risk_latches_set(&saved, "controller:a", RISK_REDUCING, ""), ERR_NONE);
    ck_assert_msg(risk_latch_file_save(text_string(&path), seq, saved.items, saved.count,
                                       &failure) == ERR_NONE,
                  "%s", failure.text);
    risk_latches_done(&saved);
}

static void load(uint64_t last_seq)
{
    ck_assert_int_eq(risk_latch_file_load(text_string(&path), last_seq, &latches), ERR_NONE);
}

START_TEST(what_the_journal_has_not_comes_back)
{
    load(0);
    ck_assert_uint_eq(latches.count, 0); /* There is no file. */
    save(41);
    save(42);
    load(41);
    ck_assert_uint_eq(latches.count, 2);
    ck_assert_int_eq(risk_latches_find(&latches, "global")->state, RISK_HALTED);
    ck_assert_str_eq(risk_latches_find(&latches, "global")->reason, "a \"drill\"\n");
    ck_assert_int_eq(risk_latches_find(&latches, "controller:a")->state, RISK_REDUCING);
}
END_TEST

START_TEST(what_the_journal_has_is_out_of_date)
{
    save(42);
    load(42);
    ck_assert_uint_eq(latches.count, 0);
}
END_TEST

START_TEST(only_its_owner_may_read_it)
{
    save(1);
    struct stat status;
    ck_assert_int_eq(stat(text_string(&path), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
}
END_TEST

static const char *const damages[] = {
    "",
    "{",
    "{\"seq\":9}",
    "{\"seq\":9,\"latches\":[{\"scope\":\"global\",\"state\":\"STOPPED\"}]}",
    "{\"seq\":0,\"latches\":[]}",
    "{\"seq\":9,\"latches\":[],\"more\":1}",
};

/* Also when the journal is far ahead: nobody knows of what the file was. */
START_TEST(what_cannot_be_read_is_halted)
{
    FILE *file = fopen(text_string(&path), "w");
    ck_assert_ptr_nonnull(file);
    (void)fputs(damages[_i], file);
    (void)fclose(file);
    load(1000000);
    ck_assert_int_eq(risk_latches_find(&latches, "global")->state, RISK_HALTED);
}
END_TEST

START_TEST(a_folder_that_is_missing_is_an_error)
{
    struct failure failure;
    ck_assert_int_eq(risk_latch_file_save("/tmp/no-such-folder/x.latch", 1, NULL, 0, &failure),
                     ERR_IO);
    ck_assert_ptr_nonnull(strstr(failure.text, "/tmp/no-such-folder/x.latch"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("risk_latch_file");
    TCase *cases = tcase_create("risk_latch_file");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, what_the_journal_has_not_comes_back);
    tcase_add_test(cases, what_the_journal_has_is_out_of_date);
    tcase_add_test(cases, only_its_owner_may_read_it);
    tcase_add_loop_test(cases, what_cannot_be_read_is_halted, 0,
                        sizeof(damages) / sizeof(damages[0]));
    tcase_add_test(cases, a_folder_that_is_missing_is_an_error);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
