/*
 * actors/sweep_section.h - the `sweep:` section of a run file: which parameters take which values.
 *
 * The rest of the file is a run as always; it is valid by itself and `tutti run` ignores this
 * section. A set of parameters is that file with other values at the paths named here.
 *
 * Threads: immutable after loading, any thread.
 */
#ifndef TUTTI_ACTORS_SWEEP_SECTION_H
#define TUTTI_ACTORS_SWEEP_SECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "config/field.h"
#include "persistence/sweep_store.h"

enum {
    SWEEP_PARAMETERS_MAX = 32,
    SWEEP_VALUES_MAX = 10000, /* Of one parameter. */
    SWEEP_TOP_MAX = 1000,
};
#define SWEEP_SETS_MAX INT64_C(1000000000)

enum sweep_sample { SWEEP_GRID = 1, SWEEP_RANDOM = 2 };
enum sweep_scale { SWEEP_LINEAR = 1, SWEEP_LOG = 2 };

struct sweep_parameter_section {
    const char *path;
    const struct node *values; /* A list; NULL when from, to and steps say it. */
    struct decimal from;
    struct decimal to;
    bool has_from;
    bool has_to;
    int64_t steps;
    enum sweep_scale scale;
};

struct sweep_section {
    enum sweep_sample sample;
    int64_t count; /* Of a random sample. */
    int64_t seed;
    enum sweep_measure rank_by;
    int64_t top;
    struct field_list parameters; /* struct sweep_parameter_section */
};

/* The table of the section, for the run file's. */
extern const struct field sweep_section_fields[];

#endif
