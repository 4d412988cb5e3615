/*
 * The orchestrator among fakes: the director is its market, its venue and its journal, so that
 * every order of messages can be played.
 */
#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/action.h"
#include "actors/messages.h"
#include "actors/roles/orchestrator.h"
#include "tests/support/director.h"

#define NOW_NS (INT64_C(1700000000) * NS_PER_S)

/* What a test sets up beside the script. */
struct scene {
    struct run_config config;
    struct run_outcome outcome;
    struct actor_ref orchestrator;
    struct actor_ref venues[1];
    struct actor_ref host;
    uint64_t seq; /* Of the last record seen. */
};

static const char run_file[] =
    "run: {name: scene, mode: %s}\n"
    "venues: [{name: paper, balances: {USDT: \"10000\", BTC: \"1\"}}]\n"
    "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", step: \"0.001\"}]\n"
    "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: none.tape}]\n"
    "persistence: {durability: %s}\n"
    "risk: {max_open_orders: %d}\n"
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
                                               .outcome = &scene->outcome};
    ck_assert_int_eq(context_spawn(context, &orchestrator_class, &arguments, &scene->orchestrator),
                     ERR_NONE);
}

static void scene_play(struct scene *scene, const char *durability, int max_open_orders,
                       director_step *const *script)
{
    char path[] = "/tmp/tutti-scene-XXXXXX.yaml";
    const int file = mkstemps(path, 5);
    ck_assert_int_ge(file, 0);
    ck_assert_int_gt(dprintf(file, run_file, "paper", durability, max_open_orders), 0);
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
    (void)unlink(path);
}

/* A step with the quote 100.00 / 100.02 at NOW_NS + seconds. */
static void scene_step(struct director *director, struct context *context, int seconds,
                       bool is_draining)
{
    struct scene *scene = director->test;
    char body[sizeof(struct message_step) + sizeof(struct mark)] = {0};
    struct message_step step = {.instrument = 0,
                                .is_draining = is_draining,
                                .reason = is_draining ? SHUTDOWN_END_OF_FEED : 0,
                                .mark_count = 1};
    const struct mark mark = {.bid = decimal_literal("100.00"), .ask = decimal_literal("100.02")};
    memcpy(body, &step, sizeof(step));
    memcpy(body + offsetof(struct message_step, marks), &mark, sizeof(mark));
    director_send(context, scene->orchestrator, MESSAGE_STEP, NOW_NS + seconds * NS_PER_S, body,
                  sizeof(body));
}

/* The venue's answer to the step. */
static void scene_step_done(struct director *director, struct context *context, int seconds)
{
    struct scene *scene = director->test;
    ck_assert_ptr_nonnull(director_take(director, MESSAGE_STEP));
    const struct message_step_done done = {.venue_at_ns = INSTANT_NEVER};
    director_send(context, scene->orchestrator, MESSAGE_STEP_DONE, NOW_NS + seconds * NS_PER_S,
                  &done, sizeof(done));
}

static void scene_wake(struct director *director, struct context *context, int seconds)
{
    struct scene *scene = director->test;
    const struct message_wake wake = {
        .markets = {{.bid = decimal_literal("100.00"), .ask = decimal_literal("100.02")}}};
    director_send(context, scene->host, MESSAGE_WAKE, NOW_NS + seconds * NS_PER_S, &wake,
                  sizeof(wake));
}

static void scene_update(struct director *director, struct context *context,
                         const struct venue_update *update)
{
    const struct scene *scene = director->test;
    director_send(context, scene->orchestrator, MESSAGE_VENUE_UPDATE, NOW_NS + NS_PER_S, update,
                  sizeof(*update));
}

static struct venue_update scene_order_update(enum venue_update_kind kind)
{
    return (struct venue_update){.kind = kind, .order = {.epoch = 42, .executor = 1, .ordinal = 1}};
}

static struct venue_update scene_fill(const char *trade_id, const char *amount)
{
    struct venue_update update = scene_order_update(VENUE_FILL);
    update.fill = (struct fill){.order = update.order,
                                .side = SIDE_BUY,
                                .price = decimal_literal("100.02"),
                                .amount = decimal_literal(amount),
                                .fee = decimal_literal("0.01"),
                                .liquidity = LIQUIDITY_TAKER,
                                .time_ns = NOW_NS};
    (void)snprintf(update.fill.trade_id, TRADE_ID_MAX, "%s", trade_id);
    return update;
}

