/*
 * tests/simulation/apart.h - plays a world in a process of its own, so that one that aborts is a
 * violation like any other.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_APART_H
#define TUTTI_TESTS_SIMULATION_APART_H

#include "tests/simulation/world.h"

/* Makes a folder for the worlds of a process, which it then has to enter. False: it cannot. */
bool apart_make_folder(struct plan_paths *paths);
bool apart_enter_folder(const struct plan_paths *paths);

/* Removes it, for whoever made it: the process inside may have died. */
void apart_remove_folder(const struct plan_paths *paths);

/* Plays the order's seed in a child; is_traced: its trace goes to `trace_path` (NULL: stdout). The
 * order's paths are not used. */
void apart_play(const struct world_order *given, bool is_traced, const char *trace_path,
                struct world_report *report);

#endif
