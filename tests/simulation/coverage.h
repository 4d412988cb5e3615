/*
 * tests/simulation/coverage.h - which cells of the table of order states and inputs were reached.
 *
 * The linker sends calls of order_next() through here.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_COVERAGE_H
#define TUTTI_TESTS_SIMULATION_COVERAGE_H

#include "market/order.h"

struct coverage {
    uint64_t counts[ORDER_STATE_COUNT][ORDER_INPUT_COUNT];
};

/* Of this process, since it began. */
const struct coverage *coverage_of_process(void);

void coverage_add(struct coverage *sum, const struct coverage *more);

/* Prints the table and how many of the possible cells were reached. */
void coverage_print(const struct coverage *coverage);

#endif
