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

/*
 * Sends the next updates of the step, in order, and its end behind the last one. A crowded step
 * goes out piece by piece: the orchestrator asks for the rest when it has room for it.
 */
static enum err venue_send_more(struct venue *venue, struct context *context, struct actor_ref to,
                                int64_t now_ns)
{
    const size_t left = venue->desk.updates.count - venue->sent;
    const size_t count = left < VENUE_UPDATES_MAX ? left : VENUE_UPDATES_MAX;
    enum err err = ERR_NONE;
    if (count > 0) {
        err = message_post(context, to, MESSAGE_VENUE_UPDATE, now_ns,
                           &venue->desk.updates.items[venue->sent],
                           count * sizeof(venue->desk.updates.items[0]));
    }
    venue->sent += count;
    if (err != ERR_NONE || venue->sent < venue->desk.updates.count) {
        return err;
    }
    venue->sent = 0;
    venue->desk.updates.count = 0;
    if (venue->desk.updates.capacity > VENUE_UPDATES_KEPT) {
        /* One crowded step must not hold memory for ever. */
        venue_updates_done(&venue->desk.updates);
    }
    return message_post(context, to, MESSAGE_STEP_DONE, now_ns, &venue->done, sizeof(venue->done));
}

/* The orchestrator has room again. After a step whose last message was full there is nothing. */
static enum err venue_on_wanted(struct venue *venue, struct context *context,
                                const struct envelope *envelope)
{
    return venue->sent > 0 ? venue_send_more(venue, context, envelope->sender, envelope->now_ns)
                           : ERR_NONE;
}

/* Tells the depth of the step's instrument to whom it may concern, when it is another one. */
static enum err venue_send_depth(struct venue *venue, struct context *context,
                                 const struct message_step *step, int64_t now_ns)
{
    const struct book *book = paper_venue_depth(venue->desk.paper, step->instrument);
    uint64_t *told = &venue->depth_versions[step->instrument];
    if (actor_ref_is_nobody(step->depth_to) || *told == book->version) {
        return ERR_NONE;
    }
    nng_msg *message = message_create(MESSAGE_DEPTH, now_ns, sizeof(struct message_depth));
    if (message == NULL) {
        return ERR_MEMORY;
    }
    *told = book->version;
    struct message_depth *depth = message_body(message);
    depth->instrument = step->instrument;
    book_top_copy(book, &depth->top);
    const enum err err = context_send(context, step->depth_to, &message);
    message_destroy(message);
    return err;
}

static enum err venue_on_step(struct venue *venue, struct context *context, nng_msg *message)
{
    const struct envelope *envelope = message_envelope(message);
    const struct message_step *step = message_body(message);
    venue->done = (struct message_step_done){
        .instrument = step->instrument, .venue_at_ns = INSTANT_NEVER, .alarm_ns = INSTANT_NEVER};
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < step->mark_count && err == ERR_NONE; i++) {
        const struct mark *mark = &step->marks[i];
        if (mark->instrument == step->instrument) {
            const struct quote quote = {
                .time_ns = envelope->now_ns, .bid = mark->bid, .ask = mark->ask};
            err = venue_desk_quote(&venue->desk, step->instrument, &quote);
        }
    }
    paper_venue_wake(venue->desk.paper, step->instrument, &venue->done.venue_wake,
                     &venue->done.venue_at_ns);
    if (err == ERR_NONE) {
        err = venue_send_depth(venue, context, step, envelope->now_ns);
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
    const enum err err = context_send(context, envelope->sender, &message);
    message_destroy(message);
    return err;
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
