#include "actors/risk_section.h"

#include <stdio.h>
#include <string.h>

#include "actors/run_config.h"
#include "market/risk_loss.h"

static const struct field_name self_trade_names[] = {
    {"allow", SELF_TRADE_ALLOW}, {"deny", SELF_TRADE_DENY}, {NULL, 0}};

/* A limit that is a decimal >= 0, where 0 means none. */
#define RISK_DECIMAL(owner, name_, unit_, doc_)                                         \
    {                                                                                   \
        .name = #name_, .kind = FIELD_DECIMAL, .offset = offsetof(owner, limits.name_), \
        .default_text = "0", .min = "0", .unit = unit_, .doc = doc_                     \
    }

/* A limit that is a count >= 0, where 0 means none. */
#define RISK_COUNT(owner, name_, max_, doc_)                                            \
    {                                                                                   \
        .name = #name_, .kind = FIELD_INTEGER, .offset = offsetof(owner, limits.name_), \
        .default_text = "0", .min = "0", .max = max_, .doc = doc_                       \
    }

/* A limit on losses, absent when there is none. */
#define RISK_LOSS(owner, name_, doc_)                                                       \
    {                                                                                       \
        .name = #name_ "_quote", .kind = FIELD_DECIMAL,                                     \
        .offset = offsetof(owner, limits.name_##_quote),                                    \
        .set_offset = offsetof(owner, limits.has_##name_), .is_nullable = true, .min = "0", \
        .min_excluded = true, .unit = "quote", .doc = doc_                                  \
    }

/* The limits that every scope may have. */
#define RISK_LIMIT_FIELDS(owner)                                                                  \
    RISK_DECIMAL(owner, max_order_quantity, "base",                                               \
                 "Largest amount of an order that does not reduce; 0 means no limit."),           \
        RISK_DECIMAL(owner, max_order_notional, "quote",                                          \
                     "Largest price times amount of an order that does not reduce (of a MARKET "  \
                     "order at the best price); 0 means no limit."),                              \
        RISK_DECIMAL(owner, price_collar, "fraction",                                             \
                     "How far the price of an order may be from the middle of bid and ask; 0 "    \
                     "means no limit."),                                                          \
        {.name = "max_price_age",                                                                 \
         .kind = FIELD_DURATION,                                                                  \
         .offset = offsetof(owner, limits.max_price_age_ns),                                      \
         .default_text = "0",                                                                     \
         .min = "0",                                                                              \
         .max = "86400",                                                                          \
         .unit = "s",                                                                             \
         .doc = "Orders are denied when the newest quote is older; 0 means 60 where there is a "  \
                "price_collar, else no limit."},                                                  \
        RISK_COUNT(owner, max_orders_per_second, "1000000",                                       \
                   "Most orders per second of market time, in bursts of one second's worth; "     \
                   "cancels are free. 0 means no limit."),                                        \
        RISK_COUNT(owner, max_open_orders, NULL,                                                  \
                   "Most live orders; one more is denied. 0 means no limit."),                    \
        RISK_DECIMAL(owner, max_position, "base",                                                 \
                     "Largest position of each instrument, live orders of one side counted as "   \
                     "filled; 0 means no limit."),                                                \
        RISK_DECIMAL(owner, max_exposure_quote, "quote",                                          \
                     "Largest sum over the instruments of what max_position looks at, times the " \
                     "price; 0 means no limit."),                                                 \
        RISK_COUNT(owner, max_executors, NULL,                                                    \
                   "Most active executors; one more is not created. 0 means no limit.")

static const struct field executor_fields[] = {
    {.name = "max_orders_per_second",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct risk_executor_limits, max_orders_per_second),
     .default_text = "0",
     .min = "0",
     .max = "1000000",
     .doc = "Most orders per second of one executor; 0 means no limit."},
    {.name = "max_rejects_per_minute",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct risk_executor_limits, max_rejects_per_minute),
     .default_text = "0",
     .min = "0",
     .max = "1000000",
     .doc = "An executor with more denied and rejected orders within a minute is stopped and may "
            "only reduce; 0 means no limit."},
    {.name = "target_tolerance",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct risk_executor_limits, target_tolerance),
     .default_text = "0",
     .min = "0",
     .max = "1",
     .unit = "fraction",
     .doc = "How far what an executor opens may go beyond the amount of its configuration, where "
            "its kind declares one."},
    {0}};

