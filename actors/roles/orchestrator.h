/*
 * actors/roles/orchestrator.h - the orchestrator actor: the centre of a run.
 *
 * It creates the executors, routes their order requests to venues and what comes back to them by
 * client order id, applies each fill once to order, position and performance, and numbers every
 * record of the journal. It sends nothing to a venue whose intent must be durable before it is.
 *
 * Threads: an actor. The outcome is written while it runs and read after the run.
 */
#ifndef TUTTI_ACTORS_ROLES_ORCHESTRATOR_H
#define TUTTI_ACTORS_ROLES_ORCHESTRATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "actors/messages.h"
#include "actors/risk_latch.h"
#include "actors/run_config.h"
#include "base/arena.h"
#include "market/performance.h"

/* How a run ended. */
struct run_outcome {
    bool is_finished; /* Everything was stopped in order and committed. */
    enum shutdown_reason reason;
    uint64_t records;              /* Of the journal. */
    uint64_t executors_unfinished; /* Still alive when the draining was given up. */
    bool is_balanced;   /* Each venue's balances are opening balances plus what fills moved. */
    int64_t started_ns; /* Market time of the first and the last step. */
    int64_t ended_ns;
    struct performance_report total;
};

/*
 * The executors of an orchestrator that has ended. Records may still be on their way into the
 * journal, and borrow names and, for copies of executors (actors/executor_copy.h), configurations.
 */
struct orchestrator_remains {
    struct executor_entry *executors; /* Owned. */
    uint32_t count;
    struct arena configs; /* What they borrow. */
};

/* When no actor is left. */
void orchestrator_remains_done(struct orchestrator_remains *remains);

struct orchestrator_arguments {
    const struct run_config *config; /* Borrowed for the run. */
    uint64_t epoch;                  /* Of client order ids: unique to this start. */
    struct actor_ref persistence;
    struct actor_ref publisher;         /* ACTOR_NOBODY: events go nowhere. */
    const struct actor_ref *venues;     /* Borrowed for the run, by venue number. */
    const struct risk_latches *latches; /* States that hold from the start; NULL: none. Borrowed
                                         * during the start. */
    bool is_unrecorded; /* Nobody reads the records: the texts that are costly to make stay out. */
    const char *database; /* Borrowed; of a run that was cut short and goes on; NULL: it is new. */
    const char *journal;  /* Borrowed: the database as it is written; NULL: none can be read. */
    enum restart_policy on_restart; /* Instead of the run file's; 0: that one. */
    struct failure *failure; /* Borrowed: why a run cannot go on. May be NULL without a database. */
    struct run_outcome *outcome;          /* Borrowed. */
    struct orchestrator_remains *remains; /* Borrowed: filled at its end, for the caller to free.
                                           * NULL: nobody reads records after its end. */
};

extern const struct actor_class orchestrator_class; /* Arguments: struct orchestrator_arguments. */

#endif
