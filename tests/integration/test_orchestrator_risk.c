/*
 * Risk states of the orchestrator among fakes: the director is its market, its venue, its journal
 * and whoever asks, so that a halt can come at any point between the messages.
 */
#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/messages.h"
#include "actors/roles/orchestrator.h"
#include "tests/support/director.h"

#define NOW_NS (INT64_C(1700000000) * NS_PER_S)

struct scene {
    struct run_config config;
    struct run_outcome outcome;
    struct risk_latches latches;
    struct actor_ref orchestrator;
    struct actor_ref venues[1];
    struct actor_ref host;
};

static const char run_file[] =
    "run: {name: scene, mode: paper}\n"
    "venues: [{name: paper, balances: {USDT: \"10000\", BTC: \"1\"}}]\n"
    "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", step: \"0.001\"}]\n"
    "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: none.tape}]\n"
    "persistence: {durability: %s}\n"
    "executors:\n"
    "  - {type: position_executor, id: first, connector_name: paper, trading_pair: BTC-USDT,\n"
    "     side: BUY, amount: \"1\", triple_barrier_config: {open_order_type: MARKET,\n"
    "     stop_loss: \"0.1\"}}\n";

static void scene_open(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    scene->venues[0] = director->self;
    struct orchestrator_arguments arguments = {.config = &scene->config,
                                               .epoch = 42,
                                               .persistence = director->self,
                                               .venues = scene->venues,
                                               .latches = &scene->latches,
                                               .outcome = &scene->outcome};
    ck_assert_int_eq(context_spawn(context, &orchestrator_class, &arguments, &scene->orchestrator),
                     ERR_NONE);
}

static void scene_play(struct scene *scene, const char *durability, director_step *const *script)
{
    char path[] = "/tmp/tutti-scene-XXXXXX.yaml";
    const int file = mkstemps(path, 5);
    ck_assert_int_ge(file, 0);
    ck_assert_int_gt(dprintf(file, run_file, durability), 0);
    (void)close(file);
    struct problems problems;
    problems_init(&problems, path);
    ck_assert_msg(run_config_load(path, &scene->config, &problems) == ERR_NONE, "%s",
                  text_string(&problems.lines));
    struct director director = {.script = script, .open = scene_open, .test = scene};
    director_play(&director);
    director_done(&director);
    run_config_done(&scene->config);
    problems_done(&problems);
    risk_latches_done(&scene->latches);
    (void)unlink(path);
}

static void scene_step(struct director *director, struct context *context, int seconds)
{
    const struct scene *scene = director->test;
    char body[sizeof(struct message_step) + sizeof(struct mark)] = {0};
    const struct message_step step = {.instrument = 0, .mark_count = 1};
    const struct mark mark = {.bid = decimal_literal("100.00"), .ask = decimal_literal("100.02")};
    memcpy(body, &step, sizeof(step));
    memcpy(body + offsetof(struct message_step, marks), &mark, sizeof(mark));
    director_send(context, scene->orchestrator, MESSAGE_STEP, NOW_NS + seconds * NS_PER_S, body,
                  sizeof(body));
}

/* What the journal got of a kind, the last one in *ret_last. */
static size_t scene_records(const struct director *director, enum record_kind kind,
                            const struct record **ret_last)
{
    size_t count = 0;
    uint64_t seq = 0;
    for (size_t i = 0; i < director->count; i++) {
        if (message_envelope(director->received[i])->kind == DIRECTOR_RECORD) {
            const struct record *record = message_body(director->received[i]);
            ck_assert_uint_eq(record->seq, ++seq);
            if (record->kind == kind) {
                count++;
                *ret_last = record;
            }
        }
    }
    return count;
}

static void scene_set(struct director *director, struct context *context, enum risk_state state)
{
    const struct scene *scene = director->test;
    struct message_risk request = risk_request_make(state, "global", "a drill", "test");
    request.ticket = 7;
    director_send(context, scene->orchestrator, MESSAGE_RISK, 0, &request, sizeof(request));
}

/* ---- Entries that several scripts share ---- */

static void first_step(struct director *director, struct context *context)
{
    scene_step(director, context, 0);
}