static const struct field venue_fields[] = {{.name = "venue",
                                             .kind = FIELD_TEXT,
                                             .offset = offsetof(struct risk_venue_section, venue),
                                             .is_required = true,
                                             .doc = "Name of a venue of this file."},
                                            RISK_LIMIT_FIELDS(struct risk_venue_section),
                                            {0}};

static const struct field instrument_fields[] = {
    {.name = "venue",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct risk_instrument_section, venue),
     .is_required = true,
     .doc = "Name of a venue of this file."},
    {.name = "trading_pair",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct risk_instrument_section, trading_pair),
     .is_required = true,
     .doc = "One of its instruments, across all controllers."},
    RISK_LIMIT_FIELDS(struct risk_instrument_section),
    {0}};

static const struct field controller_fields[] = {
    {.name = "controller_id",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct risk_controller_section, controller_id),
     .is_required = true,
     .doc = "The controller_id of executors."},
    RISK_LIMIT_FIELDS(struct risk_controller_section),
    RISK_LOSS(struct risk_controller_section, max_drawdown,
              "When the controller's result falls this far below its peak, its executors are "
              "stopped and it may only reduce."),
    RISK_LOSS(struct risk_controller_section, max_daily_loss,
              "The same when it has lost this much since midnight UTC."),
    {0}};

static const struct field_element venue_element = {.size = sizeof(struct risk_venue_section),
                                                   .fields = venue_fields};
static const struct field_element instrument_element = {
    .size = sizeof(struct risk_instrument_section), .fields = instrument_fields};
static const struct field_element controller_element = {
    .size = sizeof(struct risk_controller_section), .fields = controller_fields};

const struct field risk_section_fields[] = {
    RISK_LIMIT_FIELDS(struct risk_section),
    RISK_LOSS(struct risk_section, max_drawdown,
              "When the result of the run falls this far below its peak, every executor is stopped "
              "and the program ends with code 3."),
    RISK_LOSS(struct risk_section, max_daily_loss,
              "The same when the run has lost this much since midnight UTC."),
    {.name = "self_trade",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct risk_section, self_trade),
     .names = self_trade_names,
     .default_text = "allow",
     .doc = "deny: an order that would meet an opposite resting order of this run is not sent."},
    {.name = "kill_file",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct risk_section, kill_file),
     .doc = "While a file of this name exists the run is HALTED; looked for at the start and every "
            "half second. A folder that cannot be read halts as well."},
    {.name = "executor",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct risk_section, executor),
     .fields = executor_fields,
     .size = sizeof(struct risk_executor_limits),
     .default_text = "{}",
     .doc = "Limits of each executor by itself."},
    {.name = "venues",
     .kind = FIELD_LIST,
     .offset = offsetof(struct risk_section, venues),
     .element = &venue_element,
     .count_max = RISK_SECTION_PARTS_MAX,
     .doc = "Limits of the account on a venue."},
    {.name = "instruments",
     .kind = FIELD_LIST,
     .offset = offsetof(struct risk_section, instruments),
     .element = &instrument_element,
     .count_max = RISK_SECTION_PARTS_MAX,
     .doc = "Limits of an instrument."},
    {.name = "controllers",
     .kind = FIELD_LIST,
     .offset = offsetof(struct risk_section, controllers),
     .element = &controller_element,
     .count_max = RISK_SECTION_PARTS_MAX,
     .doc = "Limits of a controller."},
    {0}};

const struct risk_limits *risk_section_controller(const struct risk_section *section,
                                                  const char *controller_id)
{
    const struct risk_controller_section *controllers = section->controllers.items;
    for (size_t i = 0; i < section->controllers.count; i++) {
        if (strcmp(controllers[i].controller_id, controller_id) == 0) {
            return &controllers[i].limits;
        }
    }
    return NULL;
}

