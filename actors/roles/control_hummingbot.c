#include "actors/roles/control_hummingbot.h"

#include <stdio.h>
#include <string.h>

/* One expression per line, which the formatter would not keep. */
/* clang-format off */
#define HB_TIME(ns) "json(" ns " / 1000000000 || '.' || printf('%09d', " ns " % 1000000000))"
#define HB_ISO(ns)                                                                       \
    "strftime('%Y-%m-%dT%H:%M:%S', " ns " / 1000000000, 'unixepoch')"                    \
    " || printf('.%06d+00:00', " ns " / 1000 % 1000000)"
#define HB_STATUS "ifnull(status, 'NOT_STARTED')"
#define HB_ACTIVE "status IS NOT 'TERMINATED'"
#define HB_FLAG(condition) "json(iif(" condition ", 'true', 'false'))"

#define HB_MEMBERS                                                                       \
    "'executor_id', id,"                                                                 \
    " 'executor_type', type,"                                                            \
    " 'account_name', '" HUMMINGBOT_ACCOUNT "',"                                         \
    " 'connector_name', connector_name,"                                                 \
    " 'trading_pair', trading_pair,"                                                     \
    " 'side', ifnull(side, json_extract(config, '$.side')),"                                                                     \
    " 'status', " HB_STATUS ","                                                          \
    " 'is_active', " HB_FLAG(HB_ACTIVE) ","                                              \
    " 'is_trading', " HB_FLAG(HB_ACTIVE " AND net_pnl_quote <> '0'") ","                 \
    " 'timestamp', " HB_TIME("created_at") ","                                           \
    " 'created_at', " HB_ISO("created_at") ","                                           \
    " 'close_type', close_type,"                                                         \
    " 'close_timestamp', iif(closed_at IS NULL, NULL, " HB_TIME("closed_at") "),"        \
    " 'controller_id', controller_id,"                                                   \
    " 'net_pnl_quote', json(net_pnl_quote),"                                             \
    " 'net_pnl_pct', json(net_pnl_pct),"                                                 \
    " 'cum_fees_quote', json(cum_fees_quote),"                                           \
    " 'filled_amount_quote', json(filled_amount_quote),"                                 \
    " 'error_count', ifnull(errors, 0),"                                                 \
    " 'last_error', last_error"

/* Orders that a venue refused; the reason is that of the last one. */
#define HB_ERRORS                                                                        \
    "(SELECT executor_id, count(*) AS errors, reason AS last_error, max(updated_at)"     \
    " FROM orders WHERE status = 'REJECTED'"
#define HB_ERRORS_END " GROUP BY executor_id) ON executor_id = id"

/* True when the filter ?1 does not speak of `key`, or names the column's value. */
#define HB_FILTERED(key, column)                                                         \
    " (json_extract(?1, '$." key "') IS NULL"                                            \
    " OR " column " IN (SELECT value FROM json_each(?1, '$." key "')))"

#define HB_WANTED                                                                        \
    HB_FILTERED("connector_names", "connector_name")                                     \
    " AND" HB_FILTERED("trading_pairs", "trading_pair")                                  \
    " AND" HB_FILTERED("executor_types", "type")                                         \
    " AND" HB_FILTERED("status", HB_STATUS)                                              \
    " AND" HB_FILTERED("controller_ids", "controller_id")                                \
    " AND" HB_FILTERED("account_names", "'" HUMMINGBOT_ACCOUNT "'")

static const char hb_sql_count[] = "SELECT count(*) FROM executor WHERE" HB_WANTED;

/* One more than the page: whether there is another. */
static const char hb_sql_search[] =
    "SELECT json_object(" HB_MEMBERS "), " HB_ISO("created_at") " || ':' || id"
    " FROM executor LEFT JOIN " HB_ERRORS HB_ERRORS_END
    " WHERE" HB_WANTED
    " AND (NOT EXISTS (SELECT 1 FROM executor AS past WHERE past.id = json_extract(?1, '$.after')"
    " AND " HB_ISO("past.created_at") " || ':' || past.id = json_extract(?1, '$.cursor'))"
    " OR (created_at, id) < (SELECT past.created_at, past.id FROM executor AS past"
    " WHERE past.id = json_extract(?1, '$.after')))"
    " ORDER BY created_at DESC, id DESC LIMIT json_extract(?1, '$.limit') + 1";

static const char hb_sql_executor[] =
    "SELECT json_object(" HB_MEMBERS ", 'config', json(config), 'custom_info',"
    " json_remove(json(ifnull(custom_info, '{}')), '$.fill_events', '$.levels_by_state',"
    " '$.filled_orders', '$.failed_orders', '$.canceled_orders'))"
    " FROM executor LEFT JOIN " HB_ERRORS " AND executor_id = ?1" HB_ERRORS_END
    " WHERE id = ?1";

static const char hb_sql_created[] =
    "SELECT json_object('executor_id', id, 'executor_type', type, 'connector_name',"
    " connector_name, 'trading_pair', trading_pair, 'controller_id', controller_id,"
    " 'status', " HB_STATUS ", 'created_at', " HB_ISO("created_at") ")"
    " FROM executor WHERE id = ?1";

#define HB_LEVEL                                                                         \
    "CASE WHEN kind IN ('executor.failed', 'order.unknown') THEN 'ERROR'"                \
    " WHEN kind IN ('order.rejected', 'order.expired', 'risk.denied', 'executor.skipped',"\
    " 'action.rejected') THEN 'WARNING' ELSE 'INFO' END"

