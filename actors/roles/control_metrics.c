#include <string.h>

#include "actors/roles/control_http.h"

/* ---- Health ---- */

static void control_answer_status(struct control_visit *visit, unsigned status, const char *word)
{
    struct text out = {0};
    json_object_begin(&out);
    json_put_string(&out, "status", word);
    json_object_end(&out);
    control_http_answer(visit->control, visit->exchange, status, &out);
    text_done(&out);
}

void control_carry_health(struct control_visit *visit)
{
    control_answer_status(visit, 200, "ok");
}

void control_carry_ready(struct control_visit *visit)
{
    struct failure failure;
    uint64_t seq = 0;
    struct reader *reader = control_http_reader(visit->control, visit->exchange);
    if (reader == NULL) {
        return;
    }
    const bool is_ready = reader_last_seq(reader, &seq, &failure) == ERR_NONE && seq > 0;
    control_answer_status(visit, is_ready ? 200 : 503, is_ready ? "ready" : "starting");
}

/* ---- Metrics, in the text format of Prometheus ---- */

static void metrics_head(struct text *out, const char *name, const char *type, const char *help)
{
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void metrics_put(struct text *out, const char *name, const char *type, const char *help,
                        uint64_t value)
{
    metrics_head(out, name, type, help);
    text_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

/* A row of a query: label and value. */
struct metrics_rows {
    struct text *out;
    const char *name;
    const char *label;
};

static bool metrics_put_row(void *context, int count, const char *const *names,
                            const char *const *values)
{
    (void)names;
    ASSERT(count == 2);
    const struct metrics_rows *rows = context;
    /* Words of our own enums: nothing in them needs escaping. */
    text_printf(rows->out, "%s{%s=\"%s\"} %s\n", rows->name, rows->label,
                values[0] != NULL ? values[0] : "NOT_STARTED", values[1]);
    return true;
}

static const struct {
    const char *name;
    const char *type;
    const char *help;
    const char *label;
    const char *sql;
} metrics_queries[] = {
    {"tutti_executors", "gauge", "Executors by status.", "status",
     "SELECT status, count(*) FROM executor GROUP BY status ORDER BY status"},
    {"tutti_orders", "gauge", "Orders by status.", "status",
     "SELECT status, count(*) FROM orders GROUP BY status ORDER BY status"},
    {"tutti_fills_total", "counter", "Fills by liquidity.", "liquidity",
     "SELECT liquidity, count(*) FROM fill GROUP BY liquidity ORDER BY liquidity"},
};

static enum err metrics_put_tables(struct text *out, struct reader *reader, struct failure *failure)
{
    uint64_t seq = 0;
    enum err err = reader_last_seq(reader, &seq, failure);
    metrics_put(out, "tutti_journal_records_total", "counter", "Committed records.", seq);
    for (size_t i = 0; i < sizeof(metrics_queries) / sizeof(metrics_queries[0]) && err == ERR_NONE;
         i++) {
        struct metrics_rows rows = {out, metrics_queries[i].name, metrics_queries[i].label};
        metrics_head(out, metrics_queries[i].name, metrics_queries[i].type,
                     metrics_queries[i].help);
        err = reader_query(reader, metrics_queries[i].sql, NULL, metrics_put_row, &rows, failure);
    }
    return err;
}

static void metrics_put_link(struct text *out, struct link_http *link)
{
    struct link_http_counters now;
    link_http_counters(link, &now);
    metrics_put(out, "tutti_http_requests_total", "counter", "Requests that were let in.",
                now.requests);
    metrics_put(out, "tutti_http_refused_total", "counter", "Requests that were not.", now.refused);
    metrics_put(out, "tutti_http_unauthorized_total", "counter", "Wrong secrets.",
                now.unauthorized);
    metrics_put(out, "tutti_http_rate_limited_total", "counter", "Requests that came too often.",
                now.rate_limited);
    metrics_put(out, "tutti_http_timeouts_total", "counter", "Connections that were too slow.",
                now.timeouts);
    metrics_put(out, "tutti_http_displaced_total", "counter",
                "Silent connections that made room for others.", now.displaced);
    metrics_put(out, "tutti_http_connections", "gauge", "Connections.", now.connections_now);
    metrics_put(out, "tutti_http_sessions", "gauge", "WebSocket sessions.", now.sessions_now);
    metrics_put(out, "tutti_http_slow_sessions_total", "counter",
                "Sessions that were closed because they did not read.", now.slow_sessions);
}

void control_carry_metrics(struct control_visit *visit)
{
    struct text out = {0};
    struct failure failure = {0};
    struct control *control = visit->control;
    metrics_put_link(&out, control->http->link);
    enum err err = ERR_NONE;
    if (control->given.database != NULL) {
        struct reader *reader = control_http_reader(control, visit->exchange);
        if (reader == NULL) {
            text_done(&out);
            return;
        }
        err = metrics_put_tables(&out, reader, &failure);
    }
    if (err == ERR_NONE && text_failed(&out)) {
        err = failure_set(&failure, ERR_MEMORY, "no memory for the metrics");
    }
    if (err == ERR_NONE) {
        control_http_answer_as(control, visit->exchange, "text/plain; version=0.0.4", &out);
    } else {
        control_http_refuse(control, visit->exchange, err_name(err), failure.text);
    }
    text_done(&out);
}
