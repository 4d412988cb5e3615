/*
 * persistence/record.h - one thing that happened, as the journal keeps it and the events tell it.
 *
 * The orchestrator numbers records without gaps; the store writes each to the journal and derives
 * the tables from it in the same transaction; the publisher sends it as an event. The JSON is made
 * once (persistence/event.h) and serves both.
 *
 * Ownership: text members are borrowed. record_pack() copies a record and its texts into one block
 * so that it can travel in a message. Names of things (of venues, pairs, assets, controllers,
 * executors and their types) may stay where they are: see has_lasting_names.
 * Threads: values only.
 */
#ifndef TUTTI_PERSISTENCE_RECORD_H
#define TUTTI_PERSISTENCE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "market/order.h"
#include "market/performance.h"

/* X(ENUM, "type" of the event, member of the data union). The topic is the type. */
#define RECORD_KINDS(X)                                        \
    X(RUN_STARTED, "run.started", RUN)                         \
    X(RUN_RECOVERED, "run.recovered", RUN)                     \
    X(RUN_STOPPED, "run.stopped", RUN)                         \
    X(RUN_DEGRADED, "run.degraded", RUN)                       \
    X(RUN_RESTORED, "run.restored", RUN)                       \
    X(ACTION_ACCEPTED, "action.accepted", ACTION)              \
    X(ACTION_REJECTED, "action.rejected", ACTION)              \
    X(ACTION_COMPLETED, "action.completed", ACTION)            \
    X(EXECUTOR_CREATED, "executor.created", EXECUTOR)          \
    X(EXECUTOR_STARTED, "executor.started", EXECUTOR)          \
    X(EXECUTOR_UPDATED, "executor.updated", EXECUTOR)          \
    X(EXECUTOR_STOPPING, "executor.stopping", EXECUTOR)        \
    X(EXECUTOR_TERMINATED, "executor.terminated", EXECUTOR)    \
    X(EXECUTOR_FAILED, "executor.failed", EXECUTOR)            \
    X(EXECUTOR_SKIPPED, "executor.skipped", SKIP)              \
    X(ORDER_SUBMITTED, "order.submitted", ORDER)               \
    X(ORDER_ACCEPTED, "order.accepted", ORDER)                 \
    X(ORDER_REJECTED, "order.rejected", ORDER)                 \
    X(ORDER_PARTIALLY_FILLED, "order.partially_filled", ORDER) \
    X(ORDER_FILLED, "order.filled", ORDER)                     \
    X(ORDER_CANCEL_REQUESTED, "order.cancel_requested", ORDER) \
    X(ORDER_CANCELED, "order.canceled", ORDER)                 \
    X(ORDER_EXPIRED, "order.expired", ORDER)                   \
    X(ORDER_UNKNOWN, "order.unknown", ORDER)                   \
    X(FILL, "fill", FILL)                                      \
    X(POSITION, "position", POSITION)                          \
    X(POSITION_OPENED, "position.opened", POSITION)            \
    X(FUNDING, "funding", FUNDING)                             \
    X(LIQUIDATION, "liquidation", LIQUIDATION)                 \
    X(RATE, "rate", RATE)                                      \
    X(PERFORMANCE, "performance", PERFORMANCE)                 \
    X(RISK_DENIED, "risk.denied", NOTE)                        \
    X(RISK_STATE, "risk.state", NOTE)                          \
    X(RISK_PEAK, "risk.peak", NOTE)                            \
    X(RISK_DAY, "risk.day", NOTE)                              \
    X(VENUE_CONNECTED, "venue.connected", NOTE)                \
    X(VENUE_DISCONNECTED, "venue.disconnected", NOTE)          \
    X(VENUE_RECONCILED, "venue.reconciled", NOTE)

enum record_kind {
#define RECORD_ENUM(name, type, data) RECORD_##name,
    RECORD_KINDS(RECORD_ENUM)
#undef RECORD_ENUM
        RECORD_KIND_COUNT,
};

