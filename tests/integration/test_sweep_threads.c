/*
 * Sweeps inside the test's own process: the workers' queues, ending early and going on, a tree
 * turned into a run, tapes that are shared.
 */
#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/run.h"
#include "actors/sweep.h"
#include "actors/sweep_workers.h"
#include "tests/support/scratch.h"
#include "tests/support/walk.h"

enum { WALK_ROWS = 3000, WORKER_SETS = 50000 };

struct fixture {
    struct scratch_path file;
    struct scratch_path database;
    struct problems problems;
    uint64_t shown;
};

static void fixture_open(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    scratch_setup();
    fixture->file = scratch_path("sweep.yaml");
    fixture->database = scratch_path("sweep.db");
    const struct scratch_path tape = scratch_path("walk.tape");
    walk_write(tape.text, WALK_ROWS, WALK_STEP_MAX);
    FILE *out = fopen(fixture->file.text, "w");
    ck_assert_ptr_nonnull(out);
    (void)fprintf(
        out,
        "run: {name: fixture}\n"
        "venues: [{name: paper, balances: {USDT: \"1000000\", BTC: \"5\"}}]\n"
        "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", step: "
        "\"0.001\"}]\n"
        "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: %s}]\n"
        "executors:\n"
        "  - {type: position_executor, connector_name: paper, trading_pair: BTC-USDT,\n"
        "     side: BUY, amount: \"0.1\", triple_barrier_config: {open_order_type: MARKET,\n"
        "     stop_loss: \"0.01\", take_profit: \"0.01\"}}\n"
        "sweep: {top: 5, parameters: [{path: \"executors[0].amount\", from: 0.1, to: 1, "
        "steps: 200},\n"
        "  {path: \"executors[0].triple_barrier_config.stop_loss\", from: 0.001, to: 0.01,"
        " steps: 50}]}\n",
        tape.text);
    (void)fclose(out);
    problems_init(&fixture->problems, fixture->file.text);
}

static void fixture_close(struct fixture *fixture)
{
    problems_done(&fixture->problems);
    scratch_teardown();
    message_pool_drain();
}

/* Ends the sweep as soon as something is done. */
static bool stop_at_once(void *context, const struct sweep_progress *progress)
{
    struct fixture *fixture = context;
    ck_assert_uint_ge(progress->done, fixture->shown);
    ck_assert_uint_le(progress->done, progress->total);
    fixture->shown = progress->done;
    return progress->done == 0;
}

static struct sweep *load(struct fixture *fixture)
{
    struct sweep *sweep;
    ck_assert_msg(sweep_load(fixture->file.text, &fixture->problems, &sweep) == ERR_NONE, "%s",
                  text_string(&fixture->problems.lines));
    return sweep;
}

static void run_sweep(struct fixture *fixture, struct sweep *sweep, bool is_ended,
                      struct sweep_result *result)
{
    const struct sweep_options options = {.workers = 2,
                                          .database = fixture->database.text,
                                          .on_progress = is_ended ? stop_at_once : NULL,
                                          .context = fixture};
    struct failure failure;
    ck_assert_msg(sweep_run(sweep, &options, result, &failure) == ERR_NONE, "%s", failure.text);
}

static void count_row(void *context, const struct sweep_row *row)
{
    ck_assert_int_eq(row->state, SWEEP_SET_DONE);
    (*(size_t *)context)++;
}

START_TEST(test_a_sweep_ends_early_and_goes_on)
{
    struct fixture fixture;
    fixture_open(&fixture);
    struct sweep *sweep = load(&fixture);
    ck_assert_uint_eq(sweep_count(sweep), 10000);
    ck_assert_str_eq(sweep_config(sweep)->file.run->name, "fixture");
    ck_assert_str_eq(sweep_value(sweep, 0, 0)->text, "0.1");
    ck_assert_str_eq(sweep_value(sweep, 9999, 1)->text, "0.01");
    struct sweep_result first;
    run_sweep(&fixture, sweep, true, &first);
    ck_assert_str_eq(sweep_database(sweep), fixture.database.text);
    ck_assert(!first.is_complete);
    ck_assert_uint_gt(first.run, 0);
    ck_assert_uint_lt(first.run, 10000);
    sweep_destroy(sweep);

    sweep = load(&fixture);
    struct sweep_result second;
    run_sweep(&fixture, sweep, false, &second);
    ck_assert(second.is_complete);
    ck_assert_uint_eq(second.found, first.run);
    ck_assert_uint_eq(second.run, 10000 - first.run);
    ck_assert_uint_eq(second.counts.done, 10000);
    struct failure failure;
    size_t rows = 0;
    ck_assert_int_eq(sweep_rank(sweep, 0, count_row, &rows, &failure), ERR_NONE);
    ck_assert_uint_eq(rows, 5);
    rows = 0;
    ck_assert_int_eq(sweep_rank(sweep, 7, count_row, &rows, &failure), ERR_NONE);
    ck_assert_uint_eq(rows, 7);
    sweep_destroy(sweep);
    fixture_close(&fixture);
}
END_TEST

