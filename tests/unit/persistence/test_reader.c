#include "persistence/reader.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "persistence/connection.h"
#include "persistence/event.h"
#include "persistence/store.h"
#include "tests/unit/persistence/forging.h"

static struct failure failure;
static struct text published[RECORD_KIND_COUNT + 1]; /* By seq. */

static struct store *open_store(void)
{
    const struct store_options options = {
        .path = sample_path("run.db"), .run_name = SAMPLE_RUN, .durability = DURABILITY_GROUP};
    struct store *store = NULL;
    ck_assert_msg(store_open("sqlite", &options, &store, &failure) == ERR_NONE, "%s", failure.text);
    return store;
}

/* One record of each kind, started first. */
static void write_all_kinds(struct store *store)
{
    for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        const struct record record = sample_record((enum record_kind)kind, kind + 1);
        ck_assert_msg(store_append(store, &record, &published[kind + 1], &failure) == ERR_NONE,
                      "%s", failure.text);
    }
    ck_assert_int_eq(store_commit(store, &failure), ERR_NONE);
}

static void write_run(void)
{
    struct store *store = open_store();
    write_all_kinds(store);
    ck_assert_int_eq(store_close(store, &failure), ERR_NONE);
}

static struct reader *open_reader(void)
{
    struct reader *reader = NULL;
    ck_assert_msg(reader_open(sample_path("run.db"), &reader, &failure) == ERR_NONE, "%s",
                  failure.text);
    return reader;
}

static void forget_published(void)
{
    for (size_t i = 0; i <= RECORD_KIND_COUNT; i++) {
        text_done(&published[i]);
    }
}

struct seen {
    uint64_t first;
    uint64_t last;
    uint64_t count;
    uint64_t stop_after;
};

static bool compare_event(void *context, uint64_t seq, const char *event)
{
    struct seen *seen = context;
    seen->first = seen->count == 0 ? seq : seen->first;
    ck_assert(seen->count == 0 || seq == seen->last + 1);
    seen->last = seq;
    seen->count++;
    ck_assert_str_eq(event, text_string(&published[seq]));
    return seen->count != seen->stop_after;
}

START_TEST(events_equal_what_was_published)
{
    static const struct {
        uint64_t from;
        uint64_t limit;
        uint64_t stop_after;
        uint64_t first;
        uint64_t count;
    } cases[] = {
        {0, UINT64_MAX, 0, 1, RECORD_KIND_COUNT},
        {1, UINT64_MAX, 0, 1, RECORD_KIND_COUNT},
        {2, UINT64_MAX, 0, 2, RECORD_KIND_COUNT - 1},
        {5, 3, 0, 5, 3},
        {1, 1, 0, 1, 1},
        {3, 10, 2, 3, 2},
        {RECORD_KIND_COUNT, 10, 0, RECORD_KIND_COUNT, 1},
        {RECORD_KIND_COUNT + 1, 10, 0, 0, 0},
        {RECORD_KIND_COUNT + 100, 10, 0, 0, 0},
        {UINT64_MAX, 10, 0, 0, 0},
        {1, 0, 0, 0, 0},
    };
    write_run();
    struct reader *reader = open_reader();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct seen seen = {.stop_after = cases[i].stop_after};
        ck_assert_msg(reader_events(reader, cases[i].from, cases[i].limit, compare_event, &seen,
                                    &failure) == ERR_NONE,
                      "case %zu: %s", i, failure.text);
        ck_assert_uint_eq(seen.first, cases[i].first);
        ck_assert_uint_eq(seen.count, cases[i].count);
    }
    reader_close(reader);
    forget_published();
}
END_TEST

static enum err compare_record(void *context, const struct record *record)
{
    uint64_t *seq = context;
    ck_assert_uint_eq(record->seq, ++*seq);
    ck_assert_int_eq(record->kind, (enum record_kind)(record->seq - 1));
    const struct record expected = sample_record(record->kind, record->seq);
    struct text data = {0};
    struct text expected_data = {0};
    event_print_data(record, &data);
    event_print_data(&expected, &expected_data);
    ck_assert_str_eq(text_string(&data), text_string(&expected_data));
    text_done(&data);
    text_done(&expected_data);
    return *seq == RECORD_KIND_COUNT - 1U ? ERR_STATE : ERR_NONE;
}

/* Every record as it was written; visit's error ends the walk. */
START_TEST(records_equal_what_was_written)
{
    write_run();
    struct reader *reader = open_reader();
    uint64_t seq = 0;
    const struct reader_range all = {.first = 1, .last = UINT64_MAX};
    ck_assert_int_eq(reader_records(reader, &all, compare_record, &seq, &failure), ERR_STATE);
    ck_assert_uint_eq(seq, RECORD_KIND_COUNT - 1U);
    reader_close(reader);
    forget_published();
}
END_TEST

