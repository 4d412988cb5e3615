/*
 * market/venues/paper_layout.h - what the parts of the paper venue share: its state.
 *
 * paper.c makes it and takes the events, paper_queue.c holds the requests, paper_orders.c the
 * orders and what they reserve, paper_arrival.c lets them in, paper_match.c and paper_volume.c find
 * what fills them, paper_deal.c books it, paper_margin.c pays funding and liquidates.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_LAYOUT_H
#define TUTTI_MARKET_VENUES_PAPER_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/prng.h"
#include "market/book_sync.h"
#include "market/venues/paper.h"
#include "market/venues/paper_accounts.h"
#include "market/venues/paper_book.h"
#include "market/venues/paper_index.h"
#include "market/venues/paper_queue.h"

/* What is left to do about a quote, in this order. */
enum paper_stage {
    PAPER_QUOTE_DONE,
    PAPER_QUOTE_TAKES,   /* Requests that had arrived. */
    PAPER_QUOTE_FINDS,   /* Orders that it touches. */
    PAPER_QUOTE_MATCHES, /* Those that were found. */
    PAPER_QUOTE_SETTLES, /* Orders that do not wait, and margins. */
};

/* The part of the venue that belongs to one instrument. */
struct paper_market {
    struct paper_book book; /* Our open orders. */
    struct book_sync depth; /* Everybody's; what we took of it is gone. */
    struct paper_queue queue;
    size_t arriving;        /* Requests in the queue that the event under way may take. */
    enum paper_stage stage; /* Of the newest quote. */
    struct quote quote;     /* The newest; bid 0 before the first. */
    int64_t now_ns;         /* Of the newest event. */
    uint64_t round;         /* How many quotes it has seen. */
    int64_t funding_at_ns;
    struct order_id *immediate; /* Owned: IOC and FOK orders that arrived with this quote. */
    size_t immediate_count;
    size_t immediate_capacity;
    bool is_margined; /* A position here is part of a margin that may be called. */
};

/* A touched order while the touched ones are put in order. */
struct paper_touched {
    uint64_t sequence;
    uint32_t slot;
};

struct paper_venue {
    struct paper_config config;
    struct prng prng;
    const struct instrument *instruments; /* Borrowed. */
    size_t instrument_count;
    struct paper_market *markets; /* Owned: one per instrument. */
    struct paper_accounts accounts;
    struct paper_index index;
    struct paper_order *orders;    /* Owned table of slots. */
    uint32_t *free_slots;          /* Owned stack, room for every slot. */
    struct paper_touched *touched; /* Owned, room for every slot: those of the quote under way. */
    size_t touched_next;           /* The first that was not matched yet. */
    size_t touched_count;
    uint32_t order_capacity;
    uint32_t free_count;
    uint64_t accepted_count;
    uint64_t trade_count;
    uint32_t liquidation_count;
};

/* Adds an update for which room was reserved. */
static inline struct venue_update *paper_tell(struct venue_updates *updates,
                                              enum venue_update_kind kind, struct order_id id)
{
    struct venue_update *update = venue_updates_add(updates);
    ASSERT(update != NULL);
    update->kind = kind;
    update->order = id;
    return update;
}

#endif
