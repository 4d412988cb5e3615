/*
 * tests/unit/market/test_paper_accounts.c - money at the paper venue: reservations, fees, and that
 * nothing is made or lost.
 */
#include "market/venues/paper_accounts.h"

#include <stdio.h>

#include "base/prng.h"
#include "papering.h"

static const struct paper_config plain = {.maker_fee = {INT64_C(1000000000000000)},
                                          .taker_fee = {INT64_C(2000000000000000)}};

START_TEST(an_open_order_reserves_what_it_may_cost)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &plain);
    deposit(&fixture, "USDT", "1000");
    deposit(&fixture, "BTC", "3");
    submit(&fixture, 1, SIDE_BUY, "2", "90");
    submit(&fixture, 2, SIDE_SELL, "1.5", "120");
    quote(&fixture, "99", "100");
    ck_assert_str_eq(balance(&fixture, "USDT"), "1000/180.18");
    ck_assert_str_eq(balance(&fixture, "BTC"), "3/1.5");
    quote(&fixture, "89", "90");
    ck_assert_str_eq(balance(&fixture, "USDT"), "819.82/0");
    ck_assert_str_eq(balance(&fixture, "BTC"), "5/1.5");
    ck_assert_int_eq(paper_venue_cancel(fixture.venue, id_of(2), 0), ERR_NONE);
    quote(&fixture, "89", "90");
    ck_assert_str_eq(balance(&fixture, "BTC"), "5/0");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_shortfall_is_refused_with_a_reason)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &plain);
    deposit(&fixture, "USDT", "100");
    submit(&fixture, 1, SIDE_BUY, "0.97", "100");
    submit(&fixture, 2, SIDE_BUY, "0.03", "100");
    submit(&fixture, 3, SIDE_SELL, "1", "0");
    quote(&fixture, "101", "102");
    ck_assert_str_eq(kinds(&fixture), "ARR");
    ck_assert_str_eq(fixture.updates.items[1].reason,
                     "insufficient USDT balance: needs 3.003, has 2.903");
    ck_assert_str_eq(fixture.updates.items[2].reason, "insufficient BTC balance: needs 1, has 0");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_market_buy_needs_the_ask_and_its_fee)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &plain);
    deposit(&fixture, "USDT", "100.2");
    submit(&fixture, 1, SIDE_BUY, "1", "0");
    quote(&fixture, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "AFC");
    ck_assert_str_eq(balance(&fixture, "USDT"), "0/0");
    ck_assert_str_eq(balance(&fixture, "BTC"), "1/0");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_fee_in_base_is_taken_from_what_is_bought)
{
    static const struct paper_config config = {.taker_fee = {INT64_C(2000000000000000)},
                                               .fee_in_base_on_buy = true};
    struct paper_fixture fixture;
    fixture_open(&fixture, &config);
    deposit(&fixture, "USDT", "100");
    submit(&fixture, 1, SIDE_BUY, "1", "0");
    quote(&fixture, "99", "100");
    ck_assert(fixture.updates.items[1].fill.fee_in_base);
    ck_assert_str_eq(balance(&fixture, "USDT"), "0/0");
    ck_assert_str_eq(balance(&fixture, "BTC"), "0.998/0");
    submit(&fixture, 2, SIDE_SELL, "0.99", "0");
    quote(&fixture, "100", "101");
    ck_assert_str_eq(balance(&fixture, "USDT"), "98.802/0");
    fixture_close(&fixture);
}
END_TEST

static void trade_perpetual(struct paper_fixture *fixture, uint32_t ordinal, enum side side,
                            const char *amount, const char *price)
{
    struct order_ticket ticket = ticket_of(ordinal, side, amount, "0");
    ticket.instrument = 1;
    submit_at(fixture, &ticket, 0);
    quote_on(fixture, 1, 0, price, price);
}

START_TEST(a_perpetual_is_settled_in_quote)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &plain);
    deposit(&fixture, "USDT", "1000");
    trade_perpetual(&fixture, 1, SIDE_SELL, "3", "100"); /* A short without any base. */
    ck_assert_str_eq(kinds(&fixture), "AFC");
    ck_assert_str_eq(balance(&fixture, "USDT"), "999.4/300");
    trade_perpetual(&fixture, 2, SIDE_BUY, "1", "90"); /* A third of it, 10 of profit. */
    ck_assert_str_eq(balance(&fixture, "USDT"), "1009.22/200");
    trade_perpetual(&fixture, 3, SIDE_BUY, "4", "80"); /* The rest, and a long of 2. */
    ck_assert_str_eq(balance(&fixture, "USDT"), "1048.58/160");
    const struct paper_position *position = paper_venue_position(fixture.venue, 1, 0);
    ck_assert(decimal_equal(position->book.amount, D("2")));
    ck_assert(decimal_equal(position->margin, D("160")));
    ck_assert_str_eq(balance(&fixture, "ETH"), "0/0");
    trade_perpetual(&fixture, 4, SIDE_BUY, "12", "80");
    ck_assert_str_eq(fixture.updates.items[0].reason,
                     "insufficient USDT balance: needs 961.92, has 888.58");
    fixture_close(&fixture);
}
END_TEST