/* The numbers that were visited, as bits. */
static enum err note_record(void *context, const struct record *record)
{
    *(uint64_t *)context |= UINT64_C(1) << record->seq;
    return ERR_NONE;
}

/* A part of the journal, and of it what belongs to one executor. */
START_TEST(records_of_a_range)
{
    write_run();
    struct reader *reader = open_reader();
    uint64_t expected = 0;
    uint64_t all = 0;
    for (uint64_t seq = 5; seq <= 20; seq++) {
        const struct record record = sample_record((enum record_kind)(seq - 1), seq);
        all |= UINT64_C(1) << seq;
        expected |= strcmp(record.executor_id, "e1") == 0 ? UINT64_C(1) << seq : 0;
    }
    ck_assert_uint_ne(expected, 0);
    ck_assert_uint_ne(expected, all);
    struct reader_range range = {.first = 5, .last = 20};
    uint64_t seen = 0;
    ck_assert_int_eq(reader_records(reader, &range, note_record, &seen, &failure), ERR_NONE);
    ck_assert_uint_eq(seen, all);
    range.executor_id = "e1";
    seen = 0;
    ck_assert_int_eq(reader_records(reader, &range, note_record, &seen, &failure), ERR_NONE);
    ck_assert_uint_eq(seen, expected);
    range = (struct reader_range){.first = RECORD_KIND_COUNT + 1, .last = UINT64_MAX};
    seen = 0;
    ck_assert_int_eq(reader_records(reader, &range, note_record, &seen, &failure), ERR_NONE);
    ck_assert_uint_eq(seen, 0);
    reader_close(reader);
    forget_published();
}
END_TEST

START_TEST(between_begin_and_end_nothing_changes)
{
    struct store *store = open_store();
    struct reader *reader = open_reader();
    uint64_t seq = UINT64_MAX;
    ck_assert_int_eq(reader_begin(reader, &failure), ERR_NONE);
    ck_assert_int_eq(reader_last_seq(reader, &seq, &failure), ERR_NONE);
    ck_assert_uint_eq(seq, 0);
    write_all_kinds(store);
    ck_assert_int_eq(reader_last_seq(reader, &seq, &failure), ERR_NONE);
    ck_assert_uint_eq(seq, 0);
    reader_end(reader);
    ck_assert_int_eq(reader_last_seq(reader, &seq, &failure), ERR_NONE);
    ck_assert_uint_eq(seq, RECORD_KIND_COUNT);
    reader_close(reader);
    ck_assert_int_eq(store_close(store, &failure), ERR_NONE);
    forget_published();
}
END_TEST

START_TEST(reader_follows_a_run_that_goes_on)
{
    struct store *store = open_store();
    struct reader *reader = open_reader();
    uint64_t seq = UINT64_MAX;
    ck_assert_int_eq(reader_last_seq(reader, &seq, &failure), ERR_NONE);
    ck_assert_uint_eq(seq, 0);
    write_all_kinds(store);
    ck_assert_int_eq(reader_last_seq(reader, &seq, &failure), ERR_NONE);
    ck_assert_uint_eq(seq, RECORD_KIND_COUNT);
    struct seen seen = {0};
    ck_assert_int_eq(reader_events(reader, 1, 1000, compare_event, &seen, &failure), ERR_NONE);
    ck_assert_uint_eq(seen.count, RECORD_KIND_COUNT);
    ck_assert_int_eq(store_close(store, &failure), ERR_NONE);
    ck_assert_int_eq(reader_verify(reader, &seq, &failure), ERR_NONE);
    ck_assert_uint_eq(seq, RECORD_KIND_COUNT);
    reader_close(reader);
    reader_close(NULL);
    forget_published();
}
END_TEST

static bool count_event(void *context, uint64_t seq, const char *event)
{
    (void)seq;
    (void)event;
    (*(uint64_t *)context)++;
    return true;
}

