/*
 * executors/executor.h - the contract between an executor and whoever runs it.
 *
 * An executor is a pure state machine: no thread, no clock, no I/O. The host calls it with the
 * current view of its markets and gets requests back; it tells it what became of the orders. The
 * same calls in the same order give the same requests, in backtest, paper and live.
 *
 * The order of calls at one instant: order events (ledger only, no decision), then a live update,
 * then a stop, then one evaluation. An evaluation with nothing new has no effect.
 *
 * Ownership: the host owns the memory: `state_size` bytes, zeroed, begin with struct executor; the
 * config is borrowed and outlives the executor. The ledger inside grows on the heap; the rest of
 * the state is plain values: it is copied byte by byte, and save() and custom_info() are called on
 * the copy, by another thread.
 *
 * Threads: one executor belongs to one actor.
 */
#ifndef TUTTI_EXECUTORS_EXECUTOR_H
#define TUTTI_EXECUTORS_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "config/field.h"
#include "executors/ledger.h"
#include "market/book_top.h"
#include "market/instrument.h"
#include "market/order.h"
#include "market/target.h"
#include "market/wake.h"

/* Numbers as stored and sent by Hummingbot. */
enum executor_status {
    EXECUTOR_NOT_STARTED = 1,
    EXECUTOR_RUNNING = 2,
    EXECUTOR_SHUTTING_DOWN = 3,
    EXECUTOR_TERMINATED = 4,
};

enum close_type {
    CLOSE_NONE = 0,
    CLOSE_TIME_LIMIT = 1,
    CLOSE_STOP_LOSS = 2,
    CLOSE_TAKE_PROFIT = 3,
    CLOSE_EXPIRED = 4,
    CLOSE_EARLY_STOP = 5,
    CLOSE_TRAILING_STOP = 6,
    CLOSE_INSUFFICIENT_BALANCE = 7,
    CLOSE_FAILED = 8,
    CLOSE_COMPLETED = 9,
    CLOSE_POSITION_HOLD = 10,
};

/* What becomes of what is owned while an executor is SHUTTING_DOWN. */
enum shutdown_mode {
    SHUTDOWN_NONE = 0,
    SHUTDOWN_CLOSE, /* Get rid of what remains. */
    SHUTDOWN_HOLD,  /* Keep it: it goes to the position book. */
    SHUTDOWN_FAIL,  /* Give up: keep it, it goes to the position book as well. */
};

extern const struct field_name executor_status_names[]; /* NOT_STARTED, RUNNING, ... */
extern const struct field_name close_type_names[];      /* TIME_LIMIT, STOP_LOSS, ... */

/* The fields that every executor configuration has, whatever its kind. The config struct of a kind
 * begins with this; its table begins with EXECUTOR_CONFIG_FIELDS. */
struct executor_config {
    const char *id;            /* NULL: the host makes one. */
    const char *type;          /* Tag of the kind. */
    const char *controller_id; /* Default "main". */
    int64_t timestamp_ns;      /* Start of the executor's clock; the host fills it when absent. */
    bool has_timestamp;
    int64_t start_at_ns; /* Run file only: when it is created; absent means at once. */
    bool has_start_at;
    int64_t repeat;      /* Run file only: how many of these are created, default 1. */
    int64_t max_retries; /* >= 0, default 10. */
};

/* One market as an executor sees it at an instant. */
struct market_view {
    const struct instrument *instrument; /* Borrowed. */
    struct decimal bid;
    struct decimal ask;
    /* Borrowed: the levels behind them, for kinds that read the depth of instruments that have
     * one; empty as long as they are not known. NULL: there is none. */
    const struct book_top *depth;
};

struct executor_view {
    int64_t now_ns;
    size_t market_count;
    /* What one unit of the quote asset of market 1 is worth in that of market 0; 0 where they are
     * the same. */
    struct decimal rate;
    struct market_view markets[WAKE_MARKETS_MAX];
};

enum request_kind { REQUEST_PLACE, REQUEST_CANCEL };

/* What an executor asks the venue for. */
struct executor_request {
    enum request_kind kind;
    uint32_t ordinal; /* The order within the executor's ledger, from 1. */
    uint32_t market;  /* Index into the view. */
    enum order_role role;
    enum side side;
    enum order_type type;
    struct decimal amount; /* On the step grid. */
    struct decimal price;  /* On the tick grid; 0 for MARKET. */
    enum time_in_force time_in_force;
    enum position_action action;
    uint32_t leverage; /* Perpetuals; 0 and 1 mean none. */
};

enum { EXECUTOR_REQUESTS_MAX = 64 };

