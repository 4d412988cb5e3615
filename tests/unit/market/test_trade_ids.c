/*
 * tests/unit/market/test_trade_ids.c - each trade once, however many there are.
 */
#include "market/trade_ids.h"

#include <check.h>
#include <stdio.h>

#include "suite.h"

static bool take(struct trade_ids *ids, const char *id)
{
    bool is_new;
    ck_assert_int_eq(trade_ids_take(ids, id, &is_new), ERR_NONE);
    return is_new;
}

START_TEST(each_is_new_once)
{
    enum { TRADES = 100 };
    struct trade_ids ids = {0};
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < TRADES; i++) {
            char id[TRADE_ID_MAX];
            (void)snprintf(id, sizeof(id), "%d", i);
            ck_assert_int_eq(take(&ids, id), round == 0);
            ck_assert(!take(&ids, id));
        }
    }
    ck_assert_uint_eq(ids.count, TRADES);
    trade_ids_done(&ids);
    ck_assert(take(&ids, "0"));
    trade_ids_done(&ids);
}
END_TEST

/* An id that fills its place has no end. */
START_TEST(long_ids_differ_by_their_last_letter)
{
    struct trade_ids ids = {0};
    char id[TRADE_ID_MAX + 1] = "0123456789012345678901234567890a";
    ck_assert(take(&ids, id));
    ck_assert(!take(&ids, id));
    id[TRADE_ID_MAX - 1] = 'b';
    ck_assert(take(&ids, id));
    trade_ids_done(&ids);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("trade_ids");
    tcase_add_test(cases, each_is_new_once);
    tcase_add_test(cases, long_ids_differ_by_their_last_letter);
    return suite_run("trade_ids", cases);
}
