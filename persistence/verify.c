#include "persistence/verify.h"

#include "base/text.h"
#include "persistence/rebuild.h"
#include "persistence/schema.h"
#include "persistence/verify_parts.h"

enum err verify_tell(struct verify *verify, const char *next, struct failure *failure)
{
    if (text_failed(&verify->where) || text_failed(&verify->what)) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to say what is wrong", verify->path);
    }
    if (verify->report->problems++ < VERIFY_PROBLEMS_MAX) {
        const struct verify_problem problem = {
            .where = text_string(&verify->where), .what = text_string(&verify->what), .next = next};
        verify->options->on_problem(verify->options->context, &problem);
    }
    text_clear(&verify->where);
    text_clear(&verify->what);
    return ERR_NONE;
}

static enum err verify_tell_page(struct verify *verify, const char *what, struct failure *failure)
{
    text_append_string(&verify->where, "file");
    text_append_string(&verify->what, what);
    return verify_tell(verify,
                       "keep a copy of the file; tutti salvage DATABASE NEW saves the journal as "
                       "far as it is whole",
                       failure);
}

/* SQLite's own check of pages, indexes and types. */
static enum err verify_pages(struct verify *verify, struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    struct failure cause;
    enum err err = connection_prepare(&verify->stored,
                                      "SELECT integrity_check FROM pragma_integrity_check LIMIT 20",
                                      &statement, &cause);
    if (err != ERR_NONE) {
        return err == ERR_CORRUPT ? verify_tell_page(verify, cause.text, failure)
                                  : failure_set(failure, err, "%s", cause.text);
    }
    int code;
    while (err == ERR_NONE && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *finding = (const char *)sqlite3_column_text(statement, 0);
        if (finding != NULL && sqlite3_stricmp(finding, "ok") != 0) {
            err = verify_tell_page(verify, finding, failure);
        }
    }
    if (err == ERR_NONE && code != SQLITE_DONE) {
        err = connection_fail(&verify->stored, "check its pages", &cause);
        err = err == ERR_CORRUPT ? verify_tell_page(verify, cause.text, failure)
                                 : failure_set(failure, err, "%s", cause.text);
    }
    (void)sqlite3_finalize(statement);
    return err;
}

static enum err verify_on_record(void *context, const struct record *record,
                                 struct failure *failure)
{
    struct verify *verify = context;
    const struct verify_options *options = verify->options;
    if (options->on_progress != NULL) {
        options->on_progress(options->context, record->seq, verify->records_total);
    }
    return verify_books_take(verify, record, failure);
}

static enum err verify_tell_break(struct verify *verify, const struct rebuild_outcome *outcome,
                                  struct failure *failure)
{
    text_printf(&verify->where, "journal record %llu", (unsigned long long)outcome->broken_seq);
    text_append_string(&verify->what, outcome->failure.text);
    struct text next = {0};
    text_printf(&next,
                "keep a copy of the file; tutti salvage DATABASE NEW saves the %llu records before "
                "it",
                (unsigned long long)outcome->records);
    const enum err err =
        text_failed(&next)
            ? failure_set(failure, ERR_MEMORY, "%s: no memory to say what is wrong", verify->path)
            : verify_tell(verify, text_string(&next), failure);
    text_done(&next);
    return err;
}

/* The journal, and whether the tables are what it makes of them. */
static enum err verify_journal(struct verify *verify, struct failure *failure)
{
    const struct rebuild_job job = {.source = &verify->stored,
                                    .target = &verify->rebuilt,
                                    .on_record = verify_on_record,
                                    .context = verify};
    struct rebuild_outcome outcome;
    enum err err = rebuild_tables(&job, &outcome, failure);
    if (err != ERR_NONE) {
        return err;
    }
    verify->report->records = outcome.records;
    verify->report->checksum = outcome.checksum;
    if (outcome.broken_seq != 0) {
        return verify_tell_break(verify, &outcome, failure);
    }
    verify->report->is_compared = true;
    err = verify_tables(verify, failure);
    return err == ERR_NONE ? verify_books_sum(verify, failure) : err;
}

static enum err verify_open(struct verify *verify, struct failure *failure)
{
    bool is_empty = false;
    int64_t last = 0;
    enum err err = connection_open(verify->path, CONNECTION_READER, &verify->stored, failure);
    if (err == ERR_NONE) {
        err = connection_run(&verify->stored, "BEGIN", failure);
    }
    if (err == ERR_NONE) {
        err = schema_check(&verify->stored, &is_empty, failure);
    }
    if (err == ERR_NONE && is_empty) {
        err = failure_set(failure, ERR_VERSION, "%s: an empty file, no database of tutti",
                          verify->path);
    }
    if (err == ERR_NONE) {
        err = connection_open(verify->path, CONNECTION_SCRATCH, &verify->rebuilt, failure);
    }
    if (err == ERR_NONE) {
        err = schema_create_tables(&verify->rebuilt, failure);
    }
    if (err == ERR_NONE && connection_read_int(&verify->stored, "SELECT max(seq) FROM journal",
                                               &last, NULL) == ERR_NONE) {
        verify->records_total = last > 0 ? (uint64_t)last : 0; /* For the progress only. */
    }
    return err;
}

enum err verify_database(const char *path, const struct verify_options *options,
                         struct verify_report *ret_report, struct failure *failure)
{
    *ret_report = (struct verify_report){.checksum = CHECKSUM_FIRST};
    struct verify verify = {.path = path, .options = options, .report = ret_report};
    verify_books_init(&verify.books);
    enum err err = verify_open(&verify, failure);
    if (err == ERR_NONE) {
        err = verify_pages(&verify, failure);
    }
    if (err == ERR_NONE) {
        err = verify_journal(&verify, failure);
    }
    verify_books_done(&verify.books);
    connection_close(&verify.rebuilt);
    connection_close(&verify.stored);
    text_done(&verify.where);
    text_done(&verify.what);
    return err;
}
