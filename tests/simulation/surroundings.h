/*
 * tests/simulation/surroundings.h - what a runtime is connected to: the context of a run's calls.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_SURROUNDINGS_H
#define TUTTI_TESTS_SIMULATION_SURROUNDINGS_H

struct network;
struct outside;

struct surroundings {
    struct network *network; /* Borrowed. */
    struct outside *outside; /* Borrowed. */
};

#endif
