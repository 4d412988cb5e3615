#include <stdio.h>
#include <string.h>

#include "actors/roles/control_hummingbot.h"
#include "market/statistics.h"

/* clang-format off */
#define HB_COUNTS(column)                                                                \
    "(SELECT ifnull(json_group_object(name, n), '{}') FROM (SELECT " column " AS name,"  \
    " count(*) AS n FROM executor WHERE ?1 IS NULL OR ?1 = '' OR controller_id = ?1"     \
    " GROUP BY 1 ORDER BY 1))"

static const char hb_sql_counts[] =
    "SELECT " HB_COUNTS("type") ", " HB_COUNTS("connector_name") ", "
    HB_COUNTS("ifnull(status, 'NOT_STARTED')");

static const char hb_sql_results[] =
    "SELECT type, status IS 'TERMINATED', close_type IS 'POSITION_HOLD', net_pnl_quote,"
    " net_pnl_pct, cum_fees_quote, filled_amount_quote FROM executor"
    " WHERE ?1 IS NULL OR ?1 = '' OR controller_id = ?1 ORDER BY type";

static const char hb_sql_open_positions[] =
    "SELECT count(*) FROM position WHERE amount <> '0'"
    " AND (?1 IS NULL OR ?1 = '' OR controller_id = ?1)";
/* clang-format on */

void hummingbot_put_number(struct text *out, const char *key, struct decimal value)
{
    char digits[DECIMAL_TEXT_MAX];
    (void)decimal_print(value, digits);
    json_key(out, key);
    json_raw(out, digits);
}

/* ---- Sums over executors ---- */

/* Of one kind of executor, or of all. */
struct hb_sums {
    char type[CONTROL_NAME_MAX];
    int64_t total;
    int64_t completed;
    int64_t wins;
    struct decimal net;      /* Of all. */
    struct decimal realized; /* Of those that have ended and hold nothing. */
    struct decimal live;     /* Of those that have not ended. */
    struct decimal pct;
    struct decimal fees;
    struct decimal volume;
    struct statistics_sums results; /* Of those that have ended. */
};

struct hb_results {
    struct hb_sums all;
    struct hb_sums types[HUMMINGBOT_TYPES_MAX];
    size_t type_count;
    bool is_damaged; /* A stored figure cannot be read. */
};

static struct decimal hb_decimal(struct hb_results *results, const char *text)
{
    struct decimal value = decimal_from_int(0);
    if (text == NULL || decimal_parse(text, strlen(text), &value) != ERR_NONE) {
        results->is_damaged = true;
    }
    return value;
}

/* A row of hb_sql_results. */
struct hb_result {
    bool is_ended;
    bool is_held;
    struct decimal net;
    struct decimal pct;
    struct decimal fees;
    struct decimal volume;
};

static void hb_sums_add(struct hb_sums *sums, const struct hb_result *result)
{
    sums->total++;
    sums->net = decimal_add(sums->net, result->net);
    sums->pct = decimal_add(sums->pct, result->pct);
    sums->fees = decimal_add(sums->fees, result->fees);
    sums->volume = decimal_add(sums->volume, result->volume);
    if (!result->is_ended) {
        sums->live = decimal_add(sums->live, result->net);
        return;
    }
    sums->completed++;
    sums->wins += decimal_sign(result->net) > 0;
    if (!result->is_held) {
        sums->realized = decimal_add(sums->realized, result->net);
    }
    sums->results.count++;
    sums->results.sum = decimal_add(sums->results.sum, result->net);
    sums->results.square_sum =
        decimal_add(sums->results.square_sum, decimal_multiply(result->net, result->net));
}

/* Rows are sorted by type: a new one begins new sums. */
static struct hb_sums *hb_type_sums(struct hb_results *results, const char *type)
{
    const size_t count = results->type_count;
    if (count > 0 && strcmp(results->types[count - 1].type, type) == 0) {
        return &results->types[count - 1];
    }
    if (count == HUMMINGBOT_TYPES_MAX) {
        return NULL;
    }
    struct hb_sums *sums = &results->types[results->type_count++];
    (void)snprintf(sums->type, sizeof(sums->type), "%s", type);
    return sums;
}

static bool hb_add_result(void *context, int count, const char *const *names,
                          const char *const *values)
{
    (void)count;
    (void)names;
    struct hb_results *results = context;
    const struct hb_result result = {.is_ended = values[1][0] == '1',
                                     .is_held = values[2][0] == '1',
                                     .net = hb_decimal(results, values[3]),
                                     .pct = hb_decimal(results, values[4]),
                                     .fees = hb_decimal(results, values[5]),
                                     .volume = hb_decimal(results, values[6])};
    struct hb_sums *sums = hb_type_sums(results, values[0]);
    if (sums != NULL) {
        hb_sums_add(sums, &result);
    }
    hb_sums_add(&results->all, &result);
    return true;
}

