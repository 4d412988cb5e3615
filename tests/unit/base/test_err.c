/*
 * tests/unit/base/test_err.c - names of codes, and the words for a person.
 */
#include "base/err.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct {
    enum err code;
    const char *name;
} names[] = {
    {ERR_NONE, "none"},           {ERR_MEMORY, "memory"},
    {ERR_FULL, "full"},           {ERR_CLOSED, "closed"},
    {ERR_NOT_FOUND, "not_found"}, {ERR_EXISTS, "exists"},
    {ERR_SYNTAX, "syntax"},       {ERR_RANGE, "range"},
    {ERR_OVERFLOW, "overflow"},   {ERR_IO, "io"},
    {ERR_CORRUPT, "corrupt"},     {ERR_VERSION, "version"},
    {ERR_LOCKED, "locked"},       {ERR_STATE, "state"},
    {ERR_DENIED, "denied"},       {ERR_UNSUPPORTED, "unsupported"},
    {ERR_LIMIT, "limit"},         {ERR_END, "end"},
};

START_TEST(every_code_has_its_name)
{
    ck_assert_int_eq((int)names[_i].code, _i);
    ck_assert_str_eq(err_name(names[_i].code), names[_i].name);
}
END_TEST

START_TEST(a_foreign_code_is_unknown)
{
    ck_assert_str_eq(err_name((enum err)(ERR_END + 1)), "unknown");
    ck_assert_str_eq(err_name((enum err) - 1), "unknown");
}
END_TEST

START_TEST(a_failure_has_code_and_text)
{
    struct failure failure = {0};
    ck_assert_int_eq(failure_set(&failure, ERR_IO, "%s: cannot open: %d", "a.db", 2), ERR_IO);
    ck_assert_int_eq(failure.code, ERR_IO);
    ck_assert_str_eq(failure.text, "a.db: cannot open: 2");
}
END_TEST

START_TEST(a_failure_nobody_wants_is_only_a_code)
{
    ck_assert_int_eq(failure_set(NULL, ERR_LIMIT, "%s", "unread"), ERR_LIMIT);
}
END_TEST

START_TEST(a_long_text_is_cut)
{
    struct failure failure;
    ck_assert_int_eq(failure_set(&failure, ERR_RANGE, "%*d", 2 * FAILURE_TEXT_MAX, 1), ERR_RANGE);
    ck_assert_uint_eq(strlen(failure.text), FAILURE_TEXT_MAX - 1);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_looked_for_from_a_folder)
{
    struct failure failure;
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(failure_set_unopened(&failure, "a.csv", ENOENT), ERR_NOT_FOUND);
    ck_assert_str_eq(failure.text,
                     "a.csv: cannot open: No such file or directory (relative paths start at the "
                     "working directory, /)");
    ck_assert_int_eq(failure_set_unopened(&failure, "/a/b.csv", ENOTDIR), ERR_NOT_FOUND);
    ck_assert_str_eq(failure.text, "/a/b.csv: cannot open: Not a directory");
}
END_TEST

START_TEST(a_file_that_may_not_be_read_is_another_error)
{
    struct failure failure;
    ck_assert_int_eq(failure_set_unopened(&failure, "a.csv", EACCES), ERR_IO);
    ck_assert_str_eq(failure.text, "a.csv: cannot open: Permission denied");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("err");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, every_code_has_its_name, 0, ERR_END + 1);
    tcase_add_test(tables, a_foreign_code_is_unknown);
    tcase_add_test(tables, a_failure_has_code_and_text);
    tcase_add_test(tables, a_failure_nobody_wants_is_only_a_code);
    tcase_add_test(tables, a_long_text_is_cut);
    tcase_add_test(tables, a_file_that_is_not_there_is_looked_for_from_a_folder);
    tcase_add_test(tables, a_file_that_may_not_be_read_is_another_error);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
