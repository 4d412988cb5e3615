#include "actors/run_config_parts.h"

#include <stdio.h>
#include <string.h>

enum { RUN_PATH_MAX = 128 };

static const struct node *run_check_node(const struct run_check *check, const char *section,
                                         size_t index, const char *key)
{
    const struct node *list = node_get(check->root, section);
    const struct node *item = list != NULL && list->kind == NODE_SEQUENCE && index < list->count
                                  ? list->items[index]
                                  : NULL;
    const struct node *value = node_get(item, key);
    return value != NULL ? value : item;
}

void run_check_add(const struct run_check *check, const char *section, size_t index,
                   const char *key, const char *message)
{
    const struct node *node = run_check_node(check, section, index, key);
    char path[RUN_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s[%zu].%s", section, index, key);
    problems_add(check->problems, node != NULL ? node->line : 0, node != NULL ? node->column : 0,
                 path, "%s", message);
}

bool run_check_name(const char *name)
{
    const size_t length = strlen(name);
    return length > 0 && length <= NAME_MAX_LENGTH;
}

/* What only a venue in another process has, and what it has over there. */
static void run_check_remote(const struct run_check *check, size_t index,
                             const struct venue_section *section)
{
    if (section->url == NULL || section->events_url == NULL) {
        run_check_add(check, "venues", index, "url",
                      "a remote venue needs url and events_url, e.g. ipc://exchange.venue and "
                      "ipc://exchange.venue-events");
    }
    if (section->balances.count > 0) {
        run_check_add(check, "venues", index, "balances",
                      "expected only with type paper: a remote venue tells its own");
    }
    if (check->config->file.run->mode == MODE_BACKTEST) {
        run_check_add(check, "venues", index, "type",
                      "a remote venue needs run.mode paper: a backtest has no link to another "
                      "process");
    }
}

void run_check_venues(const struct run_check *check)
{
    struct venue_section *venues = check->config->file.venues.items;
    for (size_t i = 0; i < check->config->file.venues.count; i++) {
        if (!run_check_name(venues[i].name)) {
            run_check_add(check, "venues", i, "name", "expected 1 to 31 characters");
        }
        if (run_config_find_venue(check->config, venues[i].name) != i) {
            run_check_add(check, "venues", i, "name", "another venue has this name already");
        }
        venues[i].is_remote = strcmp(venues[i].type, "remote") == 0;
        if (venues[i].is_remote) {
            run_check_remote(check, i, &venues[i]);
        } else if (strcmp(venues[i].type, "paper") != 0) {
            run_check_add(check, "venues", i, "type",
                          "unknown venue type, expected paper or remote");
        }
    }
}

static void run_check_speed(const struct run_check *check, size_t index, struct feed_section *feed)
{
    if (strcmp(feed->speed_text, "max") == 0) {
        feed->speed = DECIMAL_ZERO;
        return;
    }
    if (decimal_parse(feed->speed_text, strlen(feed->speed_text), &feed->speed) != ERR_NONE ||
        decimal_sign(feed->speed) <= 0 ||
        decimal_compare(feed->speed, decimal_from_int(1000000)) > 0) {
        run_check_add(check, "feeds", index, "speed",
                      "expected max or a number > 0 and <= 1000000 (times real time)");
    }
}

/* One recording makes the quotes; trades and depth beside it are for fill models that use them. */
static void run_check_sources(const struct run_check *check, size_t index,
                              const struct feed_section *feed)
{
    const struct field_list *venues = &check->config->file.venues;
    const size_t number = run_config_find_venue(check->config, feed->venue);
    const enum paper_fill_model model =
        number == venues->count ? PAPER_FILL_TOUCH
                                : ((const struct venue_section *)venues->items)[number].fill_model;
    const int quoted = (feed->quotes != NULL) + (feed->klines != NULL);
    const bool trades_quote = model == PAPER_FILL_TOUCH || quoted == 0;
    if (quoted + (trades_quote && feed->trades != NULL) != 1) {
        run_check_add(check, "feeds", index, "quotes",
                      "expected exactly one of quotes, trades, klines");
    }
    if (model == PAPER_FILL_TOUCH && feed->depth != NULL) {
        run_check_add(check, "feeds", index, "depth",
                      "expected only where the venue's fill_model is trade or book");
    }
    if (model == PAPER_FILL_TRADE && feed->trades == NULL) {
        run_check_add(check, "feeds", index, "trades",
                      "the venue's fill_model trade needs recorded trades");
    }
    if (model == PAPER_FILL_BOOK && feed->depth == NULL) {
        run_check_add(check, "feeds", index, "depth",
                      "the venue's fill_model book needs recorded depth");
    }
}

/* A feed is recorded where the venue is simulated, and live where it is not. */
static void run_check_feed_type(const struct run_check *check, size_t index,
                                struct feed_section *feed)
{
    const struct field_list *venues = &check->config->file.venues;
    const size_t number = run_config_find_venue(check->config, feed->venue);
    const bool is_remote =
        number < venues->count && ((const struct venue_section *)venues->items)[number].is_remote;
    feed->is_live = strcmp(feed->type, "venue") == 0;
    if (!feed->is_live && strcmp(feed->type, "tape") != 0) {
        run_check_add(check, "feeds", index, "type", "unknown feed type, expected tape or venue");
    } else if (feed->is_live != is_remote) {
        run_check_add(check, "feeds", index, "type",
                      is_remote ? "the quotes of a remote venue come from it: write type: venue"
                                : "only a remote venue has quotes of its own: write type: tape");
    } else if (feed->is_live !=
               ((const struct feed_section *)check->config->file.feeds.items)->is_live) {
        run_check_add(check, "feeds", index, "type",
                      "a run is either on tapes or live: their times differ");
    }
    if (feed->is_live && (feed->quotes != NULL || feed->trades != NULL || feed->klines != NULL ||
                          feed->depth != NULL)) {
        run_check_add(check, "feeds", index, "quotes", "expected only with type tape");
    }
}

enum err run_check_feeds(const struct run_check *check)
{
    struct run_config *config = check->config;
    struct feed_section *feeds = config->file.feeds.items;
    const size_t count = config->file.feeds.count;
    config->feed_instruments =
        arena_take(&config->arena, count * sizeof(*config->feed_instruments));
    if (config->feed_instruments == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        struct feed_section *feed = &feeds[i];
        run_check_feed_type(check, i, feed);
        if (!feed->is_live) {
            run_check_sources(check, i, feed);
        }
        run_check_speed(check, i, feed);
        const struct instrument *instrument =
            run_config_find_instrument(config, feed->venue, feed->trading_pair);
        if (instrument == NULL) {
            run_check_add(check, "feeds", i, "trading_pair",
                          "no instrument of this file has this venue and pair: add it to "
                          "instruments with its trading rules");
            continue;
        }
        config->feed_instruments[i] = instrument->index;
        for (size_t j = 0; j < i; j++) {
            if (config->feed_instruments[j] == instrument->index) {
                run_check_add(check, "feeds", i, "trading_pair",
                              "this instrument has a feed already");
            }
        }
    }
    return ERR_NONE;
}
