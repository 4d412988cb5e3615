#include "actors/scheduler.h"

#include "actors/system_layout.h"
#include "base/assert.h"

/* Late messages to a dead slot. */
static enum slice_end slice_bury(struct context *context)
{
    return actor_bury(context->system, context->actor) ? SLICE_ENDED : SLICE_MORE;
}

/* One message: the receiver's generation tells whether it was meant for an earlier life. */
static enum err slice_deliver(struct context *context, nng_msg *message)
{
    struct actor *actor = context->actor;
    enum err err = ERR_NONE;
    if (message_envelope(message)->receiver.generation != context->self.generation) {
        system_count_dead_letter(context->system);
    } else {
        context->delivered++;
        err = actor->class_->receive(context, actor->state, &message);
    }
    message_destroy(message);
    return err;
}

/* The mailbox is empty: idle() and then sleep, unless a message came in. */
static enum slice_end slice_settle(struct context *context, bool owes_idle)
{
    struct actor *actor = context->actor;
    if (actor->owes_idle) {
        actor->owes_idle = false;
        owes_idle = true;
    }
    if (owes_idle && actor->class_->idle != NULL) {
        const enum err err = actor->class_->idle(context, actor->state);
        if (err != ERR_NONE || context->is_stopped) {
            actor_end(context, err);
            return SLICE_ENDED;
        }
    }
    return mailbox_sleep(&actor->mailbox) ? SLICE_ASLEEP : SLICE_MORE;
}

enum slice_end slice_run(struct context *context, unsigned messages_max)
{
    struct actor *actor = context->actor;
    if (actor->class_ == NULL) {
        return slice_bury(context);
    }
    for (unsigned i = 0; i < messages_max && !context_is_spent(context); i++) {
        nng_msg *message = mailbox_receive(&actor->mailbox);
        if (message == NULL) {
            return slice_settle(context, i > 0);
        }
        const enum err err = slice_deliver(context, message);
        if (err != ERR_NONE || context->is_stopped) {
            actor_end(context, err);
            return SLICE_ENDED;
        }
    }
    actor->owes_idle = true;
    return SLICE_MORE;
}
