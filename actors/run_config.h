/*
 * actors/run_config.h - the run file: what it may say, as field tables, and what it says.
 *
 * Ownership: everything lives in the config's arena until run_config_done().
 * Threads: immutable after loading, any thread.
 */
#ifndef TUTTI_ACTORS_RUN_CONFIG_H
#define TUTTI_ACTORS_RUN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/risk_section.h"
#include "actors/opening_section.h"
#include "actors/sweep_section.h"
#include "base/arena.h"
#include "config/field.h"
#include "config/problems.h"
#include "executors/executor.h"
#include "market/instrument.h"
#include "market/rate.h"
#include "market/tape.h"
#include "market/venues/paper.h"
#include "persistence/store.h"

enum { RUN_EXECUTORS_MAX = 2000000 }; /* In one run. */

enum run_mode { MODE_BACKTEST = 1, MODE_PAPER = 2, MODE_LIVE = 3 };
enum end_policy { END_CLOSE = 1, END_KEEP = 2 };
enum restart_policy { RESTART_RESUME = 1, RESTART_STOP_CLOSE = 2, RESTART_STOP_KEEP = 3 };
extern const struct field_name restart_policy_names[]; /* resume, stop_close, stop_keep */
enum existing_policy { EXISTING_REFUSE = 1, EXISTING_REPLACE = 2, EXISTING_RESUME = 3 };

struct run_section {
    const char *name;
    enum run_mode mode;
    int64_t seed;
    int64_t workers; /* 0: one per processor; a backtest always has none. */
    enum end_policy on_end;
    enum restart_policy on_restart;
    const char *quote_asset; /* NULL: that of the first instrument. */
};

struct fee_section {
    struct decimal maker;
    struct decimal taker;
    int fee_asset_on_buy; /* 1 quote, 2 base */
};

struct venue_section {
    const char *name;
    const char *type;
    struct field_list balances; /* struct field_entry */
    const struct fee_section *fees;
    int64_t latency_ns;
    enum paper_fill_model fill_model;
    enum paper_post_only post_only;
    enum paper_position_mode position_mode;
    const char *url;        /* Remote: of requests; NULL for others. */
    const char *events_url; /* Remote: of events; NULL for others. */
    int64_t recv_window_ns;
    int64_t request_timeout_ns;
    int64_t heartbeat_ns;
    int64_t reconcile_interval_ns;
    bool is_remote; /* By its type. */
};

struct instrument_section {
    const char *trading_pair;
    const char *venue;
    struct decimal tick;
    struct decimal step;
    struct decimal min_order_size;
    struct decimal max_order_size;
    struct decimal min_notional;
    bool is_perpetual;
    struct decimal maintenance_margin;
    struct decimal funding_rate;
    int64_t funding_interval_hours; /* 0: no funding. */
};

/* What an asset is worth in another: fixed, or the mid of an instrument. */
struct rate_section {
    const char *pair;
    struct decimal rate;
    bool has_rate;
    const char *venue;
    const char *trading_pair;
};

struct feed_section {
    const char *type;
    const char *venue;
    const char *trading_pair;
    bool is_live;       /* By its type: the venue's quotes; then it has no files. */
    const char *quotes; /* Exactly one of the three makes the quotes. */
    const char *trades; /* Beside quotes or klines: what resting orders are filled from. */
    const char *klines;
    const char *depth;      /* For the fill models trade and book; NULL: none. */
    const char *cache;      /* Folder for tapes; NULL: beside the source. */
    const char *speed_text; /* "max" or a number. */
    struct decimal speed;   /* Times real time; 0: as fast as it goes. */
};

struct persistence_section {
    const char *type;
    const char *path;
    int durability; /* enum durability, 0: auto, by mode. */
    enum existing_policy existing;
};

struct events_section {
    struct field_list listen;  /* const char * */
    struct field_list origins; /* const char * */
    int64_t performance_interval_ns;
    int64_t wait_for_subscribers;
};

struct tls_section {
    const char *certificate;
    const char *key;
};

struct control_section {
    struct field_list listen;  /* const char * */
    struct field_list http;    /* const char * */
    struct field_list origins; /* const char * */
    struct field_list hosts;   /* const char * */
    const char *secrets;       /* NULL: beside the database. */
    const struct tls_section *tls;
    bool is_insecure;
    bool has_open_metrics;
    int64_t requests_per_second;
};

struct run_file {
    const struct run_section *run;
    struct field_list venues;
    struct field_list instruments;
    struct field_list feeds;
    struct field_list rates;             /* struct rate_section */
    struct field_list initial_positions; /* struct opening_section */
    const struct risk_section *risk;
    const struct persistence_section *persistence;
    const struct events_section *events;
    const struct control_section *control;
    const struct sweep_section *sweep; /* NULL when there is none. */
    struct field_list plugins;         /* const char * */
    const struct node *executors;
};

/* One executor of the run file, validated. */
struct executor_section {
    const struct executor_kind *kind;
    const struct executor_config *config;
};

struct run_config {
    struct arena arena;
    const char *path;        /* In the arena. */
    const struct node *root; /* The tree it was read from. */
    const char *json; /* The whole file as JSON, after ${} replacement; in the arena. NULL when it
                       * was built from a tree. */
    char hash[65];    /* SHA-256 of json, hex; "" without it. */
    struct run_file file;
    struct instrument *instruments; /* In the arena, indexed by instrument index. */
    size_t instrument_count;
    struct rate_table rates;            /* In the arena. */
    const char *quote_asset;            /* In which money is summed. */
    size_t *feed_instruments;           /* Which instrument each feed is for. */
    struct executor_section *executors; /* Owned. */
    size_t executor_count;
    size_t executor_capacity;
    enum durability durability;
};

/* The table of the whole run file, for schema and documents. */
extern const struct field run_file_fields[];

/*
 * Reads and validates a run file. Relative paths inside stay relative to the working directory.
 * ERR_NONE, or ERR_SYNTAX / ERR_NOT_FOUND / ERR_IO / ERR_MEMORY with every problem in `problems`;
 * the config must be given to run_config_done() in both cases.
 */
MUST_USE enum err run_config_load(const char *path, struct run_config *config,
                                  struct problems *problems);
void run_config_done(struct run_config *config);

/* The same for the text of a run file, in YAML (JSON is YAML too); `name` is for messages. */
MUST_USE enum err run_config_read(const char *name, const char *text, size_t length,
                                  struct run_config *config, struct problems *problems);

/* The same for a tree that was read before, for a run without a record: json is not made. `path` is
 * for messages. The tree is borrowed for the life of the config. */
MUST_USE enum err run_config_build(const struct node *root, const char *path,
                                   struct run_config *config, struct problems *problems);

/* The venue with that name, or the number of venues. */
size_t run_config_find_venue(const struct run_config *config, const char *name);

/* Whether any venue of the run is in another process. */
bool run_config_is_remote(const struct run_config *config);

/* The instrument of a venue and pair, or NULL. */
const struct instrument *run_config_find_instrument(const struct run_config *config,
                                                    const char *venue, const char *trading_pair);

/* The file and layout of a feed's quotes. */
const char *feed_section_source(const struct feed_section *feed, enum tape_layout *ret_layout);

#endif
