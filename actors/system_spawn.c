#include <stdlib.h>
#include <string.h>

#include "actors/system_layout.h"
#include "base/assert.h"
#include "base/log.h"

enum { ACTOR_STATE_KEPT_MAX = 256 }; /* Bytes of a state that a dead slot keeps. */

/* Between two lives: the slot is dead, but its mailbox is awake and belongs to the caller. */
static void actor_retire(struct system *system, struct actor *actor)
{
    const struct actor_ref self = actor_ref_of(actor);
    /* Relaxed: who reads the old generation sends a message that is refused or buried. */
    atomic_store_explicit(&actor->generation, self.generation + 1, memory_order_relaxed);
    mailbox_close(&actor->mailbox);
    if (actor->has_timers) {
        timers_forget(&system->timers, self);
    }
    if (actor->state_capacity == 0) {
        free(actor->state);
        actor->state = NULL;
    }
    actor->class_ = NULL;
    actor->has_timers = false;
    actor->owes_idle = false;
}

bool actor_bury(struct system *system, struct actor *actor)
{
    nng_msg *message;
    while ((message = mailbox_receive(&actor->mailbox)) != NULL) {
        system_count_dead_letter(system);
        message_destroy(message);
    }
    return mailbox_sleep(&actor->mailbox);
}

/* Gives the slot back. It is in use again as soon as its mailbox sleeps. */
static void actor_release(struct system *system, struct actor *actor)
{
    actor_retire(system, actor);
    actor->dedicated = NULL;
    slots_give(&system->slots, actor);
    if (!actor_bury(system, actor)) {
        system->scheduler_kind->schedule(system->scheduler, actor);
    }
}

static void actor_call_stop(struct context *context)
{
    const struct actor *actor = context->actor;
    if (actor->class_->stop != NULL) {
        actor->class_->stop(context, actor->state);
    }
}

static void actor_tell_parent(struct system *system, struct actor_ref parent, struct actor_exit end)
{
    if (actor_ref_is_nobody(parent)) {
        return;
    }
    const uint32_t kind = end.reason == ERR_NONE ? MESSAGE_ACTOR_ENDED : MESSAGE_ACTOR_FAILED;
    nng_msg *message = message_create(kind, system_now(system), sizeof(end));
    if (message == NULL) {
        /* Who is not told waits for ever: rather end everything than stand still. */
        log_line(LOG_ERROR, "system",
                 "no memory to tell actor %u of the end of actor %u (%s): the system stops",
                 parent.slot, end.child.slot, err_name(end.reason));
        atomic_store_explicit(&system->has_lost_word, true, memory_order_relaxed);
        system_stop(system);
        return;
    }
    message_envelope(message)->sender = end.child;
    *(struct actor_exit *)message_body(message) = end;
    system_post(system, parent, message);
}

void actor_end(struct context *context, enum err reason)
{
    struct system *system = context->system;
    struct actor *actor = context->actor;
    const struct actor_ref parent = actor->parent;
    if (reason != ERR_NONE) {
        (void)atomic_fetch_add_explicit(&system->failed, 1, memory_order_relaxed);
        log_line(LOG_WARNING, actor->class_->name, "actor %u failed: %s", actor->slot,
                 err_name(reason));
    }
    actor_call_stop(context);
    actor_release(system, actor);
    actor_tell_parent(system, parent, (struct actor_exit){context->self, reason});
}

/* Without becoming their owner: at this moment a sender from outside may be it, having woken one,
 * and look up its thread. So `dedicated` stays as it is until system_destroy(). */
void actor_end_all(struct system *system)
{
    struct actor *actor = slots_alive(&system->slots);
    while (actor != NULL) {
        struct actor *next = slots_alive_next(&system->slots, actor);
        struct context context = context_of(system, actor);
        actor_call_stop(&context);
        actor_retire(system, actor);
        mailbox_done(&actor->mailbox);
        actor = next;
    }
}

/* Zeroed memory for the state: that of the life before when it fits, because actors that live short
 * often end on another thread than they began, and there giving memory back is slow. */
static bool actor_make_state(struct actor *actor, size_t size)
{
    if (size > 0 && size <= actor->state_capacity) {
        memset(actor->state, 0, size);
        return true;
    }
    free(actor->state);
    actor->state = size > 0 ? calloc(1, size) : NULL;
    actor->state_capacity = 0;
    if (actor->state != NULL && size <= ACTOR_STATE_KEPT_MAX) {
        actor->state_capacity = (uint16_t)size;
    }
    return actor->state != NULL || size == 0;
}

static enum err actor_init(struct system *system, struct actor *actor, struct actor_ref parent,
                           const struct actor_class *class_)
{
    const enum err err = system->scheduler_kind->reserve(system->scheduler, actor);
    if (err != ERR_NONE) {
        return err;
    }
    if (!actor_make_state(actor, class_->state_size)) {
        return ERR_MEMORY;
    }
    actor->class_ = class_;
    actor->parent = parent;
    const size_t capacity = class_->mailbox_capacity;
    mailbox_open(&actor->mailbox, capacity != 0 ? capacity : ACTOR_MAILBOX_DEFAULT);
    return ERR_NONE;
}

/* start(), with stop() after its failure. The mailbox stays awake, so that the actor cannot run
 * elsewhere meanwhile. */
static enum err actor_start(struct context *context, void *arguments)
{
    struct system *system = context->system;
    struct actor *actor = context->actor;
    enum err err = ERR_NONE;
    if (actor->class_->start != NULL) {
        err = actor->class_->start(context, actor->state, arguments);
    }
    if (err == ERR_NONE && !context->is_stopped) {
        err = system->scheduler_kind->adopt(system->scheduler, actor);
    }
    if (err != ERR_NONE) {
        actor_call_stop(context);
        actor_release(system, actor);
    }
    return err;
}

enum err actor_spawn(struct system *system, struct actor_ref parent,
                     const struct actor_class *class_, void *arguments, struct actor_ref *ret_actor)
{
    ASSERT(class_->receive != NULL);
    if (system_is_stopping(system)) {
        return ERR_CLOSED;
    }
    struct actor *actor;
    enum err err = slots_take(&system->slots, &actor);
    if (err != ERR_NONE) {
        return err;
    }
    err = actor_init(system, actor, parent, class_);
    if (err != ERR_NONE) {
        actor_release(system, actor);
        return err;
    }
    actor->spawn_number = atomic_fetch_add_explicit(&system->spawned, 1, memory_order_relaxed);
    struct context context = context_of(system, actor);
    err = actor_start(&context, arguments);
    if (err != ERR_NONE) {
        return err;
    }
    *ret_actor = context.self;
    if (context.is_stopped) {
        actor_end(&context, ERR_NONE);
    } else if (!mailbox_sleep(&actor->mailbox)) {
        system->scheduler_kind->schedule(system->scheduler, actor);
    }
    return ERR_NONE;
}
