#include "market/risk_loss.h"

#include "base/instant.h"

#define NS_PER_DAY (INT64_C(86400) * NS_PER_S)

struct risk_day risk_day_begin(int64_t now_ns, struct decimal result)
{
    return (struct risk_day){.number = now_ns / NS_PER_DAY, .is_known = true, .result = result};
}

bool risk_watches_losses(const struct risk_limits *limits)
{
    return limits->has_max_drawdown || limits->has_max_daily_loss;
}

static bool risk_loss_is_reached(struct decimal loss, struct decimal limit)
{
    return !decimal_is_valid(loss) || !decimal_less(loss, limit);
}

enum risk_loss risk_check_loss(const struct risk_limits *limits, struct decimal result,
                               struct decimal peak, int64_t now_ns, struct risk_day *day,
                               struct risk_verdict *ret_verdict)
{
    if (!day->is_known || day->number != now_ns / NS_PER_DAY) {
        *day = risk_day_begin(now_ns, result);
    }
    const struct decimal fall = decimal_subtract(peak, result);
    const struct decimal loss = decimal_subtract(day->result, result);
    *ret_verdict = (struct risk_verdict){.code = DENY_NONE};
    if (limits->has_max_drawdown && risk_loss_is_reached(fall, limits->max_drawdown_quote)) {
        ret_verdict->limit = limits->max_drawdown_quote;
        ret_verdict->value = fall;
        return RISK_LOSS_DRAWDOWN;
    }
    if (limits->has_max_daily_loss && risk_loss_is_reached(loss, limits->max_daily_loss_quote)) {
        ret_verdict->limit = limits->max_daily_loss_quote;
        ret_verdict->value = loss;
        return RISK_LOSS_DAILY;
    }
    return RISK_LOSS_NONE;
}
