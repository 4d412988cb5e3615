/*
 * Runs inside the test's own process: run files, their references, and whole backtests over
 * generated tapes.
 */
#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/run.h"
#include "persistence/reader.h"
#include "tests/support/scratch.h"
#include "tests/support/walk.h"

enum { WALK_ROWS = 5000, CREATE_TRIES_MAX = 100000 };

/* A folder with a tape in it, a run file and what becomes of it. */
struct fixture {
    struct scratch_path file;
    struct run_config config;
    struct problems problems;
    uint64_t rows_shown;
    struct run *run;
    bool is_stopped_early;
};

static void fixture_open(struct fixture *fixture)
{
    scratch_setup();
    fixture->file = scratch_path("run.yaml");
    walk_write(scratch_path("walk.tape").text, WALK_ROWS, WALK_STEP_MAX);
}

static void fixture_close(struct fixture *fixture)
{
    run_config_done(&fixture->config);
    problems_done(&fixture->problems);
    scratch_teardown();
    message_pool_drain();
}

static const char executor_text[] =
    "  - {type: position_executor, connector_name: paper, trading_pair: BTC-USDT, side: BUY,\n"
    "     amount: \"0.1\", repeat: 3, triple_barrier_config: {open_order_type: MARKET,\n"
    "     stop_loss: \"0.01\", take_profit: \"0.01\"}}\n";

/* Writes and loads a run file; `more` stands behind the sections that are always there. */
static enum err fixture_load(struct fixture *fixture, const char *mode, const char *more)
{
    FILE *out = fopen(fixture->file.text, "w");
    ck_assert_ptr_nonnull(out);
    (void)fprintf(out,
                  "run: {name: fixture, mode: %s}\n"
                  "venues: [{name: paper, balances: {USDT: \"1000000\", BTC: \"5\"}}]\n"
                  "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", "
                  "step: \"0.001\"}]\n"
                  "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: %s/walk.tape}]\n"
                  "persistence: {path: %s/run.db}\n"
                  "%s",
                  mode, scratch_folder, scratch_folder, more);
    (void)fclose(out);
    problems_init(&fixture->problems, fixture->file.text);
    return run_config_load(fixture->file.text, &fixture->config, &fixture->problems);
}

static void show_rows(void *context, uint64_t rows, uint64_t rows_total, int64_t now_ns)
{
    struct fixture *fixture = context;
    ck_assert_uint_ge(rows, fixture->rows_shown);
    ck_assert_uint_eq(rows_total, WALK_ROWS);
    ck_assert_int_ge(now_ns, WALK_START_NS);
    fixture->rows_shown = rows;
}

static enum err fixture_run(struct fixture *fixture, struct run_result *result)
{
    const struct run_options options = {.on_progress = show_rows, .context = fixture, .epoch = 9};
    struct failure failure;
    enum err err = run_create(&fixture->config, &options, &fixture->run, &failure);
    ck_assert_msg(err == ERR_NONE, "%s", failure.text);
    if (fixture->is_stopped_early) {
        (void)!run_stop(fixture->run, SHUTDOWN_SIGNAL);
    }
    err = run_execute(fixture->run, result, &failure);
    ck_assert_msg(err == ERR_NONE, "%s", failure.text);
    const char *database = run_database(fixture->run);
    ck_assert_ptr_nonnull(strstr(database, "/run.db"));
    run_destroy(fixture->run);
    return err;
}

START_TEST(test_a_backtest_runs_to_its_end)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    char more[1024];
    (void)snprintf(more, sizeof(more), "executors:\n%s", executor_text);
    ck_assert_int_eq(fixture_load(&fixture, "backtest", more), ERR_NONE);
    ck_assert_uint_eq(fixture.config.executor_count, 3);
    struct run_result result;
    ck_assert_int_eq(fixture_run(&fixture, &result), ERR_NONE);
    ck_assert(result.outcome.is_finished);
    ck_assert(result.outcome.is_balanced);
    ck_assert_int_eq(result.outcome.reason, SHUTDOWN_END_OF_FEED);
    ck_assert_uint_eq(result.rows, WALK_ROWS);
    ck_assert_uint_eq(fixture.rows_shown, WALK_ROWS);
    ck_assert_uint_eq(result.outcome.total.executors_closed, 3);
    ck_assert_uint_eq(result.outcome.total.executors_active, 0);
    ck_assert_uint_eq(result.outcome.total.fills, 6);
    ck_assert_uint_eq(result.journal.committed, result.outcome.records);
    ck_assert_int_eq(result.outcome.started_ns, WALK_START_NS);
    fixture_close(&fixture);
}
END_TEST