/* Which member of the data union a kind uses. */
enum record_data {
    RECORD_DATA_RUN,
    RECORD_DATA_ACTION,
    RECORD_DATA_EXECUTOR,
    RECORD_DATA_SKIP,
    RECORD_DATA_ORDER,
    RECORD_DATA_FILL,
    RECORD_DATA_POSITION,
    RECORD_DATA_FUNDING,
    RECORD_DATA_LIQUIDATION,
    RECORD_DATA_RATE,
    RECORD_DATA_PERFORMANCE,
    RECORD_DATA_NOTE,
};

/* The event type of a kind, e.g. "order.filled", and back (RECORD_KIND_COUNT when unknown). */
const char *record_kind_type(enum record_kind kind);
enum record_kind record_kind_find(const char *type);

enum record_data record_kind_data(enum record_kind kind);

/* Names of the numbers in struct record_executor, e.g. "RUNNING" and "STOP_LOSS"; NULL for 0 and
 * for a number without a name. The enums themselves belong to executors/, a layer this one does
 * not know; a conformance test holds both lists side by side. */
const char *record_status_name(int status);
const char *record_close_type_name(int close_type);

/* BUY, SELL, or NET for a netted position (0). */
const char *record_position_side_name(int side);

/* RUN_*. Members of other kinds than named are left NULL or 0. */
struct record_run {
    const char *name;
    const char *mode;        /* backtest, paper, live */
    const char *config;      /* The run file as JSON; started only, else NULL. */
    const char *config_hash; /* SHA-256 in hex. */
    const char *version;
    const char *reason;  /* stopped: end_of_feed, signal, shutdown, ...; degraded: what and why. */
    const char *subject; /* degraded, restored: store, venue, executor or actor. */
    const char *effect;  /* degraded, restored: what that means for trading. */
    const char *actor;   /* stopped: who asked for it: actors/origin.h; "": nobody. */
    int64_t seed;
    int64_t since_ns;           /* degraded, restored: since when. */
    uint64_t executors_resumed; /* recovered. */
    uint64_t orders_reconciled; /* recovered. */
    uint64_t fills_found;       /* recovered: fills that the venue had and the journal had not. */
};

/* ACTION_*: the request as it came and the answer. */
struct record_action {
    const char *action_id;
    const char *action; /* create_executor, stop_executor, ... */
    const char *code;   /* Reason code, "" when accepted. */
    const char *message;
    const char *request; /* JSON; NULL when the answer before has it (completed). */
    const char *actor;   /* Who asked: actors/origin.h; NULL when the answer before says it. */
};

/* EXECUTOR_*. */
struct record_executor {
    const char *type;
    const char *connector_name;
    const char *trading_pair;
    const char *config;      /* JSON; created only, else NULL. */
    const char *reserved;    /* Created: what its plan has set aside, by market, as JSON
                              * [["quote","base"],...]; NULL: its plan could not be reserved. */
    const char *state;       /* JSON of executor_save_changes(); NULL: none. */
    const char *custom_info; /* JSON object; NULL for created. */
    const char *reason;      /* failed: reason code; updated: old and new as JSON. */
    void *copy; /* What state and custom_info are made of before a store sees the record, while they
                 * are NULL: bytes that travel with it; else NULL. */
    size_t copy_size; /* A multiple of the alignment of struct record. */
    int side;         /* enum side, 0: none. */
    int status;       /* enum executor_status */
    int close_type;   /* enum close_type, 0: none. */
    struct decimal net_pnl_quote;
    struct decimal net_pnl_pct;
    struct decimal cum_fees_quote;
    struct decimal filled_amount_quote;
    int64_t closed_at_ns; /* 0: not closed. */
    int64_t origin; /* Created: its place among the run file's executors, from 1; 0: an action's. */
};

