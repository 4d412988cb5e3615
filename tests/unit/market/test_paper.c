/*
 * tests/unit/market/test_paper.c - the paper venue: queue, latency, rules, matching, waking.
 */
#include "papering.h"

static const struct paper_config unlimited = {.is_unlimited = true};

START_TEST(a_market_order_trades_with_the_next_quote)
{
    static const struct paper_config config = {.is_unlimited = true,
                                               .taker_fee = {INT64_C(1000000000000000)}};
    struct paper_fixture fixture;
    fixture_open(&fixture, &config);
    submit(&fixture, 1, SIDE_BUY, "2", "0");
    submit(&fixture, 2, SIDE_SELL, "1", "0");
    quote(&fixture, "99", "101");
    ck_assert_str_eq(kinds(&fixture), "AAFCFC");
    const struct fill *bought = &fixture.updates.items[2].fill;
    ck_assert(decimal_equal(bought->price, D("101")) && decimal_equal(bought->amount, D("2")));
    ck_assert(decimal_equal(bought->fee, D("0.202")) && !bought->fee_in_base);
    ck_assert_int_eq(bought->liquidity, LIQUIDITY_TAKER);
    ck_assert_str_eq(bought->trade_id, "1");
    const struct fill *sold = &fixture.updates.items[4].fill;
    ck_assert(decimal_equal(sold->price, D("99")));
    ck_assert_str_eq(sold->trade_id, "2");
    quote(&fixture, "99", "101");
    ck_assert_str_eq(kinds(&fixture), "");
    fixture_close(&fixture);
}
END_TEST

START_TEST(trades_after_a_restart_go_on_with_their_numbers)
{
    static const struct paper_config config = {.is_unlimited = true};
    struct paper_fixture fixture;
    fixture_open(&fixture, &config);
    paper_venue_number_trades(fixture.venue, 41);
    submit(&fixture, 1, SIDE_BUY, "2", "0");
    quote(&fixture, "99", "101");
    ck_assert_str_eq(kinds(&fixture), "AFC");
    ck_assert_str_eq(fixture.updates.items[1].fill.trade_id, "42");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_limit_order_waits_for_its_price)
{
    static const struct paper_config config = {.is_unlimited = true,
                                               .maker_fee = {INT64_C(1000000000000000)}};
    struct paper_fixture fixture;
    fixture_open(&fixture, &config);
    submit(&fixture, 1, SIDE_BUY, "1", "100");
    submit(&fixture, 2, SIDE_SELL, "1", "110");
    quote(&fixture, "104", "105");
    ck_assert_str_eq(kinds(&fixture), "AA");
    quote(&fixture, "99.99", "100.01");
    ck_assert_str_eq(kinds(&fixture), "");
    quote(&fixture, "98", "99"); /* Better than the limit: still at the limit, as maker. */
    ck_assert_str_eq(kinds(&fixture), "FC");
    const struct fill *fill = &fixture.updates.items[0].fill;
    ck_assert(decimal_equal(fill->price, D("100")) && decimal_equal(fill->fee, D("0.1")));
    ck_assert_int_eq(fill->liquidity, LIQUIDITY_MAKER);
    quote(&fixture, "110", "111");
    ck_assert_str_eq(kinds(&fixture), "FC");
    fixture_close(&fixture);
}
END_TEST

START_TEST(older_orders_are_matched_first_whatever_their_price)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &unlimited);
    static const char *const limits[] = {"99", "101", "100", "103", "98"};
    for (uint32_t i = 0; i < 5; i++) {
        submit(&fixture, i + 1, SIDE_BUY, "1", limits[i]);
    }
    submit(&fixture, 6, SIDE_SELL, "1", "50");
    quote(&fixture, "49", "200");
    quote(&fixture, "97", "97");
    ck_assert_str_eq(kinds(&fixture), "FCFCFCFCFCFC");
    for (uint32_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(fixture.updates.items[2 * i].order.ordinal, i + 1);
    }
    fixture_close(&fixture);
}
END_TEST

static const struct {
    const char *amount, *price, *reason;
} refusals[] = {
    {"0.015", "100", "amount 0.015 is not a multiple of the step 0.01"},
    {"1", "100.005", "price 100.005 is not a multiple of the tick 0.01"},
    {"0", "100", "amount 0 is not above 0"},
    {"-1", "100", "amount -1 is not above 0"},
    {"100.01", "100", "amount 100.01 is above max_order_size 100"},
    {"0.01", "99.99", "notional 0.9999 is below min_notional 1"},
    {"0.01", "0", "notional 0.99 is below min_notional 1"}, /* MARKET: at the bid of 99. */
    {"1", "-5", "price -5 is not above 0"},
    {"100", "10000000000000000000", "the notional is too large: amount 100 at 1000"},
};

