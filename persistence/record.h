/*
 * persistence/record.h - one thing that happened, as the journal keeps it and the events tell it.
 *
 * The orchestrator numbers records without gaps; the store writes each to the journal and derives
 * the tables from it in the same transaction; the publisher sends it as an event. The JSON is made
 * once (persistence/event.h) and serves both.
 *
 * Ownership: text members are borrowed. record_pack() copies a record and its texts into one block
 * so that it can travel in a message.
 * Threads: values only.
 */
#ifndef TUTTI_PERSISTENCE_RECORD_H
#define TUTTI_PERSISTENCE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "market/order.h"
#include "market/performance.h"

/* X(ENUM, "type" of the event). The topic is the type. */
#define RECORD_KINDS(X)                                                                            \
    X(RUN_STARTED, "run.started")                                                                  \
    X(RUN_RECOVERED, "run.recovered")                                                              \
    X(RUN_STOPPED, "run.stopped")                                                                  \
    X(RUN_DEGRADED, "run.degraded")                                                                \
    X(RUN_RESTORED, "run.restored")                                                                \
    X(ACTION_ACCEPTED, "action.accepted")                                                          \
    X(ACTION_REJECTED, "action.rejected")                                                          \
    X(ACTION_COMPLETED, "action.completed")                                                        \
    X(EXECUTOR_CREATED, "executor.created")                                                        \
    X(EXECUTOR_STARTED, "executor.started")                                                        \
    X(EXECUTOR_UPDATED, "executor.updated")                                                        \
    X(EXECUTOR_STOPPING, "executor.stopping")                                                      \
    X(EXECUTOR_TERMINATED, "executor.terminated")                                                  \
    X(EXECUTOR_FAILED, "executor.failed")                                                          \
    X(EXECUTOR_SKIPPED, "executor.skipped")                                                        \
    X(ORDER_SUBMITTED, "order.submitted")                                                          \
    X(ORDER_ACCEPTED, "order.accepted")                                                            \
    X(ORDER_REJECTED, "order.rejected")                                                            \
    X(ORDER_PARTIALLY_FILLED, "order.partially_filled")                                            \
    X(ORDER_FILLED, "order.filled")                                                                \
    X(ORDER_CANCEL_REQUESTED, "order.cancel_requested")                                            \
    X(ORDER_CANCELED, "order.canceled")                                                            \
    X(ORDER_EXPIRED, "order.expired")                                                              \
    X(ORDER_UNKNOWN, "order.unknown")                                                              \
    X(FILL, "fill")                                                                                \
    X(POSITION, "position")                                                                        \
    X(PERFORMANCE, "performance")                                                                  \
    X(RISK_DENIED, "risk.denied")                                                                  \
    X(RISK_STATE, "risk.state")                                                                    \
    X(VENUE_CONNECTED, "venue.connected")                                                          \
    X(VENUE_DISCONNECTED, "venue.disconnected")                                                    \
    X(VENUE_RECONCILED, "venue.reconciled")

enum record_kind {
#define RECORD_ENUM(name, type) RECORD_##name,
    RECORD_KINDS(RECORD_ENUM)
#undef RECORD_ENUM
        RECORD_KIND_COUNT,
};

/* The event type of a kind, e.g. "order.filled", and back (RECORD_KIND_COUNT when unknown). */
const char *record_kind_type(enum record_kind kind);
enum record_kind record_kind_find(const char *type);

/* RUN_STARTED, RUN_STOPPED, RUN_DEGRADED, RUN_RESTORED. */
struct record_run {
    const char *name;
    const char *mode;        /* backtest, paper, live */
    const char *config;      /* The run file as JSON; started only, else NULL. */
    const char *config_hash; /* SHA-256 in hex. */
    const char *version;
    const char *reason; /* stopped: end_of_feed, signal, shutdown, ... ; degraded: what and why. */
    int64_t seed;
};

/* ACTION_*: the request as it came and the answer. */
struct record_action {
    const char *action_id;
    const char *action; /* create_executor, stop_executor, ... */
    const char *code;   /* Reason code, "" when accepted. */
    const char *message;
    const char *request; /* JSON. */
};

/* EXECUTOR_*. */
struct record_executor {
    const char *type;
    const char *connector_name;
    const char *trading_pair;
    const char *config;      /* JSON; created only, else NULL. */
    const char *state;       /* JSON of executor_save(); NULL when unchanged. */
    const char *custom_info; /* JSON object; NULL for created. */
    const char *reason;      /* skipped, failed: reason code; updated: old and new as JSON. */
    int side;                /* enum side, 0: none. */
    int status;              /* enum executor_status */
    int close_type;          /* enum close_type, 0: none. */
    struct decimal net_pnl_quote;
    struct decimal net_pnl_pct;
    struct decimal cum_fees_quote;
    struct decimal filled_amount_quote;
    int64_t closed_at_ns; /* 0: not closed. */
};

/* ORDER_*: the whole order as it stands after the event. */
struct record_order {
    struct order_id id;
    const char *exchange_order_id; /* "" while unknown. */
    const char *venue;
    const char *trading_pair;
    const char *reason; /* rejected, canceled: why; else "". */
    enum order_role role;
    enum side side;
    enum order_type type;
    enum order_state state;
    struct decimal amount;
    struct decimal price; /* 0 for MARKET. */
    struct decimal executed_base;
    struct decimal executed_quote;
    struct decimal fee_quote;
    int64_t created_at_ns;
};

/* FILL. */
struct record_fill {
    struct fill fill;
    const char *venue;
    const char *account;
    const char *trading_pair;
    const char *fee_asset;
    struct decimal position_after; /* Signed amount of the position it was booked on. */
};

/* POSITION. */
struct record_position {
    const char *venue;
    const char *trading_pair;
    int side; /* 0: netted. */
    struct decimal amount;
    struct decimal average_price;
    struct decimal realized_pnl_quote;
    struct decimal unrealized_pnl_quote;
    struct decimal fees_quote;
    struct decimal volume_quote;
};

/* RISK_*, VENUE_*. */
struct record_note {
    const char *scope; /* global, a controller, a venue. */
    const char *code;  /* Reason code or state. */
    const char *text;
    struct decimal limit;
    struct decimal value;
};

struct record {
    uint64_t seq; /* From 1, without gaps. */
    int64_t ts_ns;
    enum record_kind kind;
    const char *controller_id; /* "" when it concerns none. */
    const char *executor_id;   /* "" when it concerns none. */
    union {
        struct record_run run;
        struct record_action action;
        struct record_executor executor;
        struct record_order order;
        struct record_fill fill;
        struct record_position position;
        struct performance_report performance;
        struct record_note note;
    } data;
};

/* Bytes record_pack() needs for the record and its texts. */
size_t record_packed_size(const struct record *record);

/* Copies record and texts into `memory` (aligned for struct record, at least that many bytes); the
 * copy's texts point into the same block. Returns the copy. NULL texts stay NULL. */
struct record *record_pack(const struct record *record, void *memory);

#endif
