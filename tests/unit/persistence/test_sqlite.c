#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "persistence/connection.h"
#include "persistence/reader.h"
#include "persistence/schema.h"
#include "persistence/store.h"
#include "tests/unit/persistence/samples.h"

static struct failure failure;
static struct text event;

static enum err try_open(const char *path, enum durability durability, struct store **ret_store)
{
    const struct store_options options = {
        .path = path, .run_name = SAMPLE_RUN, .durability = durability};
    return store_open("sqlite", &options, ret_store, &failure);
}

static struct store *open_store(enum durability durability)
{
    struct store *store = NULL;
    ck_assert_msg(try_open(sample_path("run.db"), durability, &store) == ERR_NONE, "%s",
                  failure.text);
    return store;
}

static void append(struct store *store, struct record record)
{
    ck_assert_msg(store_append(store, &record, &event, &failure) == ERR_NONE, "%s", failure.text);
}

static void append_fills(struct store *store, uint64_t from, uint64_t to)
{
    for (uint64_t seq = from; seq <= to; seq++) {
        append(store, sample_fill_record(seq));
    }
}

static void close_store(struct store *store)
{
    ck_assert_msg(store_close(store, &failure) == ERR_NONE, "%s", failure.text);
    text_done(&event);
}

static uint64_t last_seq(void)
{
    struct reader *reader = NULL;
    uint64_t seq = UINT64_MAX;
    ck_assert_msg(reader_open(sample_path("run.db"), &reader, &failure) == ERR_NONE, "%s",
                  failure.text);
    ck_assert_int_eq(reader_last_seq(reader, &seq, &failure), ERR_NONE);
    uint64_t verified = UINT64_MAX;
    ck_assert_msg(reader_verify(reader, &verified, &failure) == ERR_NONE, "%s", failure.text);
    ck_assert_uint_eq(verified, seq);
    reader_close(reader);
    return seq;
}

/* The first value of a query. */
static bool keep_value(void *context, int count, const char *const *names,
                       const char *const *values)
{
    (void)count;
    (void)names;
    (void)snprintf(context, 512, "%s", values[0] != NULL ? values[0] : "NULL");
    return false;
}

static void assert_value(const char *sql, const char *expected)
{
    char value[512] = "no row";
    struct reader *reader = NULL;
    ck_assert_int_eq(reader_open(sample_path("run.db"), &reader, &failure), ERR_NONE);
    ck_assert_msg(reader_query(reader, sql, NULL, keep_value, value, &failure) == ERR_NONE, "%s",
                  failure.text);
    ck_assert_msg(strcmp(value, expected) == 0, "%s: %s, expected %s", sql, value, expected);
    reader_close(reader);
}

static void run_sql(const char *sql)
{
    struct connection connection;
    ck_assert_int_eq(
        connection_open(sample_path("run.db"), CONNECTION_WRITER, &connection, &failure), ERR_NONE);
    ck_assert_msg(connection_run(&connection, sql, &failure) == ERR_NONE, "%s", failure.text);
    connection_close(&connection);
}

START_TEST(groups_become_visible_whole)
{
    struct store *store = open_store((enum durability)_i);
    ck_assert_uint_eq(last_seq(), 0);
    append_fills(store, 1, 3);
    ck_assert_uint_eq(last_seq(), 0);
    ck_assert_int_eq(store_commit(store, &failure), ERR_NONE);
    ck_assert_uint_eq(last_seq(), 3);
    append_fills(store, 4, 5);
    close_store(store); /* Commits what is open. */
    ck_assert_uint_eq(last_seq(), 5);
    /* One file is left, also after it was read. */
    ck_assert_int_ne(access(sample_path("run.db-wal"), F_OK), 0);
    ck_assert_int_ne(access(sample_path("run.db-shm"), F_OK), 0);
    ck_assert_int_ne(access(sample_path("run.db.lock"), F_OK), 0);
}
END_TEST

