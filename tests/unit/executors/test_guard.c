/*
 * tests/unit/executors/test_guard.c - a guard holds between its levels, before its time, and for
 * the ledger it was raised with. What it stands for is tested by test_bracket_wake.c.
 */
#include "executors/guard.h"

#include "bracketing.h"

/* A wake at 10 s, and at marks of 95 and 105. */
static struct wake wake_of(enum side side)
{
    struct wake wake = wake_never();
    wake_add_time(&wake, 10 * NS_PER_S);
    mark_wake_below(&wake.markets[0], side, D("100"), D("95"));
    mark_wake_above(&wake.markets[0], side, D("100"), D("105"));
    return wake;
}

/* A RUNNING executor whose ledger has seen so much. */
static struct executor executor_of(uint32_t changes)
{
    return (struct executor){.status = EXECUTOR_RUNNING, .ledger = {.changes = changes}};
}

/* A market with that price on both sides. */
static struct executor_view view_of(const char *mark, int64_t now_ns)
{
    return (struct executor_view){
        .now_ns = now_ns, .market_count = 1, .markets = {{.bid = D(mark), .ask = D(mark)}}};
}

static const enum side sides[] = {SIDE_BUY, SIDE_SELL};

static const struct {
    const char *mark;
    int64_t now_ns;
    bool holds;
} moments[] = {
    {"100", 0, true},
    {"95.000000000000000001", 10 * NS_PER_S - 1, true},
    {"104.999999999999999999", 0, true},
    {"95", 0, false},
    {"1", 0, false},
    {"105", 0, false},
    {"1000", 0, false},
    {"100", 10 * NS_PER_S, false},
};

START_TEST(it_holds_between_its_levels_and_before_its_time)
{
    const struct executor executor = executor_of(7);
    const struct executor_view view = view_of(moments[_i].mark, moments[_i].now_ns);
    for (int i = 0; i < COUNT(sides); i++) {
        struct guard guard;
        const struct wake wake = wake_of(sides[i]);
        guard_raise(&guard, &executor, sides[i], &wake);
        ck_assert(guard_holds(&guard, &executor, sides[i], &view) == moments[_i].holds);
    }
}
END_TEST

START_TEST(it_looks_at_the_mark_alone)
{
    const struct executor executor = executor_of(0);
    for (int i = 0; i < COUNT(sides); i++) {
        struct guard guard;
        struct executor_view view = view_of("100", 0);
        const struct wake wake = wake_of(sides[i]);
        guard_raise(&guard, &executor, sides[i], &wake);
        *(sides[i] == SIDE_BUY ? &view.markets[0].ask : &view.markets[0].bid) = D("1000");
        ck_assert(guard_holds(&guard, &executor, sides[i], &view));
        *(sides[i] == SIDE_BUY ? &view.markets[0].bid : &view.markets[0].ask) = D("1000");
        ck_assert(!guard_holds(&guard, &executor, sides[i], &view));
    }
}
END_TEST

START_TEST(it_is_down_until_it_is_raised_and_when_it_is_dropped)
{
    const struct executor executor = executor_of(0);
    const struct executor_view view = view_of("100", 0);
    const struct wake wake = wake_of(SIDE_BUY);
    struct guard guard = {0};
    ck_assert(!guard_holds(&guard, &executor, SIDE_BUY, &view));
    guard_raise(&guard, &executor, SIDE_BUY, &wake);
    ck_assert(guard_holds(&guard, &executor, SIDE_BUY, &view));
    guard_drop(&guard);
    ck_assert(!guard_holds(&guard, &executor, SIDE_BUY, &view));
}
END_TEST

START_TEST(it_does_not_hold_for_another_ledger_nor_when_all_is_over)
{
    const struct executor before = executor_of(7);
    const struct executor after = executor_of(8);
    const struct executor_view view = view_of("100", 0);
    const struct wake wake = wake_of(SIDE_BUY);
    struct executor ending = executor_of(7);
    struct guard guard;
    guard_raise(&guard, &before, SIDE_BUY, &wake);
    ck_assert(guard_holds(&guard, &before, SIDE_BUY, &view));
    ck_assert(!guard_holds(&guard, &after, SIDE_BUY, &view));
    ending.status = EXECUTOR_SHUTTING_DOWN;
    ck_assert(!guard_holds(&guard, &ending, SIDE_BUY, &view));
    guard_raise(&guard, &ending, SIDE_BUY, &wake);
    ck_assert(!guard.is_up);
}
END_TEST

START_TEST(it_gives_the_wake_back_that_it_was_raised_with)
{
    const struct executor executor = executor_of(0);
    for (int i = 0; i < COUNT(sides); i++) {
        struct guard guard;
        const struct wake wake = wake_of(sides[i]);
        guard_raise(&guard, &executor, sides[i], &wake);
        const struct wake back = guard_wake(&guard, sides[i]);
        ck_assert_int_eq(back.at_ns, wake.at_ns);
        for (int t = 0; t < WAKE_TRIGGER_COUNT; t++) {
            ck_assert(back.markets[0].is_set[t] == wake.markets[0].is_set[t]);
            ck_assert(!wake.markets[0].is_set[t] ||
                      decimal_equal(back.markets[0].level[t], wake.markets[0].level[t]));
        }
    }
}
END_TEST

