/*
 * tests/simulation/shrink.h - the fewest faults with which a seed still fails.
 *
 * Classes are turned off as long as the seed still fails, then the window of each that is left is
 * made smaller from both ends by bisection. Any violation counts, not only the first one.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_SHRINK_H
#define TUTTI_TESTS_SIMULATION_SHRINK_H

#include "tests/simulation/world.h"

/* Writes the windows of what is left, and the report of the last failing play. */
void shrink_seed(uint64_t seed, struct chance_window windows[CHANCE_COUNT],
                 struct world_report *report);

/* Prints them, one line per class. */
void shrink_print(const struct chance_window windows[CHANCE_COUNT],
                  const struct world_report *report);

#endif
