/*
 * executors/pairing.h - what executors share that trade one asset on two markets at once.
 *
 * Market 0 is where the asset is bought, market 1 where it is sold. What was bought minus what was
 * sold, over both markets and before fees, is the exposure: the executor's purpose is to have none.
 * A fee taken in base is a cost; it is in the fees and not in the exposure.
 *
 * Money is counted in the quote asset of the buying market; what is in another quote asset on the
 * selling one is worth what the rate of the moment says, and of a pairing that has ended that of
 * its end.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_PAIRING_H
#define TUTTI_EXECUTORS_PAIRING_H

#include "executors/executor.h"
#include "executors/shutdown.h"
#include "market/quote.h"

enum { PAIRING_BUYING = 0, PAIRING_SELLING = 1, PAIRING_MARKETS = 2 };

/* One of the two markets. */
struct pairing_market {
    const char *connector_name;
    const char *trading_pair;
    struct decimal fee; /* Fraction of the notional that the venue takes. */
    bool has_fee;       /* false: it is the instrument's. */
};

struct pairing_config {
    struct executor_config common;
    const struct pairing_market *buying_market;
    const struct pairing_market *selling_market;
    struct decimal order_amount; /* Base. */
    struct decimal min_profitability;
};

/* The fills of one market, in its own quote asset. An overflow makes a sum invalid and stays in it.
 */
struct pairing_sum {
    struct decimal bought; /* Base, before fees. */
    struct decimal bought_quote;
    struct decimal sold;
    struct decimal sold_quote;
    struct decimal fees;     /* All of them, in quote. */
    struct decimal fee_base; /* Taken in base. */
};

struct pairing {
    struct executor executor;
    struct pairing_sum sums[PAIRING_MARKETS];
    struct quote final[PAIRING_MARKETS]; /* The markets when it ended: the figures stay those. */
    struct decimal final_rate;
};

/* Both markets and the result at one instant; of a pairing that has TERMINATED at its end. */
struct pairing_moment {
    int64_t now_ns;
    struct decimal bid[PAIRING_MARKETS];
    struct decimal ask[PAIRING_MARKETS];
    /* What is paid for what the buying market lacks, got for what the selling one lacks: the price
     * of that whole amount, in the quote asset of its market (executors/depth.h). Invalid where the
     * depth does not suffice. */
    struct decimal whole[PAIRING_MARKETS];
    bool is_shallow[PAIRING_MARKETS]; /* The depth is known, and does not suffice. */
    struct decimal
        rate; /* Of the selling market's quote asset in the buying market's; 1: the same. */
    struct decimal exposure; /* Base; negative: more was sold. */
    struct decimal cash;     /* Quote of the buying market: sold for minus bought for. */
    struct decimal fees;     /* The same, and so on. */
    struct decimal notional; /* Bought for; while nothing is bought, sold for. */
    struct decimal filled;   /* All fills. */
    bool is_valid; /* false: something left the range of a decimal; decide nothing on it. */
};

static inline const struct pairing_config *pairing_config_of(const struct pairing *pairing)
{
    return (const struct pairing_config *)pairing->executor.config;
}

static inline const struct pairing_market *pairing_market_of(const struct pairing_config *config,
                                                             uint32_t market)
{
    return market == PAIRING_BUYING ? config->buying_market : config->selling_market;
}

extern const struct field pairing_market_fields[];

/* The market and validate of executor_kind: the same asset on two markets. Whoever runs it knows a
 * rate where their quote assets differ. */
void pairing_market(const struct executor_config *config, uint32_t market,
                    const char **ret_connector, const char **ret_trading_pair);
MUST_USE enum err pairing_validate(const struct executor_config *config, const char *path,
                                   const struct node *node, struct problems *problems);

/* The fee of an order on that market, as the configuration says or its instrument. */
struct decimal pairing_fee(const struct pairing_config *config, uint32_t market,
                           const struct instrument *instrument, enum liquidity liquidity);

/* What is reserved: quote for the whole amount at `price` on the buying market, and the amount
 * itself on the selling one (its notional where that is a perpetual). */
void pairing_plan(const struct pairing_config *config, const struct executor_view *view,
                  struct decimal price, struct executor_plans *ret_plans);

/* The target of executor_kind: order_amount on either market. */
struct target pairing_target(const struct executor_config *config);

