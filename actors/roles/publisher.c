#include "actors/roles/publisher.h"

#include "actors/messages.h"
#include "base/assert.h"

static enum err publisher_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    *(struct publisher_arguments *)state = *(const struct publisher_arguments *)arguments;
    return ERR_NONE;
}

static enum err publisher_receive(struct context *context, void *state, nng_msg **message)
{
    const struct publisher_arguments *given = state;
    const struct envelope *envelope = message_envelope(*message);
    if (envelope->kind == MESSAGE_FLUSH) {
        /* Everything that was committed before the question has been sent. */
        return message_post(context, envelope->sender, MESSAGE_FLUSH, envelope->now_ns, NULL, 0);
    }
    ASSERT(envelope->kind == MESSAGE_EVENT);
    return link_publisher_send(given->link, message_body(*message), envelope->size);
}

const struct actor_class publisher_class = {
    .name = "publisher",
    .state_size = sizeof(struct publisher_arguments),
    .start = publisher_start,
    .receive = publisher_receive,
};
