#include "market/book.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE_CAPACITY_FIRST = 64 };

void book_done(struct book *book)
{
    free(book->bids.levels);
    free(book->asks.levels);
    *book = (struct book){0};
}

void book_clear(struct book *book)
{
    book->bids.count = 0;
    book->asks.count = 0;
    book->version++;
}

static const struct book_side *book_side_of(const struct book *book, enum side side)
{
    return side == SIDE_BUY ? &book->bids : &book->asks;
}

/* Whether a level of price `a` stands behind one of price `b`. */
static bool book_is_behind(enum side side, struct decimal a, struct decimal b)
{
    return side == SIDE_BUY ? decimal_less(a, b) : decimal_less(b, a);
}

/* How many levels stand behind the price: where it is, or belongs. */
static size_t book_place(const struct book_side *levels, enum side side, struct decimal price)
{
    size_t low = 0;
    size_t high = levels->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (book_is_behind(side, levels->levels[middle].price, price)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool book_has(const struct book_side *levels, size_t place, struct decimal price)
{
    return place < levels->count && decimal_equal(levels->levels[place].price, price);
}

static void book_remove(struct book_side *levels, size_t place)
{
    levels->count--;
    memmove(&levels->levels[place], &levels->levels[place + 1],
            (levels->count - place) * sizeof(*levels->levels));
}

static enum err book_insert(struct book_side *levels, size_t place, struct book_level level)
{
    if (levels->count == levels->capacity) {
        const size_t capacity = levels->capacity == 0 ? SIDE_CAPACITY_FIRST : levels->capacity * 2;
        struct book_level *grown = realloc(levels->levels, capacity * sizeof(*grown));
        if (grown == NULL) {
            return ERR_MEMORY;
        }
        levels->levels = grown;
        levels->capacity = capacity;
    }
    memmove(&levels->levels[place + 1], &levels->levels[place],
            (levels->count - place) * sizeof(*levels->levels));
    levels->levels[place] = level;
    levels->count++;
    return ERR_NONE;
}

enum err book_set(struct book *book, const struct book_change *change)
{
    ASSERT(decimal_sign(change->price) > 0 && decimal_sign(change->amount) >= 0);
    struct book_side *levels = change->side == SIDE_BUY ? &book->bids : &book->asks;
    const size_t place = book_place(levels, change->side, change->price);
    book->version++;
    if (!book_has(levels, place, change->price)) {
        return decimal_sign(change->amount) == 0
                   ? ERR_NONE
                   : book_insert(levels, place, (struct book_level){change->price, change->amount});
    }
    if (decimal_sign(change->amount) == 0) {
        book_remove(levels, place);
    } else {
        levels->levels[place].amount = change->amount;
    }
    return ERR_NONE;
}

size_t book_count(const struct book *book, enum side side)
{
    return book_side_of(book, side)->count;
}

const struct book_level *book_at(const struct book *book, enum side side, size_t depth)
{
    const struct book_side *levels = book_side_of(book, side);
    ASSERT(depth < levels->count);
    return &levels->levels[levels->count - 1 - depth];
}

const struct book_level *book_best(const struct book *book, enum side side)
{
    return book_count(book, side) == 0 ? NULL : book_at(book, side, 0);
}

struct decimal book_amount(const struct book *book, enum side side, struct decimal price)
{
    const struct book_side *levels = book_side_of(book, side);
    const size_t place = book_place(levels, side, price);
    return book_has(levels, place, price) ? levels->levels[place].amount : DECIMAL_ZERO;
}

bool book_is_tradable(const struct book *book)
{
    const struct book_level *bid = book_best(book, SIDE_BUY);
    const struct book_level *ask = book_best(book, SIDE_SELL);
    return bid != NULL && ask != NULL && decimal_less(bid->price, ask->price);
}

struct book_walk book_walk(const struct book *book, enum side taker, struct decimal amount,
                           struct decimal limit)
{
    const enum side side = side_opposite(taker);
    const size_t count = book_count(book, side);
    struct book_walk walk = {0};
    while (walk.levels < count && decimal_less(walk.amount, amount)) {
        const struct book_level *level = book_at(book, side, walk.levels);
        if (decimal_sign(limit) > 0 && book_is_behind(side, level->price, limit)) {
            break;
        }
        book_walk_add(&walk, level, amount);
    }
    return walk;
}

void book_walk_add(struct book_walk *walk, const struct book_level *level, struct decimal amount)
{
    const struct decimal taken = decimal_min(level->amount, decimal_subtract(amount, walk->amount));
    walk->amount = decimal_add(walk->amount, taken);
    walk->quote = decimal_add(walk->quote, decimal_multiply(level->price, taken));
    walk->worst = level->price;
    walk->levels++;
}

void book_take(struct book *book, enum side side, struct decimal amount)
{
    struct book_side *levels = side == SIDE_BUY ? &book->bids : &book->asks;
    ASSERT(levels->count > 0);
    struct book_level *best = &levels->levels[levels->count - 1];
    ASSERT(!decimal_less(best->amount, amount));
    best->amount = decimal_subtract(best->amount, amount);
    book->version++;
    if (decimal_sign(best->amount) == 0) {
        levels->count--;
    }
}
