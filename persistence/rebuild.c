#include "persistence/rebuild.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "persistence/event_read.h"
#include "persistence/journal.h"
#include "persistence/tables.h"

/* Records between two commits: whoever watches the target file sees it grow. */
enum { REBUILD_GROUP = 10000 };

/* What has to come before a change is complete. */
enum change {
    CHANGE_WHOLE,
    CHANGE_NEEDS_POSITION,           /* Funding, or the fill of nobody here. */
    CHANGE_NEEDS_POSITION_AND_ORDER, /* A fill of ours. */
    CHANGE_NEEDS_ORDER,
    CHANGE_NEEDS_EXECUTOR, /* An action that creates one. */
};

struct rebuild {
    const struct rebuild_job *job;
    struct rebuild_outcome *outcome;
    struct journal_walk walk;
    struct tables tables;
    char *memory; /* Owned: texts of the record at hand. */
    size_t memory_size;
    char *run_name; /* Owned; NULL before run.started. */
    uint64_t group; /* Records since the last commit. */
    enum change change;
    uint64_t whole_records; /* At the end of the last complete change. */
    struct checksum whole_checksum;
};

static enum err rebuild_reserve(struct rebuild *rebuild, const struct journal_row *row,
                                struct failure *failure)
{
    const size_t size = event_read_size(row);
    if (size <= rebuild->memory_size) {
        return ERR_NONE;
    }
    char *memory = realloc(rebuild->memory, size * 2);
    if (memory == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory for record %llu",
                           rebuild->job->source->path, (unsigned long long)row->seq);
    }
    rebuild->memory = memory;
    rebuild->memory_size = size * 2;
    return ERR_NONE;
}

/* Notes the record at which the journal breaks, and why. */
static enum err rebuild_break(struct rebuild *rebuild, uint64_t seq, const char *what)
{
    rebuild->outcome->broken_seq = seq;
    (void)failure_set(&rebuild->outcome->failure, ERR_CORRUPT, "%s", what);
    return ERR_END;
}

static bool rebuild_is_creation(const struct record *record)
{
    return record->kind == RECORD_ACTION_ACCEPTED && record->data.action.action != NULL &&
           strcmp(record->data.action.action, "create_executor") == 0;
}

static enum change rebuild_change_after(enum change change, const struct record *record)
{
    const bool is_owned = record->executor_id[0] != '\0';
    switch ((int)record_kind_data(record->kind)) {
    case RECORD_DATA_FILL:
        return is_owned ? CHANGE_NEEDS_POSITION_AND_ORDER : CHANGE_NEEDS_POSITION;
    case RECORD_DATA_FUNDING:
        return CHANGE_NEEDS_POSITION;
    case RECORD_DATA_POSITION:
        return change == CHANGE_NEEDS_POSITION_AND_ORDER ? CHANGE_NEEDS_ORDER : CHANGE_WHOLE;
    case RECORD_DATA_ORDER:
    case RECORD_DATA_EXECUTOR:
        return CHANGE_WHOLE;
    default:
        return rebuild_is_creation(record) ? CHANGE_NEEDS_EXECUTOR : change;
    }
}

/* The run's name is that of its first record: the tables need it before they take that in. */
static enum err rebuild_name_run(struct rebuild *rebuild, const struct record *record,
                                 struct failure *failure)
{
    if (record->kind != RECORD_RUN_STARTED || rebuild->run_name != NULL) {
        return ERR_NONE;
    }
    const char *name = record->data.run.name;
    rebuild->run_name = strdup(name != NULL ? name : "");
    if (rebuild->run_name == NULL) {
        return failure_set(failure, ERR_MEMORY, "no memory for the name of the run");
    }
    rebuild->tables.run_name = rebuild->run_name;
    return ERR_NONE;
}

/* The rows of a record. The journal comes last, so that one which contradicts leaves no trace. */
static enum err rebuild_put(struct rebuild *rebuild, const struct journal_row *row,
                            const struct record *record, struct failure *failure)
{
    char id[ORDER_ID_TEXT_MAX];
    struct journal_row derived = *row;
    derived.client_order_id = record_client_order_id(record, id); /* As the payload names it. */
    enum err err = tables_put(&rebuild->tables, record, &derived, failure);
    if (err == ERR_NONE && rebuild->job->is_copy) {
        err = tables_put_journal(&rebuild->tables, row, &rebuild->walk.checksum, failure);
    }
    if (err == ERR_NONE && rebuild->job->on_record != NULL) {
        err = rebuild->job->on_record(rebuild->job->context, record, failure);
    }
    return err;
}

static enum err rebuild_commit(struct rebuild *rebuild, bool is_last, struct failure *failure)
{
    rebuild->group = 0;
    return connection_run(rebuild->job->target, is_last ? "COMMIT" : "COMMIT; BEGIN", failure);
}

