#include "market/wake.h"

#include "base/assert.h"

void wake_add_level(struct wake_levels *levels, enum wake_trigger trigger, struct decimal level)
{
    ASSERT(trigger < WAKE_TRIGGER_COUNT);
    if (!decimal_is_valid(level)) {
        levels->every_quote = true;
        return;
    }
    if (levels->is_set[trigger]) {
        const struct decimal other = levels->level[trigger];
        level = wake_trigger_is_at_most(trigger) ? decimal_max(level, other)
                                                 : decimal_min(level, other);
    }
    levels->is_set[trigger] = true;
    levels->level[trigger] = level;
}

void wake_add_time(struct wake *wake, int64_t at_ns)
{
    wake->at_ns = at_ns < wake->at_ns ? at_ns : wake->at_ns;
}