START_TEST(broken_rules_are_refused_with_a_reason)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &unlimited);
    submit(&fixture, 1, SIDE_BUY, refusals[_i].amount, refusals[_i].price);
    quote(&fixture, "99", "200");
    ck_assert_str_eq(kinds(&fixture), "R");
    const char *reason = fixture.updates.items[0].reason;
    ck_assert_msg(strstr(reason, refusals[_i].reason) == reason, "%s", reason);
    fixture_close(&fixture);
}
END_TEST

START_TEST(too_small_an_amount_is_refused)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &unlimited);
    fixture.instruments[0].min_order_size = D("0.5");
    submit(&fixture, 1, SIDE_BUY, "0.49", "100");
    quote(&fixture, "99", "200");
    ck_assert_str_eq(fixture.updates.items[0].reason, "amount 0.49 is below min_order_size 0.5");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_cancel_ends_an_open_order)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &unlimited);
    submit(&fixture, 1, SIDE_BUY, "1", "90");
    submit(&fixture, 2, SIDE_BUY, "1", "91");
    ck_assert_int_eq(paper_venue_cancel(fixture.venue, id_of(2), 0), ERR_NONE);
    quote(&fixture, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "AAX");
    ck_assert_int_eq(paper_venue_cancel(fixture.venue, id_of(2), 0), ERR_NONE); /* Too late. */
    quote(&fixture, "89", "90");
    ck_assert_str_eq(kinds(&fixture), "FC");
    ck_assert_int_eq(paper_venue_cancel(fixture.venue, id_of(3), 0), ERR_NOT_FOUND);
    fixture_close(&fixture);
}
END_TEST

/* A cancel that arrives with the quote that would fill the order comes first. */
START_TEST(requests_come_before_matching)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &unlimited);
    submit(&fixture, 1, SIDE_BUY, "1", "90");
    quote(&fixture, "99", "100");
    ck_assert_int_eq(paper_venue_cancel(fixture.venue, id_of(1), 0), ERR_NONE);
    quote(&fixture, "80", "81");
    ck_assert_str_eq(kinds(&fixture), "X");
    fixture_close(&fixture);
}
END_TEST

START_TEST(ids_are_never_used_twice)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &unlimited);
    for (uint32_t i = 1; i <= 1000; i++) {
        submit(&fixture, i, SIDE_BUY, "1", "0");
    }
    quote(&fixture, "99", "100");
    for (uint32_t i = 1; i <= 1000; i++) {
        const struct order_ticket ticket = ticket_of(i, SIDE_BUY, "1", "0");
        ck_assert_int_eq(paper_venue_submit(fixture.venue, &ticket, 0), ERR_EXISTS);
    }
    struct order_ticket ticket = ticket_of(1001, SIDE_BUY, "1", "0");
    ticket.instrument = 2;
    ck_assert_int_eq(paper_venue_submit(fixture.venue, &ticket, 0), ERR_RANGE);
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_venue_may_expel_an_open_order)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &unlimited);
    submit(&fixture, 1, SIDE_BUY, "1", "90");
    ck_assert_int_eq(paper_venue_expel(fixture.venue, id_of(1), &fixture.updates), ERR_NOT_FOUND);
    quote(&fixture, "99", "100");
    fixture.updates.count = 0;
    ck_assert_int_eq(paper_venue_expel(fixture.venue, id_of(1), &fixture.updates), ERR_NONE);
    ck_assert_str_eq(kinds(&fixture), "X");
    ck_assert_str_eq(fixture.updates.items[0].reason, "canceled by the venue");
    ck_assert_int_eq(paper_venue_expel(fixture.venue, id_of(1), &fixture.updates), ERR_NOT_FOUND);
    quote(&fixture, "80", "80");
    ck_assert_str_eq(kinds(&fixture), "");
    fixture_close(&fixture);
}
END_TEST

