/*
 * tests/unit/market/test_venue_ledger.c - orders are taken once, trades are numbered, nothing is
 * forgotten.
 */
#include "market/venue_ledger.h"

#include <string.h>

#include "suite.h"

static struct venue_ledger ledger;

static void ledger_setup(void)
{
    venue_ledger_init(&ledger);
}

static void ledger_teardown(void)
{
    venue_ledger_done(&ledger);
}

static struct order_id id_of(uint32_t ordinal)
{
    return (struct order_id){.epoch = 5, .executor = 1, .ordinal = ordinal};
}

static void take(uint32_t ordinal)
{
    const struct order_ticket ticket = {.id = id_of(ordinal), .amount = decimal_from_int(2)};
    ck_assert_int_eq(venue_ledger_add(&ledger, &ticket), ERR_NONE);
    ck_assert_int_eq(venue_ledger_add(&ledger, &ticket), ERR_EXISTS);
}

static void tell(enum venue_update_kind kind, uint32_t ordinal)
{
    struct venue_update update = {.kind = kind, .order = id_of(ordinal), .reason = "why"};
    update.fill.amount = decimal_from_int(1);
    ck_assert_int_eq(venue_ledger_apply(&ledger, &update), ERR_NONE);
}

static enum order_state state_of(uint32_t ordinal)
{
    return venue_ledger_find(&ledger, id_of(ordinal))->state;
}

START_TEST(an_order_lives_and_ends)
{
    take(1);
    ck_assert_int_eq((int)state_of(1), (int)ORDER_PENDING_SUBMIT);
    tell(VENUE_ACCEPTED, 1);
    ck_assert_int_eq((int)state_of(1), (int)ORDER_OPEN);
    tell(VENUE_FILL, 1);
    ck_assert_int_eq((int)state_of(1), (int)ORDER_PARTIALLY_FILLED);
    tell(VENUE_FILL, 1);
    tell(VENUE_COMPLETED, 1);
    ck_assert_int_eq((int)state_of(1), (int)ORDER_FILLED);
    const struct venue_ledger_order *order = venue_ledger_find(&ledger, id_of(1));
    ck_assert(decimal_equal(order->executed_base, decimal_from_int(2)));
    ck_assert_uint_eq(ledger.trade_count, 2);
    take(2);
    tell(VENUE_REJECTED, 2);
    ck_assert_int_eq((int)state_of(2), (int)ORDER_REJECTED);
    ck_assert_str_eq(venue_ledger_find(&ledger, id_of(2))->reason, "why");
    ck_assert_ptr_null(venue_ledger_find(&ledger, id_of(3)));
}
END_TEST

START_TEST(a_fill_after_the_end_changes_no_state)
{
    take(1);
    tell(VENUE_CANCELED, 1);
    tell(VENUE_FILL, 1);
    ck_assert_int_eq((int)state_of(1), (int)ORDER_CANCELED);
    ck_assert_uint_eq(ledger.trade_count, 1);
}
END_TEST

START_TEST(the_venues_own_orders_are_taken_with_their_update)
{
    struct venue_update update = {.kind = VENUE_LIQUIDATION, .order = id_of(9)};
    update.fill.amount = decimal_from_int(1);
    ck_assert_int_eq(venue_ledger_apply(&ledger, &update), ERR_NONE);
    ck_assert_int_eq((int)state_of(9), (int)ORDER_OPEN);
    update.kind = VENUE_FUNDING;
    ck_assert_int_eq(venue_ledger_apply(&ledger, &update), ERR_NONE);
    update.kind = VENUE_FILL;
    update.order = id_of(10);
    ck_assert_int_eq(venue_ledger_apply(&ledger, &update), ERR_STATE);
}
END_TEST

START_TEST(live_orders_are_walked_in_order_of_arrival)
{
    for (uint32_t i = 1; i <= 1000; i++) {
        take(i);
        if (i % 3 != 0) {
            tell(VENUE_CANCELED, i);
        }
    }
    size_t place = 0;
    for (uint32_t i = 3; i <= 1000; i += 3) {
        const struct venue_ledger_order *order = venue_ledger_next_live(&ledger, &place);
        ck_assert_ptr_nonnull(order);
        ck_assert_uint_eq(order->ticket.id.ordinal, i);
    }
    ck_assert_ptr_null(venue_ledger_next_live(&ledger, &place));
    tell(VENUE_CANCELED, 3);
    place = 0;
    ck_assert_uint_eq(venue_ledger_next_live(&ledger, &place)->ticket.id.ordinal, 6);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("venue_ledger");
    tcase_add_checked_fixture(tcase, ledger_setup, ledger_teardown);
    tcase_add_test(tcase, an_order_lives_and_ends);
    tcase_add_test(tcase, a_fill_after_the_end_changes_no_state);
    tcase_add_test(tcase, the_venues_own_orders_are_taken_with_their_update);
    tcase_add_test(tcase, live_orders_are_walked_in_order_of_arrival);
    return suite_run("venue_ledger", tcase);
}