START_TEST(without_a_level_every_mark_is_between)
{
    const struct executor executor = executor_of(0);
    const struct executor_view low = view_of("0", 0);
    const struct executor_view high = view_of("100000000000000000000", 0);
    const struct wake never = wake_never();
    struct guard guard;
    guard_raise(&guard, &executor, SIDE_SELL, &never);
    ck_assert(guard_holds(&guard, &executor, SIDE_SELL, &low));
    ck_assert(guard_holds(&guard, &executor, SIDE_SELL, &high));
    const struct wake back = guard_wake(&guard, SIDE_SELL);
    ck_assert_int_eq(back.at_ns, INSTANT_NEVER);
    for (int t = 0; t < WAKE_TRIGGER_COUNT; t++) {
        ck_assert(!back.markets[0].is_set[t]);
    }
}
END_TEST

START_TEST(it_stays_down_when_there_is_more_to_wait_for)
{
    const struct executor executor = executor_of(0);
    struct guard guard;
    struct wake wake = wake_of(SIDE_BUY);
    wake.markets[0].every_quote = true;
    guard_raise(&guard, &executor, SIDE_BUY, &wake);
    ck_assert(!guard.is_up);
    wake = wake_of(SIDE_BUY);
    wake_add_level(&wake.markets[0], WAKE_ASK_AT_LEAST, D("200"));
    guard_raise(&guard, &executor, SIDE_BUY, &wake);
    ck_assert(!guard.is_up);
    wake = wake_of(SIDE_SELL);
    wake_add_level(&wake.markets[0], WAKE_BID_AT_MOST, D("2"));
    guard_raise(&guard, &executor, SIDE_SELL, &wake);
    ck_assert(!guard.is_up);
}
END_TEST

START_TEST(a_pair_holds_while_both_prices_are_between_their_levels)
{
    const struct executor executor = executor_of(0);
    const struct wake on_ask = wake_of(SIDE_SELL);
    struct wake wake = wake_of(SIDE_BUY);
    struct guard_pair pair;
    wake_add_level(&wake.markets[0], WAKE_ASK_AT_LEAST, D("101"));
    guard_pair_raise(&pair, &executor, &wake);
    struct executor_view view = view_of("100", 0);
    ck_assert(guard_pair_holds(&pair, &executor, &view));
    view.markets[0].ask = D("101");
    ck_assert(!guard_pair_holds(&pair, &executor, &view));
    view = view_of("95", 0);
    ck_assert(!guard_pair_holds(&pair, &executor, &view));
    view = view_of("100", 10 * NS_PER_S);
    ck_assert(!guard_pair_holds(&pair, &executor, &view));
    guard_pair_raise(&pair, &executor, &on_ask);
    view = view_of("100", 0);
    view.markets[0].bid = D("1");
    ck_assert(guard_pair_holds(&pair, &executor, &view));
}
END_TEST

START_TEST(a_pair_gives_its_wake_back_and_refuses_every_quote)
{
    const struct executor executor = executor_of(0);
    struct wake wake = wake_of(SIDE_BUY);
    struct guard_pair pair;
    wake_add_level(&wake.markets[0], WAKE_ASK_AT_MOST, D("94"));
    guard_pair_raise(&pair, &executor, &wake);
    const struct wake back = guard_pair_wake(&pair);
    ck_assert_int_eq(back.at_ns, wake.at_ns);
    for (int t = 0; t < WAKE_TRIGGER_COUNT; t++) {
        ck_assert(back.markets[0].is_set[t] == wake.markets[0].is_set[t]);
        ck_assert(!wake.markets[0].is_set[t] ||
                  decimal_equal(back.markets[0].level[t], wake.markets[0].level[t]));
    }
    wake.markets[0].every_quote = true;
    guard_pair_raise(&pair, &executor, &wake);
    ck_assert(!pair.bid.is_up && !pair.ask.is_up);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, it_holds_between_its_levels_and_before_its_time, 0, COUNT(moments));
    tcase_add_test(tcase, it_is_down_until_it_is_raised_and_when_it_is_dropped);
    tcase_add_test(tcase, it_looks_at_the_mark_alone);
    tcase_add_test(tcase, it_does_not_hold_for_another_ledger_nor_when_all_is_over);
    tcase_add_test(tcase, it_gives_the_wake_back_that_it_was_raised_with);
    tcase_add_test(tcase, without_a_level_every_mark_is_between);
    tcase_add_test(tcase, it_stays_down_when_there_is_more_to_wait_for);
    tcase_add_test(tcase, a_pair_holds_while_both_prices_are_between_their_levels);
    tcase_add_test(tcase, a_pair_gives_its_wake_back_and_refuses_every_quote);
}

int main(void)
{
    return run_tests("guard", add_tests);
}
