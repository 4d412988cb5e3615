#include "actors/run_config.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/run_config_parts.h"
#include "actors/run_control.h"
#include "actors/run_rates.h"
#include "executors/factory.h"
#include "executors/plugin.h"

#define NS_PER_HOUR (3600 * NS_PER_S)

enum { RUN_PATH_MAX = 128 };

size_t run_config_find_venue(const struct run_config *config, const char *name)
{
    const struct venue_section *venues = config->file.venues.items;
    size_t i = 0;
    while (i < config->file.venues.count && strcmp(venues[i].name, name) != 0) {
        i++;
    }
    return i;
}

const struct instrument *run_config_find_instrument(const struct run_config *config,
                                                    const char *venue, const char *trading_pair)
{
    for (size_t i = 0; i < config->instrument_count; i++) {
        const struct instrument *instrument = &config->instruments[i];
        if (strcmp(instrument->venue_name, venue) == 0 &&
            strcmp(instrument->trading_pair, trading_pair) == 0) {
            return instrument;
        }
    }
    return NULL;
}

const char *feed_section_source(const struct feed_section *feed, enum tape_layout *ret_layout)
{
    if (feed->quotes != NULL) {
        *ret_layout = TAPE_LAYOUT_QUOTES;
        return feed->quotes;
    }
    if (feed->klines != NULL) {
        *ret_layout = TAPE_LAYOUT_KLINES;
        return feed->klines;
    }
    *ret_layout = TAPE_LAYOUT_TRADES;
    return feed->trades;
}

/* What only a perpetual has. */
static void run_check_perpetual(const struct run_check *check, size_t index,
                                const struct instrument_section *section)
{
    const bool has_rate = decimal_sign(section->funding_rate) != 0;
    if (!section->is_perpetual && decimal_sign(section->maintenance_margin) > 0) {
        run_check_add(check, "instruments", index, "maintenance_margin",
                      "expected only with perpetual: true");
    }
    if (!section->is_perpetual && (has_rate || section->funding_interval_hours > 0)) {
        run_check_add(check, "instruments", index, "funding_rate",
                      "expected only with perpetual: true");
    }
    if (has_rate && section->funding_interval_hours == 0) {
        run_check_add(check, "instruments", index, "funding_interval",
                      "expected the hours between two payments of the funding_rate");
    }
}

/* What an instrument has from its venue. */
static void run_take_venue(const struct run_config *config, struct instrument *instrument)
{
    if (instrument->venue < config->file.venues.count) {
        const struct venue_section *venues = config->file.venues.items;
        const struct venue_section *venue = &venues[instrument->venue];
        instrument->is_hedged = instrument->is_perpetual && venue->position_mode == PAPER_HEDGE;
        instrument->has_depth = !venue->is_remote && venue->fill_model == PAPER_FILL_BOOK;
        instrument->maker_fee = venue->fees->maker;
        instrument->taker_fee = venue->fees->taker;
    }
}

/* Fills the run's table of instruments, whose entries executors and feeds refer to. */
static enum err run_check_instruments(const struct run_check *check)
{
    struct run_config *config = check->config;
    const struct instrument_section *sections = config->file.instruments.items;
    const size_t count = config->file.instruments.count;
    config->instruments = arena_take(&config->arena, count * sizeof(*config->instruments));
    if (config->instruments == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        const struct instrument_section *section = &sections[i];
        struct instrument *instrument = &config->instruments[i];
        *instrument = (struct instrument){
            .index = (uint32_t)i,
            .venue = (uint32_t)run_config_find_venue(config, section->venue),
            .tick = section->tick,
            .step = section->step,
            .min_order_size = section->min_order_size,
            .max_order_size = section->max_order_size,
            .min_notional = section->min_notional,
            .is_perpetual = section->is_perpetual,
            .maintenance_margin = section->maintenance_margin,
            .funding_rate = section->funding_rate,
            .funding_interval_ns = section->funding_interval_hours * NS_PER_HOUR};
        run_take_venue(config, instrument);
        run_check_perpetual(check, i, section);
        if (section->is_perpetual && instrument->venue < config->file.venues.count &&
            ((const struct venue_section *)config->file.venues.items)[instrument->venue]
                .is_remote) {
            run_check_add(check, "instruments", i, "perpetual",
                          "expected only at a paper venue: funding and liquidations are not part "
                          "of the venue protocol");
        }
        if (instrument->venue == config->file.venues.count) {
            run_check_add(check, "instruments", i, "venue", "no venue of this file has this name");
        }
        if (!run_check_name(section->venue) || !run_check_name(section->trading_pair)) {
            run_check_add(check, "instruments", i, "trading_pair",
                          "expected BASE-QUOTE of at most 31 characters");
            continue;
        }
        memcpy(instrument->venue_name, section->venue, strlen(section->venue));
        memcpy(instrument->trading_pair, section->trading_pair, strlen(section->trading_pair));
        if (instrument_complete(instrument) != ERR_NONE) {
            run_check_add(check, "instruments", i, "trading_pair",
                          "expected BASE-QUOTE, e.g. BTC-USDT");
        }
        if (run_config_find_instrument(config, section->venue, section->trading_pair) != NULL) {
            run_check_add(check, "instruments", i, "trading_pair",
                          "this venue has this instrument already");
        }
        config->instrument_count = i + 1;
    }
    return ERR_NONE;
}

