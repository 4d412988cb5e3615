#include "market/book_top.h"

static uint32_t book_top_copy_side(const struct book *book, enum side side,
                                   struct book_level levels[BOOK_TOP_LEVELS_MAX])
{
    const size_t count = book_count(book, side);
    const uint32_t kept = count < BOOK_TOP_LEVELS_MAX ? (uint32_t)count : BOOK_TOP_LEVELS_MAX;
    for (uint32_t i = 0; i < kept; i++) {
        levels[i] = *book_at(book, side, i);
    }
    return kept;
}

void book_top_copy(const struct book *book, struct book_top *ret_top)
{
    ret_top->bid_count = book_top_copy_side(book, SIDE_BUY, ret_top->bids);
    ret_top->ask_count = book_top_copy_side(book, SIDE_SELL, ret_top->asks);
}

struct book_walk book_top_walk(const struct book_top *top, enum side taker, struct decimal amount)
{
    const struct book_level *levels = taker == SIDE_BUY ? top->asks : top->bids;
    const uint32_t count = taker == SIDE_BUY ? top->ask_count : top->bid_count;
    struct book_walk walk = {0};
    for (uint32_t i = 0; i < count && decimal_less(walk.amount, amount); i++) {
        book_walk_add(&walk, &levels[i], amount);
    }
    return walk;
}
