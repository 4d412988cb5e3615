/*
 * The n-th allocation, write, sync, read and open fails, n = 1, 2, 3, ... until none does: each
 * time there is a clear error or none was needed, nothing leaks (under AddressSanitizer), and the
 * database holds at least what was acknowledged, whole.
 */
#include <check.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "actors/run_config.h"
#include "mailbox/message.h"
#include "market/feeds/recording.h"
#include "market/position.h"
#include "market/tape.h"
#include "persistence/reader.h"
#include "persistence/salvage.h"
#include "persistence/verify.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/faulty_memory.h"
#include "tests/unit/persistence/sample_run.h"

enum { FILLS = 2, GROUP = 5, ROUNDS_MAX = 20000 };

#define QUOTES TUTTI_SOURCE_DIR "/examples/data/quickstart-quotes.csv.gz"

static struct failure failure;

/* What an operation says that it must never say; looked at when memory is well again, as check
 * needs some too. */
static const char *lie;

static void demand(bool condition, const char *what)
{
    lie = condition ? lie : what;
}

static void faults_open(void)
{
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 1); /* Where a sync costs nothing. */
    }
    faulty_memory_install();
    faulty_disk_install();
    scratch_setup();
}

/* ---- What is done: each returns its error, and cleans up whatever happened ---- */

/* Writes the sample run in groups; *ret_acknowledged is what commits have said is durable. */
static enum err write_run(uint64_t *ret_acknowledged)
{
    const struct store_options options = {
        .path = sample_path("run.db"), .run_name = SAMPLE_RUN, .durability = DURABILITY_FULL};
    struct store *store = NULL;
    struct text event = {0};
    *ret_acknowledged = 0;
    enum err err = store_open("sqlite", &options, &store, &failure);
    const uint64_t last = sample_run_records(FILLS);
    for (uint64_t seq = 1; seq <= last && err == ERR_NONE; seq++) {
        const struct record record = sample_run_record(seq, FILLS);
        err = store_append(store, &record, &event, &failure);
        if (err == ERR_NONE && !record.has_more && (seq % GROUP == 0 || seq == last)) {
            err = store_commit(store, &failure);
            *ret_acknowledged = err == ERR_NONE ? seq : *ret_acknowledged;
        }
    }
    const enum err closed = store_close(store, &failure);
    text_done(&event);
    return err != ERR_NONE ? err : closed;
}

static void ignore_problem(void *context, const struct verify_problem *problem)
{
    (void)context;
    (void)problem;
}

static enum err verify_run(struct verify_report *ret_report)
{
    const struct verify_options options = {.on_problem = ignore_problem};
    return verify_database(sample_path("run.db"), &options, ret_report, &failure);
}

static bool keep_on(void *context, uint64_t seq, const char *event)
{
    (void)event;
    *(uint64_t *)context = seq;
    return true;
}

static enum err op_write(void)
{
    uint64_t acknowledged;
    sample_remove_run("run.db");
    return write_run(&acknowledged);
}

static enum err op_read(void)
{
    struct reader *reader = NULL;
    uint64_t seq = 0;
    enum err err = reader_open(sample_path("run.db"), &reader, &failure);
    if (err == ERR_NONE) {
        err = reader_events(reader, 1, UINT64_MAX, keep_on, &seq, &failure);
    }
    demand(err != ERR_NONE || seq == sample_run_records(FILLS), "fewer events, silently");
    reader_close(reader);
    return err;
}

static enum err op_verify(void)
{
    struct verify_report report;
    const enum err err = verify_run(&report);
    demand(err != ERR_NONE || report.problems == 0, "a sound run is not sound");
    return err;
}

static enum err op_salvage(void)
{
    struct salvage_report report;
    const struct salvage_options options = {.from = sample_path("run.db"),
                                            .to = sample_path("saved.db")};
    sample_remove_run("saved.db");
    const enum err err = salvage_database(&options, &report, &failure);
    demand(err != ERR_NONE || report.records == sample_run_records(FILLS), "saved a part");
    demand(err == ERR_NONE || access(options.to, F_OK) != 0, "a useless file is left");
    return err;
}

