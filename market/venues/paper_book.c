#include "market/venues/paper_book.h"

#include <stdlib.h>

enum { HEAP_CAPACITY_FIRST = 16 };

void paper_book_done(struct paper_book *book)
{
    for (size_t i = 0; i < PAPER_HEAP_COUNT; i++) {
        free(book->heaps[i].slots);
    }
    *book = (struct paper_book){0};
}

static enum paper_heap_kind paper_heap_kind_of(const struct paper_order *order)
{
    if (order->ticket.type == ORDER_MARKET) {
        return PAPER_MARKETS;
    }
    return order->ticket.side == SIDE_BUY ? PAPER_BUYS : PAPER_SELLS;
}

/* Which of two orders of one heap stands nearer to the top. */
static bool paper_heap_before(const struct paper_order *a, const struct paper_order *b)
{
    const int by_price = decimal_compare(a->ticket.price, b->ticket.price);
    if (a->ticket.type == ORDER_MARKET || by_price == 0) {
        return a->sequence < b->sequence;
    }
    return a->ticket.side == SIDE_BUY ? by_price > 0 : by_price < 0;
}

static void paper_heap_set(struct paper_heap *heap, struct paper_order *orders, uint32_t place,
                           uint32_t slot)
{
    heap->slots[place] = slot;
    orders[slot].place = place;
}

static void paper_heap_raise(struct paper_heap *heap, struct paper_order *orders, uint32_t place)
{
    const uint32_t slot = heap->slots[place];
    while (place > 0) {
        const uint32_t parent = (place - 1) / 2;
        if (!paper_heap_before(&orders[slot], &orders[heap->slots[parent]])) {
            break;
        }
        paper_heap_set(heap, orders, place, heap->slots[parent]);
        place = parent;
    }
    paper_heap_set(heap, orders, place, slot);
}

static void paper_heap_lower(struct paper_heap *heap, struct paper_order *orders, uint32_t place)
{
    const uint32_t slot = heap->slots[place];
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= heap->count) {
            break;
        }
        if (child + 1 < heap->count &&
            paper_heap_before(&orders[heap->slots[child + 1]], &orders[heap->slots[child]])) {
            child++;
        }
        if (!paper_heap_before(&orders[heap->slots[child]], &orders[slot])) {
            break;
        }
        paper_heap_set(heap, orders, place, heap->slots[child]);
        place = child;
    }
    paper_heap_set(heap, orders, place, slot);
}

enum err paper_book_reserve(struct paper_book *book, const struct paper_order *order)
{
    struct paper_heap *heap = &book->heaps[paper_heap_kind_of(order)];
    if (heap->count < heap->capacity) {
        return ERR_NONE;
    }
    const uint32_t capacity = heap->capacity == 0 ? HEAP_CAPACITY_FIRST : heap->capacity * 2;
    uint32_t *slots = realloc(heap->slots, capacity * sizeof(*slots));
    if (slots == NULL) {
        return ERR_MEMORY;
    }
    heap->slots = slots;
    heap->capacity = capacity;
    return ERR_NONE;
}

void paper_book_add(struct paper_book *book, struct paper_order *orders, uint32_t slot)
{
    struct paper_heap *heap = &book->heaps[paper_heap_kind_of(&orders[slot])];
    ASSERT(heap->count < heap->capacity);
    paper_heap_set(heap, orders, heap->count, slot);
    heap->count++;
    paper_heap_raise(heap, orders, heap->count - 1);
}

void paper_book_remove(struct paper_book *book, struct paper_order *orders, uint32_t slot)
{
    struct paper_heap *heap = &book->heaps[paper_heap_kind_of(&orders[slot])];
    const uint32_t place = orders[slot].place;
    ASSERT(place < heap->count && heap->slots[place] == slot);
    heap->count--;
    if (place == heap->count) {
        return;
    }
    const uint32_t moved = heap->slots[heap->count];
    paper_heap_set(heap, orders, place, moved);
    paper_heap_raise(heap, orders, place);
    paper_heap_lower(heap, orders, orders[moved].place);
}

bool paper_book_take_reached(struct paper_book *book, struct paper_order *orders,
                             enum paper_heap_kind kind, struct decimal price, uint32_t *ret_slot)
{
    ASSERT(kind == PAPER_BUYS || kind == PAPER_SELLS);
    const struct paper_order *top = paper_book_top(book, orders, kind);
    if (top == NULL || (kind == PAPER_BUYS ? decimal_less(top->ticket.price, price)
                                           : decimal_less(price, top->ticket.price))) {
        return false;
    }
    *ret_slot = book->heaps[kind].slots[0];
    paper_book_remove(book, orders, *ret_slot);
    return true;
}