static void first_step_done(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    nng_msg *message = director_take(director, MESSAGE_REGISTER);
    ck_assert_ptr_nonnull(message);
    scene->host = ((const struct message_register *)message_body(message))->host;
    ck_assert_ptr_nonnull(director_take(director, MESSAGE_STEP));
    const struct message_step_done done = {.venue_at_ns = INSTANT_NEVER};
    director_send(context, scene->orchestrator, MESSAGE_STEP_DONE, NOW_NS, &done, sizeof(done));
}

static void first_wake(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct message_wake wake = {
        .markets = {{.bid = decimal_literal("100.00"), .ask = decimal_literal("100.02")}}};
    director_send(context, scene->host, MESSAGE_WAKE, NOW_NS, &wake, sizeof(wake));
}

static void halt(struct director *director, struct context *context)
{
    scene_set(director, context, RISK_HALTED);
}

static void commit_all(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    struct message_committed committed = {0};
    for (size_t i = 0; i < director->count; i++) {
        committed.seq += message_envelope(director->received[i])->kind == DIRECTOR_RECORD ? 1 : 0;
    }
    /* Nobody is answered before. */
    ck_assert_uint_eq(director_count(director, MESSAGE_RISK_ANSWER), 0);
    director_send(context, scene->orchestrator, MESSAGE_COMMITTED, 0, &committed,
                  sizeof(committed));
}

static const char *last_answer(struct director *director)
{
    ck_assert_uint_eq(director_count(director, MESSAGE_RISK_ANSWER), 1);
    const struct message_risk_answer *answer =
        message_body(director_take(director, MESSAGE_RISK_ANSWER));
    ck_assert_uint_eq(answer->ticket, 7);
    ck_assert_str_eq(answer->code, "");
    return answer->json;
}

/* ---- Orders that wait for their commit ---- */

static void check_held(struct director *director, struct context *context)
{
    const struct record *record = NULL;
    ck_assert_uint_eq(scene_records(director, RECORD_ORDER_SUBMITTED, &record), 1);
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 0);
    scene_set(director, context, RISK_HALTED);
}

static void reduce_while_held(struct director *director, struct context *context)
{
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 0);
    scene_set(director, context, RISK_REDUCING);
}

static void check_never_sent(struct director *director, struct context *context)
{
    (void)context;
    const struct record *denied = NULL;
    const struct record *order = NULL;
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 0);
    ck_assert_uint_eq(director_count(director, MESSAGE_CANCEL), 0);
    ck_assert_uint_eq(scene_records(director, RECORD_RISK_DENIED, &denied), 1);
    ck_assert_uint_eq(scene_records(director, RECORD_ORDER_REJECTED, &order), 1);
    ck_assert_str_eq(order->data.order.reason, denied->data.note.code);
    ck_assert_str_eq(denied->data.note.scope, "global");
    ck_assert_ptr_nonnull(strstr(last_answer(director), denied->data.note.code));
}

START_TEST(test_held_orders_do_not_leave)
{
    static director_step *const halted[] = {first_step, first_step_done,  first_wake, check_held,
                                            commit_all, check_never_sent, NULL};
    static director_step *const reducing[] = {
        first_step, first_step_done,  first_wake, reduce_while_held,
        commit_all, check_never_sent, NULL};
    struct scene scene = {0};
    scene_play(&scene, "full", _i == 0 ? halted : reducing);
}
END_TEST

/* ---- Orders at the venue ---- */

static void check_canceled(struct director *director, struct context *context)
{
    (void)context;
    const struct record *record = NULL;
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 1);
    ck_assert_uint_eq(director_count(director, MESSAGE_CANCEL), 1);
    ck_assert_uint_eq(scene_records(director, RECORD_ORDER_CANCEL_REQUESTED, &record), 1);
    ck_assert_uint_eq(scene_records(director, RECORD_RISK_STATE, &record), 1);
    ck_assert_str_eq(record->data.note.code, "HALTED");
    ck_assert_str_eq(record->data.note.text, "test: a drill");
    ck_assert_int_eq(record->ts_ns, NOW_NS); /* A request from outside does not turn time back. */
    ck_assert_ptr_nonnull(strstr(last_answer(director), "\"state\":\"HALTED\""));
}

static void halt_again(struct director *director, struct context *context)
{
    scene_set(director, context, RISK_HALTED);
}

