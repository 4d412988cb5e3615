#include <string.h>

#include "app/report.h"
#include "base/instant.h"
#include "executors/executor.h"

/* ---- Text ---- */

static void print_decimal(FILE *out, const char *name, struct decimal value)
{
    char text[DECIMAL_TEXT_MAX];
    (void)decimal_print(value, text);
    (void)fprintf(out, "%-11s %s\n", name, text);
}

/* Not what the account has gained: a position that was handed over goes on without its executor. */
static void print_net_pnl(FILE *out, struct decimal value)
{
    char text[DECIMAL_TEXT_MAX];
    (void)decimal_print(value, text);
    (void)fprintf(out, "net pnl     %s (of the executors, each when it ended)\n", text);
}

static void print_close_types(const struct report_sums *sums, FILE *out)
{
    const char *separator = "";
    for (int i = 1; i < CLOSE_TYPE_COUNT; i++) {
        if (sums->close_type_counts[i] > 0) {
            (void)fprintf(out, "%s%s %llu", separator, field_name_of(close_type_names, i),
                          (unsigned long long)sums->close_type_counts[i]);
            separator = ", ";
        }
    }
    (void)fputs(separator[0] == '\0' ? "none\n" : "\n", out);
}

static void print_head(const struct report *report, const struct report_speed *speed, FILE *out)
{
    char from[INSTANT_TEXT_MAX];
    char to[INSTANT_TEXT_MAX];
    (void)instant_print(report->started_ns, from);
    (void)instant_print(report->ended_ns, to);
    (void)fprintf(out, "run         %s (%s, seed %s), %s%s%s\n", report->name, report->mode,
                  report->seed, report->state, report->reason[0] != '\0' ? ": " : "",
                  report->reason);
    (void)fprintf(out, "period      %s to %s\n", from, to);
    if (speed->rows > 0 && speed->elapsed_ns > 0) {
        char elapsed[INSTANT_TEXT_MAX];
        (void)duration_print(speed->elapsed_ns, elapsed);
        const uint64_t per_second =
            (uint64_t)((uint128_t)speed->rows * 1000000000U / (uint64_t)speed->elapsed_ns);
        (void)fprintf(out, "quotes      %llu in %s (%llu quotes/s)\n",
                      (unsigned long long)speed->rows, elapsed, (unsigned long long)per_second);
    }
    (void)fprintf(out, "events      %llu, sha256 %s\n", (unsigned long long)report->events,
                  report->events_hash);
}

static void print_sums(const struct report_sums *sums, FILE *out)
{
    (void)fprintf(out, "executors   %llu, %llu still active, closed by ",
                  (unsigned long long)sums->executors, (unsigned long long)sums->active);
    print_close_types(sums, out);
    print_decimal(out, "global pnl", report_global_pnl(sums));
    print_decimal(out, "realized", sums->realized_pnl_quote);
    print_decimal(out, "unrealized", sums->unrealized_pnl_quote);
    print_decimal(out, "fees", sums->fees_quote);
    if (decimal_sign(sums->funding_quote) != 0) {
        print_decimal(out, "funding", sums->funding_quote);
    }
    print_decimal(out, "volume", sums->volume_quote);
    print_net_pnl(out, sums->net_pnl_quote);
    (void)fprintf(out, "fills       %llu\n", (unsigned long long)sums->fills);
    char rate[DECIMAL_TEXT_MAX];
    (void)decimal_print(
        decimal_round_to(decimal_multiply(report_win_rate(sums), decimal_from_int(100)),
                         decimal_literal("0.01")),
        rate);
    (void)fprintf(out, "win rate    %s %% (%llu of %llu that traded)\n", rate,
                  (unsigned long long)sums->winners, (unsigned long long)sums->traded);
}

/* What money in other quote assets was worth at last. */
static void print_rates(const struct report *report, FILE *out)
{
    for (const struct report_rate *i = report->rates; i != NULL; i = i->next) {
        char rate[DECIMAL_TEXT_MAX];
        (void)decimal_print(i->rate, rate);
        (void)fprintf(out, "rate        1 %s = %s %s\n", i->asset, rate, report->quote_asset);
    }
}

