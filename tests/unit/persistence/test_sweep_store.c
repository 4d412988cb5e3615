/*
 * The database of a sweep: what goes in comes out, is found again, and is ranked exactly.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "persistence/connection.h"
#include "persistence/sweep_store.h"

struct fixture {
    char folder[64];
    char path[96];
    struct sweep_store *store;
    struct failure failure;
};

static const struct sweep_identity identity = {
    .name = "test", .config_hash = "aa", .version = "1", .sets = 1000};

static void fixture_open(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    (void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/tutti-sweep-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixture->folder));
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/test.sweep.db", fixture->folder);
    ck_assert_msg(sweep_store_open(fixture->path, &identity, false, &fixture->store,
                                   &fixture->failure) == ERR_NONE,
                  "%s", fixture->failure.text);
}

static enum err fixture_reopen(struct fixture *fixture, const char *hash, bool is_replaced)
{
    sweep_store_close(fixture->store);
    fixture->store = NULL;
    struct sweep_identity other = identity;
    other.config_hash = hash;
    return sweep_store_open(fixture->path, &other, is_replaced, &fixture->store, &fixture->failure);
}

static void fixture_close(struct fixture *fixture)
{
    sweep_store_close(fixture->store);
    char command[96];
    (void)snprintf(command, sizeof(command), "rm -r %s", fixture->folder);
    ck_assert_int_eq(system(command), 0);
}

static void put(struct fixture *fixture, uint64_t set, const char *net_pnl, const char *drawdown)
{
    struct sweep_row row = {.set = set,
                            .state = SWEEP_SET_DONE,
                            .parameters = "{\"a\":1}",
                            .problem = "",
                            .total = {.global_pnl_quote = decimal_literal(net_pnl),
                                      .max_drawdown_quote = decimal_literal(drawdown),
                                      .executors_closed = 3,
                                      .executors_active = 1,
                                      .fills = 7}};
    row.total.close_type_counts[3] = 2;
    ck_assert_msg(sweep_store_append(fixture->store, &row, &fixture->failure) == ERR_NONE, "%s",
                  fixture->failure.text);
}

static void commit(struct fixture *fixture)
{
    ck_assert_int_eq(sweep_store_commit(fixture->store, &fixture->failure), ERR_NONE);
}

static void collect(void *context, const struct sweep_row *row)
{
    struct text *out = context;
    text_printf(out, "%llu ", (unsigned long long)row->set);
}

START_TEST(test_ranks_exactly)
{
    struct fixture fixture;
    fixture_open(&fixture);
    put(&fixture, 4, "1.000000000000000001", "5");
    put(&fixture, 2, "1.000000000000000002", "4");
    put(&fixture, 9, "-3", "0");
    put(&fixture, 7, "1.000000000000000001", "5");
    const struct sweep_row invalid = {
        .set = 1, .state = SWEEP_SET_INVALID, .parameters = "{}", .problem = "why"};
    ck_assert_int_eq(sweep_store_append(fixture.store, &invalid, &fixture.failure), ERR_NONE);
    commit(&fixture);
    static const struct {
        enum sweep_measure measure;
        size_t top;
        const char *order;
    } cases[] = {
        {SWEEP_MEASURE_NET_PNL, 10, "2 4 7 9 "},   {SWEEP_MEASURE_NET_PNL, 2, "2 4 "},
        {SWEEP_MEASURE_NET_PNL, 1, "2 "},          {SWEEP_MEASURE_MAX_DRAWDOWN, 10, "9 2 4 7 "},
        {SWEEP_MEASURE_MAX_DRAWDOWN, 3, "9 2 4 "}, {SWEEP_MEASURE_WIN_RATE, 3, "2 4 7 "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text found = {0};
        ck_assert_int_eq(sweep_store_rank(fixture.store, cases[i].measure, cases[i].top, collect,
                                          &found, &fixture.failure),
                         ERR_NONE);
        ck_assert_str_eq(text_string(&found), cases[i].order);
        text_done(&found);
    }
    fixture_close(&fixture);
}
END_TEST

static void check_row(void *context, const struct sweep_row *row)
{
    (*(int *)context)++;
    ck_assert_str_eq(row->parameters, "{\"a\":1}");
    ck_assert(decimal_equal(row->total.global_pnl_quote, decimal_literal("-0.5")));
    ck_assert(decimal_equal(row->total.max_drawdown_quote, decimal_literal("2.25")));
    ck_assert_uint_eq(row->total.executors_closed, 4);
    ck_assert_uint_eq(row->total.fills, 7);
    ck_assert_ptr_nonnull(strstr(row->close_types, ":2}"));
}

START_TEST(test_finds_and_counts)
{
    struct fixture fixture;
    fixture_open(&fixture);
    put(&fixture, 0, "-0.5", "2.25");
    put(&fixture, 63, "-0.5", "2.25");
    put(&fixture, 64, "-0.5", "2.25");
    const struct sweep_row failed = {
        .set = 65, .state = SWEEP_SET_FAILED, .parameters = "{}", .problem = "why"};
    ck_assert_int_eq(sweep_store_append(fixture.store, &failed, &fixture.failure), ERR_NONE);
    commit(&fixture);
    put(&fixture, 66, "1", "1"); /* Is not committed, so it is gone. */
    ck_assert_int_eq(fixture_reopen(&fixture, "aa", false), ERR_NONE);
    uint64_t mask;
    ck_assert_int_eq(sweep_store_find(fixture.store, 0, &mask, &fixture.failure), ERR_NONE);
    ck_assert_uint_eq(mask, UINT64_C(1) | UINT64_C(1) << 63);
    ck_assert_int_eq(sweep_store_find(fixture.store, 64, &mask, &fixture.failure), ERR_NONE);
    ck_assert_uint_eq(mask, 3);
    struct sweep_counts counts;
    ck_assert_int_eq(sweep_store_count(fixture.store, &counts, &fixture.failure), ERR_NONE);
    ck_assert_uint_eq(counts.done, 3);
    ck_assert_uint_eq(counts.failed, 1);
    ck_assert_uint_eq(counts.invalid, 0);
    int rows = 0;
    ck_assert_int_eq(
        sweep_store_rank(fixture.store, SWEEP_MEASURE_FEES, 10, check_row, &rows, &fixture.failure),
        ERR_NONE);
    ck_assert_int_eq(rows, 3);
    fixture_close(&fixture);
}
END_TEST