START_TEST(close_beside_a_reader_keeps_all)
{
    struct store *store = open_store((enum durability)_i);
    append_fills(store, 1, 3);
    ck_assert_int_eq(store_commit(store, &failure), ERR_NONE);
    struct connection reader;
    int64_t count = 0;
    ck_assert_int_eq(connection_open(sample_path("run.db"), CONNECTION_READER, &reader, &failure),
                     ERR_NONE);
    ck_assert_int_eq(connection_run(&reader, "BEGIN", &failure), ERR_NONE);
    ck_assert_int_eq(connection_read_int(&reader, "SELECT count(*) FROM fill", &count, &failure),
                     ERR_NONE);
    append_fills(store, 4, 6);
    close_store(store);
    ck_assert_int_eq(connection_read_int(&reader, "SELECT count(*) FROM fill", &count, &failure),
                     ERR_NONE);
    ck_assert_int_eq(count, 3); /* Its own snapshot. */
    connection_close(&reader);
    ck_assert_uint_eq(last_seq(), 6);
}
END_TEST

START_TEST(second_writer_is_told_the_pid)
{
    struct store *store = open_store(DURABILITY_GROUP);
    struct store *other = NULL;
    ck_assert_int_eq(try_open(sample_path("run.db"), DURABILITY_GROUP, &other), ERR_LOCKED);
    char pid[32];
    (void)snprintf(pid, sizeof(pid), "pid %ld ", (long)getpid());
    ck_assert_ptr_nonnull(strstr(failure.text, pid));
    ck_assert_ptr_null(other);
    append_fills(store, 1, 1); /* The first goes on undisturbed. */
    close_store(store);
    ck_assert_uint_eq(last_seq(), 1);
}
END_TEST

START_TEST(file_with_a_run_is_refused)
{
    struct store *store = open_store(DURABILITY_GROUP);
    append(store, sample_record(RECORD_RUN_STARTED, 1));
    close_store(store);
    ck_assert_int_eq(try_open(sample_path("run.db"), DURABILITY_GROUP, &store), ERR_EXISTS);
    static const char *const words[] = {"run.db",    SAMPLE_RUN,     "2024-08-08T00:00:00",
                                        "cut short", "another path", "delete"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        ck_assert_msg(strstr(failure.text, words[i]) != NULL, "%s in %s", words[i], failure.text);
    }
    ck_assert_int_ne(access(sample_path("run.db.lock"), F_OK), 0); /* Nothing is held. */
    ck_assert_uint_eq(last_seq(), 1);
}
END_TEST

static enum err try_replace(struct store **ret_store)
{
    const struct store_options options = {.path = sample_path("run.db"),
                                          .run_name = "second",
                                          .durability = DURABILITY_GROUP,
                                          .is_replaced = true};
    return store_open("sqlite", &options, ret_store, &failure);
}

START_TEST(run_is_replaced_where_that_is_wanted)
{
    struct store *store = open_store(DURABILITY_GROUP);
    append(store, sample_record(RECORD_RUN_STARTED, 1));
    append_fills(store, 2, 9);
    close_store(store);
    ck_assert_msg(try_replace(&store) == ERR_NONE, "%s", failure.text);
    append(store, sample_record(RECORD_RUN_STARTED, 1));
    append_fills(store, 2, 3);
    close_store(store);
    ck_assert_uint_eq(last_seq(), 3);
    assert_value("SELECT name FROM run", "second");
    assert_value("SELECT count(*) FROM fill", "2");
}
END_TEST

START_TEST(only_runs_of_tutti_are_replaced)
{
    static const struct {
        const char *sql;
        enum err err;
    } cases[] = {
        {"CREATE TABLE t(x)", ERR_VERSION},
        {"PRAGMA user_version=99; PRAGMA application_id=1953854580", ERR_VERSION},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store *store = NULL;
        run_sql(cases[i].sql);
        ck_assert_int_eq(try_replace(&store), cases[i].err);
        ck_assert_int_eq(unlink(sample_path("run.db")), 0);
    }
    struct store *store = open_store(DURABILITY_GROUP);
    struct store *other = NULL;
    ck_assert_int_eq(try_replace(&other), ERR_LOCKED); /* Nor one that is running. */
    close_store(store);
}
END_TEST

