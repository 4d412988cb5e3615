/*
 * The write-ahead log of a run: it is kept short, copied into the database by a disk that fails,
 * carries groups larger than any cache, and is synced at the end where it was not before.
 */
#include <check.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "persistence/verify.h"
#include "tests/support/faulty_disk.h"
#include "tests/unit/persistence/sample_run.h"

enum { FILLS = 12 };

static struct failure failure;

static void disk_create(void)
{
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 1); /* Where a sync costs nothing. */
    }
    faulty_disk_install();
    scratch_setup();
}

static void must(enum err err)
{
    ck_assert_msg(err == ERR_NONE, "%s", failure.text);
}

static void ignore_problem(void *context, const struct verify_problem *problem)
{
    (void)context;
    (void)problem;
}

/* The file is sound and has this many records, at least and at most. */
static void check_run(uint64_t least, uint64_t most)
{
    const struct verify_options options = {.on_problem = ignore_problem};
    struct verify_report report;
    must(verify_database(sample_path("run.db"), &options, &report, &failure));
    ck_assert_uint_eq(report.problems, 0);
    ck_assert_uint_ge(report.records, least);
    ck_assert_uint_le(report.records, most);
}

static struct record large_record(uint64_t seq)
{
    static char name[60000];
    memset(name, 'x', sizeof(name) - 1);
    struct record record = sample_record(RECORD_RUN_DEGRADED, seq);
    record.data.run.reason = name;
    return record;
}

/* Records of 60 kB from `first` to `last`, `group` to a commit. */
static enum err put_large(struct store *store, uint64_t first, uint64_t last, uint64_t group)
{
    struct text event = {0};
    enum err err = ERR_NONE;
    for (uint64_t seq = first; seq <= last && err == ERR_NONE; seq++) {
        const struct record record = seq == 1 ? sample_run_record(1, 0) : large_record(seq);
        err = store_append(store, &record, &event, &failure);
        if (err == ERR_NONE && (seq - first) % group == group - 1) {
            err = store_commit(store, &failure);
        }
    }
    text_done(&event);
    return err;
}

static struct store *open_store(enum durability durability)
{
    const struct store_options options = {
        .path = sample_path("run.db"), .run_name = SAMPLE_RUN, .durability = durability};
    struct store *store = NULL;
    must(store_open("sqlite", &options, &store, &failure));
    return store;
}

static long size_of(const char *name)
{
    FILE *file = fopen(sample_path(name), "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    (void)fclose(file);
    return size;
}

/* 60 MB go through a log that is copied into the database after 16 MB. */
START_TEST(long_log_is_copied_into_the_database)
{
    struct store *store = open_store(DURABILITY_GROUP);
    must(put_large(store, 1, 1000, 10));
    ck_assert_int_gt(size_of("run.db"), 40 * 1000 * 1000);
    ck_assert_int_lt(size_of("run.db-wal"), 20 * 1000 * 1000);
    must(store_close(store, &failure));
    check_run(1000, 1000);
}
END_TEST

/* The n-th write of a long log into the database fails: a full disk puts that off, everything else
 * ends the run; what was acknowledged is there. */
START_TEST(log_that_cannot_be_copied)
{
    static const struct {
        struct disk_fault fault;
        enum err err;
    } cases[] = {
        {{.operation = DISK_WRITE, .code = SQLITE_FULL}, ERR_NONE},
        {{.operation = DISK_WRITE, .code = SQLITE_IOERR_WRITE}, ERR_IO},
        {{.operation = DISK_SYNC, .code = SQLITE_IOERR_FSYNC}, ERR_IO},
    };
    struct store *store = open_store(DURABILITY_GROUP);
    must(put_large(store, 1, 200, 10));
    struct disk_fault fault = cases[_i].fault;
    const enum err expected = cases[_i].err;
    const bool is_write = fault.operation == DISK_WRITE;
    faulty_disk_arm(&(struct disk_fault){.operation = DISK_OPERATION_COUNT});
    must(put_large(store, 201, 250, 50)); /* Counts what one commit and no copy asks of the disk. */
    fault.nth = faulty_disk_count(fault.operation) + 1;
    (void)faulty_disk_disarm();
    faulty_disk_arm(&fault);
    const enum err err = put_large(store, 251, 300, 50); /* This one is copied. */
    const uint64_t failed = faulty_disk_disarm();
    ck_assert_uint_gt(failed, 0);
    ck_assert_msg(err == expected, "%s: %s", is_write ? "write" : "sync", failure.text);
    if (err == ERR_NONE) {
        must(put_large(store, 301, 600, 50));
        ck_assert_int_lt(size_of("run.db-wal"), 40 * 1000 * 1000); /* Made up for. */
    }
    ck_assert_int_eq(store_close(store, &failure), expected);
    check_run(300, 600);
}
END_TEST

/* A group that is larger than the cache has reached the file before its commit. */
START_TEST(large_group_is_dropped_whole_and_comes_again)
{
    enum { LAST = 600 }; /* 36 MB */
    uint64_t failed = 1;
    for (uint64_t n = 1; failed > 0; n *= 4) {
        (void)unlink(sample_path("run.db"));
        struct store *store = open_store(DURABILITY_FULL);
        must(put_large(store, 1, 10, 10));
        const struct disk_fault fault = {.operation = DISK_WRITE, .nth = n, .code = SQLITE_FULL};
        faulty_disk_arm(&fault);
        enum err err = put_large(store, 11, LAST, LAST - 10);
        failed = faulty_disk_disarm();
        ck_assert_msg(err == (failed > 0 ? ERR_FULL : ERR_NONE), "%s", failure.text);
        if (err == ERR_FULL) {
            check_run(10, 10);
            must(put_large(store, 11, LAST, LAST - 10));
        }
        must(store_close(store, &failure));
        check_run(LAST, LAST);
    }
}
END_TEST

/* Durability memory syncs once, at the end: what the disk refuses then is told. */
START_TEST(last_sync_that_fails_is_told)
{
    struct store *store = open_store(DURABILITY_MEMORY);
    struct text event = {0};
    for (uint64_t seq = 1; seq <= sample_run_records(FILLS); seq++) {
        const struct record record = sample_run_record(seq, FILLS);
        must(store_append(store, &record, &event, &failure));
    }
    text_done(&event);
    const struct disk_fault fault = {.operation = DISK_SYNC, .nth = 1, .code = SQLITE_IOERR_FSYNC};
    faulty_disk_arm(&fault);
    ck_assert_int_eq(store_close(store, &failure), ERR_IO);
    ck_assert_uint_eq(faulty_disk_disarm(), 1);
    ck_assert_ptr_nonnull(strstr(failure.text, "may be lost"));
    check_run(sample_run_records(FILLS), sample_run_records(FILLS));
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("store log");
    TCase *tcase = tcase_create("log");
    tcase_add_checked_fixture(tcase, disk_create, scratch_teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, long_log_is_copied_into_the_database);
    tcase_add_loop_test(tcase, log_that_cannot_be_copied, 0, 3);
    tcase_add_test(tcase, large_group_is_dropped_whole_and_comes_again);
    tcase_add_test(tcase, last_sync_that_fails_is_told);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