/* EXECUTOR_SKIPPED: an order that its plan asks for and that was not placed. */
struct record_skip {
    const char *type;
    const char *connector_name;
    const char *trading_pair;
    const char *reason; /* bounds, below_min_size, ... */
    enum order_role role;
    enum side side;        /* 0: the plan as a whole, which may have none. */
    enum order_type kind;  /* 0: the same. */
    struct decimal amount; /* Base; of a plan in what it is reserved in. */
    struct decimal price;  /* 0 for MARKET. */
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
    enum time_in_force time_in_force;
    enum position_action action;
    uint32_t leverage; /* 0 and 1: none. */
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
    struct decimal funding_quote;
    struct decimal volume_quote;
};

/* FUNDING: a controller's part of a payment for a perpetual position. */
struct record_funding {
    const char *venue;
    const char *trading_pair;
    int side; /* 0: a netted position. */
    int64_t due_ns;
    struct decimal rate;
    struct decimal position; /* Signed amount that it was paid for. */
    struct decimal amount;   /* Signed, in quote: positive is received. */
};

/* RATE: what an asset is worth in the one that money is summed in, when it has changed since it was
 * told; performance reports after it count with it. */
struct record_rate {
    const char *asset;
    const char *quote_asset;
    struct decimal rate;
};

/* LIQUIDATION: the venue closes a position by an order of its own; fills follow. */
struct record_liquidation {
    const char *venue;
    const char *trading_pair;
    const char *reason;
    struct order_id order; /* The venue's. */
    int position_side;     /* 0: a netted position. */
    enum side side;        /* Of the order. */
    struct decimal amount;
    struct decimal price; /* The mark it was decided at. */
};

/* RISK_*, VENUE_*. RISK_PEAK: the result of the scope from which a fall is measured; RISK_DAY: the
 * result with which its day began: both are `value`, and what a restart goes on from. */
struct record_note {
    const char *scope; /* global, a controller, a venue. */
    const char *code;  /* Reason code or state. */
    const char *text;
    const char *before; /* RISK_STATE: the state that it replaces; else NULL. */
    const char *actor;  /* RISK_STATE: who set it; else NULL. */
    struct decimal limit;
    struct decimal value;
};

struct record {
    uint64_t seq; /* From 1, without gaps. */
    int64_t ts_ns;
    enum record_kind kind;
    const char *controller_id; /* "" when it concerns none. */
    const char *executor_id;   /* "" when it concerns none. */
    bool has_more; /* The next record belongs to the same change: never commit between them. */
    /* Its names outlive every copy of it: record_pack() leaves them where they are. */
    bool has_lasting_names;
    union {
        struct record_run run;
        struct record_action action;
        struct record_executor executor;
        struct record_skip skip;
        struct record_order order;
        struct record_fill fill;
        struct record_position position;
        struct record_funding funding;
        struct record_rate rate;
        struct record_liquidation liquidation;
        struct performance_report performance;
        struct record_note note;
    } data;
};

/* The head of a record whose names last. The data is for the caller to assign, as a member: to
 * clear the whole union of each record is more work than to fill the member in. */
static inline void record_begin(struct record *record, enum record_kind kind,
                                const char *controller_id, const char *executor_id)
{
    record->seq = 0;
    record->ts_ns = 0;
    record->kind = kind;
    record->controller_id = controller_id;
    record->executor_id = executor_id;
    record->has_more = false;
    record->has_lasting_names = true;
}

/* The client order id that an ORDER_* or a FILL concerns; "" for all other kinds. Returns `out`. */
const char *record_client_order_id(const struct record *record, char out[ORDER_ID_TEXT_MAX]);

/* Bytes record_pack() needs for the record and what goes along with it. */
size_t record_packed_size(const struct record *record);

/* Copies record, texts and the copy of an executor into `memory` (aligned for struct record), where
 * it begins: no more of the record than the member of the union that its kind uses, so it is never
 * to be assigned as a whole. What it points to lies in the same block; elsewhere are only lasting
 * names and the empty text. NULL texts stay NULL. Returns its size, or 0 when that is more than
 * `room`; what the memory holds is then undefined. */
MUST_USE size_t record_pack(const struct record *record, void *memory, size_t room);

#endif
