/*
 * tests/unit/market/test_paper_arrival.c - what becomes of orders that will not wait, will not
 * take, or may only close.
 */
#include "papering.h"

static const struct paper_config strict = {.is_unlimited = true,
                                           .post_only = PAPER_POST_ONLY_REJECT};

/* One order against a quote of 99 to 100, and the next quote of 89 to 90. */
static const struct {
    enum side side;
    enum order_type type;
    const char *price;
    enum time_in_force time_in_force;
    const char *first, *second;
    const char *reason; /* Of the last update of the first quote. */
} orders[] = {
    {SIDE_BUY, ORDER_LIMIT_MAKER, "100", TIME_IN_FORCE_GTC, "R", "",
     "post-only order would take: price 100, ask 100"},
    {SIDE_SELL, ORDER_LIMIT_MAKER, "98.5", TIME_IN_FORCE_GTC, "R", "",
     "post-only order would take: price 98.5, bid 99"},
    {SIDE_BUY, ORDER_LIMIT_MAKER, "99.99", TIME_IN_FORCE_GTC, "A", "FC", ""},
    {SIDE_SELL, ORDER_LIMIT_MAKER, "99.01", TIME_IN_FORCE_GTC, "A", "", ""},
    {SIDE_BUY, ORDER_LIMIT, "100", TIME_IN_FORCE_GTC, "AFC", "", ""},
    {SIDE_BUY, ORDER_LIMIT, "100", TIME_IN_FORCE_IOC, "AFC", "", ""},
    {SIDE_BUY, ORDER_LIMIT, "99.99", TIME_IN_FORCE_IOC, "AX", "", "not filled at once"},
    {SIDE_SELL, ORDER_LIMIT, "99", TIME_IN_FORCE_FOK, "AFC", "", ""},
    {SIDE_SELL, ORDER_LIMIT, "99.01", TIME_IN_FORCE_FOK, "AX", "", "not filled at once"},
    {SIDE_BUY, ORDER_MARKET, "0", TIME_IN_FORCE_IOC, "AFC", "", ""},
};

START_TEST(an_order_waits_as_long_as_it_says)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &strict);
    struct order_ticket ticket = ticket_of(1, orders[_i].side, "1", orders[_i].price);
    ticket.type = orders[_i].type;
    ticket.time_in_force = orders[_i].time_in_force;
    submit_at(&fixture, &ticket, 0);
    quote(&fixture, "99", "100");
    ck_assert_str_eq(kinds(&fixture), orders[_i].first);
    ck_assert_str_eq(fixture.updates.items[fixture.updates.count - 1].reason, orders[_i].reason);
    quote(&fixture, "89", "90");
    ck_assert_str_eq(kinds(&fixture), orders[_i].second);
    fixture_close(&fixture);
}
END_TEST

/* The rule of the golden runs: it rests at its price, and is filled there as maker. */
START_TEST(a_venue_may_let_post_only_orders_rest)
{
    static const struct paper_config lenient = {.is_unlimited = true};
    struct paper_fixture fixture;
    fixture_open(&fixture, &lenient);
    struct order_ticket ticket = ticket_of(1, SIDE_BUY, "1", "101");
    ticket.type = ORDER_LIMIT_MAKER;
    submit_at(&fixture, &ticket, 0);
    quote(&fixture, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "AFC");
    ck_assert_int_eq(fixture.updates.items[1].fill.liquidity, LIQUIDITY_MAKER);
    ck_assert(decimal_equal(fixture.updates.items[1].fill.price, D("101")));
    fixture_close(&fixture);
}
END_TEST

static bool half_of_it(void *context, uint32_t ordinal, struct decimal order_amount, uint32_t match,
                       struct decimal *ret_amount)
{
    (void)context;
    (void)ordinal;
    *ret_amount = decimal_divide(order_amount, decimal_from_int(2));
    return match == 0;
}

