#include "actors/roles/publisher.h"

#include <string.h>

#include "actors/messages.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/text.h"

struct publisher {
    struct publisher_arguments given;
    struct text event; /* Of the one at hand; kept for its memory. */
    bool is_losing;    /* The last event could not be sent. */
};

static enum err publisher_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct publisher *publisher = state;
    publisher->given = *(const struct publisher_arguments *)arguments;
    return ERR_NONE;
}

static void publisher_stop(struct context *context, void *state)
{
    (void)context;
    struct publisher *publisher = state;
    text_done(&publisher->event);
}

/* Gives the event to this process: the space between topic and JSON becomes the topic's end. */
static enum err publisher_call(struct publisher *publisher, const char *bytes, size_t size)
{
    text_clear(&publisher->event);
    text_append(&publisher->event, bytes, size);
    if (text_failed(&publisher->event)) {
        return ERR_MEMORY;
    }
    char *space = strchr(publisher->event.data, ' ');
    ASSERT(space != NULL);
    *space = '\0';
    publisher->given.on_event(publisher->given.context, publisher->event.data, space + 1);
    return ERR_NONE;
}

/* One that cannot be sent leaves a gap in the numbers, and its subscribers ask the journal for it:
 * no reason to end a run that trades. */
static void publisher_send(struct publisher *publisher, const void *bytes, size_t size)
{
    const enum err err = link_publisher_send(publisher->given.link, bytes, size);
    if (err != ERR_NONE && !publisher->is_losing) {
        log_line(LOG_WARNING, "publisher",
                 "an event could not be sent (%s): subscribers see a gap in the numbers and find "
                 "it with the request events",
                 err_name(err));
    }
    publisher->is_losing = err != ERR_NONE;
}

static enum err publisher_receive(struct context *context, void *state, nng_msg **message)
{
    struct publisher *publisher = state;
    const struct envelope *envelope = message_envelope(*message);
    if (envelope->kind == MESSAGE_FLUSH) {
        /* Everything that was committed before the question has been sent. */
        return message_post(context, envelope->sender, MESSAGE_FLUSH, envelope->now_ns, NULL, 0);
    }
    ASSERT(envelope->kind == MESSAGE_EVENT);
    enum err err = ERR_NONE;
    if (publisher->given.on_event != NULL) {
        err = publisher_call(publisher, message_body(*message), envelope->size);
    }
    if (err == ERR_NONE && publisher->given.link != NULL) {
        publisher_send(publisher, message_body(*message), envelope->size);
    }
    return err;
}

const struct actor_class publisher_class = {
    .name = "publisher",
    .state_size = sizeof(struct publisher),
    .start = publisher_start,
    .receive = publisher_receive,
    .stop = publisher_stop,
};
