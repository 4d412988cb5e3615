#include <stdlib.h>

#include "actors/scheduler_thread.h"
#include "actors/system_layout.h"
#include "base/assert.h"
#include "base/instant.h"
#include "base/log.h"
#include "base/prng.h"
#include "mailbox/hot_path.h"

/*
 * Everything on the caller's thread: one queue of runnable actors, first in first out or, shuffled,
 * a seeded choice of the actor and of the length of its slice. Short slices of random length give
 * a simulation more interleavings than full ones.
 *
 * What other threads make runnable waits in an inbox under a lock until the runner looks.
 */
enum { SHUFFLED_SLICE_MAX = 4, QUEUE_CAPACITY_FIRST = 64 };

struct deterministic {
    struct system *system;
    struct prng prng;
    struct actor **queue; /* Owned; a ring of borrowed actors with room for every slot. */
    size_t mask;          /* Of its places, a power of two. */
    size_t head;          /* Places that were ever taken from, and filled. */
    size_t tail;
    bool is_shuffled;
    struct context context; /* Of the slice that runs. */
    _Atomic(uint64_t) messages;
    pthread_mutex_t lock;
    pthread_cond_t arrived;    /* Something is in the inbox, or the system is stopping. */
    struct actor *inbox_first; /* Borrowed; under the lock. */
    struct actor *inbox_last;
    _Atomic(bool) has_inbox; /* To look without the lock; a late look costs one round. */
};

/* The scheduler that runs on this thread, if any. */
static _Thread_local struct deterministic *deterministic_current FOUND_AT_ONCE;

ALWAYS_INLINED struct actor **deterministic_place(struct deterministic *self, size_t position)
{
    return &self->queue[position & self->mask];
}

ALWAYS_INLINED bool deterministic_has_actor(const struct deterministic *self)
{
    return self->head != self->tail;
}

ALWAYS_INLINED void deterministic_push(struct deterministic *self, struct actor *actor)
{
    ASSERT(self->tail - self->head <= self->mask);
    *deterministic_place(self, self->tail++) = actor;
}

/* Brings one of those that wait to the head of the queue. */
NEVER_INLINED static void deterministic_shuffle(struct deterministic *self)
{
    struct actor **first = deterministic_place(self, self->head);
    const uint64_t chosen = prng_below(&self->prng, self->tail - self->head);
    struct actor **place = deterministic_place(self, self->head + (size_t)chosen);
    struct actor *picked = *place;
    *place = *first;
    *first = picked;
}

NEVER_INLINED static void deterministic_inject(struct deterministic *self, struct actor *actor)
{
    actor->run_next = NULL;
    (void)pthread_mutex_lock(&self->lock);
    if (self->inbox_first == NULL) {
        self->inbox_first = actor;
    } else {
        self->inbox_last->run_next = actor;
    }
    self->inbox_last = actor;
    atomic_store_explicit(&self->has_inbox, true, memory_order_relaxed);
    (void)pthread_cond_signal(&self->arrived);
    (void)pthread_mutex_unlock(&self->lock);
}

NEVER_INLINED static void deterministic_take_inbox(struct deterministic *self)
{
    (void)pthread_mutex_lock(&self->lock);
    struct actor *actor = self->inbox_first;
    self->inbox_first = NULL;
    atomic_store_explicit(&self->has_inbox, false, memory_order_relaxed);
    (void)pthread_mutex_unlock(&self->lock);
    while (actor != NULL) {
        struct actor *next = actor->run_next;
        deterministic_push(self, actor);
        actor = next;
    }
}

ALWAYS_INLINED void deterministic_look_into_inbox(struct deterministic *self)
{
    if (atomic_load_explicit(&self->has_inbox, memory_order_relaxed)) {
        deterministic_take_inbox(self);
    }
}

static void deterministic_schedule(void *scheduler, struct actor *actor)
{
    struct deterministic *self = scheduler;
    if (deterministic_current == self) {
        deterministic_push(self, actor);
    } else {
        deterministic_inject(self, actor);
    }
}

/* A slice of one of those that wait; there is one. */
ALWAYS_INLINED void deterministic_turn(struct deterministic *self)
{
    unsigned messages_max = ACTOR_SLICE_MESSAGES;
    if (self->is_shuffled) {
        deterministic_shuffle(self);
        messages_max = 1 + (unsigned)prng_below(&self->prng, SHUFFLED_SLICE_MAX);
    }
    struct actor *actor = *deterministic_place(self, self->head++);
    struct context *context = &self->context;
    context_renew(context, actor);
    if (slice_run(context, messages_max) == SLICE_MORE) {
        deterministic_push(self, actor);
    }
    const uint64_t messages =
        atomic_load_explicit(&self->messages, memory_order_relaxed) + context->delivered;
    atomic_store_explicit(&self->messages, messages, memory_order_relaxed);
}

