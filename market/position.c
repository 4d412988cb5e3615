#include "market/position.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/assert.h"

enum { BOOK_SLOTS_FIRST = 64 };

static void position_check(const struct position *position)
{
    const struct decimal traded = decimal_add(
        position->opened_base, decimal_subtract(position->bought_base, position->sold_base));
    ASSERT(decimal_equal(position->amount, decimal_subtract(traded, position->fee_base)));
    ASSERT(decimal_sign(position->amount) != 0 || decimal_sign(position->average_price) == 0);
}

/* Moves the average towards `price` because `amount` of the same direction comes in. */
static void position_add(struct position *position, struct decimal amount, struct decimal price)
{
    const struct decimal total = decimal_add(position->amount, amount);
    /* average + (price - average) * amount / total: exact when the prices are equal. */
    const struct decimal distance = decimal_subtract(price, position->average_price);
    const struct decimal shift = decimal_divide(decimal_multiply(distance, amount), total);
    position->average_price = decimal_add(position->average_price, shift);
    position->amount = total;
}

/* Closes against what is owned; what exceeds it opens the other direction at `price`. */
static void position_reduce(struct position *position, struct decimal amount, struct decimal price)
{
    const struct decimal owned = decimal_absolute(position->amount);
    const struct decimal matched = decimal_min(owned, decimal_absolute(amount));
    const struct decimal closed =
        decimal_sign(position->amount) > 0 ? matched : decimal_negate(matched);
    const struct decimal distance = decimal_subtract(price, position->average_price);
    position->realized_pnl_quote =
        decimal_add(position->realized_pnl_quote, decimal_multiply(distance, closed));
    const bool is_crossing = decimal_less(matched, decimal_absolute(amount));
    position->amount = decimal_add(position->amount, amount);
    if (is_crossing) {
        position->average_price = price;
    } else if (decimal_sign(position->amount) == 0) {
        position->average_price = DECIMAL_ZERO;
    }
}

/* Nets a signed amount at a price. */
static void position_net(struct position *position, struct decimal amount, struct decimal price)
{
    const int direction = decimal_sign(amount);
    if (direction == 0) {
        return;
    }
    if (decimal_sign(position->amount) == 0) {
        position->amount = amount;
        position->average_price = price;
    } else if (decimal_sign(position->amount) == direction) {
        position_add(position, amount, price);
    } else {
        position_reduce(position, amount, price);
    }
}

static bool position_is_valid(const struct position *position)
{
    return decimal_is_valid(position->amount) && decimal_is_valid(position->average_price) &&
           decimal_is_valid(position->realized_pnl_quote) &&
           decimal_is_valid(position->fees_quote) && decimal_is_valid(position->volume_quote) &&
           decimal_is_valid(position->bought_base) && decimal_is_valid(position->sold_base) &&
           decimal_is_valid(position->fee_base);
}

/* Adds a fill to the sums and returns by how much it moves what is owned. */
static struct decimal position_count(struct position *position, const struct fill *fill)
{
    const struct decimal fee_base = fill->fee_in_base ? fill->fee : DECIMAL_ZERO;
    const bool is_buy = fill->side == SIDE_BUY;
    struct decimal *side_base = is_buy ? &position->bought_base : &position->sold_base;
    *side_base = decimal_add(*side_base, fill->amount);
    position->fee_base = decimal_add(position->fee_base, fee_base);
    position->fees_quote = decimal_add(position->fees_quote, fill_fee_quote(fill));
    position->volume_quote = decimal_add(position->volume_quote, fill_quote(fill));
    return decimal_subtract(is_buy ? fill->amount : decimal_negate(fill->amount), fee_base);
}

enum err position_apply(struct position *position, const struct fill *fill)
{
    position_check(position);
    if (!decimal_is_valid(fill->amount) || !decimal_is_valid(fill->price) ||
        !decimal_is_valid(fill->fee)) {
        return ERR_OVERFLOW;
    }
    if (decimal_sign(fill->amount) <= 0 || decimal_sign(fill->price) <= 0) {
        return ERR_RANGE;
    }
    struct position after = *position;
    const struct decimal amount = position_count(&after, fill);
    if (!decimal_is_valid(amount)) {
        return ERR_OVERFLOW;
    }
    position_net(&after, amount, fill->price);
    if (!position_is_valid(&after)) {
        return ERR_OVERFLOW;
    }
    position_check(&after);
    *position = after;
    return ERR_NONE;
}

