#include "market/wake_index.h"

#include <stdlib.h>

#include "base/assert.h"
#include "market/wake_heap.h"

/*
 * Each heap has the nearest level first, i.e. the smallest key. "At least" levels are their own
 * keys; of "at most" levels the highest is the nearest, so their keys are the complements (~level
 * turns the order round and, unlike -level, exists for every int64).
 */
struct wake_index {
    unsigned price_digits;
    struct wake_heap heaps[WAKE_TRIGGER_COUNT];
    struct wake_heap every_quote; /* All keys are 0. */
};

enum err wake_index_create(unsigned price_digits, struct wake_index **ret_index)
{
    ASSERT(price_digits <= DECIMAL_DIGITS);
    struct wake_index *index = calloc(1, sizeof(*index));
    if (index == NULL) {
        return ERR_MEMORY;
    }
    index->price_digits = price_digits;
    *ret_index = index;
    return ERR_NONE;
}

void wake_index_destroy(struct wake_index *index)
{
    if (index == NULL) {
        return;
    }
    for (int i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        wake_heap_done(&index->heaps[i]);
    }
    wake_heap_done(&index->every_quote);
    free(index);
}

/*
 * The highest mantissa that is <= level, i.e. `price <= level` is `price <= mantissa` for every
 * price on the grid. A level beyond int64 is INT64_MAX: always, or INT64_MIN: never.
 */
static int64_t wake_floor(struct decimal level, unsigned digits)
{
    int64_t mantissa;
    if (decimal_to_mantissa_floor(level, digits, &mantissa) == ERR_NONE) {
        return mantissa;
    }
    return decimal_sign(level) > 0 ? INT64_MAX : INT64_MIN;
}

/* The lowest mantissa that is >= level: INT64_MAX is never, INT64_MIN is always. */
static int64_t wake_ceiling(struct decimal level, unsigned digits)
{
    const int64_t opposite = wake_floor(decimal_negate(level), digits);
    return opposite == INT64_MIN ? INT64_MAX : -opposite;
}

/* An invalid level could be anywhere: it counts as every quote. */
static bool wake_levels_want_every_quote(const struct wake_levels *levels)
{
    bool every_quote = levels->every_quote;
    for (int i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        every_quote |= levels->is_set[i] && !decimal_is_valid(levels->level[i]);
    }
    return every_quote;
}

static int64_t wake_at_most(const struct wake_levels *levels, enum wake_trigger trigger,
                            unsigned digits)
{
    return levels->is_set[trigger] ? wake_floor(levels->level[trigger], digits) : INT64_MIN;
}

static int64_t wake_at_least(const struct wake_levels *levels, enum wake_trigger trigger,
                             unsigned digits)
{
    return levels->is_set[trigger] ? wake_ceiling(levels->level[trigger], digits) : INT64_MAX;
}

struct tape_levels wake_levels_round(const struct wake_levels *levels, unsigned digits)
{
    if (wake_levels_want_every_quote(levels)) {
        return (struct tape_levels){INT64_MAX, INT64_MAX, INT64_MIN, INT64_MAX};
    }
    return (struct tape_levels){
        .bid_at_most = wake_at_most(levels, WAKE_BID_AT_MOST, digits),
        .bid_at_least = wake_at_least(levels, WAKE_BID_AT_LEAST, digits),
        .ask_at_most = wake_at_most(levels, WAKE_ASK_AT_MOST, digits),
        .ask_at_least = wake_at_least(levels, WAKE_ASK_AT_LEAST, digits),
    };
}

static enum err wake_index_reserve(struct wake_index *index, uint32_t sleeper)
{
    enum err err = wake_heap_reserve(&index->every_quote, sleeper);
    for (int i = 0; err == ERR_NONE && i < WAKE_TRIGGER_COUNT; i++) {
        err = wake_heap_reserve(&index->heaps[i], sleeper);
    }
    return err;
}

