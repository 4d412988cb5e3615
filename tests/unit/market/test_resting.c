/*
 * tests/unit/market/test_resting.c - whom a new order would meet, against a list that is searched.
 */
#include "market/resting.h"

#include "base/prng.h"
#include "suite.h"

START_TEST(an_order_meets_the_best_of_the_other_side)
{
    struct resting resting = {0};
    uint32_t place;
    int64_t price = 0;
    ck_assert(!resting_meets(&resting, SIDE_BUY, 1000, &price));
    ck_assert_int_eq(resting_add(&resting, SIDE_SELL, 110, &place), ERR_NONE);
    ck_assert_int_eq(resting_add(&resting, SIDE_SELL, 105, &place), ERR_NONE);
    ck_assert_int_eq(resting_add(&resting, SIDE_BUY, 95, &place), ERR_NONE);
    ck_assert(!resting_meets(&resting, SIDE_BUY, 104, &price));
    ck_assert(resting_meets(&resting, SIDE_BUY, 105, &price));
    ck_assert_int_eq(price, 105);
    ck_assert(!resting_meets(&resting, SIDE_SELL, 96, &price));
    ck_assert(resting_meets(&resting, SIDE_SELL, 95, &price));
    ck_assert_int_eq(price, 95);
    resting_done(&resting);
}
END_TEST

enum { ORDERS = 64, ROUNDS = 20000 };

/* Random orders come and go; the best ask must be the smallest price that is there. */
START_TEST(what_is_taken_out_is_not_met)
{
    struct resting resting = {0};
    struct prng prng;
    prng_init(&prng, 3);
    int64_t prices[ORDERS] = {0};
    uint32_t places[ORDERS];
    for (int round = 0; round < ROUNDS; round++) {
        const size_t i = (size_t)prng_between(&prng, 0, ORDERS - 1);
        if (prices[i] != 0) {
            resting_remove(&resting, SIDE_SELL, places[i]);
            prices[i] = 0;
        } else {
            prices[i] = prng_between(&prng, 1, 1000);
            ck_assert_int_eq(resting_add(&resting, SIDE_SELL, prices[i], &places[i]), ERR_NONE);
            ck_assert_uint_gt(places[i], 0);
        }
        int64_t best = INT64_MAX;
        for (size_t j = 0; j < ORDERS; j++) {
            best = prices[j] != 0 && prices[j] < best ? prices[j] : best;
        }
        int64_t found = 0;
        ck_assert_int_eq(resting_meets(&resting, SIDE_BUY, 1000, &found), best != INT64_MAX);
        ck_assert(best == INT64_MAX || found == best);
    }
    resting_done(&resting);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("resting");
    tcase_add_test(cases, an_order_meets_the_best_of_the_other_side);
    tcase_add_test(cases, what_is_taken_out_is_not_met);
    return suite_run("resting", cases);
}
