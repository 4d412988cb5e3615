/*
 * tests/simulation/apart.h - plays a world in a process of its own, so that one that aborts is a
 * violation like any other.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_APART_H
#define TUTTI_TESTS_SIMULATION_APART_H

#include "tests/simulation/world.h"

/* Makes the folder of a process's worlds and goes there; removes it. False: it cannot be made. */
bool apart_open_folder(struct plan_paths *paths);
void apart_close_folder(const struct plan_paths *paths);

/* Plays the order's seed in a child; is_traced: its trace goes to `trace_path` (NULL: stdout). The
 * order's paths are not used. */
void apart_play(const struct world_order *order, bool is_traced, const char *trace_path,
                struct world_report *report);

#endif
