/*
 * tests/unit/market/test_paper_fills.c - the fill models `trade` and `book`: queues, traded volume,
 * walks through levels.
 */
#include <stdio.h>

#include "base/prng.h"
#include "papering.h"

static const struct paper_config by_trades = {.is_unlimited = true,
                                              .fill_model = PAPER_FILL_TRADE,
                                              .maker_fee = {INT64_C(1000000000000000)},
                                              .taker_fee = {INT64_C(2000000000000000)}};
static const struct paper_config by_book = {.fill_model = PAPER_FILL_BOOK,
                                            .maker_fee = {INT64_C(1000000000000000)},
                                            .taker_fee = {INT64_C(2000000000000000)}};

enum { LEVELS_MAX = 8 };

/* "b 99 5, a 100 3" as changes of a message. */
static void depth_at(struct paper_fixture *fixture, bool is_snapshot, uint64_t id, int64_t now_ns,
                     const char *levels)
{
    struct book_change changes[LEVELS_MAX];
    size_t count = 0;
    const char *at = levels;
    while (*at != '\0') {
        char side;
        char price[32];
        char amount[32];
        int length = 0;
        ck_assert_int_eq(sscanf(at, " %c %31s %31[0-9.]%n", &side, price, amount, &length), 3);
        ck_assert_uint_lt(count, LEVELS_MAX);
        changes[count++] =
            (struct book_change){side == 'b' ? SIDE_BUY : SIDE_SELL, D(price), D(amount)};
        at += length;
        at += *at == ',' ? 1 : 0;
    }
    const struct book_message message = {.time_ns = now_ns,
                                         .first_update_id = id,
                                         .last_update_id = id,
                                         .is_snapshot = is_snapshot,
                                         .changes = changes,
                                         .change_count = count};
    fixture->updates.count = 0;
    ck_assert_int_eq(paper_venue_on_depth(fixture->venue, 0, &message, &fixture->updates),
                     ERR_NONE);
}

static void trade_at(struct paper_fixture *fixture, int64_t now_ns, enum side taker,
                     const char *price, const char *amount)
{
    const struct trade trade = {now_ns, D(price), D(amount), taker};
    fixture->updates.count = 0;
    ck_assert_int_eq(paper_venue_on_trade(fixture->venue, 0, &trade, &fixture->updates), ERR_NONE);
}

/* "F1:0.5@100 C1 X2": kinds with ordinals, fills with amount and price. */
static const char *story(const struct paper_fixture *fixture)
{
    static char text[512];
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < fixture->updates.count; i++) {
        const struct venue_update *update = &fixture->updates.items[i];
        char amount[DECIMAL_TEXT_MAX] = "";
        char price[DECIMAL_TEXT_MAX] = "";
        decimal_print(update->fill.amount, amount);
        decimal_print(update->fill.price, price);
        const bool fills = update->kind == VENUE_FILL;
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%c%u%s%s%s%s",
                                   i == 0 ? "" : " ", kind_letter(update),
                                   (unsigned)update->order.ordinal, fills ? ":" : "",
                                   fills ? amount : "", fills ? "@" : "", fills ? price : "");
    }
    return text;
}

#define ASSERT_STORY(expected) ck_assert_str_eq(story(&fixture), expected)

/* ---- trade ---- */

