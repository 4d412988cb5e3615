/*
 * tests/unit/market/test_deny.c - every code has words, and none has another's.
 */
#include "market/deny.h"

#include <string.h>

#include "suite.h"

START_TEST(every_code_has_words)
{
    for (int code = DENY_NONE + 1; code < DENY_CODE_COUNT; code++) {
        const char *name = deny_name((enum deny_code)code);
        ck_assert_uint_gt(strlen(name), 0);
        ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
        ck_assert_uint_gt(strlen(deny_setting((enum deny_code)code)), 0);
        const char *doc = deny_doc((enum deny_code)code);
        ck_assert_int_eq(doc[strlen(doc) - 1], '.');
    }
}
END_TEST

START_TEST(codes_differ)
{
    for (int a = DENY_NONE; a < DENY_CODE_COUNT; a++) {
        for (int b = DENY_NONE; b < a; b++) {
            ck_assert_str_ne(deny_name((enum deny_code)a), deny_name((enum deny_code)b));
        }
    }
}
END_TEST

/* What is stored and sent: a change of these breaks whoever reads old runs. */
START_TEST(codes_are_stable)
{
    ck_assert_str_eq(deny_name(DENY_NONE), "");
    ck_assert_str_eq(deny_name(DENY_RISK_HALTED), "risk_halted");
    ck_assert_str_eq(deny_name(DENY_MAX_OPEN_ORDERS), "max_open_orders");
    ck_assert_str_eq(deny_setting(DENY_MAX_EXPOSURE), "max_exposure_quote");
}
END_TEST

START_TEST(codes_are_found_by_name)
{
    for (int code = DENY_NONE + 1; code < DENY_CODE_COUNT; code++) {
        ck_assert_int_eq(deny_find(deny_name((enum deny_code)code)), code);
    }
    ck_assert_int_eq(deny_find(""), DENY_NONE);
    ck_assert_int_eq(deny_find("RISK_HALTED"), DENY_NONE);
}
END_TEST

START_TEST(states_and_links_are_no_fault_of_the_executor)
{
    for (int code = DENY_NONE; code < DENY_CODE_COUNT; code++) {
        ck_assert_int_eq(deny_is_withheld((enum deny_code)code),
                         code == DENY_RISK_HALTED || code == DENY_RISK_REDUCING ||
                             code == DENY_VENUE_DISCONNECTED || code == DENY_VENUE_RECONCILING);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("deny");
    tcase_add_test(cases, every_code_has_words);
    tcase_add_test(cases, codes_differ);
    tcase_add_test(cases, codes_are_stable);
    tcase_add_test(cases, codes_are_found_by_name);
    tcase_add_test(cases, states_and_links_are_no_fault_of_the_executor);
    return suite_run("deny", cases);
}
