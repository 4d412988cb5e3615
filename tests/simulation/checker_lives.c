#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/simulation/checker_parts.h"

/* Less than this cannot be traded: the smallest notional of 5 at a price that may have halved, and
 * the smallest size. */
#define LIVES_DUST "0.0101"

/* By so much a sum of rounded products may be off. */
#define LIVES_ROUNDED "0.000001"

/* ---- I3, I6: executors ---- */

static struct executor_life *lives_find(struct checker *checker, const char *id)
{
    for (size_t i = 0; i < checker->life_count; i++) {
        if (strcmp(checker->lives[i].id, id) == 0) {
            return &checker->lives[i];
        }
    }
    return NULL;
}

static void lives_on_executor(struct checker *checker, const char *const *columns)
{
    if (strcmp(columns[1], "TERMINATED") != 0) {
        verdict_set(checker->verdict, "I6 executor %s is %s at the end", columns[0], columns[1]);
    }
    if (columns[2][0] == '\0') {
        verdict_set(checker->verdict, "I6 executor %s ended without a word how", columns[0]);
    }
    ASSERT(checker->life_count < CHECKER_LIVES_MAX);
    struct executor_life *life = &checker->lives[checker->life_count++];
    (void)snprintf(life->id, sizeof(life->id), "%s", columns[0]);
    (void)snprintf(life->close_type, sizeof(life->close_type), "%s", columns[2]);
    (void)snprintf(life->type, sizeof(life->type), "%s", columns[3]);
    if (columns[4][0] != '\0') {
        life->amount = checker_decimal(checker, columns[4]);
    }
    life->pnl = checker_decimal(checker, columns[5]);
    life->fees = checker_decimal(checker, columns[6]);
    life->has_two_markets = columns[7][0] != '\0';
}

/* What a fill moves of money; fills are the venue's trades, as checker_trades() has seen. */
static void lives_add_money(struct checker *checker, struct executor_life *life,
                            const char *const *columns)
{
    const struct decimal price = checker_decimal(checker, columns[7]);
    const struct decimal quote = decimal_multiply(checker_decimal(checker, columns[2]), price);
    const struct decimal fee = checker_decimal(checker, columns[3]);
    const bool is_base = checker_is_base(columns[0], columns[4]);
    const bool buys = strcmp(columns[1], "BUY") == 0;
    life->cash = buys ? decimal_subtract(life->cash, quote) : decimal_add(life->cash, quote);
    life->cash = is_base ? life->cash : decimal_subtract(life->cash, fee);
    life->paid = decimal_add(life->paid, is_base ? decimal_multiply(fee, price) : fee);
}

static void lives_on_fill(struct checker *checker, const char *const *columns)
{
    struct executor_life *life = lives_find(checker, columns[5]);
    if (life == NULL) {
        return; /* Of nobody. */
    }
    life->held = decimal_add(life->held, checker_moved(checker, columns));
    lives_add_money(checker, life, columns);
    if (strcmp(columns[6], "open") == 0) {
        life->opened = decimal_add(life->opened, checker_decimal(checker, columns[2]));
    }
}

/* What one opens never exceeds what it was to open. */
static void lives_check_target(struct checker *checker, const struct executor_life *life)
{
    if (decimal_sign(life->amount) > 0 && decimal_less(life->amount, life->opened)) {
        verdict_set(checker->verdict, "I3 %s %s opened more than it was to open", life->type,
                    life->id);
    }
}

static bool lives_differ(struct decimal one, struct decimal other)
{
    const struct decimal off = decimal_absolute(decimal_subtract(one, other));
    return decimal_less(decimal_literal(LIVES_ROUNDED), off);
}

/* What it says that it has earned is what is left of the money when it holds nothing any more. */
static void lives_check_money(struct checker *checker, const struct executor_life *life)
{
    char said[DECIMAL_TEXT_MAX];
    char should[DECIMAL_TEXT_MAX];
    if (life->has_two_markets) {
        return;
    }
    if (lives_differ(life->fees, life->paid)) {
        (void)decimal_print(life->fees, said);
        (void)decimal_print(life->paid, should);
        verdict_set(checker->verdict, "I4 %s %s says fees of %s, its trades cost %s", life->type,
                    life->id, said, should);
    }
    if (decimal_sign(life->held) == 0 && lives_differ(life->pnl, life->cash)) {
        (void)decimal_print(life->pnl, said);
        (void)decimal_print(life->cash, should);
        verdict_set(checker->verdict, "I4 %s %s says that it made %s, its trades made %s",
                    life->type, life->id, said, should);
    }
}

/* One that says that it has closed what it opened has closed it, once. */
static void lives_check_closed(struct checker *checker, const struct executor_life *life)
{
    static const char *const closers[] = {"position_executor", "progressive_executor",
                                          "dca_executor", "grid_executor"};
    static const char *const ends[] = {"TAKE_PROFIT",   "STOP_LOSS",  "TIME_LIMIT",
                                       "TRAILING_STOP", "EARLY_STOP", "COMPLETED"};
    bool is_closer = false;
    bool has_closed = false;
    for (size_t i = 0; i < sizeof(closers) / sizeof(closers[0]); i++) {
        is_closer = is_closer || strcmp(life->type, closers[i]) == 0;
    }
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        has_closed = has_closed || strcmp(life->close_type, ends[i]) == 0;
    }
    if (is_closer && has_closed &&
        decimal_less(decimal_literal(LIVES_DUST), decimal_absolute(life->held))) {
        char held[DECIMAL_TEXT_MAX];
        (void)decimal_print(life->held, held);
        verdict_set(checker->verdict, "I6 %s %s ended with %s and still holds %s", life->type,
                    life->id, life->close_type, held);
    }
}

static void lives_check_executors(struct checker *checker)
{
    checker_each(checker,
                 "SELECT id, status, close_type, type, json_extract(config, '$.amount'),"
                 " net_pnl_quote, cum_fees_quote, json_extract(config, '$.selling_market')"
                 " FROM executor",
                 lives_on_executor);
    checker_each(checker,
                 "SELECT f.trading_pair, f.side, f.amount, f.fee, f.fee_asset, f.executor_id,"
                 " coalesce(o.role, ''), f.price FROM fill f LEFT JOIN orders o"
                 " ON o.client_order_id = f.client_order_id",
                 lives_on_fill);
    for (size_t i = 0; i < checker->life_count; i++) {
        lives_check_target(checker, &checker->lives[i]);
        lives_check_closed(checker, &checker->lives[i]);
        lives_check_money(checker, &checker->lives[i]);
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
    lives_check_executors(checker);
    lives_count(checker);
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
