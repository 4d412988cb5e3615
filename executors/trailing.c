#include "executors/trailing.h"

bool trailing_follow(struct trailing_trigger *trigger, struct decimal activation,
                     struct decimal distance, struct decimal net_pct)
{
    const struct decimal candidate = decimal_subtract(net_pct, distance);
    if (!trigger->is_armed) {
        if (decimal_less(activation, net_pct)) {
            *trigger = (struct trailing_trigger){true, candidate};
        }
        return false;
    }
    if (decimal_less(net_pct, trigger->level)) {
        return true;
    }
    trigger->level = decimal_max(trigger->level, candidate);
    return false;
}

enum verdict trailing_step(struct bracket *bracket, const struct moment *moment,
                           struct executor_requests *requests)
{
    (void)requests;
    struct trailing_trigger trigger = {bracket->is_armed, bracket->trigger};
    const bool fires =
        trailing_follow(&trigger, bracket->activation, bracket->distance, moment->net_pct);
    bracket->is_armed = trigger.is_armed;
    bracket->trigger = trigger.level;
    return fires ? VERDICT_CLOSE : VERDICT_STAY;
}

void trailing_await(const struct trailing_trigger *trigger, struct decimal activation,
                    struct decimal distance, const struct moment_scale *scale,
                    struct wake_levels *levels)
{
    const struct decimal net_pct = scale->moment->net_pct;
    if (!trigger->is_armed) {
        moment_wake_rise(scale, activation, decimal_less(activation, net_pct), levels);
        return;
    }
    const struct decimal best = decimal_add(trigger->level, distance);
    moment_wake_fall(scale, trigger->level, decimal_less(net_pct, trigger->level), levels);
    moment_wake_rise(scale, best, decimal_less(best, net_pct), levels);
}

void trailing_wake(const struct bracket *bracket, const struct moment_scale *scale,
                   struct wake *wake)
{
    const struct trailing_trigger trigger = {bracket->is_armed, bracket->trigger};
    trailing_await(&trigger, bracket->activation, bracket->distance, scale, &wake->markets[0]);
}
