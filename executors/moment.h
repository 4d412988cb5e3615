/*
 * executors/moment.h - a position seen at one instant: the prices and all derived figures.
 *
 * An executor that opens on one side of one market has the figures of moment_of_position(),
 * whatever its kind; those of a bracket's barriers are added by moment_of().
 *
 * Everything is computed anew from the ledger and the view, in one fixed order of operations with
 * one rounding per product and quotient, so that the figures are the same to the last digit
 * wherever and whenever they are computed.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_MOMENT_H
#define TUTTI_EXECUTORS_MOMENT_H

#include "executors/bracket.h"

struct moment {
    int64_t now_ns;
    const struct instrument *instrument; /* Borrowed. */
    enum side side;                      /* On which the position is opened. */
    struct decimal bid;
    struct decimal ask;
    struct decimal mark; /* The price at which the position could be closed. */

    struct decimal gross;     /* Sum of the OPEN fills, base. */
    struct decimal open;      /* gross minus fees taken in base. */
    struct decimal closed;    /* Sum of all other fills, base. */
    struct decimal remaining; /* open - closed */
    struct decimal sellable;  /* remaining, down to the step: "q". */
    struct decimal proceeds;  /* Sum of price * amount of all other fills, quote. */

    struct decimal wanted;       /* The price at which the position is to be opened. */
    struct decimal entry;        /* Average price of the OPEN fills, or `wanted` before any. */
    struct decimal basis;        /* open * entry: what net_pct is a fraction of. */
    struct decimal fees;         /* In quote. */
    struct decimal net;          /* Result after fees, in quote. */
    struct decimal net_pct;      /* net / basis: "p". */
    struct decimal target_yield; /* 0 when the kind has none: these three are a bracket's. */
    struct decimal target_price; /* Of a resting take profit, not yet rounded; else 0. */

    bool is_expired;
    bool is_closable; /* sellable may be traded at the mark. */
    bool is_valid;    /* false: something left the range of a decimal; decide nothing on it. */
};

/* The price between bid and ask. */
static inline struct decimal moment_mid(const struct moment *moment)
{
    return decimal_halve(decimal_add(moment->bid, moment->ask));
}

/* The bracket now; of one that has TERMINATED at its end, whatever the view says. */
struct moment moment_of(const struct bracket *bracket, const struct executor_view *view);

/* What the executor has opened on `side` of its first market, valued with that quote. `wanted`
 * stands in for the average entry while nothing is filled. */
struct moment moment_of_position(const struct executor *executor, enum side side,
                                 const struct quote *market, struct decimal wanted);

/* apr_yield * elapsed / year, 0 without a yield. */
struct decimal moment_target_yield(const struct bracket *bracket, int64_t now_ns);

/* a / b, and 0 when b is 0. */
struct decimal moment_ratio(struct decimal a, struct decimal b);

#endif
