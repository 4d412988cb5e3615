/*
 * Whole runs whose n-th allocation is refused, or whose n-th thread cannot be started: a backtest,
 * a paper run among threads, a start over the database of a run that was cut short. Each ends in
 * order or says why not, and leaves a sound database.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "actors/run.h"
#include "actors/venue_process.h"
#include "base/log.h"
#include "persistence/reader.h"
#include "persistence/verify.h"
#include "tests/support/faulty_memory.h"
#include "tests/support/scratch.h"
#include "tests/support/walk.h"

enum { WALK_ROWS = 600, EXECUTORS = 4, ROUNDS_MAX = 5000 };

static struct failure failure;

/* ---- The run ---- */

static void shell(const char *words)
{
    ck_assert_int_eq(system(words), 0);
}

/* One run file per way to run it; `speed` is the feed's. */
static void write_file(const char *name, const char *mode, const char *durability,
                       const char *speed)
{
    FILE *out = fopen(name, "w");
    ck_assert_ptr_nonnull(out);
    (void)fprintf(out,
                  "run: {name: faulty, mode: %s, workers: 2}\n"
                  "venues: [{name: paper, balances: {USDT: \"1000000\", BTC: \"5\"}}]\n"
                  "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", "
                  "step: \"0.001\"}]\n"
                  "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: walk.tape, speed: %s}]\n"
                  "persistence: {path: run.db, durability: %s}\n"
                  "executors:\n"
                  "  - {type: position_executor, connector_name: paper, trading_pair: BTC-USDT,\n"
                  "     side: BUY, amount: \"0.1\", repeat: 2, triple_barrier_config:\n"
                  "     {open_order_type: MARKET, stop_loss: \"0.002\", take_profit: \"0.002\"}}\n"
                  "  - {type: twap_executor, connector_name: paper, trading_pair: BTC-USDT,\n"
                  "     side: SELL, total_amount_quote: \"20000\", total_duration: 200,\n"
                  "     order_interval: 20, mode: TAKER}\n"
                  "  - {type: grid_executor, connector_name: paper, trading_pair: BTC-USDT,\n"
                  "     side: BUY, start_price: \"99000\", end_price: \"101000\",\n"
                  "     limit_price: \"90000\", total_amount_quote: \"20000\",\n"
                  "     min_spread_between_orders: \"0.001\", max_open_orders: 3,\n"
                  "     triple_barrier_config: {take_profit: \"0.0005\"}}\n",
                  mode, speed, durability);
    (void)fclose(out);
}

static void faults_open(void)
{
    scratch_setup();
    ck_assert_int_eq(chdir(scratch_folder), 0);
    walk_write("walk.tape", WALK_ROWS, WALK_STEP_MAX);
    write_file("backtest.yaml", "backtest", "memory", "max");
    write_file("paper.yaml", "paper", "group", "max");
    write_file("full.yaml", "paper", "full", "max");
    log_configure(LOG_ERROR, LOG_TEXT);
}

static void faults_close(void)
{
    message_pool_drain();
    ck_assert_int_eq(chdir("/"), 0);
    scratch_teardown();
}

/* Loads, runs and ends; what went wrong is in `failure`. */
static enum err run_file(const char *name, struct run_result *result)
{
    struct run_config config;
    struct problems problems;
    problems_init(&problems, name);
    enum err err = run_config_load(name, &config, &problems);
    struct run *run = NULL;
    const struct run_options options = {.epoch = 9};
    if (err != ERR_NONE) {
        (void)failure_set(&failure, err, "%s: %s", name, text_string(&problems.lines));
    } else {
        struct feed_section *feed = config.file.feeds.items;
        feed->speed = DECIMAL_ZERO; /* As fast as it can, also what was written to be slow. */
        err = run_create(&config, &options, &run, &failure);
    }
    if (err == ERR_NONE) {
        err = run_execute(run, result, &failure);
    }
    run_destroy(run);
    run_config_done(&config);
    problems_done(&problems);
    return err;
}

static void print_problem(void *context, const struct verify_problem *problem)
{
    (void)context;
    (void)fprintf(stderr, "%s: %s\n", problem->where, problem->what);
}

