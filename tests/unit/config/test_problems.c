/*
 * tests/unit/config/test_problems.c - the lines of problems, their paths and suggestions.
 */
#include "config/problems.h"

#include <check.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static const struct {
    int line, column;
    const char *path;
    const char *printed;
} positions[] = {
    {12, 5, "a.b", "run.yaml:12:5: a.b: 7 is wrong\n"},
    {12, 5, "", "run.yaml:12:5: 7 is wrong\n"},
    {0, 0, "a.b", "run.yaml: a.b: 7 is wrong\n"},
    {0, 9, "", "run.yaml: 7 is wrong\n"},
};

START_TEST(a_line_has_position_and_path)
{
    struct problems problems;
    problems_init(&problems, "run.yaml");
    problems_add(&problems, positions[_i].line, positions[_i].column, positions[_i].path,
                 "%d is %s", 7, "wrong");
    ck_assert_str_eq(text_string(&problems.lines), positions[_i].printed);
    ck_assert_uint_eq(problems.count, 1);
    problems_done(&problems);
    ck_assert_ptr_null(problems.lines.data);
}
END_TEST

START_TEST(a_problem_stays_on_its_line)
{
    struct problems problems;
    problems_init(&problems, "a\nb");
    problems_add(&problems, 1, 1, "p\x1b[31m", "%s", "x\r\ny\x7f\xC3\xA9");
    ck_assert_str_eq(text_string(&problems.lines), "a?b:1:1: p?[31m: x??y?\xC3\xA9\n");
    problems_done(&problems);
}
END_TEST

START_TEST(long_messages_are_cut_off)
{
    char message[4000];
    memset(message, 'x', sizeof(message) - 1);
    message[sizeof(message) - 1] = '\0';
    struct problems problems;
    problems_init(&problems, "s");
    problems_add(&problems, 0, 0, "", "%s", message);
    ck_assert_uint_eq(problems.lines.length, strlen("s: ") + 1023 + strlen("\n"));
    problems_done(&problems);
}
END_TEST

START_TEST(later_ones_are_counted_only)
{
    struct problems problems;
    problems_init(&problems, "s");
    for (int i = 0; i < PROBLEMS_MAX; i++) {
        problems_add(&problems, 0, 0, "", "p");
    }
    ck_assert_uint_eq(problems.lines.length, PROBLEMS_MAX * strlen("s: p\n"));
    problems_add(&problems, 0, 0, "", "p");
    ck_assert_uint_eq(problems.count, PROBLEMS_MAX + 1);
    ck_assert_uint_eq(problems.lines.length, PROBLEMS_MAX * strlen("s: p\n"));
    problems_done(&problems);
}
END_TEST

static const struct {
    const char *name;
    const char *meant; /* NULL: no suggestion. */
} suggestions[] = {
    {"amont", "amount"},
    {"amuont", "amount"},
    {"AMOUNT", "amount"},
    {"amountxx", "amount"},
    {"amountxxx", NULL},
    {"sdie", NULL}, /* Two of four characters are half of it. */
    {"sidee", "side"},
    {"sid", "side"},
    {"sd", NULL},
    {"", NULL},
    {"stop_los", "stop_loss"},
    {"zzzzzzzz", NULL},
    {"amountamountamountamountamountamountamountamountamountamountamount", NULL},
};

START_TEST(the_nearest_name_is_suggested)
{
    static const char *const names[] = {"side", "amount", "stop_loss"};
    const char *meant = problems_suggest(suggestions[_i].name, names, 3);
    if (suggestions[_i].meant == NULL) {
        ck_assert_ptr_null(meant);
    } else {
        ck_assert_ptr_nonnull(meant);
        ck_assert_str_eq(meant, suggestions[_i].meant);
    }
}
END_TEST

START_TEST(a_suggestion_needs_candidates)
{
    static const char *const names[] = {"abcdef", "abcdeg"};
    ck_assert_ptr_null(problems_suggest("abcde", names, 0));
    ck_assert_ptr_eq(problems_suggest("abcdeg", names, 2), names[1]);
    ck_assert_ptr_eq(problems_suggest("abcdex", names, 2), names[0]);
}
END_TEST

START_TEST(paths_are_joined)
{
    char list[PROBLEMS_PATH_MAX];
    char element[PROBLEMS_PATH_MAX];
    char key[PROBLEMS_PATH_MAX];
    problems_path_key("", "executors", list);
    ck_assert_str_eq(list, "executors");
    problems_path_index(list, 3, element);
    ck_assert_str_eq(element, "executors[3]");
    problems_path_key(element, "side", key);
    ck_assert_str_eq(key, "executors[3].side");
    problems_path_index("", 0, key);
    ck_assert_str_eq(key, "[0]");
}
END_TEST

START_TEST(long_paths_are_cut_off)
{
    char name[1000];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    char first[PROBLEMS_PATH_MAX];
    char second[PROBLEMS_PATH_MAX];
    problems_path_key("a", name, first);
    ck_assert_uint_eq(strlen(first), PROBLEMS_PATH_MAX - 1);
    problems_path_key(first, "b", second);
    ck_assert_str_eq(second, first);
    problems_path_index(first, 1, second);
    ck_assert_str_eq(second, first);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("problems");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, a_line_has_position_and_path, 0, COUNT(positions));
    tcase_add_test(tables, a_problem_stays_on_its_line);
    tcase_add_test(tables, long_messages_are_cut_off);
    tcase_add_test(tables, later_ones_are_counted_only);
    tcase_add_loop_test(tables, the_nearest_name_is_suggested, 0, COUNT(suggestions));
    tcase_add_test(tables, a_suggestion_needs_candidates);
    tcase_add_test(tables, paths_are_joined);
    tcase_add_test(tables, long_paths_are_cut_off);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
