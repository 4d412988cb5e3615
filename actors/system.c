#include "actors/system.h"

#include <stdlib.h>

#include "actors/scheduler_thread.h"
#include "actors/system_layout.h"
#include "base/assert.h"
#include "base/instant.h"
#include "mailbox/hot_path.h"

static enum err system_init(struct system *system, const struct system_options *options)
{
    system->options = *options;
    system->options.stuck_ns = options->stuck_ns > 0 ? options->stuck_ns : SYSTEM_STUCK_NS;
    system->watcher = ACTOR_NOBODY;
    system->epoch_ns = scheduler_epoch_ns();
    system->has_run = false;
    atomic_init(&system->has_lost_word, false);
    atomic_init(&system->is_stopping, false);
    atomic_init(&system->virtual_ns, options->now_ns);
    atomic_init(&system->dead_letters, 0);
    atomic_init(&system->spawned, 0);
    atomic_init(&system->failed, 0);
    system->scheduler_kind =
        options->workers > 0 ? &scheduler_kind_threaded : &scheduler_kind_deterministic;
    enum err err = slots_init(&system->slots);
    if (err != ERR_NONE) {
        return err;
    }
    err = timers_init(&system->timers);
    if (err != ERR_NONE) {
        slots_done(&system->slots);
        return err;
    }
    err = system->scheduler_kind->create(system, &system->scheduler);
    if (err != ERR_NONE) {
        timers_done(&system->timers);
        slots_done(&system->slots);
    }
    return err;
}

enum err system_create(const struct system_options *options, struct system **ret_system)
{
    if (options->workers > SYSTEM_WORKERS_MAX) {
        return ERR_LIMIT;
    }
    struct system *system = malloc(sizeof(*system));
    if (system == NULL) {
        return ERR_MEMORY;
    }
    const enum err err = system_init(system, options);
    if (err != ERR_NONE) {
        free(system);
        return err;
    }
    *ret_system = system;
    return ERR_NONE;
}

enum err system_run(struct system *system)
{
    if (system->has_run) {
        return ERR_STATE;
    }
    system->has_run = true;
    const enum err err = system->scheduler_kind->run(system->scheduler);
    system_stop(system); /* No spawning from the stop() of an actor. */
    actor_end_all(system);
    const bool has_lost_word = atomic_load_explicit(&system->has_lost_word, memory_order_relaxed);
    return err == ERR_NONE && has_lost_word ? ERR_MEMORY : err;
}

enum system_turn system_step(struct system *system)
{
    ASSERT(system->options.workers == 0 && system->options.is_virtual);
    return system->scheduler_kind->step(system->scheduler);
}

int64_t system_next_timer(const struct system *system)
{
    return timers_next(&system->timers);
}

void system_stop(struct system *system)
{
    if (!atomic_exchange_explicit(&system->is_stopping, true, memory_order_relaxed)) {
        system->scheduler_kind->stop(system->scheduler);
    }
}

void system_destroy(struct system *system)
{
    if (system == NULL) {
        return;
    }
    if (!system->has_run) {
        system_stop(system);
        actor_end_all(system);
    }
    system->scheduler_kind->destroy(system->scheduler);
    timers_done(&system->timers);
    slots_done(&system->slots);
    free(system);
}

enum err system_spawn(struct system *system, const struct actor_class *class_, void *arguments,
                      struct actor_ref *ret_actor)
{
    return actor_spawn(system, ACTOR_NOBODY, class_, arguments, ret_actor);
}

void system_count_dead_letter(struct system *system)
{
    (void)atomic_fetch_add_explicit(&system->dead_letters, 1, memory_order_relaxed);
}

/* The caller still owns the message unless this returns ERR_NONE. */
ALWAYS_INLINED enum err system_deliver(struct system *system, struct actor_ref to, nng_msg *message)
{
    struct actor *actor = slots_find(&system->slots, to);
    if (actor == NULL) {
        return ERR_CLOSED;
    }
    message_envelope(message)->receiver = to;
    bool was_idle;
    const enum err err = mailbox_send(&actor->mailbox, &message, &was_idle);
    if (err == ERR_NONE && was_idle) {
        system->scheduler_kind->schedule(system->scheduler, actor);
    }
    return err;
}

enum err system_send(struct system *system, struct actor_ref to, nng_msg **message)
{
    message_envelope(*message)->sender = ACTOR_NOBODY;
    const enum err err = system_deliver(system, to, *message);
    if (err == ERR_NONE) {
        *message = NULL;
    } else if (err == ERR_CLOSED) {
        system_count_dead_letter(system);
    }
    return err;
}