/* The database, if there is one yet, is sound; *ret_records is how long its journal is. */
static void check_database(uint64_t n, uint64_t *ret_records)
{
    struct verify_report report = {0};
    const struct verify_options options = {.on_problem = print_problem};
    struct failure words;
    *ret_records = 0;
    if (access("run.db", F_OK) != 0) {
        return;
    }
    const enum err err = verify_database("run.db", &options, &report, &words);
    ck_assert_msg(err == ERR_NONE || err == ERR_VERSION, "fault %lu: %s", (unsigned long)n,
                  words.text);
    ck_assert_msg(report.problems == 0, "fault %lu: the database is not sound", (unsigned long)n);
    *ret_records = report.records;
}

static bool take_row(void *context, int count, const char *const *names, const char *const *values)
{
    (void)count;
    (void)names;
    (void)values;
    *(bool *)context = true;
    return false;
}

/* A run that cannot read its states of risk is halted: it fails closed, and the journal says why.
 */
static bool is_halted(void)
{
    bool is_there = false;
    struct reader *reader;
    struct failure words;
    ck_assert_int_eq(reader_open("run.db", &reader, &words), ERR_NONE);
    ck_assert_int_eq(reader_query(reader,
                                  "SELECT 1 FROM risk WHERE state = 'HALTED' AND reason LIKE"
                                  " 'the risk state cannot be read%'",
                                  NULL, take_row, &is_there, &words),
                     ERR_NONE);
    reader_close(reader);
    return is_there;
}

static void check_outcome(uint64_t n, enum err err, const struct run_result *result)
{
    if (err != ERR_NONE) {
        ck_assert_msg(failure.text[0] != '\0', "fault %lu says nothing", (unsigned long)n);
        return;
    }
    ck_assert_msg(result->outcome.is_finished, "fault %lu", (unsigned long)n);
    ck_assert_msg(result->outcome.is_balanced, "fault %lu: not balanced", (unsigned long)n);
    ck_assert_msg(result->outcome.total.executors_closed == EXECUTORS || is_halted(),
                  "fault %lu: %lu closed", (unsigned long)n,
                  (unsigned long)result->outcome.total.executors_closed);
}

/* ---- Memory ---- */

/* Each of the first, then fewer and fewer. TUTTI_FAULT=n begins there. */
static uint64_t next_fault(uint64_t n)
{
    const char *first = getenv("TUTTI_FAULT");
    return n == 0 && first != NULL ? strtoull(first, NULL, 10) : n + 1 + n / 25;
}

static const struct {
    const char *file;
    bool is_lasting;
} subjects[] = {
    {"backtest.yaml", false}, {"backtest.yaml", true}, {"paper.yaml", false},
    {"paper.yaml", true},     {"full.yaml", false},
};

enum { SUBJECTS = sizeof(subjects) / sizeof(subjects[0]) };

START_TEST(runs_whose_memory_is_refused)
{
    bool has_refused = true;
    uint64_t n = 0;
    for (unsigned round = 0; has_refused; round++) {
        ck_assert_uint_lt(round, ROUNDS_MAX);
        n = next_fault(n);
        struct run_result result = {0};
        failure.text[0] = '\0';
        shell("rm -f run.db run.db-*");
        message_pool_drain();
        faulty_memory_arm(n, subjects[_i].is_lasting);
        const enum err err = run_file(subjects[_i].file, &result);
        has_refused = faulty_memory_disarm();
        ck_assert_msg(err == ERR_NONE || has_refused, "%s", failure.text);
        check_outcome(n, err, &result);
        uint64_t records;
        check_database(n, &records);
    }
    printf("%s: %lu allocations\n", subjects[_i].file, (unsigned long)n);
    ck_assert_uint_gt(n, 500);
}
END_TEST

/* ---- Recovery ---- */

/* Posts the semaphore at the third fill. */
static void count_fills(void *context, const char *topic, const char *json)
{
    (void)json;
    static _Atomic(unsigned) fills;
    if (strcmp(topic, "fill") == 0 && atomic_fetch_add(&fills, 1) == 2) {
        ck_assert_int_eq(sem_post(context), 0);
    }
}

