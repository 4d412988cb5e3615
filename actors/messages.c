#include "actors/messages.h"

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
    return context_post(context, to, message);
}