bool risk_section_watches_losses(const struct risk_section *section)
{
    const struct risk_controller_section *controllers = section->controllers.items;
    bool watches = risk_watches_losses(&section->limits);
    for (size_t i = 0; i < section->controllers.count && !watches; i++) {
        watches = risk_watches_losses(&controllers[i].limits);
    }
    return watches;
}

bool risk_section_limits_executors(const struct risk_section *section)
{
    const struct risk_venue_section *venues = section->venues.items;
    const struct risk_instrument_section *instruments = section->instruments.items;
    const struct risk_controller_section *controllers = section->controllers.items;
    int64_t most = section->limits.max_executors;
    for (size_t i = 0; i < section->venues.count; i++) {
        most += venues[i].limits.max_executors > 0;
    }
    for (size_t i = 0; i < section->instruments.count; i++) {
        most += instruments[i].limits.max_executors > 0;
    }
    for (size_t i = 0; i < section->controllers.count; i++) {
        most += controllers[i].limits.max_executors > 0;
    }
    return most > 0;
}

/* ---- What the table cannot say ---- */

/* Adds a problem about the index-th entry of a list of the section. */
static void risk_section_problem(const struct node *root, const char *list, size_t index,
                                 struct problems *problems, const char *text)
{
    const struct node *items = node_get(node_get(root, "risk"), list);
    const bool is_there = items != NULL && items->kind == NODE_SEQUENCE && index < items->count;
    const struct node *node = is_there ? items->items[index] : NULL;
    char path[PROBLEMS_PATH_MAX];
    (void)snprintf(path, sizeof(path), "risk.%s[%zu]", list, index);
    problems_add(problems, node != NULL ? node->line : 0, node != NULL ? node->column : 0, path,
                 "%s", text);
}

static const char risk_section_twice[] = "this one has limits already: join the two entries";

static void risk_section_check_venues(const struct run_config *config, const struct node *root,
                                      struct problems *problems)
{
    const struct field_list *list = &config->file.risk->venues;
    const struct risk_venue_section *venues = list->items;
    for (size_t i = 0; i < list->count; i++) {
        if (run_config_find_venue(config, venues[i].venue) == config->file.venues.count) {
            risk_section_problem(root, "venues", i, problems,
                                 "no venue of this file has this name");
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(venues[i].venue, venues[j].venue) == 0) {
                risk_section_problem(root, "venues", i, problems, risk_section_twice);
            }
        }
    }
}

static void risk_section_check_instruments(const struct run_config *config, const struct node *root,
                                           struct problems *problems)
{
    const struct field_list *list = &config->file.risk->instruments;
    const struct risk_instrument_section *instruments = list->items;
    for (size_t i = 0; i < list->count; i++) {
        if (run_config_find_instrument(config, instruments[i].venue, instruments[i].trading_pair) ==
            NULL) {
            risk_section_problem(root, "instruments", i, problems,
                                 "no instrument of this file has this venue and pair");
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(instruments[i].venue, instruments[j].venue) == 0 &&
                strcmp(instruments[i].trading_pair, instruments[j].trading_pair) == 0) {
                risk_section_problem(root, "instruments", i, problems, risk_section_twice);
            }
        }
    }
}

static void risk_section_check_controllers(const struct run_config *config, const struct node *root,
                                           struct problems *problems)
{
    const struct field_list *list = &config->file.risk->controllers;
    const struct risk_controller_section *controllers = list->items;
    for (size_t i = 0; i < list->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(controllers[i].controller_id, controllers[j].controller_id) == 0) {
                risk_section_problem(root, "controllers", i, problems, risk_section_twice);
            }
        }
    }
}

void risk_section_check(const struct run_config *config, const struct node *root,
                        struct problems *problems)
{
    risk_section_check_venues(config, root, problems);
    risk_section_check_instruments(config, root, problems);
    risk_section_check_controllers(config, root, problems);
}
