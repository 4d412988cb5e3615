/*
 * actors/venue_process.h - a venue as a process of its own: composition of feed, server and port.
 *
 * Everything that can be refused is refused by venue_process_create(), before anything trades.
 *
 * Threads: create, execute and destroy from one thread; venue_process_stop() from any.
 */
#ifndef TUTTI_ACTORS_VENUE_PROCESS_H
#define TUTTI_ACTORS_VENUE_PROCESS_H

#include "actors/run_config.h"
#include "market/venue_faults.h"

struct venue_process_options {
    const char *venue; /* Its name in the run file; NULL: the first. */
    const char *url;   /* Of requests. Borrowed, as all of them. */
    const char *events_url;
    const char *log;             /* Appended to; NULL: none. */
    struct decimal speed;        /* Instead of the feeds'; 0: theirs. */
    int64_t heartbeat_ns;        /* > 0 */
    struct venue_faults *faults; /* NULL: it behaves. */
    bool is_stopped_at_end;
    tape_progress *on_tape; /* While a tape is made; may be NULL. */
    void *context;          /* Of that. */
};

struct venue_process; /* Opaque. */

/* The config is borrowed for the life of the process. Errors name object, cause and next step:
 * ERR_SYNTAX for a run file that has no such paper venue, others as those of links and tapes. */
MUST_USE enum err venue_process_create(const struct run_config *config,
                                       const struct venue_process_options *options,
                                       struct venue_process **ret_process, struct failure *failure);

/* Trades until venue_process_stop(), or the end of the feed when the options say so. */
MUST_USE enum err venue_process_execute(struct venue_process *process, struct failure *failure);

void venue_process_stop(struct venue_process *process);

/* NULL is allowed. */
void venue_process_destroy(struct venue_process *process);

#endif