static enum err op_config(void)
{
    struct run_config config;
    struct problems problems;
    problems_init(&problems, "faults");
    const enum err err =
        run_config_load(TUTTI_SOURCE_DIR "/examples/quickstart.yaml", &config, &problems);
    run_config_done(&config);
    problems_done(&problems);
    return err;
}

static enum err op_json(void)
{
    static const char json[] = "{\"a\":[1,\"x\\u00e9\",null,{\"b\":true}],\"c\":\"0.10\"}";
    struct arena arena;
    struct problems problems;
    struct text printed = {0};
    const struct node *root = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "faults");
    enum err err = node_read_json("faults", json, sizeof(json) - 1, 32, &arena, &problems, &root);
    if (err == ERR_NONE) {
        node_print_json(root, &printed);
        err = text_failed(&printed) ? ERR_MEMORY : ERR_NONE;
    }
    text_done(&printed);
    problems_done(&problems);
    arena_done(&arena);
    return err;
}

static enum err op_recording(void)
{
    struct recording *recording = NULL;
    struct recording_row row;
    enum err err = recording_open(QUOTES, TAPE_LAYOUT_QUOTES, &recording, &failure);
    for (int i = 0; i < 100 && err == ERR_NONE; i++) {
        err = recording_next(recording, &row, &failure);
    }
    recording_close(recording);
    return err;
}

static enum err op_tape(void)
{
    const char *path = sample_path("quotes.tape");
    const struct tape_recipe recipe = {.csv_path = QUOTES, .layout = TAPE_LAYOUT_QUOTES};
    struct tape *tape = NULL;
    (void)unlink(path);
    enum err err = tape_make(&recipe, path, NULL, &failure);
    if (err == ERR_NONE) {
        err = tape_open(path, &tape, &failure);
        tape_close(tape);
    }
    return err;
}

static enum err op_book(void)
{
    struct position_book *book = NULL;
    enum err err = position_book_create(&book);
    for (uint32_t i = 0; i < 300 && err == ERR_NONE; i++) {
        err = position_book_get(book, i, 0, 0) != NULL ? ERR_NONE : ERR_MEMORY;
    }
    position_book_destroy(book);
    return err;
}

static enum err op_message(void)
{
    nng_msg *message = message_create(16, 0, 100);
    const enum err err = message != NULL ? ERR_NONE : ERR_MEMORY;
    message_destroy(message);
    message_pool_drain();
    return err;
}

struct operation {
    const char *name;
    enum err (*run)(void);
    bool is_patient; /* Some of its memory is only wished for. */
};

static const struct operation operations[] = {
    {"write a run", op_write, false},
    {"read events", op_read, false},
    {"verify", op_verify, false},
    {"salvage", op_salvage, false},
    {"configure", op_config, false},
    {"read JSON", op_json, false},
    {"read a recording", op_recording, false},
    {"make a tape", op_tape, false},
    {"keep positions", op_book, false},
    {"send", op_message, true},
};

enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

/* ---- Memory ---- */

/* Each of the first thousand, then every third; of those refused for good fewer and fewer. */
static uint64_t next_allocation(uint64_t n, bool is_lasting)
{
    if (is_lasting) {
        return n + 1 + n / 20;
    }
    return n < 1000 ? n + 1 : n + 3;
}

static void check_memory(const struct operation *operation, bool is_lasting)
{
    uint64_t n = 0;
    bool has_refused = true;
    ck_assert_int_eq(op_write(), ERR_NONE); /* What the others read. */
    while (has_refused) {
        n = next_allocation(n, is_lasting);
        ck_assert_uint_lt(n, ROUNDS_MAX);
        failure.text[0] = '\0';
        faulty_memory_arm(n, is_lasting);
        const enum err err = operation->run();
        has_refused = faulty_memory_disarm();
        ck_assert_msg(lie == NULL, "%s, allocation %lu: %s", operation->name, (unsigned long)n,
                      lie);
        ck_assert_msg(err == ERR_NONE || has_refused, "%s: %s", operation->name, failure.text);
        ck_assert_msg(err == ERR_NONE || err == ERR_MEMORY || err == ERR_IO,
                      "%s, allocation %lu: %s (%s)", operation->name, (unsigned long)n,
                      err_name(err), failure.text);
        /* One that is refused for good cannot be made up for. */
        ck_assert_msg(!has_refused || !is_lasting || operation->is_patient || err != ERR_NONE,
                      "%s, allocation %lu", operation->name, (unsigned long)n);
        if (operation->run == op_write && access(sample_path("run.db"), F_OK) == 0) {
            struct verify_report report;
            const enum err verified = verify_run(&report);
            ck_assert_msg(verified == ERR_VERSION || (verified == ERR_NONE && report.problems == 0),
                          "allocation %lu: %s", (unsigned long)n, failure.text);
        }
    }
    ck_assert_msg(n > 1, "%s allocates nothing", operation->name);
}

