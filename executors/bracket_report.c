#include "executors/bracket.h"

#include "executors/moment.h"
#include "executors/report.h"
#include "executors/snapshot.h"

void bracket_report(const struct executor *executor, const struct executor_view *view,
                    struct executor_report *ret_report)
{
    const struct moment moment = moment_of((const struct bracket *)executor, view);
    report_position(executor, &moment, ret_report);
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
    report_put_optional(out, "current_position_average_price", true, moment.entry);
    json_put_int(out, "side", config->side);
    json_put_int(out, "current_retries", executor->retries);
    json_put_int(out, "max_retries", config->common.max_retries);
    report_put_optional(out, "close_price", true, moment.mark);
    report_put_optional(out, "open_amount", true, moment.open);
    report_put_optional(out, "closed_amount", true, moment.closed);
    report_put_optional(out, "remaining_amount", true, moment.remaining);
    report_put_optional(out, "stop_loss", barriers->has_stop_loss, bracket->stop_loss);
    report_put_optional(out, "target_yield", barriers->has_apr_yield, moment.target_yield);
    report_put_optional(out, "trailing_stop_activation", has_trailing, bracket->activation);
    report_put_optional(out, "trailing_stop_distance", has_trailing, bracket->distance);
    report_put_optional(out, "trailing_stop_trigger_pct", bracket->is_armed, bracket->trigger);
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
    snapshot_put_final(out, &bracket->final);
}

enum err bracket_load(struct executor *executor, const struct node *node)
{
    struct bracket *bracket = (struct bracket *)executor;
    int64_t is_armed;
    if (!ledger_is_exclusive(&executor->ledger) ||
        snapshot_get_decimal(node, "entry_price", &bracket->entry_price) != ERR_NONE ||
        snapshot_get_decimal(node, "stop_loss", &bracket->stop_loss) != ERR_NONE ||
        snapshot_get_decimal(node, "activation", &bracket->activation) != ERR_NONE ||
        snapshot_get_decimal(node, "distance", &bracket->distance) != ERR_NONE ||
        snapshot_get_decimal(node, "trigger", &bracket->trigger) != ERR_NONE ||
        snapshot_get_between(node, "is_armed", 0, 1, &is_armed) != ERR_NONE ||
        snapshot_get_final(node, &bracket->final) != ERR_NONE) {
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
