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
