/*
 * tests/simulation/exchange.h - the venue: the program's own venue server and paper venue, in a
 * system that lives on while runtimes die.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_EXCHANGE_H
#define TUTTI_TESTS_SIMULATION_EXCHANGE_H

#include <stdio.h>

#include "actors/roles/feed.h"
#include "actors/run_tapes.h"
#include "tests/simulation/network.h"
#include "tests/simulation/plan.h"

struct exchange {
    const struct plan *plan; /* Borrowed, as the next two. */
    struct chances *chances;
    struct network *network;
    struct run_config config;
    struct run_tapes tapes;
    struct feed_source sources[2];
    struct system *system; /* Owned. */
    FILE *log;             /* Owned; writes to the next. */
    char *log_bytes;       /* Owned, when the log is closed. */
    size_t log_size;
    enum err failure; /* Of an actor that failed. */
};

/* Errors are those of the run file and the tapes; the exchange is to be closed in any case. */
MUST_USE enum err exchange_open(struct exchange *exchange, uint64_t seed, struct failure *failure);

/* Ends it; its log can be read until exchange_close(). */
void exchange_end(struct exchange *exchange);
void exchange_close(struct exchange *exchange);

#endif