START_TEST(test_a_stop_before_the_first_quote)
{
    struct fixture fixture = {.is_stopped_early = true};
    fixture_open(&fixture);
    char more[1024];
    (void)snprintf(more, sizeof(more), "executors:\n%s", executor_text);
    ck_assert_int_eq(fixture_load(&fixture, "paper", more), ERR_NONE);
    struct run_result result;
    ck_assert_int_eq(fixture_run(&fixture, &result), ERR_NONE);
    ck_assert_int_eq(result.outcome.reason, SHUTDOWN_SIGNAL);
    ck_assert_uint_eq(result.outcome.total.executors_active, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(test_a_run_without_executors)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_load(&fixture, "backtest", "executors: []\n"), ERR_NONE);
    struct run_result result;
    ck_assert_int_eq(fixture_run(&fixture, &result), ERR_NONE);
    ck_assert_uint_eq(result.rows, WALK_ROWS);
    ck_assert_uint_ge(result.outcome.records, 2);
    fixture_close(&fixture);
}
END_TEST

START_TEST(test_every_start_at_is_kept)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    char more[2048] = "executors:\n";
    for (int i = 5; i > 0; i--) {
        (void)snprintf(more + strlen(more), sizeof(more) - strlen(more),
                       "  - {type: position_executor, id: late-%d, connector_name: paper,\n"
                       "     trading_pair: BTC-USDT, side: BUY, amount: \"0.1\",\n"
                       "     start_at: \"%lld.5\", triple_barrier_config: {time_limit: 60}}\n",
                       i, (long long)(WALK_START_NS / NS_PER_S) + 100 * i);
    }
    ck_assert_int_eq(fixture_load(&fixture, "backtest", more), ERR_NONE);
    struct run_result result;
    ck_assert_int_eq(fixture_run(&fixture, &result), ERR_NONE);
    const struct scratch_path database = scratch_path("run.db");
    struct reader *reader;
    struct failure failure;
    ck_assert_int_eq(reader_open(database.text, &reader, &failure), ERR_NONE);
    uint64_t count;
    ck_assert_int_eq(reader_verify(reader, &count, &failure), ERR_NONE);
    ck_assert_uint_eq(count, result.outcome.records);
    reader_close(reader);
    /* Between two quotes: created at the very instant, not with the quote after it. */
    char command[SCRATCH_PATH_MAX + 256];
    (void)snprintf(command, sizeof(command),
                   "python3 -c \"import sqlite3; r = sqlite3.connect('%s').execute("
                   "'SELECT id, created_at FROM executor ORDER BY id').fetchall(); "
                   "assert r == [('late-%%d' %% i, (1700000000 + 100 * i) * 10**9 + 5 * 10**8) "
                   "for i in range(1, 6)], r\"",
                   database.text);
    ck_assert_int_eq(system(command), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(test_sections_are_found)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_load(&fixture, "paper", "executors: []\n"), ERR_NONE);
    const struct run_config *config = &fixture.config;
    ck_assert_uint_eq(run_config_find_venue(config, "paper"), 0);
    ck_assert_uint_eq(run_config_find_venue(config, "other"), config->file.venues.count);
    ck_assert_ptr_nonnull(run_config_find_instrument(config, "paper", "BTC-USDT"));
    ck_assert_ptr_null(run_config_find_instrument(config, "paper", "ETH-USDT"));
    ck_assert_ptr_null(run_config_find_instrument(config, "other", "BTC-USDT"));
    enum tape_layout layout = TAPE_LAYOUT_KLINES;
    const char *source = feed_section_source(config->file.feeds.items, &layout);
    ck_assert_int_eq(layout, TAPE_LAYOUT_QUOTES);
    ck_assert_ptr_nonnull(strstr(source, "walk.tape"));
    const struct feed_section trades = {.trades = "t.csv"};
    ck_assert_str_eq(feed_section_source(&trades, &layout), "t.csv");
    ck_assert_int_eq(layout, TAPE_LAYOUT_TRADES);
    const struct feed_section klines = {.klines = "k.csv"};
    ck_assert_str_eq(feed_section_source(&klines, &layout), "k.csv");
    ck_assert_int_eq(layout, TAPE_LAYOUT_KLINES);
    ck_assert_int_eq(config->durability, DURABILITY_GROUP);
    ck_assert_uint_eq(strlen(config->hash), 64);
    fixture_close(&fixture);
}
END_TEST