/* A change that may break begins with a savepoint and ends with its release. */
static enum err rebuild_mark_change(struct rebuild *rebuild, enum change next,
                                    struct failure *failure)
{
    if (rebuild->change == CHANGE_WHOLE && next != CHANGE_WHOLE) {
        return connection_run(rebuild->job->target, "SAVEPOINT change", failure);
    }
    if (rebuild->change != CHANGE_WHOLE && next == CHANGE_WHOLE) {
        return connection_run(rebuild->job->target, "RELEASE change", failure);
    }
    return ERR_NONE;
}

/* Takes one record over. ERR_END: it contradicts what was before it. */
static enum err rebuild_take(struct rebuild *rebuild, const struct journal_row *row,
                             struct failure *failure)
{
    struct record record;
    struct failure cause;
    enum err err = rebuild_reserve(rebuild, row, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (event_read(row, rebuild->memory, &record, &cause) != ERR_NONE) {
        return rebuild_break(rebuild, row->seq, cause.text);
    }
    const enum change next = rebuild_change_after(rebuild->change, &record);
    err = rebuild_name_run(rebuild, &record, failure);
    if (err == ERR_NONE && rebuild->change == CHANGE_WHOLE) {
        err = rebuild_mark_change(rebuild, next, failure);
    }
    if (err != ERR_NONE) {
        return err;
    }
    err = rebuild_put(rebuild, row, &record, &cause);
    if (err == ERR_CORRUPT || err == ERR_OVERFLOW) {
        rebuild->change = next != CHANGE_WHOLE ? next : rebuild->change;
        return rebuild_break(rebuild, row->seq, cause.text);
    }
    if (err == ERR_NONE && rebuild->change != CHANGE_WHOLE) {
        err = rebuild_mark_change(rebuild, next, &cause);
    }
    rebuild->change = next;
    if (err != ERR_NONE) {
        *failure = cause;
    }
    return err;
}

static void rebuild_count(struct rebuild *rebuild)
{
    rebuild->outcome->records++;
    rebuild->outcome->checksum = rebuild->walk.checksum;
    rebuild->group++;
    if (rebuild->change == CHANGE_WHOLE) {
        rebuild->whole_records = rebuild->outcome->records;
        rebuild->whole_checksum = rebuild->outcome->checksum;
    }
}

/* The next row. ERR_END: there is none, or none that is sound. */
static enum err rebuild_step(struct rebuild *rebuild, struct failure *failure)
{
    struct journal_row row;
    struct failure cause;
    enum err err = journal_next(&rebuild->walk, &row, &cause);
    if (err == ERR_CORRUPT) {
        return rebuild_break(rebuild, rebuild->walk.next_seq, rebuild->walk.damage);
    }
    if (err != ERR_NONE) {
        *failure = cause;
        return err;
    }
    err = rebuild_take(rebuild, &row, failure);
    if (err != ERR_NONE) {
        return err;
    }
    rebuild_count(rebuild);
    return rebuild->group >= REBUILD_GROUP && rebuild->change == CHANGE_WHOLE
               ? rebuild_commit(rebuild, false, failure)
               : ERR_NONE;
}

/* Gives up a change that the journal does not complete, and commits. */
static enum err rebuild_finish(struct rebuild *rebuild, struct failure *failure)
{
    if (rebuild->change != CHANGE_WHOLE) {
        const enum err err =
            connection_run(rebuild->job->target, "ROLLBACK TO change; RELEASE change", failure);
        if (err != ERR_NONE) {
            return err;
        }
        rebuild->outcome->records = rebuild->whole_records;
        rebuild->outcome->checksum = rebuild->whole_checksum;
    }
    return rebuild_commit(rebuild, true, failure);
}

static enum err rebuild_all(struct rebuild *rebuild, struct failure *failure)
{
    enum err err = connection_run(rebuild->job->target, "BEGIN", failure);
    if (err == ERR_NONE) {
        err = journal_begin(&rebuild->walk, rebuild->job->source, 1, failure);
        while (err == ERR_NONE) {
            err = rebuild_step(rebuild, failure);
        }
        journal_end(&rebuild->walk);
    }
    return err == ERR_END ? rebuild_finish(rebuild, failure) : err;
}

enum err rebuild_tables(const struct rebuild_job *job, struct rebuild_outcome *ret_outcome,
                        struct failure *failure)
{
    *ret_outcome = (struct rebuild_outcome){.checksum = CHECKSUM_FIRST};
    struct rebuild rebuild = {.job = job, .outcome = ret_outcome, .whole_checksum = CHECKSUM_FIRST};
    enum err err = tables_init(&rebuild.tables, job->target, "", failure);
    if (err != ERR_NONE) {
        return err;
    }
    err = rebuild_all(&rebuild, failure);
    if (err == ERR_NONE && ret_outcome->broken_seq == 0 && rebuild.change != CHANGE_WHOLE) {
        ret_outcome->broken_seq = ret_outcome->records + 1;
        (void)failure_set(&ret_outcome->failure, ERR_CORRUPT,
                          "begins a change that the journal does not complete");
    }
    tables_done(&rebuild.tables);
    free(rebuild.memory);
    free(rebuild.run_name);
    return err;
}
