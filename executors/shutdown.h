/*
 * executors/shutdown.h - the one rule by which every executor ends.
 *
 * While SHUTTING_DOWN at most one close is in flight; its amount is what is owned minus what
 * other live orders may still take away. Every state has a deadline: a close that is not done
 * after 30 s is timed out and canceled, a cancel is asked for again after 5 s, failures wait 1, 2,
 * 4 ... 30 s and are bounded by max_retries; after that the executor gives up and hands over what
 * it still owns. What is too small to trade is dust.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_SHUTDOWN_H
#define TUTTI_EXECUTORS_SHUTDOWN_H

#include "executors/executor.h"

/* What an executor owns of one market. */
struct holding {
    uint32_t market;
    enum side side;           /* On which it was opened. */
    struct decimal remaining; /* Base, not yet closed. */
    struct decimal mark;      /* The price at which it could be closed. */
    /* What closing it does in hedge mode; NIL: it closes. OPEN: the other side of a pair is opened
     * against it on another market. */
    enum position_action action;
};

/* One pass of the rule for an executor that is SHUTTING_DOWN. May end it. */
void shutdown_step(struct executor *executor, const struct holding *holding, int64_t now_ns,
                   struct executor_requests *requests);

/* When shutdown_step() could act next. */
void shutdown_wake(const struct executor *executor, const struct holding *holding, int64_t now_ns,
                   struct wake *wake);

#endif
