/*
 * tests/support/slow_store.h - a store whose commits take as long as the test wants.
 *
 * The linker sends store_commit() and journal_add() through it (-Wl,--wrap, in
 * tests/CMakeLists.txt), so that it sees both ends of the journal: records when the orchestrator
 * makes them, and when they are durable. What lies between is the depth of the journal.
 *
 * Threads: any.
 */
#ifndef TUTTI_TESTS_SUPPORT_SLOW_STORE_H
#define TUTTI_TESTS_SUPPORT_SLOW_STORE_H

#include <stdbool.h>
#include <stdint.h>

/* Each commit that begins from now on takes so much longer. */
void slow_store_pause(unsigned ms);

/* While it is shut no commit comes to its end. */
void slow_store_shut(bool is_shut);

struct slow_store_figures {
    uint64_t made;      /* Sequence number of the last record of the orchestrator. */
    uint64_t committed; /* Of the last durable one. */
    uint64_t depth_max; /* Most records that were made and not durable. */
    uint64_t commits;
};

struct slow_store_figures slow_store_figures(void);

/* Begins to look for the greatest depth anew. */
void slow_store_forget_depth(void);

/* Waits until so many records are made and not durable; false after seconds_max. */
bool slow_store_wait_for_depth(uint64_t depth, unsigned seconds_max);

/* Waits until a record with that number or a later one is durable; false after seconds_max. */
bool slow_store_wait_for_commit(uint64_t seq, unsigned seconds_max);

#endif
