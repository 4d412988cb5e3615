#include "actors/roles/venue_desk.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { FEE_IN_BASE = 2 };

static enum err venue_desk_deposit(struct venue_desk *desk, const struct venue_section *section)
{
    const struct field_entry *balances = section->balances.items;
    for (size_t i = 0; i < section->balances.count; i++) {
        const enum err err = paper_venue_deposit(desk->paper, balances[i].key, balances[i].value);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

/* Opens the trades and the depth that are recorded for instruments of this venue. */
static enum err venue_desk_open_replays(struct venue_desk *desk, const struct run_config *config)
{
    const struct feed_section *feeds = config->file.feeds.items;
    desk->instrument_count = config->instrument_count;
    desk->replays = calloc(config->instrument_count, sizeof(struct replay *));
    if (desk->replays == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < config->file.feeds.count; i++) {
        const struct feed_section *feed = &feeds[i];
        const size_t instrument = config->feed_instruments[i];
        if (strcmp(feed->venue, desk->name) != 0 || (feed->trades == NULL && feed->depth == NULL)) {
            continue;
        }
        struct failure failure;
        const enum err err =
            replay_open(feed->trades, feed->depth, &desk->replays[instrument], &failure);
        if (err != ERR_NONE) {
            log_line(LOG_ERROR, desk->name, "%s", failure.text);
            return err;
        }
    }
    return ERR_NONE;
}

enum err venue_desk_open(struct venue_desk *desk, const struct run_config *config, uint32_t venue)
{
    const struct venue_section *section =
        (const struct venue_section *)config->file.venues.items + venue;
    desk->name = section->name;
    const struct paper_config paper = {.maker_fee = section->fees->maker,
                                       .taker_fee = section->fees->taker,
                                       .fee_in_base_on_buy =
                                           section->fees->fee_asset_on_buy == FEE_IN_BASE,
                                       .latency_ns = section->latency_ns,
                                       .fill_model = section->fill_model,
                                       .post_only = section->post_only,
                                       .position_mode = section->position_mode,
                                       .seed = (uint64_t)config->file.run->seed};
    enum err err =
        paper_venue_create(&paper, config->instruments, config->instrument_count, &desk->paper);
    if (err == ERR_NONE && section->fill_model != PAPER_FILL_TOUCH) {
        err = venue_desk_open_replays(desk, config);
    }
    return err == ERR_NONE ? venue_desk_deposit(desk, section) : err;
}

void venue_desk_done(struct venue_desk *desk)
{
    for (size_t i = 0; desk->replays != NULL && i < desk->instrument_count; i++) {
        replay_close(desk->replays[i]);
    }
    free(desk->replays);
    paper_venue_destroy(desk->paper);
    venue_updates_done(&desk->updates);
}

/* After a gap in the depth nothing crosses until its next snapshot: the run goes on. */
static enum err venue_desk_depth(struct venue_desk *desk, uint32_t instrument,
                                 const struct book_message *message)
{
    const enum err err = paper_venue_on_depth(desk->paper, instrument, message, &desk->updates);
    if (err != ERR_STATE && err != ERR_LIMIT) {
        return err;
    }
    log_line(LOG_WARNING, desk->name, "a gap in the depth before update %llu",
             (unsigned long long)message->first_update_id);
    return ERR_NONE;
}

/* Gives the venue what was traded and changed in the depth until the quote of this step. */
static enum err venue_desk_replay(struct venue_desk *desk, uint32_t instrument, int64_t until_ns)
{
    struct replay *replay = desk->replays[instrument];
    struct replay_event event;
    struct failure failure;
    enum err err = replay == NULL ? ERR_END : ERR_NONE;
    while (err == ERR_NONE) {
        err = replay_next(replay, until_ns, &event, &failure);
        if (err != ERR_NONE && err != ERR_END) {
            log_line(LOG_ERROR, desk->name, "%s", failure.text);
        } else if (err == ERR_NONE && event.kind == REPLAY_TRADE) {
            err = paper_venue_on_trade(desk->paper, instrument, &event.trade, &desk->updates);
        } else if (err == ERR_NONE) {
            err = venue_desk_depth(desk, instrument, &event.depth);
        }
    }
    return err == ERR_END ? ERR_NONE : err;
}

enum err venue_desk_quote(struct venue_desk *desk, uint32_t instrument, const struct quote *quote)
{
    const enum err err =
        desk->replays == NULL ? ERR_NONE : venue_desk_replay(desk, instrument, quote->time_ns);
    return err == ERR_NONE ? paper_venue_begin_quote(desk->paper, instrument, quote, &desk->updates)
                           : err;
}

enum err venue_desk_go_on(struct venue_desk *desk, uint32_t instrument, size_t enough)
{
    return paper_venue_go_on(desk->paper, instrument, enough, &desk->updates);
}
