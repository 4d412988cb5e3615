#include "actors/origin.h"

#include <check.h>
#include <stdlib.h>

START_TEST(a_link_alone_and_with_a_name)
{
    char text[ORIGIN_TEXT_MAX];
    origin_print(text, ORIGIN_REP, NULL);
    ck_assert_str_eq(text, "rep");
    origin_print(text, origin_of_scope(LINK_SCOPE_ADMIN), "desk-7");
    ck_assert_str_eq(text, "http:admin:desk-7");
}
END_TEST

START_TEST(every_scope_has_a_name)
{
    ck_assert_str_eq(origin_of_scope(LINK_SCOPE_NONE), "http");
    ck_assert_str_eq(origin_of_scope(LINK_SCOPE_READ), "http:read");
    ck_assert_str_eq(origin_of_scope(LINK_SCOPE_TRADE), "http:trade");
    ck_assert_str_eq(origin_of_scope(LINK_SCOPE_ADMIN), "http:admin");
}
END_TEST

static const struct {
    const char *name;
    bool is_valid;
} names[] = {
    {"a", true},
    {"Desk-7_x.y", true},
    {"abcdefghijklmnopqrstuvwxyz01234", true},   /* 31 */
    {"abcdefghijklmnopqrstuvwxyz012345", false}, /* 32 */
    {"", false},
    {"desk 7", false},
    {"desk:admin", false}, /* It would look like a link. */
    {"\n", false},
};

START_TEST(names_of_clients)
{
    ck_assert_int_eq(origin_name_is_valid(names[_i].name), names[_i].is_valid);
}
END_TEST

/* The longest link and the longest name are not cut. */
START_TEST(the_longest_fits)
{
    char text[ORIGIN_TEXT_MAX];
    origin_print(text, origin_of_scope(LINK_SCOPE_ADMIN), "abcdefghijklmnopqrstuvwxyz01234");
    ck_assert_str_eq(text, "http:admin:abcdefghijklmnopqrstuvwxyz01234");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("origin");
    TCase *cases = tcase_create("origin");
    tcase_add_test(cases, a_link_alone_and_with_a_name);
    tcase_add_test(cases, every_scope_has_a_name);
    tcase_add_loop_test(cases, names_of_clients, 0, sizeof(names) / sizeof(names[0]));
    tcase_add_test(cases, the_longest_fits);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
