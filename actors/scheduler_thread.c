#include "actors/scheduler_thread.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/assert.h"
#include "base/instant.h"

enum err scheduler_thread_start(pthread_t *thread, void *(*main)(void *), void *argument,
                                const char *name)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int result = pthread_create(thread, NULL, main, argument);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0) {
        return ERR_LIMIT;
    }
    (void)pthread_setname_np(*thread, name); /* A name that does not fit is a name less. */
    return ERR_NONE;
}

static int64_t scheduler_clock_ns(clockid_t clock)
{
    struct timespec now;
    const int result = clock_gettime(clock, &now);
    ASSERT(result == 0);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t scheduler_monotonic_ns(void)
{
    return scheduler_clock_ns(CLOCK_MONOTONIC);
}

int64_t scheduler_epoch_ns(void)
{
    return scheduler_clock_ns(CLOCK_REALTIME) - scheduler_clock_ns(CLOCK_MONOTONIC);
}

enum err scheduler_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return ERR_MEMORY;
    }
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    const int result = pthread_cond_init(condition, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return result == 0 ? ERR_NONE : ERR_MEMORY;
}

void scheduler_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                              int64_t monotonic_ns)
{
    if (monotonic_ns == INSTANT_NEVER) {
        (void)pthread_cond_wait(condition, lock);
        return;
    }
    const int64_t until_ns = monotonic_ns > 0 ? monotonic_ns : 0;
    const struct timespec until = {
        .tv_sec = (time_t)(until_ns / NS_PER_S),
        .tv_nsec = (long)(until_ns % NS_PER_S),
    };
    (void)pthread_cond_timedwait(condition, lock, &until);
}

void scheduler_semaphore_wait(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) {
        ASSERT(errno == EINTR);
    }
}