/* What a run file may get wrong beyond single fields; each names its path. */
static const struct {
    const char *more;
    const char *path;
} wrong_files[] = {
    {"venues: []\nexecutors: []\n", "venues"},
    {"executors: {}\n", "executors"},
    {"executors: [{type: position_executor, connector_name: nowhere, trading_pair: BTC-USDT, "
     "side: BUY, amount: 1}]\n",
     "executors[0].connector_name"},
    {"executors: [{type: position_executor, connector_name: paper, trading_pair: BTC-USDT, "
     "side: BUY, amount: 1, id: one, repeat: 2}]\n",
     "executors[0].repeat"},
    {"executors: []\nevents: {listen: nowhere}\n", "events.listen"},
};

START_TEST(test_wrong_files_are_refused)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    ck_assert_int_ne(fixture_load(&fixture, "backtest", wrong_files[_i].more), ERR_NONE);
    ck_assert_msg(strstr(text_string(&fixture.problems.lines), wrong_files[_i].path) != NULL, "%s",
                  text_string(&fixture.problems.lines));
    fixture_close(&fixture);
}
END_TEST

/* ---- A run beside its program ---- */

/* What a program hears of the run it drives. */
struct heard {
    struct run *run;
    uint64_t next_seq; /* Of the event that has to come. */
    unsigned fills;
    bool is_stopped;
    bool is_asked_for_end;
    unsigned answers;
};

/* Ends the run at its first fill, from the thread of the event. */
static void hear(void *context, const char *topic, const char *json)
{
    struct heard *heard = context;
    char head[64];
    (void)snprintf(head, sizeof(head), "\"seq\":%llu,", (unsigned long long)heard->next_seq++);
    ck_assert_msg(strstr(json, head) != NULL, "%s is not in %s", head, json);
    heard->fills += strcmp(topic, "fill") == 0;
    heard->is_stopped = strcmp(topic, "run.stopped") == 0;
    if (heard->fills > 0 && !heard->is_asked_for_end) {
        heard->is_asked_for_end = true;
        (void)!run_stop(heard->run, SHUTDOWN_REQUEST);
    }
}

static void count_answer(void *context, const struct link_answer *answer)
{
    ck_assert(answer == NULL || !answer->is_accepted);
    ((struct heard *)context)->answers++;
}

static const char position_config[] =
    "{\"type\": \"position_executor\", \"connector_name\": \"paper\", \"trading_pair\":"
    " \"BTC-USDT\", \"side\": \"BUY\", \"amount\": \"0.1\", \"triple_barrier_config\":"
    " {\"open_order_type\": \"MARKET\", \"stop_loss\": \"0.5\", \"take_profit\": \"0.5\"}}";

/* A paper run goes by while this thread asks; until it has begun and its first quote is there
 * nothing can be created, and that answer is not remembered. */
static bool is_too_early(const struct link_answer *answer)
{
    return strcmp(answer->code, "busy") == 0 || strcmp(answer->code, "no_quotes") == 0;
}

static void create_executor(struct run *run)
{
    const struct action create = action_create("c-1", "desk", position_config);
    struct link_answer answer = {.code = "busy"};
    for (int i = 0; i < CREATE_TRIES_MAX && is_too_early(&answer); i++) {
        ck_assert_int_eq(run_ask(run, &create, 60000, &answer), ERR_NONE);
    }
    ck_assert_msg(answer.is_accepted, "%s: %s", answer.code, answer.text);
}