/* How many records of a kind the journal has, and that their numbers have no gap. */
static size_t scene_records(const struct director *director, enum record_kind kind)
{
    size_t count = 0;
    uint64_t seq = 0;
    for (size_t i = 0; i < director->count; i++) {
        if (message_envelope(director->received[i])->kind == DIRECTOR_RECORD) {
            const struct record *record = message_body(director->received[i]);
            ck_assert_uint_eq(record->seq, ++seq);
            count += record->kind == kind ? 1 : 0;
        }
    }
    return count;
}

static const struct record *scene_last_record(const struct director *director,
                                              enum record_kind kind)
{
    for (size_t i = director->count; i > 0; i--) {
        nng_msg *message = director->received[i - 1];
        if (message_envelope(message)->kind == DIRECTOR_RECORD) {
            const struct record *record = message_body(message);
            if (record->kind == kind) {
                return record;
            }
        }
    }
    ck_abort_msg("no such record");
    return NULL;
}

static void commit_all(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    uint64_t seq = 0;
    for (size_t i = 0; i < director->count; i++) {
        seq += message_envelope(director->received[i])->kind == DIRECTOR_RECORD ? 1 : 0;
    }
    const struct message_committed committed = {.seq = seq};
    director_send(context, scene->orchestrator, MESSAGE_COMMITTED, 0, &committed,
                  sizeof(committed));
}

/* ---- Entries that several scripts share ---- */

static void first_step(struct director *director, struct context *context)
{
    scene_step(director, context, 0, false);
}

static void first_step_done(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    ck_assert_uint_eq(scene_records(director, RECORD_RUN_STARTED), 1);
    ck_assert_uint_eq(scene_records(director, RECORD_EXECUTOR_CREATED), 1);
    nng_msg *message = director_take(director, MESSAGE_REGISTER);
    ck_assert_ptr_nonnull(message);
    scene->host = ((const struct message_register *)message_body(message))->host;
    scene_step_done(director, context, 0);
}

static void first_wake(struct director *director, struct context *context)
{
    ck_assert_ptr_nonnull(director_take(director, MESSAGE_STEP_DONE));
    scene_wake(director, context, 0);
}

static void accept_order(struct director *director, struct context *context)
{
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 1);
    const struct venue_update update = scene_order_update(VENUE_ACCEPTED);
    scene_update(director, context, &update);
}

/* ---- Fills ---- */

static void fill_twice(struct director *director, struct context *context)
{
    const struct venue_update half = scene_fill("t1", "0.4");
    const struct venue_update rest = scene_fill("t2", "0.6");
    const struct venue_update completed = scene_order_update(VENUE_COMPLETED);
    scene_update(director, context, &half);
    scene_update(director, context, &half); /* The venue repeats itself. */
    scene_update(director, context, &rest);
    scene_update(director, context, &completed);
    scene_update(director, context, &completed);
    scene_update(director, context, &rest); /* Late, after the end of the order. */
}

static void check_filled_once(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(scene_records(director, RECORD_FILL), 2);
    ck_assert_uint_eq(scene_records(director, RECORD_ORDER_FILLED), 1);
    const struct record *position = scene_last_record(director, RECORD_POSITION);
    ck_assert(decimal_equal(position->data.position.amount, decimal_literal("1")));
    ck_assert(decimal_equal(position->data.position.fees_quote, decimal_literal("0.02")));
    const struct record *order = scene_last_record(director, RECORD_ORDER_FILLED);
    ck_assert(decimal_equal(order->data.order.executed_base, decimal_literal("1")));
    /* A fill, its position and its order are one change: no commit may part them. */
    ck_assert(scene_last_record(director, RECORD_FILL)->has_more);
    ck_assert(position->has_more);
    ck_assert(!scene_last_record(director, RECORD_ORDER_PARTIALLY_FILLED)->has_more);
}