/* Why an order that the plan asks for was not placed. */
enum skip_reason {
    SKIP_NONE = 0,
    SKIP_BOUNDS, /* The market is too far from its price. */
    SKIP_BELOW_MIN_SIZE,
    SKIP_BELOW_MIN_NOTIONAL,
    SKIP_RISK,       /* A limit of the run denied it. */
    SKIP_RETRY_WAIT, /* An order has failed, and the wait is not over. */
    SKIP_BALANCE,    /* The account does not have what the plan needs. */
    SKIP_DEPTH,      /* The book does not have what the whole amount needs. */
};

extern const struct field_name skip_reason_names[]; /* bounds, below_min_size, ... */

/* What was not placed. */
struct executor_skip {
    enum skip_reason reason; /* SKIP_NONE: nothing was held back. */
    uint32_t market;
    enum order_role role;
    enum side side;
    enum order_type type;
    struct decimal amount;
    struct decimal price; /* 0 for MARKET. */
};

/* The requests of one call, in the order in which they were made. */
struct executor_requests {
    size_t count;
    struct executor_skip skip; /* The first that was held back. */
    struct executor_request items[EXECUTOR_REQUESTS_MAX];
};

/* How an order of the executor fared. */
enum order_event_kind {
    ORDER_EVENT_ACKNOWLEDGED,
    ORDER_EVENT_FILL,
    ORDER_EVENT_COMPLETED, /* Every requested unit is filled. */
    ORDER_EVENT_FAILED,    /* Rejected: it was never in the book. */
    ORDER_EVENT_CANCELED,  /* Also expired. */
    /* The venue has closed what the executor owned, all or a part, by an order of its own (a
     * liquidation): the order becomes the executor's, and its fill and its end follow. */
    ORDER_EVENT_ADOPTED,
    /* Nothing is withheld any more: whoever waits for that goes on. Of no order. */
    ORDER_EVENT_RELEASED,
};

struct order_event {
    enum order_event_kind kind;
    uint32_t ordinal;
    /* ORDER_EVENT_FAILED and ORDER_EVENT_CANCELED: a state of risk or a link that is down did it.
     * That is no failure; ORDER_EVENT_RELEASED follows. */
    bool is_withheld;
    uint32_t market;  /* ORDER_EVENT_ADOPTED only. */
    struct fill fill; /* ORDER_EVENT_FILL; of ORDER_EVENT_ADOPTED order, side and amount. */
};

struct executor_kind;

/* The part that all executors share. */
struct executor {
    const struct executor_kind *kind;                       /* Borrowed, static. */
    const struct executor_config *config;                   /* Borrowed. */
    const struct instrument *instruments[WAKE_MARKETS_MAX]; /* Borrowed. */
    int64_t closed_at_ns;                                   /* When RUNNING was left; 0 before. */
    int64_t retry_at_ns; /* Nothing is placed before; 0: there is no wait. */
    int64_t open_at_ns;  /* Nothing that opens is placed before: it was withheld. */
    uint64_t epoch;      /* With the number, what the ids of its orders are made of. */
    uint32_t number;
    uint32_t retries;
    enum executor_status status : 8;
    enum close_type close_type : 8;
    enum shutdown_mode shutdown_mode : 8;
    struct decimal held; /* Exposure handed to the position book at the end. */
    struct decimal dust; /* Left behind because it is too small to trade. */
    struct ledger ledger;
};

/* The figures of an executor with the given view. Money in the quote asset of market 0. */
struct executor_report {
    enum executor_status status;
    enum close_type close_type;
    enum side side; /* 0 when the kind has none. */
    int64_t closed_at_ns;
    struct decimal net_pnl_quote;
    struct decimal net_pnl_pct; /* A fraction: 0.01 is one percent. */
    struct decimal cum_fees_quote;
    struct decimal filled_amount_quote;
    struct decimal held;
    struct decimal dust;
};

/* What an executor may need at most of one asset, to be reserved before it starts. */
struct executor_plan {
    uint32_t market;
    bool is_base;          /* The asset: base of that market, else quote. */
    struct decimal amount; /* In that asset, fees not included. */
};

enum { EXECUTOR_PLANS_MAX = 2 };

/* All of it; it is reserved as a whole or not at all. */
struct executor_plans {
    size_t count;
    struct executor_plan items[EXECUTOR_PLANS_MAX];
};

struct executor_kind {
    const char *type;    /* Tag in YAML, JSON and the database, e.g. "position_executor". */
    const char *summary; /* One sentence for listings. */
    const struct field *config_fields;
    size_t config_size;
    const struct field *update_fields; /* NULL: cannot be updated while it runs. */
    size_t update_size;                /* Of a struct of plain values: it travels by copy. */
    size_t state_size;
    uint32_t market_count;
    bool reads_depth; /* Its views have the depth of their markets. */

