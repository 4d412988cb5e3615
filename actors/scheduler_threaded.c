#include <stdlib.h>
#include <string.h>

#include "actors/scheduler_thread.h"
#include "actors/scheduler_worker.h"
#include "actors/system_layout.h"
#include "base/assert.h"

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

void threaded_wake(struct threaded *threaded)
{
    /* Partner: the increment of parked_count in worker_park_begin(). */
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

/* A worker that goes to sleep looks at the queue under the same lock, so no wake-up is lost. */
void threaded_inject(struct threaded *threaded, struct actor *actor)
{
    actor->run_next = NULL;
    (void)pthread_mutex_lock(&threaded->lock);
    if (threaded->injected_first == NULL) {
        threaded->injected_first = actor;
    } else {
        threaded->injected_last->run_next = actor;
    }
    threaded->injected_last = actor;
    (void)atomic_fetch_add_explicit(&threaded->injected_count, 1, memory_order_relaxed);
    struct worker *worker = threaded_unpark(threaded);
    (void)pthread_mutex_unlock(&threaded->lock);
    if (worker != NULL) {
        (void)sem_post(&worker->wake);
    }
}

struct actor *threaded_take_injected(struct threaded *threaded)
{
    struct actor *actor = threaded->injected_first;
    if (actor != NULL) {
        threaded->injected_first = actor->run_next;
        (void)atomic_fetch_sub_explicit(&threaded->injected_count, 1, memory_order_relaxed);
    }
    return actor;
}

static void threaded_schedule(void *scheduler, struct actor *actor)
{
    struct threaded *threaded = scheduler;
    struct worker *worker = worker_of_thread;
    if (actor->dedicated != NULL) {
        dedicated_wake(actor->dedicated);
    } else if (worker == NULL || worker->threaded != threaded) {
        threaded_inject(threaded, actor);
    } else {
        worker_schedule(worker, actor);
    }
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

static void threaded_watch(void *scheduler)
{
    struct threaded *threaded = scheduler;
    for (unsigned i = 0; i < threaded->worker_count; i++) {
        watch_look(threaded->system, &threaded->workers[i].mark);
    }
    dedicated_watch(&threaded->dedicated);
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
    .watch = threaded_watch,
    .count = threaded_count,
};