START_TEST(journal_without_a_run_is_refused)
{
    struct store *store = open_store(DURABILITY_GROUP);
    append_fills(store, 1, 2);
    close_store(store);
    ck_assert_int_eq(try_open(sample_path("run.db"), DURABILITY_GROUP, &store), ERR_EXISTS);
    ck_assert_ptr_nonnull(strstr(failure.text, "2 records"));
}
END_TEST

START_TEST(unused_database_is_used)
{
    struct store *store = open_store(DURABILITY_GROUP);
    close_store(store);
    store = open_store(DURABILITY_FULL);
    append_fills(store, 1, 2);
    close_store(store);
    ck_assert_uint_eq(last_seq(), 2);
}
END_TEST

START_TEST(files_of_others_are_refused_and_left_alone)
{
    static const struct {
        const char *sql;
        enum err err;
    } cases[] = {
        {"CREATE TABLE t(x)", ERR_VERSION},
        {"PRAGMA user_version=99; PRAGMA application_id=1953854580", ERR_VERSION},
        {"PRAGMA user_version=2; PRAGMA application_id=1953854580", ERR_CORRUPT}, /* No tables. */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store *store = NULL;
        run_sql(cases[i].sql);
        const enum err err = try_open(sample_path("run.db"), DURABILITY_GROUP, &store);
        ck_assert_msg(err == cases[i].err, "%s: %s", cases[i].sql, failure.text);
        struct connection connection;
        int64_t is_wal = 1;
        ck_assert_int_eq(
            connection_open(sample_path("run.db"), CONNECTION_READER, &connection, &failure),
            ERR_NONE);
        ck_assert_int_eq(connection_read_int(&connection,
                                             "SELECT journal_mode = 'wal' FROM pragma_journal_mode",
                                             &is_wal, &failure),
                         ERR_NONE);
        ck_assert_int_eq(is_wal, 0);
        connection_close(&connection);
        ck_assert_int_eq(unlink(sample_path("run.db")), 0);
    }
}
END_TEST

START_TEST(damaged_and_impossible_paths)
{
    FILE *file = fopen(sample_path("garbage.db"), "w");
    for (int i = 0; i < 1000; i++) {
        (void)fputs("garbage ", file);
    }
    (void)fclose(file);
    ck_assert_int_eq(mkdir(sample_path("folder.db"), 0700), 0);
    static const struct {
        const char *name;
        enum err err;
    } cases[] = {
        {"garbage.db", ERR_CORRUPT},
        {"folder.db", ERR_IO},
        {"none/run.db", ERR_IO},
        {"garbage.db/run.db", ERR_IO},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store *store = NULL;
        const enum err err = try_open(sample_path(cases[i].name), DURABILITY_GROUP, &store);
        ck_assert_msg(err == cases[i].err, "%s: %s", cases[i].name, failure.text);
        ck_assert_ptr_nonnull(strstr(failure.text, cases[i].name));
        ck_assert_ptr_null(store);
    }
}
END_TEST

START_TEST(folder_that_cannot_be_written)
{
    ck_assert_int_eq(chmod(scratch_folder, 0555), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(seteuid(65534), 0); /* Root may write everything: be somebody else. */
    }
    struct store *store = NULL;
    ck_assert_int_eq(try_open(sample_path("run.db"), DURABILITY_GROUP, &store), ERR_IO);
    ck_assert_ptr_nonnull(strstr(failure.text, "Permission denied"));
    if (getuid() == 0) {
        ck_assert_int_eq(seteuid(0), 0);
    }
    ck_assert_int_eq(chmod(scratch_folder, 0755), 0);
}
END_TEST

START_TEST(finished_run_is_read_where_nothing_can_be_written)
{
    struct store *store = open_store(DURABILITY_GROUP);
    append_fills(store, 1, 3);
    close_store(store);
    ck_assert_int_eq(chmod(sample_path("run.db"), 0444), 0);
    ck_assert_int_eq(chmod(scratch_folder, 0555), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(seteuid(65534), 0);
    }
    ck_assert_uint_eq(last_seq(), 3);
    if (getuid() == 0) {
        ck_assert_int_eq(seteuid(0), 0);
    }
    ck_assert_int_eq(chmod(scratch_folder, 0755), 0);
}
END_TEST

