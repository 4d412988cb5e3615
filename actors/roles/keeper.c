#include "actors/roles/keeper.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "actors/messages.h"
#include "actors/record_page.h"
#include "base/log.h"

enum {
    KEEPER_EVENTS_MAX_BYTES = 8 << 20, /* Commit early rather than hold more event text. */
    KEEPER_HELD_FIRST = KEEPER_GROUP_MAX,
    KEEPER_RETRY_TAG = 1,
};

/* A place in the held pages. */
struct keeper_place {
    size_t page;
    uint32_t bytes; /* In the page. */
};

struct keeper {
    struct keeper_arguments given;
    struct actor_ref orchestrator; /* Who sent the last record. */
    struct text event;             /* Of the record at hand; kept for its memory. */
    struct text events;            /* Of the open group: each event and a newline. */
    struct text info;              /* Of the executor at hand, and its state. */
    struct text state;
    nng_msg **held; /* Owned: the pages with records that are not committed, in order. */
    size_t held_count;
    size_t held_capacity;
    struct keeper_place first; /* Of the first record that is not committed. */
    struct keeper_place next;  /* Of the first one that is not in the open group either. */
    uint64_t received;         /* Sequence number of the last record that is held. */
    uint64_t appended;         /* Of the last one in the group. */
    uint64_t group;            /* Records in the open group. */
    bool has_more;             /* The change that is being appended is not complete. */
    bool is_full;              /* The disk has no room: records are held, nothing is open. */
    struct failure full;       /* Why it is. */
    struct actor_ref watcher;  /* Wants to hear of the next commit; or nobody. */
    int64_t now_ns;
    crypto_hash_sha256_state hash;
    bool has_failed;
};

static enum err keeper_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct keeper *keeper = state;
    keeper->given = *(const struct keeper_arguments *)arguments;
    const struct store *store = keeper->given.store;
    *keeper->given.outcome = (struct keeper_outcome){
        .committed = store != NULL ? store->committed_seq : 0}; /* Of a run that goes on. */
    (void)crypto_hash_sha256_init(&keeper->hash);
    return ERR_NONE;
}

static enum err keeper_append(struct keeper *keeper, struct record *record,
                              struct failure *failure);

/* The held record at a place, which moves behind it; NULL when there is none. */
static struct record *keeper_read(const struct keeper *keeper, struct keeper_place *place)
{
    if (place->page == keeper->held_count) {
        return NULL;
    }
    struct record_page *page = message_body(keeper->held[place->page]);
    struct record *record = record_page_at(page, place->bytes, &place->bytes);
    if (place->bytes == page->used) {
        *place = (struct keeper_place){.page = place->page + 1};
    }
    return record;
}

/* Whether the held records from a place on begin with a change that is complete: a part of one must
 * not be in the store when the run ends in the middle of it. */
static bool keeper_has_change(const struct keeper *keeper, struct keeper_place place)
{
    const struct record *record = keeper_read(keeper, &place);
    while (record != NULL && record->has_more) {
        record = keeper_read(keeper, &place);
    }
    return record != NULL;
}

/* What a lazy one has put off belongs to the journal of a run that ends in the middle, too. */
static void keeper_append_rest(struct keeper *keeper)
{
    struct failure failure = {0};
    while (keeper_has_change(keeper, keeper->next) && failure.code == ERR_NONE) {
        if (keeper_append(keeper, keeper_read(keeper, &keeper->next), &failure) != ERR_NONE) {
            keeper->given.outcome->failure = failure;
        }
    }
}

