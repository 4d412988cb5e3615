#include "actors/roles/progress.h"

#include "actors/messages.h"

static enum err progress_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    *(struct progress_arguments *)state = *(const struct progress_arguments *)arguments;
    return ERR_NONE;
}

static enum err progress_receive(struct context *context, void *state, nng_msg **message)
{
    (void)context;
    const struct progress_arguments *given = state;
    const struct message_progress *progress = message_body(*message);
    given->callback(given->context, progress->rows_done, progress->rows_total,
                    message_envelope(*message)->now_ns);
    return ERR_NONE;
}

const struct actor_class progress_class = {
    .name = "progress",
    .state_size = sizeof(struct progress_arguments),
    .start = progress_start,
    .receive = progress_receive,
};
