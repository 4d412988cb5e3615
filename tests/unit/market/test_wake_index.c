/*
 * tests/unit/market/test_wake_index.c - whom a quote concerns, against a look at everybody.
 */
#include "market/wake_index.h"

#include <check.h>
#include <stdlib.h>

#include "base/prng.h"
#include "suite.h"

enum { SLEEPERS = 150, OPERATIONS = 6000, DIGITS = 2, MANY = 1000000 };

/* Everybody's levels, and the obvious way to evaluate them: with decimals. */
struct model {
    struct wake_levels levels[SLEEPERS];
};

static bool model_reaches(const struct wake_levels *levels, int64_t bid, int64_t ask)
{
    const struct decimal prices[] = {
        decimal_from_mantissa(bid, DIGITS),
        decimal_from_mantissa(bid, DIGITS),
        decimal_from_mantissa(ask, DIGITS),
        decimal_from_mantissa(ask, DIGITS),
    };
    for (enum wake_trigger i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        if (!levels->is_set[i]) {
            continue;
        }
        const int compared = decimal_compare(prices[i], levels->level[i]);
        if (wake_trigger_is_at_most(i) ? compared <= 0 : compared >= 0) {
            return true;
        }
    }
    return levels->every_quote;
}

/* A level on the grid or between two of its points, seldom far outside of it. */
static struct decimal random_level(struct prng *prng)
{
    const struct decimal level = decimal_from_mantissa(prng_between(prng, 9000, 11000), DIGITS);
    switch (prng_below(prng, 40)) {
    case 0:
        return decimal_literal("170000000000000000000");
    case 1:
        return decimal_literal("-170000000000000000000");
    case 2:
        return decimal_add(level, decimal_literal("0.000000000000000001"));
    case 3:
        return decimal_subtract(level, decimal_literal("0.000000000000000001"));
    case 4:
        return decimal_add(level, decimal_literal("0.005"));
    default:
        return level;
    }
}

static struct wake_levels random_levels(struct prng *prng)
{
    struct wake_levels levels = {.every_quote = prng_below(prng, 100) == 0};
    for (enum wake_trigger i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        if (prng_below(prng, 3) == 0) {
            levels.is_set[i] = true;
            levels.level[i] = random_level(prng);
        }
    }
    return levels;
}

/* Takes everybody out whom the quote reaches; compares with the model and wakes them there too. */
static void quote_both(struct wake_index *index, struct model *model, int64_t bid, int64_t ask)
{
    bool is_woken[SLEEPERS] = {false};
    const struct tape_levels nearest = wake_index_nearest(index);
    bool is_any = false;
    bool is_right = true;
    uint32_t sleeper;
    while (wake_index_take(index, bid, ask, &sleeper)) {
        ck_assert_uint_lt(sleeper, SLEEPERS);
        is_right = is_right && !is_woken[sleeper]; /* Everybody once. */
        is_woken[sleeper] = true;
        is_any = true;
    }
    for (int i = 0; i < SLEEPERS; i++) {
        is_right = is_right && is_woken[i] == model_reaches(&model->levels[i], bid, ask);
        if (is_woken[i]) {
            model->levels[i] = (struct wake_levels){0};
        }
    }
    ck_assert(is_right);
    /* The nearest levels say the same of the quote as a whole. */
    ck_assert_int_eq(is_any, bid <= nearest.bid_at_most || bid >= nearest.bid_at_least ||
                                 ask <= nearest.ask_at_most || ask >= nearest.ask_at_least);
}

START_TEST(it_equals_a_look_at_everybody)
{
    struct prng prng;
    prng_init(&prng, (uint64_t)_i);
    struct wake_index *index;
    struct model *model = calloc(1, sizeof(*model));
    ck_assert_int_eq(wake_index_create(DIGITS, &index), ERR_NONE);
    for (int i = 0; i < OPERATIONS; i++) {
        const uint32_t sleeper = (uint32_t)prng_below(&prng, SLEEPERS);
        switch (prng_below(&prng, 10)) {
        case 0:
            wake_index_remove(index, sleeper);
            model->levels[sleeper] = (struct wake_levels){0};
            break;
        case 1:
        case 2: {
            const int64_t bid = prng_between(&prng, 9000, 11000);
            quote_both(index, model, bid, bid + prng_between(&prng, 0, 10));
            break;
        }
        default:
            model->levels[sleeper] = random_levels(&prng);
            ck_assert_int_eq(wake_index_set(index, sleeper, &model->levels[sleeper]), ERR_NONE);
            break;
        }
    }
    wake_index_destroy(index);
    free(model);
}
END_TEST

