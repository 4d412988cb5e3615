#include "actors/roles/wire_server.h"

#include "actors/messages.h"

struct wire_server {
    struct wire_server_arguments given;
    struct link_replier *replier;     /* Owned. */
    struct link_publisher *publisher; /* Owned. */
};

static enum err wire_server_start(struct context *context, void *state, void *arguments)
{
    struct wire_server *server = state;
    server->given = *(const struct wire_server_arguments *)arguments;
    const struct link_addresses events = {.urls = &server->given.events_url, .url_count = 1};
    enum err err = link_publisher_open(&events, &server->publisher, server->given.failure);
    if (err != ERR_NONE) {
        return err;
    }
    /* An empty answer is none: whoever asked has a time-out. */
    const struct link_service service = {.system = context_system(context),
                                         .receiver = context_self(context),
                                         .refusal = "",
                                         .addresses = {.urls = &server->given.url, .url_count = 1}};
    err = link_reply_listen(&service, &server->replier, server->given.failure);
    return err == ERR_NONE
               ? message_post(context, server->given.venue, MESSAGE_WIRE_ATTACH, 0, NULL, 0)
               : err;
}

static void wire_server_stop(struct context *context, void *state)
{
    (void)context;
    struct wire_server *server = state;
    link_reply_close(server->replier);
    link_publisher_close(server->publisher, 0);
}

static enum err wire_server_on_request(struct wire_server *server, struct context *context,
                                       nng_msg *message)
{
    const struct link_received *received = message_body(message);
    struct text bytes = {0};
    text_append(&bytes, link_received_bytes(message), received->size);
    const enum err err = text_failed(&bytes)
                             ? ERR_MEMORY
                             : message_post_wire(context, server->given.venue, MESSAGE_WIRE_REQUEST,
                                                 received->ticket, &bytes);
    text_done(&bytes);
    return err;
}

static enum err wire_server_receive(struct context *context, void *state, nng_msg **message)
{
    struct wire_server *server = state;
    const struct message_wire *wire = message_body(*message);
    switch (message_envelope(*message)->kind) {
    case MESSAGE_LINK_RECEIVED:
        return wire_server_on_request(server, context, *message);
    case MESSAGE_WIRE_ANSWER:
        /* A client that has gone does not need its answer. */
        (void)!link_reply(server->replier, wire->token, wire->bytes, wire->size);
        return ERR_NONE;
    case MESSAGE_WIRE_FORGET:
        (void)!link_reply_forget(server->replier, wire->token);
        return ERR_NONE;
    case MESSAGE_WIRE_EVENT:
        /* One that cannot be sent leaves a gap in the numbers, and a client asks what it was. */
        (void)!link_publisher_send(server->publisher, wire->bytes, wire->size);
        return ERR_NONE;
    default:
        ASSERT(!"a message the port knows");
        return ERR_STATE;
    }
}

const struct actor_class wire_server_class = {
    .name = "wire_server",
    .state_size = sizeof(struct wire_server),
    .start = wire_server_start,
    .receive = wire_server_receive,
    .stop = wire_server_stop,
};