enum err position_fund(struct position *position, struct decimal amount)
{
    const struct decimal funding = decimal_add(position->funding_quote, amount);
    if (!decimal_is_valid(funding)) {
        return ERR_OVERFLOW;
    }
    position->funding_quote = funding;
    return ERR_NONE;
}

enum err position_open(struct position *position, struct decimal amount, struct decimal price)
{
    if (decimal_sign(position->amount) != 0 || decimal_sign(position->volume_quote) != 0) {
        return ERR_STATE;
    }
    if (!decimal_is_valid(amount) || decimal_sign(amount) <= 0 || !decimal_is_valid(price) ||
        decimal_sign(price) <= 0) {
        return ERR_RANGE;
    }
    position->opened_base = amount;
    position->amount = amount;
    position->average_price = price;
    return ERR_NONE;
}

struct decimal position_unrealized(const struct position *position, struct decimal mark)
{
    return decimal_multiply(decimal_subtract(mark, position->average_price), position->amount);
}

/* Positions in order of creation, and an open-addressing table that finds them. */
struct position_book {
    struct position *items; /* Owned; room for half as many as there are slots. */
    size_t count;
    uint32_t *slots;   /* Owned; index into items + 1, 0: empty. */
    size_t slot_count; /* A power of two; at most half of them are used. */
};

static uint64_t position_hash(uint32_t controller, uint32_t instrument, enum side side)
{
    uint64_t hash = ((uint64_t)controller << 32 | instrument) ^ ((uint64_t)side << 61);
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    return hash ^ (hash >> 31);
}

/* The slot that holds the position, or the empty one where it belongs. */
static uint32_t *position_book_slot(const struct position_book *book, uint32_t controller,
                                    uint32_t instrument, enum side side)
{
    size_t place = position_hash(controller, instrument, side) & (book->slot_count - 1);
    for (;; place = (place + 1) & (book->slot_count - 1)) {
        uint32_t *slot = &book->slots[place];
        if (*slot == 0) {
            return slot;
        }
        const struct position *item = &book->items[*slot - 1];
        if (item->controller == controller && item->instrument == instrument &&
            item->side == side) {
            return slot;
        }
    }
}

/* Doubles the room. False without memory: the book stays as it was. */
static bool position_book_grow(struct position_book *book)
{
    const size_t slot_count = book->slot_count > 0 ? 2 * book->slot_count : BOOK_SLOTS_FIRST;
    struct position *items = realloc(book->items, slot_count / 2 * sizeof(*items));
    if (items == NULL) {
        return false;
    }
    book->items = items;
    uint32_t *slots = calloc(slot_count, sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    free(book->slots);
    book->slots = slots;
    book->slot_count = slot_count;
    for (size_t i = 0; i < book->count; i++) {
        const struct position *item = &book->items[i];
        *position_book_slot(book, item->controller, item->instrument, item->side) = (uint32_t)i + 1;
    }
    return true;
}

enum err position_book_create(struct position_book **ret_book)
{
    struct position_book *book = calloc(1, sizeof(*book));
    if (book == NULL || !position_book_grow(book)) {
        position_book_destroy(book);
        return ERR_MEMORY;
    }
    *ret_book = book;
    return ERR_NONE;
}

void position_book_destroy(struct position_book *book)
{
    if (book == NULL) {
        return;
    }
    free(book->items);
    free(book->slots);
    free(book);
}

struct position *position_book_get(struct position_book *book, uint32_t controller,
                                   uint32_t instrument, enum side side)
{
    uint32_t *slot = position_book_slot(book, controller, instrument, side);
    if (*slot != 0) {
        return &book->items[*slot - 1];
    }
    if (book->count == book->slot_count / 2) {
        if (book->count >= UINT32_MAX / 4 || !position_book_grow(book)) {
            return NULL;
        }
        slot = position_book_slot(book, controller, instrument, side);
    }
    book->items[book->count] =
        (struct position){.controller = controller, .instrument = instrument, .side = side};
    *slot = (uint32_t)++book->count;
    return &book->items[book->count - 1];
}

const struct position *position_book_items(const struct position_book *book, size_t *ret_count)
{
    *ret_count = book->count;
    return book->items;
}
