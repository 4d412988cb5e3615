#include "actors/roles/keeper.h"

#include <sodium.h>
#include <string.h>

#include "actors/messages.h"
#include "base/log.h"

enum { KEEPER_EVENTS_MAX_BYTES = 8 << 20 }; /* Commit early rather than hold more event text. */

struct keeper {
    struct keeper_arguments given;
    struct actor_ref orchestrator; /* Who sent the last record. */
    struct text event;             /* Of the record at hand; kept for its memory. */
    struct text events;            /* Of the open group: each event and a newline. */
    uint64_t appended;             /* Sequence number of the last record in the group. */
    uint64_t group;                /* Records in the open group. */
    bool has_more;                 /* The change that is being appended is not complete. */
    int64_t now_ns;
    crypto_hash_sha256_state hash;
    bool has_failed;
};

static enum err keeper_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct keeper *keeper = state;
    keeper->given = *(const struct keeper_arguments *)arguments;
    *keeper->given.outcome = (struct keeper_outcome){0};
    (void)crypto_hash_sha256_init(&keeper->hash);
    return ERR_NONE;
}

static void keeper_stop(struct context *context, void *state)
{
    (void)context;
    struct keeper *keeper = state;
    struct keeper_outcome *outcome = keeper->given.outcome;
    struct failure failure = {0};
    if (store_close(keeper->given.store, &failure) != ERR_NONE &&
        outcome->failure.code == ERR_NONE) {
        outcome->failure = failure;
    }
    if (keeper->given.is_hashed) {
        unsigned char hash[crypto_hash_sha256_BYTES];
        (void)crypto_hash_sha256_final(&keeper->hash, hash);
        (void)sodium_bin2hex(outcome->hash, sizeof(outcome->hash), hash, sizeof(hash));
    }
    text_done(&keeper->event);
    text_done(&keeper->events);
}

/* Remembers the first failure and tells the orchestrator that nothing more becomes durable. */
static enum err keeper_fail(struct keeper *keeper, struct context *context,
                            const struct failure *failure)
{
    if (keeper->has_failed) {
        return ERR_NONE;
    }
    keeper->has_failed = true;
    keeper->given.outcome->failure = *failure;
    log_line(LOG_ERROR, "persistence", "%s", failure->text);
    const struct message_committed committed = {.seq = keeper->given.outcome->committed,
                                                .has_failed = true};
    return message_post(context, keeper->orchestrator, MESSAGE_COMMITTED, keeper->now_ns,
                        &committed, sizeof(committed));
}

/* Sends the group's events, one message each, now that they are durable. */
static enum err keeper_publish(struct keeper *keeper, struct context *context)
{
    const char *event = text_string(&keeper->events);
    const char *end = event + keeper->events.length;
    while (event < end) {
        const char *newline = memchr(event, '\n', (size_t)(end - event));
        ASSERT(newline != NULL);
        const enum err err = message_post(context, keeper->given.publisher, MESSAGE_EVENT,
                                          keeper->now_ns, event, (size_t)(newline - event));
        if (err != ERR_NONE) {
            return err;
        }
        event = newline + 1;
    }
    return ERR_NONE;
}

static enum err keeper_commit(struct keeper *keeper, struct context *context)
{
    if (keeper->group == 0 || keeper->has_more || keeper->has_failed) {
        return ERR_NONE;
    }
    struct failure failure = {0};
    if (keeper->given.store != NULL && store_commit(keeper->given.store, &failure) != ERR_NONE) {
        return keeper_fail(keeper, context, &failure);
    }
    if (keeper->given.is_hashed) {
        (void)crypto_hash_sha256_update(&keeper->hash,
                                        (const unsigned char *)text_string(&keeper->events),
                                        keeper->events.length);
    }
    enum err err = ERR_NONE;
    if (!actor_ref_is_nobody(keeper->given.publisher)) {
        err = keeper_publish(keeper, context);
    }
    text_clear(&keeper->events);
    keeper->group = 0;
    keeper->given.outcome->committed = keeper->appended;
    keeper->given.outcome->commits++;
    const struct message_committed committed = {.seq = keeper->appended};
    return err == ERR_NONE ? message_post(context, keeper->orchestrator, MESSAGE_COMMITTED,
                                          keeper->now_ns, &committed, sizeof(committed))
                           : err;
}

/* Appends a record to the store and its event to the group. */
static enum err keeper_append(struct keeper *keeper, const struct record *record,
                              struct failure *failure)
{
    const enum err err = store_append(keeper->given.store, record, &keeper->event, failure);
    if (err != ERR_NONE) {
        return err;
    }
    text_append(&keeper->events, text_string(&keeper->event), keeper->event.length);
    text_append_char(&keeper->events, '\n');
    return text_failed(&keeper->events)
               ? failure_set(failure, ERR_MEMORY,
                             "journal: no memory for events: free memory and start again")
               : ERR_NONE;
}

static enum err keeper_receive(struct context *context, void *state, nng_msg **message)
{
    struct keeper *keeper = state;
    const struct envelope *envelope = message_envelope(*message);
    ASSERT(envelope->kind == MESSAGE_RECORD);
    keeper->orchestrator = envelope->sender;
    keeper->now_ns = envelope->now_ns;
    if (keeper->has_failed) {
        return ERR_NONE;
    }
    const struct record *record = message_body(*message);
    struct failure failure = {0};
    if (keeper->given.store != NULL && keeper_append(keeper, record, &failure) != ERR_NONE) {
        return keeper_fail(keeper, context, &failure);
    }
    keeper->appended = record->seq;
    keeper->has_more = record->has_more;
    keeper->group++;
    const bool is_full = keeper->group >= KEEPER_GROUP_MAX ||
                         keeper->events.length >= KEEPER_EVENTS_MAX_BYTES ||
                         record->kind == RECORD_RUN_STOPPED || record->kind == RECORD_RISK_STATE;
    return is_full ? keeper_commit(keeper, context) : ERR_NONE;
}

static enum err keeper_idle(struct context *context, void *state)
{
    struct keeper *keeper = state;
    return keeper->given.is_lazy ? ERR_NONE : keeper_commit(keeper, context);
}

const struct actor_class keeper_class = {
    .name = "persistence",
    .state_size = sizeof(struct keeper),
    .is_dedicated = true,
    .start = keeper_start,
    .receive = keeper_receive,
    .idle = keeper_idle,
    .stop = keeper_stop,
};
