#include "actors/scheduler_dedicated.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "actors/scheduler_thread.h"
#include "actors/scheduler_watch.h"
#include "actors/system_layout.h"

struct dedicated {
    struct dedicated *next; /* Owned by the set. */
    struct system *system;
    struct actor *actor; /* Borrowed until it has ended. */
    sem_t wake;          /* One post each time the actor became runnable. */
    pthread_t thread;
    struct watch_mark mark;
    bool is_started;            /* There is a thread to join; under the set's lock. */
    _Atomic(bool) is_finished;  /* The actor has ended; the last thing the thread does. */
    _Atomic(uint64_t) messages; /* Changed by the thread only. */
};

enum err dedicated_init(struct dedicated_set *set, struct system *system)
{
    *set = (struct dedicated_set){.system = system};
    return pthread_mutex_init(&set->lock, NULL) == 0 ? ERR_NONE : ERR_MEMORY;
}

/* Waits for the thread's end and frees the record. */
static void dedicated_reap(struct dedicated_set *set, struct dedicated *dedicated)
{
    if (dedicated->is_started) {
        (void)pthread_join(dedicated->thread, NULL);
    }
    set->messages += atomic_load_explicit(&dedicated->messages, memory_order_relaxed);
    set->count--;
    (void)sem_destroy(&dedicated->wake);
    free(dedicated);
}

void dedicated_done(struct dedicated_set *set)
{
    while (set->first != NULL) {
        struct dedicated *dedicated = set->first;
        set->first = dedicated->next;
        dedicated_reap(set, dedicated);
    }
    (void)pthread_mutex_destroy(&set->lock);
}

/* False when the actor has ended. */
static bool dedicated_run_actor(struct dedicated *dedicated)
{
    enum slice_end end = SLICE_MORE;
    while (end == SLICE_MORE && !system_is_stopping(dedicated->system)) {
        struct context context = context_of(dedicated->system, dedicated->actor);
        watch_begin(&dedicated->mark, context.self, context.actor->class_);
        end = slice_run(&context, ACTOR_SLICE_MESSAGES);
        watch_end(&dedicated->mark);
        const uint64_t messages =
            atomic_load_explicit(&dedicated->messages, memory_order_relaxed) + context.delivered;
        atomic_store_explicit(&dedicated->messages, messages, memory_order_relaxed);
    }
    return end != SLICE_ENDED;
}

static void *dedicated_main(void *argument)
{
    struct dedicated *dedicated = argument;
    bool is_alive = true;
    while (is_alive) {
        scheduler_semaphore_wait(&dedicated->wake);
        if (system_is_stopping(dedicated->system)) {
            return NULL; /* The actor lives, so senders may still come here to wake it. */
        }
        is_alive = dedicated_run_actor(dedicated);
    }
    /* Partner: the acquire in dedicated_reap_finished(). */
    atomic_store_explicit(&dedicated->is_finished, true, memory_order_release);
    return NULL;
}

static void dedicated_reap_finished(struct dedicated_set *set)
{
    struct dedicated **link = &set->first;
    while (*link != NULL) {
        struct dedicated *dedicated = *link;
        if (atomic_load_explicit(&dedicated->is_finished, memory_order_acquire)) {
            *link = dedicated->next;
            dedicated_reap(set, dedicated);
        } else {
            link = &dedicated->next;
        }
    }
}

static enum err dedicated_start(struct dedicated *dedicated)
{
    const enum err err = scheduler_thread_start(&dedicated->thread, dedicated_main, dedicated,
                                                dedicated->actor->class_->name);
    dedicated->is_started = err == ERR_NONE;
    return err;
}

static struct dedicated *dedicated_create(struct system *system, struct actor *actor)
{
    struct dedicated *dedicated = calloc(1, sizeof(*dedicated));
    if (dedicated == NULL) {
        return NULL;
    }
    dedicated->system = system;
    dedicated->actor = actor;
    atomic_init(&dedicated->is_finished, false);
    atomic_init(&dedicated->messages, 0);
    watch_init(&dedicated->mark);
    if (sem_init(&dedicated->wake, 0, 0) != 0) {
        free(dedicated);
        return NULL;
    }
    return dedicated;
}

/* Adds a record, with a thread when the system runs. Under the lock. */
static enum err dedicated_add(struct dedicated_set *set, struct actor *actor)
{
    dedicated_reap_finished(set);
    if (set->count == SYSTEM_DEDICATED_MAX) {
        return ERR_LIMIT;
    }
    struct dedicated *dedicated = dedicated_create(set->system, actor);
    if (dedicated == NULL) {
        return ERR_MEMORY;
    }
    set->count++;
    const enum err err = set->is_running ? dedicated_start(dedicated) : ERR_NONE;
    if (err != ERR_NONE) {
        dedicated_reap(set, dedicated);
        return err;
    }
    dedicated->next = set->first;
    set->first = dedicated;
    actor->dedicated = dedicated;
    return ERR_NONE;
}

enum err dedicated_adopt(struct dedicated_set *set, struct actor *actor)
{
    (void)pthread_mutex_lock(&set->lock);
    const enum err err = dedicated_add(set, actor);
    (void)pthread_mutex_unlock(&set->lock);
    return err;
}

enum err dedicated_run(struct dedicated_set *set)
{
    enum err err = ERR_NONE;
    (void)pthread_mutex_lock(&set->lock);
    set->is_running = true;
    for (struct dedicated *i = set->first; i != NULL && err == ERR_NONE; i = i->next) {
        err = dedicated_start(i);
    }
    (void)pthread_mutex_unlock(&set->lock);
    return err;
}

void dedicated_wake(struct dedicated *dedicated)
{
    (void)sem_post(&dedicated->wake);
}

void dedicated_stop(struct dedicated_set *set)
{
    (void)pthread_mutex_lock(&set->lock);
    for (struct dedicated *i = set->first; i != NULL; i = i->next) {
        dedicated_wake(i);
    }
    (void)pthread_mutex_unlock(&set->lock);
}

/* Wakes one thread that was not joined yet, for the caller to join. False when there is none. */
static bool dedicated_take_thread(struct dedicated_set *set, pthread_t *ret_thread)
{
    (void)pthread_mutex_lock(&set->lock);
    set->is_running = false; /* What handlers that are still running spawn gets no thread. */
    struct dedicated *dedicated = set->first;
    while (dedicated != NULL && !dedicated->is_started) {
        dedicated = dedicated->next;
    }
    if (dedicated != NULL) {
        *ret_thread = dedicated->thread;
        dedicated->is_started = false;
        dedicated_wake(dedicated);
    }
    (void)pthread_mutex_unlock(&set->lock);
    return dedicated != NULL;
}

void dedicated_join(struct dedicated_set *set)
{
    pthread_t thread;
    while (dedicated_take_thread(set, &thread)) {
        (void)pthread_join(thread, NULL);
    }
}

void dedicated_watch(struct dedicated_set *set)
{
    (void)pthread_mutex_lock(&set->lock);
    for (struct dedicated *i = set->first; i != NULL; i = i->next) {
        watch_look(set->system, &i->mark);
    }
    (void)pthread_mutex_unlock(&set->lock);
}

uint64_t dedicated_messages(struct dedicated_set *set)
{
    (void)pthread_mutex_lock(&set->lock);
    uint64_t messages = set->messages;
    for (struct dedicated *i = set->first; i != NULL; i = i->next) {
        messages += atomic_load_explicit(&i->messages, memory_order_relaxed);
    }
    (void)pthread_mutex_unlock(&set->lock);
    return messages;
}
