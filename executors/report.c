#include "executors/report.h"

/* A figure beyond the range of a decimal cannot be shown. */
static struct decimal report_shown(struct decimal value)
{
    return decimal_is_valid(value) ? value : DECIMAL_ZERO;
}

void report_position(const struct executor *executor, const struct moment *moment,
                     struct executor_report *ret_report)
{
    const struct ledger *ledger = &executor->ledger;
    *ret_report = (struct executor_report){
        .status = executor->status,
        .close_type = executor->close_type,
        .side = moment->side,
        .closed_at_ns = executor->closed_at_ns,
        .net_pnl_quote = report_shown(moment->net),
        .net_pnl_pct = report_shown(moment->net_pct),
        .cum_fees_quote = report_shown(moment->fees),
        .filled_amount_quote =
            report_shown(decimal_add(ledger->opening.quote, ledger->closing.quote)),
        .held = executor->held,
        .dust = executor->dust,
    };
}

void report_put_optional(struct text *out, const char *key, bool is_there, struct decimal value)
{
    json_key(out, key);
    if (is_there && decimal_is_valid(value)) {
        json_decimal(out, value);
    } else {
        json_null(out);
    }
}

static void report_put_held_order(const struct executor *executor, const struct ledger_order *order,
                                  struct text *out)
{
    json_object_begin(out);
    char id[ORDER_ID_TEXT_MAX];
    (void)order_id_print(executor_order_id(executor, order->ordinal), id);
    json_put_string(out, "order_id", id);
    json_put_string(out, "trade_type", field_name_of(side_names, (int)order->side));
    json_put_string(out, "order_type", field_name_of(order_type_names, (int)order->type));
    json_put_decimal(out, "price", order->price);
    json_put_decimal(out, "amount", order->amount);
    json_put_decimal(out, "executed_amount_base", order->executed);
    json_put_decimal(out, "executed_amount_quote", order->quote);
    json_put_decimal(out, "cumulative_fee_paid_quote", order->fees);
    json_object_end(out);
}

void report_put_orders(const struct executor *executor, struct text *out)
{
    const struct ledger *ledger = &executor->ledger;
    const uint32_t first =
        ledger->count > REPORT_ORDERS_MAX ? ledger->count - REPORT_ORDERS_MAX : 0;
    json_key(out, "order_ids");
    json_array_begin(out);
    for (uint32_t i = first; i < ledger->count; i++) {
        char id[ORDER_ID_TEXT_MAX];
        (void)order_id_print(executor_order_id(executor, ledger->orders[i].ordinal), id);
        json_string(out, id);
    }
    json_array_end(out);

    const bool is_held = decimal_is_valid(executor->held) && decimal_sign(executor->held) != 0;
    json_key(out, "held_position_orders");
    json_array_begin(out);
    for (uint32_t i = first; is_held && i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        if (!decimal_is_valid(order->executed) || decimal_sign(order->executed) > 0) {
            report_put_held_order(executor, order, out);
        }
    }
    json_array_end(out);
}