START_TEST(requests_travel_for_their_latency)
{
    static const struct paper_config config = {.is_unlimited = true, .latency_ns = 20};
    struct paper_fixture fixture;
    struct wake_levels levels;
    int64_t at_ns;
    fixture_open(&fixture, &config);
    const struct order_ticket ticket = ticket_of(1, SIDE_BUY, "1", "0");
    submit_at(&fixture, &ticket, 100);
    paper_venue_wake(fixture.venue, 0, &levels, &at_ns);
    ck_assert_int_eq(at_ns, 120);
    quote_on(&fixture, 0, 119, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "");
    quote_on(&fixture, 0, 120, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "AFC");
    paper_venue_wake(fixture.venue, 0, &levels, &at_ns);
    ck_assert_int_eq(at_ns, INSTANT_NEVER);
    fixture_close(&fixture);
}
END_TEST

/* With jitter requests arrive in the order in which they were sent, and at the same times in
 * every run of a seed. */
START_TEST(jitter_keeps_the_order)
{
    static const struct paper_config config = {
        .is_unlimited = true, .latency_ns = 10, .latency_jitter_ns = 90, .seed = 3};
    uint64_t first_seen[2] = {0};
    for (int run = 0; run < 2; run++) {
        struct paper_fixture fixture;
        fixture_open(&fixture, &config);
        for (uint32_t i = 1; i <= 50; i++) {
            const struct order_ticket ticket = ticket_of(i, SIDE_BUY, "1", "0");
            submit_at(&fixture, &ticket, i);
        }
        uint32_t next = 1;
        for (int64_t now = 1; now <= 200; now++) {
            quote_on(&fixture, 0, now, "99", "100");
            for (size_t i = 0; i < fixture.updates.count; i++) {
                if (fixture.updates.items[i].kind == VENUE_ACCEPTED) {
                    ck_assert_uint_eq(fixture.updates.items[i].order.ordinal, next);
                    ck_assert_int_ge(now, next + 10);
                    first_seen[run] = first_seen[run] * 3 + (uint64_t)now;
                    next++;
                }
            }
        }
        ck_assert_uint_eq(next, 51);
        fixture_close(&fixture);
    }
    ck_assert(first_seen[0] == first_seen[1]);
}
END_TEST

START_TEST(it_wakes_at_the_nearest_resting_orders)
{
    struct paper_fixture fixture;
    struct wake_levels levels;
    int64_t at_ns;
    fixture_open(&fixture, &unlimited);
    submit(&fixture, 1, SIDE_BUY, "1", "90");
    submit(&fixture, 2, SIDE_BUY, "1", "95");
    submit(&fixture, 3, SIDE_SELL, "1", "110");
    submit(&fixture, 4, SIDE_SELL, "1", "105");
    quote(&fixture, "99", "100");
    paper_venue_wake(fixture.venue, 0, &levels, &at_ns);
    ck_assert(decimal_equal(levels.level[WAKE_ASK_AT_MOST], D("95")));
    ck_assert(decimal_equal(levels.level[WAKE_BID_AT_LEAST], D("105")));
    ck_assert(!levels.is_set[WAKE_BID_AT_MOST] && !levels.is_set[WAKE_ASK_AT_LEAST]);
    ck_assert(!levels.every_quote);
    quote(&fixture, "94", "95");
    paper_venue_wake(fixture.venue, 0, &levels, &at_ns);
    ck_assert(decimal_equal(levels.level[WAKE_ASK_AT_MOST], D("90")));
    paper_venue_wake(fixture.venue, 1, &levels, &at_ns);
    ck_assert(!levels.is_set[WAKE_ASK_AT_MOST] && !levels.is_set[WAKE_BID_AT_LEAST]);
    fixture_close(&fixture);
}
END_TEST

static bool script_fails(void *context, uint32_t ordinal)
{
    (void)context;
    return ordinal == 1;
}

static bool script_ignores_cancel(void *context, uint32_t ordinal)
{
    (void)context;
    return ordinal == 2;
}

static bool script_is_matched(void *context, uint32_t ordinal, uint32_t rounds)
{
    (void)context;
    return ordinal != 3 || rounds >= 2;
}

static bool script_match_amount(void *context, uint32_t ordinal, struct decimal order_amount,
                                uint32_t match, struct decimal *ret_amount)
{
    (void)context;
    if (ordinal != 4) {
        return true;
    }
    *ret_amount = decimal_divide(order_amount, decimal_from_int(2));
    return match < 2;
}