/* Each line falsifies the journal in another way; both walks must find it at that record. */
START_TEST(falsified_journal_is_found)
{
    static const struct {
        const char *sql;
        uint64_t whole; /* Records before the falsified one. */
        const char *word;
    } cases[] = {
        {"UPDATE journal SET payload = replace(payload, '60000.57', '60000.58') WHERE seq = 20", 19,
         "record 20 does not fit"},
        {"UPDATE journal SET ts = ts + 1 WHERE seq = 1", 0, "record 1 does not fit"},
        {"UPDATE journal SET kind = 'fill' WHERE seq = 3", 2, "record 3 does not fit"},
        {"UPDATE journal SET executor_id = 'e9' WHERE seq = 9", 8, "record 9 does not fit"},
        {"UPDATE journal SET controller_id = 'x' WHERE seq = 9", 8, "record 9 does not fit"},
        {"UPDATE journal SET client_order_id = 'x' WHERE seq = 9", 8, "record 9 does not fit"},
        {"UPDATE journal SET checksum = x'00' WHERE seq = 4", 3, "record 4 has no checksum"},
        {"UPDATE journal SET checksum = zeroblob(32) WHERE seq = 4", 3, "record 4 does not fit"},
        {"DELETE FROM journal WHERE seq = 7", 6, "record 7 is missing"},
        {"DELETE FROM journal WHERE seq = 1", 0, "record 1 is missing"},
        {"UPDATE journal SET seq = 99 WHERE seq = 32", 31, "record 32 is missing"},
    };
    write_run();
    forget_published();
    struct connection connection;
    ck_assert_int_eq(
        connection_open(sample_path("run.db"), CONNECTION_WRITER, &connection, &failure), ERR_NONE);
    ck_assert_int_eq(connection_run(&connection, cases[_i].sql, &failure), ERR_NONE);
    connection_close(&connection);

    struct reader *reader = open_reader();
    uint64_t count = 0;
    ck_assert_int_eq(reader_verify(reader, &count, &failure), ERR_CORRUPT);
    ck_assert_msg(strstr(failure.text, cases[_i].word) != NULL, "%s", failure.text);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(reader_events(reader, 1, 1000, count_event, &count, &failure), ERR_CORRUPT);
    ck_assert_msg(strstr(failure.text, cases[_i].word) != NULL, "%s", failure.text);
    ck_assert_uint_eq(count, cases[_i].whole);
    reader_close(reader);
}
END_TEST

START_TEST(damaged_page_is_found)
{
    write_run();
    forget_published();
    struct connection connection;
    int64_t page = 0;
    ck_assert_int_eq(
        connection_open(sample_path("run.db"), CONNECTION_READER, &connection, &failure), ERR_NONE);
    ck_assert_int_eq(connection_read_int(&connection,
                                         "SELECT rootpage FROM sqlite_schema WHERE name = 'fill'",
                                         &page, &failure),
                     ERR_NONE);
    connection_close(&connection);
    FILE *file = fopen(sample_path("run.db"), "r+");
    ck_assert_int_eq(fseek(file, (long)((page - 1) * 4096), SEEK_SET), 0);
    ck_assert_uint_eq(fwrite("damaged!", 1, 8, file), 8);
    (void)fclose(file);
    struct reader *reader = open_reader();
    uint64_t count = 0;
    ck_assert_int_eq(reader_verify(reader, &count, &failure), ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(failure.text, "run.db"));
    reader_close(reader);
}
END_TEST

START_TEST(what_cannot_be_read)
{
    static const struct {
        const char *sql; /* What is made of the file first; NULL: nothing. */
        enum err err;
        const char *word;
    } cases[] = {
        {NULL, ERR_NOT_FOUND, "no such file"},
        {"PRAGMA user_version=0", ERR_VERSION, "an empty file"},
        {"CREATE TABLE t(x)", ERR_VERSION, "another program"},
        {"PRAGMA application_id=1953854580; PRAGMA user_version=99", ERR_VERSION, "newer"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)unlink(sample_path("run.db"));
        if (cases[i].sql != NULL) {
            struct connection connection;
            ck_assert_int_eq(
                connection_open(sample_path("run.db"), CONNECTION_WRITER, &connection, &failure),
                ERR_NONE);
            ck_assert_int_eq(connection_run(&connection, cases[i].sql, &failure), ERR_NONE);
            connection_close(&connection);
        }
        struct reader *reader = NULL;
        ck_assert_int_eq(reader_open(sample_path("run.db"), &reader, &failure), cases[i].err);
        ck_assert_msg(strstr(failure.text, cases[i].word) != NULL, "%s", failure.text);
        ck_assert_ptr_null(reader);
    }
    struct reader *reader = NULL;
    ck_assert_int_eq(reader_open(scratch_folder, &reader, &failure), ERR_IO);
    FILE *file = fopen(sample_path("garbage.db"), "w");
    for (int i = 0; i < 1000; i++) {
        (void)fputs("garbage ", file);
    }
    (void)fclose(file);
    ck_assert_int_eq(reader_open(sample_path("garbage.db"), &reader, &failure), ERR_CORRUPT);
}
END_TEST

static bool keep_event(void *context, uint64_t seq, const char *event)
{
    ck_assert_uint_ge(seq, 1);
    text_clear(context);
    text_append_string(context, event);
    return true;
}

