/*
 * tests/support/adversary.h - a venue that misbehaves in every way a real one does, by a seed.
 *
 * It answers late or at once, rejects, cancels by itself, fills in parts, loses a race against a
 * fill, fills what it has canceled, and says things twice; its traits say how often. It never fills
 * more than was ordered, and it keeps what it has filled, so that the books of an executor can be
 * compared with something that the executor did not compute.
 *
 * Threads: the test's.
 */
#ifndef TUTTI_TESTS_SUPPORT_ADVERSARY_H
#define TUTTI_TESTS_SUPPORT_ADVERSARY_H

#include "base/prng.h"
#include "executors/executor.h"

enum {
    ADVERSARY_ORDERS_MAX = 4096,
    ADVERSARY_EVENTS_MAX = 4096,
    ADVERSARY_TOLD_MAX = 64, /* It can say so many again. */
    ADVERSARY_ALL = 100,
};

/* How often it does what, in percent. */
struct adversary_traits {
    const char *name;
    unsigned reject; /* Refuses a new order. */
    unsigned expel;  /* Cancels an order that nobody asked it to cancel. */
    unsigned part;   /* Fills only a part of what it could. */
    unsigned slow;   /* Leaves an answer for the next step. */
    unsigned lose;   /* Fills an order that is to be canceled, before the cancel. */
    unsigned late;   /* Fills what it has already canceled. */
    unsigned hold;   /* Withholds a new order, or cancels an order so, and later lets go. */
    unsigned twice;  /* Says it a second time, at the end of the step; half as often much later. */
};

/* One that does what it is told, at once. */
extern const struct adversary_traits adversary_honest;

/* Where an order stands, as the venue sees it. */
enum adversary_state {
    ADVERSARY_SENT,     /* Not answered yet. */
    ADVERSARY_OPEN,     /* In the book. */
    ADVERSARY_CANCELED, /* Gone, but a late fill may follow. */
    ADVERSARY_GONE,
};

struct adversary_order {
    struct executor_request request; /* As it was placed. */
    enum adversary_state state;
    struct decimal filled; /* Base. */
    bool is_cancel_asked;
    int64_t cancel_asked_at_ns;
};

/* Sums over the fills of one market. */
struct adversary_book {
    struct decimal opened; /* Fills of opening orders, less their fees in base. */
    struct decimal closed; /* Fills of all other orders. */
    struct decimal traded; /* Bought less sold, before fees. */
    struct decimal volume; /* Sum of price * amount, in quote. */
    struct decimal fees;   /* In quote. */
};

struct adversary {
    struct adversary_traits traits;
    struct prng prng;
    bool takes_fee_in_base; /* From buys. */
    size_t order_count;
    struct adversary_order orders[ADVERSARY_ORDERS_MAX]; /* By ordinal. */
    struct adversary_book books[WAKE_MARKETS_MAX];
    uint32_t setbacks;  /* Orders it refused, or canceled by itself, but what is withheld. */
    bool is_holding;    /* It has withheld something since it last let go. */
    size_t told_count;  /* Ever. */
    size_t trade_count; /* Ever. */
    struct order_event told[ADVERSARY_TOLD_MAX]; /* The latest, in a ring. */
    size_t event_count;
    struct order_event events[ADVERSARY_EVENTS_MAX]; /* Of the latest step. */
};

void adversary_init(struct adversary *adversary, const struct adversary_traits *traits,
                    uint64_t seed);

/* Takes a request. NULL, or what is wrong with it in itself: an ordinal out of turn, a cancel of an
 * order that it was told is gone, a cancel repeated within five seconds. */
const char *adversary_take(struct adversary *adversary, const struct executor_request *request,
                           int64_t now_ns);

/* Goes on with every order at these quotes; what it has to say is in `events`. */
void adversary_step(struct adversary *adversary, const struct executor_view *view);

static inline bool adversary_order_is_live(const struct adversary_order *order)
{
    return order->state == ADVERSARY_SENT || order->state == ADVERSARY_OPEN;
}

/* How many orders are live; of those, how many have this role in this market. */
size_t adversary_live(const struct adversary *adversary);
size_t adversary_live_of(const struct adversary *adversary, uint32_t market, enum order_role role);

/* What is owned of a market: opened minus closed. */
struct decimal adversary_owned(const struct adversary *adversary, uint32_t market);

#endif
