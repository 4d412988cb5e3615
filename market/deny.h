/*
 * market/deny.h - why the risk engine refuses: one list of codes, each with its meaning.
 *
 * Codes are stable: they are stored, sent and counted. A code that is not used any more stays
 * reserved. docs/risk.md is generated from this list.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_MARKET_DENY_H
#define TUTTI_MARKET_DENY_H

#include <stdbool.h>

/*
 * X(ENUM, "code", "what sets the limit", "one sentence"). To add a code: a line here, its check in
 * market/risk_check.c, and a row in tests/integration/test_deny_paths.c, which plays it at the
 * limit and one beyond on every path by which an order comes.
 */
#define DENY_CODES(X)                                                                             \
    X(RISK_HALTED, "risk_halted", "the state HALTED",                                             \
      "Nothing but cancels leaves while the scope is HALTED; no executor is created.")            \
    X(RISK_REDUCING, "risk_reducing", "the state REDUCING",                                       \
      "The order would not reduce what its executor or its controller owns; no executor is "      \
      "created.")                                                                                 \
    X(VENUE_DISCONNECTED, "venue_disconnected", "always", "The link to the venue is down.")       \
    X(VENUE_RECONCILING, "venue_reconciling", "always",                                           \
      "What happened at the venue while nobody listened is not known yet.")                       \
    X(DUPLICATE_ORDER, "duplicate_order", "always",                                               \
      "An order with this client order id was placed already.")                                   \
    X(AMOUNT_OFF_STEP, "amount_off_step", "instruments[].step",                                   \
      "The amount is not above 0 or no multiple of the instrument's step.")                       \
    X(PRICE_OFF_TICK, "price_off_tick", "instruments[].tick",                                     \
      "The price is not above 0 or no multiple of the instrument's tick.")                        \
    X(MIN_ORDER_SIZE, "min_order_size", "instruments[].min_order_size",                           \
      "The amount is below the venue's smallest.")                                                \
    X(MAX_ORDER_SIZE, "max_order_size", "instruments[].max_order_size",                           \
      "The amount is above the venue's largest.")                                                 \
    X(MIN_NOTIONAL, "min_notional", "instruments[].min_notional",                                 \
      "Price times amount is below the venue's smallest.")                                        \
    X(STALE_PRICE, "stale_price", "max_price_age",                                                \
      "There is no reference price, or it is too old to judge or to send an order by.")           \
    X(PRICE_COLLAR, "price_collar", "price_collar",                                               \
      "The price is too far from the reference price, the middle of bid and ask.")                \
    X(MAX_ORDER_QUANTITY, "max_order_quantity", "max_order_quantity",                             \
      "The amount is above the largest allowed.")                                                 \
    X(MAX_ORDER_NOTIONAL, "max_order_notional", "max_order_notional",                             \
      "Price times amount is above the largest allowed.")                                         \
    X(TARGET_EXCEEDED, "target_exceeded", "executor.target_tolerance",                            \
      "What the executor opened and has in the market would be more than its configuration asks " \
      "for.")                                                                                     \
    X(SELF_TRADE, "self_trade", "self_trade",                                                     \
      "The order would meet an opposite resting order of the same account.")                      \
    X(MAX_OPEN_ORDERS, "max_open_orders", "max_open_orders",                                      \
      "There are as many live orders as allowed.")                                                \
    X(MAX_POSITION, "max_position", "max_position",                                               \
      "The position of the instrument could become larger than allowed when all live orders of "  \
      "one side fill.")                                                                           \
    X(MAX_EXPOSURE, "max_exposure", "max_exposure_quote",                                         \
      "The positions of the scope could be worth more than allowed when all live orders of one "  \
      "side fill.")                                                                               \
    X(ORDER_RATE, "order_rate", "max_orders_per_second", "More orders in a second than allowed.") \
    X(OVERFLOW, "overflow", "always", "A figure of the check left the range of decimals.")        \
    X(MAX_EXECUTORS, "max_executors", "max_executors",                                            \
      "There are as many active executors as allowed; the new one is not created.")

enum deny_code {
    DENY_NONE = 0,
#define DENY_ENUM(name, code, setting, doc) DENY_##name,
    DENY_CODES(DENY_ENUM)
#undef DENY_ENUM
        DENY_CODE_COUNT,
};

/* The stable text of a code, e.g. "max_order_notional"; "" for DENY_NONE. */
const char *deny_name(enum deny_code code);

/* The code of that text; DENY_NONE when it is none. */
enum deny_code deny_find(const char *name);

/* Whether a state of risk or a link that is down holds the order back: no fault of the executor
 * that asked, and over when somebody resumes or the venue is there again. */
bool deny_is_withheld(enum deny_code code);

/* What its limit is set by: a field of the run file, or a word. */
const char *deny_setting(enum deny_code code);

/* One sentence for a person. */
const char *deny_doc(enum deny_code code);

#endif
