/*
 * tests/unit/executors/test_moment.c - the derived figures of a bracket.
 */
#include "executors/moment.h"

#include "bracketing.h"

/* 1 bought at 100 with a fee of 0.01 base, 0.4 sold at 110 with a fee of 0.5 quote. */
START_TEST(figures_follow_from_the_fills)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting.barriers.has_apr_yield = true;
    setting.barriers.apr_yield = D("0.5");
    start_at_100(&setting, &stage);
    const struct order_draft draft = {
        .role = ROLE_PARTIAL, .side = SIDE_SELL, .type = ORDER_MARKET, .amount = D("0.4")};
    ck_assert(executor_place(stage.executor, &draft, 0, &stage.requests));
    struct order_event event = {.kind = ORDER_EVENT_FILL, .ordinal = 1};
    event.fill =
        (struct fill){.price = D("100"), .amount = D("1"), .fee = D("0.01"), .fee_in_base = true};
    executor_on_order(stage.executor, &event, 0);
    event.ordinal = 2;
    event.fill = (struct fill){.price = D("110"), .amount = D("0.4"), .fee = D("0.5")};
    executor_on_order(stage.executor, &event, 0);
    const struct quote quote = {31536000 * NS_PER_S, D("105"), D("106")};
    stage_look(&stage, &quote);
    const struct moment moment = moment_of(bracket_in(&stage), &stage.view);
    ck_assert_decimal_eq(moment.gross, "1");
    ck_assert_decimal_eq(moment.open, "0.99");
    ck_assert_decimal_eq(moment.closed, "0.4");
    ck_assert_decimal_eq(moment.remaining, "0.59");
    ck_assert_decimal_eq(moment.sellable, "0.59");
    ck_assert_decimal_eq(moment.entry, "100");
    ck_assert_decimal_eq(moment.mark, "105");
    ck_assert_decimal_eq(moment_mid(&moment), "105.5");
    ck_assert_decimal_eq(moment.fees, "1.5");
    ck_assert_decimal_eq(moment.net, "5.45"); /* 44 - 40 + 0.59 * 5 - 1.5 */
    ck_assert_decimal_eq(moment.net_pct, "0.055050505050505051");
    ck_assert_decimal_eq(moment.target_yield, "0.5");
    ck_assert(moment.is_valid && moment.is_closable && !moment.is_expired);
    stage_close(&stage);
}
END_TEST

static const struct {
    enum side side;
    enum order_type type;
    const char *bid, *ask, *wanted;
} wanted[] = {
    {SIDE_BUY, ORDER_LIMIT, "90", "91", "100"},
    {SIDE_BUY, ORDER_LIMIT_MAKER, "90", "91", "90"},
    {SIDE_BUY, ORDER_LIMIT_MAKER, "110", "111", "100"},
    {SIDE_SELL, ORDER_LIMIT_MAKER, "110", "111", "111"},
    {SIDE_SELL, ORDER_LIMIT_MAKER, "90", "91", "100"},
    {SIDE_SELL, ORDER_MARKET, "110", "111", "100"},
};

START_TEST(the_wanted_entry_keeps_a_maker_passive)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.config.side = wanted[_i].side;
    setting.barriers.open_order_type = wanted[_i].type;
    setting_open(&setting, &stage);
    const struct quote quote = quote_at(0, wanted[_i].bid, wanted[_i].ask);
    stage_start(&stage, &quote, true);
    const struct moment moment = moment_of(bracket_in(&stage), &stage.view);
    ck_assert_decimal_eq(moment.wanted, wanted[_i].wanted);
    ck_assert_decimal_eq(moment.entry, wanted[_i].wanted);
    ck_assert_decimal_eq(moment.net_pct, "0");
    stage_close(&stage);
}
END_TEST

START_TEST(the_yield_begins_with_the_timestamp)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting.config.common.timestamp_ns = 100 * NS_PER_S;
    start_at_100(&setting, &stage);
    ck_assert_decimal_eq(moment_target_yield(bracket_in(&stage), 200 * NS_PER_S), "0");
    setting.barriers.has_apr_yield = true;
    setting.barriers.apr_yield = D("31536000");
    ck_assert_decimal_eq(moment_target_yield(bracket_in(&stage), 99 * NS_PER_S), "0");
    ck_assert_decimal_eq(moment_target_yield(bracket_in(&stage), 100 * NS_PER_S), "0");
    ck_assert_decimal_eq(moment_target_yield(bracket_in(&stage), 100 * NS_PER_S + 500000000),
                         "0.5");
    stage_close(&stage);
}
END_TEST

START_TEST(a_ratio_to_nothing_is_nothing)
{
    ck_assert_decimal_eq(moment_ratio(D("5"), D("0")), "0");
    ck_assert_decimal_eq(moment_ratio(D("5"), D("2")), "2.5");
    ck_assert(!decimal_is_valid(moment_ratio(DECIMAL_INVALID, D("2"))));
    ck_assert(!decimal_is_valid(moment_ratio(D("5"), DECIMAL_INVALID)));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, figures_follow_from_the_fills);
    tcase_add_loop_test(tcase, the_wanted_entry_keeps_a_maker_passive, 0, COUNT(wanted));
    tcase_add_test(tcase, the_yield_begins_with_the_timestamp);
    tcase_add_test(tcase, a_ratio_to_nothing_is_nothing);
}

int main(void)
{
    return run_tests("moment", add_tests);
}
