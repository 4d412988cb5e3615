/*
 * A run is ended at moments that nobody chose, with 1, 2 and 4 workers: while it starts, while it
 * trades, while it recovers from the end before; by several threads, twice each, and by its
 * destruction. Whatever the moment, the next start goes on, every action is answered once, and in
 * the end the database is sound: each fill once, every position the sum of its fills.
 */
#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/run.h"
#include "base/prng.h"
#include "persistence/connection.h"
#include "persistence/verify.h"
#include "tests/support/scratch.h"
#include "tests/support/walk.h"

enum {
    WALK_ROWS = 5000,
    CUTS = 8,        /* Starts that are cut short, before one that ends in order. */
    EVENTS_MAX = 25, /* A start is cut after at most so many events. */
    STOPPERS = 2,
    WAIT_SECONDS_MAX = 60,
};

static const unsigned workers_of[] = {1, 2, 4};
enum { WORKERS = sizeof(workers_of) / sizeof(workers_of[0]) };

static struct {
    struct run_config config;
    struct problems problems;
    struct failure failure;
    struct run *run;
    uint64_t epoch;
    struct prng prng;
} storm;

static _Atomic(unsigned) events_left; /* Until the moment. */
static _Atomic(unsigned) submitted, answered;
static sem_t moment;

static void storm_open(void)
{
    scratch_setup();
    walk_write(scratch_path("walk.tape").text, WALK_ROWS, WALK_STEP_MAX);
    ck_assert_int_eq(sem_init(&moment, 0, 0), 0);
}

static void storm_close(void)
{
    run_config_done(&storm.config);
    problems_done(&storm.problems);
    scratch_teardown();
    message_pool_drain();
}

/* A paper run of half a minute, if it were left alone: executors that begin one after the other,
 * and end after a while. */
static void storm_load(unsigned workers)
{
    struct text file = {0};
    text_printf(&file,
                "run: {name: storm, mode: paper, workers: %u}\n"
                "venues: [{name: paper, balances: {USDT: \"1000000\", BTC: \"50\"}}]\n"
                "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\","
                " step: \"0.001\"}]\n"
                "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: %s/walk.tape,"
                " speed: 200}]\n"
                "persistence: {path: %s/run.db}\n"
                "executors:\n",
                workers, scratch_folder, scratch_folder);
    for (int i = 0; i < 30; i++) {
        text_printf(&file,
                    "  - {type: position_executor, id: e-%d, connector_name: paper, side: %s,\n"
                    "     trading_pair: BTC-USDT, amount: \"0.1\", start_at: \"%lld\",\n"
                    "     triple_barrier_config: {open_order_type: MARKET, stop_loss: \"0.1\",\n"
                    "     take_profit: \"0.1\", time_limit: 300}}\n",
                    i, i % 2 == 0 ? "BUY" : "SELL", (long long)(WALK_START_NS / NS_PER_S) + 40 * i);
    }
    problems_init(&storm.problems, "storm");
    ck_assert_msg(run_config_read("storm", text_string(&file), file.length, &storm.config,
                                  &storm.problems) == ERR_NONE,
                  "%s", text_string(&storm.problems.lines));
    text_done(&file);
}

static void count_event(void *context, const char *topic, const char *json)
{
    (void)context;
    (void)topic;
    (void)json;
    unsigned left = atomic_load(&events_left);
    while (left > 0 && !atomic_compare_exchange_weak(&events_left, &left, left - 1)) {
    }
    if (left == 1) {
        sem_post(&moment);
    }
}

static void count_answer(void *context, const struct link_answer *answer)
{
    (void)context;
    (void)answer; /* NULL when the run ended before: that is an answer too. */
    atomic_fetch_add(&answered, 1);
}

static void begin(unsigned events)
{
    const struct run_options options = {.on_event = count_event, .epoch = ++storm.epoch};
    atomic_store(&events_left, events);
    ck_assert_msg(run_create(&storm.config, &options, &storm.run, &storm.failure) == ERR_NONE, "%s",
                  storm.failure.text);
    ck_assert_int_eq(run_start(storm.run, &storm.failure), ERR_NONE);
}

static void submit(unsigned number)
{
    char id[32];
    (void)snprintf(id, sizeof(id), "stop-%u", number);
    const struct action stop = action_stop(id, "e-0", false);
    const enum err err = run_submit(storm.run, &stop, count_answer, NULL);
    ck_assert(err == ERR_NONE || err == ERR_CLOSED || err == ERR_FULL);
    atomic_fetch_add(&submitted, err == ERR_NONE ? 1 : 0);
}

static void *stopper_main(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < 2; i++) {
        (void)!run_stop(storm.run, SHUTDOWN_REQUEST);
        submit(1000 + i);
    }
    return NULL;
}

static void launch_stoppers(pthread_t *threads)
{
    for (int i = 0; i < STOPPERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, stopper_main, NULL), 0);
    }
}