START_TEST(what_stands_before_an_order_goes_first)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &by_trades);
    depth_at(&fixture, true, 1, 0, "b 99 5, a 100 3");
    submit(&fixture, 1, SIDE_BUY, "2", "99");
    quote(&fixture, "99", "100");
    ASSERT_STORY("A1");
    trade_at(&fixture, 1, SIDE_SELL, "99", "3"); /* 2 are left before it. */
    ASSERT_STORY("");
    trade_at(&fixture, 2, SIDE_BUY, "99", "9"); /* Another side's volume. */
    ASSERT_STORY("");
    trade_at(&fixture, 3, SIDE_SELL, "99.5", "9"); /* Somebody with a better price. */
    ASSERT_STORY("");
    trade_at(&fixture, 4, SIDE_SELL, "99", "3.5");
    ASSERT_STORY("F1:1.5@99");
    ck_assert_int_eq(fixture.updates.items[0].fill.liquidity, LIQUIDITY_MAKER);
    ck_assert(decimal_equal(fixture.updates.items[0].fill.fee, D("0.1485")));
    ck_assert_int_eq(fixture.updates.items[0].fill.time_ns, 4);
    quote(&fixture, "90", "91"); /* A quote fills nothing that rests. */
    ASSERT_STORY("");
    trade_at(&fixture, 5, SIDE_SELL, "99", "0.5");
    ASSERT_STORY("F1:0.5@99 C1");
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_same_volume_is_never_given_twice)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &by_trades);
    depth_at(&fixture, true, 1, 0, "b 99 5, a 100 3");
    submit(&fixture, 1, SIDE_BUY, "2", "99");
    submit(&fixture, 2, SIDE_BUY, "2", "99");
    submit(&fixture, 3, SIDE_BUY, "1", "99.5"); /* Nobody stands there. */
    quote(&fixture, "99", "100");
    ASSERT_STORY("A1 A2 A3");
    trade_at(&fixture, 1, SIDE_SELL, "99", "8.5"); /* 1 + 5 others + 2 + 0.5 */
    ASSERT_STORY("F3:1@99.5 C3 F1:2@99 C1 F2:0.5@99");
    trade_at(&fixture, 2, SIDE_SELL, "98", "1"); /* Beyond its price. */
    ASSERT_STORY("F2:1@99");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_level_that_shrinks_brings_an_order_forward)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &by_trades);
    depth_at(&fixture, true, 1, 0, "b 99 5, a 100 3");
    submit(&fixture, 1, SIDE_BUY, "2", "99");
    quote(&fixture, "99", "100");
    depth_at(&fixture, false, 2, 0, "b 99 1");
    depth_at(&fixture, false, 3, 0, "b 99 7"); /* Those have come behind it. */
    trade_at(&fixture, 1, SIDE_SELL, "99", "2");
    ASSERT_STORY("F1:1@99");
    fixture_close(&fixture);
}
END_TEST

START_TEST(without_depth_only_trades_beyond_the_price_fill)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &by_trades);
    submit(&fixture, 1, SIDE_SELL, "2", "101");
    quote(&fixture, "99", "100");
    trade_at(&fixture, 1, SIDE_BUY, "101", "50");
    ASSERT_STORY("");
    trade_at(&fixture, 2, SIDE_BUY, "101.01", "0.5");
    ASSERT_STORY("F1:0.5@101");
    trade_at(&fixture, 3, SIDE_BUY, "101", "0.5"); /* All at its level was gone then. */
    ASSERT_STORY("F1:0.5@101");
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_order_that_crosses_takes_at_the_quote)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &by_trades);
    submit(&fixture, 1, SIDE_BUY, "2", "105");
    submit(&fixture, 2, SIDE_SELL, "1", "0");
    submit(&fixture, 3, SIDE_SELL, "1", "99.5");
    struct order_ticket ticket = ticket_of(4, SIDE_SELL, "1", "99.5");
    ticket.time_in_force = TIME_IN_FORCE_IOC;
    submit_at(&fixture, &ticket, 0);
    ticket = ticket_of(5, SIDE_SELL, "1", "99");
    ticket.type = ORDER_LIMIT_MAKER;
    submit_at(&fixture, &ticket, 0);
    trade_at(&fixture, 0, SIDE_BUY, "100", "1"); /* There is no quote yet. */
    ASSERT_STORY("");
    quote(&fixture, "99", "100");
    ASSERT_STORY("A1 F1:2@100 C1 A2 F2:1@99 C2 A3 A4 X4 R5");
    ck_assert_int_eq(fixture.updates.items[1].fill.liquidity, LIQUIDITY_TAKER);
    ck_assert(decimal_equal(fixture.updates.items[1].fill.fee, D("0.4")));
    fixture_close(&fixture);
}
END_TEST

