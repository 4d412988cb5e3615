/*
 * market/wake_index.h - whom does this quote concern? Levels of many sleepers, nearest first.
 *
 * One index per instrument holds the price levels of every sleeper in four heaps, one per
 * trigger; a time heap belongs to the whole market. A quote is compared with the nearest level of
 * each heap: O(1) when nobody is concerned, O(log n) per sleeper that is.
 *
 * Prices are int64 mantissas at the index's own precision, and quotes have no finer one: so a level
 * between two mantissas is rounded to the nearer side of it that a quote can reach, and a sleeper
 * wakes neither too early nor too late.
 *
 * A million sleepers are meant: some 80 bytes each with all levels set, no allocation but growth.
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

enum { WAKE_SLEEPERS_MAX = 1 << 24 };

struct wake_index; /* Opaque: the heaps live in wake_index.c. */

/* price_digits: 0 to 18. ERR_MEMORY. */
MUST_USE enum err wake_index_create(unsigned price_digits, struct wake_index **ret_index);
void wake_index_destroy(struct wake_index *index);

/*
 * Replaces the levels of a sleeper (any small number, e.g. the executor's: memory grows with the
 * largest one). ERR_MEMORY, or ERR_LIMIT for a number that is not below WAKE_SLEEPERS_MAX: nothing
 * has changed, so the caller must not go on as if the sleeper would be woken.
 */
MUST_USE enum err wake_index_set(struct wake_index *index, uint32_t sleeper,
                                 const struct wake_levels *levels);

/* Forgets the sleeper's levels; does nothing when it has none. */
void wake_index_remove(struct wake_index *index, uint32_t sleeper);

/* The levels of one sleeper in mantissas of that precision, exactly as far as quotes have no finer
 * one. Of one that wants every quote they are such that every quote reaches one. */
struct tape_levels wake_levels_round(const struct wake_levels *levels, unsigned digits);

/* The nearest levels, in mantissas of the index's precision. With a sleeper that wants every quote
 * they are such that every quote reaches one. */
struct tape_levels wake_index_nearest(const struct wake_index *index);

/*
 * Takes out one sleeper whose level the quote (mantissas) reaches. False when there is none left.
 * Every sleeper comes once however many of its levels are reached; those that want every quote
 * come too. What was taken out sleeps without levels until wake_index_set(): take out all before
 * setting any. First come those that want every quote, then trigger by trigger those with the
 * nearest level, equal ones in order of sleeper.
 */
bool wake_index_take(struct wake_index *index, int64_t bid, int64_t ask, uint32_t *ret_sleeper);

/* A heap of (time, sleeper), one entry per sleeper. */
struct wake_times; /* Opaque. */

MUST_USE enum err wake_times_create(struct wake_times **ret_times);
void wake_times_destroy(struct wake_times *times);

/* Replaces the sleeper's time; INSTANT_NEVER removes it. Errors as wake_index_set(). */
MUST_USE enum err wake_times_set(struct wake_times *times, uint32_t sleeper, int64_t at_ns);

/* The earliest time, INSTANT_NEVER when nobody waits. */
int64_t wake_times_nearest(const struct wake_times *times);

/* Takes out the earliest sleeper with at_ns <= now_ns; equal times in order of sleeper. */
bool wake_times_take(struct wake_times *times, int64_t now_ns, uint32_t *ret_sleeper);

#endif