static void visit_balance(void *context, const char *asset, struct decimal total,
                          struct decimal reserved)
{
    char *text = context;
    (void)total;
    (void)reserved;
    strcat(text, asset);
    strcat(text, " ");
}

START_TEST(balances_are_listed_in_order_of_appearance)
{
    struct paper_fixture fixture;
    char text[64] = "";
    fixture_open(&fixture, &(struct paper_config){.is_unlimited = true});
    deposit(&fixture, "XRP", "1");
    deposit(&fixture, "USDT", "1");
    deposit(&fixture, "XRP", "2");
    submit(&fixture, 1, SIDE_BUY, "1", "0");
    quote(&fixture, "99", "100");
    paper_venue_each_balance(fixture.venue, visit_balance, text);
    ck_assert_str_eq(text, "XRP USDT BTC ");
    ck_assert_str_eq(balance(&fixture, "XRP"), "2/0");
    ck_assert_int_eq(paper_venue_deposit(fixture.venue, "ABCDEFGHIJKLMNOP", D("1")), ERR_RANGE);
    ck_assert_int_eq(paper_venue_deposit(fixture.venue, "", D("1")), ERR_RANGE);
    for (int i = 0; i < 100; i++) { /* More assets than there was room for. */
        char name[16];
        (void)snprintf(name, sizeof(name), "A%d", i);
        deposit(&fixture, name, "1");
    }
    ck_assert_str_eq(balance(&fixture, "A99"), "1/0");
    fixture_close(&fixture);
}
END_TEST

/* A balance that would leave the range of a decimal: the venue cancels the order. */
START_TEST(a_balance_never_overflows)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &(struct paper_config){.is_unlimited = true});
    deposit(&fixture, "BTC", "170141183460469231731");
    submit(&fixture, 1, SIDE_BUY, "1", "0");
    quote(&fixture, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "AX");
    ck_assert_str_eq(balance(&fixture, "BTC"), "170141183460469231731/0");
    fixture_close(&fixture);
}
END_TEST

/* What the fills of a run say that the balances must be. */
struct expected {
    struct decimal btc;
    struct decimal usdt;
    struct position position; /* Of the perpetual. */
};

/* The perpetual moves what it realizes. */
static struct decimal count_realized(struct expected *expected, const struct fill *fill)
{
    const struct decimal before = expected->position.realized_pnl_quote;
    ck_assert_int_eq(position_apply(&expected->position, fill), ERR_NONE);
    return decimal_subtract(expected->position.realized_pnl_quote, before);
}

static void count_fills(struct expected *expected, const struct venue_updates *updates)
{
    for (size_t i = 0; i < updates->count; i++) {
        if (updates->items[i].kind != VENUE_FILL) {
            continue;
        }
        const struct fill *fill = &updates->items[i].fill;
        const bool buys = fill->side == SIDE_BUY;
        const struct decimal quote = fill_quote(fill);
        const struct decimal moved = fill->instrument == 1 ? count_realized(expected, fill)
                                     : buys                ? decimal_negate(quote)
                                                           : quote;
        expected->usdt = decimal_add(expected->usdt, moved);
        if (fill->instrument == 0) {
            expected->btc = buys ? decimal_add(expected->btc, fill->amount)
                                 : decimal_subtract(expected->btc, fill->amount);
        }
        if (fill->fee_in_base) {
            expected->btc = decimal_subtract(expected->btc, fill->fee);
        } else {
            expected->usdt = decimal_subtract(expected->usdt, fill->fee);
        }
    }
}

static void check_balances(const struct paper_fixture *fixture, const struct expected *expected)
{
    struct decimal btc;
    struct decimal usdt;
    struct decimal reserved_btc;
    struct decimal reserved_usdt;
    paper_venue_balance(fixture->venue, "BTC", &btc, &reserved_btc);
    paper_venue_balance(fixture->venue, "USDT", &usdt, &reserved_usdt);
    const struct paper_position *position = paper_venue_position(fixture->venue, 1, 0);
    ck_assert(decimal_equal(btc, expected->btc));
    ck_assert(decimal_equal(usdt, expected->usdt));
    ck_assert(decimal_equal(position->book.amount, expected->position.amount));
    ck_assert(decimal_sign(reserved_btc) >= 0 && !decimal_less(btc, reserved_btc));
    ck_assert(!decimal_less(reserved_usdt, position->margin));
}

