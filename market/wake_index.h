/*
 * market/wake_index.h - whom does this quote concern? Levels of many sleepers, nearest first.
 *
 * One index per instrument holds the price levels of every sleeper in four heaps, one per
 * trigger; a time heap belongs to the whole market. A quote is compared with the nearest level of
 * each heap: O(1) when nobody is concerned, O(log n) per sleeper that is.
 *
 * Prices are int64 mantissas at the index's own precision: levels are rounded so that a sleeper
 * wakes too early rather than too late.
 *
 * Threads: belongs to the market actor.
 */
#ifndef TUTTI_MARKET_WAKE_INDEX_H
#define TUTTI_MARKET_WAKE_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "market/tape.h"
#include "market/wake.h"

struct wake_index; /* Opaque. */

MUST_USE enum err wake_index_create(unsigned price_digits, struct wake_index **ret_index);
void wake_index_destroy(struct wake_index *index);

/* Replaces the levels of a sleeper (any small number, e.g. the executor's). ERR_MEMORY: the old
 * levels are gone and the sleeper is woken by every quote. */
MUST_USE enum err wake_index_set(struct wake_index *index, uint32_t sleeper,
                                 const struct wake_levels *levels);

/* Forgets the sleeper's levels. */
void wake_index_remove(struct wake_index *index, uint32_t sleeper);

/* The nearest levels, in mantissas of the index's precision. With a sleeper that wants every quote
 * they are such that every quote reaches one. */
struct tape_levels wake_index_nearest(const struct wake_index *index);

/*
 * Takes out one sleeper whose level the quote (mantissas) reaches. False when there is none left.
 * Every sleeper comes once however many of its levels are reached; those that want every quote
 * come too. What was taken out sleeps without levels until wake_index_set().
 */
bool wake_index_take(struct wake_index *index, int64_t bid, int64_t ask, uint32_t *ret_sleeper);

/* A heap of (time, sleeper), one entry per sleeper. */
struct wake_times; /* Opaque. */

MUST_USE enum err wake_times_create(struct wake_times **ret_times);
void wake_times_destroy(struct wake_times *times);

/* Replaces the sleeper's time; INSTANT_NEVER removes it. */
MUST_USE enum err wake_times_set(struct wake_times *times, uint32_t sleeper, int64_t at_ns);

/* The earliest time, INSTANT_NEVER when nobody waits. */
int64_t wake_times_nearest(const struct wake_times *times);

/* Takes out the earliest sleeper with at_ns <= now_ns; equal times in order of sleeper. */
bool wake_times_take(struct wake_times *times, int64_t now_ns, uint32_t *ret_sleeper);

#endif
