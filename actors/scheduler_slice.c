#include "actors/scheduler.h"

#include "actors/system_layout.h"
#include "mailbox/hot_path.h"

/* Late messages to a dead slot. */
static enum slice_end slice_bury(struct context *context)
{
    return actor_bury(context->system, context->actor) ? SLICE_ENDED : SLICE_MORE;
}

/* The actor ends with `err`, or by itself. */
NEVER_INLINED static enum slice_end slice_end(struct context *context, enum err err)
{
    message_destroy(context->message);
    actor_end(context, err);
    return SLICE_ENDED;
}

/* The mailbox is empty: idle() and then sleep, unless a message came in. */
ALWAYS_INLINED enum slice_end slice_settle(struct context *context, struct actor *actor)
{
    if (actor->owes_idle) {
        actor->owes_idle = false;
        if (actor->class_->idle != NULL) {
            const enum err err = actor->class_->idle(context, actor->state);
            if (err != ERR_NONE || context->is_stopped) {
                return slice_end(context, err);
            }
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
    do {
        context->message = mailbox_receive(&actor->mailbox);
        if (context->message == NULL) {
            return slice_settle(context, actor);
        }
        if (!actor->owes_idle) { /* Senders read this line: it is written to once. */
            actor->owes_idle = true;
        }
        /* The receiver's generation tells whether it was meant for an earlier life. */
        if (message_envelope(context->message)->receiver.generation == context->self.generation) {
            context->delivered++;
            const enum err err = actor->class_->receive(context, actor->state, &context->message);
            if (err != ERR_NONE || context->is_stopped) {
                return slice_end(context, err);
            }
        } else {
            system_count_dead_letter(context->system);
        }
        message_destroy(context->message);
    } while (--messages_max > 0 && !context_is_spent(context));
    return SLICE_MORE;
}
