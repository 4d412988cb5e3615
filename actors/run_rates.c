#include "actors/run_rates.h"

#include <stdio.h>
#include <string.h>

enum { RATE_PATH_MAX = 64 };

/* Adds a problem about a key of the index-th rate. */
static void rates_add(const struct node *root, struct problems *problems, size_t index,
                      const char *key, const char *message)
{
    const struct node *list = node_get(root, "rates");
    const struct node *item = list != NULL && list->kind == NODE_SEQUENCE && index < list->count
                                  ? list->items[index]
                                  : list;
    const struct node *value = node_get(item, key);
    const struct node *place = value != NULL ? value : item;
    char path[RATE_PATH_MAX];
    (void)snprintf(path, sizeof(path), "rates[%zu].%s", index, key);
    problems_add(problems, place != NULL ? place->line : 0, place != NULL ? place->column : 0, path,
                 "%s", message);
}

/* Splits the pair as an instrument's name is split. */
static bool rates_split(const char *pair, struct rate *rate)
{
    struct instrument named = {.tick = DECIMAL_ONE};
    if (strlen(pair) > NAME_MAX_LENGTH) {
        return false;
    }
    memcpy(named.trading_pair, pair, strlen(pair));
    if (instrument_complete(&named) != ERR_NONE) {
        return false;
    }
    memcpy(rate->base, named.base, sizeof(rate->base));
    memcpy(rate->quote, named.quote, sizeof(rate->quote));
    return true;
}

static bool rates_has_feed(const struct run_config *config, uint32_t instrument)
{
    for (size_t i = 0; i < config->file.feeds.count; i++) {
        if (config->feed_instruments[i] == instrument) {
            return true;
        }
    }
    return false;
}

/* The instrument whose mid is the rate. Says what is wrong, or NULL. */
static const char *rates_find_instrument(const struct run_config *config,
                                         const struct rate_section *section, struct rate *rate)
{
    const struct instrument *instrument =
        run_config_find_instrument(config, section->venue, section->trading_pair);
    if (instrument == NULL) {
        return "no instrument of this file has this venue and pair: add it to instruments";
    }
    rate->is_live = true;
    rate->instrument = instrument->index;
    return rates_has_feed(config, instrument->index)
               ? NULL
               : "this instrument has no feed, so the rate would never be known: add one to feeds";
}

/* Reads one entry; says what is wrong and with which key, or NULL. */
static const char *rates_read_one(const struct run_config *config,
                                  const struct rate_section *section, struct rate *rate,
                                  const char **ret_key)
{
    struct rate_source known;
    const bool is_named = section->venue != NULL && section->trading_pair != NULL;
    *ret_key = "pair";
    if (!rates_split(section->pair, rate)) {
        return "expected BASE-QUOTE, e.g. USD-USDT";
    }
    if (rate_find(&config->rates, rate->base, rate->quote, &known) == ERR_NONE) {
        return known.rate == NULL ? "the same asset twice" : "this pair has a rate already";
    }
    *ret_key = "rate";
    if (section->has_rate == is_named ||
        (section->venue != NULL) != (section->trading_pair != NULL)) {
        return "expected either a rate, or venue and trading_pair of the instrument whose mid it "
               "is";
    }
    rate->fixed = section->rate;
    *ret_key = "trading_pair";
    return is_named ? rates_find_instrument(config, section, rate) : NULL;
}

void run_rates_explain(const struct run_config *config, const char *from, const char *to,
                       char out[RUN_RATE_TEXT_MAX])
{
    struct rate_source source;
    out[0] = '\0';
    if (rate_find(&config->rates, from, to, &source) != ERR_NONE) {
        (void)snprintf(out, RUN_RATE_TEXT_MAX,
                       "no rate between %s and %s: add {pair: %s-%s, rate: ...} to rates, or with "
                       "venue and trading_pair instead of rate the mid of an instrument",
                       from, to, from, to);
    }
}

struct rate_source run_rates_between(const struct run_config *config, const char *from,
                                     const char *to)
{
    struct rate_source source = {.rate = NULL};
    const enum err err = rate_find(&config->rates, from, to, &source);
    ASSERT(err == ERR_NONE);
    return source;
}

/* Every instrument's money must be worth something in the asset that it is summed in. */
static void rates_check_quotes(const struct run_config *config, const struct node *root,
                               struct problems *problems)
{
    const struct node *run = node_get(root, "run");
    const struct node *named = node_get(run, "quote_asset");
    const struct node *place = named != NULL ? named : run;
    for (size_t i = 0; i < config->instrument_count; i++) {
        char text[RUN_RATE_TEXT_MAX];
        run_rates_explain(config, config->instruments[i].quote, config->quote_asset, text);
        if (text[0] != '\0') {
            problems_add(problems, place != NULL ? place->line : 0,
                         place != NULL ? place->column : 0, "run.quote_asset",
                         "%s %s is in another quote asset: %s", config->instruments[i].venue_name,
                         config->instruments[i].trading_pair, text);
            return;
        }
    }
}

enum err run_rates_read(struct run_config *config, const struct node *root,
                        struct problems *problems)
{
    const struct rate_section *sections = config->file.rates.items;
    const size_t count = config->file.rates.count;
    struct rate *rates = arena_take(&config->arena, (count + 1) * sizeof(*rates));
    if (rates == NULL) {
        return ERR_MEMORY;
    }
    config->rates = (struct rate_table){.items = rates};
    for (size_t i = 0; i < count; i++) {
        struct rate rate = {.is_live = false};
        const char *key;
        const char *problem = rates_read_one(config, &sections[i], &rate, &key);
        if (problem != NULL) {
            rates_add(root, problems, i, key, problem);
        } else {
            rates[config->rates.count++] = rate;
        }
    }
    config->quote_asset = config->file.run->quote_asset;
    if (config->quote_asset == NULL && config->instrument_count > 0) {
        config->quote_asset = config->instruments[0].quote;
    }
    if (config->quote_asset != NULL) {
        rates_check_quotes(config, root, problems);
    }
    return ERR_NONE;
}
