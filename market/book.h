/*
 * market/book.h - the levels of a market's order book (L2), and the messages that change them.
 *
 * Two sides of levels, each sorted, every price once, every amount above 0. Finding a level costs
 * O(log n); adding and removing one costs O(its distance from the best).
 *
 * A book does not look after itself: book_sync does, see market/book_sync.h.
 *
 * Threads: a book belongs to one thread.
 */
#ifndef TUTTI_MARKET_BOOK_H
#define TUTTI_MARKET_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/err.h"
#include "market/order.h"

struct book_level {
    struct decimal price;
    struct decimal amount; /* > 0 */
};

/* One side, the best level last. */
struct book_side {
    struct book_level *levels; /* Owned. */
    size_t count;
    size_t capacity;
};

struct book {
    struct book_side bids;
    struct book_side asks;
    uint64_t version; /* Another one after every change. */
};

/* The new amount of a level; 0 removes it. */
struct book_change {
    enum side side; /* SIDE_BUY: a bid. */
    struct decimal price;
    struct decimal amount;
};

/* What a venue publishes at once: all levels (a snapshot), or those that changed. */
struct book_message {
    int64_t time_ns;  /* The venue's; 0 when it does not say. */
    int64_t local_ns; /* When it was received. */
    uint64_t first_update_id;
    uint64_t last_update_id;
    uint64_t prev_last_update_id; /* last_update_id of the message before; 0: not given. */
    bool is_snapshot;
    const struct book_change *changes; /* Borrowed. */
    size_t change_count;
};

/* What an order meets when it takes from a side. */
struct book_walk {
    struct decimal amount; /* How much there is for it: at most what it asked for. */
    struct decimal quote;  /* Sum of price * amount; invalid on overflow. */
    struct decimal worst;  /* The price of the last level it reaches; 0 when it reaches none. */
    size_t levels;         /* How many levels it reaches. */
};

/* An empty book: `struct book book = {0};`. */
void book_done(struct book *book);

/* Forgets all levels, keeps the memory. */
void book_clear(struct book *book);

/* Sets the amount of a level. amount >= 0, price > 0. ERR_MEMORY: nothing has changed. */
MUST_USE enum err book_set(struct book *book, const struct book_change *change);

/* The best level: the highest bid (SIDE_BUY) or the lowest ask. NULL: the side is empty. Borrowed
 * until the next change. */
const struct book_level *book_best(const struct book *book, enum side side);

/* The level that is `depth` behind the best; depth < book_count(). */
const struct book_level *book_at(const struct book *book, enum side side, size_t depth);

size_t book_count(const struct book *book, enum side side);

/* The amount at a price; 0 when there is no such level. */
struct decimal book_amount(const struct book *book, enum side side, struct decimal price);

/* Both sides have levels and the best bid is below the best ask. */
bool book_is_tradable(const struct book *book);

/*
 * What an order of `taker` and `amount` meets on the other side, at `limit` or better; a limit of 0
 * is none.
 */
struct book_walk book_walk(const struct book *book, enum side taker, struct decimal amount,
                           struct decimal limit);

/* Goes on with a walk that asks for `amount` in all: takes what it still lacks from one level. */
void book_walk_add(struct book_walk *walk, const struct book_level *level, struct decimal amount);

/* Takes `amount` from the best level of a side; amount <= what it has. */
void book_take(struct book *book, enum side side, struct decimal amount);

#endif
