/*
 * executors/entry.h - opening the position of a bracket (SPEC 6.1).
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_ENTRY_H
#define TUTTI_EXECUTORS_ENTRY_H

#include "executors/moment.h"

/* Cancels a live entry that has left its bounds, or places what is missing. VERDICT_STAY, or
 * VERDICT_FAIL. */
enum verdict entry_step(struct bracket *bracket, const struct moment *moment,
                        struct executor_requests *requests);

/* When entry_step() could act next. The end of a retry wait is the caller's. */
void entry_wake(const struct bracket *bracket, const struct moment *moment, struct wake *wake);

#endif
