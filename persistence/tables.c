#include "persistence/tables.h"

#include <stdbool.h>
#include <string.h>

#include "base/assert.h"
#include "config/field.h"
#include "persistence/row.h"

static const char *const tables_sql[TABLES_STATEMENT_COUNT] = {
    [TABLES_JOURNAL] =
        "INSERT INTO journal (seq, ts, kind, controller_id, executor_id, client_order_id, payload,"
        " checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [TABLES_RUN_STARTED] =
        "INSERT INTO run (id, name, mode, seed, config, config_hash, version, started_at, state)"
        " VALUES (1, ?, ?, ?, ?, ?, ?, ?, 'running')",
    /* What is heard after the end, as a fill of somebody else, does not make it run again. */
    [TABLES_RUN_STATE] = "UPDATE run SET state = ? WHERE state <> 'stopped'",
    [TABLES_RUN_STOPPED] = "UPDATE run SET state = 'stopped', stopped_at = ?",
    [TABLES_EXECUTOR] =
        "INSERT INTO executor (id, controller_id, type, connector_name, trading_pair, side, status,"
        " close_type, config, state, net_pnl_quote, net_pnl_pct, cum_fees_quote,"
        " filled_amount_quote, custom_info, created_at, closed_at, archived)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
        " ON CONFLICT (id) DO UPDATE SET status = excluded.status,"
        " close_type = excluded.close_type, config = coalesce(excluded.config, config),"
        " state = coalesce(excluded.state, state), net_pnl_quote = excluded.net_pnl_quote,"
        " net_pnl_pct = excluded.net_pnl_pct, cum_fees_quote = excluded.cum_fees_quote,"
        " filled_amount_quote = excluded.filled_amount_quote,"
        " custom_info = coalesce(excluded.custom_info, custom_info),"
        " closed_at = excluded.closed_at",
    [TABLES_EXECUTOR_ARCHIVED] = "UPDATE executor SET archived = 1 WHERE id = ?",
    [TABLES_ORDER] =
        "INSERT INTO orders (client_order_id, exchange_order_id, executor_id, role, venue,"
        " trading_pair, side, type, price, amount, status, executed_base, executed_quote,"
        " fee_quote, reason, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (client_order_id) DO UPDATE SET"
        " exchange_order_id = coalesce(excluded.exchange_order_id, exchange_order_id),"
        " price = excluded.price, amount = excluded.amount, status = excluded.status,"
        " executed_base = excluded.executed_base, executed_quote = excluded.executed_quote,"
        " fee_quote = excluded.fee_quote, reason = excluded.reason,"
        " updated_at = excluded.updated_at",
    [TABLES_FILL] =
        "INSERT INTO fill (venue, account, trading_pair, trade_id, client_order_id, executor_id,"
        " side, price, amount, fee, fee_asset, fee_quote, liquidity, ts)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [TABLES_POSITION] =
        "INSERT INTO position (controller_id, venue, trading_pair, side, amount, average_price,"
        " realized_pnl_quote, fees_quote, funding_quote, volume_quote, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (controller_id, venue, trading_pair, side) DO UPDATE SET"
        " amount = excluded.amount, average_price = excluded.average_price,"
        " realized_pnl_quote = excluded.realized_pnl_quote, fees_quote = excluded.fees_quote,"
        " funding_quote = excluded.funding_quote,"
        " volume_quote = excluded.volume_quote, updated_at = excluded.updated_at",
    [TABLES_PERFORMANCE] = "INSERT INTO performance (controller_id, ts, report) VALUES (?, ?, ?)",
    /* The first answer stays, as it is what a repeated action gets; a completion is added to it. */
    [TABLES_ACTION] =
        "INSERT INTO action (action_id, controller_id, kind, executor_id, request, answer, ts)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (action_id) DO UPDATE SET answer = json_patch(answer, excluded.answer)",
    [TABLES_RISK] = "INSERT INTO risk (scope, state, reason, ts) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT (scope) DO UPDATE SET state = excluded.state,"
                    " reason = excluded.reason, ts = excluded.ts",
};

enum err tables_init(struct tables *tables, struct connection *connection, const char *run_name,
                     struct failure *failure)
{
    *tables = (struct tables){.connection = connection, .run_name = run_name};
    for (int i = 0; i < TABLES_STATEMENT_COUNT; i++) {
        const enum err err =
            connection_prepare(connection, tables_sql[i], &tables->statements[i], failure);
        if (err != ERR_NONE) {
            tables_done(tables);
            return err;
        }
    }
    return ERR_NONE;
}

void tables_done(struct tables *tables)
{
    for (int i = 0; i < TABLES_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(tables->statements[i]);
    }
    text_done(&tables->answer);
    *tables = (struct tables){0};
}

static void tables_row(struct tables *tables, enum tables_statement statement, struct row *row)
{
    row_begin(row, tables->statements[statement]);
}

