/*
 * tests/simulation/draft.h - random configurations of executors, valid ones, as JSON.
 *
 * Every kind of the registry has its own; one that is added there and not here is a violation of
 * the first seed that draws it.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_DRAFT_H
#define TUTTI_TESTS_SIMULATION_DRAFT_H

#include "base/prng.h"
#include "base/text.h"

/* The markets of every world: the same asset for two quote assets at one venue. Prices begin at
 * DRAFT_PRICE ticks. */
#define DRAFT_VENUE "exchange"
#define DRAFT_PAIR "AAA-QQQ"
#define DRAFT_PAIR_OTHER "AAA-RRR"
#define DRAFT_TICK "0.01"
#define DRAFT_STEP "0.00001"

enum { DRAFT_PRICE = 100000, DRAFT_KINDS_MAX = 64 };

struct draft {
    struct prng *prng; /* Borrowed. */
    int64_t start_s;   /* Market time of the first quote. */
    struct text *out;  /* Borrowed. */
};

/* Appends the configuration of an executor of the registry's kind `kind`; false: there is none for
 * it here. `id` NULL: the run makes one. */
bool draft_executor(struct draft *draft, size_t kind, const char *id);

#endif