static const struct {
    enum wake_trigger trigger;
    const char *level;
    int64_t reached; /* The nearest price that reaches it; INT64_MAX or INT64_MIN: none does. */
} roundings[] = {
    {WAKE_BID_AT_MOST, "1.23", 123},
    {WAKE_BID_AT_MOST, "1.239", 123},
    {WAKE_BID_AT_MOST, "-1.231", -124},
    {WAKE_BID_AT_LEAST, "1.23", 123},
    {WAKE_BID_AT_LEAST, "1.230000000000000001", 124},
    {WAKE_BID_AT_LEAST, "-1.239", -123},
    {WAKE_ASK_AT_MOST, "0", 0},
    {WAKE_ASK_AT_LEAST, "0.001", 1},
    {WAKE_BID_AT_MOST, "170000000000000000000", INT64_MAX - 1},   /* Always. */
    {WAKE_BID_AT_MOST, "-170000000000000000000", INT64_MIN},      /* Never. */
    {WAKE_ASK_AT_LEAST, "170000000000000000000", INT64_MAX},      /* Never. */
    {WAKE_ASK_AT_LEAST, "-170000000000000000000", INT64_MIN + 1}, /* Always. */
    {WAKE_BID_AT_LEAST, "92233720368547758.06", INT64_MAX - 1},
    {WAKE_BID_AT_LEAST, "92233720368547758.07", INT64_MAX},
    {WAKE_BID_AT_LEAST, "92233720368547758.065", INT64_MAX},
};

/* Would the quote wake a sleeper with this one level? */
static bool wakes(enum wake_trigger trigger, const char *level, int64_t price)
{
    struct wake_index *index;
    ck_assert_int_eq(wake_index_create(DIGITS, &index), ERR_NONE);
    struct wake_levels levels = {0};
    wake_add_level(&levels, trigger, decimal_literal(level));
    ck_assert_int_eq(wake_index_set(index, 0, &levels), ERR_NONE);
    uint32_t sleeper;
    const bool is_woken = wake_index_take(index, price, price, &sleeper);
    wake_index_destroy(index);
    return is_woken;
}

START_TEST(levels_are_rounded_to_the_side_that_quotes_reach)
{
    const enum wake_trigger trigger = roundings[_i].trigger;
    const char *level = roundings[_i].level;
    const int64_t reached = roundings[_i].reached;
    const bool is_at_most = wake_trigger_is_at_most(trigger);
    const int64_t lowest = INT64_MIN + 1;
    const int64_t highest = INT64_MAX - 1;
    if (reached == INT64_MIN || reached == INT64_MAX) {
        ck_assert(!wakes(trigger, level, lowest));
        ck_assert(!wakes(trigger, level, highest));
        return;
    }
    ck_assert(wakes(trigger, level, reached));
    ck_assert(wakes(trigger, level, is_at_most ? lowest : highest));
    const int64_t beyond = is_at_most ? reached + 1 : reached - 1;
    if (beyond >= lowest && beyond <= highest) {
        ck_assert(!wakes(trigger, level, beyond));
    }
}
END_TEST

START_TEST(a_quote_reaches_rounded_levels_exactly)
{
    struct wake_levels levels = {0};
    wake_add_level(&levels, WAKE_BID_AT_MOST, decimal_literal("99.995"));
    wake_add_level(&levels, WAKE_ASK_AT_LEAST, decimal_literal("100.501"));
    const struct tape_levels rounded = wake_levels_round(&levels, 2);
    ck_assert(!tape_levels_are_reached(&rounded, 10000, 10050));
    ck_assert(tape_levels_are_reached(&rounded, 9999, 10050));
    ck_assert(tape_levels_are_reached(&rounded, 10000, 10051));
    ck_assert_int_eq(rounded.bid_at_least, INT64_MAX);
    ck_assert_int_eq(rounded.ask_at_most, INT64_MIN);
    levels.every_quote = true;
    const struct tape_levels all = wake_levels_round(&levels, 2);
    ck_assert(tape_levels_are_reached(&all, 10000, 10050));
}
END_TEST

