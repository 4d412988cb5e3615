/*
 * actors/run.h - one run from a validated run file to its outcome: the composition of the roles.
 *
 * run_create() opens tapes, store and sockets, so everything that can be refused is refused before
 * anything trades. run_execute() returns when the run has ended in order, or has failed.
 *
 * Threads: create, execute and destroy from one thread; run_stop() from any.
 */
#ifndef TUTTI_ACTORS_RUN_H
#define TUTTI_ACTORS_RUN_H

#include "actors/roles/keeper.h"
#include "actors/roles/orchestrator.h"
#include "actors/roles/progress.h"
#include "actors/run_config.h"
#include "actors/run_control.h"
#include "actors/run_tapes.h"
#include "actors/system.h"
#include "market/tape.h"

enum { RUN_SUBSCRIBERS_WAIT_MS = 30000 }; /* Longest wait for events.wait_for_subscribers. */

struct run_options {
    progress_callback *on_progress; /* May be NULL. */
    tape_progress *on_tape;         /* While a tape is made; may be NULL. */
    void *context;                  /* Of all these calls; borrowed. */
    uint64_t epoch;                 /* Of client order ids: unique to this start, below 36^12. */
    const uint8_t *entropy; /* LINK_ENTROPY_BYTES random bytes for secrets of the control interface;
                             * NULL: they have to be there. */
    run_secrets_made *on_secrets;  /* When they are made; may be NULL. */
    const struct run_tapes *tapes; /* Of the config's feeds, borrowed; NULL: the run opens them. */
    bool is_unrecorded; /* Only the result counts: no database, no sockets, no events at all. */
    bool
        is_exhaustive; /* Every quote wakes every executor: what indexed runs are tested against. */
};

struct run_result {
    struct run_outcome outcome;
    struct keeper_outcome journal;
    struct system_counters counters;
    uint64_t rows; /* Quotes of all feeds that were gone through. */
};

struct run; /* Opaque. */

/* The config is borrowed for the life of the run. Errors name object, cause and next step. */
MUST_USE enum err run_create(const struct run_config *config, const struct run_options *options,
                             struct run **ret_run, struct failure *failure);

/* ERR_NONE when the run ended in order; the result is filled in both cases. */
MUST_USE enum err run_execute(struct run *run, struct run_result *ret_result,
                              struct failure *failure);

/* Asks the run to end in order: executors stopped by policy, everything committed. */
void run_stop(struct run *run, enum shutdown_reason reason);

void run_destroy(struct run *run);

/* The path of the run's database, NULL when it keeps none. */
const char *run_database(const struct run *run);

#endif