START_TEST(test_each_fill_counts_once)
{
    static director_step *const script[] = {first_step, first_step_done,   first_wake, accept_order,
                                            fill_twice, check_filled_once, NULL};
    struct scene scene = {0};
    scene_play(&scene, "group", 0, script);
}
END_TEST

static void fill_after_cancel(struct director *director, struct context *context)
{
    const struct venue_update canceled = scene_order_update(VENUE_CANCELED);
    const struct venue_update late = scene_fill("t9", "0.25");
    scene_update(director, context, &canceled);
    scene_update(director, context, &late);
}

static void check_late_fill(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(scene_records(director, RECORD_ORDER_CANCELED), 1);
    const struct record *position = scene_last_record(director, RECORD_POSITION);
    ck_assert(decimal_equal(position->data.position.amount, decimal_literal("0.25")));
    const struct record *order = scene_last_record(director, RECORD_ORDER_PARTIALLY_FILLED);
    ck_assert_int_eq(order->data.order.state, ORDER_CANCELED);
}

START_TEST(test_a_fill_after_the_cancel_counts)
{
    static director_step *const script[] = {first_step,   first_step_done,   first_wake,
                                            accept_order, fill_after_cancel, check_late_fill,
                                            NULL};
    struct scene scene = {0};
    scene_play(&scene, "group", 0, script);
}
END_TEST

/* An acknowledgement that comes behind the fill must not make a filled order open again. */
static void fill_before_acknowledgement(struct director *director, struct context *context)
{
    const struct venue_update fill = scene_fill("t1", "1");
    const struct venue_update completed = scene_order_update(VENUE_COMPLETED);
    const struct venue_update accepted = scene_order_update(VENUE_ACCEPTED);
    scene_update(director, context, &fill);
    scene_update(director, context, &completed);
    scene_update(director, context, &accepted);
}

static void check_stays_filled(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(scene_records(director, RECORD_ORDER_FILLED), 1);
    ck_assert_uint_eq(scene_records(director, RECORD_ORDER_ACCEPTED), 0);
}

START_TEST(test_an_acknowledgement_behind_the_fill)
{
    static director_step *const script[] = {first_step,         first_step_done,
                                            first_wake,         fill_before_acknowledgement,
                                            check_stays_filled, NULL};
    struct scene scene = {0};
    scene_play(&scene, "group", 0, script);
}
END_TEST

static void update_of_a_stranger(struct director *director, struct context *context)
{
    struct venue_update update = scene_fill("t1", "1");
    update.order = (struct order_id){.epoch = 41, .executor = 1, .ordinal = 1};
    scene_update(director, context, &update);
    update.order = (struct order_id){.epoch = 42, .executor = 1, .ordinal = 9};
    scene_update(director, context, &update);
    update.order = (struct order_id){.epoch = 42, .executor = 7, .ordinal = 1};
    scene_update(director, context, &update);
}

static void check_stranger(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(scene_records(director, RECORD_RUN_DEGRADED), 3);
    /* One trade, reported three times: it is booked once, and nobody's executor has it. */
    ck_assert_uint_eq(scene_records(director, RECORD_FILL), 1);
    const struct record *fill = scene_last_record(director, RECORD_FILL);
    ck_assert_str_eq(fill->controller_id, "EXTERNAL");
    ck_assert_str_eq(fill->executor_id, "");
    const struct record *position = scene_last_record(director, RECORD_POSITION);
    ck_assert_str_eq(position->controller_id, "EXTERNAL");
    ck_assert(!position->has_more);
    ck_assert(decimal_equal(position->data.position.amount, decimal_literal("1")));
}

START_TEST(test_fills_of_others_are_kept_apart)
{
    static director_step *const script[] = {first_step,           first_step_done, first_wake,
                                            update_of_a_stranger, check_stranger,  NULL};
    struct scene scene = {0};
    scene_play(&scene, "group", 0, script);
}
END_TEST

/* ---- Durability ---- */

static void check_order_waits(struct director *director, struct context *context)
{
    ck_assert_uint_eq(scene_records(director, RECORD_ORDER_SUBMITTED), 1);
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 0);
    scene_step(director, context, 1, false);
}

static void check_step_waits(struct director *director, struct context *context)
{
    /* The venue must see the order before the quote that follows it. */
    ck_assert_uint_eq(director_count(director, MESSAGE_STEP), 1);
    commit_all(director, context);
}