/* Sleeps until the next timer or until another thread has something. */
static void deterministic_wait(struct deterministic *self, int64_t next_ns)
{
    const int64_t until_ns =
        next_ns == INSTANT_NEVER ? INSTANT_NEVER : next_ns - self->system->epoch_ns;
    (void)pthread_mutex_lock(&self->lock);
    if (self->inbox_first == NULL && !system_is_stopping(self->system)) {
        scheduler_condition_wait(&self->arrived, &self->lock, until_ns);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

/* Nothing can run now. False when nothing ever will. */
static bool deterministic_go_on(struct deterministic *self)
{
    struct system *system = self->system;
    const int64_t next_ns = timers_next(&system->timers);
    if (!system->options.is_virtual) {
        deterministic_wait(self, next_ns);
        return true;
    }
    if (next_ns == INSTANT_NEVER) {
        log_line(LOG_WARNING, "system",
                 "no actor can run and no timer is set: the run ends without having been stopped");
        return false;
    }
    system_set_now(system, next_ns);
    return true;
}

static enum err deterministic_loop(struct deterministic *self)
{
    struct system *system = self->system;
    while (!system_is_stopping(system)) {
        deterministic_look_into_inbox(self);
        const int64_t next_ns = timers_next(&system->timers);
        if (next_ns != INSTANT_NEVER && !system->options.is_virtual) {
            (void)timers_fire(system, system_now(system));
        }
        if (deterministic_has_actor(self)) {
            deterministic_turn(self);
        } else if (!deterministic_go_on(self)) {
            return ERR_END;
        }
    }
    return ERR_NONE;
}

static enum err deterministic_run(void *scheduler)
{
    struct deterministic *self = scheduler;
    /* A handler of one system may run another one. */
    struct deterministic *outer = deterministic_current;
    deterministic_current = self;
    const enum err err = deterministic_loop(self);
    deterministic_current = outer;
    return err;
}

static enum system_turn deterministic_step(void *scheduler)
{
    struct deterministic *self = scheduler;
    if (system_is_stopping(self->system)) {
        return SYSTEM_STOPPED;
    }
    struct deterministic *outer = deterministic_current;
    deterministic_current = self;
    deterministic_look_into_inbox(self);
    const bool has_actor = deterministic_has_actor(self);
    if (has_actor) {
        deterministic_turn(self);
    }
    deterministic_current = outer;
    return has_actor ? SYSTEM_RAN : SYSTEM_AT_REST;
}

static enum err deterministic_create(struct system *system, void **ret_scheduler)
{
    struct deterministic *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return ERR_MEMORY;
    }
    self->system = system;
    self->context = (struct context){.system = system};
    self->is_shuffled = system->options.is_shuffled;
    prng_init(&self->prng, system->options.seed);
    if (pthread_mutex_init(&self->lock, NULL) != 0) {
        free(self);
        return ERR_MEMORY;
    }
    if (scheduler_condition_init(&self->arrived) != ERR_NONE) {
        (void)pthread_mutex_destroy(&self->lock);
        free(self);
        return ERR_MEMORY;
    }
    *ret_scheduler = self;
    return ERR_NONE;
}

static void deterministic_destroy(void *scheduler)
{
    struct deterministic *self = scheduler;
    (void)pthread_cond_destroy(&self->arrived);
    (void)pthread_mutex_destroy(&self->lock);
    free(self->queue);
    free(self);
}

static enum err deterministic_reserve(void *scheduler, const struct actor *actor)
{
    struct deterministic *self = scheduler;
    if (self->queue != NULL && actor->slot <= self->mask) {
        return ERR_NONE;
    }
    size_t capacity = self->queue == NULL ? QUEUE_CAPACITY_FIRST : self->mask + 1;
    while (capacity <= actor->slot) {
        capacity *= 2;
    }
    struct actor **queue = calloc(capacity, sizeof(struct actor *));
    if (queue == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = self->head; i != self->tail; i++) {
        queue[i & (capacity - 1)] = *deterministic_place(self, i);
    }
    free(self->queue);
    self->queue = queue;
    self->mask = capacity - 1;
    return ERR_NONE;
}

static enum err deterministic_adopt(void *scheduler, struct actor *actor)
{
    (void)scheduler; /* Dedicated actors run here like all others. */
    (void)actor;
    return ERR_NONE;
}

static void deterministic_stop(void *scheduler)
{
    struct deterministic *self = scheduler;
    (void)pthread_mutex_lock(&self->lock);
    (void)pthread_cond_signal(&self->arrived);
    (void)pthread_mutex_unlock(&self->lock);
}

static void deterministic_count(void *scheduler, struct system_counters *counters)
{
    struct deterministic *self = scheduler;
    counters->messages += atomic_load_explicit(&self->messages, memory_order_relaxed);
}

const struct scheduler_kind scheduler_kind_deterministic = {
    .create = deterministic_create,
    .destroy = deterministic_destroy,
    .run = deterministic_run,
    .step = deterministic_step,
    .reserve = deterministic_reserve,
    .adopt = deterministic_adopt,
    .schedule = deterministic_schedule,
    .stop = deterministic_stop,
    .count = deterministic_count,
};
