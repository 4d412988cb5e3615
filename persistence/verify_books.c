#include <stdlib.h>
#include <string.h>

#include "config/field.h"
#include "persistence/verify_parts.h"

enum { VERIFY_ITEMS_FIRST = 64 };

#define VERIFY_BOOKS_NEXT \
    "this is a mistake of the program that wrote it: keep the file and report it with its version"

void verify_books_init(struct verify_books *books)
{
    *books = (struct verify_books){0};
    arena_init(&books->arena, 0);
    text_index_init(&books->order_index, 0);
    text_index_init(&books->position_index, 0);
}

void verify_books_done(struct verify_books *books)
{
    arena_done(&books->arena);
    text_index_done(&books->order_index);
    text_index_done(&books->position_index);
    free(books->orders);
    free(books->positions);
}

static enum err books_no_memory(const struct verify *verify, struct failure *failure)
{
    return failure_set(failure, ERR_MEMORY, "%s: no memory to follow its orders", verify->path);
}

/* Room for one more item behind `count`; the array may move. */
static bool books_reserve(void **items, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity) {
        return true;
    }
    const uint32_t wanted = *capacity != 0 ? *capacity * 2 : VERIFY_ITEMS_FIRST;
    void *grown = reallocarray(*items, wanted, size);
    if (grown == NULL) {
        return false;
    }
    *items = grown;
    *capacity = wanted;
    return true;
}

/* The order of that id, made when it is new. NULL: no memory. */
static struct verify_order *books_order(struct verify_books *books, const char *id)
{
    const uint32_t known = text_index_get(&books->order_index, id);
    if (known != 0) {
        return &books->orders[known - 1];
    }
    void *orders = books->orders;
    const bool has_room =
        books_reserve(&orders, books->order_count, &books->order_capacity, sizeof(*books->orders));
    books->orders = orders;
    const char *copy = arena_copy(&books->arena, id, strlen(id));
    if (!has_room || copy == NULL ||
        text_index_set(&books->order_index, copy, books->order_count + 1) != ERR_NONE) {
        return NULL;
    }
    struct verify_order *order = &books->orders[books->order_count++];
    *order = (struct verify_order){.id = copy, .state = ORDER_CREATED};
    return order;
}

/* The position of a controller on a market, made when it is new. NULL: no memory. */
static struct verify_position *books_position(struct verify_books *books, struct text *name)
{
    if (text_failed(name)) {
        return NULL;
    }
    const uint32_t known = text_index_get(&books->position_index, text_string(name));
    if (known != 0) {
        return &books->positions[known - 1];
    }
    void *positions = books->positions;
    const bool has_room = books_reserve(&positions, books->position_count,
                                        &books->position_capacity, sizeof(*books->positions));
    books->positions = positions;
    const char *copy = arena_copy(&books->arena, text_string(name), name->length);
    if (!has_room || copy == NULL ||
        text_index_set(&books->position_index, copy, books->position_count + 1) != ERR_NONE) {
        return NULL;
    }
    struct verify_position *position = &books->positions[books->position_count++];
    *position = (struct verify_position){.name = copy};
    return position;
}

static struct verify_position *books_find_position(struct verify_books *books,
                                                   const char *controller, const char *venue,
                                                   const char *trading_pair)
{
    struct text name = {0};
    text_printf(&name, "%s %s %s", controller, venue != NULL ? venue : "",
                trading_pair != NULL ? trading_pair : "");
    struct verify_position *position = books_position(books, &name);
    text_done(&name);
    return position;
}

static enum err books_take_order(struct verify *verify, const struct record *record,
                                 struct failure *failure)
{
    const struct record_order *reported = &record->data.order;
    char id[ORDER_ID_TEXT_MAX];
    struct verify_order *order = books_order(&verify->books, record_client_order_id(record, id));
    if (order == NULL) {
        return books_no_memory(verify, failure);
    }
    const enum order_state before = order->state;
    order->state = reported->state;
    order->reported = reported->executed_base;
    if (before == ORDER_CREATED) {
        order->closes = reported->action == POSITION_ACTION_CLOSE;
    }
    if (order_state_may_become(before, reported->state)) {
        return ERR_NONE;
    }
    text_printf(&verify->where, "journal record %llu", (unsigned long long)record->seq);
    text_printf(&verify->what, "order %s goes from %s to %s, which no order does", order->id,
                field_name_of(order_state_names, (int)before),
                field_name_of(order_state_names, (int)reported->state));
    return verify_tell(verify, VERIFY_BOOKS_NEXT, failure);
}

/* What a fill adds to what is owned: base fees reduce it on both sides. */
static struct decimal books_moved(const struct fill *fill)
{
    const struct decimal moved =
        fill->side == SIDE_BUY ? fill->amount : decimal_subtract(DECIMAL_ZERO, fill->amount);
    return fill->fee_in_base ? decimal_subtract(moved, fill->fee) : moved;
}

