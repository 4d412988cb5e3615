#include <stdio.h>
#include <string.h>

#include "actors/roles/control_parts.h"

/* ---- The database ---- */

struct reader *control_reader(struct control *control, const struct control_call *call)
{
    struct failure failure;
    if (control->given.database == NULL) {
        control_refuse(control, call, "no_database",
                       "this run keeps no journal (persistence type memory)");
        return NULL;
    }
    if (control->reader == NULL &&
        reader_open(control->given.database, &control->reader, &failure) != ERR_NONE) {
        control_refuse(control, call, err_name(failure.code), failure.text);
        return NULL;
    }
    return control->reader;
}

/* ---- Rows as JSON: SQLite writes each as one object ---- */

/* True when the filter ?1 does not speak of the column, or names its value. */
#define CONTROL_FILTERED(column)                            \
    " (json_extract(?1, '$." column "') IS NULL OR " column \
    " IN (SELECT value FROM json_each(?1, '$." column "')))"

#define CONTROL_EXECUTOR_JSON                                                             \
    "json_object('executor_id', id, 'controller_id', controller_id, 'type', type,"        \
    " 'connector_name', connector_name, 'trading_pair', trading_pair, 'side', side,"      \
    " 'status', status, 'close_type', close_type, 'net_pnl_quote', net_pnl_quote,"        \
    " 'net_pnl_pct', net_pnl_pct, 'cum_fees_quote', cum_fees_quote,"                      \
    " 'filled_amount_quote', filled_amount_quote, 'config', json(config), 'custom_info'," \
    " json(custom_info), 'created_at', created_at / 1000, 'closed_at', closed_at / 1000," \
    " 'is_stored', json(iif(archived, 'true', 'false')))"

#define CONTROL_IS_ENDED "status IS 'TERMINATED'"

static const char control_sql_executor[] =
    "SELECT " CONTROL_EXECUTOR_JSON " FROM executor WHERE id = ?1";

/* clang-format off */

/* Behind the cursor "created_at:id" of the page before. */
#define CONTROL_CURSOR "json_extract(?1, '$.cursor')"
#define CONTROL_BEHIND_CURSOR                                                                  \
    " (" CONTROL_CURSOR " IS NULL OR (created_at, id) <"                                       \
    " (CAST(substr(" CONTROL_CURSOR ", 1, instr(" CONTROL_CURSOR ", ':') - 1) AS INTEGER),"    \
    " substr(" CONTROL_CURSOR ", instr(" CONTROL_CURSOR ", ':') + 1)))"

/* One more than the page: whether there is another page. */
static const char control_sql_executors[] =
    "SELECT " CONTROL_EXECUTOR_JSON ", created_at || ':' || id FROM executor"
    " WHERE" CONTROL_FILTERED("status")
    " AND" CONTROL_FILTERED("type")
    " AND" CONTROL_FILTERED("trading_pair")
    " AND" CONTROL_FILTERED("connector_name")
    " AND" CONTROL_FILTERED("controller_id")
    " AND (json_extract(?1, '$.active') IS NULL"
    "      OR json_extract(?1, '$.active') <> (" CONTROL_IS_ENDED "))"
    " AND" CONTROL_BEHIND_CURSOR
    " ORDER BY created_at DESC, id DESC LIMIT json_extract(?1, '$.limit') + 1";

/* clang-format on */

static const char control_sql_snapshot_executors[] =
    "SELECT " CONTROL_EXECUTOR_JSON " FROM executor"
    " WHERE json_extract(?1, '$.all') OR NOT " CONTROL_IS_ENDED " ORDER BY created_at, id";

static const char control_sql_orders[] =
    "SELECT json_object('client_order_id', client_order_id, 'exchange_order_id',"
    " exchange_order_id, 'executor_id', executor_id, 'role', role, 'venue', venue,"
    " 'trading_pair', trading_pair, 'side', side, 'type', type, 'price', price, 'amount', amount,"
    " 'status', status, 'executed_base', executed_base, 'executed_quote', executed_quote,"
    " 'fee_quote', fee_quote, 'reason', reason, 'created_at', created_at / 1000, 'updated_at',"
    " updated_at / 1000) FROM orders WHERE json_extract(?1, '$.all') OR status NOT IN"
    " ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED') ORDER BY created_at, client_order_id";