static bool run_config_has_feed(const struct run_config *config,
                                const struct instrument *instrument)
{
    for (size_t i = 0; i < config->file.feeds.count; i++) {
        if (config->feed_instruments[i] == instrument->index) {
            return true;
        }
    }
    return false;
}

/* Adds a problem with the field that names the connector or the pair of a market. */
static void run_add_market(const struct run_check *check, size_t index,
                           const struct executor_section *executor, const char *name,
                           const char *message)
{
    struct text field = {0};
    (void)factory_find_text(executor->kind->config_fields, executor->config, name, &field);
    run_check_add(check, "executors", index, text_string(&field), message);
    text_done(&field);
}

/* The connector and pair of every market of an executor must exist and have quotes. */
static void run_check_markets(const struct run_check *check, size_t index,
                              const struct executor_section *executor)
{
    for (uint32_t market = 0; market < executor->kind->market_count; market++) {
        const char *connector;
        const char *pair;
        executor->kind->market(executor->config, market, &connector, &pair);
        const struct instrument *instrument =
            run_config_find_instrument(check->config, connector, pair);
        char message[RUN_PATH_MAX + 256];
        if (instrument == NULL) {
            const bool is_venue =
                run_config_find_venue(check->config, connector) == check->config->file.venues.count;
            const char *const what = is_venue ? "no venue of this file is called"
                                              : "no instrument with trading rules is listed for";
            (void)snprintf(message, sizeof(message), "%s %s: %s: add it to %s", what, connector,
                           pair, is_venue ? "venues and instruments" : "instruments");
            run_add_market(check, index, executor, is_venue ? connector : pair, message);
        } else if (!run_config_has_feed(check->config, instrument)) {
            (void)snprintf(message, sizeof(message),
                           "%s on %s has no feed, so it would never start: add one to feeds", pair,
                           connector);
            run_add_market(check, index, executor, pair, message);
        }
    }
}

/* Two markets with two quote assets need a rate between them. */
static void run_check_rate(const struct run_check *check, size_t index,
                           const struct executor_section *executor)
{
    const struct instrument *instruments[WAKE_MARKETS_MAX] = {NULL};
    for (uint32_t market = 0; market < executor->kind->market_count; market++) {
        const char *connector;
        const char *pair;
        executor->kind->market(executor->config, market, &connector, &pair);
        instruments[market] = run_config_find_instrument(check->config, connector, pair);
    }
    if (instruments[0] != NULL && instruments[1] != NULL) {
        char text[RUN_RATE_TEXT_MAX];
        run_rates_explain(check->config, instruments[1]->quote, instruments[0]->quote, text);
        if (text[0] != '\0') {
            run_check_add(check, "executors", index, "selling_market", text);
        }
    }
}

/* Room for `more` executors behind those there are. */
static enum err run_config_reserve(struct run_config *config, size_t more)
{
    const size_t needed = config->executor_count + more;
    if (needed <= config->executor_capacity) {
        return ERR_NONE;
    }
    size_t capacity = config->executor_capacity != 0 ? config->executor_capacity : 64;
    while (capacity < needed) {
        capacity *= 2;
    }
    struct executor_section *executors =
        realloc(config->executors, capacity * sizeof(*config->executors));
    if (executors == NULL) {
        return ERR_MEMORY;
    }
    config->executors = executors;
    config->executor_capacity = capacity;
    return ERR_NONE;
}

