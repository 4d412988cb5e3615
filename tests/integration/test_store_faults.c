/*
 * What test_faults.c leaves out of persistence: each allocation of the program's own is refused,
 * one at a time, whatever is done with a database; a run that is gone on with or replaced, the
 * database of a sweep and a file that was cut off meet a disk that fails.
 */
#include <check.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "executors/ledger.h"
#include "persistence/connection.h"
#include "persistence/lock.h"
#include "persistence/reader.h"
#include "persistence/salvage.h"
#include "persistence/sweep_store.h"
#include "persistence/verify.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/faulty_memory.h"
#include "tests/unit/persistence/sample_run.h"

enum { FILLS = 12, SETS = 70, TOP = 5, ROUNDS_MAX = 20000 };

static struct failure failure;

/* What an operation says that it must never say; looked at when memory is well again. */
static const char *lie;

static void demand(bool condition, const char *what)
{
    lie = condition ? lie : what;
}

static void folder_create(void)
{
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 1); /* Where a sync costs nothing. */
    }
    scratch_setup();
}

static void disk_create(void)
{
    faulty_disk_install();
    folder_create();
}

static void memory_create(void)
{
    faulty_memory_install();
    folder_create();
}

/* ---- Runs ---- */

static struct store_options run_options(enum durability durability)
{
    return (struct store_options){
        .path = sample_path("run.db"), .run_name = SAMPLE_RUN, .durability = durability};
}

/* Appends records `first` to `last` of the sample run, a commit with each change. */
static enum err put_records(struct store *store, uint64_t first, uint64_t last)
{
    struct text event = {0};
    enum err err = ERR_NONE;
    for (uint64_t seq = first; seq <= last && err == ERR_NONE; seq++) {
        const struct record record = sample_run_record(seq, FILLS);
        err = store_append(store, &record, &event, &failure);
        if (err == ERR_NONE && text_failed(&event)) {
            err = failure_set(&failure, ERR_MEMORY, "no memory for an event");
        }
        if (err == ERR_NONE && !record.has_more) {
            err = store_commit(store, &failure);
        }
    }
    text_done(&event);
    return err;
}