static enum err hb_load_results(struct reader *reader, const char *controller_id,
                                struct hb_results *results, struct failure *failure)
{
    const enum err err =
        reader_query(reader, hb_sql_results, controller_id, hb_add_result, results, failure);
    if (err == ERR_NONE && results->is_damaged) {
        return failure_set(failure, ERR_CORRUPT, "a figure of an executor cannot be read");
    }
    if (err == ERR_NONE &&
        !(decimal_is_valid(results->all.net) && decimal_is_valid(results->all.volume))) {
        return failure_set(failure, ERR_OVERFLOW, "the sums are too great");
    }
    return err;
}

/* The quotient to four digits; 0 for a count of 0. */
static struct decimal hb_per(struct decimal sum, int64_t count)
{
    return count == 0 ? decimal_from_int(0)
                      : decimal_round_to(decimal_divide(sum, decimal_from_int(count)),
                                         decimal_literal("0.0001"));
}

/* ---- Counts ---- */

struct hb_counts {
    struct text *out;
    bool is_full; /* by_type and by_connector too. */
};

static bool hb_put_counts(void *context, int count, const char *const *names,
                          const char *const *values)
{
    (void)count;
    (void)names;
    const struct hb_counts *counts = context;
    if (counts->is_full) {
        json_put_raw(counts->out, "by_type", values[0]);
        json_put_raw(counts->out, "by_connector", values[1]);
    }
    json_put_raw(counts->out, "by_status", values[2]);
    return true;
}

static bool hb_put_open_positions(void *context, int count, const char *const *names,
                                  const char *const *values)
{
    (void)count;
    (void)names;
    json_put_raw(context, "active_positions", values[0]);
    return true;
}

/* ---- Answers ---- */

enum err hummingbot_summary(struct reader *reader, struct text *out, struct failure *failure)
{
    struct hb_results results = {0};
    enum err err = hb_load_results(reader, NULL, &results, failure);
    json_object_begin(out);
    json_put_int(out, "total_active", results.all.total - results.all.completed);
    hummingbot_put_number(out, "total_pnl_quote", results.all.net);
    hummingbot_put_number(out, "total_volume_quote", results.all.volume);
    struct hb_counts counts = {.out = out, .is_full = true};
    if (err == ERR_NONE) {
        err = reader_query(reader, hb_sql_counts, NULL, hb_put_counts, &counts, failure);
    }
    json_object_end(out);
    return err;
}

static void hb_put_types(struct text *out, const struct hb_results *results)
{
    json_key(out, "by_type");
    json_array_begin(out);
    for (size_t i = 0; i < results->type_count; i++) {
        const struct hb_sums *sums = &results->types[i];
        json_object_begin(out);
        json_put_string(out, "executor_type", sums->type);
        json_put_int(out, "total", sums->total);
        json_put_int(out, "completed", sums->completed);
        json_put_int(out, "running", sums->total - sums->completed);
        hummingbot_put_number(out, "pnl_quote", sums->net);
        hummingbot_put_number(out, "volume_quote", sums->volume);
        hummingbot_put_number(out, "fees_quote", sums->fees);
        json_object_end(out);
    }
    json_array_end(out);
}

static void hb_put_performance(struct text *out, const struct hb_results *results)
{
    const struct hb_sums *all = &results->all;
    hummingbot_put_number(out, "pnl_total_quote", all->realized);
    hummingbot_put_number(out, "unrealized_pnl_quote", all->live);
    hummingbot_put_number(out, "global_pnl_quote", decimal_add(all->realized, all->live));
    hummingbot_put_number(out, "pnl_pct_avg", hb_per(all->pct, all->total));
    hummingbot_put_number(out, "fees_total_quote", all->fees);
    hummingbot_put_number(out, "volume_total_quote", all->volume);
    hummingbot_put_number(out, "win_rate", hb_per(decimal_from_int(all->wins), all->completed));
    if (all->results.count > 1) {
        hummingbot_put_number(
            out, "sharpe_ratio",
            decimal_round_to(statistics_sharpe(&all->results), decimal_literal("0.0001")));
    } else {
        json_put_raw(out, "sharpe_ratio", "null");
    }
    hb_put_types(out, results);
}

enum err hummingbot_performance(struct reader *reader, const char *controller_id, struct text *out,
                                struct failure *failure)
{
    struct hb_results results = {0};
    enum err err = hb_load_results(reader, controller_id, &results, failure);
    json_object_begin(out);
    json_put_string(out, "controller_id", controller_id[0] != '\0' ? controller_id : NULL);
    json_put_int(out, "total_executors", results.all.total);
    struct hb_counts counts = {.out = out};
    if (err == ERR_NONE) {
        err = reader_query(reader, hb_sql_counts, controller_id, hb_put_counts, &counts, failure);
    }
    hb_put_performance(out, &results);
    if (err == ERR_NONE) {
        err = reader_query(reader, hb_sql_open_positions, controller_id, hb_put_open_positions, out,
                           failure);
    }
    json_object_end(out);
    return err;
}
