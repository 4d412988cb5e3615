/*
 * Executors whose handler fails while the run goes on: rebuilt from the journal, or given up.
 *
 * The sick one is a position executor whose evaluations or snapshots go wrong when the test says
 * so. Beside it trade others that must not notice.
 */
#include <check.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/messages.h"
#include "actors/roles/orchestrator.h"
#include "actors/run.h"
#include "persistence/reader.h"
#include "persistence/store.h"
#include "persistence/verify.h"
#include "tests/support/director.h"
#include "tests/support/scratch.h"
#include "tests/support/sick_executor.h"
#include "tests/support/walk.h"

enum { WALK_ROWS = 3000, WELL = 4 };

/* ---- Whole runs ---- */

struct fixture {
    struct scratch_path database;
    struct run_result result;
};

static void fixture_open(struct fixture *fixture)
{
    scratch_setup();
    fixture->database = scratch_path("run.db");
    walk_write(scratch_path("walk.tape").text, WALK_ROWS, WALK_STEP_MAX);
}

static void fixture_close(void)
{
    scratch_teardown();
    message_pool_drain();
}

/* Writes the run file: the sick one comes first. `workers` 0 is a backtest. */
static void fixture_write(const struct fixture *fixture, const char *path, int workers,
                          const char *durability)
{
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    (void)fprintf(out,
                  "run: {name: sick, mode: %s, workers: %d}\n"
                  "venues: [{name: paper, balances: {USDT: \"1000000\", BTC: \"5\"}}]\n"
                  "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", "
                  "step: \"0.001\"}]\n"
                  "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: %s/walk.tape}]\n"
                  "persistence: {path: %s, durability: %s, existing: replace}\n"
                  "executors:\n",
                  workers > 0 ? "paper" : "backtest", workers > 0 ? workers : 1, scratch_folder,
                  fixture->database.text, durability);
    for (int i = 0; i <= WELL; i++) {
        (void)fprintf(out,
                      "  - {type: position_executor, id: %s%d, connector_name: paper,\n"
                      "     trading_pair: BTC-USDT, side: %s, amount: \"0.1\",\n"
                      "     triple_barrier_config: {open_order_type: MARKET, stop_loss: \"0.004\","
                      " take_profit: \"0.004\"}}\n",
                      i == 0 ? "sick-" : "well-", i, i % 2 == 0 ? "BUY" : "SELL");
    }
    (void)fclose(out);
}

/* Somebody hangs, and the event says so: that is enough. */
static void let_go(void *context, const char *topic, const char *json)
{
    (void)context;
    if (strcmp(topic, "run.degraded") == 0 && strstr(json, "\"what\":\"actor\"") != NULL &&
        strstr(json, "\"reason\":\"sick-0\"") != NULL) {
        ck_assert_int_eq(sem_post(&sick.is_noticed), 0);
    }
}

static void fixture_run(struct fixture *fixture, int workers, const char *durability)
{
    const struct scratch_path path = scratch_path("run.yaml");
    fixture_write(fixture, path.text, workers, durability);
    struct run_config config;
    struct problems problems;
    problems_init(&problems, path.text);
    ck_assert_msg(run_config_load(path.text, &config, &problems) == ERR_NONE, "%s",
                  text_string(&problems.lines));
    config.executors[0].kind = &sick_kind;
    struct run *run;
    struct failure failure;
    const struct run_options options = {
        .epoch = 9, .stuck_ms = sick.sickness == SICK_HANG ? 20 : 0, .on_event = let_go};
    ck_assert_msg(run_create(&config, &options, &run, &failure) == ERR_NONE, "%s", failure.text);
    ck_assert_msg(run_execute(run, &fixture->result, &failure) == ERR_NONE, "%s", failure.text);
    run_destroy(run);
    run_config_done(&config);
    problems_done(&problems);
}

static void print_problem(void *context, const struct verify_problem *problem)
{
    (void)context;
    printf("%s: %s\n", problem->where, problem->what);
}

static bool take_text(void *context, int count, const char *const *names, const char *const *values)
{
    (void)names;
    ck_assert_int_eq(count, 1);
    struct text *out = context;
    text_append_string(out, values[0] != NULL ? values[0] : "-");
    text_append_char(out, ' ');
    return true;
}