static void must_not_come(void *context, const struct sweep_row *row)
{
    (void)context;
    ck_abort_msg("set %llu is shown", (unsigned long long)row->set);
}

/* One that does not rank is read only when it is shown. */
START_TEST(test_figures_that_are_none)
{
    static const char *const columns[] = {"net_pnl_quote", "max_drawdown_quote"};
    struct fixture fixture;
    fixture_open(&fixture);
    ck_assert_int_eq(sweep_store_commit(fixture.store, &fixture.failure), ERR_NONE); /* Nothing. */
    put(&fixture, 1, "5", "1");
    commit(&fixture);
    char sql[128];
    struct connection connection;
    (void)snprintf(sql, sizeof(sql), "UPDATE sweep_result SET %s = %s", columns[_i / 2],
                   _i % 2 == 0 ? "'five'" : "NULL");
    ck_assert_int_eq(
        connection_open(fixture.path, CONNECTION_WRITER, &connection, &fixture.failure), ERR_NONE);
    ck_assert_msg(connection_run(&connection, sql, &fixture.failure) == ERR_NONE, "%s",
                  fixture.failure.text);
    connection_close(&connection);
    ck_assert_int_eq(sweep_store_rank(fixture.store, SWEEP_MEASURE_NET_PNL, 5, must_not_come, NULL,
                                      &fixture.failure),
                     ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(fixture.failure.text, "is no number"));
    fixture_close(&fixture);
}
END_TEST

START_TEST(test_rows_that_are_refused)
{
    struct fixture fixture;
    fixture_open(&fixture);
    put(&fixture, 5, "1", "1");
    struct sweep_row row = {.set = 6, .state = SWEEP_SET_DONE, .parameters = "{}", .problem = ""};
    row.total.fees_quote = DECIMAL_INVALID;
    ck_assert_int_eq(sweep_store_append(fixture.store, &row, &fixture.failure), ERR_OVERFLOW);
    row.total.fees_quote = DECIMAL_ZERO;
    row.set = 5;
    ck_assert_int_eq(sweep_store_append(fixture.store, &row, &fixture.failure), ERR_CORRUPT);
    fixture_close(&fixture);
}
END_TEST

START_TEST(test_files_that_are_refused)
{
    struct fixture fixture;
    fixture_open(&fixture);
    put(&fixture, 5, "1", "1");
    commit(&fixture);
    struct sweep_store *second;
    ck_assert_int_eq(sweep_store_open(fixture.path, &identity, false, &second, &fixture.failure),
                     ERR_LOCKED);
    ck_assert_int_eq(fixture_reopen(&fixture, "bb", false), ERR_EXISTS);
    ck_assert_ptr_nonnull(strstr(fixture.failure.text, "another run file"));
    ck_assert_int_eq(fixture_reopen(&fixture, "bb", true), ERR_NONE);
    struct sweep_counts counts;
    ck_assert_int_eq(sweep_store_count(fixture.store, &counts, &fixture.failure), ERR_NONE);
    ck_assert_uint_eq(counts.done, 0);
    sweep_store_close(fixture.store);
    fixture.store = NULL;
    char command[256];
    (void)snprintf(command, sizeof(command),
                   "python3 -c \"import sqlite3; sqlite3.connect('%s').executescript("
                   "'PRAGMA user_version=99')\"",
                   fixture.path);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(fixture_reopen(&fixture, "bb", true), ERR_VERSION);
    (void)snprintf(fixture.path, sizeof(fixture.path), "%s/no/folder.db", fixture.folder);
    ck_assert_int_eq(fixture_reopen(&fixture, "bb", false), ERR_IO);
    fixture_close(&fixture);
}
END_TEST

START_TEST(test_names)
{
    ck_assert_str_eq(sweep_state_name(SWEEP_SET_DONE), "done");
    ck_assert_str_eq(sweep_state_name(SWEEP_SET_INVALID), "invalid");
    ck_assert_str_eq(sweep_state_name(SWEEP_SET_FAILED), "failed");
    ck_assert_str_eq(field_name_of(sweep_measure_names, SWEEP_MEASURE_WIN_RATE), "win_rate");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sweep store");
    TCase *tcase = tcase_create("sweep store");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_ranks_exactly);
    tcase_add_test(tcase, test_finds_and_counts);
    tcase_add_loop_test(tcase, test_figures_that_are_none, 0, 4);
    tcase_add_test(tcase, test_rows_that_are_refused);
    tcase_add_test(tcase, test_files_that_are_refused);
    tcase_add_test(tcase, test_names);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
