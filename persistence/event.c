#include "persistence/event.h"

#include "base/assert.h"
#include "base/instant.h"
#include "config/field.h"

enum { EVENT_VERSION = 1 };

static void event_print_run(enum record_kind kind, const struct record_run *run, struct text *out)
{
    if (kind == RECORD_RUN_STOPPED) {
        json_put_string(out, "reason", run->reason);
        json_put_string(out, "actor", run->actor != NULL ? run->actor : "");
        return;
    }
    if (kind == RECORD_RUN_DEGRADED || kind == RECORD_RUN_RESTORED) {
        json_put_string(out, "what", run->subject);
        json_put_int(out, "since_ns", run->since_ns);
        json_put_string(out, "effect", run->effect);
        json_put_string(out, "reason", run->reason);
        return;
    }
    json_put_string(out, "config_hash", run->config_hash);
    json_put_string(out, "mode", run->mode);
    json_put_int(out, "seed", run->seed);
    json_put_string(out, "version", run->version);
    if (kind == RECORD_RUN_RECOVERED) {
        json_put_int(out, "executors_resumed", (int64_t)run->executors_resumed);
        json_put_int(out, "orders_reconciled", (int64_t)run->orders_reconciled);
        json_put_int(out, "fills_found", (int64_t)run->fills_found);
    }
    json_put_string(out, "name", run->name);
    if (kind == RECORD_RUN_STARTED) {
        json_put_raw(out, "config", run->config);
    }
}

static void event_print_action(const struct record_action *action, struct text *out)
{
    json_put_string(out, "action_id", action->action_id);
    json_put_string(out, "action", action->action);
    json_put_string(out, "code", action->code);
    json_put_string(out, "message", action->message);
    if (action->actor != NULL) {
        json_put_string(out, "actor", action->actor);
    }
    json_put_raw(out, "request", action->request);
}

static void event_print_executor_identity(const struct record_executor *executor, struct text *out)
{
    json_put_string(out, "type", executor->type);
    json_put_string(out, "connector_name", executor->connector_name);
    json_put_string(out, "trading_pair", executor->trading_pair);
    json_put_string(out, "side", field_name_of(side_names, executor->side));
}

static void event_print_executor_figures(const struct record_executor *executor, struct text *out)
{
    json_put_string(out, "status", record_status_name(executor->status));
    json_put_string(out, "close_type", record_close_type_name(executor->close_type));
    json_put_decimal(out, "net_pnl_quote", executor->net_pnl_quote);
    json_put_decimal(out, "net_pnl_pct", executor->net_pnl_pct);
    json_put_decimal(out, "cum_fees_quote", executor->cum_fees_quote);
    json_put_decimal(out, "filled_amount_quote", executor->filled_amount_quote);
    json_put_raw(out, "custom_info", executor->custom_info);
}

/* What a restart needs beside the configuration. */
static void event_print_origin(const struct record_executor *executor, struct text *out)
{
    if (executor->origin > 0) {
        json_put_int(out, "origin", executor->origin);
    }
    if (executor->reserved != NULL) {
        json_put_raw(out, "reserved", executor->reserved);
    }
}

static void event_print_executor(enum record_kind kind, const struct record_executor *executor,
                                 struct text *out)
{
    if (kind == RECORD_EXECUTOR_CREATED) {
        event_print_executor_identity(executor, out);
        json_put_raw(out, "config", executor->config);
        event_print_origin(executor, out);
    }
    event_print_executor_figures(executor, out);
    if (kind == RECORD_EXECUTOR_UPDATED) {
        json_put_raw(out, "changes", executor->reason);
    } else if (executor->reason != NULL && executor->reason[0] != '\0') {
        json_put_string(out, "reason", executor->reason);
    }
    json_put_int(out, "closed_at_ns", executor->closed_at_ns);
    if (executor->state != NULL) {
        json_put_raw(out, "state", executor->state);
    }
}

static void event_print_skip(const struct record_skip *skip, struct text *out)
{
    json_put_string(out, "type", skip->type);
    json_put_string(out, "connector_name", skip->connector_name);
    json_put_string(out, "trading_pair", skip->trading_pair);
    json_put_string(out, "side", field_name_of(side_names, (int)skip->side));
    json_put_string(out, "reason", skip->reason);
    json_put_string(out, "role", field_name_of(order_role_names, (int)skip->role));
    json_put_string(out, "order_type", field_name_of(order_type_names, (int)skip->kind));
    json_put_decimal(out, "amount", skip->amount);
    json_put_decimal(out, "price", skip->price);
}

