/*
 * A store that does not come back slows intake and does not grow memory: the journal's window
 * fills, the market stands still, actions are told to try again; and when the store goes on, so
 * does the run, with nothing lost.
 */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "actors/roles/orchestrator_parts.h"
#include "actors/run.h"
#include "persistence/verify.h"
#include "tests/support/flood.h"
#include "tests/support/slow_store.h"

enum {
    EXECUTORS = 500,
    WAIT_SECONDS_MAX = 250,
    ASKED = 200,
    ROUNDS_MAX = 100,
    /* What was under way when the window was full: each executor at work may send a few requests,
     * each of them a record or two, and so may the venue answer. */
    UNDER_WAY_MAX = MARKET_WAKES_MAX * 8,
};

static struct link_answer ask(struct run *run, int number)
{
    char id[32];
    (void)snprintf(id, sizeof(id), "stop-%d", number);
    const struct action stop = action_stop(id, "nobody", false);
    struct link_answer answer;
    ck_assert_int_eq(run_ask(run, &stop, WAIT_SECONDS_MAX * 1000, &answer), ERR_NONE);
    ck_assert(!answer.is_accepted);
    return answer;
}

static void check_depth(void)
{
    const struct slow_store_figures figures = slow_store_figures();
    ck_assert_msg(figures.depth_max <= JOURNAL_WINDOW + UNDER_WAY_MAX,
                  "%llu records wait for the store", (unsigned long long)figures.depth_max);
}

/* Asks until no record was made from one question to the last of many: what was under way when the
 * window filled takes its time. Every question goes through the orchestrator, which could make more
 * records before it. */
static void check_intake_stands_still(struct run *run)
{
    uint64_t made = 0;
    int rounds = 0;
    do {
        ck_assert_int_lt(rounds++, ROUNDS_MAX);
        made = slow_store_figures().made;
        for (int i = 0; i < ASKED; i++) {
            ck_assert_str_eq(ask(run, i).code, "busy");
        }
    } while (slow_store_figures().made != made);
    check_depth();
}

static void check_intake_goes_on(struct run *run)
{
    const uint64_t made = slow_store_figures().made;
    ck_assert(slow_store_wait_for_commit(made + JOURNAL_WINDOW, WAIT_SECONDS_MAX));
    struct link_answer answer;
    int number = ASKED;
    do {
        answer = ask(run, number++);
    } while (strcmp(answer.code, "busy") == 0);
    ck_assert_str_eq(answer.code, "unknown_executor");
    check_depth();
}

static void ignore_problem(void *context, const struct verify_problem *problem)
{
    (void)context;
    (void)problem;
}

static void check_database(uint64_t records)
{
    const struct verify_options options = {.on_problem = ignore_problem};
    struct verify_report report;
    struct failure failure;
    ck_assert_msg(verify_database(scratch_path("run.db").text, &options, &report, &failure) ==
                      ERR_NONE,
                  "%s", failure.text);
    ck_assert_uint_eq(report.problems, 0);
    ck_assert_uint_eq(report.records, records);
}

START_TEST(a_store_that_stands_still_holds_everything_up)
{
    const struct scratch_path path = flood_write(EXECUTORS);
    struct problems problems;
    problems_init(&problems, path.text);
    struct run_config config;
    ck_assert_msg(run_config_load(path.text, &config, &problems) == ERR_NONE, "%s",
                  text_string(&problems.lines));
    const struct run_options options = {.epoch = 9};
    struct failure failure;
    struct run *run;
    ck_assert_int_eq(run_create(&config, &options, &run, &failure), ERR_NONE);
    ck_assert_int_eq(run_start(run, &failure), ERR_NONE);
    ck_assert(slow_store_wait_for_commit(EXECUTORS, WAIT_SECONDS_MAX));
    for (int round = 0; round < 2; round++) {
        slow_store_shut(true);
        ck_assert(slow_store_wait_for_depth(JOURNAL_WINDOW + 1, WAIT_SECONDS_MAX));
        check_intake_stands_still(run);
        slow_store_shut(false);
        check_intake_goes_on(run);
    }
    (void)!run_stop(run, SHUTDOWN_REQUEST);
    struct run_result result;
    ck_assert_msg(run_wait(run, &result, &failure) == ERR_NONE, "%s", failure.text);
    ck_assert(result.outcome.is_finished && result.outcome.is_balanced);
    ck_assert_uint_eq(result.journal.committed, result.outcome.records);
    run_destroy(run);
    check_database(result.outcome.records);
    run_config_done(&config);
    problems_done(&problems);
    message_pool_drain();
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("backpressure");
    TCase *cases = tcase_create("backpressure");
    tcase_set_timeout(cases, WAIT_SECONDS_MAX + 40);
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_add_test(cases, a_store_that_stands_still_holds_everything_up);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
