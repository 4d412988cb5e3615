/*
 * tests/unit/market/test_book_sync.c - snapshots and changes in the order in which they come.
 */
#include "market/book_sync.h"

#include "suite.h"

#define D(text) decimal_literal(text)

/* One message with one level. */
static enum err apply(struct book_sync *sync, bool is_snapshot, const uint64_t ids[3],
                      const char *price, const char *amount)
{
    const struct book_change change = {SIDE_BUY, D(price), D(amount)};
    const struct book_message message = {.is_snapshot = is_snapshot,
                                         .first_update_id = ids[0],
                                         .last_update_id = ids[1],
                                         .prev_last_update_id = ids[2],
                                         .changes = &change,
                                         .change_count = 1};
    return book_sync_apply(sync, &message);
}

#define IDS(first, last, prev) ((const uint64_t[3]){first, last, prev})

static void assert_best(const struct book_sync *sync, const char *price)
{
    const struct book_level *best = book_best(&sync->book, SIDE_BUY);
    ck_assert_ptr_nonnull(best);
    ck_assert(decimal_equal(best->price, D(price)));
}

START_TEST(changes_before_the_snapshot_wait)
{
    struct book_sync sync = {0};
    ck_assert_int_eq(apply(&sync, false, IDS(1, 5, 0), "10", "1"), ERR_NONE);
    ck_assert_int_eq(apply(&sync, false, IDS(6, 9, 5), "11", "1"), ERR_NONE);
    ck_assert(!sync.is_synchronized && book_best(&sync.book, SIDE_BUY) == NULL);
    ck_assert_int_eq(apply(&sync, true, IDS(7, 7, 0), "9", "1"), ERR_NONE);
    ck_assert(sync.is_synchronized);
    ck_assert_uint_eq(sync.stale_count, 1); /* The first; the second overlaps and counts. */
    assert_best(&sync, "11");
    ck_assert_uint_eq(book_count(&sync.book, SIDE_BUY), 2);
    ck_assert_uint_eq(sync.last_update_id, 9);
    book_sync_done(&sync);
}
END_TEST

/* prev_last_update_id where it is given, else consecutive numbers. */
START_TEST(a_gap_empties_the_book_until_the_next_snapshot)
{
    static const struct {
        uint64_t good[3], bad[3];
    } rows[] = {{{11, 12, 0}, {14, 15, 0}}, {{13, 15, 12}, {20, 25, 16}}};
    struct book_sync sync = {0};
    ck_assert_int_eq(apply(&sync, true, IDS(10, 10, 0), "9", "1"), ERR_NONE);
    ck_assert_int_eq(apply(&sync, false, IDS(8, 12, 0), "10", "1"), ERR_NONE);
    ck_assert_int_eq(apply(&sync, false, rows[_i].good, "11", "1"), ERR_NONE);
    ck_assert_int_eq(apply(&sync, false, rows[_i].bad, "12", "1"), ERR_STATE);
    ck_assert(!sync.is_synchronized && book_best(&sync.book, SIDE_BUY) == NULL);
    ck_assert_uint_eq(sync.gap_count, 1);
    /* The one that came after the gap counts when the snapshot is older. */
    ck_assert_int_eq(apply(&sync, true, IDS(rows[_i].bad[0], rows[_i].bad[0], 0), "9", "1"),
                     ERR_NONE);
    assert_best(&sync, "12");
    book_sync_done(&sync);
}
END_TEST

START_TEST(what_the_snapshot_has_is_stale)
{
    struct book_sync sync = {0};
    ck_assert_int_eq(apply(&sync, true, IDS(10, 10, 0), "9", "1"), ERR_NONE);
    ck_assert_int_eq(apply(&sync, false, IDS(9, 10, 8), "10", "1"), ERR_NONE);
    ck_assert_uint_eq(sync.stale_count, 1);
    assert_best(&sync, "9");
    ck_assert_int_eq(apply(&sync, false, IDS(11, 11, 10), "9", "-1"), ERR_RANGE);
    ck_assert_int_eq(apply(&sync, false, IDS(11, 11, 10), "0", "1"), ERR_RANGE);
    assert_best(&sync, "9");
    book_sync_done(&sync);
}
END_TEST

START_TEST(only_so_many_wait)
{
    struct book_sync sync = {0};
    for (uint64_t i = 1; i <= BOOK_SYNC_WAITING_MAX; i++) {
        ck_assert_int_eq(apply(&sync, false, IDS(i, i, 0), "10", "1"), ERR_NONE);
    }
    const uint64_t last = BOOK_SYNC_WAITING_MAX + 1;
    ck_assert_int_eq(apply(&sync, false, IDS(last, last, 0), "10", "1"), ERR_LIMIT);
    ck_assert_int_eq(apply(&sync, true, IDS(1, 1, 0), "9", "1"), ERR_NONE);
    ck_assert_uint_eq(sync.last_update_id, last);
    book_sync_done(&sync);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("book_sync");
    tcase_add_test(cases, changes_before_the_snapshot_wait);
    tcase_add_loop_test(cases, a_gap_empties_the_book_until_the_next_snapshot, 0, 2);
    tcase_add_test(cases, what_the_snapshot_has_is_stale);
    tcase_add_test(cases, only_so_many_wait);
    return suite_run("book_sync", cases);
}