START_TEST(the_nearest_levels_are_those_of_the_heaps)
{
    struct wake_index *index;
    ck_assert_int_eq(wake_index_create(DIGITS, &index), ERR_NONE);
    struct tape_levels nearest = wake_index_nearest(index);
    ck_assert_int_eq(nearest.bid_at_most, INT64_MIN);
    ck_assert_int_eq(nearest.bid_at_least, INT64_MAX);
    ck_assert_int_eq(nearest.ask_at_most, INT64_MIN);
    ck_assert_int_eq(nearest.ask_at_least, INT64_MAX);
    for (uint32_t i = 0; i < 3; i++) {
        struct wake_levels levels = {0};
        for (enum wake_trigger j = 0; j < WAKE_TRIGGER_COUNT; j++) {
            wake_add_level(&levels, j, decimal_from_int(10 + (int64_t)i));
        }
        ck_assert_int_eq(wake_index_set(index, i, &levels), ERR_NONE);
    }
    nearest = wake_index_nearest(index);
    ck_assert_int_eq(nearest.bid_at_most, 1200);
    ck_assert_int_eq(nearest.bid_at_least, 1000);
    ck_assert_int_eq(nearest.ask_at_most, 1200);
    ck_assert_int_eq(nearest.ask_at_least, 1000);
    wake_index_remove(index, 2);
    ck_assert_int_eq(wake_index_nearest(index).bid_at_most, 1100);
    const struct wake_levels every_quote = {.every_quote = true};
    ck_assert_int_eq(wake_index_set(index, 2, &every_quote), ERR_NONE);
    ck_assert_int_eq(wake_index_nearest(index).bid_at_most, INT64_MAX);
    wake_index_destroy(index);
    wake_index_destroy(NULL);
}
END_TEST

START_TEST(sleepers_come_in_a_fixed_order)
{
    struct wake_index *index;
    ck_assert_int_eq(wake_index_create(0, &index), ERR_NONE);
    static const struct {
        uint32_t sleeper;
        bool every_quote;
        int64_t level;
    } given[] = {{9, true, 0},   {5, false, 10}, {3, true, 0},
                 {8, false, 12}, {2, false, 10}, {7, false, 99}};
    for (int i = 0; i < COUNT_OF(given); i++) {
        struct wake_levels levels = {.every_quote = given[i].every_quote};
        if (!given[i].every_quote) {
            wake_add_level(&levels, WAKE_BID_AT_LEAST, decimal_from_int(given[i].level));
        }
        ck_assert_int_eq(wake_index_set(index, given[i].sleeper, &levels), ERR_NONE);
    }
    static const uint32_t expected[] = {3, 9, 2, 5, 8};
    uint32_t sleeper;
    for (int i = 0; i < COUNT_OF(expected); i++) {
        ck_assert(wake_index_take(index, 50, 50, &sleeper));
        ck_assert_uint_eq(sleeper, expected[i]);
    }
    ck_assert(!wake_index_take(index, 50, 50, &sleeper));
    wake_index_destroy(index);
}
END_TEST

START_TEST(an_invalid_level_wakes_with_every_quote)
{
    struct wake_index *index;
    ck_assert_int_eq(wake_index_create(0, &index), ERR_NONE);
    struct wake_levels levels = {.is_set = {[WAKE_ASK_AT_LEAST] = true}};
    levels.level[WAKE_ASK_AT_LEAST] = DECIMAL_INVALID;
    ck_assert_int_eq(wake_index_set(index, 4, &levels), ERR_NONE);
    uint32_t sleeper;
    ck_assert(wake_index_take(index, 1, 1, &sleeper));
    ck_assert_uint_eq(sleeper, 4);
    wake_index_destroy(index);
}
END_TEST

START_TEST(what_cannot_be_remembered_changes_nothing)
{
    struct wake_index *index;
    ck_assert_int_eq(wake_index_create(0, &index), ERR_NONE);
    const struct wake_levels every_quote = {.every_quote = true};
    ck_assert_int_eq(wake_index_set(index, 1, &every_quote), ERR_NONE);
    ck_assert_int_eq(wake_index_set(index, WAKE_SLEEPERS_MAX, &every_quote), ERR_LIMIT);
    uint32_t sleeper;
    ck_assert(wake_index_take(index, 1, 1, &sleeper));
    ck_assert(!wake_index_take(index, 1, 1, &sleeper));
    wake_index_remove(index, UINT32_MAX);
    wake_index_destroy(index);
}
END_TEST

