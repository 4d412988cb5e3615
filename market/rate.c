#include "market/rate.h"

#include <string.h>

enum err rate_find(const struct rate_table *table, const char *from, const char *to,
                   struct rate_source *ret_source)
{
    if (strcmp(from, to) == 0) {
        *ret_source = (struct rate_source){.rate = NULL};
        return ERR_NONE;
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct rate *rate = &table->items[i];
        const bool is_direct = strcmp(rate->base, from) == 0 && strcmp(rate->quote, to) == 0;
        const bool is_inverse = strcmp(rate->base, to) == 0 && strcmp(rate->quote, from) == 0;
        if (is_direct || is_inverse) {
            *ret_source = (struct rate_source){.rate = rate, .is_inverse = is_inverse};
            return ERR_NONE;
        }
    }
    return ERR_NOT_FOUND;
}

struct decimal rate_value(const struct rate_source *source, struct decimal bid, struct decimal ask)
{
    if (source->rate == NULL) {
        return DECIMAL_ONE;
    }
    struct decimal value = source->rate->fixed;
    if (source->rate->is_live) {
        value = decimal_divide(decimal_add(bid, ask), decimal_from_int(2));
    }
    if (!decimal_is_valid(value) || decimal_sign(value) <= 0) {
        return DECIMAL_INVALID;
    }
    return source->is_inverse ? decimal_divide(DECIMAL_ONE, value) : value;
}
