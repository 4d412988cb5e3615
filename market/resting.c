#include "market/resting.h"

#include <stdlib.h>

#include "base/assert.h"

enum { RESTING_FIRST = 16 };

static struct resting_side *resting_side(struct resting *resting, enum side side)
{
    return &resting->sides[side == SIDE_BUY ? 0 : 1];
}

static int64_t resting_key(enum side side, int64_t price)
{
    return side == SIDE_BUY ? -price : price;
}

void resting_done(struct resting *resting)
{
    for (int i = 0; i < 2; i++) {
        wake_heap_done(&resting->sides[i].heap);
        free(resting->sides[i].free);
    }
    *resting = (struct resting){0};
}

/* Makes room for one more place, and for it among the free ones. */
static enum err resting_reserve(struct resting_side *side)
{
    if (side->used == side->free_capacity) {
        const uint32_t capacity = side->used != 0 ? side->used * 2 : RESTING_FIRST;
        uint32_t *places = realloc(side->free, capacity * sizeof(*places));
        if (places == NULL) {
            return ERR_MEMORY;
        }
        side->free = places;
        side->free_capacity = capacity;
    }
    return wake_heap_reserve(&side->heap, side->used);
}

enum err resting_add(struct resting *resting, enum side side, int64_t price, uint32_t *ret_place)
{
    ASSERT(price > 0);
    struct resting_side *own = resting_side(resting, side);
    uint32_t place;
    if (own->free_count > 0) {
        place = own->free[--own->free_count];
    } else {
        const enum err err = resting_reserve(own);
        if (err != ERR_NONE) {
            return err;
        }
        place = own->used++;
    }
    wake_heap_set(&own->heap, place, resting_key(side, price));
    *ret_place = place + 1;
    return ERR_NONE;
}

void resting_remove(struct resting *resting, enum side side, uint32_t place)
{
    struct resting_side *own = resting_side(resting, side);
    ASSERT(place > 0 && place <= own->used && own->free_count < own->used);
    wake_heap_remove(&own->heap, place - 1);
    own->free[own->free_count++] = place - 1;
}

bool resting_meets(const struct resting *resting, enum side side, int64_t price, int64_t *ret_price)
{
    const enum side other = side_opposite(side);
    const struct wake_heap *heap = &resting->sides[other == SIDE_BUY ? 0 : 1].heap;
    if (heap->count == 0) {
        return false;
    }
    const int64_t best = resting_key(other, wake_heap_nearest(heap));
    if (side == SIDE_BUY ? price < best : price > best) {
        return false;
    }
    *ret_price = best;
    return true;
}