START_TEST(memory_that_is_refused_once)
{
    check_memory(&operations[_i], false);
}
END_TEST

START_TEST(memory_that_is_refused_for_good)
{
    check_memory(&operations[_i], true);
}
END_TEST

/* ---- The disk ---- */

static const struct disk_fault faults[] = {
    {.operation = DISK_WRITE, .code = SQLITE_IOERR_WRITE},
    {.operation = DISK_WRITE, .code = SQLITE_IOERR_WRITE, .is_once = true, .is_short = true},
    {.operation = DISK_WRITE, .code = SQLITE_FULL},
    {.operation = DISK_WRITE, .code = SQLITE_FULL, .is_once = true, .is_short = true},
    {.operation = DISK_SYNC, .code = SQLITE_IOERR_FSYNC},
    {.operation = DISK_SYNC, .code = SQLITE_IOERR_FSYNC, .is_once = true},
    {.operation = DISK_READ, .code = SQLITE_IOERR_READ, .is_once = true},
    {.operation = DISK_READ, .code = SQLITE_IOERR_SHORT_READ, .is_once = true},
    {.operation = DISK_OPEN, .code = SQLITE_CANTOPEN},
};

enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

/* The file holds what was acknowledged, whole; or nothing was, and it is no database yet. */
static void check_acknowledged(uint64_t acknowledged, uint64_t n)
{
    struct verify_report report;
    const enum err err = verify_run(&report);
    if (acknowledged == 0 && (err == ERR_VERSION || err == ERR_NOT_FOUND)) {
        return;
    }
    ck_assert_msg(err == ERR_NONE, "fault %lu: %s", (unsigned long)n, failure.text);
    ck_assert_msg(report.problems == 0, "fault %lu: not sound", (unsigned long)n);
    ck_assert_msg(report.records >= acknowledged, "fault %lu: %lu records, %lu acknowledged",
                  (unsigned long)n, (unsigned long)report.records, (unsigned long)acknowledged);
}

START_TEST(disk_that_fails_loses_nothing_acknowledged)
{
    uint64_t failed = 1;
    uint64_t n = 0;
    while (failed > 0) {
        ck_assert_uint_lt(++n, ROUNDS_MAX);
        struct disk_fault fault = faults[_i];
        uint64_t acknowledged;
        fault.nth = n;
        failure.text[0] = '\0';
        sample_remove_run("run.db");
        faulty_disk_arm(&fault);
        const enum err err = write_run(&acknowledged);
        failed = faulty_disk_disarm();
        ck_assert_msg(err == ERR_NONE || failed > 0, "%s", failure.text);
        ck_assert_msg(err == ERR_NONE || failure.text[0] != '\0', "fault %lu says nothing",
                      (unsigned long)n);
        ck_assert(err != ERR_NONE || acknowledged == sample_run_records(FILLS));
        check_acknowledged(acknowledged, n);
    }
    ck_assert_uint_gt(n, 2);
}
END_TEST

