/*
 * market/wire.h - what a venue in another process and its clients say to each other.
 *
 * Three kinds of messages, each one JSON object with a field table that reads, checks and prints
 * it: a request, its answer, and an event that nobody asked for. docs/venue-protocol.md tells how
 * they are used. Unknown keys, loose numbers and other versions are refused.
 *
 * Two clocks: clock_ns is the venue's own clock, by which requests grow too old; time_ns is market
 * time, which for a replayed tape is the tape's.
 *
 * Ownership: texts of a parsed message live in the arena it was parsed into; those of a message
 * that is printed are borrowed.
 * Threads: pure.
 */
#ifndef TUTTI_MARKET_WIRE_H
#define TUTTI_MARKET_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "config/field.h"
#include "market/instrument.h"
#include "market/venue.h"

enum {
    WIRE_VERSION = 1,
    WIRE_TRADES_MAX = 500,          /* In one answer; a client asks again behind the last one. */
    WIRE_OPEN_ORDERS_MAX = 1000,    /* The same; orders come in the order of their first arrival. */
    WIRE_ARENA_BYTES_MAX = 8 << 20, /* Of one parsed message. */
    WIRE_DEPTH_MAX = 8,
};

enum wire_request_kind {
    WIRE_TIME = 1, /* The venue's clock; also: are you there? */
    WIRE_SUBMIT,
    WIRE_CANCEL,
    WIRE_QUERY,
    WIRE_OPEN_ORDERS,
    WIRE_TRADES,
    WIRE_BALANCES,
    WIRE_POSITIONS,
};

enum wire_code {
    WIRE_OK = 1,
    WIRE_DUPLICATE,    /* Submit: the id was used before; `order` says how that order stands. */
    WIRE_LATE,         /* It came after its window: not carried out, and never will be. */
    WIRE_RATE_LIMITED, /* Not carried out; wait retry_after_ms. */
    WIRE_SERVER_ERROR, /* It may have been carried out or not. */
    WIRE_NOT_FOUND,    /* No order has this client order id. */
    WIRE_REFUSED,      /* Not carried out; message says why. */
    WIRE_BAD_REQUEST,  /* It cannot be read. */
};

enum wire_event_kind {
    WIRE_HEARTBEAT = 1, /* Only time passed. */
    WIRE_QUOTE,
    WIRE_ORDER, /* An order changed its state. */
    WIRE_TRADE, /* An order was filled. */
};

/* An order: without state as it is submitted, with state as the venue knows it. */
struct wire_order {
    const char *client_order_id;
    const char *trading_pair;
    enum side side;
    enum order_type type;
    struct decimal amount;
    struct decimal price; /* 0 for MARKET. */
    enum time_in_force time_in_force;
    enum position_action action;
    int64_t leverage;
    enum order_state state;
    struct decimal executed_base;
    const char *reason; /* Why it was rejected or canceled; "" else. */
};

/* One fill. Trades are numbered 1, 2, 3, ... over the life of the venue; the id of a trade is its
 * number. */
struct wire_trade {
    int64_t number;
    const char *client_order_id;
    const char *trading_pair;
    enum side side;
    struct decimal price;
    struct decimal amount;
    struct decimal fee;
    const char *fee_asset;
    enum liquidity liquidity;
    int64_t time_ns;
};

struct wire_quote {
    const char *trading_pair;
    struct decimal bid;
    struct decimal ask;
};

struct wire_balance {
    const char *asset;
    struct decimal total;
    struct decimal reserved;
};

struct wire_position {
    const char *trading_pair;
    enum side side; /* 0: netted. */
    struct decimal amount;
    struct decimal average_price;
};

struct wire_request {
    int64_t version;
    int64_t id; /* Chosen by the client; the answer has it. */
    enum wire_request_kind kind;
    int64_t clock_ns;       /* The venue's clock as the client estimates it, when it was sent. */
    int64_t recv_window_ms; /* Submit, cancel: carried out only when it arrives so soon. */
    const struct wire_order *order; /* Submit; else NULL. */
    const char *client_order_id;    /* Cancel, query; else NULL. */
    int64_t after; /* Trades: behind this number. Open orders: as an answer's `next`; 0 at first. */
};