static const char control_sql_positions[] =
    "SELECT json_object('controller_id', controller_id, 'venue', venue, 'trading_pair',"
    " trading_pair, 'side', side, 'amount', amount, 'average_price', average_price,"
    " 'realized_pnl_quote', realized_pnl_quote, 'fees_quote', fees_quote, 'volume_quote',"
    " volume_quote, 'updated_at', updated_at / 1000) FROM position"
    " WHERE" CONTROL_FILTERED("controller_id") " ORDER BY controller_id, venue, trading_pair, side";

/* The newest report of each controller; '' is the whole run, which is there when it has ended. */
static const char control_sql_performance[] =
    "SELECT json_object('controller_id', controller_id, 'ts', ts / 1000, 'report',"
    " json(report)), max(rowid) FROM performance WHERE" CONTROL_FILTERED(
        "controller_id") " GROUP BY controller_id ORDER BY controller_id";

static const char control_sql_risk[] =
    "SELECT json_object('scope', scope, 'state', state, 'reason', reason, 'ts', ts / 1000)"
    " FROM risk ORDER BY scope";

static const char control_sql_run[] =
    "SELECT json_object('name', name, 'mode', mode, 'seed', seed, 'config_hash', config_hash,"
    " 'version', version, 'started_at', started_at / 1000, 'stopped_at', stopped_at / 1000,"
    " 'state', state) FROM run";

/* ---- Answers ---- */

/* An answer that is being written, in one read transaction. */
struct answer {
    struct control *control;
    const struct control_call *call;
    struct reader *reader;
    struct text json;
    struct failure failure;
    enum err err;
};

/* Begins {"ok":true,"seq":N; false after the call was refused. */
static bool answer_begin(struct answer *answer, struct control *control,
                         const struct control_call *call)
{
    *answer = (struct answer){.control = control, .call = call};
    answer->reader = control_reader(control, call);
    if (answer->reader == NULL) {
        return false;
    }
    uint64_t last = 0;
    answer->err = reader_begin(answer->reader, &answer->failure);
    if (answer->err == ERR_NONE) {
        answer->err = reader_last_seq(answer->reader, &last, &answer->failure);
    }
    json_object_begin(&answer->json);
    json_put_bool(&answer->json, "ok", true);
    json_put_int(&answer->json, "seq", (int64_t)last);
    return true;
}

static void answer_end(struct answer *answer)
{
    reader_end(answer->reader);
    json_object_end(&answer->json);
    if (answer->err == ERR_NONE && text_failed(&answer->json)) {
        answer->err = failure_set(&answer->failure, ERR_MEMORY, "no memory for the answer");
    }
    if (answer->err == ERR_NONE) {
        answer->call->deliver(answer->control, answer->call, "", &answer->json);
    } else {
        control_refuse(answer->control, answer->call, err_name(answer->err), answer->failure.text);
    }
    text_done(&answer->json);
}

static bool answer_add_row(void *context, int count, const char *const *names,
                           const char *const *values)
{
    (void)count;
    (void)names;
    struct answer *answer = context;
    json_raw(&answer->json, values[0]);
    return true;
}

/* Adds an array of all rows of a query. */
static void answer_add_list(struct answer *answer, const char *key, const char *sql,
                            const char *filter)
{
    json_key(&answer->json, key);
    json_array_begin(&answer->json);
    if (answer->err == ERR_NONE) {
        answer->err =
            reader_query(answer->reader, sql, filter, answer_add_row, answer, &answer->failure);
    }
    json_array_end(&answer->json);
}

static void answer_list(struct control *control, const struct control_call *call, const char *key,
                        const char *sql, const char *filter)
{
    struct answer answer;
    if (answer_begin(&answer, control, call)) {
        answer_add_list(&answer, key, sql, filter);
        answer_end(&answer);
    }
}

