#include "executors/depth.h"

/* The worse one for who takes. An invalid price stays one. */
static struct decimal depth_worse(enum side taker, struct decimal a, struct decimal b)
{
    if (!decimal_is_valid(a) || !decimal_is_valid(b)) {
        return DECIMAL_INVALID;
    }
    return taker == SIDE_BUY ? decimal_max(a, b) : decimal_min(a, b);
}

struct depth_price depth_price_of(const struct market_view *market, enum side taker,
                                  struct decimal amount)
{
    const struct decimal quoted = taker == SIDE_BUY ? market->ask : market->bid;
    if (market->depth == NULL || !decimal_is_valid(amount) || decimal_sign(amount) <= 0) {
        return (struct depth_price){
            .suffices = true, .available = amount, .average = quoted, .worst = quoted};
    }
    const struct book_walk walk = book_top_walk(market->depth, taker, amount);
    struct depth_price price = {.suffices = decimal_equal(walk.amount, amount),
                                .available = walk.amount,
                                .average = DECIMAL_INVALID,
                                .worst = DECIMAL_INVALID};
    if (price.suffices) {
        price.average = depth_worse(taker, decimal_divide(walk.quote, amount), quoted);
        price.worst = depth_worse(taker, walk.worst, quoted);
    }
    return price;
}
