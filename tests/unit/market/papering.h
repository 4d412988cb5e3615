/*
 * tests/unit/market/papering.h - a paper venue with one instrument, and short ways to use it.
 */
#ifndef TUTTI_TESTS_UNIT_MARKET_PAPERING_H
#define TUTTI_TESTS_UNIT_MARKET_PAPERING_H

#include <string.h>

#include "market/venues/paper.h"
#include "suite.h"

#define D(text) decimal_literal(text)

/* BTC-USDT with tick and step 0.01, at least 0.01 and 1 USDT, at most 100; ETH-USDT, perpetual. */
struct paper_fixture {
    struct instrument instruments[2];
    struct paper_venue *venue;
    struct venue_updates updates; /* Of the last quote. */
};

static inline void fixture_open(struct paper_fixture *fixture, const struct paper_config *config)
{
    *fixture = (struct paper_fixture){0};
    for (uint32_t i = 0; i < 2; i++) {
        struct instrument *instrument = &fixture->instruments[i];
        *instrument = (struct instrument){
            .index = i,
            .tick = D("0.01"),
            .step = D("0.01"),
            .min_order_size = D("0.01"),
            .max_order_size = D("100"),
            .min_notional = D("1"),
            .is_perpetual = i == 1,
        };
        strcpy(instrument->trading_pair, i == 0 ? "BTC-USDT" : "ETH-USDT");
        ck_assert_int_eq(instrument_complete(instrument), ERR_NONE);
    }
    ck_assert_int_eq(paper_venue_create(config, fixture->instruments, 2, &fixture->venue),
                     ERR_NONE);
}

static inline void fixture_close(struct paper_fixture *fixture)
{
    venue_updates_done(&fixture->updates);
    paper_venue_destroy(fixture->venue);
}

static inline void deposit(struct paper_fixture *fixture, const char *asset, const char *amount)
{
    ck_assert_int_eq(paper_venue_deposit(fixture->venue, asset, D(amount)), ERR_NONE);
}

static inline struct order_id id_of(uint32_t ordinal)
{
    return (struct order_id){1, 1, ordinal};
}

/* price "0": MARKET; otherwise LIMIT. */
static inline struct order_ticket ticket_of(uint32_t ordinal, enum side side, const char *amount,
                                            const char *price)
{
    return (struct order_ticket){
        .id = id_of(ordinal),
        .side = side,
        .type = strcmp(price, "0") == 0 ? ORDER_MARKET : ORDER_LIMIT,
        .amount = D(amount),
        .price = D(price),
    };
}

static inline void submit_at(struct paper_fixture *fixture, const struct order_ticket *ticket,
                             int64_t now_ns)
{
    ck_assert_int_eq(paper_venue_submit(fixture->venue, ticket, now_ns), ERR_NONE);
}

static inline void submit(struct paper_fixture *fixture, uint32_t ordinal, enum side side,
                          const char *amount, const char *price)
{
    const struct order_ticket ticket = ticket_of(ordinal, side, amount, price);
    submit_at(fixture, &ticket, 0);
}

static inline void quote_on(struct paper_fixture *fixture, uint32_t instrument, int64_t now_ns,
                            const char *bid, const char *ask)
{
    const struct quote quote = {now_ns, D(bid), D(ask)};
    fixture->updates.count = 0;
    ck_assert_int_eq(paper_venue_on_quote(fixture->venue, instrument, &quote, &fixture->updates),
                     ERR_NONE);
}

static inline void quote(struct paper_fixture *fixture, const char *bid, const char *ask)
{
    quote_on(fixture, 0, 0, bid, ask);
}

/* A R F C(ompleted) X(canceled) E(xpired) L(iquidation) P(ayment of funding). */
static inline char kind_letter(const struct venue_update *update)
{
    static const char letters[] = {
        [VENUE_ACCEPTED] = 'A',    [VENUE_REJECTED] = 'R', [VENUE_FILL] = 'F',
        [VENUE_COMPLETED] = 'C',   [VENUE_CANCELED] = 'X', [VENUE_EXPIRED] = 'E',
        [VENUE_LIQUIDATION] = 'L', [VENUE_FUNDING] = 'P',
    };
    ck_assert_uint_lt((size_t)update->kind, sizeof(letters));
    return letters[update->kind];
}

/* The kinds of the last updates, one letter each. */
static inline const char *kinds(const struct paper_fixture *fixture)
{
    static char text[64];
    size_t length = 0;
    for (; length < fixture->updates.count && length < sizeof(text) - 1; length++) {
        text[length] = kind_letter(&fixture->updates.items[length]);
    }
    text[length] = '\0';
    return text;
}

static inline const char *balance(const struct paper_fixture *fixture, const char *asset)
{
    static char text[2 * DECIMAL_TEXT_MAX];
    struct decimal total;
    struct decimal reserved;
    paper_venue_balance(fixture->venue, asset, &total, &reserved);
    const size_t length = decimal_print(total, text);
    text[length] = '/';
    decimal_print(reserved, text + length + 1);
    return text;
}

#endif