void report_print_text(const struct report *report, const struct report_speed *speed, FILE *out)
{
    print_head(report, speed, out);
    print_rates(report, out);
    print_sums(&report->total, out);
    const bool has_several = report->controllers != NULL && report->controllers->next != NULL;
    for (const struct report_sums *i = report->controllers; i != NULL && has_several; i = i->next) {
        (void)fprintf(out, "\ncontroller  %s\n", i->controller_id);
        print_sums(i, out);
    }
    for (const struct report_position *i = report->positions; i != NULL; i = i->next) {
        char amount[DECIMAL_TEXT_MAX];
        char average[DECIMAL_TEXT_MAX];
        (void)decimal_print(i->amount, amount);
        (void)decimal_print(i->average_price, average);
        const char *side = strcmp(i->side, "NET") == 0 ? "" : i->side;
        (void)fprintf(out, "position    %s %s %s%s%s: %s", i->controller_id, i->venue,
                      i->trading_pair, side[0] != '\0' ? " " : "", side, amount);
        (void)fprintf(out, decimal_sign(i->amount) != 0 ? " at %s\n" : "\n", average);
    }
    if (strcmp(report->balances, "{}") != 0) {
        (void)fprintf(out, "balances    %s\n", report->balances);
    }
}

/* ---- JSON ---- */

static void json_put_sums(struct text *out, const struct report_sums *sums)
{
    json_put_int(out, "executors", (int64_t)sums->executors);
    json_put_int(out, "executors_active", (int64_t)sums->active);
    json_key(out, "close_type_counts");
    json_object_begin(out);
    for (int i = 1; i < CLOSE_TYPE_COUNT; i++) {
        if (sums->close_type_counts[i] > 0) {
            json_key(out, field_name_of(close_type_names, i));
            json_int(out, (int64_t)sums->close_type_counts[i]);
        }
    }
    json_object_end(out);
    json_put_decimal(out, "net_pnl_quote", sums->net_pnl_quote);
    json_put_decimal(out, "global_pnl_quote", report_global_pnl(sums));
    json_put_decimal(out, "realized_pnl_quote", sums->realized_pnl_quote);
    json_put_decimal(out, "unrealized_pnl_quote", sums->unrealized_pnl_quote);
    json_put_decimal(out, "fees_quote", sums->fees_quote);
    json_put_decimal(out, "funding_quote", sums->funding_quote);
    json_put_decimal(out, "volume_traded", sums->volume_quote);
    json_put_int(out, "fills", (int64_t)sums->fills);
    json_put_int(out, "traded", (int64_t)sums->traded);
    json_put_int(out, "winners", (int64_t)sums->winners);
    json_put_int(out, "losers", (int64_t)sums->losers);
    json_put_decimal(out, "win_rate", report_win_rate(sums));
}

static void json_put_head(struct text *out, const struct report *report,
                          const struct report_speed *speed)
{
    json_put_string(out, "run", report->name);
    json_put_string(out, "mode", report->mode);
    json_put_string(out, "state", report->state);
    json_put_string(out, "reason", report->reason);
    json_put_string(out, "seed", report->seed);
    json_put_string(out, "version", report->version);
    json_put_string(out, "config_hash", report->config_hash);
    json_put_int(out, "started_at", report->started_ns);
    json_put_int(out, "ended_at", report->ended_ns);
    json_put_int(out, "events", (int64_t)report->events);
    json_put_string(out, "events_sha256", report->events_hash);
    if (speed->rows > 0) {
        json_put_int(out, "quotes", (int64_t)speed->rows);
        json_put_int(out, "elapsed_ns", speed->elapsed_ns);
    }
}

static void json_put_position(struct text *out, const struct report_position *position)
{
    json_object_begin(out);
    json_put_string(out, "controller_id", position->controller_id);
    json_put_string(out, "venue", position->venue);
    json_put_string(out, "trading_pair", position->trading_pair);
    json_put_string(out, "side", position->side);
    json_put_decimal(out, "amount", position->amount);
    json_put_decimal(out, "average_price", position->average_price);
    json_put_decimal(out, "realized_pnl_quote", position->realized_pnl_quote);
    json_put_decimal(out, "fees_quote", position->fees_quote);
    json_put_decimal(out, "funding_quote", position->funding_quote);
    json_put_decimal(out, "volume_quote", position->volume_quote);
    json_object_end(out);
}