enum err tables_put_journal(struct tables *tables, const struct journal_row *journal,
                            const struct checksum *checksum, struct failure *failure)
{
    struct row row;
    tables_row(tables, TABLES_JOURNAL, &row);
    row_int(&row, (int64_t)journal->seq);
    row_int(&row, journal->ts_ns);
    row_text(&row, journal->kind);
    row_text(&row, journal->controller_id);
    row_text(&row, journal->executor_id);
    row_text(&row, journal->client_order_id);
    row_text(&row, journal->payload);
    row_blob(&row, checksum->bytes, sizeof(checksum->bytes));
    return row_write(&row, tables->connection, "write the journal", failure);
}

static enum err tables_put_run_started(struct tables *tables, const struct record *record,
                                       struct failure *failure)
{
    const struct record_run *run = &record->data.run;
    struct row row;
    tables_row(tables, TABLES_RUN_STARTED, &row);
    row_text(&row, tables->run_name);
    row_text_or_empty(&row, run->mode);
    row_int(&row, run->seed);
    row_text(&row, run->config);
    row_text(&row, run->config_hash);
    row_text_or_empty(&row, run->version);
    row_int(&row, record->ts_ns);
    return row_write(&row, tables->connection, "write the run", failure);
}

static enum err tables_put_run(struct tables *tables, const struct record *record,
                               struct failure *failure)
{
    struct row row;
    if (record->kind == RECORD_RUN_STARTED) {
        return tables_put_run_started(tables, record, failure);
    }
    if (record->kind == RECORD_RUN_STOPPED) {
        tables_row(tables, TABLES_RUN_STOPPED, &row);
        row_int(&row, record->ts_ns);
    } else {
        tables_row(tables, TABLES_RUN_STATE, &row);
        row_text(&row, record->kind == RECORD_RUN_DEGRADED ? "degraded" : "running");
    }
    return row_write(&row, tables->connection, "write the run", failure);
}

static void tables_print_answer(const struct record *record, struct text *out)
{
    const struct record_action *action = &record->data.action;
    text_clear(out);
    json_object_begin(out);
    if (record->kind == RECORD_ACTION_COMPLETED) {
        json_key(out, "completed");
        json_object_begin(out);
    } else {
        json_put_bool(out, "accepted", record->kind == RECORD_ACTION_ACCEPTED);
    }
    json_put_string(out, "code", action->code);
    json_put_string(out, "message", action->message);
    if (record->kind == RECORD_ACTION_COMPLETED) {
        json_object_end(out);
    } else if (action->actor != NULL) {
        json_put_string(out, "actor", action->actor);
    }
    json_object_end(out);
}

/* Storing an executor is a mark on its row: everything about it is stored from the beginning. */
static enum err tables_archive(struct tables *tables, const struct record *record,
                               struct failure *failure)
{
    const char *action = record->data.action.action;
    if (record->kind == RECORD_ACTION_REJECTED || action == NULL ||
        strcmp(action, "store_executor") != 0) {
        return ERR_NONE;
    }
    struct row row;
    tables_row(tables, TABLES_EXECUTOR_ARCHIVED, &row);
    row_text(&row, record->executor_id);
    return row_write(&row, tables->connection, "archive an executor", failure);
}

static enum err tables_put_action(struct tables *tables, const struct record *record,
                                  struct failure *failure)
{
    const struct record_action *action = &record->data.action;
    tables_print_answer(record, &tables->answer);
    if (text_failed(&tables->answer)) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory for an action's answer",
                           tables->connection->path);
    }
    struct row row;
    tables_row(tables, TABLES_ACTION, &row);
    row_text(&row, action->action_id);
    row_text(&row, record->controller_id);
    row_text_or_empty(&row, action->action);
    row_text(&row, record->executor_id);
    row_text(&row, action->request);
    row_text(&row, text_string(&tables->answer));
    row_int(&row, record->ts_ns);
    const enum err err = row_write(&row, tables->connection, "write an action", failure);
    return err != ERR_NONE ? err : tables_archive(tables, record, failure);
}

static enum err tables_put_executor(struct tables *tables, const struct record *record,
                                    struct failure *failure)
{
    const struct record_executor *executor = &record->data.executor;
    struct row row;
    tables_row(tables, TABLES_EXECUTOR, &row);
    row_text(&row, record->executor_id);
    row_text(&row, record->controller_id);
    row_text_or_empty(&row, executor->type);
    row_text_or_empty(&row, executor->connector_name);
    row_text_or_empty(&row, executor->trading_pair);
    row_text(&row, field_name_of(side_names, executor->side));
    row_text(&row, record_status_name(executor->status));
    row_text(&row, record_close_type_name(executor->close_type));
    row_text(&row, executor->config);
    row_text(&row, executor->state);
    row_decimal(&row, executor->net_pnl_quote);
    row_decimal(&row, executor->net_pnl_pct);
    row_decimal(&row, executor->cum_fees_quote);
    row_decimal(&row, executor->filled_amount_quote);
    row_text(&row, executor->custom_info);
    row_int(&row, record->ts_ns);
    row_instant_or_null(&row, executor->closed_at_ns);
    return row_write(&row, tables->connection, "write an executor", failure);
}