/* Requests arrive with trades as well, at the quote of that instant. */
START_TEST(requests_arrive_with_any_event)
{
    static const struct paper_config late = {
        .is_unlimited = true, .fill_model = PAPER_FILL_TRADE, .latency_ns = 10};
    struct paper_fixture fixture;
    struct wake_levels levels;
    int64_t at_ns;
    fixture_open(&fixture, &late);
    quote_on(&fixture, 0, 5, "99", "100");
    const struct order_ticket ticket = ticket_of(1, SIDE_BUY, "2", "0");
    submit_at(&fixture, &ticket, 5);
    trade_at(&fixture, 14, SIDE_SELL, "99", "1");
    ASSERT_STORY("");
    trade_at(&fixture, 15, SIDE_SELL, "99", "1");
    ASSERT_STORY("A1 F1:2@100 C1");
    paper_venue_wake(fixture.venue, 0, &levels, &at_ns);
    ck_assert(levels.every_quote);
    fixture_close(&fixture);
}
END_TEST

/* However trades and orders come, an order never gets more than was traded at its price or beyond.
 */
START_TEST(fills_never_exceed_the_traded_volume)
{
    struct prng prng;
    prng_init(&prng, 11);
    struct paper_fixture fixture;
    fixture_open(&fixture, &by_trades);
    depth_at(&fixture, true, 1, 0, "b 99 1, b 98 2, b 97 3, a 100 1, a 101 2, a 102 3");
    quote(&fixture, "99", "100");
    struct decimal filled = DECIMAL_ZERO;
    for (uint32_t step = 1; step <= 3000; step++) {
        const bool buys = prng_below(&prng, 2) == 0;
        const int64_t price = buys ? prng_between(&prng, 97, 99) : prng_between(&prng, 100, 102);
        struct order_ticket ticket = ticket_of(step, buys ? SIDE_BUY : SIDE_SELL, "1", "1");
        ticket.price = decimal_from_int(price);
        ticket.amount = decimal_from_mantissa(prng_between(&prng, 1, 300), 2);
        submit_at(&fixture, &ticket, step);
        const struct trade trade = {step, decimal_from_int(prng_between(&prng, 97, 102)),
                                    decimal_from_mantissa(prng_between(&prng, 1, 500), 2),
                                    prng_below(&prng, 2) == 0 ? SIDE_BUY : SIDE_SELL};
        fixture.updates.count = 0;
        ck_assert_int_eq(paper_venue_on_trade(fixture.venue, 0, &trade, &fixture.updates),
                         ERR_NONE);
        struct decimal given = DECIMAL_ZERO;
        for (size_t i = 0; i < fixture.updates.count; i++) {
            const struct fill *fill = &fixture.updates.items[i].fill;
            if (fixture.updates.items[i].kind == VENUE_FILL) {
                ck_assert_int_eq(fill->side, side_opposite(trade.taker));
                ck_assert(fill->side == SIDE_BUY ? !decimal_less(fill->price, trade.price)
                                                 : !decimal_less(trade.price, fill->price));
                given = decimal_add(given, fill->amount);
            }
        }
        ck_assert(!decimal_less(trade.amount, given));
        filled = decimal_add(filled, given);
    }
    ck_assert(decimal_less(D("500"), filled));
    fixture_close(&fixture);
}
END_TEST

/* ---- book ---- */

static void open_book(struct paper_fixture *fixture)
{
    fixture_open(fixture, &by_book);
    deposit(fixture, "USDT", "10000");
    deposit(fixture, "BTC", "50");
    depth_at(fixture, true, 1, 1, "b 99 1, b 98 2, a 101 1, a 102 2, a 103 3");
}

