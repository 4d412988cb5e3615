/*
 * tests/unit/market/test_venue.c - the list of updates grows and keeps its order.
 */
#include "market/venue.h"

#include "suite.h"

START_TEST(updates_are_added_zeroed_and_in_order)
{
    struct venue_updates updates = {0};
    for (uint32_t i = 0; i < 1000; i++) {
        struct venue_update *update = venue_updates_add(&updates);
        ck_assert_ptr_nonnull(update);
        ck_assert_uint_eq(update->order.ordinal, 0);
        ck_assert_str_eq(update->reason, "");
        update->order.ordinal = i;
    }
    for (uint32_t i = 0; i < 1000; i++) {
        ck_assert_uint_eq(updates.items[i].order.ordinal, i);
    }
    venue_updates_done(&updates);
    ck_assert_uint_eq(updates.count, 0);
}
END_TEST

START_TEST(reserved_room_is_used_without_growing)
{
    struct venue_updates updates = {0};
    ck_assert_int_eq(venue_updates_reserve(&updates, 0), ERR_NONE);
    ck_assert_int_eq(venue_updates_reserve(&updates, 100), ERR_NONE);
    const struct venue_update *items = updates.items;
    for (int i = 0; i < 100; i++) {
        ck_assert_ptr_nonnull(venue_updates_add(&updates));
    }
    ck_assert_ptr_eq(updates.items, items);
    ck_assert_int_eq(venue_updates_reserve(&updates, SIZE_MAX / 4), ERR_MEMORY);
    const size_t capacity = updates.capacity;
    const size_t left = capacity - updates.count;
    ck_assert_int_eq(venue_updates_grow(&updates, left + 1), ERR_NONE);
    ck_assert_uint_gt(updates.capacity, capacity);
    ck_assert_uint_eq(updates.count, 100);
    venue_updates_done(&updates);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("venue");
    tcase_add_test(tcase, updates_are_added_zeroed_and_in_order);
    tcase_add_test(tcase, reserved_room_is_used_without_growing);
    return suite_run("venue", tcase);
}
