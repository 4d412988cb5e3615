#include "actors/scheduler_timers.h"

#include "actors/scheduler_thread.h"
#include "actors/scheduler_watch.h"
#include "actors/system_layout.h"
#include "base/assert.h"
#include "base/instant.h"

enum { TIMERS_RETRY_NS = 1000000 };

enum err timers_init(struct timers *timers)
{
    wheel_init(&timers->wheel);
    timers->is_stopping = false;
    timers->has_thread = false;
    atomic_init(&timers->next_ns, INSTANT_NEVER);
    if (pthread_mutex_init(&timers->lock, NULL) != 0) {
        return ERR_MEMORY;
    }
    if (scheduler_condition_init(&timers->changed) != ERR_NONE) {
        (void)pthread_mutex_destroy(&timers->lock);
        return ERR_MEMORY;
    }
    return ERR_NONE;
}

void timers_done(struct timers *timers)
{
    ASSERT(!timers->has_thread);
    wheel_done(&timers->wheel);
    (void)pthread_cond_destroy(&timers->changed);
    (void)pthread_mutex_destroy(&timers->lock);
}

/* After each change, under the lock. */
static void timers_publish(struct timers *timers)
{
    const int64_t next_ns = wheel_next(&timers->wheel);
    const int64_t before_ns = timers_next(timers);
    if (next_ns != before_ns) {
        atomic_store(&timers->next_ns, next_ns); /* Partner: timers_next() in another thread. */
    }
    if (next_ns < before_ns) {
        (void)pthread_cond_signal(&timers->changed);
    }
}

enum err timers_set(struct timers *timers, struct actor_ref actor, uint64_t tag, int64_t at_ns)
{
    enum err err = ERR_NONE;
    (void)pthread_mutex_lock(&timers->lock);
    if (at_ns == INSTANT_NEVER) {
        (void)wheel_remove(&timers->wheel, actor, tag);
    } else {
        err = wheel_set(&timers->wheel, actor, tag, at_ns);
    }
    timers_publish(timers);
    (void)pthread_mutex_unlock(&timers->lock);
    return err;
}

void timers_forget(struct timers *timers, struct actor_ref actor)
{
    (void)pthread_mutex_lock(&timers->lock);
    wheel_forget(&timers->wheel, actor);
    timers_publish(timers);
    (void)pthread_mutex_unlock(&timers->lock);
}

bool timers_send(struct system *system, const struct wheel_due *due)
{
    struct timer_fired fired = {.tag = due->tag};
    nng_msg *message = message_create(MESSAGE_TIMER, due->at_ns, sizeof(fired));
    if (message == NULL) {
        return false;
    }
    *(struct timer_fired *)message_body(message) = fired;
    system_post(system, due->actor, message);
    return true;
}

int64_t timers_fire(struct system *system, int64_t now_ns)
{
    struct timers *timers = &system->timers;
    for (;;) {
        struct wheel_due due;
        (void)pthread_mutex_lock(&timers->lock);
        const bool is_due = wheel_take(&timers->wheel, now_ns, &due);
        timers_publish(timers);
        const int64_t next_ns = wheel_next(&timers->wheel);
        (void)pthread_mutex_unlock(&timers->lock);
        if (!is_due) {
            return next_ns;
        }
        if (!timers_send(system, &due)) {
            /* The place in the wheel was freed just now, so this cannot fail. A timer that is late
             * for want of memory is better than none. */
            const enum err err =
                timers_set(timers, due.actor, due.tag, instant_add(now_ns, TIMERS_RETRY_NS));
            ASSERT(err == ERR_NONE);
        }
    }
}

/* Waits until the first timer is due, another becomes the first, it is time to look after the
 * actors, or the system stops. False when it stops. */
static bool timers_wait(struct system *system, int64_t look_ns)
{
    struct timers *timers = &system->timers;
    (void)pthread_mutex_lock(&timers->lock);
    const int64_t next_ns = wheel_next(&timers->wheel);
    if (!timers->is_stopping) {
        const int64_t monotonic_ns =
            next_ns == INSTANT_NEVER ? INSTANT_NEVER : next_ns - system->epoch_ns;
        scheduler_condition_wait(&timers->changed, &timers->lock,
                                 monotonic_ns < look_ns ? monotonic_ns : look_ns);
    }
    const bool goes_on = !timers->is_stopping;
    (void)pthread_mutex_unlock(&timers->lock);
    return goes_on;
}

static void *timers_main(void *argument)
{
    struct system *system = argument;
    int64_t look_ns = scheduler_monotonic_ns();
    while (timers_wait(system, look_ns)) {
        (void)timers_fire(system, system_now(system));
        const int64_t now_ns = scheduler_monotonic_ns();
        if (now_ns >= look_ns) {
            system->scheduler_kind->watch(system->scheduler);
            look_ns = instant_add(now_ns, watch_interval_ns(system));
        }
    }
    return NULL;
}

enum err timers_start(struct system *system)
{
    struct timers *timers = &system->timers;
    const enum err err = scheduler_thread_start(&timers->thread, timers_main, system, "timers");
    timers->has_thread = err == ERR_NONE;
    return err;
}

void timers_join(struct timers *timers)
{
    if (!timers->has_thread) {
        return;
    }
    (void)pthread_mutex_lock(&timers->lock);
    timers->is_stopping = true;
    (void)pthread_cond_signal(&timers->changed);
    (void)pthread_mutex_unlock(&timers->lock);
    (void)pthread_join(timers->thread, NULL);
    timers->has_thread = false;
}
