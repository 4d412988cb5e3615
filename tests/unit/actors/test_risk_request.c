/*
 * tests/unit/actors/test_risk_request.c - requests about risk as JSON and as messages.
 */
#include "actors/risk_request.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct problems problems;

static void setup(void)
{
    arena_init(&arena, 1 << 20);
    problems_init(&problems, "request");
}

static void teardown(void)
{
    arena_done(&arena);
    problems_done(&problems);
}

static enum err read_json(const char *json, struct message_risk *ret_request)
{
    const struct node *root;
    ck_assert_int_eq(node_read_json("request", json, strlen(json), NODE_DEPTH_CONTROL_MAX, &arena,
                                    &problems, &root),
                     ERR_NONE);
    return risk_request_read(root, "control", &arena, &problems, ret_request);
}

START_TEST(what_is_printed_is_read_back)
{
    static const enum risk_state states[] = {0, RISK_ACTIVE, RISK_REDUCING, RISK_HALTED};
    const struct message_risk request =
        risk_request_make(states[_i], states[_i] != 0 ? "venue:paper" : "global",
                          states[_i] != 0 ? "a \"drill\"" : "", "control");
    struct text json = {0};
    risk_request_print(&request, NULL, &json);
    struct message_risk read;
    ck_assert_int_eq(read_json(text_string(&json), &read), ERR_NONE);
    ck_assert_int_eq(read.state, request.state);
    ck_assert_str_eq(read.scope, request.scope);
    ck_assert_str_eq(read.reason, request.reason);
    ck_assert_str_eq(read.actor, "control");
    text_done(&json);
}
END_TEST

static const char *const refused[] = {
    "{\"request\":\"risk\",\"state\":\"PAUSED\"}",
    "{\"request\":\"risk\",\"state\":\"ACTIVE\"}",
    "{\"request\":\"risk\",\"state\":\"ACTIVE\",\"reason\":\"\"}",
    "{\"request\":\"risk\",\"state\":\"HALTED\",\"scope\":\"paper\"}",
    "{\"request\":\"risk\",\"state\":\"HALTED\",\"scope\":\"venue:\"}",
    "{\"request\":\"risk\",\"status\":\"HALTED\"}",
    "{\"state\":\"HALTED\"}",
};

START_TEST(other_requests_are_refused_with_a_reason)
{
    struct message_risk read;
    ck_assert_int_eq(read_json(refused[_i], &read), ERR_SYNTAX);
    ck_assert_uint_gt(problems.count, 0);
}
END_TEST

START_TEST(a_reason_that_is_too_long_is_refused)
{
    char json[512];
    (void)snprintf(json, sizeof(json),
                   "{\"request\":\"risk\",\"state\":\"HALTED\",\"reason\":"
                   "\"%0300d\"}",
                   1);
    struct message_risk read;
    ck_assert_int_eq(read_json(json, &read), ERR_SYNTAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("risk_request");
    TCase *cases = tcase_create("risk_request");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_loop_test(cases, what_is_printed_is_read_back, 0, 4);
    tcase_add_loop_test(cases, other_requests_are_refused_with_a_reason, 0,
                        (int)(sizeof(refused) / sizeof(refused[0])));
    tcase_add_test(cases, a_reason_that_is_too_long_is_refused);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