    /* Checks what a table cannot say (lists of equal length, start below end). May be NULL. */
    enum err (*validate)(const struct executor_config *config, const char *path,
                         const struct node *node, struct problems *problems);
    /* The connector and the pair of each market, borrowed from the config. */
    void (*market)(const struct executor_config *config, uint32_t market,
                   const char **ret_connector, const char **ret_trading_pair);
    /* What to reserve, given the first view. */
    void (*plan)(const struct executor_config *config, const struct executor_view *view,
                 struct executor_plans *ret_plans);

    /* The most it may open on each market: what the risk engine holds it to, whatever it asks for.
     * NULL: the configuration does not say it. */
    struct target (*target)(const struct executor_config *config);

    /* NOT_STARTED -> RUNNING, or TERMINATED at once. `is_funded`: the plan could be reserved. It
     * asks for nothing, but notes in `requests` what is too small to be placed when it ends of it.
     */
    void (*on_start)(struct executor *executor, const struct executor_view *view, bool is_funded,
                     struct executor_requests *requests);
    /* One evaluation: entry, then barriers; or the shutdown rule. Not when TERMINATED. */
    void (*on_market)(struct executor *executor, const struct executor_view *view,
                      struct executor_requests *requests);
    /* Changes the ledger and counts retries; decides nothing. */
    void (*on_order)(struct executor *executor, const struct order_event *event, int64_t now_ns);
    /* ERR_STATE unless RUNNING. keep_position: hand over what is owned instead of closing it. */
    enum err (*on_stop)(struct executor *executor, const struct executor_view *view,
                        bool keep_position, struct executor_requests *requests);
    /* ERR_STATE or ERR_RANGE when refused; then nothing has changed. May be NULL. */
    enum err (*on_update)(struct executor *executor, const void *update,
                          const struct executor_view *view);
    /* Writes the values that an update changes, as they stand, into an open JSON object. NULL when
     * on_update is. */
    void (*updatable)(const struct executor *executor, struct text *out);
    /* When could on_market act next? */
    void (*wake)(const struct executor *executor, const struct executor_view *view,
                 struct wake *ret_wake);
    void (*report)(const struct executor *executor, const struct executor_view *view,
                   struct executor_report *ret_report);
    /* Writes the members of custom_info into an open JSON object. */
    void (*custom_info)(const struct executor *executor, const struct executor_view *view,
                        struct text *out);
    /* Writes the members that are the kind's own into an open JSON object. */
    void (*save)(const struct executor *executor, struct text *out);
    /* Reads them back. ERR_CORRUPT when something is missing or wrong. */
    enum err (*load)(struct executor *executor, const struct node *node);
};

/* EXECUTOR_CONFIG_FIELDS: the shared head of every config table, e.g.
 * static const struct field fields[] = {EXECUTOR_CONFIG_FIELDS, {.name = "side", ...}, {0}}; */
#define EXECUTOR_CONFIG_FIELDS                                                                     \
    {.name = "id",                                                                                 \
     .kind = FIELD_TEXT,                                                                           \
     .offset = offsetof(struct executor_config, id),                                               \
     .doc = "Unique for ever, at most 63 characters of [A-Za-z0-9_.-]. Made when absent."},        \
        {.name = "type",                                                                           \
         .kind = FIELD_TEXT,                                                                       \
         .offset = offsetof(struct executor_config, type),                                         \
         .is_required = true,                                                                      \
         .doc = "The executor kind."},                                                             \
        {.name = "controller_id",                                                                  \
         .kind = FIELD_TEXT,                                                                       \
         .offset = offsetof(struct executor_config, controller_id),                                \
         .default_text = "main",                                                                   \
         .doc = "Whom positions and performance are booked for."},                                 \
        {.name = "timestamp",                                                                      \
         .kind = FIELD_INSTANT,                                                                    \
         .offset = offsetof(struct executor_config, timestamp_ns),                                 \
         .set_offset = offsetof(struct executor_config, has_timestamp),                            \
         .is_nullable = true,                                                                      \
         .doc = "Start of its clock (time limit, yield). Absent: when it is created."},            \
        {.name = "start_at",                                                                       \
         .kind = FIELD_INSTANT,                                                                    \
         .offset = offsetof(struct executor_config, start_at_ns),                                  \
         .set_offset = offsetof(struct executor_config, has_start_at),                             \
         .is_nullable = true,                                                                      \
         .doc = "When a run creates it. Absent: with the first quote of its market."},             \
        {.name = "repeat",                                                                         \
         .kind = FIELD_INTEGER,                                                                    \
         .offset = offsetof(struct executor_config, repeat),                                       \
         .default_text = "1",                                                                      \
         .min = "1",                                                                               \
         .max = "1000000",                                                                         \
         .doc = "A run creates so many of it, each with an id of its own."},                       \
    {                                                                                              \
        .name = "max_retries", .kind = FIELD_INTEGER,                                              \
        .offset = offsetof(struct executor_config, max_retries), .default_text = "10", .min = "0", \
        .max = "1000000",                                                                          \
        .doc = "Failed orders, foreign cancels and close time-outs that are tolerated."            \
    }