/* A damaged page in a file that holds no run. */
START_TEST(damaged_unused_database_is_refused)
{
    close_store(open_store(DURABILITY_GROUP));
    FILE *file = fopen(sample_path("run.db"), "r+");
    ck_assert_int_eq(fseek(file, 4096 * 4, SEEK_SET), 0);
    static const char zeros[4096] = {0};
    ck_assert_uint_eq(fwrite(zeros, 1, sizeof(zeros), file), sizeof(zeros));
    (void)fclose(file);
    struct store *store = NULL;
    ck_assert_int_eq(try_open(sample_path("run.db"), DURABILITY_GROUP, &store), ERR_CORRUPT);
}
END_TEST

/* The run is destroyed between a fill and its position: the fill counts when it comes again. */
START_TEST(change_that_is_not_complete_is_dropped_at_the_end)
{
    struct store *store = open_store((enum durability)_i);
    struct record record = sample_record(RECORD_RUN_STARTED, 1);
    append(store, record);
    ck_assert_int_eq(store_commit(store, &failure), ERR_NONE);
    append(store, sample_record(RECORD_ORDER_ACCEPTED, 2));
    record = sample_fill_record(3);
    record.has_more = true;
    append(store, record);
    close_store(store);
    ck_assert_uint_eq(last_seq(), 1);
    assert_value("SELECT count(*) FROM fill", "0");
}
END_TEST

START_TEST(run_whose_last_record_has_no_checksum_does_not_go_on)
{
    struct store *store = open_store(DURABILITY_GROUP);
    append(store, sample_record(RECORD_RUN_STARTED, 1));
    append_fills(store, 2, 3);
    close_store(store);
    run_sql("UPDATE journal SET checksum = x'00' WHERE seq = 3");
    const struct store_options options = {.path = sample_path("run.db"),
                                          .run_name = SAMPLE_RUN,
                                          .durability = DURABILITY_GROUP,
                                          .is_resumed = true};
    ck_assert_int_eq(store_open("sqlite", &options, &store, &failure), ERR_CORRUPT);
    ck_assert_msg(strstr(failure.text, "tutti verify") != NULL, "%s", failure.text);
}
END_TEST

START_TEST(duplicate_fill_stops_the_store)
{
    struct store *store = open_store(DURABILITY_GROUP);
    append_fills(store, 1, 2);
    ck_assert_int_eq(store_commit(store, &failure), ERR_NONE);
    append_fills(store, 3, 3);
    struct record record = sample_fill_record(1);
    record.seq = 4;
    ck_assert_int_eq(store_append(store, &record, &event, &failure), ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(failure.text, "fill"));
    ck_assert_int_eq(store_commit(store, &failure), ERR_CORRUPT);
    ck_assert_int_eq(store_close(store, &failure), ERR_CORRUPT);
    ck_assert_uint_eq(last_seq(), 2); /* What was committed stays, the open group is gone. */
    text_done(&event);
}
END_TEST

START_TEST(overflown_money_stops_the_store)
{
    struct store *store = open_store(DURABILITY_GROUP);
    struct record record = sample_fill_record(1);
    record.data.fill.fill.price = DECIMAL_INVALID;
    ck_assert_int_eq(store_append(store, &record, &event, &failure), ERR_OVERFLOW);
    ck_assert_int_eq(store_close(store, &failure), ERR_OVERFLOW);
    ck_assert_uint_eq(last_seq(), 0);
    text_done(&event);
}
END_TEST

