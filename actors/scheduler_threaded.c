#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "actors/scheduler_dedicated.h"
#include "actors/scheduler_ring.h"
#include "actors/scheduler_thread.h"
#include "actors/system_layout.h"
#include "base/assert.h"

/*
 * N workers. What a worker's own actors wake goes first to its next slot, which nobody else
 * touches: the answer to a message runs at once, on the same core, with the message in its cache.
 * What finds the slot taken goes to the worker's ring, from which idle workers steal. What comes
 * from other threads (timers, sockets, dedicated actors) or finds the ring full goes to one
 * injection queue under the lock.
 *
 * Waking a worker costs more than most work is worth, so it is done only when one sleeps, nobody
 * is searching already, and there is work for two: a lone actor is left to its owner for 20 us.
 * The owner itself offers what has waited longer (worker_relieve), between messages; a handler
 * that computes for long delays what it has woken until it returns.
 */
enum {
    NEXT_STREAK_MAX = 32, /* Runs from the next slot in a row while the ring waits. */
    INJECTED_EVERY = 61,  /* The injection queue goes first once in so many runs. */
    RELIEVE_MESSAGES = 8, /* How often a slice looks after what waits. */
    LONE_NS = 20000,      /* How long a lone actor is left to its owner. */
    SEARCH_PAUSES = 64,   /* Between two looks of a searching worker. */
    RING_SHARED = 2,      /* From so many actors on a ring is worth stealing from. */
};

struct threaded;

struct worker {
    struct threaded *threaded;
    struct actor *next; /* Borrowed; the next slot. */
    unsigned next_streak;
    unsigned runs;
    int64_t waiting_since_ns; /* When something was first seen waiting while others slept; or 0. */
    bool is_searching;        /* Counted in threaded.searching. */
    bool is_parked;           /* In the list of parked workers; under the lock. */
    struct worker *parked_next;
    sem_t wake;
    pthread_t thread;
    _Atomic(uint64_t) messages;         /* Changed by the worker only. */
    _Atomic(uint64_t) steals;           /* Changed by the worker only. */
    uint64_t heads[SYSTEM_WORKERS_MAX]; /* Of the rings, when the search began. */
    struct ring ring;
};

struct threaded {
    struct system *system;
    unsigned worker_count;
    struct worker *workers; /* Owned. */
    struct dedicated_set dedicated;

    alignas(CACHE_LINE) pthread_mutex_t lock;
    struct actor *injected_first; /* Borrowed; under the lock. */
    struct actor *injected_last;
    struct worker *parked;          /* Under the lock. */
    _Atomic(bool) has_injected;     /* A hint for looking without the lock. */
    _Atomic(unsigned) parked_count; /* Changed under the lock, read without. */
    _Atomic(unsigned) searching;    /* 0 or 1 worker that looks for work. */
};

/* The worker of this thread; NULL on all other threads. */
static _Thread_local struct worker *worker_current;

/* Takes a parked worker to be woken, as the searching one; NULL when there is none or somebody is
 * searching. Under the lock; the caller posts its semaphore after. */
static struct worker *threaded_unpark(struct threaded *threaded)
{
    struct worker *worker = threaded->parked;
    unsigned nobody = 0;
    if (worker == NULL || !atomic_compare_exchange_strong(&threaded->searching, &nobody, 1)) {
        return NULL;
    }
    threaded->parked = worker->parked_next;
    worker->is_parked = false;
    worker->is_searching = true;
    (void)atomic_fetch_sub(&threaded->parked_count, 1);
    return worker;
}

/* Wakes a worker when one sleeps and nobody is searching. */
static void threaded_wake(struct threaded *threaded)
{
    /* Partner: the increment of parked_count in worker_park(). */
    if (atomic_load(&threaded->parked_count) == 0 || atomic_load(&threaded->searching) != 0) {
        return;
    }
    (void)pthread_mutex_lock(&threaded->lock);
    struct worker *worker = threaded_unpark(threaded);
    (void)pthread_mutex_unlock(&threaded->lock);
    if (worker != NULL) {
        (void)sem_post(&worker->wake);
    }
}

/* From outside the workers. A worker that goes to sleep looks at the queue under the same lock,
 * so no wake-up is lost. */
static void threaded_inject(struct threaded *threaded, struct actor *actor)
{
    actor->run_next = NULL;
    (void)pthread_mutex_lock(&threaded->lock);
    if (threaded->injected_first == NULL) {
        threaded->injected_first = actor;
    } else {
        threaded->injected_last->run_next = actor;
    }
    threaded->injected_last = actor;
    atomic_store_explicit(&threaded->has_injected, true, memory_order_relaxed);
    struct worker *worker = threaded_unpark(threaded);
    (void)pthread_mutex_unlock(&threaded->lock);
    if (worker != NULL) {
        (void)sem_post(&worker->wake);
    }
}