/* Leaves the database of a run that was cut short. */
static void cut_short(void)
{
    sem_t is_enough;
    ck_assert_int_eq(sem_init(&is_enough, 0, 0), 0);
    write_file("paper.yaml", "paper", "group", "200");
    struct run_config config;
    struct problems problems;
    problems_init(&problems, "paper.yaml");
    ck_assert_int_eq(run_config_load("paper.yaml", &config, &problems), ERR_NONE);
    const struct run_options options = {.epoch = 8, .on_event = count_fills, .context = &is_enough};
    struct run *run;
    ck_assert_int_eq(run_create(&config, &options, &run, &failure), ERR_NONE);
    ck_assert_int_eq(run_start(run, &failure), ERR_NONE);
    ck_assert_int_eq(sem_wait(&is_enough), 0);
    run_destroy(run);
    run_config_done(&config);
    problems_done(&problems);
    ck_assert_int_eq(sem_destroy(&is_enough), 0);
}

/* Whatever fails while it is opened and played: nothing that was in it is lost, and the next start
 * goes on to the end. */
START_TEST(starts_over_a_database_whose_memory_is_refused)
{
    cut_short();
    uint64_t before;
    check_database(0, &before);
    ck_assert_uint_gt(before, 10);
    shell("mkdir cut && cp run.db* cut/");
    bool has_refused = true;
    uint64_t n = 0;
    for (unsigned round = 0; has_refused; round++) {
        ck_assert_uint_lt(round, ROUNDS_MAX);
        n = next_fault(n);
        struct run_result result = {0};
        failure.text[0] = '\0';
        shell("rm -f run.db run.db-* && cp cut/* .");
        message_pool_drain();
        faulty_memory_arm(n, _i == 1);
        enum err err = run_file("paper.yaml", &result);
        has_refused = faulty_memory_disarm();
        check_outcome(n, err, &result);
        uint64_t records;
        check_database(n, &records);
        ck_assert_msg(records >= before, "fault %lu: records are gone", (unsigned long)n);
        if (err != ERR_NONE && round % 8 == 0) {
            err = run_file("paper.yaml", &result);
            ck_assert_msg(err == ERR_NONE, "after fault %lu: %s", (unsigned long)n, failure.text);
            check_outcome(n, err, &result);
            check_database(n, &records);
        }
    }
    ck_assert_uint_gt(n, 500);
}
END_TEST

/* ---- Threads ---- */

static _Atomic(int) threads_left = -1; /* Before the one that fails; -1: none does. */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *), void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *), void *argument)
{
    if (atomic_load(&threads_left) >= 0 && atomic_fetch_sub(&threads_left, 1) == 0) {
        return EAGAIN;
    }
    return __real_pthread_create(thread, attributes, main, argument);
}

START_TEST(threads_that_cannot_be_started)
{
    enum err err = ERR_LIMIT;
    int n = 0;
    for (; err != ERR_NONE; n++) {
        ck_assert_int_lt(n, 20);
        struct run_result result = {0};
        failure.text[0] = '\0';
        shell("rm -f run.db run.db-*");
        atomic_store(&threads_left, n);
        err = run_file("paper.yaml", &result);
        const bool has_failed = atomic_exchange(&threads_left, -1) < 0;
        ck_assert_msg((err == ERR_NONE) == !has_failed, "thread %d: %s", n, failure.text);
        check_outcome((uint64_t)n, err, &result);
        uint64_t records;
        check_database((uint64_t)n, &records);
    }
    ck_assert_int_gt(n, 3); /* Two workers, the keeper, the timers. */
}
END_TEST

/* ---- Signals ---- */

static _Atomic(unsigned) alarms;

static void count_alarm(int signal)
{
    (void)signal;
    (void)atomic_fetch_add(&alarms, 1);
}

static void *venue_main(void *process)
{
    struct failure words;
    ck_assert_msg(venue_process_execute(process, &words) == ERR_NONE, "%s", words.text);
    return NULL;
}

