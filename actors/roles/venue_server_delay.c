#include <stdlib.h>
#include <string.h>

#include "actors/roles/venue_server_parts.h"

enum err venue_server_send(struct venue_server *server, struct actor_ref port, uint32_t kind,
                           uint64_t token, const struct text *bytes)
{
    if (!actor_ref_is_nobody(port)) {
        return message_post_wire(server->context, port, kind, token, bytes);
    }
    enum err err = ERR_NONE;
    for (size_t i = 0; i < server->port_count && err == ERR_NONE; i++) {
        err = message_post_wire(server->context, server->ports[i], kind, token, bytes);
    }
    return err;
}

bool venue_server_delay(struct venue_server *server, const struct venue_delayed *delayed,
                        int64_t max_ns, struct text *bytes)
{
    if (server->delayed == NULL) {
        server->delayed = calloc(VENUE_DELAYED_MAX, sizeof(*server->delayed));
    }
    if (server->delayed == NULL || server->delayed_count == VENUE_DELAYED_MAX) {
        return false;
    }
    struct venue_delayed *held = &server->delayed[server->delayed_count++];
    *held = *delayed;
    held->due_ns =
        instant_add(context_now(server->context), venue_faults_delay(server->given.faults, max_ns));
    held->order = ++server->delayed_order;
    held->bytes = *bytes;
    text_init(bytes);
    return true;
}

/* The place of what is due first; delayed_count when nothing is held back. */
static size_t venue_server_first_delayed(const struct venue_server *server)
{
    size_t first = 0;
    for (size_t i = 1; i < server->delayed_count; i++) {
        const struct venue_delayed *a = &server->delayed[i];
        const struct venue_delayed *b = &server->delayed[first];
        if (a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->order < b->order)) {
            first = i;
        }
    }
    return first;
}

static enum err venue_server_let_go(struct venue_server *server,
                                    const struct venue_delayed *delayed)
{
    if (delayed->kind == MESSAGE_WIRE_REQUEST) {
        return venue_server_on_late_request(server, delayed);
    }
    return venue_server_is_silent(server) ? ERR_NONE
                                          : venue_server_send(server, delayed->port, delayed->kind,
                                                              delayed->token, &delayed->bytes);
}

enum err venue_server_release(struct venue_server *server)
{
    const int64_t now_ns = context_now(server->context);
    enum err err = ERR_NONE;
    while (err == ERR_NONE && server->delayed_count > 0) {
        const size_t first = venue_server_first_delayed(server);
        if (server->delayed[first].due_ns > now_ns) {
            return context_timer(server->context, VENUE_TIMER_DELAYED,
                                 server->delayed[first].due_ns);
        }
        struct venue_delayed delayed = server->delayed[first];
        server->delayed[first] = server->delayed[--server->delayed_count];
        err = venue_server_let_go(server, &delayed);
        text_done(&delayed.bytes);
    }
    return err;
}

void venue_server_drop_delayed(struct venue_server *server)
{
    for (size_t i = 0; i < server->delayed_count; i++) {
        text_done(&server->delayed[i].bytes);
    }
    free(server->delayed);
    server->delayed = NULL;
    server->delayed_count = 0;
}