#define HB_LOGS                                                                          \
    " FROM journal WHERE executor_id = json_extract(?1, '$.executor_id')"                \
    " AND (json_extract(?1, '$.level') = '' OR " HB_LEVEL " = json_extract(?1, '$.level'))"

static const char hb_sql_logs[] =
    "SELECT line FROM (SELECT seq, json_object('timestamp', " HB_TIME("ts") ", 'level', " HB_LEVEL
    ", 'message', kind || ' ' || payload, 'exc_info', NULL) AS line" HB_LOGS
    " AND seq > json_extract(?1, '$.after') ORDER BY seq DESC LIMIT json_extract(?1, '$.limit')) ORDER BY seq";

static const char hb_sql_logs_count[] = "SELECT count(*)" HB_LOGS;
/* clang-format on */

/* ---- Rows ---- */

/* Where rows go, and how many came. */
struct hb_rows {
    struct text *out;
    int64_t room;
    int64_t count;
    char cursor[CONTROL_VALUE_MAX];
};

static bool hb_add_row(void *context, int count, const char *const *names,
                       const char *const *values)
{
    (void)names;
    struct hb_rows *rows = context;
    rows->count++;
    if (rows->count > rows->room) {
        return false;
    }
    json_raw(rows->out, values[0]);
    if (count > 1) {
        (void)snprintf(rows->cursor, sizeof(rows->cursor), "%s", values[1]);
    }
    return true;
}

/* The one row of a query by id. */
static enum err hb_one(struct reader *reader, const char *sql, const char *id, struct text *out,
                       struct failure *failure)
{
    struct hb_rows rows = {.out = out, .room = 1};
    const enum err err = reader_query(reader, sql, id, hb_add_row, &rows, failure);
    if (err == ERR_NONE && rows.count == 0) {
        return failure_set(failure, ERR_NOT_FOUND, "executor %s is not known", id);
    }
    return err;
}

/* The one value of a query, as it is. */
static enum err hb_put_one(struct reader *reader, const char *key, const char *sql,
                           const char *parameter, struct hb_rows *rows, struct failure *failure)
{
    *rows = (struct hb_rows){.out = rows->out, .room = 1};
    json_key(rows->out, key);
    return reader_query(reader, sql, parameter, hb_add_row, rows, failure);
}

/* The page's array, and how many rows match without its bounds. */
static enum err hb_put_page(struct reader *reader, const char *filter, struct hb_rows *rows,
                            struct failure *failure)
{
    json_array_begin(rows->out);
    const enum err err = reader_query(reader, hb_sql_search, filter, hb_add_row, rows, failure);
    json_array_end(rows->out);
    return err;
}

enum err hummingbot_search(struct reader *reader, const char *filter, int64_t limit,
                           struct text *out, struct failure *failure)
{
    struct hb_rows rows = {.out = out, .room = limit};
    json_object_begin(out);
    json_key(out, "data");
    enum err err = hb_put_page(reader, filter, &rows, failure);
    json_key(out, "pagination");
    json_object_begin(out);
    json_put_int(out, "limit", limit);
    json_put_bool(out, "has_more", rows.count > limit);
    json_put_string(out, "next_cursor", rows.count > limit ? rows.cursor : NULL);
    if (err == ERR_NONE) {
        err = hb_put_one(reader, "total_count", hb_sql_count, filter, &rows, failure);
    }
    json_object_end(out);
    json_object_end(out);
    return err;
}

enum err hummingbot_push(struct reader *reader, const char *filter, int64_t limit, struct text *out,
                         struct failure *failure)
{
    struct hb_rows rows = {.out = out, .room = limit};
    json_key(out, "data");
    const enum err err = hb_put_page(reader, filter, &rows, failure);
    return err == ERR_NONE ? hb_put_one(reader, "total_count", hb_sql_count, filter, &rows, failure)
                           : err;
}

enum err hummingbot_executor(struct reader *reader, const char *executor_id, struct text *out,
                             struct failure *failure)
{
    return hb_one(reader, hb_sql_executor, executor_id, out, failure);
}

enum err hummingbot_created(struct reader *reader, const char *executor_id, struct text *out,
                            struct failure *failure)
{
    return hb_one(reader, hb_sql_created, executor_id, out, failure);
}

enum err hummingbot_logs(struct reader *reader, const struct hummingbot_log_lines *wanted,
                         struct text *out, struct failure *failure)
{
    struct text ignored = {0};
    enum err err = hb_one(reader, hb_sql_created, wanted->executor_id, &ignored, failure);
    text_done(&ignored);
    struct text filter = {0};
    json_object_begin(&filter);
    json_put_string(&filter, "executor_id", wanted->executor_id);
    json_put_string(&filter, "level", wanted->level);
    json_put_int(&filter, "after", (int64_t)wanted->after);
    json_put_int(&filter, "limit", wanted->limit);
    json_object_end(&filter);
    struct hb_rows rows = {.out = out, .room = wanted->limit};
    json_object_begin(out);
    json_put_string(out, "executor_id", wanted->executor_id);
    json_key(out, "logs");
    json_array_begin(out);
    if (err == ERR_NONE) {
        err = reader_query(reader, hb_sql_logs, text_string(&filter), hb_add_row, &rows, failure);
    }
    json_array_end(out);
    if (err == ERR_NONE) {
        err = hb_put_one(reader, "total_count", hb_sql_logs_count, text_string(&filter), &rows,
                         failure);
    }
    json_object_end(out);
    text_done(&filter);
    return err;
}
