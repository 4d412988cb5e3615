#include "market/venue.h"

#include <stdlib.h>
#include <string.h>

enum { UPDATES_CAPACITY_FIRST = 16 };

void venue_updates_done(struct venue_updates *updates)
{
    free(updates->items);
    *updates = (struct venue_updates){0};
}

enum err venue_updates_grow(struct venue_updates *updates, size_t more)
{
    size_t capacity = updates->capacity == 0 ? UPDATES_CAPACITY_FIRST : updates->capacity;
    while (capacity - updates->count < more) {
        if (capacity > SIZE_MAX / sizeof(*updates->items) / 2) {
            return ERR_MEMORY;
        }
        capacity *= 2;
    }
    struct venue_update *items = realloc(updates->items, capacity * sizeof(*items));
    if (items == NULL) {
        return ERR_MEMORY;
    }
    updates->items = items;
    updates->capacity = capacity;
    return ERR_NONE;
}

struct venue_update *venue_updates_add(struct venue_updates *updates)
{
    if (venue_updates_reserve(updates, 1) != ERR_NONE) {
        return NULL;
    }
    struct venue_update *update = &updates->items[updates->count++];
    memset(update, 0, sizeof(*update));
    return update;
}