static void event_print_order(const struct record_order *order, struct text *out)
{
    char id[ORDER_ID_TEXT_MAX];
    (void)order_id_print(order->id, id);
    json_put_string(out, "client_order_id", id);
    json_put_string(out, "exchange_order_id", order->exchange_order_id);
    json_put_string(out, "trading_pair", order->trading_pair);
    json_put_string(out, "venue", order->venue);
    json_put_string(out, "side", field_name_of(side_names, (int)order->side));
    json_put_string(out, "type", field_name_of(order_type_names, (int)order->type));
    json_put_string(out, "role", field_name_of(order_role_names, (int)order->role));
    if (order->time_in_force != TIME_IN_FORCE_GTC) {
        json_put_string(out, "time_in_force",
                        field_name_of(time_in_force_names, (int)order->time_in_force));
    }
    if (order->action != POSITION_ACTION_NIL) {
        json_put_string(out, "position_action",
                        field_name_of(position_action_names, (int)order->action));
    }
    if (order->leverage > 1) {
        json_put_int(out, "leverage", order->leverage);
    }
    json_put_decimal(out, "price", order->price);
    json_put_decimal(out, "amount", order->amount);
    json_put_decimal(out, "executed_base", order->executed_base);
    json_put_decimal(out, "executed_quote", order->executed_quote);
    json_put_string(out, "reason", order->reason);
    json_put_string(out, "status", field_name_of(order_state_names, (int)order->state));
    json_put_decimal(out, "fee_quote", order->fee_quote);
    json_put_int(out, "created_at_ns", order->created_at_ns);
}

static void event_print_fill(const struct record_fill *record, struct text *out)
{
    const struct fill *fill = &record->fill;
    char id[ORDER_ID_TEXT_MAX];
    (void)order_id_print(fill->order, id);
    json_put_string(out, "trade_id", fill->trade_id);
    json_put_string(out, "client_order_id", id);
    json_put_decimal(out, "price", fill->price);
    json_put_decimal(out, "amount", fill->amount);
    json_put_decimal(out, "fee", fill->fee);
    json_put_string(out, "fee_asset", record->fee_asset);
    json_put_string(out, "liquidity", field_name_of(liquidity_names, (int)fill->liquidity));
    json_put_decimal(out, "position_after", record->position_after);
    json_put_string(out, "venue", record->venue);
    json_put_string(out, "account", record->account);
    json_put_string(out, "trading_pair", record->trading_pair);
    json_put_string(out, "side", field_name_of(side_names, (int)fill->side));
    json_put_decimal(out, "fee_quote", fill_fee_quote(fill));
    json_put_int(out, "time_ns", fill->time_ns);
}

static void event_print_position(const struct record_position *position, struct text *out)
{
    json_put_string(out, "venue", position->venue);
    json_put_string(out, "trading_pair", position->trading_pair);
    json_put_string(out, "side", record_position_side_name(position->side));
    json_put_decimal(out, "amount", position->amount);
    json_put_decimal(out, "average_price", position->average_price);
    json_put_decimal(out, "realized_pnl_quote", position->realized_pnl_quote);
    json_put_decimal(out, "unrealized_pnl_quote", position->unrealized_pnl_quote);
    json_put_decimal(out, "fees_quote", position->fees_quote);
    json_put_decimal(out, "funding_quote", position->funding_quote);
    json_put_decimal(out, "volume_quote", position->volume_quote);
}

static void event_print_funding(const struct record_funding *funding, struct text *out)
{
    json_put_string(out, "venue", funding->venue);
    json_put_string(out, "trading_pair", funding->trading_pair);
    json_put_string(out, "side", record_position_side_name(funding->side));
    json_put_int(out, "due_ns", funding->due_ns);
    json_put_decimal(out, "rate", funding->rate);
    json_put_decimal(out, "position", funding->position);
    json_put_decimal(out, "amount", funding->amount);
}

static void event_print_rate(const struct record_rate *rate, struct text *out)
{
    json_put_string(out, "asset", rate->asset);
    json_put_string(out, "quote_asset", rate->quote_asset);
    json_put_decimal(out, "rate", rate->rate);
}

static void event_print_liquidation(const struct record_liquidation *liquidation, struct text *out)
{
    char id[ORDER_ID_TEXT_MAX];
    (void)order_id_print(liquidation->order, id);
    json_put_string(out, "venue", liquidation->venue);
    json_put_string(out, "trading_pair", liquidation->trading_pair);
    json_put_string(out, "position_side", record_position_side_name(liquidation->position_side));
    json_put_string(out, "side", field_name_of(side_names, (int)liquidation->side));
    json_put_decimal(out, "amount", liquidation->amount);
    json_put_decimal(out, "price", liquidation->price);
    json_put_string(out, "exchange_order_id", id);
    json_put_string(out, "reason", liquidation->reason);
}

static void event_print_close_types(const struct performance_report *report, struct text *out)
{
    json_key(out, "close_type_counts");
    json_object_begin(out);
    for (int type = 1; type < CLOSE_TYPE_COUNT; type++) {
        if (report->close_type_counts[type] != 0) {
            json_key(out, record_close_type_name(type));
            json_int(out, (int64_t)report->close_type_counts[type]);
        }
    }
    json_object_end(out);
}