/* Once a sync has failed nobody may ask the disk again: it would say that all is well. */
START_TEST(failed_sync_is_not_repeated)
{
    for (uint64_t n = 1;; n++) {
        const struct disk_fault fault = {
            .operation = DISK_SYNC, .nth = n, .code = SQLITE_IOERR_FSYNC, .is_once = true};
        uint64_t acknowledged;
        sample_remove_run("run.db");
        faulty_disk_arm(&fault);
        const enum err err = write_run(&acknowledged);
        const uint64_t syncs = faulty_disk_count(DISK_SYNC);
        if (faulty_disk_disarm() == 0) {
            ck_assert_uint_gt(n, 3);
            break;
        }
        ck_assert_msg(err != ERR_NONE, "sync %lu failed and nobody noticed", (unsigned long)n);
        /* Before anything is acknowledged the new file is undone, and at the very end, when the log
         * is in the database, the file's way back from the log: SQLite syncs those once. */
        const bool is_undone = acknowledged == 0 || acknowledged == sample_run_records(FILLS);
        ck_assert_msg(syncs == n || (is_undone && syncs == n + 1), "%lu syncs after the failed one",
                      (unsigned long)(syncs - n));
    }
}
END_TEST

/* Appends a group from record `first`; the whole group again after a full disk. */
static enum err put_group(struct store *store, uint64_t first, uint64_t last, struct text *event)
{
    enum err err = ERR_NONE;
    for (uint64_t seq = first; seq <= last && err == ERR_NONE; seq++) {
        const struct record record = sample_run_record(seq, FILLS);
        err = store_append(store, &record, event, &failure);
    }
    return err == ERR_NONE ? store_commit(store, &failure) : err;
}

START_TEST(full_disk_is_gone_on_with)
{
    const uint64_t last = sample_run_records(FILLS);
    uint64_t failed = 1;
    for (uint64_t n = 1; failed > 0; n++) {
        const struct store_options options = {
            .path = sample_path("run.db"), .run_name = SAMPLE_RUN, .durability = DURABILITY_FULL};
        struct store *store = NULL;
        struct text event = {0};
        sample_remove_run("run.db");
        ck_assert_int_eq(store_open("sqlite", &options, &store, &failure), ERR_NONE);
        ck_assert_int_eq(put_group(store, 1, SAMPLE_RUN_HEAD, &event), ERR_NONE);
        const struct disk_fault fault = {
            .operation = DISK_WRITE, .nth = n, .code = SQLITE_FULL, .is_short = true};
        faulty_disk_arm(&fault);
        enum err err = put_group(store, SAMPLE_RUN_HEAD + 1, last, &event);
        failed = faulty_disk_disarm();
        ck_assert_msg(err == (failed > 0 ? ERR_FULL : ERR_NONE), "%s", failure.text);
        if (err == ERR_FULL) {
            ck_assert_ptr_nonnull(strstr(failure.text, "free some space"));
            err = put_group(store, SAMPLE_RUN_HEAD + 1, last, &event);
        }
        ck_assert_msg(err == ERR_NONE, "%s", failure.text);
        ck_assert_msg(store_close(store, &failure) == ERR_NONE, "%s", failure.text);
        check_acknowledged(last, n);
        text_done(&event);
    }
}
END_TEST

/* ---- Descriptors ---- */

START_TEST(descriptors_that_run_out)
{
    struct rlimit before;
    ck_assert_int_eq(op_write(), ERR_NONE);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (size_t i = 0; i < OPERATIONS; i++) {
        enum err err = ERR_IO;
        for (rlim_t limit = 3; limit < 40 && err != ERR_NONE; limit++) {
            const struct rlimit few = {.rlim_cur = limit, .rlim_max = before.rlim_max};
            failure.text[0] = '\0';
            ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
            err = operations[i].run();
            ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
            ck_assert_msg(err == ERR_NONE || err == ERR_IO || err == ERR_SYNTAX ||
                              err == ERR_MEMORY,
                          "%s: %s", operations[i].name, err_name(err));
        }
        ck_assert_msg(err == ERR_NONE, "%s: %s", operations[i].name, failure.text);
    }
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("faults");
    TCase *tcase = tcase_create("faults");
    tcase_add_checked_fixture(tcase, faults_open, scratch_teardown);
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, memory_that_is_refused_once, 0, OPERATIONS);
    tcase_add_loop_test(tcase, memory_that_is_refused_for_good, 0, OPERATIONS);
    tcase_add_loop_test(tcase, disk_that_fails_loses_nothing_acknowledged, 0, FAULTS);
    tcase_add_test(tcase, failed_sync_is_not_repeated);
    tcase_add_test(tcase, full_disk_is_gone_on_with);
    tcase_add_test(tcase, descriptors_that_run_out);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
