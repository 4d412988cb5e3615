/*
 * tests/simulation/chance.h - what may go wrong in a world, and whether it does now.
 *
 * Each class of faults has a random stream of its own, so that turning one off changes the draws of
 * no other. A seed draws the swarm: a random half of the classes, each with a random rate. A class
 * strikes within its window of virtual time only; shrinking a failure means closing windows. After
 * chances_calm() nothing strikes any more.
 */
#ifndef TUTTI_TESTS_SIMULATION_CHANCE_H
#define TUTTI_TESTS_SIMULATION_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/prng.h"
#include "market/venue_faults.h"

/* X(NAME, "name", highest rate that a seed draws, of CHANCE_RATE_MAX). What is not drawn per
 * opportunity but planned beforehand has the rate 1. */
#define CHANCES(X)                                                                       \
    X(NETWORK_SLOW, "network.slow", 1500)       /* A message takes long. */              \
    X(NETWORK_LOST, "network.lost", 500)        /* It never arrives. */                  \
    X(NETWORK_TWICE, "network.twice", 500)      /* It arrives a second time. */          \
    X(NETWORK_ORDER, "network.order", 1000)     /* Later ones overtake it. */            \
    X(NETWORK_CUT, "network.cut", 30)           /* Nothing gets through for a while. */  \
    X(DISK_FULL, "disk.full", 60)               /* No room for a while. */               \
    X(DISK_SYNC, "disk.sync", 30)               /* A sync fails. */                      \
    X(POWER, "power", 1)                        /* A crash loses what was not synced. */ \
    X(CRASH, "crash", 1)                        /* Between two messages. */              \
    X(CRASH_IO, "crash.io", 1)                  /* In the middle of a write or sync. */  \
    X(CRASH_START, "crash.start", 1)            /* While it recovers. */                 \
    X(STOP_EARLY, "stop.early", 1)              /* Stopped while faults go on. */        \
    X(STOP_TWICE, "stop.twice", 1)              /* And once more. */                     \
    X(ACTIONS, "actions", 1)                    /* Somebody creates, stops, ... */       \
    X(ACTIONS_AGAIN, "actions.again", 5000)     /* And asks again with the same id. */   \
    X(RISK, "risk", 1)                          /* Halt, reduce, resume. */              \
    X(MARKET_JUMP, "market.jump", 300)          /* The price jumps. */                   \
    X(MARKET_GAP, "market.gap", 200)            /* No quote for long. */                 \
    X(MARKET_CROSSED, "market.crossed", 500)    /* Ask below bid. */                     \
    X(MARKET_REPEATED, "market.repeated", 1000) /* The same row again. */

enum chance {
#define CHANCE_ENUM(name, text, rate) CHANCE_##name,
    CHANCES(CHANCE_ENUM)
#undef CHANCE_ENUM
        CHANCE_VENUE, /* The first of the venue's own faults (market/venue_faults.h). */
    CHANCE_COUNT = CHANCE_VENUE + VENUE_FAULT_COUNT,
};

enum { CHANCE_RATE_MAX = VENUE_FAULT_RATE_MAX };

/* When a class may strike: from <= now < until. Empty: it is off. */
struct chance_window {
    int64_t from_ns;
    int64_t until_ns;
};

struct chances {
    uint32_t rates[CHANCE_COUNT]; /* 0: not of this seed's swarm. */
    struct chance_window windows[CHANCE_COUNT];
    uint64_t strikes[CHANCE_COUNT];
    int64_t first_ns[CHANCE_COUNT]; /* Of the first and the last strike. */
    int64_t last_ns[CHANCE_COUNT];
    struct prng prngs[CHANCE_COUNT];
    struct venue_faults venue; /* What the venue draws from; its rates follow the windows. */
    int64_t now_ns;
    bool is_calm;
};

/* The swarm of a seed; all windows are open. */
void chances_draw(struct chances *chances, uint64_t seed);

/* Time has come to now_ns. */
void chances_move(struct chances *chances, int64_t now_ns);

/* From here on all is well. */
void chances_calm(struct chances *chances);

/* Whether the class is of the swarm, its window is open and nothing is calm. */
bool chance_is_open(const struct chances *chances, enum chance chance);

/* An opportunity: whether it strikes. Counted when it does. */
bool chance_strikes(struct chances *chances, enum chance chance);

/* Something planned takes place: true when its class is open; counted. */
bool chance_takes_place(struct chances *chances, enum chance chance);

/* A random number of the class, from low to high. */
int64_t chance_between(struct chances *chances, enum chance chance, int64_t low, int64_t high);

const char *chance_name(enum chance chance);

/* CHANCE_COUNT when there is none of that name. */
enum chance chance_find(const char *name);

#endif
