#include "market/trade_ids.h"

#include <stdlib.h>
#include <string.h>

enum { TRADE_IDS_FIRST = 2 };

void trade_ids_done(struct trade_ids *ids)
{
    free(ids->later);
    *ids = (struct trade_ids){0};
}

/* The i-th, i <= count when there is room for one more. */
static char *trade_ids_at(struct trade_ids *ids, uint32_t i)
{
    return i == 0 ? ids->first : ids->later[i - 1];
}

/* Makes room for one more. */
static enum err trade_ids_reserve(struct trade_ids *ids)
{
    if (ids->count <= ids->capacity) {
        return ERR_NONE;
    }
    const uint32_t capacity = ids->capacity != 0 ? ids->capacity * 2 : TRADE_IDS_FIRST;
    char(*later)[TRADE_ID_MAX] = realloc(ids->later, capacity * sizeof(*later));
    if (later == NULL) {
        return ERR_MEMORY;
    }
    ids->later = later;
    ids->capacity = capacity;
    return ERR_NONE;
}

enum err trade_ids_take(struct trade_ids *ids, const char *trade_id, bool *ret_is_new)
{
    for (uint32_t i = 0; i < ids->count; i++) {
        if (strncmp(trade_ids_at(ids, i), trade_id, TRADE_ID_MAX) == 0) {
            *ret_is_new = false;
            return ERR_NONE;
        }
    }
    const enum err err = trade_ids_reserve(ids);
    if (err != ERR_NONE) {
        return err;
    }
    char *place = trade_ids_at(ids, ids->count++);
    memset(place, 0, TRADE_ID_MAX);
    memcpy(place, trade_id, strnlen(trade_id, TRADE_ID_MAX));
    *ret_is_new = true;
    return ERR_NONE;
}