static void join_stoppers(const pthread_t *threads)
{
    for (int i = 0; i < STOPPERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}

static void wait_for_moment(void)
{
    struct timespec until;
    ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += WAIT_SECONDS_MAX;
    ck_assert_int_eq(sem_timedwait(&moment, &until), 0);
}

/* The run is destroyed after `events` events, 0: at once; with `is_stopping` while it is being
 * stopped, which has then begun or not. */
static void cut(unsigned events, bool is_stopping)
{
    pthread_t stoppers[STOPPERS];
    begin(events);
    if (events > 0) {
        wait_for_moment();
    }
    submit(events);
    if (is_stopping) {
        launch_stoppers(stoppers);
        join_stoppers(stoppers);
    }
    run_destroy(storm.run);
    ck_assert_uint_eq(atomic_load(&answered), atomic_load(&submitted));
}

static void fail_with_problem(void *context, const struct verify_problem *problem)
{
    (void)context;
    ck_abort_msg("%s: %s", problem->where, problem->what);
}

/* It is sound, at the end and in between. */
static void check_database(uint64_t *ret_fills)
{
    const struct verify_options options = {.on_problem = fail_with_problem};
    const struct scratch_path path = scratch_path("run.db");
    struct verify_report report;
    ck_assert_msg(verify_database(path.text, &options, &report, &storm.failure) == ERR_NONE, "%s",
                  storm.failure.text);
    ck_assert_uint_eq(report.problems, 0);
    *ret_fills = report.fills;
}

static int64_t count_recoveries(void)
{
    int64_t count = 0;
    struct connection connection;
    ck_assert_int_eq(connection_open(scratch_path("run.db").text, CONNECTION_READER, &connection,
                                     &storm.failure),
                     ERR_NONE);
    ck_assert_int_eq(connection_read_int(
                         &connection, "SELECT count(*) FROM journal WHERE kind = 'run.recovered'",
                         &count, &storm.failure),
                     ERR_NONE);
    connection_close(&connection);
    return count;
}

/* Ends it in order, by two threads at once. */
static void finish(unsigned events, struct run_result *ret_result)
{
    pthread_t stoppers[STOPPERS];
    begin(events);
    if (events > 0) {
        wait_for_moment();
    }
    launch_stoppers(stoppers);
    ck_assert_msg(run_wait(storm.run, ret_result, &storm.failure) == ERR_NONE, "%s",
                  storm.failure.text);
    join_stoppers(stoppers);
    run_destroy(storm.run);
    ck_assert_uint_eq(atomic_load(&answered), atomic_load(&submitted));
}

/* Cut at any moment again and again; each start but the first recovers. */
START_TEST(cut_at_any_moment)
{
    uint64_t fills = 0;
    uint64_t fills_before = 0;
    struct run_result result;
    prng_init(&storm.prng, (uint64_t)_i);
    storm_load(workers_of[_i % WORKERS]);
    cut(1 + (unsigned)prng_below(&storm.prng, EVENTS_MAX), false);
    for (int i = 0; i < CUTS; i++) {
        check_database(&fills);
        ck_assert_uint_ge(fills, fills_before); /* None is lost again. */
        fills_before = fills;
        /* Every third at once, in the midst of the recovery. */
        cut(i % 3 == 0 ? 0 : (unsigned)prng_below(&storm.prng, EVENTS_MAX), false);
    }
    finish((unsigned)prng_below(&storm.prng, EVENTS_MAX), &result);
    check_database(&fills);
    ck_assert_uint_ge(fills, fills_before);
    ck_assert_int_ge(count_recoveries(), CUTS / 2); /* Others were cut before they had begun. */
    ck_assert(result.outcome.is_finished);
    ck_assert(result.outcome.is_balanced);
    ck_assert_uint_eq(result.outcome.total.executors_active, 0);
    ck_assert_uint_eq(result.outcome.total.fills, fills);
}
END_TEST

/* Stopped in order, twice by each of two threads, at the start or later; and destroyed before that
 * is over. */
START_TEST(destroyed_while_it_is_stopped)
{
    uint64_t fills = 0;
    prng_init(&storm.prng, (uint64_t)_i);
    storm_load(workers_of[_i % WORKERS]);
    cut(_i < (int)WORKERS ? 0 : (unsigned)prng_below(&storm.prng, EVENTS_MAX), true);
    check_database(&fills);
}
END_TEST

START_TEST(stopped_twice_while_it_starts)
{
    uint64_t fills = 0;
    struct run_result result;
    storm_load(workers_of[_i]);
    finish(0, &result);
    check_database(&fills);
    ck_assert_uint_eq(result.outcome.total.executors_active, 0);
    ck_assert_uint_eq(result.outcome.total.fills, fills);
    ck_assert_int_eq(result.outcome.reason, SHUTDOWN_REQUEST);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("run storm");
    TCase *tcase = tcase_create("storm");
    tcase_set_timeout(tcase, 240);
    tcase_add_checked_fixture(tcase, storm_open, storm_close);
    tcase_add_loop_test(tcase, cut_at_any_moment, 0, 2 * WORKERS);
    tcase_add_loop_test(tcase, destroyed_while_it_is_stopped, 0, 3 * WORKERS);
    tcase_add_loop_test(tcase, stopped_twice_while_it_starts, 0, WORKERS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
