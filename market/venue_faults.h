/*
 * market/venue_faults.h - how a venue misbehaves, on purpose and repeatably.
 *
 * A plan says for each fault how often it strikes, in ten thousandths of its opportunities, or at
 * which opportunity, counted from 1. A seed alone draws a plan: a random half of the faults, each
 * with a random rate, so that some seeds see rare combinations often. What strikes is counted.
 *
 * Threads: belongs to one actor.
 */
#ifndef TUTTI_MARKET_VENUE_FAULTS_H
#define TUTTI_MARKET_VENUE_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/prng.h"

/* X(NAME, "name in a plan", highest rate that a seed draws) */
#define VENUE_FAULTS(X)                                                               \
    X(REQUEST_LOST, "request_lost", 800) /* It never arrives. */                      \
    X(REQUEST_LATE, "request_late", 500) /* It arrives after a while. */              \
    X(REPLY_LOST, "reply_lost", 800)     /* It is carried out and never answered. */  \
    X(REPLY_LATE, "reply_late", 1000)    /* Answered after a while. */                \
    X(ERROR_BEFORE, "error_before", 500) /* A server error; nothing was done. */      \
    X(ERROR_AFTER, "error_after", 500)   /* A server error; it was carried out. */    \
    X(RATE_LIMIT, "rate_limit", 500)     /* Refused with a time to wait. */           \
    X(EVENT_LOST, "event_lost", 600)     /* Of an order or a trade: never sent. */    \
    X(EVENT_TWICE, "event_twice", 1500)  /* Sent twice. */                            \
    X(EVENT_LATE, "event_late", 1000)    /* Sent behind later ones. */                \
    X(DISCONNECT, "disconnect", 20)      /* Nothing gets through for a while. */      \
    X(STRANGER, "stranger", 100)         /* An order that no client placed trades. */ \
    X(CLOCK_JUMP, "clock_jump", 50)      /* The venue's clock jumps ahead. */         \
    X(EXPIRY, "expiry", 100)             /* An open order ends: its time is over. */

enum venue_fault {
#define VENUE_FAULT_ENUM(name, text, rate) VENUE_FAULT_##name,
    VENUE_FAULTS(VENUE_FAULT_ENUM)
#undef VENUE_FAULT_ENUM
        VENUE_FAULT_COUNT,
};

enum { VENUE_FAULT_RATE_MAX = 10000 };

struct venue_faults {
    struct prng prng;
    uint32_t rates[VENUE_FAULT_COUNT];   /* Of VENUE_FAULT_RATE_MAX. */
    uint64_t at[VENUE_FAULT_COUNT];      /* The one opportunity; 0: none. */
    uint64_t chances[VENUE_FAULT_COUNT]; /* Opportunities so far. */
    uint64_t strikes[VENUE_FAULT_COUNT]; /* How often it struck. */
};

/* No fault at all: what a zeroed struct is, too. */
void venue_faults_init(struct venue_faults *faults);

/* The plan that a seed draws. */
void venue_faults_draw(struct venue_faults *faults, uint64_t seed);

/*
 * Reads a plan: a number is a seed; else a list "seed=7,reply_lost=500,disconnect@12" of rates and
 * opportunities. ERR_SYNTAX with what is expected in *failure; then *faults is not to be used.
 */
MUST_USE enum err venue_faults_parse(const char *text, struct venue_faults *faults,
                                     struct failure *failure);

/* Counts an opportunity and says whether the fault strikes. */
bool venue_faults_strike(struct venue_faults *faults, enum venue_fault fault);

/* A random time from 1 to max_ns. */
int64_t venue_faults_delay(struct venue_faults *faults, int64_t max_ns);

/* The name of a fault in a plan. */
const char *venue_fault_name(enum venue_fault fault);

#endif