/* A remote venue with its run, which also listens for requests and over HTTP. */
static void write_remote(void)
{
    FILE *out = fopen("remote.yaml", "w");
    ck_assert_ptr_nonnull(out);
    (void)fputs(
        "run: {name: remote, mode: paper, workers: 2}\n"
        "venues: [{name: paper, type: remote, url: 'ipc://v', events_url: 'ipc://e'}]\n"
        "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: '0.01', step: '0.001'}]\n"
        "feeds: [{type: venue, venue: paper, trading_pair: BTC-USDT}]\n"
        "control: {listen: ['ipc://c'], http: ['http://127.0.0.1:0']}\n"
        "events: {listen: ['ipc://p']}\n"
        "persistence: {path: run.db, durability: full}\n"
        "executors:\n"
        "  - {type: position_executor, connector_name: paper, trading_pair: BTC-USDT,\n"
        "     side: BUY, amount: '0.1', repeat: 4, triple_barrier_config:\n"
        "     {open_order_type: MARKET, stop_loss: '0.001', take_profit: '0.001'}}\n",
        out);
    (void)fclose(out);
}

/* Ends the run at its fourth fill. */
static void end_at_fill(void *context, const char *topic, const char *json)
{
    (void)json;
    static _Atomic(unsigned) fills;
    if (strcmp(topic, "fill") == 0 && atomic_fetch_add(&fills, 1) == 3) {
        (void)!run_stop(*(struct run **)context, SHUTDOWN_REQUEST);
    }
}

static void run_remote(struct run_result *result)
{
    static const uint8_t entropy[LINK_ENTROPY_BYTES] = {1};
    struct run_config config;
    struct problems problems;
    problems_init(&problems, "remote.yaml");
    ck_assert_msg(run_config_load("remote.yaml", &config, &problems) == ERR_NONE, "%s",
                  text_string(&problems.lines));
    struct run *run = NULL;
    const struct run_options options = {
        .epoch = 9, .entropy = entropy, .on_event = end_at_fill, .context = &run};
    ck_assert_msg(run_create(&config, &options, &run, &failure) == ERR_NONE, "%s", failure.text);
    ck_assert_msg(run_execute(run, result, &failure) == ERR_NONE, "%s", failure.text);
    run_destroy(run);
    run_config_done(&config);
    problems_done(&problems);
}

/* Two thousand a second, which interrupt whatever waits: sockets, HTTP, the program itself. */
START_TEST(calls_that_signals_interrupt)
{
    write_remote();
    write_file("venue.yaml", "paper", "memory", "100");
    struct run_config config;
    struct problems problems;
    problems_init(&problems, "venue.yaml");
    ck_assert_int_eq(run_config_load("venue.yaml", &config, &problems), ERR_NONE);
    const struct venue_process_options options = {
        .url = "ipc://v", .events_url = "ipc://e", .heartbeat_ns = 20 * NS_PER_MS};
    struct venue_process *venue;
    ck_assert_msg(venue_process_create(&config, &options, &venue, &failure) == ERR_NONE, "%s",
                  failure.text);
    const struct sigaction action = {.sa_handler = count_alarm}; /* Without SA_RESTART. */
    const struct itimerval storm = {{0, 500}, {0, 500}};
    const struct itimerval calm = {{0, 0}, {0, 0}};
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &storm, NULL), 0);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, venue_main, venue), 0);
    struct run_result result = {0};
    run_remote(&result);
    venue_process_stop(venue);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &calm, NULL), 0);
    venue_process_destroy(venue);
    run_config_done(&config);
    problems_done(&problems);
    ck_assert_uint_gt(atomic_load(&alarms), 100);
    ck_assert(result.outcome.is_finished && result.outcome.is_balanced);
    ck_assert_uint_ge(result.outcome.total.fills, 4);
    uint64_t records;
    check_database(0, &records);
    ck_assert_uint_gt(records, 10);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    faulty_memory_install();
    Suite *suite = suite_create("run_faults");
    TCase *tcase = tcase_create("run_faults");
    tcase_add_checked_fixture(tcase, faults_open, faults_close);
    tcase_set_timeout(tcase, 280);
    tcase_add_loop_test(tcase, runs_whose_memory_is_refused, 0, SUBJECTS);
    tcase_add_loop_test(tcase, starts_over_a_database_whose_memory_is_refused, 0, 2);
    tcase_add_test(tcase, calls_that_signals_interrupt);
    tcase_add_test(tcase, threads_that_cannot_be_started);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
