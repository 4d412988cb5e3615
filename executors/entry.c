#include "executors/entry.h"

#include "executors/bounds.h"
#include "executors/mark.h"

static enum order_type entry_type(const struct bracket *bracket)
{
    return (enum order_type)bracket_barriers(bracket_config_of(bracket))->open_order_type;
}

/* What is missing of the configured amount. */
static struct decimal entry_missing(const struct bracket *bracket, const struct moment *moment)
{
    return decimal_subtract(bracket_config_of(bracket)->amount, moment->gross);
}

/* Nothing is missing, or less than a step: no order will come of it at any price. */
static bool entry_is_complete(const struct bracket *bracket, const struct moment *moment)
{
    return decimal_less(entry_missing(bracket, moment), moment->instrument->step);
}

/* The order for what is missing. The price of a limit order goes to the passive side. */
static struct order_draft entry_draft(const struct bracket *bracket, const struct moment *moment)
{
    const enum side side = bracket_side(bracket);
    const enum order_type type = entry_type(bracket);
    const struct decimal missing = entry_missing(bracket, moment);
    return (struct order_draft){
        .role = ROLE_OPEN,
        .side = side,
        .type = type,
        .amount = decimal_floor_to(missing, moment->instrument->step),
        .price = type == ORDER_MARKET
                     ? DECIMAL_ZERO
                     : instrument_passive_price(moment->instrument, side, moment->wanted),
        .leverage = (uint32_t)bracket_config_of(bracket)->leverage,
    };
}

/* Large enough, at its own price or, for MARKET, at the best bid. A limit price that rounds down
 * to nothing is no price. */
static bool entry_is_tradable(const struct moment *moment, const struct order_draft *draft)
{
    if (draft->type == ORDER_MARKET) {
        return instrument_is_tradable(moment->instrument, draft->amount, moment->bid);
    }
    return decimal_sign(draft->price) > 0 &&
           instrument_is_tradable(moment->instrument, draft->amount, draft->price);
}

static bool entry_may_leave_bounds(const struct ledger_order *order)
{
    return order->state == LEDGER_ACKNOWLEDGED && !order->is_cancel_requested;
}

enum verdict entry_step(struct bracket *bracket, const struct moment *moment,
                        struct executor_requests *requests)
{
    struct executor *executor = &bracket->executor;
    struct ledger_order *order = ledger_live(&executor->ledger, ROLE_OPEN);
    if (order == NULL && (moment->is_expired || entry_is_complete(bracket, moment))) {
        return VERDICT_STAY;
    }
    const struct bounds_order judged = bounds_entry(bracket);
    const bool is_inside = bounds_allow(bracket, moment, &judged);
    if (order != NULL) {
        if (!is_inside && entry_may_leave_bounds(order)) {
            executor_cancel(order, moment->now_ns, requests);
        }
        return VERDICT_STAY;
    }
    const struct order_draft draft = entry_draft(bracket, moment);
    if (!is_inside || executor_is_waiting_to_open(executor, moment->now_ns)) {
        executor_skip(requests, &draft, is_inside ? SKIP_RETRY_WAIT : SKIP_BOUNDS);
        return VERDICT_STAY;
    }
    if (!entry_is_tradable(moment, &draft)) {
        executor_skip_small(executor, requests, &draft);
        return VERDICT_STAY;
    }
    return executor_place(executor, &draft, moment->now_ns, requests) ? VERDICT_STAY : VERDICT_FAIL;
}

/* An entry inside its bounds that was not placed: what would change that? */
static void entry_wake_unplaced(const struct bracket *bracket, const struct moment *moment,
                                struct wake_levels *levels)
{
    const struct order_draft draft = entry_draft(bracket, moment);
    if (decimal_less(draft.amount, moment->instrument->min_order_size)) {
        return; /* Too little is missing: only a fill or its absence changes that. */
    }
    const bool is_tradable = entry_is_tradable(moment, &draft);
    if (is_tradable && executor_is_waiting_to_open(&bracket->executor, moment->now_ns)) {
        /* With the end of the wait. The price may make it too small meanwhile; that is checked
         * again then. */
        return;
    }
    if (draft.type == ORDER_MARKET && !is_tradable) {
        mark_wake_above(levels, SIDE_BUY, moment->bid,
                        mark_of_notional(moment->instrument, draft.amount));
    } else if (draft.type != ORDER_LIMIT || is_tradable) {
        levels->every_quote = true; /* Its price follows the book. */
    }
}

void entry_wake(const struct bracket *bracket, const struct moment *moment, struct wake *wake)
{
    struct wake_levels *levels = &wake->markets[0];
    const struct bounds_order judged = bounds_entry(bracket);
    const struct ledger_order *order = ledger_live(&bracket->executor.ledger, ROLE_OPEN);
    if (order != NULL) {
        if (entry_may_leave_bounds(order)) {
            bounds_wake(bracket, moment, &judged, levels);
        }
    } else if (!moment->is_expired && !entry_is_complete(bracket, moment)) {
        if (bounds_allow(bracket, moment, &judged)) {
            entry_wake_unplaced(bracket, moment, levels);
        } else {
            bounds_wake(bracket, moment, &judged, levels);
        }
    }
}