static void commit_again(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct record *record = NULL;
    (void)scene_records(director, RECORD_ORDER_CANCEL_REQUESTED, &record);
    const struct message_committed committed = {.seq = record->seq};
    director_send(context, scene->orchestrator, MESSAGE_COMMITTED, 0, &committed,
                  sizeof(committed));
}

static void check_canceled_once(struct director *director, struct context *context)
{
    (void)context;
    const struct record *record = NULL;
    ck_assert_uint_eq(director_count(director, MESSAGE_CANCEL), 1);
    ck_assert_uint_eq(scene_records(director, RECORD_RISK_STATE, &record), 1);
    ck_assert_uint_eq(director_count(director, MESSAGE_RISK_ANSWER), 2);
}

START_TEST(test_live_orders_are_canceled_once)
{
    static director_step *const script[] = {
        first_step, first_step_done, first_wake,          halt, commit_all, check_canceled,
        halt_again, commit_again,    check_canceled_once, NULL};
    struct scene scene = {0};
    scene_play(&scene, "group", script);
}
END_TEST

/* ---- Before the first step ---- */

static void check_nothing_written(struct director *director, struct context *context)
{
    ck_assert_uint_eq(director_count(director, DIRECTOR_RECORD), 0);
    ck_assert_uint_eq(director_count(director, MESSAGE_RISK_ANSWER), 0);
    scene_step(director, context, 0);
}

static void check_begins_halted(struct director *director, struct context *context)
{
    (void)context;
    const struct record *record = NULL;
    ck_assert_uint_eq(scene_records(director, RECORD_RUN_STARTED, &record), 1);
    ck_assert_uint_eq(record->seq, 1);
    ck_assert_uint_eq(scene_records(director, RECORD_RISK_STATE, &record), 1);
    ck_assert_uint_eq(record->seq, 2);
    ck_assert_uint_eq(scene_records(director, RECORD_EXECUTOR_CREATED, &record), 0);
}

static void check_answered(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_ptr_nonnull(strstr(last_answer(director), "\"state\":\"HALTED\""));
}

START_TEST(test_a_halt_before_the_first_step)
{
    static director_step *const script[] = {halt,       check_nothing_written, check_begins_halted,
                                            commit_all, check_answered,        NULL};
    struct scene scene = {0};
    scene_play(&scene, "group", script);
}
END_TEST

START_TEST(test_a_latch_from_before)
{
    static director_step *const script[] = {first_step, check_begins_halted, NULL};
    struct scene scene = {0};
    ck_assert_int_eq(risk_latches_set(&scene.latches, "global", RISK_HALTED, "from before"),
                     ERR_NONE);
    scene_play(&scene, "group", script);
}
END_TEST

/* ---- The same order again ---- */

static void place_again(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 1);
    const struct executor_request again = {.kind = REQUEST_PLACE,
                                           .ordinal = 1,
                                           .side = SIDE_BUY,
                                           .type = ORDER_MARKET,
                                           .amount = decimal_literal("1")};
    director_ask(context, scene->orchestrator, NOW_NS, 1, &again);
}

static void check_sent_once(struct director *director, struct context *context)
{
    (void)context;
    const struct record *record = NULL;
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 1);
    ck_assert_uint_eq(scene_records(director, RECORD_ORDER_REJECTED, &record), 0);
    ck_assert_uint_eq(scene_records(director, RECORD_RISK_DENIED, &record), 1);
    ck_assert_str_eq(record->data.note.code, "duplicate_order");
}

START_TEST(test_an_order_is_sent_once)
{
    static director_step *const script[] = {first_step,  first_step_done, first_wake,
                                            place_again, check_sent_once, NULL};
    struct scene scene = {0};
    scene_play(&scene, "group", script);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("orchestrator_risk");
    TCase *tcase = tcase_create("orchestrator_risk");
    tcase_add_loop_test(tcase, test_held_orders_do_not_leave, 0, 2);
    tcase_add_test(tcase, test_live_orders_are_canceled_once);
    tcase_add_test(tcase, test_a_halt_before_the_first_step);
    tcase_add_test(tcase, test_a_latch_from_before);
    tcase_add_test(tcase, test_an_order_is_sent_once);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