/* Adds one entry of the list, as often as it is to be repeated. */
static enum err run_check_executor(const struct run_check *check, size_t index,
                                   const struct executor_section *executor)
{
    struct run_config *config = check->config;
    const size_t repeat = (size_t)executor->config->repeat;
    run_check_markets(check, index, executor);
    run_check_rate(check, index, executor);
    if (executor->config->id != NULL && repeat > 1) {
        run_check_add(check, "executors", index, "repeat",
                      "an executor with an id cannot be repeated: leave the id out");
    }
    if (repeat > RUN_EXECUTORS_MAX - config->executor_count) {
        run_check_add(check, "executors", index, "repeat",
                      "more than 2000000 executors in one run");
        return ERR_NONE;
    }
    const enum err err = run_config_reserve(config, repeat);
    for (size_t i = 0; i < repeat && err == ERR_NONE; i++) {
        config->executors[config->executor_count++] = *executor;
    }
    return err;
}

/* One executor's id and its place in the list, to find ids that are there twice. */
struct run_id {
    const char *id;
    size_t index;
};

static int run_compare_ids(const void *a, const void *b)
{
    const struct run_id *left = a;
    const struct run_id *right = b;
    const int order = strcmp(left->id, right->id);
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static void run_check_ids(const struct run_check *check, struct run_id *ids, size_t count)
{
    qsort(ids, count, sizeof(*ids), run_compare_ids);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(ids[i].id, ids[i - 1].id) == 0) {
            char message[RUN_PATH_MAX];
            (void)snprintf(message, sizeof(message), "\"%s\" is the id of another executor already",
                           ids[i].id);
            run_check_add(check, "executors", ids[i].index, "id", message);
        }
    }
}

/* Reads every entry of the list; ids (one per entry) collects those that are given. */
static enum err run_check_list(const struct run_check *check, const struct node *list,
                               struct run_id *ids)
{
    struct run_config *config = check->config;
    size_t id_count = 0;
    for (size_t i = 0; i < list->count; i++) {
        char path[RUN_PATH_MAX];
        (void)snprintf(path, sizeof(path), "executors[%zu]", i);
        struct executor_section executor;
        enum err err = factory_parse(list->items[i], path, &config->arena, check->problems,
                                     &executor.kind, &executor.config);
        if (err == ERR_SYNTAX) {
            continue;
        }
        if (err == ERR_NONE) {
            err = run_check_executor(check, i, &executor);
        }
        if (err != ERR_NONE) {
            return err;
        }
        if (executor.config->id != NULL) {
            ids[id_count++] = (struct run_id){.id = executor.config->id, .index = i};
        }
    }
    run_check_ids(check, ids, id_count);
    return ERR_NONE;
}

static enum err run_check_executors(const struct run_check *check)
{
    const struct node *list = check->config->file.executors;
    if (list->kind != NODE_SEQUENCE) {
        problems_add(check->problems, list->line, list->column, "executors",
                     "expected a list of executors");
        return ERR_NONE;
    }
    struct run_id *ids = calloc(list->count + 1, sizeof(*ids));
    if (ids == NULL) {
        return ERR_MEMORY;
    }
    const enum err err = run_check_list(check, list, ids);
    free(ids);
    return err;
}

bool run_config_is_remote(const struct run_config *config)
{
    const struct venue_section *venues = config->file.venues.items;
    bool is_remote = false;
    for (size_t i = 0; i < config->file.venues.count; i++) {
        is_remote = is_remote || venues[i].is_remote;
    }
    return is_remote;
}

static void run_check_persistence(const struct run_check *check)
{
    struct run_config *config = check->config;
    const struct persistence_section *section = config->file.persistence;
    if (store_kind_find(section->type) == NULL) {
        const struct node *node = node_get(node_get(check->root, "persistence"), "type");
        problems_add(check->problems, node != NULL ? node->line : 0,
                     node != NULL ? node->column : 0, "persistence.type",
                     "\"%s\" is unknown, expected sqlite or memory", section->type);
    }
    const enum run_mode mode = config->file.run->mode;
    const bool is_remote = run_config_is_remote(config);
    const enum durability by_mode = mode == MODE_BACKTEST              ? DURABILITY_MEMORY
                                    : mode == MODE_PAPER && !is_remote ? DURABILITY_GROUP
                                                                       : DURABILITY_FULL;
    config->durability = section->durability != 0 ? (enum durability)section->durability : by_mode;
}

