#include "executors/bracket.h"

#include "executors/moment.h"
#include "executors/snapshot.h"

/* A figure beyond the range of a decimal cannot be shown. */
static struct decimal bracket_shown(struct decimal value)
{
    return decimal_is_valid(value) ? value : DECIMAL_ZERO;
}

void bracket_report(const struct executor *executor, const struct executor_view *view,
                    struct executor_report *ret_report)
{
    const struct bracket *bracket = (const struct bracket *)executor;
    const struct ledger *ledger = &executor->ledger;
    const struct moment moment = moment_of(bracket, view);
    *ret_report = (struct executor_report){
        .status = executor->status,
        .close_type = executor->close_type,
        .side = bracket_side(bracket),
        .closed_at_ns = executor->closed_at_ns,
        .net_pnl_quote = bracket_shown(moment.net),
        .net_pnl_pct = bracket_shown(moment.net_pct),
        .cum_fees_quote = bracket_shown(moment.fees),
        .filled_amount_quote =
            bracket_shown(decimal_add(ledger->opening.quote, ledger->closing.quote)),
        .held = executor->held,
        .dust = executor->dust,
    };
}

/* The decimal, or null when there is none. */
static void bracket_put_optional(struct text *out, const char *key, bool is_there,
                                 struct decimal value)
{
    json_key(out, key);
    if (is_there && decimal_is_valid(value)) {
        json_decimal(out, value);
    } else {
        json_null(out);
    }
}

void bracket_custom_info(const struct executor *executor, const struct executor_view *view,
                         struct text *out)
{
    const struct bracket *bracket = (const struct bracket *)executor;
    const struct bracket_config *config = bracket_config_of(bracket);
    const struct barrier_config *barriers = bracket_barriers(config);
    const struct moment moment = moment_of(bracket, view);
    const bool has_trailing = barriers->trailing_stop != NULL;
    json_put_string(out, "level_id", config->level_id);
    bracket_put_optional(out, "current_position_average_price", true, moment.entry);
    json_put_int(out, "side", config->side);
    json_put_int(out, "current_retries", executor->retries);
    json_put_int(out, "max_retries", config->common.max_retries);
    bracket_put_optional(out, "close_price", true, moment.mark);
    bracket_put_optional(out, "open_amount", true, moment.open);
    bracket_put_optional(out, "closed_amount", true, moment.closed);
    bracket_put_optional(out, "remaining_amount", true, moment.remaining);
    bracket_put_optional(out, "stop_loss", barriers->has_stop_loss, bracket->stop_loss);
    bracket_put_optional(out, "target_yield", barriers->has_apr_yield, moment.target_yield);
    bracket_put_optional(out, "trailing_stop_activation", has_trailing, bracket->activation);
    bracket_put_optional(out, "trailing_stop_distance", has_trailing, bracket->distance);
    bracket_put_optional(out, "trailing_stop_trigger_pct", bracket->is_armed, bracket->trigger);
    json_put_bool(out, "is_expired", moment.is_expired);
    json_put_int(out, "orders", executor->ledger.count);
}

void bracket_save(const struct executor *executor, struct text *out)
{
    const struct bracket *bracket = (const struct bracket *)executor;
    json_put_decimal(out, "entry_price", bracket->entry_price);
    json_put_decimal(out, "stop_loss", bracket->stop_loss);
    json_put_decimal(out, "activation", bracket->activation);
    json_put_decimal(out, "distance", bracket->distance);
    json_put_decimal(out, "trigger", bracket->trigger);
    json_put_int(out, "is_armed", bracket->is_armed);
    snapshot_put_int64(out, "final_at_ns", bracket->final.time_ns);
    json_put_decimal(out, "final_bid", bracket->final.bid);
    json_put_decimal(out, "final_ask", bracket->final.ask);
}

/* At most one order per role may be live, and all are in the one market. */
static bool bracket_ledger_is_sound(const struct ledger *ledger)
{
    uint32_t live[ROLE_TAKE_PROFIT + 1] = {0};
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        live[order->role] += ledger_order_is_live(order) ? 1 : 0;
        if (live[order->role] > 1 || order->market != 0) {
            return false;
        }
    }
    return true;
}

enum err bracket_load(struct executor *executor, const struct node *node)
{
    struct bracket *bracket = (struct bracket *)executor;
    int64_t is_armed;
    if (!bracket_ledger_is_sound(&executor->ledger) ||
        snapshot_get_decimal(node, "entry_price", &bracket->entry_price) != ERR_NONE ||
        snapshot_get_decimal(node, "stop_loss", &bracket->stop_loss) != ERR_NONE ||
        snapshot_get_decimal(node, "activation", &bracket->activation) != ERR_NONE ||
        snapshot_get_decimal(node, "distance", &bracket->distance) != ERR_NONE ||
        snapshot_get_decimal(node, "trigger", &bracket->trigger) != ERR_NONE ||
        snapshot_get_between(node, "is_armed", 0, 1, &is_armed) != ERR_NONE ||
        snapshot_get_int64(node, "final_at_ns", &bracket->final.time_ns) != ERR_NONE ||
        snapshot_get_decimal(node, "final_bid", &bracket->final.bid) != ERR_NONE ||
        snapshot_get_decimal(node, "final_ask", &bracket->final.ask) != ERR_NONE) {
        return ERR_CORRUPT;
    }
    const struct decimal stored[] = {bracket->entry_price, bracket->stop_loss, bracket->activation,
                                     bracket->distance, bracket->trigger};
    for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
        if (!decimal_is_valid(stored[i])) {
            return ERR_CORRUPT;
        }
    }
    bracket->is_armed = is_armed != 0;
    return ERR_NONE;
}
