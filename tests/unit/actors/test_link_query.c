/* Percent-encoded paths and queries. */
#include "actors/link_query.h"

#include <check.h>
#include <string.h>

static const struct {
    const char *path;
    enum err err;
    const char *decoded;
} paths[] = {
    {"/", ERR_NONE, "/"},
    {"/executors/a%20b%2B+", ERR_NONE, "/executors/a b++"},
    {"/.../..a/a..", ERR_NONE, "/.../..a/a.."},
    {"/12345678901234567890123456789", ERR_LIMIT, ""},
    {"executors", ERR_SYNTAX, ""},
    {"", ERR_SYNTAX, ""},
    {"/a/..", ERR_SYNTAX, ""},
    {"/./a", ERR_SYNTAX, ""},
    {"/%2E%2e/a", ERR_SYNTAX, ""},
    {"/a%2Fb", ERR_SYNTAX, ""},
    {"/a%00", ERR_SYNTAX, ""},
    {"/a%0a", ERR_SYNTAX, ""},
    {"/a%7f", ERR_SYNTAX, ""},
    {"/a%ff", ERR_SYNTAX, ""},
    {"/a%2", ERR_SYNTAX, ""},
    {"/a%", ERR_SYNTAX, ""},
    {"/a%g0", ERR_SYNTAX, ""},
    {"http://x/", ERR_SYNTAX, ""},
};

START_TEST(path_is_decoded_or_refused)
{
    char out[24];
    const char *path = paths[_i].path;
    ck_assert_msg(link_path_decode(path, strlen(path), out, sizeof(out)) == paths[_i].err, "%s",
                  path);
    if (paths[_i].err == ERR_NONE) {
        ck_assert_str_eq(out, paths[_i].decoded);
    }
}
END_TEST

static const struct {
    const char *query;
    enum err err;
    const char *value;
} queries[] = {
    {"a=1", ERR_NONE, "1"},
    {"b=2&a=x+y%3D", ERR_NONE, "x y="},
    {"a", ERR_NONE, ""},
    {"a=", ERR_NONE, ""},
    {"&&a=1&", ERR_NONE, "1"},
    {"aa=1&ba=2", ERR_NOT_FOUND, ""},
    {"", ERR_NOT_FOUND, ""},
    {"a=1&a=1", ERR_EXISTS, ""},
    {"a=%0d", ERR_SYNTAX, ""},
    {"a=%", ERR_SYNTAX, ""},
    {"a=12345678901234567890", ERR_LIMIT, ""},
};

START_TEST(parameter_is_found_or_refused)
{
    char out[12];
    ck_assert_msg(link_query_get(queries[_i].query, "a", out, sizeof(out)) == queries[_i].err, "%s",
                  queries[_i].query);
    if (queries[_i].err == ERR_NONE) {
        ck_assert_str_eq(out, queries[_i].value);
    }
}
END_TEST

START_TEST(unknown_parameters_are_noticed)
{
    static const char *const names[] = {"from", "limit", NULL};
    ck_assert(link_query_has_only("", names));
    ck_assert(link_query_has_only("from=1&limit=2", names));
    ck_assert(link_query_has_only("&from", names));
    ck_assert(!link_query_has_only("from=1&limits=2", names));
    ck_assert(!link_query_has_only("fro=1", names));
    ck_assert(!link_query_has_only("=1", names));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link_query");
    TCase *tcase = tcase_create("queries");
    tcase_add_loop_test(tcase, path_is_decoded_or_refused, 0,
                        (int)(sizeof(paths) / sizeof(paths[0])));
    tcase_add_loop_test(tcase, parameter_is_found_or_refused, 0,
                        (int)(sizeof(queries) / sizeof(queries[0])));
    tcase_add_test(tcase, unknown_parameters_are_noticed);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
