#include "executors/ladder.h"

static const struct trailing_config *ladder_config(const struct bracket *bracket)
{
    return bracket_barriers(bracket_config_of(bracket))->trailing_stop;
}

/* The widest distance; never narrower than the distance itself. */
static struct decimal ladder_distance_max(const struct bracket *bracket)
{
    return decimal_max(ladder_config(bracket)->distance_max, bracket->distance);
}

struct decimal ladder_candidate(const struct bracket *bracket, struct decimal net_pct)
{
    const struct decimal excess =
        decimal_max(DECIMAL_ZERO, decimal_subtract(net_pct, bracket->distance));
    const struct decimal widened = decimal_add(
        bracket->distance, decimal_multiply(ladder_config(bracket)->relaxation, excess));
    return decimal_subtract(net_pct, decimal_min(widened, ladder_distance_max(bracket)));
}

struct decimal ladder_ratio(const struct trailing_config *trailing, struct decimal net_pct)
{
    const struct ladder_row *rows = trailing->table.items;
    const struct ladder_row *best = NULL;
    for (size_t i = 0; i < trailing->table.count; i++) {
        const bool is_reached = !decimal_less(net_pct, rows[i].level);
        if (is_reached && (best == NULL || decimal_less(best->level, rows[i].level))) {
            best = &rows[i];
        }
    }
    return best == NULL ? DECIMAL_ONE : best->ratio;
}

/* Closes a part, unless it or the rest is too small: then everything goes. */
static enum verdict ladder_close_part(struct bracket *bracket, const struct moment *moment,
                                      struct decimal ratio, struct executor_requests *requests)
{
    struct executor *executor = &bracket->executor;
    const struct instrument *instrument = moment->instrument;
    const struct decimal part =
        decimal_floor_to(decimal_multiply(moment->remaining, ratio), instrument->step);
    const struct decimal left =
        decimal_floor_to(decimal_subtract(moment->remaining, part), instrument->step);
    if (!instrument_is_tradable(instrument, part, moment->mark) ||
        !instrument_is_tradable(instrument, left, moment->mark)) {
        return VERDICT_CLOSE;
    }
    const struct order_draft draft = {
        .role = ROLE_PARTIAL,
        .side = side_opposite(bracket_side(bracket)),
        .type = ORDER_MARKET,
        .amount = part,
    };
    if (executor_is_waiting(executor, moment->now_ns)) {
        executor_skip(requests, &draft, SKIP_RETRY_WAIT);
        return VERDICT_STAY;
    }
    struct ledger_order *resting = ledger_live(&executor->ledger, ROLE_TAKE_PROFIT);
    if (resting != NULL) {
        /* It goes first, so that the two never sum to more than is owned. */
        if (!resting->is_cancel_requested) {
            executor_cancel(resting, moment->now_ns, requests);
        }
        return VERDICT_STAY;
    }
    if (!executor_place(executor, &draft, moment->now_ns, requests)) {
        return VERDICT_FAIL;
    }
    bracket->trigger = ladder_candidate(bracket, moment->net_pct);
    return VERDICT_STAY;
}

enum verdict ladder_step(struct bracket *bracket, const struct moment *moment,
                         struct executor_requests *requests)
{
    if (ledger_live(&bracket->executor.ledger, ROLE_PARTIAL) != NULL) {
        return VERDICT_STAY;
    }
    if (!bracket->is_armed) {
        if (!decimal_less(moment->net_pct, bracket->activation)) {
            bracket->is_armed = true;
            bracket->trigger = ladder_candidate(bracket, moment->net_pct);
        }
        return VERDICT_STAY;
    }
    const struct decimal candidate = ladder_candidate(bracket, moment->net_pct);
    if (decimal_less(bracket->trigger, candidate)) {
        bracket->trigger = candidate;
        return VERDICT_STAY;
    }
    if (decimal_less(bracket->trigger, moment->net_pct)) {
        return VERDICT_STAY;
    }
    const struct decimal ratio = ladder_ratio(ladder_config(bracket), moment->net_pct);
    if (decimal_equal(ratio, DECIMAL_ONE)) {
        return VERDICT_CLOSE;
    }
    if (decimal_sign(ratio) == 0) {
        bracket->trigger = candidate;
        return VERDICT_STAY;
    }
    return ladder_close_part(bracket, moment, ratio, requests);
}

/*
 * The net pnl above which the candidate exceeds the trigger, or a little less: the inverse of
 * ladder_candidate(), which is the greater of two increasing functions, one with the distance that
 * widens and one with the widest.
 */
static struct decimal ladder_raise_level(const struct bracket *bracket)
{
    const struct decimal rounding = {.raw = 4};
    const struct decimal capped = decimal_add(bracket->trigger, ladder_distance_max(bracket));
    struct decimal gain = bracket->trigger;
    if (decimal_sign(gain) >= 0) {
        const struct decimal kept =
            decimal_subtract(DECIMAL_ONE, ladder_config(bracket)->relaxation);
        if (decimal_sign(kept) == 0) {
            return capped;
        }
        gain = decimal_divide(decimal_subtract(gain, rounding), kept);
        if (!decimal_is_valid(gain)) {
            return capped;
        }
    }
    return decimal_min(capped, decimal_add(bracket->distance, gain));
}

void ladder_wake(const struct bracket *bracket, const struct moment_scale *scale, struct wake *wake)
{
    struct wake_levels *levels = &wake->markets[0];
    const struct decimal net_pct = scale->moment->net_pct;
    if (ledger_live(&bracket->executor.ledger, ROLE_PARTIAL) != NULL) {
        return;
    }
    if (!bracket->is_armed) {
        moment_wake_rise(scale, bracket->activation, !decimal_less(net_pct, bracket->activation),
                         levels);
        return;
    }
    const struct decimal candidate = ladder_candidate(bracket, net_pct);
    moment_wake_fall(scale, bracket->trigger, !decimal_less(bracket->trigger, net_pct), levels);
    moment_wake_rise(scale, ladder_raise_level(bracket), decimal_less(bracket->trigger, candidate),
                     levels);
}
