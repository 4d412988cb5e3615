#include "executors/take_profit.h"

#include "executors/bounds.h"

bool take_profit_is_done(const struct bracket *bracket, const struct moment *moment)
{
    const struct ledger *ledger = &bracket->executor.ledger;
    bool has_fills = false;
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        if (order->role != ROLE_TAKE_PROFIT) {
            continue;
        }
        if (order->state == LEDGER_FILLED) {
            return true;
        }
        has_fills |= decimal_sign(order->executed) > 0;
    }
    return has_fills && ledger_live(ledger, ROLE_TAKE_PROFIT) == NULL &&
           ledger_live(ledger, ROLE_OPEN) == NULL &&
           decimal_less(moment->sellable, moment->instrument->min_order_size);
}

/*
 * entry * (1 + s * take_profit), away from the entry on the tick grid; LIMIT_MAKER then keeps to
 * its own side of the book. May be 0 or less for a short whose take profit is 1 or more.
 */
static struct decimal take_profit_price(const struct bracket *bracket, const struct moment *moment)
{
    const struct barrier_config *barriers = bracket_barriers(bracket_config_of(bracket));
    const bool is_maker = barriers->take_profit_order_type == ORDER_LIMIT_MAKER;
    const struct decimal tick = moment->instrument->tick;
    if (bracket_side(bracket) == SIDE_BUY) {
        const struct decimal price = decimal_ceil_to(moment->target_price, tick);
        return is_maker ? decimal_max(price, moment->ask) : price;
    }
    const struct decimal price = decimal_floor_to(moment->target_price, tick);
    return is_maker ? decimal_min(price, moment->bid) : price;
}

/* Whether a live order has to go: outside its bounds, or the entry has grown since. */
static bool take_profit_is_stale(const struct bracket *bracket, const struct moment *moment,
                                 const struct ledger_order *order)
{
    const struct bounds_order judged = bounds_take_profit(bracket, order->price);
    if (!bounds_allow(bracket, moment, &judged)) {
        return true;
    }
    return ledger_live(&bracket->executor.ledger, ROLE_OPEN) == NULL &&
           !decimal_equal(moment->gross, order->gross_at_placement);
}

/* Nothing is placed while the position still changes or a retry has to wait. */
static bool take_profit_is_held_back(const struct bracket *bracket, const struct moment *moment)
{
    const struct ledger *ledger = &bracket->executor.ledger;
    return ledger_live(ledger, ROLE_OPEN) != NULL || ledger_live(ledger, ROLE_PARTIAL) != NULL ||
           executor_is_waiting(&bracket->executor, moment->now_ns);
}

static bool take_profit_is_tradable(const struct moment *moment, struct decimal price)
{
    return decimal_sign(price) > 0 &&
           instrument_is_tradable(moment->instrument, moment->sellable, price);
}

enum verdict take_profit_step(struct bracket *bracket, const struct moment *moment,
                              struct executor_requests *requests)
{
    struct executor *executor = &bracket->executor;
    struct ledger_order *order = ledger_live(&executor->ledger, ROLE_TAKE_PROFIT);
    if (order != NULL) {
        if (order->state == LEDGER_ACKNOWLEDGED && !order->is_cancel_requested &&
            take_profit_is_stale(bracket, moment, order)) {
            executor_cancel(order, moment->now_ns, requests);
        }
        return VERDICT_STAY;
    }
    if (take_profit_is_held_back(bracket, moment)) {
        return VERDICT_STAY;
    }
    const struct decimal price = take_profit_price(bracket, moment);
    const struct bounds_order judged = bounds_take_profit(bracket, price);
    const struct order_draft draft = {
        .role = ROLE_TAKE_PROFIT,
        .side = judged.side,
        .type = judged.type,
        .amount = moment->sellable,
        .price = price,
    };
    if (!take_profit_is_tradable(moment, price)) {
        executor_skip_small(executor, requests, &draft);
        return VERDICT_STAY;
    }
    if (!bounds_allow(bracket, moment, &judged)) {
        executor_skip(requests, &draft, SKIP_BOUNDS);
        return VERDICT_STAY;
    }
    return executor_place(executor, &draft, moment->now_ns, requests) ? VERDICT_STAY : VERDICT_FAIL;
}

void take_profit_wake(const struct bracket *bracket, const struct moment *moment,
                      struct wake_levels *levels)
{
    const struct ledger_order *order = ledger_live(&bracket->executor.ledger, ROLE_TAKE_PROFIT);
    if (order != NULL) {
        const struct bounds_order judged = bounds_take_profit(bracket, order->price);
        if (order->state == LEDGER_ACKNOWLEDGED && !order->is_cancel_requested) {
            bounds_wake(bracket, moment, &judged, levels);
        }
        return;
    }
    if (take_profit_is_held_back(bracket, moment)) {
        return;
    }
    const struct decimal price = take_profit_price(bracket, moment);
    const struct bounds_order judged = bounds_take_profit(bracket, price);
    if (judged.type == ORDER_LIMIT_MAKER) {
        levels->every_quote = true; /* Its price follows the book. */
    } else if (take_profit_is_tradable(moment, price)) {
        levels->every_quote |= bounds_allow(bracket, moment, &judged);
        bounds_wake(bracket, moment, &judged, levels);
    }
}