static void random_request(struct paper_fixture *fixture, struct prng *prng, uint32_t *count)
{
    if (*count > 0 && prng_below(prng, 4) == 0) {
        const uint32_t ordinal = 1 + (uint32_t)prng_below(prng, *count);
        ck_assert_int_eq(paper_venue_cancel(fixture->venue, id_of(ordinal), 0), ERR_NONE);
        return;
    }
    struct order_ticket ticket = {
        .id = id_of(++*count),
        .instrument = (uint32_t)prng_below(prng, 2),
        .side = prng_below(prng, 2) == 0 ? SIDE_BUY : SIDE_SELL,
        .type = prng_below(prng, 2) == 0 ? ORDER_MARKET : ORDER_LIMIT,
        .amount = decimal_from_mantissa(prng_between(prng, 1, 300), 2),
    };
    if (ticket.type == ORDER_LIMIT) {
        ticket.price = decimal_from_mantissa(prng_between(prng, 9500, 10500), 2);
    }
    submit_at(fixture, &ticket, 0);
}

START_TEST(nothing_is_made_or_lost)
{
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct prng prng;
        prng_init(&prng, seed);
        const struct paper_config config = {
            .maker_fee = decimal_from_mantissa(prng_between(&prng, -123, 777), 7),
            .taker_fee = decimal_from_mantissa(prng_between(&prng, 0, 1777), 7),
            .fee_in_base_on_buy = seed % 2 == 0,
        };
        struct paper_fixture fixture;
        struct expected expected = {.btc = D("5"), .usdt = D("2000")};
        uint32_t count = 0;
        fixture_open(&fixture, &config);
        deposit(&fixture, "BTC", "5");
        deposit(&fixture, "USDT", "2000");
        for (int step = 0; step < 300; step++) {
            random_request(&fixture, &prng, &count);
            const struct decimal mid = decimal_from_mantissa(prng_between(&prng, 9500, 10500), 2);
            const struct quote quote = {step, mid, decimal_add(mid, D("0.013"))};
            fixture.updates.count = 0;
            ck_assert_int_eq(
                paper_venue_on_quote(fixture.venue, (uint32_t)step % 2, &quote, &fixture.updates),
                ERR_NONE);
            count_fills(&expected, &fixture.updates);
            check_balances(&fixture, &expected);
        }
        fixture_close(&fixture);
    }
}
END_TEST

/* When every order has ended nothing is held back but margin. */
START_TEST(nothing_stays_reserved)
{
    struct prng prng;
    prng_init(&prng, 9);
    struct paper_fixture fixture;
    uint32_t count = 0;
    fixture_open(&fixture, &plain);
    deposit(&fixture, "BTC", "50");
    deposit(&fixture, "USDT", "20000");
    for (int step = 0; step < 500; step++) {
        random_request(&fixture, &prng, &count);
        quote_on(&fixture, (uint32_t)step % 2, 0, "99.5", "100.5");
    }
    for (uint32_t ordinal = 1; ordinal <= count; ordinal++) {
        ck_assert_int_eq(paper_venue_cancel(fixture.venue, id_of(ordinal), 0), ERR_NONE);
    }
    quote_on(&fixture, 0, 0, "99.5", "100.5");
    quote_on(&fixture, 1, 0, "99.5", "100.5");
    struct decimal total;
    struct decimal reserved;
    paper_venue_balance(fixture.venue, "BTC", &total, &reserved);
    ck_assert_int_eq(decimal_sign(reserved), 0);
    paper_venue_balance(fixture.venue, "USDT", &total, &reserved);
    ck_assert(decimal_equal(reserved, paper_venue_position(fixture.venue, 1, 0)->margin));
    fixture_close(&fixture);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("paper_accounts");
    tcase_add_test(tcase, an_open_order_reserves_what_it_may_cost);
    tcase_add_test(tcase, a_shortfall_is_refused_with_a_reason);
    tcase_add_test(tcase, a_market_buy_needs_the_ask_and_its_fee);
    tcase_add_test(tcase, a_fee_in_base_is_taken_from_what_is_bought);
    tcase_add_test(tcase, a_perpetual_is_settled_in_quote);
    tcase_add_test(tcase, balances_are_listed_in_order_of_appearance);
    tcase_add_test(tcase, a_balance_never_overflows);
    tcase_add_test(tcase, nothing_is_made_or_lost);
    tcase_add_test(tcase, nothing_stays_reserved);
    return suite_run("paper_accounts", tcase);
}
