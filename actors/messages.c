#include "actors/messages.h"

#include <string.h>

enum err message_post(struct context *context, struct actor_ref to, uint32_t kind, int64_t now_ns,
                      const void *body, size_t size)
{
    nng_msg *message = message_create(kind, now_ns, size);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    if (size > 0) {
        memcpy(message_body(message), body, size);
    }
    const enum err err = context_send(context, to, &message);
    message_destroy(message);
    return err;
}

enum err message_post_wire(struct context *context, struct actor_ref to, uint32_t kind,
                           uint64_t token, const struct text *bytes)
{
    ASSERT(bytes->length <= MESSAGE_WIRE_BYTES_MAX);
    nng_msg *message = message_create(kind, 0, sizeof(struct message_wire) + bytes->length);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_wire *wire = message_body(message);
    *wire = (struct message_wire){.token = token, .size = (uint32_t)bytes->length};
    memcpy(wire->bytes, text_string(bytes), bytes->length);
    const enum err err = context_send(context, to, &message);
    message_destroy(message);
    return err;
}
