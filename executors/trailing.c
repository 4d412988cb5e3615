#include "executors/trailing.h"

#include "executors/bracket_wake.h"

enum verdict trailing_step(struct bracket *bracket, const struct moment *moment,
                           struct executor_requests *requests)
{
    (void)requests;
    const struct decimal candidate = decimal_subtract(moment->net_pct, bracket->distance);
    if (!bracket->is_armed) {
        if (decimal_less(bracket->activation, moment->net_pct)) {
            bracket->is_armed = true;
            bracket->trigger = candidate;
        }
        return VERDICT_STAY;
    }
    if (decimal_less(moment->net_pct, bracket->trigger)) {
        return VERDICT_CLOSE;
    }
    bracket->trigger = decimal_max(bracket->trigger, candidate);
    return VERDICT_STAY;
}

void trailing_wake(const struct bracket *bracket, const struct moment *moment, struct wake *wake)
{
    struct wake_levels *levels = &wake->markets[0];
    if (!bracket->is_armed) {
        bracket_wake_rise(bracket, moment, bracket->activation,
                          decimal_less(bracket->activation, moment->net_pct), levels);
        return;
    }
    const struct decimal best = decimal_add(bracket->trigger, bracket->distance);
    bracket_wake_fall(bracket, moment, bracket->trigger,
                      decimal_less(moment->net_pct, bracket->trigger), levels);
    bracket_wake_rise(bracket, moment, best, decimal_less(best, moment->net_pct), levels);
}
