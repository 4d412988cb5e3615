/*
 * tests/simulation/plan.h - the world that a seed draws: run files, prices, and when what is
 * planned takes place.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_PLAN_H
#define TUTTI_TESTS_SIMULATION_PLAN_H

#include "base/text.h"
#include "tests/simulation/chance.h"

enum { PLAN_CRASHES_MAX = 4, PLAN_PATH_MAX = 256, PLAN_EXECUTORS_MAX = 4 };

/* How a runtime dies. */
enum crash_way { CRASH_BETWEEN, CRASH_IN_WRITE, CRASH_IN_START };

struct plan_crash {
    enum crash_way way;
    int64_t at_ns;  /* Virtual time, */
    uint64_t turns; /* and so many slices, or disk operations, later. */
    bool is_power_cut;
    int64_t down_ns; /* Until it is started again. */
};

/* Where a world keeps its few files: the run's database has only its name and lock there. The
 * process is in the folder, so that names are the same wherever that is. */
struct plan_paths {
    char folder[PLAN_PATH_MAX];
    const char *database;
    const char *quotes[2];
    const char *trades[2];
};

struct plan {
    const struct plan_paths *paths; /* Borrowed. */
    struct text venue_file;
    struct text run_file;
    int64_t heartbeat_ns;                        /* Of the venue. */
    int64_t speed;                               /* Market time per virtual time. */
    int64_t start_s;                             /* Market time of the first quote. */
    size_t executors;                            /* In the run file. */
    struct plan_crash crashes[PLAN_CRASHES_MAX]; /* In order of time. */
    size_t crash_count;
    int64_t calm_ns;     /* Faults end. */
    int64_t stop_ns;     /* Somebody stops the run, */
    int64_t end_ns;      /* and by then it has to be over. */
    const char *problem; /* NULL: none. */
};

/* Draws the plan of a seed and writes its prices. */
void plan_draw(struct plan *plan, const struct plan_paths *paths, struct chances *chances,
               uint64_t seed);
void plan_done(struct plan *plan);

#endif