START_TEST(scripts_make_orders_misbehave)
{
    static const struct paper_script script = {NULL, script_fails, script_ignores_cancel,
                                               script_is_matched, script_match_amount};
    const struct paper_config config = {.is_unlimited = true, .script = &script};
    struct paper_fixture fixture;
    struct wake_levels levels;
    int64_t at_ns;
    fixture_open(&fixture, &config);
    submit(&fixture, 1, SIDE_BUY, "1", "0");
    submit(&fixture, 2, SIDE_BUY, "1", "90");
    submit(&fixture, 3, SIDE_BUY, "1", "0");
    submit(&fixture, 4, SIDE_BUY, "3", "0");
    ck_assert_int_eq(paper_venue_cancel(fixture.venue, id_of(2), 0), ERR_NONE);
    quote(&fixture, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "RAAAF");
    ck_assert(decimal_equal(fixture.updates.items[4].fill.amount, D("1.5")));
    paper_venue_wake(fixture.venue, 0, &levels, &at_ns);
    ck_assert(levels.every_quote); /* Market orders are waiting. */
    quote(&fixture, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "FC");
    quote(&fixture, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "FC");
    ck_assert_uint_eq(fixture.updates.items[0].order.ordinal, 3);
    quote(&fixture, "89", "90");
    ck_assert_str_eq(kinds(&fixture), "FC"); /* Its cancel was lost. */
    fixture_close(&fixture);
}
END_TEST

/* Sixty orders wait for a quote; whether it is taken whole or in pieces, the same happens. */
START_TEST(a_quote_in_pieces_says_the_same)
{
    struct paper_fixture whole;
    struct paper_fixture pieces;
    struct paper_fixture *const both[] = {&whole, &pieces};
    for (size_t i = 0; i < 2; i++) {
        fixture_open(both[i], &unlimited);
        for (uint32_t ordinal = 1; ordinal <= 60; ordinal++) {
            submit(both[i], ordinal, ordinal % 3 == 0 ? SIDE_SELL : SIDE_BUY, "0.1",
                   ordinal % 2 == 0 ? "0" : "99");
        }
    }
    quote(&whole, "99", "101");
    const struct quote market = {0, D("99"), D("101")};
    struct venue_updates said = {0};
    pieces.updates.count = 0;
    ck_assert_int_eq(paper_venue_begin_quote(pieces.venue, 0, &market, &said), ERR_NONE);
    for (size_t round = 0; paper_venue_is_busy(pieces.venue, 0); round++) {
        said.count = 0;
        ck_assert_int_eq(paper_venue_go_on(pieces.venue, 0, 5, &said), ERR_NONE);
        ck_assert_uint_le(said.count, 6); /* A deal may add two. */
        if (round == 3) { /* It came while the quote was under way: it waits for the next one. */
            submit(&pieces, 61, SIDE_BUY, "0.1", "0");
        }
        for (size_t i = 0; i < said.count; i++) {
            *venue_updates_add(&pieces.updates) = said.items[i];
        }
    }
    ck_assert_uint_gt(whole.updates.count, 120);
    ck_assert_uint_eq(pieces.updates.count, whole.updates.count);
    for (size_t i = 0; i < whole.updates.count; i++) {
        ck_assert_mem_eq(&pieces.updates.items[i], &whole.updates.items[i],
                         sizeof(struct venue_update));
    }
    ck_assert_str_eq(balance(&pieces, "BTC"), balance(&whole, "BTC"));
    quote(&pieces, "99", "101");
    ck_assert_str_eq(kinds(&pieces), "AFC");
    venue_updates_done(&said);
    fixture_close(&whole);
    fixture_close(&pieces);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("paper");
    tcase_add_test(tcase, a_market_order_trades_with_the_next_quote);
    tcase_add_test(tcase, trades_after_a_restart_go_on_with_their_numbers);
    tcase_add_test(tcase, a_limit_order_waits_for_its_price);
    tcase_add_test(tcase, older_orders_are_matched_first_whatever_their_price);
    tcase_add_loop_test(tcase, broken_rules_are_refused_with_a_reason, 0, COUNT_OF(refusals));
    tcase_add_test(tcase, too_small_an_amount_is_refused);
    tcase_add_test(tcase, a_cancel_ends_an_open_order);
    tcase_add_test(tcase, requests_come_before_matching);
    tcase_add_test(tcase, ids_are_never_used_twice);
    tcase_add_test(tcase, the_venue_may_expel_an_open_order);
    tcase_add_test(tcase, requests_travel_for_their_latency);
    tcase_add_test(tcase, jitter_keeps_the_order);
    tcase_add_test(tcase, it_wakes_at_the_nearest_resting_orders);
    tcase_add_test(tcase, a_quote_in_pieces_says_the_same);
    tcase_add_test(tcase, scripts_make_orders_misbehave);
    return suite_run("paper", tcase);
}
