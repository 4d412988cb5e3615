#include "actors/roles/wire_client.h"

#include "actors/messages.h"

struct wire_client {
    struct wire_client_arguments given;
    struct link_requester *requester;   /* Owned. */
    struct link_subscriber *subscriber; /* Owned. */
};

static enum err wire_client_start(struct context *context, void *state, void *arguments)
{
    struct wire_client *client = state;
    client->given = *(const struct wire_client_arguments *)arguments;
    const struct link_inquirer inquirer = {.url = client->given.url,
                                           .system = context_system(context),
                                           .receiver = context_self(context)};
    const enum err err = link_requester_open(&inquirer, &client->requester, client->given.failure);
    if (err != ERR_NONE) {
        return err;
    }
    static const char *const everything[] = {""};
    const struct link_subscription subscription = {.url = client->given.events_url,
                                                   .topics = everything,
                                                   .topic_count = 1,
                                                   .system = context_system(context),
                                                   .receiver = context_self(context)};
    const enum err opened =
        link_subscriber_open(&subscription, &client->subscriber, client->given.failure);
    return opened == ERR_NONE
               ? message_post(context, client->given.client, MESSAGE_WIRE_ATTACH, 0, NULL, 0)
               : opened;
}

static void wire_client_stop(struct context *context, void *state)
{
    (void)context;
    struct wire_client *client = state;
    link_requester_close(client->requester);
    link_subscriber_close(client->subscriber);
}

/* An answer has a ticket, an event has none. */
static enum err wire_client_on_received(struct wire_client *client, struct context *context,
                                        nng_msg *message)
{
    const struct link_received *received = message_body(message);
    if (received->size == 0) {
        return ERR_NONE;
    }
    struct text bytes = {0};
    text_append(&bytes, link_received_bytes(message), received->size);
    const uint32_t kind = received->ticket != 0 ? MESSAGE_WIRE_ANSWER : MESSAGE_WIRE_EVENT;
    const enum err err = text_failed(&bytes) ? ERR_MEMORY
                                             : message_post_wire(context, client->given.client,
                                                                 kind, received->ticket, &bytes);
    text_done(&bytes);
    return err;
}

static enum err wire_client_receive(struct context *context, void *state, nng_msg **message)
{
    struct wire_client *client = state;
    const struct message_wire *wire = message_body(*message);
    switch (message_envelope(*message)->kind) {
    case MESSAGE_LINK_RECEIVED:
        return wire_client_on_received(client, context, *message);
    case MESSAGE_WIRE_REQUEST:
        (void)!link_requester_send(client->requester, wire->token, wire->bytes, wire->size);
        return ERR_NONE;
    case MESSAGE_WIRE_FORGET:
        link_requester_forget(client->requester, wire->token);
        return ERR_NONE;
    default:
        ASSERT(!"a message the port knows");
        return ERR_STATE;
    }
}

const struct actor_class wire_client_class = {
    .name = "wire_client",
    .state_size = sizeof(struct wire_client),
    .start = wire_client_start,
    .receive = wire_client_receive,
    .stop = wire_client_stop,
};