static enum err tables_put_order(struct tables *tables, const struct record *record,
                                 const struct journal_row *journal, struct failure *failure)
{
    const struct record_order *order = &record->data.order;
    struct row row;
    tables_row(tables, TABLES_ORDER, &row);
    row_text(&row, journal->client_order_id);
    row_text_or_null(&row, order->exchange_order_id);
    row_text(&row, record->executor_id);
    row_text(&row, field_name_of(order_role_names, (int)order->role));
    row_text_or_empty(&row, order->venue);
    row_text_or_empty(&row, order->trading_pair);
    row_text(&row, field_name_of(side_names, (int)order->side));
    row_text(&row, field_name_of(order_type_names, (int)order->type));
    row_decimal(&row, order->price);
    row_decimal(&row, order->amount);
    row_text(&row, field_name_of(order_state_names, (int)order->state));
    row_decimal(&row, order->executed_base);
    row_decimal(&row, order->executed_quote);
    row_decimal(&row, order->fee_quote);
    row_text_or_empty(&row, order->reason);
    row_int(&row, order->created_at_ns);
    row_int(&row, record->ts_ns);
    return row_write(&row, tables->connection, "write an order", failure);
}

static enum err tables_put_fill(struct tables *tables, const struct record *record,
                                const struct journal_row *journal, struct failure *failure)
{
    const struct fill *fill = &record->data.fill.fill;
    struct row row;
    tables_row(tables, TABLES_FILL, &row);
    row_text(&row, record->data.fill.venue);
    row_text_or_empty(&row, record->data.fill.account);
    row_text(&row, record->data.fill.trading_pair);
    row_text(&row, fill->trade_id);
    row_text(&row, journal->client_order_id);
    row_text(&row, record->executor_id);
    row_text(&row, field_name_of(side_names, (int)fill->side));
    row_decimal(&row, fill->price);
    row_decimal(&row, fill->amount);
    row_decimal(&row, fill->fee);
    row_text_or_empty(&row, record->data.fill.fee_asset);
    row_decimal(&row, fill_fee_quote(fill));
    row_text(&row, field_name_of(liquidity_names, (int)fill->liquidity));
    row_int(&row, fill->time_ns);
    return row_write(&row, tables->connection, "write a fill", failure);
}

static enum err tables_put_position(struct tables *tables, const struct record *record,
                                    struct failure *failure)
{
    const struct record_position *position = &record->data.position;
    struct row row;
    tables_row(tables, TABLES_POSITION, &row);
    row_text(&row, record->controller_id);
    row_text(&row, position->venue);
    row_text(&row, position->trading_pair);
    row_text(&row, record_position_side_name(position->side));
    row_decimal(&row, position->amount);
    row_decimal(&row, position->average_price);
    row_decimal(&row, position->realized_pnl_quote);
    row_decimal(&row, position->fees_quote);
    row_decimal(&row, position->funding_quote);
    row_decimal(&row, position->volume_quote);
    row_int(&row, record->ts_ns);
    return row_write(&row, tables->connection, "write a position", failure);
}

static enum err tables_put_performance(struct tables *tables, const struct record *record,
                                       const char *data, struct failure *failure)
{
    struct row row;
    tables_row(tables, TABLES_PERFORMANCE, &row);
    row_text(&row, record->controller_id);
    row_int(&row, record->ts_ns);
    row_text(&row, data);
    return row_write(&row, tables->connection, "write a performance report", failure);
}

static enum err tables_put_note(struct tables *tables, const struct record *record,
                                struct failure *failure)
{
    if (record->kind != RECORD_RISK_STATE) {
        return ERR_NONE;
    }
    const struct record_note *note = &record->data.note;
    struct row row;
    tables_row(tables, TABLES_RISK, &row);
    row_text(&row, note->scope);
    row_text(&row, note->code);
    row_text_or_empty(&row, note->text);
    row_int(&row, record->ts_ns);
    return row_write(&row, tables->connection, "write a risk state", failure);
}

enum err tables_put(struct tables *tables, const struct record *record,
                    const struct journal_row *row, struct failure *failure)
{
    switch (record_kind_data(record->kind)) {
    case RECORD_DATA_RUN:
        return tables_put_run(tables, record, failure);
    case RECORD_DATA_ACTION:
        return tables_put_action(tables, record, failure);
    case RECORD_DATA_EXECUTOR:
        return tables_put_executor(tables, record, failure);
    case RECORD_DATA_ORDER:
        return tables_put_order(tables, record, row, failure);
    case RECORD_DATA_FILL:
        return tables_put_fill(tables, record, row, failure);
    case RECORD_DATA_POSITION:
        return tables_put_position(tables, record, failure);
    case RECORD_DATA_SKIP:
    case RECORD_DATA_RATE:
    case RECORD_DATA_FUNDING:
    case RECORD_DATA_LIQUIDATION:
        return ERR_NONE; /* The journal has them; what they change follows. */
    case RECORD_DATA_PERFORMANCE:
        return tables_put_performance(tables, record, row->payload, failure);
    case RECORD_DATA_NOTE:
        return tables_put_note(tables, record, failure);
    }
    ASSERT(false);
    return ERR_STATE;
}
