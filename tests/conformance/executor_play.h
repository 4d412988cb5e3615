/*
 * tests/conformance/executor_play.h - one executor, a walk of prices, and a venue that misbehaves.
 *
 * After every step the books of the venue are compared with those of the executor, and every
 * request is looked at. Whatever is wrong fails the test, with all that is needed to repeat it.
 *
 * Threads: the test's.
 */
#ifndef TUTTI_TESTS_CONFORMANCE_EXECUTOR_PLAY_H
#define TUTTI_TESTS_CONFORMANCE_EXECUTOR_PLAY_H

#include "executors/executor.h"
#include "market/trade_ids.h"
#include "tests/support/adversary.h"

#define PLAY_START_S INT64_C(1735689600) /* 2025-01-01T00:00:00Z */

enum { PLAY_STOP_NEVER = -1 };

/* How the executor is treated; none of it may change what it does. */
enum play_mode {
    PLAY_PLAIN,  /* Evaluated at every step. */
    PLAY_RELOAD, /* Saved and loaded after every step. */
    PLAY_WAKE,   /* Evaluated on its wakes only. */
    PLAY_MODE_COUNT,
};

/* Which play it is: all that it depends on. */
struct play_plan {
    const char *config; /* YAML; its timestamp is PLAY_START_S. */
    const struct adversary_traits *traits;
    enum play_mode mode;
    uint64_t seed;
    int stop_step; /* PLAY_STOP_NEVER: when the walk is over. */
    bool keeps_position;
};

struct play {
    struct play_plan plan;
    const struct executor_kind *kind;
    const struct executor_config *config;
    struct arena arena;
    struct instrument instruments[WAKE_MARKETS_MAX];
    struct executor *executor; /* Owned. */
    struct adversary venue;
    struct trade_ids trades[ADVERSARY_ORDERS_MAX]; /* By ordinal: each counts once. */
    size_t repeated;                               /* Fills that were told again. */
    size_t late;                                   /* Fills that were told after the end. */
    struct prng prices;
    struct decimal mids[WAKE_MARKETS_MAX];
    struct executor_view view;
    bool is_changed[WAKE_MARKETS_MAX];
    bool is_due;
    bool is_stopped;
    struct wake wake;
    struct executor_requests requests;
    struct text trace; /* Every request and the end. */
    int step;
};

/* Reads the configuration; the executor is not started. */
struct play *play_open(const struct play_plan *plan);
void play_close(struct play *play);

/* Another executor of the same configuration, not started. */
struct executor *play_new_executor(const struct play *play);

/* The first quotes, and the start with the money it needs. */
void play_begin(struct play *play);

/* The whole play: the walk, a stop, and the end with a venue that works. */
void play_run(struct play *play);

/* Looks at what an executor has left behind that has TERMINATED. */
void play_check_end(struct play *play);

/* What is owned, by the books of the venue. Of a kind with two markets, what it has bought on both
 * less what it has sold, or the reverse: its exposure without a sign. */
struct decimal play_owned(const struct play *play);

/* Fails the test unless the condition holds; `what` says what has to be. */
void play_demand(const struct play *play, bool condition, const char *what);

#endif