/* Every executor of the table, its JSON columns as JSON. */
static bool json_visit_executor(void *context, int count, const char *const *names,
                                const char *const *values)
{
    struct text *out = context;
    json_object_begin(out);
    for (int i = 0; i < count; i++) {
        json_key(out, names[i]);
        if (strcmp(names[i], "custom_info") == 0) {
            json_raw(out, values[i]);
        } else {
            json_string(out, values[i]);
        }
    }
    json_object_end(out);
    return true;
}

enum err report_print_json(const struct report *report, struct reader *reader,
                           const struct report_speed *speed, FILE *out, struct failure *failure)
{
    struct text text = {0};
    json_object_begin(&text);
    json_put_head(&text, report, speed);
    json_key(&text, "total");
    json_object_begin(&text);
    json_put_sums(&text, &report->total);
    json_object_end(&text);
    json_key(&text, "controllers");
    json_array_begin(&text);
    for (const struct report_sums *i = report->controllers; i != NULL; i = i->next) {
        json_object_begin(&text);
        json_put_string(&text, "controller_id", i->controller_id);
        json_put_sums(&text, i);
        json_object_end(&text);
    }
    json_array_end(&text);
    json_key(&text, "positions");
    json_array_begin(&text);
    for (const struct report_position *i = report->positions; i != NULL; i = i->next) {
        json_put_position(&text, i);
    }
    json_array_end(&text);
    json_put_raw(&text, "performance", report->performance);
    json_put_raw(&text, "balances", report->balances);
    json_key(&text, "executors");
    json_array_begin(&text);
    const enum err err = reader_query(
        reader,
        "SELECT id, controller_id, type, connector_name, trading_pair, side, status, close_type,"
        " net_pnl_quote, net_pnl_pct, cum_fees_quote, filled_amount_quote, created_at, closed_at,"
        " custom_info FROM executor ORDER BY created_at, id",
        NULL, json_visit_executor, &text, failure);
    json_array_end(&text);
    json_object_end(&text);
    text_append_char(&text, '\n');
    if (err == ERR_NONE && !text_failed(&text)) {
        (void)fputs(text_string(&text), out);
    }
    const bool has_no_memory = text_failed(&text);
    text_done(&text);
    return has_no_memory ? failure_set(failure, ERR_MEMORY, "no memory for the report") : err;
}

/* ---- CSV ---- */

struct csv_out {
    FILE *file;
    bool has_header;
};

static void csv_print_value(FILE *out, const char *value)
{
    if (value == NULL) {
        return;
    }
    if (strpbrk(value, ",\"\r\n") == NULL) {
        (void)fputs(value, out);
        return;
    }
    (void)fputc('"', out);
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"') {
            (void)fputc('"', out);
        }
        (void)fputc(*c, out);
    }
    (void)fputc('"', out);
}

static void csv_print_row(FILE *out, int count, const char *const *values)
{
    for (int i = 0; i < count; i++) {
        if (i > 0) {
            (void)fputc(',', out);
        }
        csv_print_value(out, values[i]);
    }
    (void)fputc('\n', out);
}

static bool csv_visit(void *context, int count, const char *const *names, const char *const *values)
{
    struct csv_out *csv = context;
    if (!csv->has_header) {
        csv->has_header = true;
        csv_print_row(csv->file, count, names);
    }
    csv_print_row(csv->file, count, values);
    return true;
}

enum err report_print_csv(struct reader *reader, const char *table, FILE *out,
                          struct failure *failure)
{
    static const struct {
        const char *name;
        const char *sql;
    } tables[] = {
        {"executors", "SELECT * FROM executor ORDER BY created_at, id"},
        {"orders", "SELECT * FROM orders ORDER BY created_at, client_order_id"},
        {"fills", "SELECT * FROM fill ORDER BY ts, venue, CAST(trade_id AS INTEGER), trade_id"},
        {"positions", "SELECT * FROM position"},
        {"performance", "SELECT * FROM performance ORDER BY rowid"},
        {"journal", "SELECT seq, ts, kind, controller_id, executor_id, client_order_id, payload"
                    " FROM journal ORDER BY seq"},
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (strcmp(tables[i].name, table) == 0) {
            struct csv_out csv = {.file = out};
            return reader_query(reader, tables[i].sql, NULL, csv_visit, &csv, failure);
        }
    }
    return failure_set(failure, ERR_NOT_FOUND,
                       "no table %s: expected executors, orders, fills, positions, performance or "
                       "journal",
                       table);
}
