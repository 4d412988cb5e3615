/*
 * actors/risk_section.h - the `risk:` section of a run file: limits of the run and of its parts.
 *
 * One table of limits (struct risk_limits) serves the run as a whole, venues, instruments and
 * controllers; losses are limited for the run and for controllers. The strictest decides.
 *
 * Threads: immutable after loading, any thread.
 */
#ifndef TUTTI_ACTORS_RISK_SECTION_H
#define TUTTI_ACTORS_RISK_SECTION_H

#include "config/field.h"
#include "market/risk.h"

enum {
    RISK_SECTION_PARTS_MAX = 1024, /* Venues, instruments or controllers with limits. */
};

enum self_trade_policy { SELF_TRADE_ALLOW = 1, SELF_TRADE_DENY = 2 };

struct run_config;

struct risk_venue_section {
    const char *venue;
    struct risk_limits limits;
};

struct risk_instrument_section {
    const char *venue;
    const char *trading_pair;
    struct risk_limits limits;
};

struct risk_controller_section {
    const char *controller_id;
    struct risk_limits limits;
};

struct risk_section {
    struct risk_limits limits; /* Of the run. */
    enum self_trade_policy self_trade;
    const char *kill_file; /* NULL: none. */
    const struct risk_executor_limits *executor;
    struct field_list venues;      /* struct risk_venue_section */
    struct field_list instruments; /* struct risk_instrument_section */
    struct field_list controllers; /* struct risk_controller_section */
};

/* The table of the section, for the run file's and for docs/risk.md. */
extern const struct field risk_section_fields[];

/* The limits of a controller, NULL when it has none of its own. */
const struct risk_limits *risk_section_controller(const struct risk_section *section,
                                                  const char *controller_id);

/* True when the number of executors is limited somewhere. */
bool risk_section_limits_executors(const struct risk_section *section);

/* Adds a problem for every name that is no part of the file, and for every one that is there twice:
 * what a table cannot say. `root` is the tree of the run file. */
void risk_section_check(const struct run_config *config, const struct node *root,
                        struct problems *problems);

/* True when the losses of the run or of some controller have to be watched. */
bool risk_section_watches_losses(const struct risk_section *section);

#endif
