/*
 * market/book_top.h - the best levels of a book, as a value that travels in messages.
 *
 * It is bounded: what stands behind BOOK_TOP_LEVELS_MAX levels of a side is not in it, and an
 * amount that needs more than them has no price here.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_MARKET_BOOK_TOP_H
#define TUTTI_MARKET_BOOK_TOP_H

#include "market/book.h"

enum { BOOK_TOP_LEVELS_MAX = 100 }; /* Of a side. */

/* An empty one: `struct book_top top = {0};`. */
struct book_top {
    uint32_t bid_count;
    uint32_t ask_count;
    struct book_level bids[BOOK_TOP_LEVELS_MAX]; /* The best one first. */
    struct book_level asks[BOOK_TOP_LEVELS_MAX];
};

/* Copies what it has room for; the levels behind the counts are left as they were. */
void book_top_copy(const struct book *book, struct book_top *ret_top);

/* What an order of `taker` and `amount` meets on the other side, as book_walk() without a limit. */
struct book_walk book_top_walk(const struct book_top *top, enum side taker, struct decimal amount);

#endif