/* The one column of a query, a space behind each value. The caller frees it. */
static char *ask(const struct fixture *fixture, const char *sql)
{
    struct reader *reader;
    struct failure failure;
    struct text out = {0};
    text_append(&out, "", 0);
    ck_assert_int_eq(reader_open(fixture->database.text, &reader, &failure), ERR_NONE);
    ck_assert_msg(reader_query(reader, sql, NULL, take_text, &out, &failure) == ERR_NONE, "%s",
                  failure.text);
    reader_close(reader);
    return out.data;
}

static void expect(const struct fixture *fixture, const char *sql, const char *expected)
{
    char *found = ask(fixture, sql);
    ck_assert_msg(strcmp(found, expected) == 0, "%s: \"%s\", not \"%s\"", sql, found, expected);
    free(found);
}

/* Sound, balanced, everybody has ended, and nobody bought twice. */
static void check_run(const struct fixture *fixture)
{
    const struct verify_options options = {.on_problem = print_problem};
    struct verify_report report;
    struct failure failure;
    ck_assert_int_eq(verify_database(fixture->database.text, &options, &report, &failure),
                     ERR_NONE);
    ck_assert_uint_eq(report.problems, 0);
    ck_assert(fixture->result.outcome.is_finished);
    ck_assert(fixture->result.outcome.is_balanced);
    ck_assert_uint_eq(fixture->result.outcome.total.executors_closed, WELL + 1);
    ck_assert_uint_eq(fixture->result.outcome.total.executors_active, 0);
    expect(fixture, "SELECT count(*) FROM executor WHERE status != 'TERMINATED'", "0 ");
    expect(fixture,
           "SELECT count(*) FROM orders WHERE status NOT IN ('FILLED', 'CANCELED', 'REJECTED')",
           "0 ");
    expect(fixture,
           "SELECT max(n) FROM (SELECT count(*) AS n FROM orders WHERE role = 'open'"
           " AND status = 'FILLED' GROUP BY executor_id)",
           "1 ");
}

static const char *const well_sql = "SELECT id || close_type || net_pnl_quote FROM executor"
                                    " WHERE id LIKE 'well%' ORDER BY id";
static const char *const sick_sql = "SELECT close_type FROM executor WHERE id = 'sick-0'";

/* Once, at any of its calls, in a backtest that keeps a journal: the others end as without it, and
 * so does the sick one, but for the quotes that went by meanwhile. */
START_TEST(one_failure_changes_nothing)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    sick_arm((enum sickness)_i, 0, 0);
    fixture_run(&fixture, 0, "group");
    check_run(&fixture);
    const unsigned calls = atomic_load(&sick.calls);
    ck_assert_uint_ge(calls, 4);
    char *well = ask(&fixture, well_sql);
    char *end = ask(&fixture, sick_sql);
    for (unsigned call = 1; call <= calls; call++) {
        sick_arm((enum sickness)_i, call, call);
        fixture_run(&fixture, 0, "group");
        ck_assert_uint_eq(atomic_load(&sick.failures), 1);
        check_run(&fixture);
        expect(&fixture, well_sql, well);
        expect(&fixture, sick_sql, end);
        expect(&fixture, "SELECT count(*) FROM journal WHERE kind = 'run.degraded'", "1 ");
        expect(&fixture, "SELECT count(*) FROM journal WHERE kind = 'run.restored'", "1 ");
    }
    free(well);
    free(end);
    fixture_close();
}
END_TEST

/* Three times it is rebuilt, then it is given up; what it bought stays, the others go on. */
START_TEST(too_many_failures_end_it_alone)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    sick_arm(SICK_EVALUATION, 0, 0);
    fixture_run(&fixture, 0, "group");
    char *well = ask(&fixture, well_sql);
    sick_arm(SICK_EVALUATION, 3, UINT32_MAX); /* The third: it has bought. */
    fixture_run(&fixture, 0, "group");
    check_run(&fixture);
    ck_assert_uint_eq(atomic_load(&sick.failures), 4);
    expect(&fixture, well_sql, well);
    expect(&fixture, "SELECT count(*) FROM journal WHERE kind = 'run.degraded'", "3 ");
    expect(&fixture,
           "SELECT json_extract(payload, '$.reason') FROM journal WHERE kind = 'executor.failed'",
           "handler_failed ");
    expect(&fixture, "SELECT close_type FROM executor WHERE id = 'sick-0'", "FAILED ");
    expect(&fixture, "SELECT amount FROM position", "0.1 ");
    free(well);
    fixture_close();
}
END_TEST

