/*
 * tests/unit/market/risking.h - a risk engine with two venues, three instruments and two executors.
 *
 * Threads: one test process.
 */
#ifndef TUTTI_TESTS_UNIT_MARKET_RISKING_H
#define TUTTI_TESTS_UNIT_MARKET_RISKING_H

#include <check.h>
#include <string.h>

#include "base/instant.h"
#include "market/risk.h"

#define D(text) decimal_literal(text)
#define NOW_NS (INT64_C(1700000000) * NS_PER_S)

enum { BTC, ETH, PERP, INSTRUMENTS };

struct risking {
    struct instrument instruments[INSTRUMENTS]; /* BTC and ETH on venue 0, PERP (of BTC) on 1. */
    struct risk_limits global;
    struct risk_limits venue; /* Of venue 0. */
    struct risk_limits btc;
    struct risk_limits controller; /* Of controller 0. */
    struct risk_executor_limits executor;
    bool denies_self_trade;
    struct quote quote; /* 99 / 101: the reference is 100. */
    struct risk *risk;
    struct risk_executor one; /* Controller 0, BTC. */
    struct risk_executor two; /* Controller 1, BTC. */
    struct risk_verdict verdict;
};

static inline struct instrument risking_instrument(uint32_t index, uint32_t venue, const char *base)
{
    struct instrument instrument = {.index = index,
                                    .venue = venue,
                                    .tick = D("0.5"),
                                    .step = D("0.1"),
                                    .min_order_size = D("0.2"),
                                    .max_order_size = D("1000"),
                                    .min_notional = D("10"),
                                    .price_digits = 1,
                                    .is_perpetual = venue == 1};
    strcpy(instrument.base, base);
    return instrument;
}

/* Limits are set in the struct between prepare and open. */
static inline void risking_prepare(struct risking *self)
{
    *self = (struct risking){.quote = {.time_ns = NOW_NS, .bid = D("99"), .ask = D("101")}};
    self->instruments[BTC] = risking_instrument(BTC, 0, "BTC");
    self->instruments[ETH] = risking_instrument(ETH, 0, "ETH");
    self->instruments[PERP] = risking_instrument(PERP, 1, "BTC");
}

static inline void risking_executor(struct risking *self, uint32_t controller, uint32_t instrument,
                                    struct risk_executor *ret_executor)
{
    ck_assert_int_eq(risk_executor_init(self->risk, controller, &instrument, 1, ret_executor),
                     ERR_NONE);
}

static inline void risking_open(struct risking *self)
{
    const struct risk_limits *const venues[] = {&self->venue, NULL};
    const struct risk_limits *const instruments[] = {&self->btc, NULL, NULL};
    const struct risk_setup setup = {.instruments = self->instruments,
                                     .instrument_count = INSTRUMENTS,
                                     .venue_count = 2,
                                     .global = &self->global,
                                     .venues = venues,
                                     .instrument_limits = instruments,
                                     .executor = &self->executor,
                                     .denies_self_trade = self->denies_self_trade};
    ck_assert_int_eq(risk_create(&setup, &self->risk), ERR_NONE);
    ck_assert_int_eq(risk_add_controller(self->risk, &self->controller), ERR_NONE);
    ck_assert_int_eq(risk_add_controller(self->risk, NULL), ERR_NONE);
    risking_executor(self, 0, BTC, &self->one);
    risking_executor(self, 1, BTC, &self->two);
}

static inline void risking_close(struct risking *self)
{
    risk_destroy(self->risk);
}

/* A limit order that opens, NOW. */
static inline struct risk_order risking_order(const struct risking *self, enum side side,
                                              const char *amount, const char *price)
{
    return (struct risk_order){.side = side,
                               .way = side,
                               .type = price != NULL ? ORDER_LIMIT : ORDER_MARKET,
                               .is_opening = true,
                               .amount = D(amount),
                               .price = price != NULL ? D(price) : DECIMAL_ZERO,
                               .now_ns = NOW_NS,
                               .quote = &self->quote};
}

/* DENY_NONE when it passes. */
static inline enum deny_code risking_check(struct risking *self,
                                           const struct risk_executor *executor,
                                           const struct risk_order *order)
{
    self->verdict = (struct risk_verdict){.code = DENY_NONE};
    const bool passes = risk_check(self->risk, executor, order, &self->verdict);
    ck_assert_int_eq(passes, self->verdict.code == DENY_NONE);
    return self->verdict.code;
}

/* Checks a limit order at 100 of executor one. */
static inline enum deny_code risking_try(struct risking *self, enum side side, const char *amount)
{
    const struct risk_order order = risking_order(self, side, amount, "100");
    return risking_check(self, &self->one, &order);
}

/* Places without asking. */
static inline void risking_place(struct risking *self, struct risk_executor *executor,
                                 enum side side, const char *amount)
{
    const struct risk_order order = risking_order(self, side, amount, "100");
    risk_on_placed(self->risk, executor, &order);
}

/* A live order of `amount` fills whole. */
static inline void risking_fill(struct risking *self, struct risk_executor *executor,
                                enum side side, const char *amount)
{
    const struct decimal owned = side == SIDE_BUY ? D(amount) : decimal_negate(D(amount));
    const struct risk_move move = {.way = side,
                                   .is_opening = true,
                                   .live = decimal_negate(D(amount)),
                                   .live_quote =
                                       decimal_multiply(decimal_negate(D(amount)), D("100")),
                                   .filled = D(amount),
                                   .filled_quote = decimal_multiply(D(amount), D("100")),
                                   .owned = owned,
                                   .quote = &self->quote};
    risk_move(self->risk, executor, &move);
    risk_on_ended(self->risk, executor, 0);
}

/* A live order of `amount` is canceled. */
static inline void risking_cancel(struct risking *self, struct risk_executor *executor,
                                  enum side side, const char *amount)
{
    const struct risk_move move = {.way = side,
                                   .is_opening = true,
                                   .live = decimal_negate(D(amount)),
                                   .live_quote =
                                       decimal_multiply(decimal_negate(D(amount)), D("100")),
                                   .quote = &self->quote};
    risk_move(self->risk, executor, &move);
    risk_on_ended(self->risk, executor, 0);
}

#endif
