#include "actors/system_thread.h"

#include <pthread.h>
#include <stdlib.h>

#include "actors/scheduler_thread.h"

struct system_thread {
    pthread_t thread;
    void (*main)(void *context);
    void *context; /* Borrowed. */
};

static void *system_thread_main(void *argument)
{
    const struct system_thread *thread = argument;
    thread->main(thread->context);
    return NULL;
}

enum err system_thread_start(void (*main)(void *context), void *context,
                             struct system_thread **ret_thread)
{
    struct system_thread *thread = calloc(1, sizeof(*thread));
    if (thread == NULL) {
        return ERR_MEMORY;
    }
    thread->main = main;
    thread->context = context;
    const enum err err =
        scheduler_thread_start(&thread->thread, system_thread_main, thread, "tutti-run");
    if (err != ERR_NONE) {
        free(thread);
        return err;
    }
    *ret_thread = thread;
    return ERR_NONE;
}

void system_thread_join(struct system_thread *thread)
{
    if (thread != NULL) {
        (void)pthread_join(thread->thread, NULL);
        free(thread);
    }
}