enum err wake_index_set(struct wake_index *index, uint32_t sleeper,
                        const struct wake_levels *levels)
{
    const enum err err = wake_index_reserve(index, sleeper);
    if (err != ERR_NONE) {
        return err;
    }
    if (wake_levels_want_every_quote(levels)) {
        wake_index_remove(index, sleeper);
        wake_heap_set(&index->every_quote, sleeper, 0);
        return ERR_NONE;
    }
    wake_heap_remove(&index->every_quote, sleeper);
    const struct tape_levels rounded = wake_levels_round(levels, index->price_digits);
    const int64_t keys[WAKE_TRIGGER_COUNT] = {[WAKE_BID_AT_MOST] = ~rounded.bid_at_most,
                                              [WAKE_BID_AT_LEAST] = rounded.bid_at_least,
                                              [WAKE_ASK_AT_MOST] = ~rounded.ask_at_most,
                                              [WAKE_ASK_AT_LEAST] = rounded.ask_at_least};
    for (enum wake_trigger i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        if (keys[i] != INT64_MAX) {
            wake_heap_set(&index->heaps[i], sleeper, keys[i]);
        } else {
            wake_heap_remove(&index->heaps[i], sleeper);
        }
    }
    return ERR_NONE;
}

void wake_index_remove(struct wake_index *index, uint32_t sleeper)
{
    wake_heap_remove(&index->every_quote, sleeper);
    for (int i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        wake_heap_remove(&index->heaps[i], sleeper);
    }
}

struct tape_levels wake_index_nearest(const struct wake_index *index)
{
    const bool is_every_quote = index->every_quote.count > 0;
    return (struct tape_levels){
        .bid_at_most =
            is_every_quote ? INT64_MAX : ~wake_heap_nearest(&index->heaps[WAKE_BID_AT_MOST]),
        .bid_at_least = wake_heap_nearest(&index->heaps[WAKE_BID_AT_LEAST]),
        .ask_at_most = ~wake_heap_nearest(&index->heaps[WAKE_ASK_AT_MOST]),
        .ask_at_least = wake_heap_nearest(&index->heaps[WAKE_ASK_AT_LEAST]),
    };
}

/* A heap whose first sleeper the quote reaches, or NULL. */
static const struct wake_heap *wake_index_reached(const struct wake_index *index, int64_t bid,
                                                  int64_t ask)
{
    const int64_t reach[WAKE_TRIGGER_COUNT] = {[WAKE_BID_AT_MOST] = ~bid,
                                               [WAKE_BID_AT_LEAST] = bid,
                                               [WAKE_ASK_AT_MOST] = ~ask,
                                               [WAKE_ASK_AT_LEAST] = ask};
    if (index->every_quote.count > 0) {
        return &index->every_quote;
    }
    for (int i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        if (wake_heap_nearest(&index->heaps[i]) <= reach[i]) {
            return &index->heaps[i];
        }
    }
    return NULL;
}

bool wake_index_take(struct wake_index *index, int64_t bid, int64_t ask, uint32_t *ret_sleeper)
{
    ASSERT(bid < INT64_MAX && ask < INT64_MAX && bid > INT64_MIN && ask > INT64_MIN);
    const struct wake_heap *heap = wake_index_reached(index, bid, ask);
    if (heap == NULL) {
        return false;
    }
    const uint32_t sleeper = heap->sleepers[0];
    wake_index_remove(index, sleeper);
    *ret_sleeper = sleeper;
    return true;
}

struct wake_times {
    struct wake_heap heap;
};

enum err wake_times_create(struct wake_times **ret_times)
{
    struct wake_times *times = calloc(1, sizeof(*times));
    if (times == NULL) {
        return ERR_MEMORY;
    }
    *ret_times = times;
    return ERR_NONE;
}

void wake_times_destroy(struct wake_times *times)
{
    if (times == NULL) {
        return;
    }
    wake_heap_done(&times->heap);
    free(times);
}

enum err wake_times_set(struct wake_times *times, uint32_t sleeper, int64_t at_ns)
{
    if (at_ns == INSTANT_NEVER) {
        wake_heap_remove(&times->heap, sleeper);
        return ERR_NONE;
    }
    const enum err err = wake_heap_reserve(&times->heap, sleeper);
    if (err == ERR_NONE) {
        wake_heap_set(&times->heap, sleeper, at_ns);
    }
    return err;
}

int64_t wake_times_nearest(const struct wake_times *times)
{
    return wake_heap_nearest(&times->heap);
}

bool wake_times_take(struct wake_times *times, int64_t now_ns, uint32_t *ret_sleeper)
{
    if (times->heap.count == 0 || wake_heap_nearest(&times->heap) > now_ns) {
        return false;
    }
    const uint32_t sleeper = times->heap.sleepers[0];
    wake_heap_remove(&times->heap, sleeper);
    *ret_sleeper = sleeper;
    return true;
}
