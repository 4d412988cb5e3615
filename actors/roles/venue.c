#include "actors/roles/venue.h"

#include <stdlib.h>
#include <string.h>

#include "actors/messages.h"
#include "actors/roles/venue_desk.h"

enum { BALANCES_MAX = 4096, VENUE_UPDATES_KEPT = 1024 };

struct venue {
    uint32_t number;
    struct venue_desk desk;        /* Its updates are those of the step under way. */
    size_t sent;                   /* How many of them the orchestrator has. */
    struct message_step_done done; /* The end of the step under way. */
    struct actor_ref depth_to;     /* Who wants to know the depth behind it; nobody: no one. */
    uint64_t *depth_versions;      /* Owned, per instrument: of the book that was told last. */
};

static enum err venue_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct venue *venue = state;
    const struct venue_arguments *given = arguments;
    venue->number = given->venue;
    venue->depth_versions = calloc(given->config->instrument_count, sizeof(*venue->depth_versions));
    if (venue->depth_versions == NULL) {
        return ERR_MEMORY;
    }
    return venue_desk_open(&venue->desk, given->config, given->venue);
}

static void venue_stop(struct context *context, void *state)
{
    (void)context;
    struct venue *venue = state;
    venue_desk_done(&venue->desk);
    free(venue->depth_versions);
}

/* Tells the depth of the step's instrument to whom it may concern, when it is another one. */
static enum err venue_send_depth(struct venue *venue, struct context *context, int64_t now_ns)
{
    const uint32_t instrument = venue->done.instrument;
    const struct book *book = paper_venue_depth(venue->desk.paper, instrument);
    uint64_t *told = &venue->depth_versions[instrument];
    if (actor_ref_is_nobody(venue->depth_to) || *told == book->version) {
        return ERR_NONE;
    }
    nng_msg *message = message_create(MESSAGE_DEPTH, now_ns, sizeof(struct message_depth));
    if (message == NULL) {
        return ERR_MEMORY;
    }
    *told = book->version;
    struct message_depth *depth = message_body(message);
    depth->instrument = instrument;
    book_top_copy(book, &depth->top);
    return context_post(context, venue->depth_to, message);
}

/* Lets the paper venue go on until there is enough for a full message. */
static enum err venue_go_on(struct venue *venue)
{
    struct venue_updates *updates = &venue->desk.updates;
    if (updates->count - venue->sent >= VENUE_UPDATES_MAX ||
        !venue_desk_is_busy(&venue->desk, venue->done.instrument)) {
        return ERR_NONE;
    }
    updates->count -= venue->sent;
    if (updates->count > 0) {
        memmove(updates->items, &updates->items[venue->sent],
                updates->count * sizeof(updates->items[0]));
    }
    venue->sent = 0;
    return venue_desk_go_on(&venue->desk, venue->done.instrument, VENUE_UPDATES_MAX);
}

/* The end of the step, with the updates that were not sent yet. */
static enum err venue_send_done(struct venue *venue, struct context *context, struct actor_ref to,
                                int64_t now_ns)
{
    const struct venue_updates *updates = &venue->desk.updates;
    const size_t count = updates->count - venue->sent;
    const size_t size = count * sizeof(updates->items[0]);
    nng_msg *message =
        message_create(MESSAGE_STEP_DONE, now_ns, sizeof(struct message_step_done) + size);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_step_done *done = message_body(message);
    *done = venue->done;
    done->update_count = (uint32_t)count;
    if (count > 0) {
        memcpy(message_step_updates(done), &updates->items[venue->sent], size);
    }
    return context_post(context, to, message);
}

/* Everything that happened in the step was sent. */
static void venue_forget_updates(struct venue *venue)
{
    venue->sent = 0;
    venue->desk.updates.count = 0;
    if (venue->desk.updates.capacity > VENUE_UPDATES_KEPT) {
        /* One crowded step must not hold memory for ever. */
        venue_updates_done(&venue->desk.updates);
    }
}

static enum err venue_end_step(struct venue *venue, struct context *context, struct actor_ref to,
                               int64_t now_ns)
{
    paper_venue_wake(venue->desk.paper, venue->done.instrument, &venue->done.venue_wake,
                     &venue->done.venue_at_ns);
    enum err err = venue_send_depth(venue, context, now_ns);
    if (err == ERR_NONE) {
        err = venue_send_done(venue, context, to, now_ns);
    }
    venue_forget_updates(venue);
    return err;
}

/*
 * Sends the next updates of the step, in order, and its end with the last ones. A crowded step goes
 * out piece by piece: the orchestrator asks for the rest when it has room for it.
 */
