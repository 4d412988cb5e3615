#include "actors/wheel.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/instant.h"

enum { WHEEL_CHILDREN = 4, WHEEL_CAPACITY_FIRST = 64 };

#define WHEEL_NONE UINT32_MAX

struct wheel_timer {
    struct actor_ref actor;
    uint64_t tag;
    uint32_t position; /* In the heap. */
    uint32_t bucket_next;
    uint32_t actor_next;
    uint32_t actor_previous;
};

/* The key is kept here and not in the timer, so that sifting touches few cache lines. */
struct wheel_node {
    int64_t at_ns;
    uint64_t order;
    uint32_t timer;
};

void wheel_init(struct wheel *wheel)
{
    *wheel = (struct wheel){.free = WHEEL_NONE};
}

void wheel_done(struct wheel *wheel)
{
    free(wheel->timers);
    free(wheel->heap);
    free(wheel->buckets);
    free(wheel->firsts);
    wheel_init(wheel);
}

static uint32_t *wheel_bucket(const struct wheel *wheel, uint32_t slot, uint64_t tag)
{
    uint64_t hash = (tag ^ ((uint64_t)slot << 32)) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (hash >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return &wheel->buckets[(hash >> 32) & (wheel->capacity - 1)];
}

static bool wheel_node_less(const struct wheel_node *a, const struct wheel_node *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void wheel_place(struct wheel *wheel, uint32_t position, struct wheel_node node)
{
    wheel->heap[position] = node;
    wheel->timers[node.timer].position = position;
}

static void wheel_sift_up(struct wheel *wheel, uint32_t position)
{
    const struct wheel_node node = wheel->heap[position];
    while (position > 0) {
        const uint32_t parent = (position - 1) / WHEEL_CHILDREN;
        if (!wheel_node_less(&node, &wheel->heap[parent])) {
            break;
        }
        wheel_place(wheel, position, wheel->heap[parent]);
        position = parent;
    }
    wheel_place(wheel, position, node);
}

static uint32_t wheel_least_child(const struct wheel *wheel, uint32_t position)
{
    const uint32_t first = position * WHEEL_CHILDREN + 1;
    const uint32_t left = wheel->count - first;
    const uint32_t children = left < WHEEL_CHILDREN ? left : WHEEL_CHILDREN;
    uint32_t least = first;
    for (uint32_t i = 1; i < children; i++) {
        if (wheel_node_less(&wheel->heap[first + i], &wheel->heap[least])) {
            least = first + i;
        }
    }
    return least;
}

static void wheel_sift_down(struct wheel *wheel, uint32_t position)
{
    const struct wheel_node node = wheel->heap[position];
    while (position * WHEEL_CHILDREN + 1 < wheel->count) {
        const uint32_t child = wheel_least_child(wheel, position);
        if (!wheel_node_less(&wheel->heap[child], &node)) {
            break;
        }
        wheel_place(wheel, position, wheel->heap[child]);
        position = child;
    }
    wheel_place(wheel, position, node);
}

/* Takes the node out of the heap; the last one fills its place. */
static void wheel_heap_remove(struct wheel *wheel, uint32_t position)
{
    ASSERT(position < wheel->count);
    const struct wheel_node last = wheel->heap[--wheel->count];
    if (position < wheel->count) {
        const uint32_t moved = last.timer;
        wheel_place(wheel, position, last);
        wheel_sift_up(wheel, position);
        wheel_sift_down(wheel, wheel->timers[moved].position);
    }
}

static void wheel_link(struct wheel *wheel, uint32_t index)
{
    struct wheel_timer *timer = &wheel->timers[index];
    uint32_t *bucket = wheel_bucket(wheel, timer->actor.slot, timer->tag);
    timer->bucket_next = *bucket;
    *bucket = index;
}

static void wheel_unlink(struct wheel *wheel, uint32_t index)
{
    struct wheel_timer *timer = &wheel->timers[index];
    uint32_t *link = wheel_bucket(wheel, timer->actor.slot, timer->tag);
    while (*link != index) {
        link = &wheel->timers[*link].bucket_next;
    }
    *link = timer->bucket_next;
}

static void wheel_actor_link(struct wheel *wheel, uint32_t index)
{
    struct wheel_timer *timer = &wheel->timers[index];
    uint32_t *first = &wheel->firsts[timer->actor.slot];
    timer->actor_previous = WHEEL_NONE;
    timer->actor_next = *first;
    if (*first != WHEEL_NONE) {
        wheel->timers[*first].actor_previous = index;
    }
    *first = index;
}

static void wheel_actor_unlink(struct wheel *wheel, uint32_t index)
{
    const struct wheel_timer *timer = &wheel->timers[index];
    if (timer->actor_previous == WHEEL_NONE) {
        wheel->firsts[timer->actor.slot] = timer->actor_next;
    } else {
        wheel->timers[timer->actor_previous].actor_next = timer->actor_next;
    }
    if (timer->actor_next != WHEEL_NONE) {
        wheel->timers[timer->actor_next].actor_previous = timer->actor_previous;
    }
}

static void wheel_delete(struct wheel *wheel, uint32_t index)
{
    wheel_heap_remove(wheel, wheel->timers[index].position);
    wheel_unlink(wheel, index);
    wheel_actor_unlink(wheel, index);
    wheel->timers[index].bucket_next = wheel->free;
    wheel->free = index;
}

static void *wheel_resize(void *memory, size_t count, size_t size, enum err *err)
{
    void *resized = *err == ERR_NONE ? realloc(memory, count * size) : NULL;
    if (resized == NULL) {
        *err = ERR_MEMORY;
        return memory;
    }
    return resized;
}

/* Doubles the room; on failure the wheel is as it was. */
static enum err wheel_grow(struct wheel *wheel)
{
    const uint32_t before = wheel->capacity;
    const uint32_t capacity = before == 0 ? WHEEL_CAPACITY_FIRST : before * 2;
    if (capacity > WHEEL_TIMERS_MAX) {
        return ERR_LIMIT;
    }
    enum err err = ERR_NONE;
    wheel->timers = wheel_resize(wheel->timers, capacity, sizeof(*wheel->timers), &err);
    wheel->heap = wheel_resize(wheel->heap, capacity, sizeof(*wheel->heap), &err);
    wheel->buckets = wheel_resize(wheel->buckets, capacity, sizeof(*wheel->buckets), &err);
    if (err != ERR_NONE) {
        return err;
    }
    wheel->capacity = capacity;
    for (uint32_t i = 0; i < capacity; i++) {
        wheel->buckets[i] = WHEEL_NONE;
    }
    for (uint32_t i = 0; i < wheel->count; i++) {
        wheel_link(wheel, wheel->heap[i].timer);
    }
    for (uint32_t i = before; i < capacity; i++) {
        wheel->timers[i].bucket_next = wheel->free;
        wheel->free = i;
    }
    return ERR_NONE;
}

/* Makes sure that `firsts` has an entry for the slot. */
static enum err wheel_reserve_slot(struct wheel *wheel, uint32_t slot)
{
    if (slot < wheel->slots) {
        return ERR_NONE;
    }
    uint32_t slots = wheel->slots == 0 ? WHEEL_CAPACITY_FIRST : wheel->slots;
    while (slots <= slot) {
        slots *= 2;
    }
    enum err err = ERR_NONE;
    wheel->firsts = wheel_resize(wheel->firsts, slots, sizeof(*wheel->firsts), &err);
    if (err == ERR_NONE) {
        for (uint32_t i = wheel->slots; i < slots; i++) {
            wheel->firsts[i] = WHEEL_NONE;
        }
        wheel->slots = slots;
    }
    return err;
}

static uint32_t wheel_find(const struct wheel *wheel, struct actor_ref actor, uint64_t tag)
{
    if (wheel->capacity == 0) {
        return WHEEL_NONE;
    }
    uint32_t index = *wheel_bucket(wheel, actor.slot, tag);
    while (index != WHEEL_NONE) {
        const struct wheel_timer *timer = &wheel->timers[index];
        if (timer->tag == tag && timer->actor.slot == actor.slot &&
            timer->actor.generation == actor.generation) {
            break;
        }
        index = timer->bucket_next;
    }
    return index;
}

static enum err wheel_add(struct wheel *wheel, struct actor_ref actor, uint64_t tag, int64_t at_ns)
{
    enum err err = wheel_reserve_slot(wheel, actor.slot);
    if (err == ERR_NONE && wheel->free == WHEEL_NONE) {
        err = wheel_grow(wheel);
    }
    if (err != ERR_NONE) {
        return err;
    }
    const uint32_t index = wheel->free;
    struct wheel_timer *timer = &wheel->timers[index];
    wheel->free = timer->bucket_next;
    timer->actor = actor;
    timer->tag = tag;
    wheel_link(wheel, index);
    wheel_actor_link(wheel, index);
    wheel_place(wheel, wheel->count++, (struct wheel_node){at_ns, wheel->orders++, index});
    wheel_sift_up(wheel, timer->position);
    return ERR_NONE;
}

enum err wheel_set(struct wheel *wheel, struct actor_ref actor, uint64_t tag, int64_t at_ns)
{
    ASSERT(!actor_ref_is_nobody(actor));
    const uint32_t index = wheel_find(wheel, actor, tag);
    if (index == WHEEL_NONE) {
        return wheel_add(wheel, actor, tag, at_ns);
    }
    const uint32_t position = wheel->timers[index].position;
    wheel->heap[position].at_ns = at_ns;
    wheel->heap[position].order = wheel->orders++;
    wheel_sift_up(wheel, position);
    wheel_sift_down(wheel, wheel->timers[index].position);
    return ERR_NONE;
}

bool wheel_remove(struct wheel *wheel, struct actor_ref actor, uint64_t tag)
{
    const uint32_t index = wheel_find(wheel, actor, tag);
    if (index == WHEEL_NONE) {
        return false;
    }
    wheel_delete(wheel, index);
    return true;
}

void wheel_forget(struct wheel *wheel, struct actor_ref actor)
{
    while (actor.slot < wheel->slots && wheel->firsts[actor.slot] != WHEEL_NONE) {
        wheel_delete(wheel, wheel->firsts[actor.slot]);
    }
}

int64_t wheel_next(const struct wheel *wheel)
{
    return wheel->count == 0 ? INSTANT_NEVER : wheel->heap[0].at_ns;
}

bool wheel_take(struct wheel *wheel, int64_t now_ns, struct wheel_due *ret_due)
{
    if (wheel->count == 0 || wheel->heap[0].at_ns > now_ns) {
        return false;
    }
    const uint32_t index = wheel->heap[0].timer;
    const struct wheel_timer *timer = &wheel->timers[index];
    *ret_due = (struct wheel_due){timer->actor, timer->tag, wheel->heap[0].at_ns};
    wheel_delete(wheel, index);
    return true;
}

size_t wheel_count(const struct wheel *wheel)
{
    return wheel->count;
}
