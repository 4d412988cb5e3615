/*
 * tests/simulation/world.h - one seed from its plan to its end: a runtime that dies and comes back,
 * a venue that lives on, and all that lies between and around them, on one virtual clock.
 *
 * The runtime is struct run as the program composes it: orchestrator, executors, persistence,
 * remote venue, market, publisher, link to the embedding program. What is not the program's own is
 * the scheduler's driver, the clock, the network and the disk.
 *
 * First faults strike; then all is well, the run is stopped, and has to end in order by a known
 * time. What it left behind is checked afterwards (tests/simulation/checker.h).
 *
 * Threads: one; a process plays one world at a time.
 */
#ifndef TUTTI_TESTS_SIMULATION_WORLD_H
#define TUTTI_TESTS_SIMULATION_WORLD_H

#include "tests/simulation/plan.h"
#include "tests/simulation/verdict.h"

/* What is to be played. */
struct world_order {
    uint64_t seed;
    const struct plan_paths *paths;
    const struct chance_window *windows; /* By class, instead of open ones; NULL: open. */
};

/* What became of it. */
struct world_report {
    struct verdict verdict;
    uint64_t hash;          /* Of journal, tables, the venue's log and the order of everything. */
    uint64_t turns;         /* Slices of actors. */
    uint64_t letters;       /* Sent over the network. */
    uint64_t trades;        /* Of the venue's log. */
    uint64_t orders;        /* That have left a runtime. */
    uint64_t records;       /* Of the journal. */
    uint64_t starts;        /* Of runtimes. */
    int64_t virtual_ns;     /* Time that passed, */
    int64_t market_ns;      /* and market time. */
    struct chances chances; /* What struck. */
};

void world_play(const struct world_order *order, struct world_report *report);

#endif
