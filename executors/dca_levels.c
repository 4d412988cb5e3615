#include "executors/dca.h"

void dca_read_levels(const struct dca *dca, struct dca_levels *ret_levels)
{
    const struct ledger *ledger = &dca->exposure.executor.ledger;
    const size_t count = dca_config_of(dca)->prices.count;
    for (size_t i = 0; i < count; i++) {
        ret_levels->items[i] = (struct dca_level){0};
    }
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        if (order->role != ROLE_OPEN) {
            continue;
        }
        ASSERT(order->slot < count);
        struct dca_level *level = &ret_levels->items[order->slot];
        level->executed = decimal_add(level->executed, order->executed);
        if (ledger_order_is_live(order)) {
            level->working =
                decimal_add(level->working, decimal_subtract(order->amount, order->executed));
            level->is_live = true;
        }
    }
}

struct decimal dca_target(const struct dca *dca, size_t level)
{
    const struct dca_config *config = dca_config_of(dca);
    return decimal_floor_to(
        decimal_divide(dca_amount_quote(config, level), dca_price(config, level)),
        dca->exposure.executor.instruments[0]->step);
}

struct order_draft dca_draft(const struct dca *dca, const struct dca_levels *levels, size_t level)
{
    const struct dca_config *config = dca_config_of(dca);
    const struct instrument *instrument = dca->exposure.executor.instruments[0];
    const enum side side = exposure_side(&dca->exposure);
    const bool is_maker = config->mode == DCA_MAKER;
    const struct decimal missing =
        decimal_subtract(dca_target(dca, level), levels->items[level].executed);
    return (struct order_draft){
        .slot = (uint32_t)level,
        .role = ROLE_OPEN,
        .side = side,
        .type = is_maker ? ORDER_LIMIT : ORDER_MARKET,
        .amount = decimal_floor_to(missing, instrument->step),
        .price = is_maker ? instrument_passive_price(instrument, side, dca_price(config, level))
                          : DECIMAL_ZERO,
        .leverage = (uint32_t)config->exposure.leverage,
    };
}

bool dca_is_tradable(const struct dca *dca, const struct order_draft *draft)
{
    if (!decimal_is_valid(draft->amount) || !decimal_is_valid(draft->price)) {
        return false;
    }
    const struct decimal price =
        draft->type == ORDER_MARKET ? dca_price(dca_config_of(dca), draft->slot) : draft->price;
    return decimal_sign(price) > 0 &&
           instrument_is_tradable(dca->exposure.executor.instruments[0], draft->amount, price);
}

size_t dca_next_level(const struct dca *dca, const struct dca_levels *levels)
{
    const size_t count = dca_config_of(dca)->prices.count;
    for (size_t i = 0; i < count; i++) {
        if (levels->items[i].is_live) {
            continue;
        }
        const struct order_draft draft = dca_draft(dca, levels, i);
        if (dca_is_tradable(dca, &draft)) {
            return i;
        }
    }
    return count;
}

bool dca_is_complete(const struct dca *dca, const struct dca_levels *levels)
{
    return ledger_live(&dca->exposure.executor.ledger, ROLE_OPEN) == NULL &&
           dca_next_level(dca, levels) == dca_config_of(dca)->prices.count;
}

bool dca_ledger_is_sound(const struct dca *dca)
{
    const struct ledger *ledger = &dca->exposure.executor.ledger;
    uint32_t live[DCA_LEVELS_MAX] = {0};
    uint32_t closes = 0;
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        const bool is_open = order->role == ROLE_OPEN;
        if (order->market != 0 || (!is_open && order->role != ROLE_CLOSE) ||
            (is_open && order->slot >= dca_config_of(dca)->prices.count)) {
            return false;
        }
        uint32_t *count = is_open ? &live[order->slot] : &closes;
        *count += ledger_order_is_live(order) ? 1 : 0;
        if (*count > 1) {
            return false;
        }
    }
    return true;
}
