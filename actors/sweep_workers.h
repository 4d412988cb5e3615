/*
 * actors/sweep_workers.h - threads that run sets of parameters, one at a time each.
 *
 * The owner gives numbers of sets and takes results. Both queues are bounded, so that memory is
 * bounded by the workers, however many sets there are. Sets share nothing: each worker runs a
 * deterministic system of its own, which is why a sweep needs no more than these two queues.
 *
 * Ownership: a result's texts belong to its slot; taking swaps them with the taker's.
 * Threads: create, give, take and destroy from the owner's thread only; the work function runs on
 * the workers. One lock guards both queues.
 */
#ifndef TUTTI_ACTORS_SWEEP_WORKERS_H
#define TUTTI_ACTORS_SWEEP_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "persistence/sweep_store.h"

enum {
    SWEEP_WORKERS_MAX = 256,
    SWEEP_JOBS_PER_WORKER = 1024, /* Sets that wait for a worker, results that wait to be taken. */
    SWEEP_JOBS_STACK_KIB = 1024,  /* Of a worker's thread. */
};

/* What became of a set; the row's texts point into the two others when it is taken. */
struct sweep_answer {
    struct sweep_row row;
    struct text parameters;
    struct text problem;
};

/* Runs set `answer->row.set` and fills the rest; the texts come cleared. */
typedef void sweep_work(void *context, struct sweep_answer *answer);

struct sweep_workers; /* Opaque. */

/* 1 to SWEEP_WORKERS_MAX workers; the context is borrowed. ERR_MEMORY; ERR_LIMIT when the system
 * gives no thread. */
MUST_USE enum err sweep_workers_create(unsigned count, sweep_work *work, void *context,
                                       struct sweep_workers **ret_workers);

/* Workers finish the set at hand; what was not taken is dropped. NULL is allowed. */
void sweep_workers_destroy(struct sweep_workers *workers);

/* Queues a set; false when there is no room. */
bool sweep_workers_give(struct sweep_workers *workers, uint64_t set);

/* Takes back the sets that no worker has begun. */
void sweep_workers_recall(struct sweep_workers *workers);

/* How many sets were given and not taken or recalled. */
uint64_t sweep_workers_open(const struct sweep_workers *workers);

/* Takes a result; waits at most timeout_ms (0: not at all) for enough of them to be worth it, or
 * for the last one. False when there is none. */
bool sweep_workers_take(struct sweep_workers *workers, unsigned timeout_ms,
                        struct sweep_answer *answer);

void sweep_answer_done(struct sweep_answer *answer);

#endif
