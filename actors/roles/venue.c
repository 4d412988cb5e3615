#include "actors/roles/venue.h"

#include <stdlib.h>
#include <string.h>

#include "actors/messages.h"
#include "base/log.h"
#include "market/feeds/replay.h"
#include "market/venues/paper.h"

enum { FEE_IN_BASE = 2, BALANCES_MAX = 4096, VENUE_UPDATES_KEPT = 1024 };

struct venue {
    uint32_t number;
    const char *name;          /* Borrowed from the run file. */
    struct paper_venue *paper; /* Owned. */
    struct replay **replays;   /* Owned, per instrument; NULL: no trades and no depth. */
    size_t instrument_count;
    struct venue_updates updates;  /* Of the step under way; kept for its memory. */
    size_t sent;                   /* How many of them the orchestrator has. */
    struct message_step_done done; /* The end of the step under way. */
};

static enum err venue_deposit_all(struct venue *venue, const struct venue_section *section)
{
    const struct field_entry *balances = section->balances.items;
    for (size_t i = 0; i < section->balances.count; i++) {
        const enum err err = paper_venue_deposit(venue->paper, balances[i].key, balances[i].value);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

/* Opens the trades and the depth that are recorded for instruments of this venue. */
static enum err venue_open_replays(struct venue *venue, const struct run_config *config)
{
    const struct feed_section *feeds = config->file.feeds.items;
    venue->instrument_count = config->instrument_count;
    venue->replays = calloc(config->instrument_count, sizeof(struct replay *));
    if (venue->replays == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < config->file.feeds.count; i++) {
        const struct feed_section *feed = &feeds[i];
        const size_t instrument = config->feed_instruments[i];
        if (strcmp(feed->venue, venue->name) != 0 ||
            (feed->trades == NULL && feed->depth == NULL)) {
            continue;
        }
        struct failure failure;
        const enum err err =
            replay_open(feed->trades, feed->depth, &venue->replays[instrument], &failure);
        if (err != ERR_NONE) {
            log_line(LOG_ERROR, venue->name, "%s", failure.text);
            return err;
        }
    }
    return ERR_NONE;
}

static enum err venue_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct venue *venue = state;
    const struct venue_arguments *given = arguments;
    const struct venue_section *section =
        (const struct venue_section *)given->config->file.venues.items + given->venue;
    venue->number = given->venue;
    venue->name = section->name;
    const struct paper_config config = {.maker_fee = section->fees->maker,
                                        .taker_fee = section->fees->taker,
                                        .fee_in_base_on_buy =
                                            section->fees->fee_asset_on_buy == FEE_IN_BASE,
                                        .latency_ns = section->latency_ns,
                                        .fill_model = section->fill_model,
                                        .post_only = section->post_only,
                                        .position_mode = section->position_mode,
                                        .seed = (uint64_t)given->config->file.run->seed};
    enum err err = paper_venue_create(&config, given->config->instruments,
                                      given->config->instrument_count, &venue->paper);
    if (err == ERR_NONE && section->fill_model != PAPER_FILL_TOUCH) {
        err = venue_open_replays(venue, given->config);
    }
    return err == ERR_NONE ? venue_deposit_all(venue, section) : err;
}

static void venue_stop(struct context *context, void *state)
{
    (void)context;
    struct venue *venue = state;
    for (size_t i = 0; venue->replays != NULL && i < venue->instrument_count; i++) {
        replay_close(venue->replays[i]);
    }
    free(venue->replays);
    paper_venue_destroy(venue->paper);
    venue_updates_done(&venue->updates);
}

/*
 * Sends the next updates of the step, in order, and its end behind the last one. A crowded step
 * goes out piece by piece: the orchestrator asks for the rest when it has room for it.
 */
static enum err venue_send_more(struct venue *venue, struct context *context, struct actor_ref to,
                                int64_t now_ns)
{
    const size_t left = venue->updates.count - venue->sent;
    const size_t count = left < VENUE_UPDATES_MAX ? left : VENUE_UPDATES_MAX;
    enum err err = ERR_NONE;
    if (count > 0) {
        err = message_post(context, to, MESSAGE_VENUE_UPDATE, now_ns,
                           &venue->updates.items[venue->sent],
                           count * sizeof(venue->updates.items[0]));
    }
    venue->sent += count;
    if (err != ERR_NONE || venue->sent < venue->updates.count) {
        return err;
    }
    venue->sent = 0;
    venue->updates.count = 0;
    if (venue->updates.capacity > VENUE_UPDATES_KEPT) {
        venue_updates_done(&venue->updates); /* One crowded step must not hold memory for ever. */
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

/* After a gap in the depth nothing crosses until its next snapshot: the run goes on. */
static enum err venue_on_depth(struct venue *venue, uint32_t instrument,
                               const struct book_message *message)
{
    const enum err err = paper_venue_on_depth(venue->paper, instrument, message, &venue->updates);
    if (err != ERR_STATE && err != ERR_LIMIT) {
        return err;
    }
    log_line(LOG_WARNING, venue->name, "a gap in the depth before update %llu",
             (unsigned long long)message->first_update_id);
    return ERR_NONE;
}

/* Gives the venue what was traded and changed in the depth until the quote of this step. */
static enum err venue_replay(struct venue *venue, uint32_t instrument, int64_t until_ns)
{
    struct replay *replay = venue->replays == NULL ? NULL : venue->replays[instrument];
    struct replay_event event;
    struct failure failure;
    enum err err = replay == NULL ? ERR_END : ERR_NONE;
    while (err == ERR_NONE) {
        err = replay_next(replay, until_ns, &event, &failure);
        if (err != ERR_NONE && err != ERR_END) {
            log_line(LOG_ERROR, venue->name, "%s", failure.text);
        } else if (err == ERR_NONE && event.kind == REPLAY_TRADE) {
            err = paper_venue_on_trade(venue->paper, instrument, &event.trade, &venue->updates);
        } else if (err == ERR_NONE) {
            err = venue_on_depth(venue, instrument, &event.depth);
        }
    }
    return err == ERR_END ? ERR_NONE : err;
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
            err = venue_replay(venue, step->instrument, quote.time_ns);
            if (err == ERR_NONE) {
                err = paper_venue_on_quote(venue->paper, step->instrument, &quote, &venue->updates);
            }
        }
    }
    paper_venue_wake(venue->paper, step->instrument, &venue->done.venue_wake,
                     &venue->done.venue_at_ns);
    return err == ERR_NONE ? venue_send_more(venue, context, envelope->sender, envelope->now_ns)
                           : err;
}

static enum err venue_on_submit(struct venue *venue, const struct envelope *envelope,
                                const struct order_ticket *ticket)
{
    const enum err err = paper_venue_submit(venue->paper, ticket, envelope->now_ns);
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
    paper_venue_each_balance(venue->paper, venue_add_balance, balances);
    const enum err err = context_send(context, envelope->sender, &message);
    message_destroy(message);
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
        return paper_venue_cancel(venue->paper, *(const struct order_id *)message_body(*message),
                                  envelope->now_ns);
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