/* What a journal without a sound run.started still tells. */
START_TEST(first_record_may_be_another)
{
    static const struct {
        const char *kind;
        const char *payload;
        const char *word; /* Of the event, or of the failure. */
        enum err err;
    } cases[] = {
        {"run.started", "{\"name\":\"of old\"}", "\"run\":\"of old\"", ERR_NONE},
        {"run.started", "{\"name\":null}", "\"run\":\"\"", ERR_NONE},
        {"run.stopped", "{\"reason\":\"end\"}", "\"run\":\"\"", ERR_NONE},
        {"run.started", "{\"name\":5}", "journal record 1: name", ERR_CORRUPT},
    };
    ck_assert_int_eq(store_close(open_store(), &failure), ERR_NONE);
    forge_record(sample_path("run.db"), cases[_i].kind, "", cases[_i].payload);
    struct reader *reader = open_reader();
    struct text event = {0};
    ck_assert_int_eq(reader_events(reader, 1, 10, keep_event, &event, &failure), cases[_i].err);
    const char *said = cases[_i].err == ERR_NONE ? text_string(&event) : failure.text;
    ck_assert_msg(strstr(said, cases[_i].word) != NULL, "%s", said);
    text_done(&event);
    reader_close(reader);
}
END_TEST

static enum err count_record(void *context, const struct record *record)
{
    ck_assert_uint_eq(record->seq, ++*(uint64_t *)context);
    return ERR_NONE;
}

START_TEST(records_that_cannot_be_understood_end_the_walk)
{
    write_run();
    forge_record(sample_path("run.db"), "order.eaten", "e1", "{}");
    struct reader *reader = open_reader();
    const struct reader_range all = {.first = 1, .last = UINT64_MAX};
    uint64_t count = 0;
    ck_assert_int_eq(reader_records(reader, &all, count_record, &count, &failure), ERR_CORRUPT);
    ck_assert_uint_eq(count, RECORD_KIND_COUNT);
    char word[64];
    (void)snprintf(word, sizeof(word), "journal record %d (order.eaten)", RECORD_KIND_COUNT + 1);
    ck_assert_msg(strstr(failure.text, word) != NULL, "%s", failure.text);
    reader_close(reader);
    forget_published();
}
END_TEST

static bool join_row(void *context, int count, const char *const *names, const char *const *values)
{
    struct text *out = context;
    for (int i = 0; i < count; i++) {
        text_printf(out, "%s=%s;", names[i], values[i] != NULL ? values[i] : "NULL");
    }
    return out->length < 200;
}

START_TEST(queries_give_rows_as_text)
{
    write_run();
    forget_published();
    static const struct {
        const char *sql;
        const char *parameter;
        const char *expected;
    } cases[] = {
        {"SELECT name, seed, NULL AS absent FROM run", NULL,
         "name=" SAMPLE_RUN ";seed=7;absent=NULL;"},
        {"SELECT seq FROM journal WHERE kind = ?1", "fill", "seq=25;"},
        {"SELECT seq FROM journal WHERE kind = ?1", "none", ""},
        {"SELECT count(*) = max(seq) AS n FROM journal WHERE ?1 IS NULL", NULL, "n=1;"},
    };
    struct reader *reader = open_reader();
    struct text rows = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text_clear(&rows);
        ck_assert_int_eq(
            reader_query(reader, cases[i].sql, cases[i].parameter, join_row, &rows, &failure),
            ERR_NONE);
        ck_assert_str_eq(text_string(&rows), cases[i].expected);
    }
    text_clear(&rows); /* False ends it. */
    ck_assert_int_eq(
        reader_query(reader, "SELECT payload FROM journal", NULL, join_row, &rows, &failure),
        ERR_NONE);
    ck_assert_uint_lt(rows.length, 2000);
    ck_assert_int_eq(reader_query(reader, "SELECT x FROM none", NULL, join_row, &rows, &failure),
                     ERR_CORRUPT);
    text_done(&rows);
    reader_close(reader);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/reader");
    TCase *tcase = tcase_create("reader");
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_add_test(tcase, events_equal_what_was_published);
    tcase_add_test(tcase, between_begin_and_end_nothing_changes);
    tcase_add_test(tcase, records_equal_what_was_written);
    tcase_add_test(tcase, records_of_a_range);
    tcase_add_test(tcase, reader_follows_a_run_that_goes_on);
    tcase_add_loop_test(tcase, falsified_journal_is_found, 0, 11);
    tcase_add_test(tcase, damaged_page_is_found);
    tcase_add_test(tcase, what_cannot_be_read);
    tcase_add_loop_test(tcase, first_record_may_be_another, 0, 4);
    tcase_add_test(tcase, records_that_cannot_be_understood_end_the_walk);
    tcase_add_test(tcase, queries_give_rows_as_text);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