static struct actor *threaded_take_injected(struct threaded *threaded)
{
    if (!atomic_load_explicit(&threaded->has_injected, memory_order_relaxed)) {
        return NULL;
    }
    (void)pthread_mutex_lock(&threaded->lock);
    struct actor *actor = threaded->injected_first;
    if (actor != NULL) {
        threaded->injected_first = actor->run_next;
    }
    atomic_store_explicit(&threaded->has_injected, threaded->injected_first != NULL,
                          memory_order_relaxed);
    (void)pthread_mutex_unlock(&threaded->lock);
    return actor;
}

static void worker_push(struct worker *worker, struct actor *actor)
{
    if (!ring_push(&worker->ring, actor)) {
        threaded_inject(worker->threaded, actor);
    } else if (ring_size(&worker->ring) >= RING_SHARED) {
        threaded_wake(worker->threaded);
    }
}

static void threaded_schedule(void *scheduler, struct actor *actor)
{
    struct threaded *threaded = scheduler;
    struct worker *worker = worker_current;
    if (actor->dedicated != NULL) {
        dedicated_wake(actor->dedicated);
    } else if (worker == NULL || worker->threaded != threaded) {
        threaded_inject(threaded, actor);
    } else if (worker->next == NULL) {
        worker->next = actor;
    } else {
        worker_push(worker, actor);
    }
}

static struct actor *worker_take_next(struct worker *worker)
{
    struct actor *actor = worker->next;
    worker->next = NULL;
    return actor;
}

/* The worker's own work, and what was injected. NULL when there is none. */
static struct actor *worker_take(struct worker *worker)
{
    struct actor *actor = NULL;
    if (++worker->runs % INJECTED_EVERY == 0) {
        actor = threaded_take_injected(worker->threaded);
    }
    if (actor == NULL && worker->next != NULL && worker->next_streak < NEXT_STREAK_MAX) {
        worker->next_streak++;
        return worker_take_next(worker);
    }
    worker->next_streak = 0;
    if (actor == NULL) {
        actor = ring_take(&worker->ring);
    }
    if (actor == NULL) {
        actor = worker_take_next(worker);
    }
    return actor != NULL ? actor : threaded_take_injected(worker->threaded);
}

/* Offers what has waited too long to a worker that sleeps. In the middle of a slice the next slot
 * waits too; between slices it is about to run. */
static void worker_relieve(struct worker *worker, bool is_in_slice)
{
    struct threaded *threaded = worker->threaded;
    const bool is_waiting = ring_size(&worker->ring) > 0 || (is_in_slice && worker->next != NULL);
    if (!is_waiting || atomic_load_explicit(&threaded->parked_count, memory_order_relaxed) == 0) {
        worker->waiting_since_ns = 0;
        return;
    }
    const int64_t now_ns = scheduler_monotonic_ns();
    if (worker->waiting_since_ns == 0) {
        worker->waiting_since_ns = now_ns;
    } else if (now_ns - worker->waiting_since_ns > LONE_NS) {
        worker->waiting_since_ns = 0;
        if (is_in_slice && worker->next != NULL) {
            worker_push(worker, worker_take_next(worker));
        }
        threaded_wake(threaded);
    }
}

static void worker_run(struct worker *worker, struct actor *actor)
{
    struct system *system = worker->threaded->system;
    struct context context = context_of(system, actor);
    enum slice_end end = slice_run(&context, RELIEVE_MESSAGES);
    while (end == SLICE_MORE && !context_is_spent(&context)) {
        worker_relieve(worker, true);
        end = slice_run(&context, RELIEVE_MESSAGES);
    }
    if (end == SLICE_MORE) {
        worker_push(worker, actor);
    }
    const uint64_t messages =
        atomic_load_explicit(&worker->messages, memory_order_relaxed) + context.delivered;
    atomic_store_explicit(&worker->messages, messages, memory_order_relaxed);
    worker_relieve(worker, false);
}

/* True when the ring of another worker has something for a thief. */
static bool worker_may_steal(const struct worker *worker, const struct worker *victim,
                             bool is_lone_allowed)
{
    if (victim == worker) {
        return false;
    }
    const size_t size = ring_size(&victim->ring);
    if (size >= RING_SHARED) {
        return true;
    }
    const size_t index = (size_t)(victim - worker->threaded->workers);
    return is_lone_allowed && size > 0 &&
           atomic_load_explicit(&victim->ring.head, memory_order_relaxed) == worker->heads[index];
}

