/*
 * actors/run.h - one run from a validated run file to its outcome: the composition of the roles.
 *
 * run_create() opens tapes, store and sockets, so everything that can be refused is refused before
 * anything trades. run_execute() returns when the run has ended in order, or has failed; for a
 * program that goes on meanwhile, run_start() does the same on a thread of its own and run_wait()
 * waits for it. Such a program drives the run by actions and hears of it by events.
 * docs/embedding.md shows how, examples/embed is such a program.
 *
 * Threads: create, execute, start, wait and destroy from one thread; stop, submit, ask and
 * run_set_risk() from any.
 */
#ifndef TUTTI_ACTORS_RUN_H
#define TUTTI_ACTORS_RUN_H

#include "actors/link_caller.h"
#include "actors/risk_request.h"
#include "actors/roles/keeper.h"
#include "actors/roles/orchestrator.h"
#include "actors/roles/progress.h"
#include "actors/roles/publisher.h"
#include "actors/run_config.h"
#include "actors/run_control.h"
#include "actors/run_tapes.h"
#include "actors/system.h"
#include "market/tape.h"

enum { RUN_SUBSCRIBERS_WAIT_MS = 30000 }; /* Longest wait for events.wait_for_subscribers. */

struct run_options {
    progress_callback *on_progress; /* May be NULL. */
    tape_progress *on_tape;         /* While a tape is made; may be NULL. */
    /* Every event once it is committed, in order; may be NULL. It runs on a thread of the run and
     * holds it up as long as it takes; it may submit actions, but not wait for their answers. */
    publisher_callback *on_event;
    void *context;          /* Of all these calls; borrowed. */
    uint64_t epoch;         /* Of client order ids: unique to this start, below 36^12. */
    const uint8_t *entropy; /* LINK_ENTROPY_BYTES random bytes for secrets of the control interface;
                             * NULL: they have to be there. */
    run_secrets_made *on_secrets;   /* When they are made; may be NULL. */
    const struct run_tapes *tapes;  /* Of the config's feeds, borrowed; NULL: the run opens them. */
    enum restart_policy on_restart; /* Instead of the run file's; 0: that one. */
    /* Instead of threads and the real clock, and instead of sockets to venues in other processes;
     * NULL: those. A port takes what wire_client_class takes. For simulations. */
    const struct system_options *scheduling;
    const struct actor_class *port_class;
    unsigned stuck_ms;  /* After which an actor that does not come back is reported; 0: 5000. */
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

/* The config is borrowed for the life of the run. Actions are taken from here on. Errors name
 * object, cause and next step. */
MUST_USE enum err run_create(const struct run_config *config, const struct run_options *options,
                             struct run **ret_run, struct failure *failure);

/* ERR_NONE when the run ended in order; the result is filled in both cases. */
MUST_USE enum err run_execute(struct run *run, struct run_result *ret_result,
                              struct failure *failure);

/* The same on a thread of its own, which gets no signals. ERR_MEMORY, ERR_LIMIT. */
MUST_USE enum err run_start(struct run *run, struct failure *failure);

/* Waits for the end of a run that was started; as run_execute(). */
MUST_USE enum err run_wait(struct run *run, struct run_result *ret_result, struct failure *failure);

/*
 * Submits an action (actors/action.h); `callback` takes the answer. As link_caller_submit(). An
 * executor can be created when its instruments have a quote: no_quotes until then.
 */
MUST_USE enum err run_submit(struct run *run, const struct action *action,
                             link_answer_callback *callback, void *context);

/* Submits an action and waits for its answer; as link_caller_ask(). Not from a callback. */
MUST_USE enum err run_ask(struct run *run, const struct action *action, unsigned timeout_ms,
                          struct link_answer *ret_answer);

/* Asks for another state of risk, e.g. HALTED; nobody is answered. From any thread, also before
 * run_execute(). ERR_MEMORY, ERR_FULL: try again; ERR_CLOSED: the run has ended. */
MUST_USE enum err run_set_risk(struct run *run, const struct message_risk *request);

/* Asks the run to end in order: executors stopped by policy, everything committed. From any thread.
 * ERR_MEMORY, ERR_FULL: it has not heard of it, ask again; ERR_CLOSED: the run has ended. */
MUST_USE enum err run_stop(struct run *run, enum shutdown_reason reason);

/* Ends the run at once when it was started and not waited for. NULL is allowed. */
void run_destroy(struct run *run);

/* Where its actors live, for whoever gave `scheduling` and steps it. */
struct system *run_system(struct run *run);

/* The path of the run's database, NULL when it keeps none. */
const char *run_database(const struct run *run);

#endif