/* Files may not grow any more: what the disk does when it is full. */
START_TEST(full_disk_keeps_what_was_committed)
{
    struct store *store = open_store((enum durability)_i);
    append_fills(store, 1, 50);
    ck_assert_int_eq(store_commit(store, &failure), ERR_NONE);
    (void)signal(SIGXFSZ, SIG_IGN);
    struct stat log;
    ck_assert_int_eq(stat(sample_path("run.db-wal"), &log), 0);
    const struct rlimit limit = {.rlim_cur = (rlim_t)log.st_size + 65536,
                                 .rlim_max = RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    uint64_t committed = 50;
    enum err err = ERR_NONE;
    for (uint64_t seq = 51; seq < 5000 && err == ERR_NONE; seq += 10) {
        append_fills(store, seq, seq + 9);
        err = store_commit(store, &failure);
        committed += err == ERR_NONE ? 10 : 0;
    }
    ck_assert_int_eq(err, ERR_IO);
    ck_assert_ptr_nonnull(strstr(failure.text, "run.db"));
    ck_assert_int_eq(store_close(store, &failure), ERR_IO);
    const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    ck_assert_uint_eq(last_seq(), committed);
    text_done(&event);
}
END_TEST

/* The child commits groups of seven for ever and says so after each. */
static void write_for_ever(int descriptor, enum durability durability)
{
    struct store *store = open_store(durability);
    for (uint64_t seq = 1;; seq += 7) {
        append_fills(store, seq, seq + 6);
        if (store_commit(store, &failure) != ERR_NONE || write(descriptor, "x", 1) != 1) {
            _exit(1);
        }
    }
}

START_TEST(killed_run_leaves_whole_groups)
{
    enum { GROUPS = 40 };
    int reports[2];
    ck_assert_int_eq(pipe(reports), 0);
    const pid_t child = fork();
    if (child == 0) {
        write_for_ever(reports[1], _i % 2 == 0 ? DURABILITY_FULL : DURABILITY_MEMORY);
    }
    char byte;
    for (int i = 0; i < GROUPS + _i; i++) {
        ck_assert_int_eq(read(reports[0], &byte, 1), 1);
    }
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    const uint64_t seq = last_seq();
    ck_assert_uint_eq(seq % 7, 0);
    ck_assert_uint_ge(seq, (uint64_t)(GROUPS + _i) * 7);
    char expected[32];
    (void)snprintf(expected, sizeof(expected), "%d", (int)seq);
    assert_value("SELECT count(*) FROM fill", expected);
    struct store *store = NULL; /* The lock is free; only the run is in the way. */
    ck_assert_int_eq(try_open(sample_path("run.db"), DURABILITY_FULL, &store), ERR_EXISTS);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("persistence/stores/sqlite");
    TCase *tcase = add_case(suite, "durability");
    tcase_add_loop_test(tcase, groups_become_visible_whole, DURABILITY_MEMORY, DURABILITY_FULL + 1);
    tcase_add_loop_test(tcase, close_beside_a_reader_keeps_all, DURABILITY_MEMORY,
                        DURABILITY_FULL + 1);
    tcase_add_loop_test(tcase, full_disk_keeps_what_was_committed, DURABILITY_MEMORY,
                        DURABILITY_FULL + 1);
    tcase_add_loop_test(tcase, killed_run_leaves_whole_groups, 0, 10);
    tcase_add_loop_test(tcase, change_that_is_not_complete_is_dropped_at_the_end, DURABILITY_MEMORY,
                        DURABILITY_FULL + 1);
    tcase_add_test(tcase, duplicate_fill_stops_the_store);
    tcase_add_test(tcase, overflown_money_stops_the_store);
    tcase = add_case(suite, "open");
    tcase_add_test(tcase, second_writer_is_told_the_pid);
    tcase_add_test(tcase, file_with_a_run_is_refused);
    tcase_add_test(tcase, run_is_replaced_where_that_is_wanted);
    tcase_add_test(tcase, only_runs_of_tutti_are_replaced);
    tcase_add_test(tcase, journal_without_a_run_is_refused);
    tcase_add_test(tcase, unused_database_is_used);
    tcase_add_test(tcase, files_of_others_are_refused_and_left_alone);
    tcase_add_test(tcase, damaged_and_impossible_paths);
    tcase_add_test(tcase, folder_that_cannot_be_written);
    tcase_add_test(tcase, finished_run_is_read_where_nothing_can_be_written);
    tcase_add_test(tcase, damaged_unused_database_is_refused);
    tcase_add_test(tcase, run_whose_last_record_has_no_checksum_does_not_go_on);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