/* Steals from the first worker that has something, beginning behind this one. */
static bool worker_steal(struct worker *worker, bool is_lone_allowed)
{
    struct threaded *threaded = worker->threaded;
    const size_t self = (size_t)(worker - threaded->workers);
    for (size_t i = 1; i < threaded->worker_count; i++) {
        struct worker *victim = &threaded->workers[(self + i) % threaded->worker_count];
        if (!worker_may_steal(worker, victim, is_lone_allowed)) {
            continue;
        }
        const size_t stolen = ring_steal(&victim->ring, &worker->ring);
        if (stolen > 0) {
            const uint64_t steals =
                atomic_load_explicit(&worker->steals, memory_order_relaxed) + stolen;
            atomic_store_explicit(&worker->steals, steals, memory_order_relaxed);
            return true;
        }
    }
    return false;
}

static void worker_note_heads(struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    for (size_t i = 0; i < threaded->worker_count; i++) {
        worker->heads[i] =
            atomic_load_explicit(&threaded->workers[i].ring.head, memory_order_relaxed);
    }
}

static void worker_pause(void)
{
    for (unsigned i = 0; i < SEARCH_PAUSES; i++) {
        atomic_signal_fence(memory_order_seq_cst); /* Keeps the loop. */
    }
}

/* Looks for work with others for as long as a lone actor is left to its owner. True when the
 * worker has some now. */
static bool worker_search(struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    if (worker_steal(worker, false)) {
        return true;
    }
    worker_note_heads(worker);
    const int64_t end_ns = scheduler_monotonic_ns() + LONE_NS;
    while (scheduler_monotonic_ns() < end_ns) {
        worker_pause();
        if (system_is_stopping(threaded->system) || worker_steal(worker, false) ||
            atomic_load_explicit(&threaded->has_injected, memory_order_relaxed)) {
            return true;
        }
    }
    return worker_steal(worker, true);
}

/* Stops searching; when there is more than this worker can do at once, another goes on. */
static void worker_end_search(struct worker *worker)
{
    if (worker->is_searching) {
        worker->is_searching = false;
        atomic_store(&worker->threaded->searching, 0);
        if (ring_size(&worker->ring) >= RING_SHARED) {
            threaded_wake(worker->threaded);
        }
    }
}

/* True when the worker has become the searching one and found work. */
static bool worker_find(struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    unsigned nobody = 0;
    if (threaded->worker_count == 1) {
        return false;
    }
    if (!worker->is_searching) {
        if (!atomic_compare_exchange_strong(&threaded->searching, &nobody, 1)) {
            return false;
        }
        worker->is_searching = true;
    }
    const bool is_found = worker_search(worker);
    worker_end_search(worker);
    return is_found;
}

/* Puts the worker on the list of the parked. False when there is a reason not to. */
static bool worker_park_begin(struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    (void)pthread_mutex_lock(&threaded->lock);
    const bool is_parked =
        threaded->injected_first == NULL && !system_is_stopping(threaded->system);
    if (is_parked) {
        worker->parked_next = threaded->parked;
        threaded->parked = worker;
        worker->is_parked = true;
        /* Partner: threaded_wake(). */
        (void)atomic_fetch_add(&threaded->parked_count, 1);
    }
    (void)pthread_mutex_unlock(&threaded->lock);
    return is_parked;
}

/* Takes the worker off the list again. False when somebody has already and wakes it. */
static bool worker_park_cancel(struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    (void)pthread_mutex_lock(&threaded->lock);
    const bool is_cancelled = worker->is_parked;
    if (is_cancelled) {
        struct worker **link = &threaded->parked;
        while (*link != worker) {
            link = &(*link)->parked_next;
        }
        *link = worker->parked_next;
        worker->is_parked = false;
        (void)atomic_fetch_sub(&threaded->parked_count, 1);
    }
    (void)pthread_mutex_unlock(&threaded->lock);
    return is_cancelled;
}

/* True when somebody has work to share and nobody is searching. */
static bool worker_sees_work(const struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    if (atomic_load(&threaded->searching) != 0) {
        return false;
    }
    for (size_t i = 0; i < threaded->worker_count; i++) {
        if (worker_may_steal(worker, &threaded->workers[i], false)) {
            return true;
        }
    }
    return false;
}

static void worker_park(struct worker *worker)
{
    if (!worker_park_begin(worker)) {
        return;
    }
    /* Who pushed before it could see this worker parked is seen here. */
    if (worker_sees_work(worker) && worker_park_cancel(worker)) {
        return;
    }
    scheduler_semaphore_wait(&worker->wake);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct system *system = worker->threaded->system;
    worker_current = worker;
    while (!system_is_stopping(system)) {
        struct actor *actor = worker_take(worker);
        if (actor != NULL) {
            worker_end_search(worker);
            worker_run(worker, actor);
        } else if (!worker_find(worker)) {
            worker_park(worker);
        }
    }
    worker_current = NULL;
    return NULL;
}