/* With threads: how often it fails, how many workers there are. */
static const struct {
    enum sickness sickness;
    unsigned from;
    unsigned to;
    int workers;
} threaded[] = {
    {SICK_EVALUATION, 1, 1, 1},
    {SICK_EVALUATION, 2, 2, 2},
    {SICK_EVALUATION, 3, 4, 4},
    {SICK_EVALUATION, 1, UINT32_MAX, 2},
    {SICK_EVALUATION, 3, UINT32_MAX, 4},
    {SICK_SAVE, 1, 1, 4},
    {SICK_SAVE, 2, 2, 2},
    {SICK_SAVE, 1, UINT32_MAX, 4},
};

enum { THREADED = sizeof(threaded) / sizeof(threaded[0]) };

START_TEST(failures_among_threads)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    for (int round = 0; round < 5; round++) {
        sick_arm(threaded[_i].sickness, threaded[_i].from, threaded[_i].to);
        fixture_run(&fixture, threaded[_i].workers, round % 2 == 0 ? "full" : "group");
        check_run(&fixture);
        const bool is_lasting = threaded[_i].to == UINT32_MAX;
        ck_assert_uint_eq(atomic_load(&sick.failures),
                          is_lasting ? 4 : threaded[_i].to - threaded[_i].from + 1);
        expect(&fixture, "SELECT count(*) FROM executor WHERE close_type = 'FAILED'",
               is_lasting ? "1 " : "0 ");
    }
    fixture_close();
}
END_TEST

/* Without a journal there is nothing to rebuild it from. */
START_TEST(without_a_journal_it_is_given_up_at_once)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    sick_arm(SICK_EVALUATION, 3, UINT32_MAX);
    fixture_run(&fixture, 0, "memory");
    check_run(&fixture);
    ck_assert_uint_eq(atomic_load(&sick.failures), 1);
    expect(&fixture, "SELECT close_type FROM executor WHERE id = 'sick-0'", "FAILED ");
    fixture_close();
}
END_TEST

/* It does not come back from its handler: the others go on, the journal says who it is, and that it
 * has come back. */
START_TEST(a_handler_that_hangs_is_noticed)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    ck_assert_int_eq(sem_init(&sick.is_noticed, 0, 0), 0);
    sick_arm(SICK_HANG, 2, 2);
    fixture_run(&fixture, 2, "group");
    check_run(&fixture);
    ck_assert_uint_eq(atomic_load(&sick.failures), 1);
    for (int i = 0; i < 2; i++) {
        expect(&fixture,
               i == 0 ? "SELECT DISTINCT executor_id FROM journal WHERE kind = 'run.degraded'"
                        " AND json_extract(payload, '$.what') = 'actor' AND executor_id != ''"
                      : "SELECT DISTINCT executor_id FROM journal WHERE kind = 'run.restored'"
                        " AND json_extract(payload, '$.what') = 'actor' AND executor_id != ''",
               "sick-0 ");
    }
    ck_assert_int_eq(sem_destroy(&sick.is_noticed), 0);
    fixture_close();
}
END_TEST

/* ---- One executor among fakes: every message at its place ---- */

#define NOW_NS WALK_START_NS

struct scene {
    struct fixture fixture;
    struct run_config config;
    struct run_outcome outcome;
    struct actor_ref orchestrator;
    struct actor_ref venues[1];
    struct actor_ref host;
    struct store *store;
};

static void scene_open(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    scene->venues[0] = director->self;
    struct orchestrator_arguments arguments = {.config = &scene->config,
                                               .epoch = 42,
                                               .persistence = director->self,
                                               .venues = scene->venues,
                                               .journal = scene->fixture.database.text,
                                               .outcome = &scene->outcome};
    ck_assert_int_eq(context_spawn(context, &orchestrator_class, &arguments, &scene->orchestrator),
                     ERR_NONE);
}

