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
    (void)context;
    const struct publisher_arguments *given = state;
    ASSERT(message_envelope(*message)->kind == MESSAGE_EVENT);
    return link_publisher_send(given->link, message_body(*message),
                               message_envelope(*message)->size);
}

const struct actor_class publisher_class = {
    .name = "publisher",
    .state_size = sizeof(struct publisher_arguments),
    .start = publisher_start,
    .receive = publisher_receive,
};