/* Opens, writes, closes. */
static enum err write_store(const char *type, const struct store_options *options, uint64_t first,
                            uint64_t last)
{
    struct store *store = NULL;
    enum err err = store_open(type, options, &store, &failure);
    if (err == ERR_NONE) {
        err = put_records(store, first, last);
        const enum err closed = store_close(store, &failure);
        err = err != ERR_NONE ? err : closed;
    }
    return err;
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

static enum err verify_file(const char *name, struct verify_report *ret_report)
{
    const struct verify_options options = {.on_problem = ignore_problem};
    return verify_database(sample_path(name), &options, ret_report, &failure);
}

/* The file is sound and has this many records, at least and at most. */
static void check_run(const char *name, uint64_t least, uint64_t most)
{
    struct verify_report report;
    must(verify_file(name, &report));
    ck_assert_uint_eq(report.problems, 0);
    ck_assert_uint_ge(report.records, least);
    ck_assert_uint_le(report.records, most);
}

static void run_sql(const char *name, const char *sql)
{
    struct connection connection;
    must(connection_open(sample_path(name), CONNECTION_WRITER, &connection, &failure));
    must(connection_run(&connection, sql, &failure));
    connection_close(&connection);
}

static void prepare_nothing(void)
{
    sample_remove_run("run.db");
}

static void prepare_whole_run(void)
{
    const struct store_options options = run_options(DURABILITY_GROUP);
    sample_remove_run("run.db");
    must(write_store("sqlite", &options, 1, sample_run_records(FILLS)));
}

/* A run that was cut short after its first fill. */
static void prepare_cut_run(void)
{
    const struct store_options options = run_options(DURABILITY_GROUP);
    sample_remove_run("run.db");
    must(write_store("sqlite", &options, 1, SAMPLE_RUN_HEAD + SAMPLE_RUN_CHANGE));
}

static void prepare_damaged_run(void)
{
    prepare_whole_run();
    run_sql("run.db", "UPDATE orders SET amount = '9'; DELETE FROM fill; DELETE FROM position");
}

static void prepare_broken_run(void)
{
    prepare_whole_run();
    run_sql("run.db", "UPDATE journal SET ts = 1 WHERE seq = 11");
}

/* A whole run, and behind it a change that was killed: the next who opens the file takes it back
 * from its rollback journal. */
static void prepare_hot_journal(void)
{
    prepare_whole_run();
    const pid_t child = fork();
    if (child == 0) {
        struct connection connection;
        must(connection_open(sample_path("run.db"), CONNECTION_WRITER, &connection, &failure));
        must(connection_run(&connection,
                            "PRAGMA cache_size=2; BEGIN;"
                            "UPDATE journal SET payload = payload || zeroblob(9000)",
                            &failure));
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    char path[600];
    (void)snprintf(path, sizeof(path), "%s-journal", sample_path("run.db"));
    ck_assert_int_eq(access(path, F_OK), 0);
}

static enum err op_memory_store(void)
{
    const struct store_options options = {.run_name = SAMPLE_RUN};
    return write_store("memory", &options, 1, sample_run_records(FILLS));
}

static enum err op_write(void)
{
    const struct store_options options = run_options(DURABILITY_FULL);
    return write_store("sqlite", &options, 1, sample_run_records(FILLS));
}

static enum err op_resume(void)
{
    struct store_options options = run_options(DURABILITY_FULL);
    options.is_resumed = true;
    return write_store("sqlite", &options, SAMPLE_RUN_HEAD + SAMPLE_RUN_CHANGE + 1,
                       sample_run_records(FILLS));
}

static enum err op_replace(void)
{
    struct store_options options = run_options(DURABILITY_FULL);
    options.is_replaced = true;
    return write_store("sqlite", &options, 1, sample_run_records(FILLS));
}

static bool count_event(void *context, uint64_t seq, const char *event)
{
    (void)event;
    *(uint64_t *)context = seq;
    return true;
}

static enum err count_record(void *context, const struct record *record)
{
    *(uint64_t *)context = record->seq;
    return ERR_NONE;
}

static bool count_row(void *context, int count, const char *const *names, const char *const *values)
{
    (void)names;
    bool is_whole = count > 0;
    for (int i = 0; i < count; i++) {
        is_whole = is_whole && values[i] != NULL;
    }
    *(uint64_t *)context += is_whole ? 1 : 0;
    return true;
}

static enum err op_read(void)
{
    const uint64_t records = sample_run_records(FILLS);
    const struct reader_range all = {.first = 1, .last = UINT64_MAX};
    struct reader *reader = NULL;
    uint64_t events = 0;
    uint64_t seq = 0;
    uint64_t rows = 0;
    uint64_t last = 0;
    uint64_t verified = 0;
    enum err err = reader_open(sample_path("run.db"), &reader, &failure);
    err = err == ERR_NONE ? reader_last_seq(reader, &last, &failure) : err;
    err = err == ERR_NONE ? reader_verify(reader, &verified, &failure) : err;
    err = err == ERR_NONE ? reader_events(reader, 1, UINT64_MAX, count_event, &events, &failure)
                          : err;
    err = err == ERR_NONE ? reader_records(reader, &all, count_record, &seq, &failure) : err;
    err = err == ERR_NONE ? reader_query(reader, "SELECT trade_id, ts FROM fill WHERE venue = ?1",
                                         "paper", count_row, &rows, &failure)
                          : err;
    reader_close(reader);
    demand(err != ERR_NONE || last == records, "another end, silently");
    demand(err != ERR_NONE || (events == records && seq == records && verified == records),
           "fewer records, silently");
    demand(err != ERR_NONE || rows == FILLS, "fewer rows, silently");
    return err;
}

static enum err op_verify(void)
{
    struct verify_report report;
    const enum err err = verify_file("run.db", &report);
    demand(err != ERR_NONE || report.problems == 0, "a sound run is not sound");
    return err;
}

/* The order, each fill, the position. */
static enum err op_verify_damaged(void)
{
    struct verify_report report;
    const enum err err = verify_file("run.db", &report);
    demand(err != ERR_NONE || report.problems == FILLS + 2, "damage is not told");
    return err;
}

static enum err op_verify_broken(void)
{
    struct verify_report report;
    const enum err err = verify_file("run.db", &report);
    demand(err != ERR_NONE || (report.problems == 1 && report.records == 10), "a break is missed");
    return err;
}

static enum err op_salvage(void)
{
    struct salvage_report report;
    const struct salvage_options options = {.from = sample_path("run.db"),
                                            .to = sample_path("saved.db")};
    sample_remove_run("saved.db");
    const enum err err = salvage_database(&options, &report, &failure);
    demand(err != ERR_NONE || (report.records == 10 && report.broken_seq == 11), "saved otherwise");
    demand(err == ERR_NONE || access(options.to, F_OK) != 0, "a useless file is left");
    return err;
}

static enum err op_lock(void)
{
    struct lock lock = LOCK_NONE;
    const enum err err = lock_open(sample_path("run.db"), &lock, &failure);
    lock_close(&lock);
    return err;
}

/* ---- Sweeps ---- */

static const struct sweep_identity identity = {
    .name = "test", .config_hash = "aa", .version = "1", .sets = SETS};

static enum err put_sets(struct sweep_store *store, uint64_t from)
{
    enum err err = ERR_NONE;
    for (uint64_t set = from; set < SETS && err == ERR_NONE; set++) {
        struct sweep_row row = {
            .set = set,
            .state = set % 10 == 0 ? SWEEP_SET_FAILED : SWEEP_SET_DONE,
            .parameters = "{\"a\":1}",
            .problem = "",
            .total = {.global_pnl_quote = decimal_from_int((int64_t)set), .executors_closed = 3}};
        row.total.close_type_counts[3] = 2;
        err = sweep_store_append(store, &row, &failure);
        if (err == ERR_NONE && set % 10 == 9) {
            err = sweep_store_commit(store, &failure);
        }
    }
    return err;
}

static enum err write_sweep(bool is_replaced)
{
    struct sweep_store *store = NULL;
    uint64_t first = 0;
    uint64_t second = 0;
    enum err err =
        sweep_store_open(sample_path("run.db"), &identity, is_replaced, &store, &failure);
    err = err == ERR_NONE ? sweep_store_find(store, 0, &first, &failure) : err;
    err = err == ERR_NONE ? sweep_store_find(store, 64, &second, &failure) : err;
    if (err == ERR_NONE) {
        const int done = __builtin_popcountll(first) + __builtin_popcountll(second);
        demand(done % 10 == 0, "a part of a group is there");
        err = put_sets(store, (uint64_t)done);
    }
    sweep_store_close(store);
    return err;
}

static enum err op_sweep(void)
{
    return write_sweep(false);
}

static enum err op_sweep_replaced(void)
{
    return write_sweep(true);
}

static void collect_set(void *context, const struct sweep_row *row)
{
    uint64_t *sets = context;
    sets[sets[TOP]++] = row->set;
}

static enum err op_sweep_rank(void)
{
    struct sweep_store *store = NULL;
    struct sweep_counts counts = {0};
    static const uint64_t best[TOP] = {69, 68, 67, 66, 65};
    uint64_t found[TOP + 1] = {0}; /* And how many there are. */
    enum err err = sweep_store_open(sample_path("run.db"), &identity, false, &store, &failure);
    err = err == ERR_NONE ? sweep_store_count(store, &counts, &failure) : err;
    err = err == ERR_NONE
              ? sweep_store_rank(store, SWEEP_MEASURE_NET_PNL, TOP, collect_set, found, &failure)
              : err;
    sweep_store_close(store);
    demand(err != ERR_NONE || (counts.done == SETS - SETS / 10 && counts.failed == SETS / 10),
           "counted otherwise");
    demand(err != ERR_NONE || memcmp(found, best, sizeof(best)) == 0, "ranked otherwise");
    return err;
}

static void prepare_sweep(void)
{
    sample_remove_run("run.db");
    must(op_sweep());
}

/* ---- The ledger of an executor ---- */

static enum err op_ledger(void)
{
    const struct order_draft draft = {.role = ROLE_OPEN, .side = SIDE_BUY, .amount = DECIMAL_ONE};
    struct ledger ledger = {0};
    struct ledger_order *order = ledger_place(&ledger, &draft, 1);
    for (int i = 0; i < 9 && order != NULL; i++) {
        const uint32_t count = ledger.count;
        order = ledger_place(&ledger, &draft, 1);
        demand(order != NULL || ledger.count == count, "a refused order is there");
    }
    const enum err err =
        order != NULL ? ERR_NONE : failure_set(&failure, ERR_MEMORY, "no memory for an order");
    ledger_done(&ledger);
    return err;
}

/* ---- Each allocation of the program's own ---- */

struct operation {
    const char *name;
    void (*prepare)(void);
    enum err (*run)(void);
};

static const struct operation operations[] = {
    {"write to no store", prepare_nothing, op_memory_store},
    {"write a run", prepare_nothing, op_write},
    {"go on with a run", prepare_cut_run, op_resume},
    {"replace a run", prepare_whole_run, op_replace},
    {"read a run", prepare_whole_run, op_read},
    {"verify a run", prepare_whole_run, op_verify},
    {"verify damaged tables", prepare_damaged_run, op_verify_damaged},
    {"verify a broken journal", prepare_broken_run, op_verify_broken},
    {"salvage", prepare_broken_run, op_salvage},
    {"lock", prepare_nothing, op_lock},
    {"write a sweep", prepare_nothing, op_sweep},
    {"replace a sweep", prepare_sweep, op_sweep_replaced},
    {"rank a sweep", prepare_sweep, op_sweep_rank},
    {"place orders", prepare_nothing, op_ledger},
};

enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

static void check_lie(const struct operation *operation, uint64_t n)
{
    ck_assert_msg(lie == NULL, "%s, %lu: %s", operation->name, (unsigned long)n, lie);
}

/* SQLite's own memory is not refused here, so that every single one is reached, and the answer can
 * only be one. */
START_TEST(each_own_allocation_that_is_refused_is_told)
{
    const struct operation *operation = &operations[_i];
    bool has_refused = true;
    for (uint64_t n = 1; has_refused; n++) {
        ck_assert_uint_lt(n, ROUNDS_MAX);
        operation->prepare();
        failure = (struct failure){0};
        faulty_memory_arm(n, false);
        const enum err err = operation->run();
        has_refused = faulty_memory_disarm();
        check_lie(operation, n);
        ck_assert_msg(err == (has_refused ? ERR_MEMORY : ERR_NONE), "%s, allocation %lu: %s (%s)",
                      operation->name, (unsigned long)n, err_name(err), failure.text);
        ck_assert_msg(!has_refused || failure.code == ERR_MEMORY, "%s, allocation %lu: %s",
                      operation->name, (unsigned long)n, failure.text);
    }
}
END_TEST

/* ---- The disk, and the memory of SQLite, for what test_faults.c does not do ---- */

static const struct operation others[] = {
    {"go on with a run", prepare_cut_run, op_resume},
    {"replace a run", prepare_whole_run, op_replace},
    {"read a run", prepare_whole_run, op_read},
    {"read a run that was cut off", prepare_hot_journal, op_read},
    {"write a sweep", prepare_nothing, op_sweep},
    {"replace a sweep", prepare_sweep, op_sweep_replaced},
    {"rank a sweep", prepare_sweep, op_sweep_rank},
};

static const struct disk_fault faults[] = {
    {.operation = DISK_WRITE, .code = SQLITE_IOERR_WRITE, .is_short = true},
    {.operation = DISK_WRITE, .code = SQLITE_FULL, .is_once = true},
    {.operation = DISK_SYNC, .code = SQLITE_IOERR_FSYNC},
    {.operation = DISK_READ, .code = SQLITE_IOERR_READ, .is_once = true},
    {.operation = DISK_READ, .code = SQLITE_IOERR_READ},
    {.operation = DISK_OPEN, .code = SQLITE_CANTOPEN},
};

enum {
    OTHERS = sizeof(others) / sizeof(others[0]),
    FAULTS = sizeof(faults) / sizeof(faults[0]),
};

/* After the fault the disk is well: whatever happened, what is there is whole and can be used. */
static void check_usable(const struct operation *operation)
{
    if (operation->run == op_resume) {
        struct verify_report report;
        check_run("run.db", SAMPLE_RUN_HEAD + SAMPLE_RUN_CHANGE, sample_run_records(FILLS));
        must(verify_file("run.db", &report));
        struct store_options options = run_options(DURABILITY_FULL);
        options.is_resumed = true;
        const uint64_t last = sample_run_records(FILLS);
        if (report.records < last) { /* The last one ends the run: nothing to go on with. */
            must(write_store("sqlite", &options, report.records + 1, last));
        }
        check_run("run.db", last, last);
    } else if (operation->run == op_replace) {
        check_run("run.db", 0, sample_run_records(FILLS)); /* The old run, none, or the new one. */
        must(op_replace());
        check_run("run.db", sample_run_records(FILLS), sample_run_records(FILLS));
    } else if (operation->run == op_sweep || operation->run == op_sweep_replaced) {
        must(op_sweep()); /* Goes on behind the last group. */
        must(op_sweep_rank());
    } else {
        must(operation->run());
    }
    ck_assert_ptr_null(lie);
}

START_TEST(disk_that_fails_leaves_what_can_be_gone_on_with)
{
    const struct operation *operation = &others[_i / FAULTS];
    uint64_t failed = 1;
    for (uint64_t n = 1; failed > 0; n += 1 + n / 20) { /* Each of the first, then fewer. */
        ck_assert_uint_lt(n, ROUNDS_MAX);
        operation->prepare();
        struct disk_fault fault = faults[_i % FAULTS];
        fault.nth = n;
        failure = (struct failure){0};
        faulty_disk_arm(&fault);
        const enum err err = operation->run();
        failed = faulty_disk_disarm();
        check_lie(operation, n);
        ck_assert_msg(err == ERR_NONE || failed > 0, "%s: %s", operation->name, failure.text);
        ck_assert_msg(err == ERR_NONE || failure.text[0] != '\0', "%s, fault %lu says nothing",
                      operation->name, (unsigned long)n);
        check_usable(operation);
    }
}
END_TEST

START_TEST(memory_of_sqlite_that_is_refused)
{
    const struct operation *operation = &others[_i];
    bool has_refused = true;
    for (uint64_t n = 1; has_refused; n += 1 + n / 10) {
        ck_assert_uint_lt(n, ROUNDS_MAX);
        operation->prepare();
        failure = (struct failure){0};
        faulty_memory_arm(n, true);
        const enum err err = operation->run();
        has_refused = faulty_memory_disarm();
        check_lie(operation, n);
        ck_assert_msg(has_refused == (err != ERR_NONE), "%s, allocation %lu: %s", operation->name,
                      (unsigned long)n, failure.text);
        check_usable(operation);
    }
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("store faults");
    TCase *tcase = tcase_create("own memory");
    tcase_add_checked_fixture(tcase, folder_create, scratch_teardown);
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, each_own_allocation_that_is_refused_is_told, 0, OPERATIONS);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("memory");
    tcase_add_checked_fixture(tcase, memory_create, scratch_teardown);
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, memory_of_sqlite_that_is_refused, 0, OTHERS);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("disk");
    tcase_add_checked_fixture(tcase, disk_create, scratch_teardown);
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, disk_that_fails_leaves_what_can_be_gone_on_with, 0, OTHERS * FAULTS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
