#include "market/instrument.h"

#include <string.h>

/* Copies one half of a trading pair; false when it is empty or too long. */
static bool instrument_asset(char out[ASSET_MAX_LENGTH + 1], const char *text, size_t length)
{
    if (length == 0 || length > ASSET_MAX_LENGTH) {
        return false;
    }
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

enum err instrument_complete(struct instrument *instrument)
{
    ASSERT(decimal_sign(instrument->tick) > 0);
    const char *pair = instrument->trading_pair;
    const char *dash = strchr(pair, '-');
    if (dash == NULL || strchr(dash + 1, '-') != NULL) {
        return ERR_SYNTAX;
    }
    struct instrument completed = *instrument;
    if (!instrument_asset(completed.base, pair, (size_t)(dash - pair)) ||
        !instrument_asset(completed.quote, dash + 1, strlen(dash + 1))) {
        return ERR_SYNTAX;
    }
    completed.price_digits = decimal_digits(instrument->tick);
    *instrument = completed;
    return ERR_NONE;
}

bool instrument_is_tradable(const struct instrument *instrument, struct decimal amount,
                            struct decimal price)
{
    if (decimal_sign(amount) <= 0 || decimal_less(amount, instrument->min_order_size)) {
        return false;
    }
    if (decimal_sign(instrument->min_notional) == 0 && price.raw >= 0) {
        return true;
    }
    const struct decimal notional = decimal_multiply(price, amount);
    /* A notional too big for a decimal is above every minimum. */
    return !decimal_is_valid(notional) || !decimal_less(notional, instrument->min_notional);
}

enum side instrument_position_side(const struct instrument *instrument, enum side side,
                                   enum position_action action)
{
    if (!instrument->is_hedged) {
        return (enum side)0;
    }
    return action == POSITION_ACTION_CLOSE ? side_opposite(side) : side;
}

struct decimal instrument_passive_price(const struct instrument *instrument, enum side side,
                                        struct decimal price)
{
    return side == SIDE_BUY ? decimal_floor_to(price, instrument->tick)
                            : decimal_ceil_to(price, instrument->tick);
}
