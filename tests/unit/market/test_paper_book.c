/*
 * tests/unit/market/test_paper_book.c - the heaps of resting orders against a plain list.
 */
#include "market/venues/paper_book.h"

#include "base/prng.h"
#include "papering.h"

enum { ORDERS = 400, STEPS = 4000 };

/* What a list of all orders says. */
struct naive_order {
    struct order_ticket ticket;
    bool is_open;
};

static bool naive_is_touched(const struct naive_order *order, const struct quote *quote)
{
    if (!order->is_open) {
        return false;
    }
    return order->ticket.side == SIDE_BUY ? !decimal_less(order->ticket.price, quote->ask)
                                          : !decimal_less(quote->bid, order->ticket.price);
}

/* The oldest order that the quote touches, or ORDERS. */
static uint32_t naive_next(const struct naive_order *orders, const struct quote *quote)
{
    for (uint32_t i = 0; i < ORDERS; i++) {
        if (naive_is_touched(&orders[i], quote)) {
            return i;
        }
    }
    return ORDERS;
}

/* The fills of the venue are those of the list, in the same order. */
static void check_fills(const struct paper_fixture *fixture, struct naive_order *orders,
                        const struct quote *quote)
{
    for (size_t i = 0; i < fixture->updates.count; i++) {
        if (fixture->updates.items[i].kind != VENUE_FILL) {
            continue;
        }
        const uint32_t expected = naive_next(orders, quote);
        ck_assert_uint_lt(expected, ORDERS);
        ck_assert_uint_eq(fixture->updates.items[i].order.ordinal, expected + 1);
        orders[expected].is_open = false;
    }
    ck_assert_uint_eq(naive_next(orders, quote), ORDERS);
}

static void check_wake(const struct paper_fixture *fixture, const struct naive_order *orders)
{
    struct wake_levels levels;
    int64_t at_ns;
    struct decimal highest_buy = DECIMAL_ZERO;
    struct decimal lowest_sell = D("1000000");
    for (uint32_t i = 0; i < ORDERS; i++) {
        if (orders[i].is_open && orders[i].ticket.side == SIDE_BUY) {
            highest_buy = decimal_max(highest_buy, orders[i].ticket.price);
        } else if (orders[i].is_open) {
            lowest_sell = decimal_min(lowest_sell, orders[i].ticket.price);
        }
    }
    paper_venue_wake(fixture->venue, 0, &levels, &at_ns);
    ck_assert_int_eq(levels.is_set[WAKE_ASK_AT_MOST], decimal_sign(highest_buy) > 0);
    ck_assert_int_eq(levels.is_set[WAKE_BID_AT_LEAST], decimal_less(lowest_sell, D("1000000")));
    ck_assert(!levels.is_set[WAKE_ASK_AT_MOST] ||
              decimal_equal(levels.level[WAKE_ASK_AT_MOST], highest_buy));
    ck_assert(!levels.is_set[WAKE_BID_AT_LEAST] ||
              decimal_equal(levels.level[WAKE_BID_AT_LEAST], lowest_sell));
}

static void place_order(struct paper_fixture *fixture, struct naive_order *order, uint32_t ordinal,
                        struct prng *prng)
{
    order->ticket = (struct order_ticket){
        .id = id_of(ordinal),
        .side = prng_below(prng, 2) == 0 ? SIDE_BUY : SIDE_SELL,
        .type = prng_below(prng, 2) == 0 ? ORDER_LIMIT : ORDER_LIMIT_MAKER,
        .amount = D("1"),
        .price = decimal_from_mantissa(prng_between(prng, 900, 1100), 1),
    };
    order->is_open = true;
    submit_at(fixture, &order->ticket, 0);
}

START_TEST(a_random_run_gives_what_a_list_gives)
{
    static struct naive_order orders[ORDERS];
    const struct paper_config config = {.is_unlimited = true};
    struct paper_fixture fixture;
    struct prng prng;
    uint32_t count = 0;
    prng_init(&prng, (uint64_t)_i);
    memset(orders, 0, sizeof(orders));
    fixture_open(&fixture, &config);
    for (int step = 0; step < STEPS; step++) {
        const uint64_t what = prng_below(&prng, 10);
        if (what < 3 && count < ORDERS) {
            place_order(&fixture, &orders[count], count + 1, &prng);
            count++;
        } else if (what < 5 && count > 0) {
            const uint32_t ordinal = 1 + (uint32_t)prng_below(&prng, count);
            ck_assert_int_eq(paper_venue_cancel(fixture.venue, id_of(ordinal), 0), ERR_NONE);
            orders[ordinal - 1].is_open = false;
        }
        const int64_t mid = prng_below(&prng, 20) == 0 ? prng_between(&prng, 900, 1100) : 1000;
        const struct quote quote = {step, decimal_from_mantissa(mid, 1),
                                    decimal_from_mantissa(mid + 1, 1)};
        fixture.updates.count = 0;
        ck_assert_int_eq(paper_venue_on_quote(fixture.venue, 0, &quote, &fixture.updates),
                         ERR_NONE);
        check_fills(&fixture, orders, &quote);
        check_wake(&fixture, orders);
    }
    ck_assert_uint_gt(count, ORDERS / 2);
    fixture_close(&fixture);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("paper_book");
    tcase_add_loop_test(tcase, a_random_run_gives_what_a_list_gives, 0, 5);
    return suite_run("paper_book", tcase);
}