static void check_order_before_step(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 1);
    ck_assert_uint_eq(director_count(director, MESSAGE_STEP), 2);
    ck_assert_ptr_nonnull(director_take(director, MESSAGE_SUBMIT));
    ck_assert_ptr_nonnull(director_take(director, MESSAGE_STEP));
}

START_TEST(test_full_durability_holds_orders_until_the_commit)
{
    static director_step *const script[] = {
        first_step,       first_step_done,         first_wake, check_order_waits,
        check_step_waits, check_order_before_step, NULL};
    struct scene scene = {0};
    scene_play(&scene, "full", 0, script);
}
END_TEST

/* ---- Risk ---- */

static void check_denied(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 1);
    ck_assert_uint_eq(scene_records(director, RECORD_RISK_DENIED), 0);
}

START_TEST(test_the_last_allowed_order_passes)
{
    static director_step *const script[] = {first_step, first_step_done, first_wake, check_denied,
                                            NULL};
    struct scene scene = {0};
    scene_play(&scene, "group", 1, script);
}
END_TEST

/* ---- The end ---- */

static void drain(struct director *director, struct context *context)
{
    scene_step(director, context, 60, true);
}

/* The stop is carried out with the wake that follows it. */
static void check_stop_was_sent(struct director *director, struct context *context)
{
    scene_step_done(director, context, 60);
    scene_wake(director, context, 60);
}

static void end_order(struct director *director, struct context *context)
{
    const struct venue_update canceled = scene_order_update(VENUE_CANCELED);
    ck_assert_uint_eq(director_count(director, MESSAGE_CANCEL), 1);
    scene_update(director, context, &canceled);
}

static void end_executor(struct director *director, struct context *context)
{
    scene_wake(director, context, 61);
}

static void last_step(struct director *director, struct context *context)
{
    ck_assert_uint_eq(scene_records(director, RECORD_EXECUTOR_TERMINATED), 1);
    scene_step(director, context, 62, true);
}

static void give_balances(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    scene_step_done(director, context, 62);
    char body[sizeof(struct message_balances) + sizeof(struct balance)] = {0};
    const struct message_balances balances = {.count = 1};
    const struct balance usdt = {.asset = "USDT", .total = decimal_literal("9999")};
    memcpy(body, &balances, sizeof(balances));
    memcpy(body + offsetof(struct message_balances, items), &usdt, sizeof(usdt));
    director_send(context, scene->orchestrator, MESSAGE_BALANCES, NOW_NS, body, sizeof(body));
}

START_TEST(test_a_difference_of_balances_is_found)
{
    /* Nothing was filled, yet the venue has one USDT less than the opening balance. */
    static director_step *const script[] = {
        first_step,          first_step_done, first_wake,   accept_order, drain,
        check_stop_was_sent, end_order,       end_executor, last_step,    give_balances,
        commit_all,          commit_all,      NULL};
    struct scene scene = {0};
    scene_play(&scene, "group", 0, script);
    ck_assert(!scene.outcome.is_balanced);
    ck_assert(scene.outcome.is_finished);
    ck_assert_uint_eq(scene.outcome.executors_unfinished, 0);
}
END_TEST

static void journal_fails(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct message_committed committed = {.seq = 0, .has_failed = true};
    director_send(context, scene->orchestrator, MESSAGE_COMMITTED, 0, &committed,
                  sizeof(committed));
}

static void check_orchestrator_failed(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(director_count(director, MESSAGE_ACTOR_FAILED), 1);
}

START_TEST(test_a_refusing_journal_ends_everything)
{
    static director_step *const script[] = {first_step,    first_step_done,           first_wake,
                                            journal_fails, check_orchestrator_failed, NULL};
    struct scene scene = {0};
    scene_play(&scene, "full", 0, script);
}
END_TEST

/* ---- A full disk ---- */

static void commit_full(struct director *director, struct context *context, bool is_full)
{
    const struct scene *scene = director->test;
    const struct message_committed committed = {.seq = is_full ? 2 : scene->seq,
                                                .is_full = is_full};
    director_send(context, scene->orchestrator, MESSAGE_COMMITTED, 0, &committed,
                  sizeof(committed));
}