START_TEST(test_a_program_drives_a_run)
{
    struct fixture fixture = {0};
    struct heard heard = {.next_seq = 1};
    fixture_open(&fixture);
    ck_assert_msg(fixture_load(&fixture, "paper", "executors: []\n") == ERR_NONE, "%s",
                  text_string(&fixture.problems.lines));
    struct feed_section *feed = fixture.config.file.feeds.items;
    feed->speed = decimal_from_int(100); /* Fifty seconds, so that it does not end by itself. */
    const struct run_options options = {.on_event = hear, .context = &heard, .epoch = 9};
    struct failure failure;
    ck_assert_int_eq(run_create(&fixture.config, &options, &heard.run, &failure), ERR_NONE);
    ck_assert_int_eq(run_start(heard.run, &failure), ERR_NONE);
    const struct action stop = action_stop("s-1", "nobody", false);
    ck_assert_int_eq(run_submit(heard.run, &stop, count_answer, &heard), ERR_NONE);
    create_executor(heard.run); /* Its first fill ends the run. */
    struct run_result result;
    ck_assert_msg(run_wait(heard.run, &result, &failure) == ERR_NONE, "%s", failure.text);
    ck_assert_int_eq(run_submit(heard.run, &stop, count_answer, &heard), ERR_CLOSED);
    ck_assert_uint_eq(heard.answers, 1);
    ck_assert(heard.is_stopped);
    ck_assert_uint_eq(heard.fills, 2); /* Bought, and closed at the end. */
    ck_assert_uint_eq(heard.next_seq, result.journal.committed + 1);
    ck_assert_uint_eq(result.outcome.total.fills, heard.fills);
    ck_assert_int_eq((int)result.outcome.reason, SHUTDOWN_REQUEST);
    run_destroy(heard.run);
    fixture_close(&fixture);
}
END_TEST

/* Destroying a run that goes on ends it. */
START_TEST(test_a_started_run_is_destroyed)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_load(&fixture, "paper", "executors: []\n"), ERR_NONE);
    struct feed_section *feed = fixture.config.file.feeds.items;
    feed->speed = decimal_from_int(1);
    const struct run_options options = {.epoch = 9};
    struct failure failure;
    struct run *run;
    ck_assert_int_eq(run_create(&fixture.config, &options, &run, &failure), ERR_NONE);
    ck_assert_int_eq(run_start(run, &failure), ERR_NONE);
    create_executor(run);
    run_destroy(run);
    fixture_close(&fixture);
}
END_TEST

/* A configuration need not be a file. */
START_TEST(test_a_config_from_text)
{
    static const char text[] =
        "{\"run\": {\"name\": \"text\", \"mode\": \"backtest\"}, \"venues\": [{\"name\": \"paper\","
        " \"balances\": {\"USDT\": \"1\"}}], \"instruments\": [{\"trading_pair\": \"BTC-USDT\","
        " \"venue\": \"paper\", \"tick\": \"0.01\", \"step\": \"0.001\"}], \"feeds\": [{\"venue\":"
        " \"paper\", \"trading_pair\": \"BTC-USDT\", \"quotes\": \"q.csv\"}], \"executors\": []}";
    struct run_config config;
    struct problems problems;
    problems_init(&problems, "text");
    ck_assert_msg(run_config_read("text", text, strlen(text), &config, &problems) == ERR_NONE, "%s",
                  text_string(&problems.lines));
    ck_assert_str_eq(config.file.run->name, "text");
    ck_assert_uint_eq(strlen(config.hash), 64);
    run_config_done(&config);
    ck_assert_int_eq(run_config_read("text", "run: 1", 6, &config, &problems), ERR_SYNTAX);
    ck_assert_ptr_nonnull(strstr(text_string(&problems.lines), "text:1"));
    run_config_done(&config);
    problems_done(&problems);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("run");
    TCase *tcase = tcase_create("run");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_a_backtest_runs_to_its_end);
    tcase_add_test(tcase, test_a_stop_before_the_first_quote);
    tcase_add_test(tcase, test_a_run_without_executors);
    tcase_add_test(tcase, test_every_start_at_is_kept);
    tcase_add_test(tcase, test_sections_are_found);
    tcase_add_loop_test(tcase, test_wrong_files_are_refused, 0,
                        sizeof(wrong_files) / sizeof(wrong_files[0]));
    tcase_add_test(tcase, test_a_program_drives_a_run);
    tcase_add_test(tcase, test_a_started_run_is_destroyed);
    tcase_add_test(tcase, test_a_config_from_text);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
