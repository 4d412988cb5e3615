#include "app/report.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "executors/executor.h"

/* One query under way: what its rows are added to. */
struct report_load {
    struct report *report;
    struct reader *reader;
    struct failure *failure;
    bool has_no_memory;
    bool is_corrupt;
    struct report_position **positions_end;
    struct report_sums **controllers_end;
    struct text balances;
};

typedef bool report_visit(void *context, int count, const char *const *names,
                          const char *const *values);

static const char *report_copy(struct report_load *load, const char *text)
{
    const char *copy = text != NULL ? arena_copy(&load->report->arena, text, strlen(text)) : "";
    if (copy == NULL) {
        load->has_no_memory = true;
        return "";
    }
    return copy;
}

static struct decimal report_decimal(struct report_load *load, const char *text)
{
    struct decimal value = DECIMAL_ZERO;
    if (text == NULL || decimal_parse(text, strlen(text), &value) != ERR_NONE) {
        load->is_corrupt = true;
    }
    return value;
}

static int64_t report_integer(const char *text)
{
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

static void report_add(struct decimal *sum, struct decimal value)
{
    *sum = decimal_add(*sum, value);
}

/* The sums of a controller, made when it is new; the run's own when there is no memory. */
static struct report_sums *report_controller(struct report_load *load, const char *name)
{
    for (struct report_sums *i = load->report->controllers; i != NULL; i = i->next) {
        if (strcmp(i->controller_id, name) == 0) {
            return i;
        }
    }
    struct report_sums *added = arena_take(&load->report->arena, sizeof(*added));
    if (added == NULL) {
        load->has_no_memory = true;
        return &load->report->total;
    }
    added->controller_id = report_copy(load, name);
    *load->controllers_end = added;
    load->controllers_end = &added->next;
    return added;
}

/* name, mode, seed, config_hash, version, state */
static bool report_visit_run(void *context, int count, const char *const *names,
                             const char *const *values)
{
    (void)count;
    (void)names;
    struct report_load *load = context;
    struct report *report = load->report;
    report->name = report_copy(load, values[0]);
    report->mode = report_copy(load, values[1]);
    report->seed = report_copy(load, values[2]);
    report->config_hash = report_copy(load, values[3]);
    report->version = report_copy(load, values[4]);
    report->state = report_copy(load, values[5]);
    return true;
}

/* first ts, last ts */
static bool report_visit_period(void *context, int count, const char *const *names,
                                const char *const *values)
{
    (void)count;
    (void)names;
    struct report_load *load = context;
    load->report->started_ns = report_integer(values[0]);
    load->report->ended_ns = report_integer(values[1]);
    return true;
}

static bool report_visit_reason(void *context, int count, const char *const *names,
                                const char *const *values)
{
    (void)count;
    (void)names;
    struct report_load *load = context;
    load->report->reason = report_copy(load, values[0]);
    return true;
}

static void report_count_executor(struct report_sums *sums, const char *status, int close_type,
                                  struct decimal net, bool has_filled)
{
    sums->executors++;
    report_add(&sums->net_pnl_quote, net);
    if (strcmp(status, "TERMINATED") != 0) {
        sums->active++;
        return;
    }
    if (close_type > 0 && close_type < CLOSE_TYPE_COUNT) {
        sums->close_type_counts[close_type]++;
    }
    if (has_filled) {
        sums->traded++;
        sums->winners += decimal_sign(net) > 0 ? 1 : 0;
        sums->losers += decimal_sign(net) < 0 ? 1 : 0;
    }
}

/* asset, quote_asset, rate */
static bool report_visit_rate(void *context, int count, const char *const *names,
                              const char *const *values)
{
    (void)count;
    (void)names;
    struct report_load *load = context;
    struct report_rate *rate = arena_take(&load->report->arena, sizeof(*rate));
    if (rate == NULL) {
        load->has_no_memory = true;
        return false;
    }
    *rate = (struct report_rate){.asset = report_copy(load, values[0]),
                                 .rate = report_decimal(load, values[2]),
                                 .next = load->report->rates};
    load->report->rates = rate;
    load->report->quote_asset = report_copy(load, values[1]);
    return true;
}

/* Money in the quote asset of a pair, in that of the run. */
static struct decimal report_worth(const struct report_load *load, const char *trading_pair,
                                   struct decimal amount)
{
    const char *dash = trading_pair != NULL ? strchr(trading_pair, '-') : NULL;
    for (const struct report_rate *i = load->report->rates; i != NULL && dash != NULL;
         i = i->next) {
        if (strcmp(i->asset, dash + 1) == 0) {
            return decimal_multiply(amount, i->rate);
        }
    }
    return amount;
}

/* controller_id, status, close_type, net_pnl_quote, filled_amount_quote, trading_pair */
static bool report_visit_executor(void *context, int count, const char *const *names,
                                  const char *const *values)
{
    (void)count;
    (void)names;
    struct report_load *load = context;
    int close_type = CLOSE_NONE;
    if (values[2] != NULL) {
        (void)field_value_of(close_type_names, values[2], &close_type);
    }
    const struct decimal net = report_worth(load, values[5], report_decimal(load, values[3]));
    const bool has_filled = decimal_sign(report_decimal(load, values[4])) > 0;
    const char *status = values[1] != NULL ? values[1] : "";
    report_count_executor(&load->report->total, status, close_type, net, has_filled);
    report_count_executor(report_controller(load, values[0]), status, close_type, net, has_filled);
    return true;
}

/* controller_id, price, amount, fee_quote, trading_pair */
static bool report_visit_fill(void *context, int count, const char *const *names,
                              const char *const *values)
{
    (void)count;
    (void)names;
    struct report_load *load = context;
    const struct decimal quote =
        decimal_multiply(report_decimal(load, values[1]), report_decimal(load, values[2]));
    const struct decimal notional = report_worth(load, values[4], quote);
    const struct decimal fee = report_worth(load, values[4], report_decimal(load, values[3]));
    struct report_sums *const both[] = {&load->report->total,
                                        report_controller(load, values[0] ? values[0] : "")};
    for (size_t i = 0; i < 2; i++) {
        both[i]->fills++;
        report_add(&both[i]->volume_quote, notional);
        report_add(&both[i]->fees_quote, fee);
    }
    return true;
}

/* controller_id, venue, trading_pair, side, amount, average, realized, fees, funding, volume */
static bool report_visit_position(void *context, int count, const char *const *names,
                                  const char *const *values)
{
    (void)count;
    (void)names;
    struct report_load *load = context;
    struct report_position *position = arena_take(&load->report->arena, sizeof(*position));
    if (position == NULL) {
        load->has_no_memory = true;
        return false;
    }
    *position = (struct report_position){.controller_id = report_copy(load, values[0]),
                                         .venue = report_copy(load, values[1]),
                                         .trading_pair = report_copy(load, values[2]),
                                         .side = report_copy(load, values[3]),
                                         .amount = report_decimal(load, values[4]),
                                         .average_price = report_decimal(load, values[5]),
                                         .realized_pnl_quote = report_decimal(load, values[6]),
                                         .fees_quote = report_decimal(load, values[7]),
                                         .funding_quote = report_decimal(load, values[8]),
                                         .volume_quote = report_decimal(load, values[9])};
    struct report_sums *const controller = report_controller(load, position->controller_id);
    *load->positions_end = position;
    load->positions_end = &position->next;
    struct report_sums *const both[] = {&load->report->total, controller};
    for (size_t i = 0; i < 2; i++) {
        report_add(&both[i]->realized_pnl_quote,
                   report_worth(load, values[2], position->realized_pnl_quote));
        report_add(&both[i]->funding_quote, report_worth(load, values[2], position->funding_quote));
    }
    return true;
}

/* controller_id ("": the run), unrealized_pnl_quote */
static bool report_visit_unrealized(void *context, int count, const char *const *names,
                                    const char *const *values)
{
    (void)count;
    (void)names;
    struct report_load *load = context;
    struct report_sums *sums =
        values[0][0] == '\0' ? &load->report->total : report_controller(load, values[0]);
    sums->unrealized_pnl_quote = report_decimal(load, values[1]);
    return true;
}

static bool report_visit_performance(void *context, int count, const char *const *names,
                                     const char *const *values)
{
    (void)count;
    (void)names;
    struct report_load *load = context;
    load->report->performance = report_copy(load, values[0]);
    return true;
}

/* scope (the venue), text (balances as JSON) */
static bool report_visit_balances(void *context, int count, const char *const *names,
                                  const char *const *values)
{
    (void)count;
    (void)names;
    struct report_load *load = context;
    json_key(&load->balances, values[0]);
    json_raw(&load->balances, values[1]);
    return true;
}

static enum err report_query(struct report_load *load, const char *sql, report_visit *visit)
{
    return reader_query(load->reader, sql, NULL, visit, load, load->failure);
}

struct report_hash {
    crypto_hash_sha256_state state;
    uint64_t count;
};

static bool report_hash_event(void *context, uint64_t seq, const char *event)
{
    (void)seq;
    struct report_hash *hash = context;
    (void)crypto_hash_sha256_update(&hash->state, (const unsigned char *)event, strlen(event));
    (void)crypto_hash_sha256_update(&hash->state, (const unsigned char *)"\n", 1);
    hash->count++;
    return true;
}

static enum err report_load_hash(struct report_load *load)
{
    struct report_hash hash = {.count = 0};
    (void)crypto_hash_sha256_init(&hash.state);
    const enum err err =
        reader_events(load->reader, 1, UINT64_MAX, report_hash_event, &hash, load->failure);
    unsigned char digest[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256_final(&hash.state, digest);
    (void)sodium_bin2hex(load->report->events_hash, REPORT_HASH_TEXT_MAX, digest, sizeof(digest));
    load->report->events = hash.count;
    return err;
}

static enum err report_load_tables(struct report_load *load)
{
    static const struct {
        const char *sql;
        report_visit *visit;
    } queries[] = {
        {"SELECT name, mode, seed, config_hash, version, state FROM run", report_visit_run},
        {"SELECT MIN(ts), MAX(ts) FROM journal", report_visit_period},
        {"SELECT json_extract(payload, '$.reason') FROM journal WHERE kind = 'run.stopped'",
         report_visit_reason},
        {"SELECT json_extract(payload, '$.asset'), json_extract(payload, '$.quote_asset'),"
         " json_extract(payload, '$.rate') FROM journal WHERE kind = 'rate' AND seq IN"
         " (SELECT MAX(seq) FROM journal WHERE kind = 'rate' GROUP BY"
         " json_extract(payload, '$.asset')) ORDER BY seq DESC",
         report_visit_rate},
        {"SELECT controller_id, status, close_type, net_pnl_quote, filled_amount_quote,"
         " trading_pair FROM executor ORDER BY created_at, id",
         report_visit_executor},
        {"SELECT e.controller_id, f.price, f.amount, f.fee_quote, f.trading_pair FROM fill f"
         " LEFT JOIN executor e ON e.id = f.executor_id",
         report_visit_fill},
        {"SELECT controller_id, venue, trading_pair, side, amount, average_price,"
         " realized_pnl_quote, fees_quote, funding_quote, volume_quote FROM position"
         " ORDER BY controller_id, venue, trading_pair, side",
         report_visit_position},
        {"SELECT controller_id, json_extract(report, '$.unrealized_pnl_quote') FROM performance"
         " WHERE rowid IN (SELECT MAX(rowid) FROM performance GROUP BY controller_id)"
         " ORDER BY rowid",
         report_visit_unrealized},
        {"SELECT report FROM performance WHERE controller_id = '' ORDER BY rowid DESC LIMIT 1",
         report_visit_performance},
        {"SELECT json_extract(payload, '$.venue'), json_extract(payload, '$.found') FROM journal"
         " WHERE kind = 'venue.reconciled' AND seq IN (SELECT MAX(seq) FROM journal WHERE kind ="
         " 'venue.reconciled' GROUP BY json_extract(payload, '$.venue')) ORDER BY seq",
         report_visit_balances},
    };
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        const enum err err = report_query(load, queries[i].sql, queries[i].visit);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return report_load_hash(load);
}

enum err report_load(struct reader *reader, struct report *report, struct failure *failure)
{
    *report = (struct report){.reason = "", .total = {.controller_id = ""}};
    arena_init(&report->arena, 0);
    struct report_load load = {.report = report,
                               .reader = reader,
                               .failure = failure,
                               .positions_end = &report->positions,
                               .controllers_end = &report->controllers};
    json_object_begin(&load.balances);
    enum err err = report_load_tables(&load);
    json_object_end(&load.balances);
    report->balances = report_copy(&load, text_string(&load.balances));
    const bool has_no_memory = load.has_no_memory || text_failed(&load.balances);
    text_done(&load.balances);
    if (err == ERR_NONE && has_no_memory) {
        err = failure_set(failure, ERR_MEMORY, "no memory for the report");
    }
    if (err == ERR_NONE && report->name == NULL) {
        err = failure_set(failure, ERR_NOT_FOUND, "the database holds no run yet");
    }
    if (err == ERR_NONE && load.is_corrupt) {
        err = failure_set(failure, ERR_CORRUPT,
                          "the tables hold text where a number belongs: "
                          "the database was changed by something else");
    }
    return err;
}

void report_done(struct report *report)
{
    arena_done(&report->arena);
}

struct decimal report_global_pnl(const struct report_sums *sums)
{
    const struct decimal traded = decimal_add(sums->realized_pnl_quote, sums->unrealized_pnl_quote);
    return decimal_add(decimal_subtract(traded, sums->fees_quote), sums->funding_quote);
}

struct decimal report_win_rate(const struct report_sums *sums)
{
    return sums->traded == 0 ? DECIMAL_ZERO
                             : decimal_divide(decimal_from_int((int64_t)sums->winners),
                                              decimal_from_int((int64_t)sums->traded));
}
