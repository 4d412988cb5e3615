/*
 * market/trade_ids.h - the trades of an order, so that each counts once.
 *
 * A venue may tell a trade again: after a reconnect, or because it is like that. Most orders have
 * one trade, which needs no memory of its own.
 *
 * Threads: belongs to its order.
 */
#ifndef TUTTI_MARKET_TRADE_IDS_H
#define TUTTI_MARKET_TRADE_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "market/order.h"

/* All zero: none. */
struct trade_ids {
    char first[TRADE_ID_MAX];
    char (*later)[TRADE_ID_MAX]; /* Owned. */
    uint32_t count;              /* Of both. */
    uint32_t capacity;           /* Of the later ones. */
};

void trade_ids_done(struct trade_ids *ids);

/* Remembers a trade; *ret_is_new is false when it was there before. ERR_MEMORY: it is not
 * remembered. */
MUST_USE enum err trade_ids_take(struct trade_ids *ids, const char *trade_id, bool *ret_is_new);

#endif