START_TEST(test_runs_share_tapes_and_record_nothing)
{
    struct fixture fixture;
    fixture_open(&fixture);
    struct run_config loaded;
    ck_assert_int_eq(run_config_load(fixture.file.text, &loaded, &fixture.problems), ERR_NONE);
    struct run_config built;
    ck_assert_int_eq(run_config_build(loaded.root, fixture.file.text, &built, &fixture.problems),
                     ERR_NONE);
    ck_assert_ptr_null(built.json);
    struct run_tapes tapes;
    struct failure failure;
    ck_assert_int_eq(run_tapes_open(&loaded, NULL, NULL, &tapes, &failure), ERR_NONE);
    struct decimal results[2];
    for (int i = 0; i < 2; i++) {
        const struct run_options options = {.tapes = &tapes, .is_unrecorded = true};
        struct run *run;
        struct run_result result;
        ck_assert_int_eq(run_create(&built, &options, &run, &failure), ERR_NONE);
        ck_assert_ptr_null(run_database(run));
        ck_assert_int_eq(run_execute(run, &result, &failure), ERR_NONE);
        ck_assert_uint_eq(result.outcome.total.fills, 2);
        ck_assert_str_eq(result.journal.hash, "");
        ck_assert_uint_eq(result.journal.committed, result.outcome.records);
        results[i] = result.outcome.total.global_pnl_quote;
        run_destroy(run);
    }
    ck_assert(decimal_equal(results[0], results[1]));
    run_tapes_close(&tapes);
    ck_assert_ptr_null(tapes.items);
    run_config_done(&built);
    run_config_done(&loaded);
    fixture_close(&fixture);
}
END_TEST

/* ---- The workers' queues ---- */

static void square(void *context, struct sweep_answer *answer)
{
    (void)context;
    answer->row.state = SWEEP_SET_DONE;
    text_printf(&answer->parameters, "%llu",
                (unsigned long long)(answer->row.set * answer->row.set));
}

START_TEST(test_every_set_comes_back_once)
{
    struct sweep_workers *workers;
    ck_assert_int_eq(sweep_workers_create((unsigned)_i, square, NULL, &workers), ERR_NONE);
    bool *seen = calloc(WORKER_SETS, sizeof(*seen));
    struct sweep_answer answer = {0};
    uint64_t next = 0;
    uint64_t taken = 0;
    while (taken < WORKER_SETS) {
        while (next < WORKER_SETS && sweep_workers_give(workers, next)) {
            next++;
        }
        ck_assert_uint_le(sweep_workers_open(workers), (uint64_t)_i * SWEEP_JOBS_PER_WORKER);
        for (unsigned wait_ms = 1000; sweep_workers_take(workers, wait_ms, &answer); wait_ms = 0) {
            const uint64_t set = answer.row.set;
            ck_assert_uint_eq(strtoull(answer.row.parameters, NULL, 10), set * set);
            ck_assert(!seen[set]);
            seen[set] = true;
            taken++;
        }
    }
    ck_assert_uint_eq(sweep_workers_open(workers), 0);
    ck_assert(!sweep_workers_take(workers, 0, &answer));
    sweep_answer_done(&answer);
    sweep_workers_destroy(workers);
    free(seen);
}
END_TEST

START_TEST(test_recalled_sets_do_not_come_back)
{
    struct sweep_workers *workers;
    ck_assert_int_eq(sweep_workers_create(1, square, NULL, &workers), ERR_NONE);
    uint64_t given = 0;
    while (given < SWEEP_JOBS_PER_WORKER && sweep_workers_give(workers, given)) {
        given++;
    }
    sweep_workers_recall(workers);
    struct sweep_answer answer = {0};
    uint64_t taken = 0;
    while (sweep_workers_open(workers) > 0) {
        taken += sweep_workers_take(workers, 1000, &answer) ? 1 : 0;
    }
    ck_assert_uint_le(taken, given);
    sweep_answer_done(&answer);
    sweep_workers_destroy(workers);
    sweep_workers_destroy(NULL);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("sweep");
    TCase *tcase = tcase_create("sweep");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_a_sweep_ends_early_and_goes_on);
    tcase_add_test(tcase, test_runs_share_tapes_and_record_nothing);
    tcase_add_loop_test(tcase, test_every_set_comes_back_once, 1, 5);
    tcase_add_test(tcase, test_recalled_sets_do_not_come_back);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
