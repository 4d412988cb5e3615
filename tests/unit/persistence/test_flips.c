/*
 * One bit of every byte of a small database is flipped. Whatever that does, it is either nothing,
 * or it is told: a database that is called sound reads as it did before, and what is read of one
 * that is not is a beginning of the truth.
 */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "persistence/connection.h"
#include "persistence/reader.h"
#include "persistence/schema.h"
#include "persistence/verify.h"
#include "tests/unit/persistence/sample_run.h"

enum { FILLS = 2, SLICES = 8 };

static struct failure failure;

static void count_problem(void *context, const struct verify_problem *problem)
{
    (void)context;
    ck_assert_int_gt((int)strlen(problem->what), 0);
}

static enum err verify(const char *path, struct verify_report *ret_report)
{
    const struct verify_options options = {.on_problem = count_problem};
    return verify_database(path, &options, ret_report, &failure);
}

static bool keep_event(void *context, uint64_t seq, const char *event)
{
    (void)seq;
    text_append_string(context, event);
    text_append_char(context, '\n');
    return true;
}

static bool keep_row(void *context, int count, const char *const *names, const char *const *values)
{
    (void)names;
    for (int i = 0; i < count; i++) {
        text_append_string(context, values[i] != NULL ? values[i] : "NULL");
        text_append_char(context, '|');
    }
    return true;
}

/* Everything that can be read of the database: its events, then its tables. */
static enum err read_events(struct reader *reader, struct text *out)
{
    text_clear(out);
    return reader_events(reader, 1, UINT64_MAX, keep_event, out, &failure);
}

static enum err read_tables(struct reader *reader, struct text *out)
{
    enum err err = ERR_NONE;
    text_clear(out);
    for (const struct schema_table *table = schema_derived; table->name != NULL && err == ERR_NONE;
         table++) {
        char sql[64];
        (void)snprintf(sql, sizeof(sql), "SELECT * FROM %s", table->name);
        err = reader_query(reader, sql, NULL, keep_row, out, &failure);
    }
    return err;
}

/* A run in as few bytes as can be. */
static void write_small(const char *path)
{
    struct connection connection;
    sample_run_write(path, FILLS, sample_run_records(FILLS));
    ck_assert_int_eq(connection_open(path, CONNECTION_WRITER, &connection, &failure), ERR_NONE);
    ck_assert_msg(connection_run(&connection,
                                 "DROP VIEW hb_executors; DROP VIEW hb_orders;"
                                 "DROP VIEW hb_trade_fill; DROP VIEW hb_position;"
                                 "PRAGMA page_size=512; VACUUM",
                                 &failure) == ERR_NONE,
                  "%s", failure.text);
    struct stat file;
    ck_assert_int_eq(stat(path, &file), 0);
    ck_assert_int_lt(file.st_size, 32768);
    connection_close(&connection);
}

struct truth {
    struct text events;
    struct text tables;
};

static void flip(int file, off_t offset)
{
    unsigned char byte;
    ck_assert_int_eq(pread(file, &byte, 1, offset), 1);
    byte ^= (unsigned char)(1u << (offset * 5 % 8));
    ck_assert_int_eq(pwrite(file, &byte, 1, offset), 1);
}

/* What is read now is the truth or a beginning of it; all of it where nothing was told. */
static void check_reading(const char *path, const struct truth *truth, bool is_sound, off_t offset)
{
    struct reader *reader = NULL;
    struct text events = {0};
    struct text tables = {0};
    enum err err = reader_open(path, &reader, &failure);
    ck_assert_msg(!is_sound || err == ERR_NONE, "byte %ld: %s", (long)offset, failure.text);
    if (err == ERR_NONE) {
        err = read_events(reader, &events);
        ck_assert_msg(strncmp(text_string(&events), text_string(&truth->events), events.length) ==
                          0,
                      "byte %ld: other events", (long)offset);
        const enum err tables_err = read_tables(reader, &tables);
        if (is_sound) {
            ck_assert_msg(err == ERR_NONE && events.length == truth->events.length,
                          "byte %ld: fewer events", (long)offset);
            ck_assert_msg(tables_err == ERR_NONE && tables.length == truth->tables.length &&
                              strcmp(text_string(&tables), text_string(&truth->tables)) == 0,
                          "byte %ld: other tables", (long)offset);
        }
    }
    ck_assert(err == ERR_NONE || failure.text[0] != '\0');
    reader_close(reader);
    text_done(&events);
    text_done(&tables);
}

START_TEST(flipped_bits_are_told_or_harmless)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s", sample_path("run.db"));
    write_small(path);
    struct truth truth = {0};
    struct reader *reader = NULL;
    ck_assert_int_eq(reader_open(path, &reader, &failure), ERR_NONE);
    ck_assert_int_eq(read_events(reader, &truth.events), ERR_NONE);
    ck_assert_int_eq(read_tables(reader, &truth.tables), ERR_NONE);
    reader_close(reader);
    struct stat file;
    ck_assert_int_eq(stat(path, &file), 0);
    const int descriptor = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(descriptor, 0);
    uint64_t told = 0;
    for (off_t offset = _i; offset < file.st_size; offset += SLICES) {
        flip(descriptor, offset);
        struct verify_report report;
        failure.text[0] = '\0';
        const enum err err = verify(path, &report);
        ck_assert_msg(err == ERR_NONE || failure.text[0] != '\0', "byte %ld", (long)offset);
        const bool is_sound = err == ERR_NONE && report.problems == 0;
        told += is_sound ? 0 : 1;
        check_reading(path, &truth, is_sound, offset);
        flip(descriptor, offset);
        (void)unlink(sample_path("run.db-wal")); /* One header byte asks for a log. */
        (void)unlink(sample_path("run.db-shm"));
    }
    (void)close(descriptor);
    ck_assert_uint_gt(told, (uint64_t)file.st_size / SLICES / 4);
    struct verify_report report;
    ck_assert_int_eq(verify(path, &report), ERR_NONE);
    ck_assert_uint_eq(report.problems, 0); /* Every bit is back. */
    text_done(&truth.events);
    text_done(&truth.tables);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/flips");
    TCase *tcase = tcase_create("flips");
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 1500);
    tcase_add_loop_test(tcase, flipped_bits_are_told_or_harmless, 0, SLICES);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