/* Empties `requests` before a call. */
void executor_requests_init(struct executor_requests *requests);

/* Moves the status; asserts that docs/executors has such a transition. */
void executor_set_status(struct executor *executor, enum executor_status status);

/*
 * RUNNING -> SHUTTING_DOWN with a close type and a mode; the close time is now. The caller runs the
 * shutdown rule in the same evaluation.
 */
void executor_leave(struct executor *executor, enum close_type close_type, enum shutdown_mode mode,
                    int64_t now_ns);

/* retries += 1 and the wait of min(2^(retries-1), 30) seconds from now. */
void executor_count_retry(struct executor *executor, int64_t now_ns);

/* A retry wait, or one for what is withheld, holds back every placement. */
bool executor_is_waiting(const struct executor *executor, int64_t now_ns);

/* Whether an order that opens is held back, and when that is over: it adds the time to *wake. */
bool executor_is_waiting_to_open(const struct executor *executor, int64_t now_ns);
void executor_wake_to_open(const struct executor *executor, int64_t now_ns, struct wake *wake);

/* Whether more went wrong than the configuration tolerates. */
bool executor_is_exhausted(const struct executor *executor);

/* Puts an order into the ledger and asks for it. False when the ledger refuses it (no memory, too
 * many orders): then nothing has changed and the executor has to give up. */
MUST_USE bool executor_place(struct executor *executor, const struct order_draft *draft,
                             int64_t now_ns, struct executor_requests *requests);

/* Notes that the order is not placed, and why. The first note of a call stays; an amount that is
 * not > 0 is no order and leaves none. */
void executor_skip(struct executor_requests *requests, const struct order_draft *draft,
                   enum skip_reason reason);

/* The same for an order that instrument_is_tradable() refuses: below its size or its notional. */
void executor_skip_small(const struct executor *executor, struct executor_requests *requests,
                         const struct order_draft *draft);

/* Asks for the cancel of a live order and notes when. */
void executor_cancel(struct ledger_order *order, int64_t now_ns,
                     struct executor_requests *requests);

/*
 * The on_order of every kind: fills and states go to the ledger; a failed order and a cancel that
 * the executor never asked for count a retry. What is withheld counts none: everything waits until
 * it is released, five minutes at most, or only what opens when only that was withheld. Of an
 * executor of two markets it does count: one of them may stand open meanwhile, and that must come
 * to an end. An event of an order that has ended changes nothing
 * but its fills; an adopted order ends the plan: a RUNNING executor is SHUTTING_DOWN as FAILED
 * then, and closes what the venue has left. One of an order that is not in the ledger changes
 * nothing at all (the caller books such a fill elsewhere).
 */
void executor_on_order(struct executor *executor, const struct order_event *event, int64_t now_ns);

/* Writes everything needed to go on later as one JSON object, the kind's members included. */
void executor_save(const struct executor *executor, struct text *out);

/* The same with those orders only that have changed since executor_forget_changes(): one such
 * object after another says what executor_save() would, and a long life costs no more than a short
 * one. Returns where in `out` the orders begin: what stands before is everything else. */
size_t executor_save_changes(const struct executor *executor, struct text *out);

/* What executor_save_changes() wrote is kept somewhere. */
void executor_forget_changes(struct executor *executor);

/*
 * Restores what executor_save() wrote into an executor that executor_init() has set up and that
 * was not started. Of several objects that executor_save_changes() wrote, executor_load_orders()
 * takes in all but the last, from the first on. Errors: ERR_CORRUPT, ERR_VERSION, ERR_MEMORY; then
 * it must not be used, only given to executor_done().
 */
MUST_USE enum err executor_load(struct executor *executor, const struct node *node);
MUST_USE enum err executor_load_orders(struct executor *executor, const struct node *node);

/* Sets up zeroed memory of kind->state_size bytes. instruments: kind->market_count of them. */
void executor_init(struct executor *executor, const struct executor_kind *kind,
                   const struct executor_config *config,
                   const struct instrument *const instruments[WAKE_MARKETS_MAX]);

/* Says what the ids of the orders that it places from now on are made of; 0 and 0 when nobody does.
 * What was placed in another start keeps the ids of that one; the number stays. */
void executor_identify(struct executor *executor, uint64_t epoch, uint32_t number);

/* The client order id of an order of its ledger. */
struct order_id executor_order_id(const struct executor *executor, uint32_t ordinal);

/* Frees the ledger. The memory itself belongs to the caller. */
void executor_done(struct executor *executor);

#endif