static enum err venue_send_more(struct venue *venue, struct context *context, struct actor_ref to,
                                int64_t now_ns)
{
    const enum err err = venue_go_on(venue);
    if (err != ERR_NONE) {
        return err;
    }
    const size_t left = venue->desk.updates.count - venue->sent;
    if (left <= VENUE_UPDATES_MAX && !venue_desk_is_busy(&venue->desk, venue->done.instrument)) {
        return venue_end_step(venue, context, to, now_ns);
    }
    ASSERT(left >= VENUE_UPDATES_MAX); /* It goes on until there is enough for a full message. */
    const struct venue_update *next = &venue->desk.updates.items[venue->sent];
    venue->sent += VENUE_UPDATES_MAX;
    return message_post(context, to, MESSAGE_VENUE_UPDATE, now_ns, next,
                        VENUE_UPDATES_MAX * sizeof(*next));
}

/* The orchestrator has room again. After a step whose last message was full there is nothing. */
static enum err venue_on_wanted(struct venue *venue, struct context *context,
                                const struct envelope *envelope)
{
    return venue->sent > 0 ? venue_send_more(venue, context, envelope->sender, envelope->now_ns)
                           : ERR_NONE;
}

static enum err venue_on_step(struct venue *venue, struct context *context, nng_msg *message)
{
    const struct envelope *envelope = message_envelope(message);
    const struct message_step *step = message_body(message);
    venue->done = (struct message_step_done){
        .instrument = step->instrument, .venue_at_ns = INSTANT_NEVER, .alarm_ns = INSTANT_NEVER};
    venue->depth_to = step->depth_to;
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < step->mark_count && err == ERR_NONE; i++) {
        const struct mark *mark = &step->marks[i];
        if (mark->instrument == step->instrument) {
            const struct quote quote = {
                .time_ns = envelope->now_ns, .bid = mark->bid, .ask = mark->ask};
            err = venue_desk_quote(&venue->desk, step->instrument, &quote);
        }
    }
    return err == ERR_NONE ? venue_send_more(venue, context, envelope->sender, envelope->now_ns)
                           : err;
}

static enum err venue_on_submit(struct venue *venue, const struct envelope *envelope,
                                const struct order_ticket *ticket)
{
    const enum err err = paper_venue_submit(venue->desk.paper, ticket, envelope->now_ns);
    /* An id that was used before is a duplicate on its way: the first one counts. */
    return err == ERR_EXISTS ? ERR_NONE : err;
}

static void venue_add_balance(void *context, const char *asset, struct decimal total,
                              struct decimal reserved)
{
    struct message_balances *balances = context;
    if (balances->count < BALANCES_MAX) {
        struct balance *item = &balances->items[balances->count++];
        *item = (struct balance){.total = total, .reserved = reserved};
        memcpy(item->asset, asset, strnlen(asset, ASSET_MAX_LENGTH));
    }
}

static enum err venue_send_balances(struct venue *venue, struct context *context,
                                    const struct envelope *envelope)
{
    nng_msg *message =
        message_create(MESSAGE_BALANCES, envelope->now_ns,
                       sizeof(struct message_balances) + BALANCES_MAX * sizeof(struct balance));
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_balances *balances = message_body(message);
    *balances = (struct message_balances){.venue = venue->number};
    paper_venue_each_balance(venue->desk.paper, venue_add_balance, balances);
    return context_post(context, envelope->sender, message);
}

/* After a restart of the process that it is part of: what the fills say it holds. */
static enum err venue_on_balances(struct venue *venue, const struct message_balances *balances)
{
    enum err err = ERR_NONE;
    paper_venue_number_trades(venue->desk.paper, balances->trade_count);
    for (uint32_t i = 0; i < balances->count && err == ERR_NONE; i++) {
        err = paper_venue_deposit(venue->desk.paper, balances->items[i].asset,
                                  balances->items[i].total);
    }
    return err;
}

/* What happened to its perpetual positions. */
static enum err venue_on_past(struct venue *venue, const struct paper_past *past, size_t count)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = paper_past_take(venue->desk.paper, &past[i]);
    }
    return err;
}

static enum err venue_receive(struct context *context, void *state, nng_msg **message)
{
    struct venue *venue = state;
    const struct envelope *envelope = message_envelope(*message);
    switch (envelope->kind) {
    case MESSAGE_STEP:
        return venue_on_step(venue, context, *message);
    case MESSAGE_UPDATES_WANTED:
        return venue_on_wanted(venue, context, envelope);
    case MESSAGE_SUBMIT:
        return venue_on_submit(venue, envelope, message_body(*message));
    case MESSAGE_CANCEL:
        return paper_venue_cancel(
            venue->desk.paper, *(const struct order_id *)message_body(*message), envelope->now_ns);
    case MESSAGE_PAST:
        return venue_on_past(venue, message_body(*message),
                             envelope->size / sizeof(struct paper_past));
    case MESSAGE_BALANCES:
        return venue_on_balances(venue, message_body(*message));
    case MESSAGE_BALANCES_WANTED:
        return venue_send_balances(venue, context, envelope);
    default:
        ASSERT(!"a message the venue knows");
        return ERR_STATE;
    }
}

const struct actor_class venue_class = {
    .name = "venue",
    .state_size = sizeof(struct venue),
    .start = venue_start,
    .receive = venue_receive,
    .stop = venue_stop,
};
