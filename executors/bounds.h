/*
 * executors/bounds.h - the activation bounds: how far the mid price may be from an order's price.
 *
 * A limit order is held back while the market has run away from it by more than the first bound; a
 * market order also while the market is better than its price by more than the second.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_BOUNDS_H
#define TUTTI_EXECUTORS_BOUNDS_H

#include "executors/moment.h"

/* The order that is judged. */
struct bounds_order {
    enum side side;
    enum order_type type;
    struct decimal price;
};

/* Whether the mid price is near enough to the order's price. */
bool bounds_contain(const struct decimal bounds[2], struct decimal mid,
                    const struct bounds_order *order);

/* Wakes when the mid price may pass a limit; `is_inside`: as it is judged now. */
void bounds_await(const struct decimal bounds[2], struct decimal mid,
                  const struct bounds_order *order, bool is_inside, struct wake_levels *levels);

/* The configured entry, whatever its order type makes of it. */
struct bounds_order bounds_entry(const struct bracket *bracket);

/* A resting take profit at `price`. */
struct bounds_order bounds_take_profit(const struct bracket *bracket, struct decimal price);

/* SPEC "inside". True without bounds. */
bool bounds_allow(const struct bracket *bracket, const struct moment *moment,
                  const struct bounds_order *order);

/* Wakes when the answer of bounds_allow() may change. */
void bounds_wake(const struct bracket *bracket, const struct moment *moment,
                 const struct bounds_order *order, struct wake_levels *levels);

#endif