static void disk_gets_full(struct director *director, struct context *context)
{
    ck_assert_ptr_nonnull(director_take(director, MESSAGE_STEP_DONE));
    commit_full(director, context, true);
    scene_wake(director, context, 0);
}

/* The wake has led to an order: it stays here, as does the answer of the executor. */
static void check_held_back(struct director *director, struct context *context)
{
    const struct record *record = scene_last_record(director, RECORD_RUN_DEGRADED);
    ck_assert_str_eq(record->data.run.subject, "store");
    ck_assert_uint_eq(scene_records(director, RECORD_ORDER_SUBMITTED), 1);
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 0);
    ck_assert_uint_eq(director_count(director, MESSAGE_WAKE_DONE), 0);
    ck_assert_uint_eq(director_count(director, MESSAGE_STEP_DONE), 1);
    struct scene *scene = director->test;
    scene->seq = scene_last_record(director, RECORD_ORDER_SUBMITTED)->seq;
    commit_full(director, context, false);
}

static void check_let_go(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(scene_records(director, RECORD_RUN_RESTORED), 1);
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 1);
    ck_assert_uint_eq(director_count(director, MESSAGE_WAKE_DONE), 1);
}

START_TEST(test_a_full_disk_holds_everything_back)
{
    static director_step *const script[] = {first_step,      first_step_done, disk_gets_full,
                                            check_held_back, check_let_go,    NULL};
    struct scene scene = {0};
    scene_play(&scene, "group", 0, script);
}
END_TEST

/* ---- Actions ---- */

static void ask_too_early(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct action action = action_stop("early", "first", false);
    nng_msg *message = action_message(&action, 1);
    ck_assert_int_eq(context_send(context, scene->orchestrator, &message), ERR_NONE);
}

static void check_turned_away(struct director *director, struct context *context)
{
    (void)context;
    const struct message_answer *answer = message_body(director_take(director, MESSAGE_ANSWER));
    ck_assert(!answer->is_accepted);
    ck_assert_str_eq(answer->code, "busy");
    ck_assert_uint_eq(director_count(director, DIRECTOR_RECORD), 0);
}

static void fill_too_early(struct director *director, struct context *context)
{
    struct venue_update update = scene_fill("t1", "1");
    update.order.epoch = 7; /* Of nobody here. */
    scene_update(director, context, &update);
}

static void check_begins_with_the_run(struct director *director, struct context *context)
{
    (void)context;
    const struct record *first = message_body(director_take(director, DIRECTOR_RECORD));
    ck_assert_int_eq((int)first->kind, (int)RECORD_RUN_STARTED);
    ck_assert_uint_eq(scene_records(director, RECORD_FILL), 1);
}

START_TEST(test_news_before_the_begin_come_behind_it)
{
    static director_step *const script[] = {fill_too_early, check_begins_with_the_run, NULL};
    struct scene scene = {0};
    scene_play(&scene, "full", 0, script);
}
END_TEST

START_TEST(test_an_action_before_the_begin_is_turned_away)
{
    struct scene scene = {0};
    static director_step *const script[] = {ask_too_early, check_turned_away, NULL};
    scene_play(&scene, "full", 0, script);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("orchestrator");
    TCase *tcase = tcase_create("orchestrator");
    tcase_add_test(tcase, test_each_fill_counts_once);
    tcase_add_test(tcase, test_a_fill_after_the_cancel_counts);
    tcase_add_test(tcase, test_an_acknowledgement_behind_the_fill);
    tcase_add_test(tcase, test_fills_of_others_are_kept_apart);
    tcase_add_test(tcase, test_full_durability_holds_orders_until_the_commit);
    tcase_add_test(tcase, test_the_last_allowed_order_passes);
    tcase_add_test(tcase, test_a_difference_of_balances_is_found);
    tcase_add_test(tcase, test_a_refusing_journal_ends_everything);
    tcase_add_test(tcase, test_a_full_disk_holds_everything_back);
    tcase_add_test(tcase, test_an_action_before_the_begin_is_turned_away);
    tcase_add_test(tcase, test_news_before_the_begin_come_behind_it);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