static void event_print_performance(const struct performance_report *report, struct text *out)
{
    json_put_decimal(out, "realized_pnl_quote", report->realized_pnl_quote);
    json_put_decimal(out, "unrealized_pnl_quote", report->unrealized_pnl_quote);
    json_put_decimal(out, "fees_quote", report->fees_quote);
    json_put_decimal(out, "funding_quote", report->funding_quote);
    json_put_decimal(out, "global_pnl_quote", report->global_pnl_quote);
    json_put_decimal(out, "volume_traded", report->volume_traded);
    json_put_decimal(out, "capital_quote", report->capital_quote);
    json_put_decimal(out, "return_on_capital", report->return_on_capital);
    json_put_decimal(out, "realized_pnl_pct", report->realized_pnl_pct);
    json_put_decimal(out, "unrealized_pnl_pct", report->unrealized_pnl_pct);
    json_put_decimal(out, "global_pnl_pct", report->global_pnl_pct);
    json_put_decimal(out, "win_rate", report->win_rate);
    json_put_decimal(out, "profit_factor", report->profit_factor);
    json_put_decimal(out, "max_drawdown_quote", report->max_drawdown_quote);
    json_put_decimal(out, "sharpe_ratio", report->sharpe_ratio);
    json_put_decimal(out, "open_order_volume", report->open_order_volume);
    json_put_decimal(out, "inventory_imbalance", report->inventory_imbalance);
    json_put_int(out, "executors_active", (int64_t)report->executors_active);
    json_put_int(out, "executors_closed", (int64_t)report->executors_closed);
    json_put_int(out, "fills", (int64_t)report->fills);
    event_print_close_types(report, out);
}

static void event_print_note(enum record_kind kind, const struct record_note *note,
                             struct text *out)
{
    if (kind == RECORD_RISK_PEAK || kind == RECORD_RISK_DAY) {
        json_put_string(out, "scope", note->scope);
        json_put_decimal(out, "value", note->value);
    } else if (kind == RECORD_RISK_DENIED || kind == RECORD_RISK_STATE) {
        json_put_string(out, "scope", note->scope);
        json_key(out, kind == RECORD_RISK_DENIED ? "code" : "state");
        json_string(out, note->code);
        if (kind == RECORD_RISK_STATE) {
            json_put_string(out, "before", note->before);
            json_put_string(out, "actor", note->actor);
        }
        json_put_decimal(out, "limit", note->limit);
        json_put_decimal(out, "value", note->value);
        json_put_string(out, "reason", note->text);
    } else {
        json_put_string(out, "venue", note->scope);
        json_put_string(out, "reason", note->code);
        json_put_string(out, "found", note->text);
    }
}

void event_print_data(const struct record *record, struct text *out)
{
    json_object_begin(out);
    switch (record_kind_data(record->kind)) {
    case RECORD_DATA_RUN:
        event_print_run(record->kind, &record->data.run, out);
        break;
    case RECORD_DATA_ACTION:
        event_print_action(&record->data.action, out);
        break;
    case RECORD_DATA_EXECUTOR:
        event_print_executor(record->kind, &record->data.executor, out);
        break;
    case RECORD_DATA_SKIP:
        event_print_skip(&record->data.skip, out);
        break;
    case RECORD_DATA_ORDER:
        event_print_order(&record->data.order, out);
        break;
    case RECORD_DATA_FILL:
        event_print_fill(&record->data.fill, out);
        break;
    case RECORD_DATA_POSITION:
        event_print_position(&record->data.position, out);
        break;
    case RECORD_DATA_RATE:
        event_print_rate(&record->data.rate, out);
        break;
    case RECORD_DATA_FUNDING:
        event_print_funding(&record->data.funding, out);
        break;
    case RECORD_DATA_LIQUIDATION:
        event_print_liquidation(&record->data.liquidation, out);
        break;
    case RECORD_DATA_PERFORMANCE:
        event_print_performance(&record->data.performance, out);
        break;
    case RECORD_DATA_NOTE:
        event_print_note(record->kind, &record->data.note, out);
        break;
    }
    json_object_end(out);
}

/* Everything before the data. */
static void event_print_head(const struct event_head *head, struct text *out)
{
    ASSERT(out->length == 0);
    text_append_string(out, head->type);
    text_append_char(out, ' ');
    json_object_begin(out);
    json_put_int(out, "v", EVENT_VERSION);
    json_put_string(out, "run", head->run);
    json_put_int(out, "seq", (int64_t)head->seq);
    json_put_int(out, "ts", head->ts_ns / NS_PER_US);
    json_put_string(out, "type", head->type);
    json_put_string(out, "controller_id", head->controller_id);
    json_put_string(out, "executor_id", head->executor_id);
    json_key(out, "data");
}

size_t event_begin(const char *run, const struct record *record, struct text *out)
{
    const struct event_head head = {.run = run,
                                    .seq = record->seq,
                                    .ts_ns = record->ts_ns,
                                    .type = record_kind_type(record->kind),
                                    .controller_id = record->controller_id,
                                    .executor_id = record->executor_id};
    event_print_head(&head, out);
    const size_t data = out->length;
    event_print_data(record, out);
    return data;
}

void event_end(struct text *out)
{
    json_object_end(out);
}

void event_print_stored(const struct event_head *head, const char *data, struct text *out)
{
    event_print_head(head, out);
    json_raw(out, data);
    event_end(out);
}