/* Writes what was journalled since the last time, and says so. */
static void scene_commit(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    struct failure failure;
    struct text event = {0};
    for (size_t i = 0; i < director->count; i++) {
        if (message_envelope(director->received[i])->kind != DIRECTOR_RECORD) {
            continue;
        }
        const struct record *record = message_body(director->received[i]);
        if (record->seq > scene->store->last_seq) {
            ck_assert_msg(store_append(scene->store, record, &event, &failure) == ERR_NONE, "%s",
                          failure.text);
        }
    }
    ck_assert_int_eq(store_commit(scene->store, &failure), ERR_NONE);
    text_done(&event);
    const struct message_committed committed = {.seq = scene->store->committed_seq};
    director_send(context, scene->orchestrator, MESSAGE_COMMITTED, 0, &committed,
                  sizeof(committed));
}

static void scene_wake(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct message_wake wake = {
        .markets = {{.bid = decimal_literal("100000"), .ask = decimal_literal("100001")}}};
    director_send(context, scene->host, MESSAGE_WAKE, NOW_NS, &wake, sizeof(wake));
}

static void scene_update(struct director *director, struct context *context,
                         enum venue_update_kind kind, const char *trade_id)
{
    const struct scene *scene = director->test;
    struct venue_update update = {.kind = kind,
                                  .order = {.epoch = 42, .executor = 1, .ordinal = 1}};
    update.fill = (struct fill){.order = update.order,
                                .side = SIDE_BUY,
                                .price = decimal_literal("100001"),
                                .amount = decimal_literal("0.05"),
                                .fee = decimal_literal("1"),
                                .liquidity = LIQUIDITY_TAKER,
                                .time_ns = NOW_NS};
    (void)snprintf(update.fill.trade_id, TRADE_ID_MAX, "%s", trade_id);
    director_send(context, scene->orchestrator, MESSAGE_VENUE_UPDATE, NOW_NS, &update,
                  sizeof(update));
}

static void begin_step(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    char body[sizeof(struct message_step) + sizeof(struct mark)] = {0};
    const struct message_step step = {.mark_count = 1};
    const struct mark mark = {.bid = decimal_literal("100000"), .ask = decimal_literal("100001")};
    memcpy(body, &step, sizeof(step));
    memcpy(body + offsetof(struct message_step, marks), &mark, sizeof(mark));
    director_send(context, scene->orchestrator, MESSAGE_STEP, NOW_NS, body, sizeof(body));
}

static void take_host(struct director *director)
{
    struct scene *scene = director->test;
    nng_msg *message = director_take(director, MESSAGE_REGISTER);
    ck_assert_ptr_nonnull(message);
    scene->host = ((const struct message_register *)message_body(message))->host;
}

static void first_wake(struct director *director, struct context *context)
{
    take_host(director);
    scene_wake(director, context);
}

/* Half of the order is filled before the host fails. */
static void fill_half(struct director *director, struct context *context)
{
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 1);
    scene_update(director, context, VENUE_ACCEPTED, "");
    scene_update(director, context, VENUE_FILL, "t1");
}

/* The other half comes while nobody is there to hear of it; so does a stop. */
static void fill_rest(struct director *director, struct context *context)
{
    ck_assert_uint_eq(atomic_load(&sick.failures), 1);
    nng_msg *message = director_take(director, MESSAGE_RETIRE);
    ck_assert_ptr_nonnull(message);
    ck_assert_uint_eq(((const struct message_retire *)message_body(message))->executor, 1);
    ck_assert_uint_eq(director_count(director, MESSAGE_REGISTER), 1);
    scene_update(director, context, VENUE_FILL, "t2");
    scene_update(director, context, VENUE_FILL, "t1"); /* The venue repeats itself. */
    scene_update(director, context, VENUE_COMPLETED, "");
}

static void wake_again(struct director *director, struct context *context)
{
    ck_assert_uint_eq(director_count(director, MESSAGE_REGISTER), 2);
    take_host(director);
    const struct scene *scene = director->test;
    director_send(context, scene->host, MESSAGE_REPORT_WANTED, NOW_NS, NULL, 0);
    scene_wake(director, context);
}