void system_post(struct system *system, struct actor_ref to, nng_msg *message)
{
    struct actor *actor = slots_find(&system->slots, to);
    bool was_idle = false;
    message_envelope(message)->receiver = to;
    if (actor == NULL || mailbox_push(&actor->mailbox, &message, &was_idle) != ERR_NONE) {
        system_count_dead_letter(system);
        message_destroy(message);
    } else if (was_idle) {
        system->scheduler_kind->schedule(system->scheduler, actor);
    }
}

int64_t system_now(const struct system *system)
{
    if (system->options.is_virtual) {
        /* Sequentially consistent, with system_set_now() and timers_next(): whoever sets a timer
         * sees a clock that has passed it, or whoever moves the clock sees the timer. */
        return atomic_load(&system->virtual_ns);
    }
    return system->epoch_ns + scheduler_monotonic_ns();
}

void system_set_now(struct system *system, int64_t now_ns)
{
    ASSERT(system->options.is_virtual);
    int64_t before = system_now(system);
    while (before < now_ns && !atomic_compare_exchange_weak(&system->virtual_ns, &before, now_ns)) {
    }
    if (timers_next(&system->timers) <= now_ns) {
        (void)timers_fire(system, now_ns);
    }
}

void system_watch(struct system *system, struct actor_ref watcher)
{
    ASSERT(!system->has_run);
    system->watcher = watcher;
}

void system_counters_read(const struct system *system, struct system_counters *ret_counters)
{
    *ret_counters = (struct system_counters){
        .dead_letters = atomic_load_explicit(&system->dead_letters, memory_order_relaxed),
        .spawned = atomic_load_explicit(&system->spawned, memory_order_relaxed),
        .failed = atomic_load_explicit(&system->failed, memory_order_relaxed),
    };
    system->scheduler_kind->count(system->scheduler, ret_counters);
}

struct system *context_system(struct context *context)
{
    return context->system;
}

struct actor_ref context_self(const struct context *context)
{
    return context->self;
}

struct actor_ref context_parent(const struct context *context)
{
    return context->actor->parent;
}

int64_t context_now(struct context *context)
{
    if (context->system->options.is_virtual) {
        return system_now(context->system);
    }
    if (!context->is_now_read) {
        context->now_ns = system_now(context->system);
        context->is_now_read = true;
    }
    return context->now_ns;
}

enum err context_spawn(struct context *context, const struct actor_class *class_, void *arguments,
                       struct actor_ref *ret_actor)
{
    return actor_spawn(context->system, context->self, class_, arguments, ret_actor);
}

/* Sent, or too late for its receiver. ERR_FULL: the caller still owns the message. */
ALWAYS_INLINED enum err context_deliver(struct context *context, struct actor_ref to,
                                        nng_msg *message)
{
    message_envelope(message)->sender = context->self;
    const enum err err = system_deliver(context->system, to, message);
    if (err == ERR_CLOSED) {
        system_count_dead_letter(context->system);
        message_destroy(message);
        return ERR_NONE;
    }
    context->sent++;
    return err;
}

enum err context_send(struct context *context, struct actor_ref to, nng_msg **message)
{
    const enum err err = context_deliver(context, to, *message);
    if (err == ERR_NONE) {
        *message = NULL;
    }
    return err;
}

enum err context_post(struct context *context, struct actor_ref to, nng_msg *message)
{
    const enum err err = context_deliver(context, to, message);
    if (err != ERR_NONE) {
        message_destroy(message);
    }
    return err;
}

void context_stop(struct context *context)
{
    context->is_stopped = true;
}

enum err context_timer(struct context *context, uint64_t tag, int64_t at_ns)
{
    struct system *system = context->system;
    /* A virtual clock may not move again, so what is due is sent here and now. */
    if (at_ns > system_now(system)) {
        context->actor->has_timers = true;
        const enum err err = timers_set(&system->timers, context->self, tag, at_ns);
        /* Another actor may have moved the clock past the timer before it was set. */
        if (err == ERR_NONE && system->options.is_virtual && at_ns <= system_now(system)) {
            (void)timers_fire(system, system_now(system));
        }
        return err;
    }
    if (context->actor->has_timers) {
        const enum err err = timers_set(&system->timers, context->self, tag, INSTANT_NEVER);
        if (err != ERR_NONE) {
            return err;
        }
    }
    const struct wheel_due due = {context->self, tag, at_ns};
    return timers_send(system, &due) ? ERR_NONE : ERR_MEMORY;
}