START_TEST(a_million_sleepers_come_in_order)
{
    struct wake_index *index;
    ck_assert_int_eq(wake_index_create(0, &index), ERR_NONE);
    bool is_right = true;
    for (uint32_t i = 0; i < MANY; i++) {
        struct wake_levels levels = {0};
        wake_add_level(&levels, WAKE_BID_AT_MOST, decimal_from_int(i + 1));
        wake_add_level(&levels, WAKE_BID_AT_LEAST, decimal_from_int(2 * MANY + (int64_t)i));
        wake_add_level(&levels, WAKE_ASK_AT_MOST, decimal_from_int(i + 1));
        wake_add_level(&levels, WAKE_ASK_AT_LEAST, decimal_from_int(2 * MANY + (int64_t)i));
        is_right = is_right && wake_index_set(index, i, &levels) == ERR_NONE;
    }
    uint32_t sleeper;
    ck_assert(!wake_index_take(index, MANY + 1, MANY + 1, &sleeper));
    for (uint32_t i = MANY; i > 0; i--) {
        /* The highest level is the nearest. */
        is_right = is_right && wake_index_take(index, 1, 1, &sleeper) && sleeper == i - 1;
    }
    ck_assert(is_right);
    ck_assert(!wake_index_take(index, 1, 1, &sleeper));
    wake_index_destroy(index);
}
END_TEST

START_TEST(times_come_in_order)
{
    struct wake_times *times;
    uint32_t sleeper;
    ck_assert_int_eq(wake_times_create(&times), ERR_NONE);
    ck_assert_int_eq(wake_times_nearest(times), INSTANT_NEVER);
    ck_assert(!wake_times_take(times, INSTANT_NEVER, &sleeper));
    ck_assert_int_eq(wake_times_set(times, 7, 50), ERR_NONE);
    ck_assert_int_eq(wake_times_set(times, 3, 50), ERR_NONE);
    ck_assert_int_eq(wake_times_set(times, 5, 40), ERR_NONE);
    ck_assert_int_eq(wake_times_set(times, 1, 10), ERR_NONE);
    ck_assert_int_eq(wake_times_set(times, 1, 60), ERR_NONE);
    ck_assert_int_eq(wake_times_set(times, 9, 5), ERR_NONE);
    ck_assert_int_eq(wake_times_set(times, 9, INSTANT_NEVER), ERR_NONE);
    ck_assert_int_eq(wake_times_set(times, 77777, INSTANT_NEVER), ERR_NONE);
    ck_assert_int_eq(wake_times_nearest(times), 40);
    ck_assert(!wake_times_take(times, 39, &sleeper));
    static const uint32_t expected[] = {5, 3, 7};
    for (int i = 0; i < COUNT_OF(expected); i++) {
        ck_assert(wake_times_take(times, 50, &sleeper));
        ck_assert_uint_eq(sleeper, expected[i]);
    }
    ck_assert(!wake_times_take(times, 50, &sleeper));
    ck_assert_int_eq(wake_times_nearest(times), 60);
    ck_assert_int_eq(wake_times_set(times, WAKE_SLEEPERS_MAX, 1), ERR_LIMIT);
    wake_times_destroy(times);
    wake_times_destroy(NULL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("wake_index");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, it_equals_a_look_at_everybody, 0, 20);
    tcase_add_loop_test(cases, levels_are_rounded_to_the_side_that_quotes_reach, 0,
                        COUNT_OF(roundings));
    tcase_add_test(cases, a_quote_reaches_rounded_levels_exactly);
    tcase_add_test(cases, the_nearest_levels_are_those_of_the_heaps);
    tcase_add_test(cases, sleepers_come_in_a_fixed_order);
    tcase_add_test(cases, an_invalid_level_wakes_with_every_quote);
    tcase_add_test(cases, what_cannot_be_remembered_changes_nothing);
    tcase_add_test(cases, a_million_sleepers_come_in_order);
    tcase_add_test(cases, times_come_in_order);
    return suite_run("wake_index", cases);
}
