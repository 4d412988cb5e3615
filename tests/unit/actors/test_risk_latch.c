/*
 * tests/unit/actors/test_risk_latch.c - risk states that last, and what becomes of them when they
 * cannot be read.
 */
#include "actors/risk_latch.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "persistence/store.h"

static char path[64];
static struct risk_latches latches;

static void setup(void)
{
    (void)snprintf(path, sizeof(path), "/tmp/tutti-latch-%d.db", (int)getpid());
}

static void teardown(void)
{
    risk_latches_done(&latches);
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    for (int i = 0; i < 4; i++) {
        char file[96];
        (void)snprintf(file, sizeof(file), "%s%s", path, ends[i]);
        (void)unlink(file);
    }
}

static void assert_state(const char *scope, enum risk_state state)
{
    const struct risk_latch *latch = risk_latches_find(&latches, scope);
    ck_assert_int_eq(latch != NULL ? latch->state : RISK_ACTIVE, state);
}

START_TEST(a_latch_holds_until_its_scope_is_active_again)
{
    ck_assert_int_eq(risk_latches_set(&latches, "global", RISK_HALTED, "a drill"), ERR_NONE);
    ck_assert_int_eq(risk_latches_set(&latches, "venue:paper", RISK_REDUCING, "slow"), ERR_NONE);
    assert_state("global", RISK_HALTED);
    assert_state("venue:paper", RISK_REDUCING);
    assert_state("controller:a", RISK_ACTIVE);
    ck_assert_int_eq(risk_latches_set(&latches, "global", RISK_ACTIVE, "over"), ERR_NONE);
    assert_state("global", RISK_ACTIVE);
    assert_state("venue:paper", RISK_REDUCING);
    ck_assert_str_eq(risk_latches_find(&latches, "venue:paper")->reason, "slow");
    struct risk_latches copy = {0};
    ck_assert_int_eq(risk_latches_copy(&copy, &latches), ERR_NONE);
    ck_assert_uint_eq(copy.count, 1);
    risk_latches_done(&copy);
}
END_TEST

START_TEST(without_room_for_one_more_everything_is_halted)
{
    char scope[RISK_SCOPE_TEXT_MAX];
    for (int i = 0; i < RISK_LATCHES_MAX; i++) {
        (void)snprintf(scope, sizeof(scope), "executor:%d", i);
        ck_assert_int_eq(risk_latches_set(&latches, scope, RISK_REDUCING, ""), ERR_NONE);
    }
    assert_state("global", RISK_ACTIVE);
    ck_assert_int_eq(risk_latches_set(&latches, "executor:last", RISK_REDUCING, ""), ERR_NONE);
    assert_state("global", RISK_HALTED);
}
END_TEST

static const struct {
    const char *text;
    bool is_scope;
    enum risk_scope_kind kind;
    const char *name;
} scopes[] = {
    {"global", true, RISK_GLOBAL, ""},
    {"venue:paper", true, RISK_VENUE, "paper"},
    {"controller:a:b", true, RISK_CONTROLLER, "a:b"},
    {"executor:1", true, RISK_EXECUTOR, "1"},
    {"executor:", false, 0, NULL},
    {"", false, 0, NULL},
    {"paper", false, 0, NULL},
    {"Global", false, 0, NULL},
};

START_TEST(scopes_are_read)
{
    enum risk_scope_kind kind;
    const char *name;
    const enum err err = risk_scope_parse(scopes[_i].text, &kind, &name);
    ck_assert_int_eq(err, scopes[_i].is_scope ? ERR_NONE : ERR_SYNTAX);
    if (err == ERR_NONE) {
        ck_assert_int_eq(kind, scopes[_i].kind);
        ck_assert_str_eq(name, scopes[_i].name);
    }
}
END_TEST

/* A database whose table `risk` is changed by a statement. */
static void make_database(const char *sql)
{
    const struct store_options options = {
        .path = path, .run_name = "latch", .durability = DURABILITY_GROUP};
    struct store *store;
    struct failure failure;
    ck_assert_int_eq(store_open("sqlite", &options, &store, &failure), ERR_NONE);
    ck_assert_int_eq(store_close(store, &failure), ERR_NONE);
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
}

START_TEST(states_are_read_from_the_table)
{
    make_database("INSERT INTO risk VALUES ('global', 'ACTIVE', '', 1),"
                  " ('venue:paper', 'REDUCING', 'why', 2), ('executor:e', 'HALTED', '', 3)");
    struct reader *reader;
    struct failure failure;
    ck_assert_int_eq(reader_open(path, &reader, &failure), ERR_NONE);
    ck_assert_int_eq(risk_load(reader, &latches), ERR_NONE);
    reader_close(reader);
    ck_assert_uint_eq(latches.count, 2);
    assert_state("venue:paper", RISK_REDUCING);
    assert_state("executor:e", RISK_HALTED);
}
END_TEST

/* Whatever cannot be understood is HALTED. */
static const struct {
    const char *sql;
    const char *scope;
} doubts[] = {
    {"INSERT INTO risk VALUES ('venue:paper', 'REDUCED', '', 1)", "venue:paper"},
    {"INSERT INTO risk VALUES ('somewhere', 'REDUCING', '', 1)", "global"},
    {"DROP TABLE risk", "global"},
};

START_TEST(what_cannot_be_read_is_halted)
{
    make_database(doubts[_i].sql);
    ck_assert_int_eq(risk_load_file(path, &latches), ERR_NONE);
    assert_state(doubts[_i].scope, RISK_HALTED);
}
END_TEST

START_TEST(a_file_that_is_no_database_halts)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    (void)fputs("this is no database, but long enough to be read as one: 0123456789", file);
    (void)fclose(file);
    ck_assert_int_eq(risk_load_file(path, &latches), ERR_NONE);
    assert_state("global", RISK_HALTED);
}
END_TEST

START_TEST(no_file_is_no_latch)
{
    ck_assert_int_eq(risk_load_file(path, &latches), ERR_NONE);
    ck_assert_uint_eq(latches.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("risk_latch");
    TCase *cases = tcase_create("risk_latch");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, a_latch_holds_until_its_scope_is_active_again);
    tcase_add_test(cases, without_room_for_one_more_everything_is_halted);
    tcase_add_loop_test(cases, scopes_are_read, 0, (int)(sizeof(scopes) / sizeof(scopes[0])));
    tcase_add_test(cases, states_are_read_from_the_table);
    tcase_add_loop_test(cases, what_cannot_be_read_is_halted, 0,
                        (int)(sizeof(doubts) / sizeof(doubts[0])));
    tcase_add_test(cases, a_file_that_is_no_database_halts);
    tcase_add_test(cases, no_file_is_no_latch);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
