/*
 * market/venues/paper_book.h - the open orders of one instrument, nearest to the market first.
 *
 * Three heaps: buys with the highest price on top, sells with the lowest, and the orders without a
 * price. A quote that touches nothing costs two comparisons; adding and removing cost O(log n).
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_BOOK_H
#define TUTTI_MARKET_VENUES_PAPER_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "market/quote.h"
#include "market/venue.h"

/* An order from its submission to its end. */
struct paper_order {
    struct order_ticket ticket;
    struct decimal executed; /* Base. */
    struct decimal reserved; /* What is held back for the rest of it. */
    struct decimal ahead;    /* What others have before it at its level, base. */
    uint64_t sequence;       /* Order of acceptance: older orders are matched first. */
    uint64_t accepted_round; /* The instrument's count of quotes then. */
    uint32_t matches;        /* How many fills it had. */
    uint32_t place;          /* Where it stands in its heap. */
    bool is_open;            /* Accepted; false: still in the queue. */
    bool is_ahead_known;     /* Depth has said what is ahead. */
};

struct paper_heap {
    uint32_t *slots; /* Owned: indexes into the venue's table of orders. */
    uint32_t count;
    uint32_t capacity;
};

enum paper_heap_kind { PAPER_BUYS, PAPER_SELLS, PAPER_MARKETS, PAPER_HEAP_COUNT };

struct paper_book {
    struct paper_heap heaps[PAPER_HEAP_COUNT];
};

void paper_book_done(struct paper_book *book);

/* Makes room for one more order, so that the next paper_book_add() cannot fail. ERR_MEMORY. */
MUST_USE enum err paper_book_reserve(struct paper_book *book, const struct paper_order *order);

/* Puts orders[slot] into its heap; there must be room. */
void paper_book_add(struct paper_book *book, struct paper_order *orders, uint32_t slot);

/* Takes orders[slot] out of its heap; its room stays. */
void paper_book_remove(struct paper_book *book, struct paper_order *orders, uint32_t slot);

/* Takes out the nearest order of a side (BUYS or SELLS) whose price is `price` or nearer. False
 * when there is none left. */
bool paper_book_take_reached(struct paper_book *book, struct paper_order *orders,
                             enum paper_heap_kind kind, struct decimal price, uint32_t *ret_slot);

/* The order on top of a heap, or NULL when it is empty. */
static inline const struct paper_order *paper_book_top(const struct paper_book *book,
                                                       const struct paper_order *orders,
                                                       enum paper_heap_kind kind)
{
    const struct paper_heap *heap = &book->heaps[kind];
    return heap->count == 0 ? NULL : &orders[heap->slots[0]];
}

#endif