START_TEST(a_market_order_walks_the_levels)
{
    struct paper_fixture fixture;
    open_book(&fixture);
    submit(&fixture, 1, SIDE_BUY, "2.5", "0");
    depth_at(&fixture, false, 2, 2, "b 97 1");
    ASSERT_STORY("A1 F1:1@101 F1:1.5@102 C1");
    ck_assert_str_eq(balance(&fixture, "USDT"), "9745.492/0"); /* 254 and 0.508 of fee. */
    submit(&fixture, 2, SIDE_BUY, "1", "0");                   /* What was taken stays taken. */
    depth_at(&fixture, false, 3, 3, "b 96 1");
    ASSERT_STORY("A2 F2:0.5@102 F2:0.5@103 C2");
    submit(&fixture, 3, SIDE_BUY, "1", "0"); /* Until the level is updated. */
    depth_at(&fixture, false, 4, 4, "a 101 0.2");
    ASSERT_STORY("A3 F3:0.2@101 F3:0.8@103 C3");
    submit(&fixture, 4, SIDE_BUY, "9", "0");
    depth_at(&fixture, false, 5, 5, "b 95 1");
    ASSERT_STORY("A4 F4:1.7@103 X4"); /* The levels are used up: no side to quote. */
    ck_assert_str_eq(fixture.updates.items[2].reason, "not filled at once");
    ck_assert_str_eq(balance(&fixture, "BTC"), "56.2/0");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_limit_order_takes_to_its_price_and_rests)
{
    struct paper_fixture fixture;
    open_book(&fixture);
    submit(&fixture, 1, SIDE_BUY, "4", "102");
    depth_at(&fixture, false, 2, 2, "b 97 1");
    ASSERT_STORY("A1 F1:1@101 F1:2@102");
    ck_assert_str_eq(balance(&fixture, "USDT"), "9694.39/102.102"); /* 305, 0.61; the rest. */
    depth_at(&fixture, false, 3, 3, "a 101.5 0.4"); /* The depth reaches it: as maker. */
    ASSERT_STORY("F1:0.4@102");
    ck_assert_int_eq(fixture.updates.items[0].fill.liquidity, LIQUIDITY_MAKER);
    trade_at(&fixture, 4, SIDE_SELL, "101", "0.25"); /* And so does traded volume. */
    ASSERT_STORY("F1:0.25@102");
    depth_at(&fixture, false, 4, 5, "a 101.5 5");
    ASSERT_STORY("F1:0.35@102 C1");
    fixture_close(&fixture);
}
END_TEST

START_TEST(all_or_nothing_looks_before_it_takes)
{
    struct paper_fixture fixture;
    open_book(&fixture);
    struct order_ticket ticket = ticket_of(1, SIDE_BUY, "3.01", "102");
    ticket.time_in_force = TIME_IN_FORCE_FOK;
    submit_at(&fixture, &ticket, 0);
    ticket = ticket_of(2, SIDE_BUY, "3", "102");
    ticket.time_in_force = TIME_IN_FORCE_FOK;
    submit_at(&fixture, &ticket, 0);
    ticket = ticket_of(3, SIDE_SELL, "2", "99");
    ticket.time_in_force = TIME_IN_FORCE_IOC;
    submit_at(&fixture, &ticket, 0);
    quote(&fixture, "99", "101");
    ASSERT_STORY("A1 X1 A2 F2:1@101 F2:2@102 C2 A3 F3:1@99 X3");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_market_order_must_afford_its_worst_price)
{
    struct paper_fixture fixture;
    open_book(&fixture);
    deposit(&fixture, "USDT", "305");
    submit(&fixture, 1, SIDE_BUY, "3", "0"); /* 3 * 102 and 0.612. */
    depth_at(&fixture, false, 2, 2, "b 97 1");
    ASSERT_STORY("R1");
    ck_assert_str_eq(fixture.updates.items[0].reason,
                     "insufficient USDT balance: needs 306.612, has 305");
    fixture_close(&fixture);
}
END_TEST

/* The depth that is shown is what the next order meets: another one after each change. */
START_TEST(what_was_taken_is_not_shown)
{
    struct paper_fixture fixture;
    open_book(&fixture);
    const struct book *depth = paper_venue_depth(fixture.venue, 0);
    ck_assert(decimal_equal(book_best(depth, SIDE_SELL)->price, D("101")));
    ck_assert_uint_eq(book_count(paper_venue_depth(fixture.venue, 1), SIDE_SELL), 0);
    const uint64_t version = depth->version;
    submit(&fixture, 1, SIDE_BUY, "1.5", "0");
    quote(&fixture, "99", "101");
    ck_assert_uint_ne(depth->version, version);
    ck_assert(decimal_equal(book_best(depth, SIDE_SELL)->price, D("102")));
    ck_assert(decimal_equal(book_best(depth, SIDE_SELL)->amount, D("1.5")));
    fixture_close(&fixture);
}
END_TEST