/* Adds a fill to the netted position, and to the side that it would have moved in a hedged one. */
static void books_move(struct verify_position *position, const struct fill *fill, bool closes)
{
    const struct decimal moved = books_moved(fill);
    const enum side side = closes ? side_opposite(fill->side) : fill->side;
    position->filled[0] = decimal_add(position->filled[0], moved);
    position->filled[side] = decimal_add(position->filled[side], moved);
}

static enum err books_take_fill(struct verify *verify, const struct record *record,
                                struct failure *failure)
{
    const struct record_fill *fill = &record->data.fill;
    struct verify_position *position =
        books_find_position(&verify->books, record->controller_id, fill->venue, fill->trading_pair);
    if (position == NULL) {
        return books_no_memory(verify, failure);
    }
    verify->report->fills++;
    if (record->executor_id[0] == '\0') {
        books_move(position, &fill->fill, false);
        return ERR_NONE; /* Nobody's here: its order is not ours. */
    }
    char id[ORDER_ID_TEXT_MAX];
    struct verify_order *order = books_order(&verify->books, record_client_order_id(record, id));
    if (order == NULL) {
        return books_no_memory(verify, failure);
    }
    order->filled = decimal_add(order->filled, fill->fill.amount);
    books_move(position, &fill->fill, order->closes);
    return ERR_NONE;
}

static enum err books_take_position(struct verify *verify, const struct record *record,
                                    struct failure *failure)
{
    const struct record_position *reported = &record->data.position;
    struct verify_position *position = books_find_position(&verify->books, record->controller_id,
                                                           reported->venue, reported->trading_pair);
    if (position == NULL) {
        return books_no_memory(verify, failure);
    }
    position->is_reported[reported->side] = true;
    position->reported[reported->side] = reported->amount;
    if (record->kind == RECORD_POSITION_OPENED) {
        position->filled[0] =
            decimal_add(position->filled[0], reported->amount); /* Owned before. */
    }
    return ERR_NONE;
}

enum err verify_books_take(struct verify *verify, const struct record *record,
                           struct failure *failure)
{
    switch ((int)record_kind_data(record->kind)) {
    case RECORD_DATA_ORDER:
        return books_take_order(verify, record, failure);
    case RECORD_DATA_FILL:
        return books_take_fill(verify, record, failure);
    case RECORD_DATA_POSITION:
        return books_take_position(verify, record, failure);
    default:
        return ERR_NONE;
    }
}

static bool books_agree(struct decimal reported, struct decimal filled)
{
    return decimal_is_valid(filled) && decimal_equal(reported, filled);
}

/* Tells that a figure is not the sum of its fills; verify->where is filled. */
static enum err books_tell(struct verify *verify, struct decimal reported, struct decimal filled,
                           struct failure *failure)
{
    char says[DECIMAL_TEXT_MAX];
    char sum[DECIMAL_TEXT_MAX];
    (void)decimal_print(reported, says);
    (void)decimal_print(filled, sum);
    text_printf(&verify->what, "amounts to %s, its fills to %s", says, sum);
    return verify_tell(verify, VERIFY_BOOKS_NEXT, failure);
}

/* The positions of one market: the netted one, or the sides of a hedged one, each by itself. */
static enum err books_sum_position(struct verify *verify, const struct verify_position *position,
                                   struct failure *failure)
{
    static const char *const suffixes[] = {"", " BUY", " SELL"};
    const bool is_hedged = position->is_reported[SIDE_BUY] || position->is_reported[SIDE_SELL];
    enum err err = ERR_NONE;
    for (int side = is_hedged ? SIDE_BUY : 0; side <= (is_hedged ? SIDE_SELL : 0); side++) {
        if (is_hedged && !position->is_reported[side] &&
            decimal_sign(position->filled[side]) == 0) {
            continue;
        }
        verify->report->positions++;
        if (err == ERR_NONE && !books_agree(position->reported[side], position->filled[side])) {
            text_printf(&verify->where, "position %s%s", position->name, suffixes[side]);
            err = books_tell(verify, position->reported[side], position->filled[side], failure);
        }
    }
    return err;
}

enum err verify_books_sum(struct verify *verify, struct failure *failure)
{
    const struct verify_books *books = &verify->books;
    enum err err = ERR_NONE;
    verify->report->orders = books->order_count;
    for (uint32_t i = 0; i < books->order_count && err == ERR_NONE; i++) {
        const struct verify_order *order = &books->orders[i];
        if (!books_agree(order->reported, order->filled)) {
            text_printf(&verify->where, "order %s", order->id);
            err = books_tell(verify, order->reported, order->filled, failure);
        }
    }
    for (uint32_t i = 0; i < books->position_count && err == ERR_NONE; i++) {
        err = books_sum_position(verify, &books->positions[i], failure);
    }
    return err;
}