/* Loads the plugins, before the executors that may be theirs are read. */
static void run_check_plugins(const struct run_check *check)
{
    const char *const *paths = check->config->file.plugins.items;
    for (size_t i = 0; i < check->config->file.plugins.count; i++) {
        struct failure failure;
        if (plugin_load(paths[i], &failure) != ERR_NONE) {
            const struct node *list = node_get(check->root, "plugins");
            const struct node *node = list->kind == NODE_SEQUENCE ? list->items[i] : list;
            char path[RUN_PATH_MAX];
            (void)snprintf(path, sizeof(path), "plugins[%zu]", i);
            problems_add(check->problems, node->line, node->column, path, "%s", failure.text);
        }
    }
}

/* What tables cannot say: names that refer to each other. */
static enum err run_check_all(const struct run_check *check)
{
    if (check->config->file.run->mode == MODE_LIVE) {
        const struct node *node = node_get(node_get(check->root, "run"), "mode");
        problems_add(check->problems, node != NULL ? node->line : 0,
                     node != NULL ? node->column : 0, "run.mode",
                     "live needs an exchange adapter and this build has none: use paper");
    }
    run_check_plugins(check);
    run_check_venues(check);
    enum err err = run_check_instruments(check);
    if (err == ERR_NONE) {
        err = run_check_feeds(check);
    }
    if (err == ERR_NONE) {
        err = run_rates_read(check->config, check->root, check->problems);
    }
    if (err == ERR_NONE) {
        err = run_check_executors(check);
    }
    run_check_persistence(check);
    if (err == ERR_NONE) {
        opening_section_check(check->config, check->root, check->problems);
    }
    risk_section_check(check->config, check->root, check->problems);
    run_control_check(check->config->file.control, check->root, check->problems);
    return err;
}

/* The file as JSON and its hash, for the journal. */
static enum err run_config_print(struct run_config *config)
{
    struct text json = {0};
    node_print_json(config->root, &json);
    enum err err = text_failed(&json) ? ERR_MEMORY : ERR_NONE;
    if (err == ERR_NONE) {
        config->json = arena_copy(&config->arena, text_string(&json), json.length);
        err = config->json != NULL ? ERR_NONE : ERR_MEMORY;
    }
    if (err == ERR_NONE) {
        unsigned char hash[crypto_hash_sha256_BYTES];
        (void)crypto_hash_sha256(hash, (const unsigned char *)config->json, json.length);
        (void)sodium_bin2hex(config->hash, sizeof(config->hash), hash, sizeof(hash));
    }
    text_done(&json);
    return err;
}

static enum err run_config_init(struct run_config *config, const char *path)
{
    *config = (struct run_config){0};
    arena_init(&config->arena, 0);
    config->path = arena_copy(&config->arena, path, strlen(path));
    return config->path != NULL ? ERR_NONE : ERR_MEMORY;
}

static enum err run_config_fill(struct run_config *config, const struct node *root,
                                struct problems *problems)
{
    config->root = root;
    enum err err = field_parse(run_file_fields, root, "", &config->file, sizeof(config->file),
                               &config->arena, problems);
    if (err == ERR_NONE) {
        const struct run_check check = {.config = config, .root = root, .problems = problems};
        err = run_check_all(&check);
    }
    if (err == ERR_NONE && problems->count > 0) {
        err = ERR_SYNTAX;
    }
    return err;
}

enum err run_config_load(const char *path, struct run_config *config, struct problems *problems)
{
    enum err err = run_config_init(config, path);
    const struct node *root;
    if (err == ERR_NONE) {
        err = node_read_file(path, &config->arena, problems, &root);
    }
    if (err == ERR_NONE) {
        err = run_config_fill(config, root, problems);
    }
    return err == ERR_NONE ? run_config_print(config) : err;
}

enum err run_config_read(const char *name, const char *text, size_t length,
                         struct run_config *config, struct problems *problems)
{
    enum err err = run_config_init(config, name);
    const struct node *root;
    if (err == ERR_NONE) {
        err = node_read_yaml(name, text, length, &config->arena, problems, &root);
    }
    if (err == ERR_NONE) {
        err = run_config_fill(config, root, problems);
    }
    return err == ERR_NONE ? run_config_print(config) : err;
}

enum err run_config_build(const struct node *root, const char *path, struct run_config *config,
                          struct problems *problems)
{
    const enum err err = run_config_init(config, path);
    return err == ERR_NONE ? run_config_fill(config, root, problems) : err;
}

void run_config_done(struct run_config *config)
{
    free(config->executors);
    arena_done(&config->arena);
}