struct wire_answer {
    int64_t version;
    int64_t id;
    enum wire_code code;
    const char *message; /* For a person; "" when all is well. */
    int64_t retry_after_ms;
    int64_t clock_ns;
    int64_t time_ns;
    int64_t seq;                    /* Of the newest event before this answer. */
    int64_t last_trade;             /* Number of the newest trade before this answer. */
    const struct wire_order *order; /* Submit, query, and a cancel that was taken. */
    struct field_list orders;       /* struct wire_order */
    struct field_list trades;       /* struct wire_trade */
    struct field_list balances;     /* struct wire_balance */
    struct field_list positions;    /* struct wire_position */
    int64_t next; /* Orders, trades: there are more; ask for those after this. 0: there are none. */
};

/*
 * Orders and trades count: each has the number after the one before it. A quote and a heartbeat do
 * not; they carry the number of the newest that does, so that whoever missed one notices.
 */
struct wire_event {
    int64_t version;
    int64_t seq;
    enum wire_event_kind kind;
    int64_t clock_ns;
    int64_t time_ns;
    const struct wire_order *order;
    const struct wire_trade *trade;
    const struct wire_quote *quote;
};

/* The tables, for documents. */
extern const struct field wire_request_fields[];
extern const struct field wire_answer_fields[];
extern const struct field wire_event_fields[];

extern const struct field_name wire_code_names[];

/* Writes the message; its version is filled in. */
void wire_print_request(const struct wire_request *request, struct text *out);
void wire_print_answer(const struct wire_answer *answer, struct text *out);
void wire_print_event(const struct wire_event *event, struct text *out);

/* Read a message. Errors with words in *failure: ERR_SYNTAX, ERR_LIMIT, ERR_MEMORY. */
MUST_USE enum err wire_parse_request(const char *bytes, size_t size, struct arena *arena,
                                     struct wire_request *ret_request, struct failure *failure);
MUST_USE enum err wire_parse_answer(const char *bytes, size_t size, struct arena *arena,
                                    struct wire_answer *ret_answer, struct failure *failure);
MUST_USE enum err wire_parse_event(const char *bytes, size_t size, struct arena *arena,
                                   struct wire_event *ret_event, struct failure *failure);

/* The instruments of one venue, by which the names on the wire are understood. */
struct wire_market {
    const struct instrument *instruments; /* Borrowed: the run's table. */
    size_t count;
    uint32_t venue;
};

/* The instrument of a pair, or NULL when this venue has none of that name. */
const struct instrument *wire_find_instrument(const struct wire_market *market,
                                              const char *trading_pair);

/* A ticket as it is submitted; `id` keeps its printed client order id. */
struct wire_order wire_order_of_ticket(const struct order_ticket *ticket,
                                       const struct instrument *instrument,
                                       char id[ORDER_ID_TEXT_MAX]);

/* And back. ERR_NOT_FOUND for a pair that the market has not, ERR_SYNTAX for a client order id of a
 * foreign form, ERR_RANGE. */
MUST_USE enum err wire_ticket_of_order(const struct wire_order *order,
                                       const struct wire_market *market,
                                       struct order_ticket *ret_ticket);

/* The number that a trade id of this protocol is; 0 for any other text. */
uint64_t wire_trade_number(const char *trade_id);

/* A fill as it is told; `id` keeps its printed client order id. */
struct wire_trade wire_trade_of_fill(const struct fill *fill, const struct instrument *instrument,
                                     int64_t number, char id[ORDER_ID_TEXT_MAX]);

/* And back. Errors as above. */
MUST_USE enum err wire_fill_of_trade(const struct wire_trade *trade,
                                     const struct wire_market *market, struct fill *ret_fill);

#endif