START_TEST(after_a_gap_nothing_trades)
{
    struct paper_fixture fixture;
    open_book(&fixture);
    submit(&fixture, 1, SIDE_BUY, "1", "0");
    const struct book_message gap = {.first_update_id = 9, .last_update_id = 9};
    fixture.updates.count = 0;
    ck_assert_int_eq(paper_venue_on_depth(fixture.venue, 0, &gap, &fixture.updates), ERR_STATE);
    quote(&fixture, "99", "101");
    ASSERT_STORY("");
    depth_at(&fixture, true, 9, 9, "b 99 1, a 101 1");
    ASSERT_STORY("A1 F1:1@101 C1");
    fixture_close(&fixture);
}
END_TEST

/* The venue's own order walks as well, and goes on where the levels were used up. */
START_TEST(a_liquidation_walks_the_levels)
{
    static const struct paper_config config = {.fill_model = PAPER_FILL_BOOK};
    struct paper_fixture fixture;
    fixture_open(&fixture, &config);
    paper_venue_destroy(fixture.venue);
    fixture.instruments[0].is_perpetual = true;
    fixture.instruments[0].maintenance_margin = D("0.05");
    ck_assert_int_eq(paper_venue_create(&config, fixture.instruments, 2, &fixture.venue), ERR_NONE);
    deposit(&fixture, "USDT", "20");
    struct order_ticket ticket = ticket_of(1, SIDE_BUY, "2", "0");
    ticket.leverage = 20;
    submit_at(&fixture, &ticket, 0);
    depth_at(&fixture, true, 1, 1, "b 99 1, a 100 2, a 101 1");
    ASSERT_STORY("A1 F1:2@100 C1");
    depth_at(&fixture, false, 2, 2, "b 99 0, b 94 0.5, b 93 0.5");
    ASSERT_STORY("L1 F1:0.5@94 F1:0.5@93 X1");
    depth_at(&fixture, false, 3, 3, "b 90 5");
    ASSERT_STORY("L2 F2:1@90 C2");
    ck_assert_str_eq(balance(&fixture, "USDT"), "3.5/0"); /* 20 - 3 - 3.5 - 10 */
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_model_touch_looks_at_quotes_only)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &(struct paper_config){.is_unlimited = true});
    submit(&fixture, 1, SIDE_BUY, "1", "99");
    quote(&fixture, "99", "100");
    depth_at(&fixture, true, 1, 0, "b 50 5, a 51 3");
    ASSERT_STORY("");
    trade_at(&fixture, 0, SIDE_SELL, "50", "10");
    ASSERT_STORY("");
    fixture_close(&fixture);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("paper_fills");
    tcase_add_test(cases, what_stands_before_an_order_goes_first);
    tcase_add_test(cases, the_same_volume_is_never_given_twice);
    tcase_add_test(cases, a_level_that_shrinks_brings_an_order_forward);
    tcase_add_test(cases, without_depth_only_trades_beyond_the_price_fill);
    tcase_add_test(cases, an_order_that_crosses_takes_at_the_quote);
    tcase_add_test(cases, requests_arrive_with_any_event);
    tcase_add_test(cases, fills_never_exceed_the_traded_volume);
    tcase_add_test(cases, a_market_order_walks_the_levels);
    tcase_add_test(cases, a_limit_order_takes_to_its_price_and_rests);
    tcase_add_test(cases, all_or_nothing_looks_before_it_takes);
    tcase_add_test(cases, a_market_order_must_afford_its_worst_price);
    tcase_add_test(cases, what_was_taken_is_not_shown);
    tcase_add_test(cases, after_a_gap_nothing_trades);
    tcase_add_test(cases, a_liquidation_walks_the_levels);
    tcase_add_test(cases, the_model_touch_looks_at_quotes_only);
    return suite_run("paper_fills", cases);
}