static void keeper_stop(struct context *context, void *state)
{
    (void)context;
    struct keeper *keeper = state;
    struct keeper_outcome *outcome = keeper->given.outcome;
    struct failure failure = {0};
    if (keeper->given.is_lazy && !keeper->has_failed) {
        keeper_append_rest(keeper); /* Without a store nothing is held. */
    }
    if (store_close(keeper->given.store, &failure) != ERR_NONE &&
        outcome->failure.code == ERR_NONE) {
        outcome->failure = failure;
    }
    if (keeper->is_full && outcome->failure.code == ERR_NONE) {
        outcome->failure = keeper->full;
    }
    if (keeper->given.is_hashed) {
        unsigned char hash[crypto_hash_sha256_BYTES];
        (void)crypto_hash_sha256_final(&keeper->hash, hash);
        (void)sodium_bin2hex(outcome->hash, sizeof(outcome->hash), hash, sizeof(hash));
    }
    text_done(&keeper->event);
    text_done(&keeper->events);
    text_done(&keeper->info);
    text_done(&keeper->state);
    for (size_t i = 0; i < keeper->held_count; i++) {
        message_destroy(keeper->held[i]);
    }
    free(keeper->held);
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

static enum err keeper_tell(struct keeper *keeper, struct context *context, bool is_full)
{
    const struct message_committed committed = {.seq = keeper->given.outcome->committed,
                                                .is_full = is_full};
    return message_post(context, keeper->orchestrator, MESSAGE_COMMITTED, keeper->now_ns,
                        &committed, sizeof(committed));
}

/* The store has dropped the group. What it held comes again when there is room. */
static enum err keeper_wait(struct keeper *keeper, struct context *context,
                            const struct failure *failure)
{
    if (keeper->given.is_lazy) {
        return keeper_fail(keeper, context, failure);
    }
    const bool is_new = keeper->full.code == ERR_NONE;
    keeper->is_full = true;
    keeper->full = *failure;
    keeper->group = 0;
    keeper->next = keeper->first;
    text_clear(&keeper->events);
    if (is_new) {
        log_line(LOG_ERROR, "persistence",
                 "%s: no new orders and actions until there is room; a second signal ends the run "
                 "without waiting",
                 failure->text);
    }
    const enum err err =
        context_timer(context, KEEPER_RETRY_TAG, context_now(context) + KEEPER_RETRY_NS);
    return err == ERR_NONE && is_new ? keeper_tell(keeper, context, true) : err;
}

/* An error of the store: a full disk can be waited for. */
static enum err keeper_stumble(struct keeper *keeper, struct context *context,
                               const struct failure *failure)
{
    return failure->code == ERR_FULL ? keeper_wait(keeper, context, failure)
                                     : keeper_fail(keeper, context, failure);
}

/* Remembers the records of a page until they are committed. */
static enum err keeper_hold(struct keeper *keeper, nng_msg **message, struct failure *failure)
{
    if (keeper->held_count == KEEPER_HELD_MAX) {
        return failure_set(failure, ERR_LIMIT,
                           "journal: more than %d pages of records wait for room on the disk",
                           KEEPER_HELD_MAX);
    }
    if (keeper->held_count == keeper->held_capacity) {
        const size_t capacity =
            keeper->held_capacity != 0 ? keeper->held_capacity * 2 : KEEPER_HELD_FIRST;
        nng_msg **held = reallocarray(keeper->held, capacity, sizeof(nng_msg *));
        if (held == NULL) {
            return failure_set(failure, ERR_MEMORY,
                               "journal: no memory for records: free memory and start again");
        }
        keeper->held = held;
        keeper->held_capacity = capacity;
    }
    keeper->held[keeper->held_count++] = *message;
    *message = NULL;
    return ERR_NONE;
}

/* The group is durable: the pages before the next record are needed no more. */
static void keeper_release(struct keeper *keeper)
{
    const size_t count = keeper->next.page;
    for (size_t i = 0; i < count; i++) {
        message_destroy(keeper->held[i]);
    }
    keeper->held_count -= count;
    memmove(keeper->held, keeper->held + count, keeper->held_count * sizeof(nng_msg *));
    keeper->next.page = 0;
    keeper->first = keeper->next;
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

/* Tells whoever asked, once. It asks again, so that a busy journal does not flood it; what it
 * cannot take in is not lost: it hears of the commit after. */
static void keeper_tell_watcher(struct keeper *keeper, struct context *context)
{
    const struct message_committed committed = {.seq = keeper->given.outcome->committed};
    if (!actor_ref_is_nobody(keeper->watcher) &&
        message_post(context, keeper->watcher, MESSAGE_COMMITTED, keeper->now_ns, &committed,
                     sizeof(committed)) == ERR_NONE) {
        keeper->watcher = ACTOR_NOBODY;
    }
}

static enum err keeper_commit(struct keeper *keeper, struct context *context)
{
    if (keeper->group == 0 || keeper->has_more || keeper->has_failed) {
        return ERR_NONE;
    }
    struct failure failure = {0};
    if (keeper->given.store != NULL && store_commit(keeper->given.store, &failure) != ERR_NONE) {
        return keeper_stumble(keeper, context, &failure);
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
    keeper_release(keeper);
    keeper->group = 0;
    keeper->given.outcome->committed = keeper->appended;
    keeper->given.outcome->commits++;
    keeper_tell_watcher(keeper, context);
    /* After a full disk it goes on being full until everything that was held is stored. */
    const bool is_full = keeper->full.code != ERR_NONE && keeper->received > keeper->appended;
    if (keeper->full.code != ERR_NONE && !is_full) {
        keeper->full = (struct failure){0};
        log_line(LOG_WARNING, "persistence", "the disk has room again: everything is stored");
    }
    return err == ERR_NONE ? keeper_tell(keeper, context, is_full) : err;
}

/* Appends a record to the store and its event to the group. */
static enum err keeper_append(struct keeper *keeper, struct record *record, struct failure *failure)
{
    if (executor_copy_unfold(record, &keeper->info, &keeper->state) != ERR_NONE) {
        return failure_set(failure, ERR_MEMORY,
                           "journal: no memory for a state: free memory and start again");
    }
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

/* Whether somebody waits for this record to be durable, whatever the group. */
static bool keeper_is_urgent(const struct record *record)
{
    return record->kind == RECORD_RUN_STOPPED || record->kind == RECORD_RISK_STATE;
}

/* Appends a record and commits when the group is full. */
static enum err keeper_take(struct keeper *keeper, struct context *context, struct record *record)
{
    struct failure failure = {0};
    if (keeper->given.store != NULL && keeper_append(keeper, record, &failure) != ERR_NONE) {
        return keeper_stumble(keeper, context, &failure);
    }
    keeper->appended = record->seq;
    keeper->has_more = record->has_more;
    keeper->group++;
    const bool is_full = keeper->group >= KEEPER_GROUP_MAX ||
                         keeper->events.length >= KEEPER_EVENTS_MAX_BYTES ||
                         keeper_is_urgent(record);
    return is_full ? keeper_commit(keeper, context) : ERR_NONE;
}

/* Appends the held records that are not in the group yet, until the disk is full. */
static enum err keeper_take_held(struct keeper *keeper, struct context *context)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && !keeper->is_full && !keeper->has_failed &&
           keeper_has_change(keeper, keeper->next)) {
        err = keeper_take(keeper, context, keeper_read(keeper, &keeper->next));
    }
    return err;
}

/* Tries the held records again, from the first. */
static enum err keeper_retry(struct keeper *keeper, struct context *context)
{
    keeper->is_full = false;
    const enum err err = keeper_take_held(keeper, context);
    return err == ERR_NONE && !keeper->is_full ? keeper_commit(keeper, context) : err;
}

/* Without a store: nobody reads the records. */
static enum err keeper_forget(struct keeper *keeper, struct context *context,
                              struct record_page *page)
{
    enum err err = ERR_NONE;
    uint32_t place = 0;
    while (err == ERR_NONE && place < page->used) {
        err = keeper_take(keeper, context, record_page_at(page, place, &place));
    }
    return err;
}

/* Looks at what came. True: somebody waits for one of the records. */
static bool keeper_look(struct keeper *keeper, struct record_page *page)
{
    bool is_urgent = false;
    uint32_t place = 0;
    while (place < page->used) {
        const struct record *record = record_page_at(page, place, &place);
        keeper->received = record->seq;
        is_urgent = is_urgent || keeper_is_urgent(record);
    }
    return is_urgent;
}

static enum err keeper_on_records(struct keeper *keeper, struct context *context, nng_msg **message)
{
    struct record_page *page = message_body(*message);
    if (keeper->given.store == NULL) {
        return keeper_forget(keeper, context, page);
    }
    const bool is_urgent = keeper_look(keeper, page);
    struct failure failure;
    if (keeper_hold(keeper, message, &failure) != ERR_NONE) {
        return keeper_fail(keeper, context, &failure);
    }
    const bool is_early = keeper->given.is_lazy && !is_urgent &&
                          keeper->received - keeper->given.outcome->committed < KEEPER_GROUP_MAX;
    return is_early ? ERR_NONE : keeper_take_held(keeper, context);
}

static enum err keeper_receive(struct context *context, void *state, nng_msg **message)
{
    struct keeper *keeper = state;
    const struct envelope *envelope = message_envelope(*message);
    if (envelope->kind == MESSAGE_TIMER) {
        return keeper->is_full && !keeper->has_failed ? keeper_retry(keeper, context) : ERR_NONE;
    }
    if (envelope->kind == MESSAGE_COMMIT_WANTED) {
        const struct message_commit_wanted *wanted = message_body(*message);
        keeper->watcher = envelope->sender;
        if (keeper->given.outcome->committed > wanted->seq) {
            keeper_tell_watcher(keeper, context);
        }
        return ERR_NONE;
    }
    ASSERT(envelope->kind == MESSAGE_RECORDS);
    keeper->orchestrator = envelope->sender;
    keeper->now_ns = envelope->now_ns;
    return keeper->has_failed ? ERR_NONE : keeper_on_records(keeper, context, message);
}

static enum err keeper_idle(struct context *context, void *state)
{
    struct keeper *keeper = state;
    return keeper->given.is_lazy || keeper->is_full ? ERR_NONE : keeper_commit(keeper, context);
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