/* 0.1 at 100001, two fees of 1: nothing is lost, nothing counts twice, nothing is sent again. */
static void check_whole(struct director *director, struct context *context)
{
    (void)context;
    const struct record *last = NULL;
    for (size_t i = 0; i < director->count; i++) {
        const struct record *record = message_body(director->received[i]);
        if (message_envelope(director->received[i])->kind == DIRECTOR_RECORD &&
            record->kind == RECORD_EXECUTOR_UPDATED) {
            last = record;
        }
    }
    ck_assert_ptr_nonnull(last);
    ck_assert(decimal_equal(last->data.executor.filled_amount_quote, decimal_literal("10000.1")));
    ck_assert(decimal_equal(last->data.executor.cum_fees_quote, decimal_literal("2")));
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 1);
}

/* A stop and an update that come meanwhile. */
static void ask_meanwhile(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct action actions[] = {action_update("u-1", "sick-0", "{\"volatility\": \"0.1\"}"),
                                     action_stop("s-1", "sick-0", false)};
    for (size_t i = 0; i < 2; i++) {
        nng_msg *message = action_message(&actions[i], i);
        ck_assert_ptr_nonnull(message);
        ck_assert_int_eq(context_send(context, scene->orchestrator, &message), ERR_NONE);
    }
}

/* The stop is carried out when the executor is back, and what it owns is sold. */
static void check_stopped(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 2);
    struct order_ticket close = {0};
    unsigned refused = 0;
    for (size_t i = 0; i < director->count; i++) {
        const void *body = message_body(director->received[i]);
        const uint32_t kind = message_envelope(director->received[i])->kind;
        close = kind == MESSAGE_SUBMIT ? *(const struct order_ticket *)body : close;
        const struct record *record = body;
        refused += kind == DIRECTOR_RECORD && record->kind == RECORD_ACTION_COMPLETED &&
                   strcmp(record->data.action.code, "update_refused") == 0;
    }
    ck_assert_int_eq((int)close.side, SIDE_SELL);
    ck_assert(decimal_equal(close.amount, decimal_literal("0.1")));
    ck_assert_uint_eq(refused, 1);
}

static director_step *const scripts[][10] = {
    {begin_step, first_wake, fill_half, scene_wake, fill_rest, scene_commit, wake_again,
     check_whole},
    {begin_step, first_wake, fill_half, scene_wake, fill_rest, ask_meanwhile, scene_commit,
     wake_again, check_stopped},
};

enum { SCRIPTS = sizeof(scripts) / sizeof(scripts[0]) };

START_TEST(what_comes_meanwhile_is_told)
{
    static struct scene scene;
    fixture_open(&scene.fixture);
    const struct scratch_path path = scratch_path("run.yaml");
    fixture_write(&scene.fixture, path.text, 1, "group");
    struct problems problems;
    problems_init(&problems, path.text);
    ck_assert_int_eq(run_config_load(path.text, &scene.config, &problems), ERR_NONE);
    scene.config.executors[0].kind = &sick_kind;
    scene.config.executor_count = 1;
    const struct store_options options = {
        .path = scene.fixture.database.text, .run_name = "sick", .durability = DURABILITY_GROUP};
    struct failure failure;
    ck_assert_int_eq(store_open("sqlite", &options, &scene.store, &failure), ERR_NONE);
    sick_arm(SICK_EVALUATION, 2, 2);
    static struct director director;
    director = (struct director){.script = scripts[_i], .open = scene_open, .test = &scene};
    director_play(&director);
    director_done(&director);
    ck_assert_int_eq(store_close(scene.store, &failure), ERR_NONE);
    run_config_done(&scene.config);
    problems_done(&problems);
    fixture_close();
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("supervision");
    TCase *tcase = tcase_create("supervision");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, one_failure_changes_nothing, SICK_EVALUATION, SICK_SAVE + 1);
    tcase_add_test(tcase, too_many_failures_end_it_alone);
    tcase_add_loop_test(tcase, failures_among_threads, 0, THREADED);
    tcase_add_test(tcase, without_a_journal_it_is_given_up_at_once);
    tcase_add_test(tcase, a_handler_that_hangs_is_noticed);
    tcase_add_loop_test(tcase, what_comes_meanwhile_is_told, 0, SCRIPTS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