/* order_amount on the grid of both markets. Invalid when their steps have no common grid. */
struct decimal pairing_amount(const struct pairing *pairing);

/* What is still to be bought on the buying market, to be sold on the selling one; not on a grid.
 * Below 0 when more was. */
struct decimal pairing_lacking(const struct pairing *pairing, uint32_t market);

/* NOT_STARTED -> RUNNING; or TERMINATED when the plan has no balance or the amount is too small for
 * a market. */
void pairing_start(struct pairing *pairing, const struct executor_view *view, bool is_funded,
                   struct executor_requests *requests);

/* The on_order of executor_kind. */
void pairing_on_order(struct executor *executor, const struct order_event *event, int64_t now_ns);

struct pairing_moment pairing_moment_of(const struct pairing *pairing,
                                        const struct executor_view *view);

/*
 * Gives up the purpose, not the exposure: leaves RUNNING as FAILED and closes what is open, with
 * retries of its own. When that fails too, the shutdown rule hands the exposure over. A pairing
 * whose figures are invalid hands over at once.
 */
void pairing_fail(struct pairing *pairing, const struct pairing_moment *moment);

/* One pass of the shutdown rule, and a note of the markets when it ends the executor. */
void pairing_shut_down(struct pairing *pairing, const struct pairing_moment *moment,
                       const struct holding *holding, struct executor_requests *requests);

/* Leaves RUNNING because somebody asked for it. ERR_STATE unless RUNNING. */
MUST_USE enum err pairing_stop(struct pairing *pairing, const struct pairing_moment *moment,
                               const struct holding *holding, bool keep_position,
                               struct executor_requests *requests);

/* An amount or a price in the quote asset of a market, in that of the buying market. */
struct decimal pairing_value(const struct pairing_moment *moment, uint32_t market,
                             struct decimal amount);

/* The other way: what is so much in the quote asset of the buying market, in that of `market`. */
struct decimal pairing_price(const struct pairing_moment *moment, uint32_t market,
                             struct decimal value);

/* The result with the exposure valued at `mark`, a price in the quote asset of the buying market.
 */
struct decimal pairing_net(const struct pairing_moment *moment, struct decimal mark);

/* Fills a report; `side` may be 0. */
void pairing_report(const struct pairing *pairing, const struct pairing_moment *moment,
                    struct decimal mark, enum side side, struct executor_report *ret_report);

/* The save and load of executor_kind. */
void pairing_save(const struct executor *executor, struct text *out);
MUST_USE enum err pairing_load(struct executor *executor, const struct node *node);

#define PAIRING_AMOUNT_MAX "1000000000000000000"

#define PAIRING_MARKET_FIELD(member_, doc_)                                                 \
    {                                                                                       \
        .name = #member_, .kind = FIELD_OBJECT,                                             \
        .offset = offsetof(struct pairing_config, member_), .is_required = true,            \
        .fields = pairing_market_fields, .size = sizeof(struct pairing_market), .doc = doc_ \
    }

/* A profitability: a fraction of the notional, possibly negative. */
#define PAIRING_PROFIT_FIELD(struct_, member_, doc_)                                            \
    {                                                                                           \
        .name = #member_, .kind = FIELD_DECIMAL, .offset = offsetof(struct struct_, member_),   \
        .is_required = true, .unit = "fraction", .min = "-1", .min_excluded = true, .max = "1", \
        .max_excluded = true, .doc = doc_                                                       \
    }

/* The head of the table of a kind whose config begins with struct pairing_config. */
#define PAIRING_CONFIG_FIELDS                                                                   \
    EXECUTOR_CONFIG_FIELDS, PAIRING_MARKET_FIELD(buying_market, "Where the asset is bought."),  \
        PAIRING_MARKET_FIELD(selling_market, "Where the asset is sold."),                       \
        {.name = "order_amount",                                                                \
         .kind = FIELD_DECIMAL,                                                                 \
         .offset = offsetof(struct pairing_config, order_amount),                               \
         .is_required = true,                                                                   \
         .unit = "base",                                                                        \
         .min = "0",                                                                            \
         .min_excluded = true,                                                                  \
         .max = PAIRING_AMOUNT_MAX,                                                             \
         .doc = "How much is bought and sold; rounded down to the steps of both instruments."}, \
        PAIRING_PROFIT_FIELD(pairing_config, min_profitability,                                 \
                             "The least profit, of the notional and after the markets' fees.")

#endif
