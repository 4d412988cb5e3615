/*
 * market/risk_loss.h - when a result has fallen so far that trading has to end.
 *
 * Two limits on one result (of the run, or of a controller): how far it is below its peak, and how
 * much it has lost since the last midnight UTC. A loss that reaches its limit trips it.
 *
 * Threads: values only.
 */
#ifndef TUTTI_MARKET_RISK_LOSS_H
#define TUTTI_MARKET_RISK_LOSS_H

#include "market/risk.h"

/* What the day began with. All zero: nothing has been looked at. */
struct risk_day {
    int64_t number; /* Days since 1970. */
    bool is_known;
    struct decimal result; /* At its beginning, or when it was first looked at. */
};

enum risk_loss { RISK_LOSS_NONE, RISK_LOSS_DRAWDOWN, RISK_LOSS_DAILY };

/* The day begins, or is looked at for the first time, with this result. */
struct risk_day risk_day_begin(int64_t now_ns, struct decimal result);

/* Whether the limits have to be looked at again and again. */
bool risk_watches_losses(const struct risk_limits *limits);

/*
 * Looks at a result and its peak, and follows the day. limit and value of *ret_verdict say which
 * limit was reached and by how much; its code stays DENY_NONE. An invalid figure counts as a loss
 * when there is a limit on it.
 */
enum risk_loss risk_check_loss(const struct risk_limits *limits, struct decimal result,
                               struct decimal peak, int64_t now_ns, struct risk_day *day,
                               struct risk_verdict *ret_verdict);

#endif
