/*
 * tests/unit/actors/test_action.c - actions as C structs, as JSON and as messages.
 */
#include "actors/action.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "actors/messages.h"

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
    message_pool_drain();
}

static enum err parse(const char *json, struct action *ret_action)
{
    const struct node *root;
    ck_assert_int_eq(node_read_json("request", json, strlen(json), NODE_DEPTH_CONTROL_MAX, &arena,
                                    &problems, &root),
                     ERR_NONE);
    return action_parse(root, "", &arena, &problems, ret_action);
}

static void assert_equal_texts(const char *a, const char *b)
{
    ck_assert((a == NULL) == (b == NULL));
    if (a != NULL) {
        ck_assert_str_eq(a, b);
    }
}

static void assert_equal_actions(const struct action *a, const struct action *b)
{
    ck_assert_int_eq(a->kind, b->kind);
    ck_assert_int_eq(a->keep_position, b->keep_position);
    assert_equal_texts(a->action_id, b->action_id);
    assert_equal_texts(a->controller_id, b->controller_id);
    assert_equal_texts(a->executor_id, b->executor_id);
    assert_equal_texts(a->executor_config, b->executor_config);
    assert_equal_texts(a->update_data, b->update_data);
}

/* One of each kind, by its factory function. */
static struct action sample(int index)
{
    switch (index) {
    case 0:
        return action_create("a-1", "desk", "{\"type\":\"order_executor\",\"amount\":\"0.10\"}");
    case 1:
        return action_stop("a-2", "e-1", true);
    case 2:
        return action_store(NULL, "e-1");
    default:
        return action_update("a-4", "e-1", "{\"volatility\":\"0.01\"}");
    }
}

START_TEST(what_is_printed_is_read_back)
{
    const struct action action = sample(_i);
    struct text json = {0};
    action_print(&action, &json);
    struct action read;
    ck_assert_int_eq(parse(text_string(&json), &read), ERR_NONE);
    assert_equal_actions(&action, &read);
    text_done(&json);
}
END_TEST

START_TEST(a_message_carries_its_texts)
{
    const struct action action = sample(_i);
    nng_msg *message = action_message(&action, 77);
    ck_assert_ptr_nonnull(message);
    ck_assert_uint_eq(message_envelope(message)->kind, MESSAGE_ACTION);
    const struct message_action *body = message_body(message);
    ck_assert_uint_eq(body->ticket, 77);
    assert_equal_actions(&body->action, &action);
    ck_assert(action.executor_id == NULL || body->action.executor_id != action.executor_id);
    message_destroy(message);
}
END_TEST

static const struct {
    const char *json;
    const char *problem;
} wrong[] = {
    {"{\"action\":\"sell_everything\"}", "action"},
    {"{}", "action"},
    {"{\"action\":\"create_executor\"}", "executor_config: is missing"},
    {"{\"action\":\"stop_executor\"}", "executor_id: is missing"},
    {"{\"action\":\"store_executor\",\"executor\":\"e\"}", "executor"},
    {"{\"action\":\"update_executor\",\"executor_id\":\"e\"}", "update_data: is missing"},
    {"{\"action\":\"stop_executor\",\"executor_id\":\"e\",\"keep_position\":\"yes\"}",
     "keep_position"},
    {"[1]", "expected"},
};

START_TEST(problems_name_the_member)
{
    struct action action;
    ck_assert_int_eq(parse(wrong[_i].json, &action), ERR_SYNTAX);
    ck_assert_msg(strstr(text_string(&problems.lines), wrong[_i].problem) != NULL, "%s",
                  text_string(&problems.lines));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("action");
    TCase *tcase = tcase_create("action");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, what_is_printed_is_read_back, 0, 4);
    tcase_add_loop_test(tcase, a_message_carries_its_texts, 0, 4);
    tcase_add_loop_test(tcase, problems_name_the_member, 0,
                        (int)(sizeof(wrong) / sizeof(wrong[0])));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
