/*
 * actors/opening_section.h - the `initial_positions:` section of a run file: what controllers own
 * before the first fill, and what it has cost.
 *
 * Threads: immutable after loading, any thread.
 */
#ifndef TUTTI_ACTORS_OPENING_SECTION_H
#define TUTTI_ACTORS_OPENING_SECTION_H

#include "config/field.h"

struct run_config;

struct opening_section {
    const char *controller_id;
    const char *venue;
    const char *trading_pair;
    struct decimal amount;        /* Base; > 0. */
    struct decimal average_price; /* Quote; > 0: the cost basis. */
};

/* The table of one of them, for the run file's. */
extern const struct field opening_section_fields[];

/* Adds what tables cannot say: instruments that are not there or are perpetual, positions that are
 * there twice. */
void opening_section_check(const struct run_config *config, const struct node *root,
                           struct problems *problems);

#endif
