/*
 * tests/simulation/checker.h - looks at what a world has left behind: the venue's log and the
 * database.
 *
 * Plain SQL and sums of its own: nothing of the code that made the books is used, and nothing of
 * what a runtime believed. What was answered and published to the outside is compared too.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_CHECKER_H
#define TUTTI_TESTS_SIMULATION_CHECKER_H

#include "tests/simulation/outside.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/world.h"

struct checker_evidence {
    const char *database;
    const char *log; /* Of the venue. */
    const struct outside *outside;
    const struct plan *plan;
};

/* The first thing that is wrong goes to the report's verdict; the hash and counts too. */
void checker_look(const struct checker_evidence *evidence, struct world_report *report);

#endif
