#include "actors/roles/venue.h"

#include <stdlib.h>
#include <string.h>

#include "actors/messages.h"
#include "market/venues/paper.h"

enum {
    FEE_IN_BASE = 2,
    BALANCES_MAX = 4096,
    VENUE_UPDATES_MAX = 64 /* Per message. */,
    VENUE_UPDATES_KEPT = 1024
};

struct venue {
    uint32_t number;
    struct paper_venue *paper;    /* Owned. */
    struct venue_updates updates; /* Of the step under way; kept for its memory. */
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

static enum err venue_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct venue *venue = state;
    const struct venue_arguments *given = arguments;
    const struct venue_section *section =
        (const struct venue_section *)given->config->file.venues.items + given->venue;
    venue->number = given->venue;
    const struct paper_config config = {.maker_fee = section->fees->maker,
                                        .taker_fee = section->fees->taker,
                                        .fee_in_base_on_buy =
                                            section->fees->fee_asset_on_buy == FEE_IN_BASE,
                                        .latency_ns = section->latency_ns,
                                        .fill_model = section->fill_model,
                                        .post_only = section->post_only,
                                        .position_mode = section->position_mode,
                                        .seed = (uint64_t)given->config->file.run->seed};
    const enum err err = paper_venue_create(&config, given->config->instruments,
                                            given->config->instrument_count, &venue->paper);
    return err == ERR_NONE ? venue_deposit_all(venue, section) : err;
}

static void venue_stop(struct context *context, void *state)
{
    (void)context;
    struct venue *venue = state;
    paper_venue_destroy(venue->paper);
    venue_updates_done(&venue->updates);
}

/* Sends what was collected to the orchestrator, in order. */
static enum err venue_flush(struct venue *venue, struct context *context, struct actor_ref to,
                            int64_t now_ns)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < venue->updates.count && err == ERR_NONE; i += VENUE_UPDATES_MAX) {
        const size_t left = venue->updates.count - i;
        const size_t count = left < VENUE_UPDATES_MAX ? left : VENUE_UPDATES_MAX;
        err = message_post(context, to, MESSAGE_VENUE_UPDATE, now_ns, &venue->updates.items[i],
                           count * sizeof(venue->updates.items[i]));
    }
    venue->updates.count = 0;
    if (venue->updates.capacity > VENUE_UPDATES_KEPT) {
        venue_updates_done(&venue->updates); /* One crowded step must not hold memory for ever. */
    }
    return err;
}

static enum err venue_on_step(struct venue *venue, struct context *context, nng_msg *message)
{
    const struct envelope *envelope = message_envelope(message);
    const struct message_step *step = message_body(message);
    struct message_step_done done = {
        .instrument = step->instrument, .venue_at_ns = INSTANT_NEVER, .alarm_ns = INSTANT_NEVER};
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < step->mark_count && err == ERR_NONE; i++) {
        const struct mark *mark = &step->marks[i];
        if (mark->instrument == step->instrument) {
            const struct quote quote = {
                .time_ns = envelope->now_ns, .bid = mark->bid, .ask = mark->ask};
            err = paper_venue_on_quote(venue->paper, step->instrument, &quote, &venue->updates);
        }
    }
    paper_venue_wake(venue->paper, step->instrument, &done.venue_wake, &done.venue_at_ns);
    if (err == ERR_NONE) {
        err = venue_flush(venue, context, envelope->sender, envelope->now_ns);
    }
    if (err == ERR_NONE) {
        err = message_post(context, envelope->sender, MESSAGE_STEP_DONE, envelope->now_ns, &done,
                           sizeof(done));
    }
    return err;
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