START_TEST(the_rest_of_an_immediate_order_is_canceled)
{
    static const struct paper_script script = {.match_amount = half_of_it};
    const struct paper_config config = {.is_unlimited = true, .script = &script};
    struct paper_fixture fixture;
    fixture_open(&fixture, &config);
    for (uint32_t i = 1; i <= 40; i++) {
        struct order_ticket ticket = ticket_of(i, SIDE_BUY, "1", "100");
        ticket.time_in_force = TIME_IN_FORCE_IOC;
        submit_at(&fixture, &ticket, 0);
    }
    quote(&fixture, "99", "100");
    ck_assert_uint_eq(fixture.updates.count, 120);
    for (size_t i = 0; i < 40; i++) {
        ck_assert_int_eq(fixture.updates.items[i].kind, VENUE_ACCEPTED);
        ck_assert_int_eq(fixture.updates.items[40 + i].kind, VENUE_FILL);
        ck_assert_int_eq(fixture.updates.items[80 + i].kind, VENUE_CANCELED);
    }
    quote(&fixture, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "");
    fixture_close(&fixture);
}
END_TEST

/* ---- Reduce-only ---- */

static void send(struct paper_fixture *fixture, uint32_t ordinal, enum side side,
                 enum position_action action, const char *amount)
{
    struct order_ticket ticket = ticket_of(ordinal, side, amount, "0");
    ticket.instrument = 1;
    ticket.action = action;
    submit_at(fixture, &ticket, 0);
}

START_TEST(a_close_never_opens)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &strict);
    send(&fixture, 1, SIDE_SELL, POSITION_ACTION_CLOSE, "1");
    quote_on(&fixture, 1, 0, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "R");
    ck_assert_str_eq(fixture.updates.items[0].reason, "reduce-only: there is no position to close");
    send(&fixture, 2, SIDE_BUY, POSITION_ACTION_OPEN, "2");
    send(&fixture, 3, SIDE_BUY, POSITION_ACTION_CLOSE, "1"); /* The wrong side of a long. */
    quote_on(&fixture, 1, 0, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "ARFC");
    send(&fixture, 4, SIDE_SELL, POSITION_ACTION_CLOSE, "1.5");
    send(&fixture, 5, SIDE_SELL, POSITION_ACTION_CLOSE, "1.5");
    send(&fixture, 6, SIDE_SELL, POSITION_ACTION_CLOSE, "1.5");
    quote_on(&fixture, 1, 0, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "AAAFCFXX");
    ck_assert(decimal_equal(fixture.updates.items[5].fill.amount, D("0.5")));
    ck_assert_str_eq(fixture.updates.items[6].reason, "reduce-only: the position is closed");
    ck_assert_str_eq(fixture.updates.items[7].reason,
                     "reduce-only: there is no position to close any more");
    ck_assert_int_eq(decimal_sign(paper_venue_position(fixture.venue, 1, 0)->book.amount), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(all_or_nothing_is_nothing_when_less_is_held)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &strict);
    send(&fixture, 1, SIDE_BUY, POSITION_ACTION_OPEN, "2");
    quote_on(&fixture, 1, 0, "99", "100");
    struct order_ticket ticket = ticket_of(2, SIDE_SELL, "3", "0");
    ticket.instrument = 1;
    ticket.action = POSITION_ACTION_CLOSE;
    ticket.time_in_force = TIME_IN_FORCE_FOK;
    submit_at(&fixture, &ticket, 0);
    quote_on(&fixture, 1, 0, "99", "100");
    ck_assert_str_eq(kinds(&fixture), "AX");
    fixture_close(&fixture);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("paper_arrival");
    tcase_add_loop_test(cases, an_order_waits_as_long_as_it_says, 0, COUNT_OF(orders));
    tcase_add_test(cases, a_venue_may_let_post_only_orders_rest);
    tcase_add_test(cases, the_rest_of_an_immediate_order_is_canceled);
    tcase_add_test(cases, a_close_never_opens);
    tcase_add_test(cases, all_or_nothing_is_nothing_when_less_is_held);
    return suite_run("paper_arrival", cases);
}
