/*
 * The venue actor ends a step with one message: the last updates of the step come along with it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "actors/messages.h"
#include "actors/roles/venue.h"
#include "tests/support/director.h"
#include "tests/support/scratch.h"

#define NOW_NS (INT64_C(1700000000) * NS_PER_S)

static const char run_file[] =
    "{\"run\":{\"name\":\"step\"},\"venues\":[{\"name\":\"paper\",\"balances\":{\"USD\":\"10000\"}}"
    "],"
    "\"instruments\":[{\"trading_pair\":\"A-USD\",\"venue\":\"paper\",\"tick\":\"0.01\",\"step\":"
    "\"1\"}],\"feeds\":[{\"venue\":\"paper\",\"trading_pair\":\"A-USD\",\"quotes\":\"none.tape\"}],"
    "\"persistence\":{\"type\":\"memory\"},\"executors\":[]}";

struct scene {
    struct run_config config;
    struct actor_ref venue;
};

static void scene_open(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    struct venue_arguments arguments = {.config = &scene->config, .venue = 0};
    ck_assert_int_eq(context_spawn(context, &venue_class, &arguments, &scene->venue), ERR_NONE);
}

static void scene_step(struct director *director, struct context *context, int seconds)
{
    const struct scene *scene = director->test;
    const int64_t now_ns = NOW_NS + seconds * NS_PER_S;
    nng_msg *message =
        message_create(MESSAGE_STEP, now_ns, sizeof(struct message_step) + sizeof(struct mark));
    struct message_step *step = message_body(message);
    *step = (struct message_step){.mark_count = 1};
    step->marks[0] =
        (struct mark){.bid = decimal_literal("100.00"), .ask = decimal_literal("100.02")};
    ck_assert_int_eq(context_send(context, scene->venue, &message), ERR_NONE);
}

static void scene_submit(const struct scene *scene, struct context *context, uint32_t ordinal)
{
    const struct order_ticket ticket = {.id = {.epoch = 1, .executor = 1, .ordinal = ordinal},
                                        .side = SIDE_BUY,
                                        .type = ORDER_MARKET,
                                        .amount = decimal_literal("1")};
    director_send(context, scene->venue, MESSAGE_SUBMIT, NOW_NS, &ticket, sizeof(ticket));
}

static void quiet_step(struct director *director, struct context *context)
{
    scene_step(director, context, 0);
}

static void fill_one(struct director *director, struct context *context)
{
    const struct message_step_done *done = message_body(director_take(director, MESSAGE_STEP_DONE));
    ck_assert_uint_eq(done->update_count, 0);
    scene_submit(director->test, context, 1);
    scene_step(director, context, 1);
}

/* Enough orders for more than one message. */
static void fill_many(struct director *director, struct context *context)
{
    struct message_step_done *done = message_body(director_take(director, MESSAGE_STEP_DONE));
    const struct venue_update *updates = message_step_updates(done);
    ck_assert_uint_eq(director_count(director, MESSAGE_VENUE_UPDATE), 0);
    ck_assert_uint_eq(done->update_count, 3);
    ck_assert_int_eq((int)updates[0].kind, (int)VENUE_ACCEPTED);
    ck_assert_int_eq((int)updates[1].kind, (int)VENUE_FILL);
    ck_assert_str_eq(updates[1].fill.trade_id, "1");
    ck_assert_int_eq((int)updates[2].kind, (int)VENUE_COMPLETED);
    for (uint32_t i = 2; i < VENUE_UPDATES_MAX; i++) {
        scene_submit(director->test, context, i);
    }
    scene_step(director, context, 2);
}

static void want_more(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const size_t messages = director_count(director, MESSAGE_VENUE_UPDATE);
    ck_assert_ptr_null(director_take(director, MESSAGE_STEP_DONE));
    ck_assert_uint_eq(messages, 1); /* It waits until it is asked for more. */
    director_send(context, scene->venue, MESSAGE_UPDATES_WANTED, NOW_NS + 2 * NS_PER_S, NULL, 0);
}

static void want_rest(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    ck_assert_uint_eq(director_count(director, MESSAGE_VENUE_UPDATE), 2);
    director_send(context, scene->venue, MESSAGE_UPDATES_WANTED, NOW_NS + 2 * NS_PER_S, NULL, 0);
}

static void check_all(struct director *director, struct context *context)
{
    (void)context;
    nng_msg *message = director->received[director->count - 1];
    const struct message_step_done *done = message_body(message);
    ck_assert_uint_eq(message_envelope(message)->kind, MESSAGE_STEP_DONE);
    ck_assert_uint_eq(director_count(director, MESSAGE_VENUE_UPDATE), 2);
    ck_assert_uint_eq(2 * VENUE_UPDATES_MAX + done->update_count, 3 * (VENUE_UPDATES_MAX - 2));
}

START_TEST(test_a_step_ends_with_its_last_updates)
{
    static director_step *const script[] = {quiet_step, fill_one,  fill_many, want_more,
                                            want_rest,  check_all, NULL};
    struct scene scene = {0};
    const struct scratch_path path = scratch_write_text("run.json", run_file);
    struct problems problems;
    problems_init(&problems, path.text);
    ck_assert_msg(run_config_load(path.text, &scene.config, &problems) == ERR_NONE, "%s",
                  text_string(&problems.lines));
    problems_done(&problems);
    struct director director = {.script = script, .open = scene_open, .test = &scene};
    director_play(&director);
    director_done(&director);
    run_config_done(&scene.config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("venue_step");
    TCase *tcase = tcase_create("venue_step");
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_add_test(tcase, test_a_step_ends_with_its_last_updates);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
