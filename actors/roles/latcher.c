#include "actors/roles/latcher.h"

#include "actors/messages.h"
#include "base/log.h"

struct latcher {
    struct text path; /* Owned. */
};

static enum err latcher_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct latcher *latcher = state;
    risk_latch_file_path(((const struct latcher_arguments *)arguments)->database, &latcher->path);
    return text_failed(&latcher->path) ? ERR_MEMORY : ERR_NONE;
}

static void latcher_stop(struct context *context, void *state)
{
    (void)context;
    text_done(&((struct latcher *)state)->path);
}

static enum err latcher_receive(struct context *context, void *state, nng_msg **message)
{
    const struct latcher *latcher = state;
    const struct envelope *envelope = message_envelope(*message);
    ASSERT(envelope->kind == MESSAGE_LATCH);
    const struct message_latch *latch = message_body(*message);
    if (latch->is_over) {
        risk_latch_file_remove(text_string(&latcher->path));
        return ERR_NONE;
    }
    struct failure failure;
    if (risk_latch_file_save(text_string(&latcher->path), latch->seq, latch->latches, latch->count,
                             &failure) != ERR_NONE) {
        log_line(LOG_ERROR, "risk", "%s; the state is in force and waits for the journal",
                 failure.text);
        return ERR_NONE;
    }
    const struct message_latched latched = {.seq = latch->seq};
    const enum err err =
        message_post(context, envelope->sender, MESSAGE_LATCHED, 0, &latched, sizeof(latched));
    return err == ERR_FULL ? ERR_NONE : err; /* Then the journal is waited for. */
}

const struct actor_class latcher_class = {
    .name = "latcher",
    .state_size = sizeof(struct latcher),
    .is_dedicated = true,
    .start = latcher_start,
    .receive = latcher_receive,
    .stop = latcher_stop,
};