void control_answer_snapshot(struct control *control, const struct control_call *call,
                             const char *filter, int64_t limit)
{
    (void)limit;
    struct answer answer;
    if (!answer_begin(&answer, control, call)) {
        return;
    }
    answer_add_list(&answer, "runs", control_sql_run, NULL);
    answer_add_list(&answer, "executors", control_sql_snapshot_executors, filter);
    answer_add_list(&answer, "orders", control_sql_orders, filter);
    answer_add_list(&answer, "positions", control_sql_positions, filter);
    answer_add_list(&answer, "performance", control_sql_performance, filter);
    answer_add_list(&answer, "risk", control_sql_risk, NULL);
    answer_end(&answer);
}

void control_answer_performance(struct control *control, const struct control_call *call,
                                const char *filter, int64_t limit)
{
    (void)limit;
    answer_list(control, call, "performance", control_sql_performance, filter);
}

void control_answer_positions(struct control *control, const struct control_call *call,
                              const char *filter, int64_t limit)
{
    (void)limit;
    answer_list(control, call, "positions", control_sql_positions, filter);
}

void control_answer_executor(struct control *control, const struct control_call *call,
                             const char *executor_id)
{
    struct answer answer;
    if (!answer_begin(&answer, control, call)) {
        return;
    }
    json_key(&answer.json, "executor");
    const size_t before = answer.json.length;
    if (answer.err == ERR_NONE) {
        answer.err = reader_query(answer.reader, control_sql_executor, executor_id, answer_add_row,
                                  &answer, &answer.failure);
    }
    if (answer.err == ERR_NONE && answer.json.length == before) {
        reader_end(answer.reader);
        text_done(&answer.json);
        control_refuse(control, call, "unknown_executor", "no executor of this run has that id");
        return;
    }
    answer_end(&answer);
}

/* The page of executors that is being written. */
struct page {
    struct answer *answer;
    int64_t room;
    bool has_more;
    char cursor[ACTION_ID_MAX + 32]; /* Of the last row that was written. */
};

static bool page_add_row(void *context, int count, const char *const *names,
                         const char *const *values)
{
    (void)count;
    (void)names;
    struct page *page = context;
    if (page->room == 0) {
        page->has_more = true;
        return false;
    }
    page->room--;
    json_raw(&page->answer->json, values[0]);
    (void)snprintf(page->cursor, sizeof(page->cursor), "%s", values[1]);
    return true;
}

void control_answer_executors(struct control *control, const struct control_call *call,
                              const char *filter, int64_t limit)
{
    struct answer answer;
    if (!answer_begin(&answer, control, call)) {
        return;
    }
    struct page page = {.answer = &answer, .room = limit};
    json_key(&answer.json, "executors");
    json_array_begin(&answer.json);
    if (answer.err == ERR_NONE) {
        answer.err = reader_query(answer.reader, control_sql_executors, filter, page_add_row, &page,
                                  &answer.failure);
    }
    json_array_end(&answer.json);
    if (page.has_more) {
        json_put_string(&answer.json, "next", page.cursor);
    }
    answer_end(&answer);
}

/* ---- Events ---- */

/* Adds the JSON of an event, without its topic. */
static bool control_add_event(void *context, uint64_t seq, const char *event)
{
    (void)seq;
    struct text *answer = context;
    const char *space = strchr(event, ' ');
    json_raw(answer, space != NULL ? space + 1 : event);
    return true;
}

void control_answer_events(struct control *control, const struct control_call *call, uint64_t from,
                           uint64_t limit)
{
    struct answer answer;
    if (!answer_begin(&answer, control, call)) {
        return;
    }
    json_key(&answer.json, "events");
    json_array_begin(&answer.json);
    if (answer.err == ERR_NONE) {
        answer.err = reader_events(answer.reader, from, limit, control_add_event, &answer.json,
                                   &answer.failure);
    }
    json_array_end(&answer.json);
    answer_end(&answer);
}
