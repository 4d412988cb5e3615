#include <stdlib.h>
#include <string.h>

#include "tests/simulation/checker_parts.h"

/* ---- I6: executors ---- */

static void lives_on_executor(struct checker *checker, const char *const *columns)
{
    if (strcmp(columns[1], "TERMINATED") != 0) {
        verdict_set(checker->verdict, "I6 executor %s is %s at the end", columns[0], columns[1]);
    }
    if (columns[2][0] == '\0') {
        verdict_set(checker->verdict, "I6 executor %s ended without a word how", columns[0]);
    }
}

/* Executors are those of the run file and those that were asked for, each once. */
static void lives_count(struct checker *checker)
{
    const int64_t made = checker_number(checker, "SELECT count(*) FROM executor");
    const int64_t asked =
        checker_number(checker, "SELECT count(*) FROM action WHERE kind = 'create_executor'"
                                " AND json_extract(answer, '$.accepted')");
    if (made > (int64_t)checker->evidence->plan->executors + asked) {
        verdict_set(checker->verdict, "I3 %lld executors, %zu in the run file and %lld created",
                    (long long)made, checker->evidence->plan->executors, (long long)asked);
    }
}

/* What one opens never exceeds what it was to open. */
static void lives_on_target(struct checker *checker, const char *const *columns)
{
    if (decimal_less(checker_decimal(checker, columns[2]), checker_decimal(checker, columns[1]))) {
        verdict_set(checker->verdict, "I3 executor %s opened %s, it was to open %s", columns[0],
                    columns[1], columns[2]);
    }
}

/* ---- Actions: what was answered is so ---- */

static void lives_check_deed(struct checker *checker, const struct deed *deed)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(checker->db,
                           "SELECT json_extract(answer, '$.accepted'), executor_id FROM action"
                           " WHERE action_id = ?1",
                           -1, &statement, NULL) != SQLITE_OK) {
        verdict_set(checker->verdict, "database: %s", sqlite3_errmsg(checker->db));
        return;
    }
    (void)sqlite3_bind_text(statement, 1, deed->id, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_ROW) {
        verdict_set(checker->verdict, "action %s was answered and is lost", deed->id);
    } else if ((sqlite3_column_int(statement, 0) != 0) != deed->is_accepted ||
               strcmp((const char *)sqlite3_column_text(statement, 1), deed->executor_id) != 0) {
        verdict_set(checker->verdict, "action %s is stored with another answer", deed->id);
    }
    (void)sqlite3_finalize(statement);
}

/* ---- The journal ---- */

static bool lives_was_published(struct checker *checker, uint64_t seq, const char *payload)
{
    const struct outside *outside = checker->evidence->outside;
    return seq > outside->published_count || outside->published[seq] == 0 ||
           outside->published[seq] == outside_checksum(payload, strlen(payload));
}

static void lives_on_record(struct checker *checker, const char *const *columns)
{
    const uint64_t seq = strtoull(columns[0], NULL, 10);
    if (!lives_was_published(checker, seq, columns[2])) {
        verdict_set(checker->verdict, "published: record %s (%s) is not what was published",
                    columns[0], columns[1]);
    }
    if (strcmp(columns[1], "venue.reconciled") == 0 &&
        strstr(columns[2], "\"reason\":\"balanced\"") == NULL &&
        strstr(columns[2], "\"reason\":\"unreachable\"") == NULL) {
        verdict_set(checker->verdict, "I5 record %s: balances are not what fills say: %.300s",
                    columns[0], columns[2]);
    }
}

static void lives_check_journal(struct checker *checker)
{
    const uint64_t last = (uint64_t)checker_number(checker, "SELECT max(seq) FROM journal");
    const uint64_t count = (uint64_t)checker_number(checker, "SELECT count(*) FROM journal");
    if (last != count || last < checker->evidence->outside->published_count) {
        verdict_set(checker->verdict, "published: %llu records up to %llu, published up to %llu",
                    (unsigned long long)count, (unsigned long long)last,
                    (unsigned long long)checker->evidence->outside->published_count);
    }
    checker_each(checker, "SELECT seq, kind, payload FROM journal ORDER BY seq", lives_on_record);
}

/* An order that has ended stays as it ended. */
static void lives_on_return(struct checker *checker, const char *const *columns)
{
    verdict_set(checker->verdict, "status: order %s is %s (record %s) after it was %s (record %s)",
                columns[0], columns[1], columns[2], columns[3], columns[4]);
}

#define LIVES_ENDS "('order.filled', 'order.canceled', 'order.rejected', 'order.expired')"

void checker_lives(struct checker *checker)
{
    if (checker_number(checker, "SELECT count(*) FROM run WHERE state = 'stopped'") != 1) {
        verdict_set(checker->verdict, "I6 the run is not stopped in the database");
    }
    checker_each(checker, "SELECT id, status, close_type FROM executor", lives_on_executor);
    lives_count(checker);
    /* Sums of these few are exact enough in integers of the fifth digit, the step. */
    checker_each(checker,
                 "SELECT e.id, CAST(sum(CAST(round(o.executed_base * 100000) AS INTEGER)) AS TEXT),"
                 " CAST(CAST(round(json_extract(e.config, '$.amount') * 100000) AS INTEGER) AS"
                 " TEXT)"
                 " FROM executor e JOIN orders o ON o.executor_id = e.id AND o.role = 'open'"
                 " WHERE e.type IN ('position_executor', 'progressive_executor', 'order_executor')"
                 " GROUP BY e.id",
                 lives_on_target);
    for (size_t i = 0; i < checker->evidence->outside->deed_count; i++) {
        const struct deed *deed = &checker->evidence->outside->deeds[i];
        if (deed->is_answered) {
            lives_check_deed(checker, deed);
        }
    }
    lives_check_journal(checker);
    checker_each(checker,
                 "SELECT b.client_order_id, b.kind, b.seq, a.kind, a.seq FROM journal a JOIN"
                 " journal b ON b.client_order_id = a.client_order_id AND b.seq > a.seq"
                 " WHERE a.client_order_id <> '' AND a.kind IN " LIVES_ENDS
                 " AND b.kind LIKE 'order.%' AND b.kind <> a.kind LIMIT 1",
                 lives_on_return);
}