static void worker_init(struct worker *worker, struct threaded *threaded)
{
    worker->threaded = threaded;
    ring_init(&worker->ring);
    const int result = sem_init(&worker->wake, 0, 0);
    ASSERT(result == 0);
}

static void threaded_destroy(void *scheduler)
{
    struct threaded *threaded = scheduler;
    dedicated_done(&threaded->dedicated);
    for (unsigned i = 0; i < threaded->worker_count; i++) {
        (void)sem_destroy(&threaded->workers[i].wake);
    }
    (void)pthread_mutex_destroy(&threaded->lock);
    free(threaded->workers);
    free(threaded);
}

static enum err threaded_create(struct system *system, void **ret_scheduler)
{
    const unsigned count = system->options.workers;
    struct threaded *threaded = aligned_alloc(CACHE_LINE, sizeof(*threaded));
    struct worker *workers = aligned_alloc(CACHE_LINE, count * sizeof(*workers));
    if (threaded == NULL || workers == NULL) {
        goto fail;
    }
    memset(threaded, 0, sizeof(*threaded));
    memset(workers, 0, count * sizeof(*workers));
    threaded->system = system;
    threaded->worker_count = count;
    threaded->workers = workers;
    if (pthread_mutex_init(&threaded->lock, NULL) != 0) {
        goto fail;
    }
    if (dedicated_init(&threaded->dedicated, system) != ERR_NONE) {
        (void)pthread_mutex_destroy(&threaded->lock);
        goto fail;
    }
    for (unsigned i = 0; i < count; i++) {
        worker_init(&workers[i], threaded);
    }
    *ret_scheduler = threaded;
    return ERR_NONE;
fail:
    free(workers);
    free(threaded);
    return ERR_MEMORY;
}

static enum err threaded_start_workers(struct threaded *threaded, unsigned *ret_started)
{
    for (unsigned i = 0; i < threaded->worker_count; i++) {
        struct worker *worker = &threaded->workers[i];
        const enum err err = scheduler_thread_start(&worker->thread, worker_main, worker, "worker");
        if (err != ERR_NONE) {
            return err;
        }
        *ret_started = i + 1;
    }
    return ERR_NONE;
}

static enum err threaded_run(void *scheduler)
{
    struct threaded *threaded = scheduler;
    struct system *system = threaded->system;
    unsigned started = 0;
    enum err err = threaded_start_workers(threaded, &started);
    if (err == ERR_NONE) {
        err = dedicated_run(&threaded->dedicated);
    }
    if (err == ERR_NONE && !system->options.is_virtual) {
        err = timers_start(system);
    }
    if (err != ERR_NONE) {
        system_stop(system);
    }
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(threaded->workers[i].thread, NULL);
    }
    dedicated_join(&threaded->dedicated);
    timers_join(&system->timers);
    return err;
}

static enum err threaded_reserve(void *scheduler, const struct actor *actor)
{
    (void)scheduler; /* The queues link through the actors. */
    (void)actor;
    return ERR_NONE;
}

static enum err threaded_adopt(void *scheduler, struct actor *actor)
{
    struct threaded *threaded = scheduler;
    return actor->class_->is_dedicated ? dedicated_adopt(&threaded->dedicated, actor) : ERR_NONE;
}

/* Wakes everybody who sleeps; worker_park_begin() keeps others from going to sleep after. */
static void threaded_stop(void *scheduler)
{
    struct threaded *threaded = scheduler;
    (void)pthread_mutex_lock(&threaded->lock);
    while (threaded->parked != NULL) {
        struct worker *worker = threaded->parked;
        threaded->parked = worker->parked_next;
        worker->is_parked = false;
        (void)atomic_fetch_sub(&threaded->parked_count, 1);
        (void)sem_post(&worker->wake);
    }
    (void)pthread_mutex_unlock(&threaded->lock);
    dedicated_stop(&threaded->dedicated);
}

static void threaded_count(void *scheduler, struct system_counters *counters)
{
    struct threaded *threaded = scheduler;
    for (unsigned i = 0; i < threaded->worker_count; i++) {
        const struct worker *worker = &threaded->workers[i];
        counters->messages += atomic_load_explicit(&worker->messages, memory_order_relaxed);
        counters->steals += atomic_load_explicit(&worker->steals, memory_order_relaxed);
    }
    counters->messages += dedicated_messages(&threaded->dedicated);
}

const struct scheduler_kind scheduler_kind_threaded = {
    .create = threaded_create,
    .destroy = threaded_destroy,
    .run = threaded_run,
    .reserve = threaded_reserve,
    .adopt = threaded_adopt,
    .schedule = threaded_schedule,
    .stop = threaded_stop,
    .count = threaded_count,
};
