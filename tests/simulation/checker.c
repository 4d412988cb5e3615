#include "tests/simulation/checker.h"

#include <stdlib.h>
#include <string.h>

#include "persistence/verify.h"
#include "tests/simulation/checker_parts.h"

enum { CHECKER_COLUMNS_MAX = 16 };

void checker_each(struct checker *checker, const char *sql,
                  void (*visit)(struct checker *checker, const char *const *columns))
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(checker->db, sql, -1, &statement, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW) {
            break;
        }
        const char *columns[CHECKER_COLUMNS_MAX];
        for (int i = 0; i < sqlite3_column_count(statement) && i < CHECKER_COLUMNS_MAX; i++) {
            const char *text = (const char *)sqlite3_column_text(statement, i);
            columns[i] = text != NULL ? text : "";
        }
        visit(checker, columns);
    }
    if (code != SQLITE_DONE) {
        verdict_set(checker->verdict, "database: %s: %s", sql, sqlite3_errmsg(checker->db));
    }
    (void)sqlite3_finalize(statement);
}

int64_t checker_number(struct checker *checker, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = 0;
    if (sqlite3_prepare_v2(checker->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        number = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return number;
}

struct decimal checker_decimal(struct checker *checker, const char *text)
{
    struct decimal value = DECIMAL_ZERO;
    if (decimal_parse(text, strlen(text), &value) != ERR_NONE) {
        verdict_set(checker->verdict, "database: \"%s\" is no decimal", text);
    }
    return value;
}

bool checker_is_base(const char *pair, const char *asset)
{
    const size_t length = strlen(asset);
    return strncmp(pair, asset, length) == 0 && pair[length] == '-';
}

struct decimal checker_moved(struct checker *checker, const char *const *columns)
{
    const struct decimal amount = checker_decimal(checker, columns[2]);
    const struct decimal moved = strcmp(columns[1], "BUY") == 0 ? amount : decimal_negate(amount);
    return checker_is_base(columns[0], columns[4])
               ? decimal_subtract(moved, checker_decimal(checker, columns[3]))
               : moved;
}

/* ---- verify ---- */

static void checker_on_problem(void *context, const struct verify_problem *problem)
{
    verdict_set(context, "I9 verify: %s: %s", problem->where, problem->what);
}

static void checker_verify(struct checker *checker)
{
    const struct verify_options options = {.on_problem = checker_on_problem,
                                           .context = checker->verdict};
    struct verify_report report;
    struct failure failure = {0};
    if (verify_database(checker->evidence->database, &options, &report, &failure) != ERR_NONE) {
        verdict_set(checker->verdict, "I9 verify: %s", failure.text);
    }
}

/* ---- The state hash ---- */

static const char *const hashed_tables[] = {
    "SELECT seq, ts, kind, payload FROM journal ORDER BY seq",
    "SELECT client_order_id, status, executed_base, reason, updated_at FROM orders",
    "SELECT trading_pair, trade_id, client_order_id, price, amount, fee FROM fill",
    "SELECT controller_id, trading_pair, amount, average_price FROM position",
    "SELECT id, status, close_type, net_pnl_quote FROM executor",
    "SELECT action_id, executor_id, answer FROM action",
};

static uint64_t checker_mix(uint64_t hash, const char *text, size_t length)
{
    return hash * UINT64_C(0x9e3779b97f4a7c15) + outside_checksum(text, length);
}

static uint64_t checker_hash_table(struct checker *checker, const char *sql, uint64_t hash)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(checker->db, sql, -1, &statement, NULL) == SQLITE_OK) {
        while (sqlite3_step(statement) == SQLITE_ROW) {
            for (int i = 0; i < sqlite3_column_count(statement); i++) {
                const char *text = (const char *)sqlite3_column_text(statement, i);
                hash = checker_mix(hash, text, text != NULL ? strlen(text) : 0);
            }
        }
    }
    (void)sqlite3_finalize(statement);
    return hash;
}

static uint64_t checker_hash(struct checker *checker, const struct world_report *report)
{
    const char *log = checker->evidence->log;
    uint64_t hash = checker_mix(report->turns, log, strlen(log));
    for (size_t i = 0; i < sizeof(hashed_tables) / sizeof(hashed_tables[0]); i++) {
        hash = checker_hash_table(checker, hashed_tables[i], hash);
    }
    return hash;
}

void checker_look(const struct checker_evidence *evidence, struct world_report *report)
{
    struct checker checker = {.evidence = evidence, .verdict = &report->verdict};
    if (sqlite3_open_v2(evidence->database, &checker.db, SQLITE_OPEN_READWRITE, NULL) !=
        SQLITE_OK) {
        verdict_set(checker.verdict, "database: it cannot be opened");
    } else if (!venue_log_read(evidence->log, &checker.log)) {
        verdict_set(checker.verdict, "venue: its log cannot be read");
    } else {
        checker_trades(&checker);
        checker_lives(&checker);
        checker_verify(&checker);
        report->trades = checker.log.trade_count;
        report->records = (uint64_t)checker_number(&checker, "SELECT max(seq) FROM journal");
        report->hash = checker_hash(&checker, report);
    }
    venue_log_done(&checker.log);
    (void)sqlite3_close(checker.db);
}
