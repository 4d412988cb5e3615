#include "persistence/salvage.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "persistence/connection.h"
#include "persistence/lock.h"
#include "persistence/rebuild.h"
#include "persistence/schema.h"

/* "-journal" is longer than ".lock" by three. */
enum { SALVAGE_PATH_MAX = PATH_MAX + 3 };

struct salvage {
    const struct salvage_options *options;
    struct salvage_report *report;
    struct connection source; /* Owned. */
    struct connection target; /* Owned. */
    struct lock lock;         /* Of the target. */
    bool is_target_new;       /* The target is ours: it was not there. */
    uint64_t records_total;
};

static enum err salvage_open_source(struct salvage *salvage, struct failure *failure)
{
    bool is_empty = false;
    int64_t last = 0;
    const char *path = salvage->options->from;
    enum err err = connection_open(path, CONNECTION_READER, &salvage->source, failure);
    if (err == ERR_NONE) {
        err = connection_run(&salvage->source, "BEGIN", failure);
    }
    if (err == ERR_NONE) {
        err = schema_check(&salvage->source, &is_empty, failure);
    }
    if (err == ERR_NONE && is_empty) {
        err = failure_set(failure, ERR_VERSION, "%s: an empty file, no database of tutti", path);
    }
    if (err == ERR_NONE && connection_read_int(&salvage->source, "SELECT max(seq) FROM journal",
                                               &last, NULL) == ERR_NONE) {
        salvage->records_total = last > 0 ? (uint64_t)last : 0; /* For the progress only. */
    }
    return err;
}

static enum err salvage_open_target(struct salvage *salvage, struct failure *failure)
{
    const char *path = salvage->options->to;
    struct stat file;
    if (lstat(path, &file) == 0) {
        return failure_set(failure, ERR_EXISTS, "%s: exists already; choose a new path", path);
    }
    enum err err = lock_open(path, &salvage->lock, failure);
    if (err == ERR_NONE) {
        salvage->is_target_new = true;
        err = connection_open(path, CONNECTION_WRITER, &salvage->target, failure);
    }
    if (err == ERR_NONE) {
        err = connection_run(&salvage->target, "PRAGMA synchronous=FULL", failure);
    }
    return err == ERR_NONE ? schema_create_tables(&salvage->target, failure) : err;
}

static enum err salvage_on_record(void *context, const struct record *record,
                                  struct failure *failure)
{
    (void)failure;
    const struct salvage *salvage = context;
    if (salvage->options->on_progress != NULL) {
        salvage->options->on_progress(salvage->options->context, record->seq,
                                      salvage->records_total);
    }
    return ERR_NONE;
}

/* How many rows stand behind the last one copied. Damaged pages may hide them. */
static int64_t salvage_count_left(struct salvage *salvage, uint64_t records)
{
    sqlite3_stmt *statement = NULL;
    int64_t left = -1;
    if (connection_prepare(&salvage->source, "SELECT count(*) FROM journal WHERE seq > ?",
                           &statement, NULL) == ERR_NONE &&
        sqlite3_bind_int64(statement, 1, (int64_t)records) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        left = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return left;
}

static enum err salvage_copy(struct salvage *salvage, struct failure *failure)
{
    const struct rebuild_job job = {.source = &salvage->source,
                                    .target = &salvage->target,
                                    .is_copy = true,
                                    .on_record = salvage_on_record,
                                    .context = salvage};
    struct rebuild_outcome outcome;
    const enum err err = rebuild_tables(&job, &outcome, failure);
    if (err != ERR_NONE) {
        return err;
    }
    *salvage->report = (struct salvage_report){
        .records = outcome.records,
        .checksum = outcome.checksum,
        .broken_seq = outcome.broken_seq,
        .left = outcome.broken_seq != 0 ? salvage_count_left(salvage, outcome.records) : 0,
        .reason = outcome.failure};
    return ERR_NONE;
}

/* The new file and its rollback journal, when they are ours. */
static void salvage_remove_target(const char *path)
{
    char journal[SALVAGE_PATH_MAX];
    const int length = snprintf(journal, sizeof(journal), "%s-journal", path);
    ASSERT(length > 0 && (size_t)length < sizeof(journal)); /* Its lock file has been opened. */
    (void)unlink(path);
    (void)unlink(journal);
}

enum err salvage_database(const struct salvage_options *options, struct salvage_report *ret_report,
                          struct failure *failure)
{
    struct salvage salvage = {.options = options, .report = ret_report, .lock = LOCK_NONE};
    enum err err = salvage_open_source(&salvage, failure);
    if (err == ERR_NONE) {
        err = salvage_open_target(&salvage, failure);
    }
    if (err == ERR_NONE) {
        err = salvage_copy(&salvage, failure);
    }
    connection_close(&salvage.source);
    connection_close(&salvage.target);
    if (err != ERR_NONE && salvage.is_target_new) {
        salvage_remove_target(options->to);
    }
    lock_close(&salvage.lock);
    return err;
}
