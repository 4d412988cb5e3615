/*
 * tests/unit/market/test_book.c - levels in order, walks through them, against a plain list.
 */
#include "market/book.h"

#include "base/prng.h"
#include "suite.h"

#define D(text) decimal_literal(text)

static void set(struct book *book, enum side side, const char *price, const char *amount)
{
    const struct book_change change = {side, D(price), D(amount)};
    ck_assert_int_eq(book_set(book, &change), ERR_NONE);
}

/* Bids 99 x 1, 98 x 2; asks 101 x 1, 102 x 2, 103 x 3. */
static struct book small_book(void)
{
    struct book book = {0};
    set(&book, SIDE_SELL, "102", "2");
    set(&book, SIDE_SELL, "101", "1");
    set(&book, SIDE_SELL, "103", "3");
    set(&book, SIDE_BUY, "98", "2");
    set(&book, SIDE_BUY, "99", "1");
    return book;
}

START_TEST(the_best_level_comes_first)
{
    struct book book = small_book();
    ck_assert(decimal_equal(book_best(&book, SIDE_BUY)->price, D("99")));
    ck_assert(decimal_equal(book_best(&book, SIDE_SELL)->price, D("101")));
    ck_assert(decimal_equal(book_at(&book, SIDE_BUY, 1)->price, D("98")));
    ck_assert(decimal_equal(book_at(&book, SIDE_SELL, 2)->amount, D("3")));
    ck_assert(decimal_equal(book_amount(&book, SIDE_SELL, D("102")), D("2")));
    ck_assert_int_eq(decimal_sign(book_amount(&book, SIDE_SELL, D("102.5"))), 0);
    set(&book, SIDE_BUY, "99", "0");
    set(&book, SIDE_BUY, "50", "0"); /* There is none. */
    ck_assert(decimal_equal(book_best(&book, SIDE_BUY)->price, D("98")));
    ck_assert_uint_eq(book_count(&book, SIDE_BUY), 1);
    book_clear(&book);
    ck_assert_ptr_null(book_best(&book, SIDE_SELL));
    book_done(&book);
}
END_TEST

START_TEST(a_book_is_tradable_with_two_sides_apart)
{
    struct book book = small_book();
    ck_assert(book_is_tradable(&book));
    set(&book, SIDE_BUY, "101", "1");
    ck_assert(!book_is_tradable(&book));
    book_clear(&book);
    set(&book, SIDE_BUY, "101", "1");
    ck_assert(!book_is_tradable(&book));
    book_done(&book);
}
END_TEST

static const struct {
    enum side taker;
    const char *amount, *limit;
    const char *found, *quote, *worst;
    size_t levels;
} walks[] = {
    {SIDE_BUY, "0.5", "0", "0.5", "50.5", "101", 1},
    {SIDE_BUY, "1", "0", "1", "101", "101", 1},
    {SIDE_BUY, "2", "0", "2", "203", "102", 2},
    {SIDE_BUY, "10", "0", "6", "614", "103", 3}, /* Used up: 101 + 204 + 309. */
    {SIDE_BUY, "10", "102", "3", "305", "102", 2},
    {SIDE_BUY, "1", "100", "0", "0", "0", 0},
    {SIDE_SELL, "2", "0", "2", "197", "98", 2},
    {SIDE_SELL, "2", "99", "1", "99", "99", 1},
};

START_TEST(a_walk_goes_from_level_to_level)
{
    struct book book = small_book();
    const struct book_walk walk =
        book_walk(&book, walks[_i].taker, D(walks[_i].amount), D(walks[_i].limit));
    ck_assert(decimal_equal(walk.amount, D(walks[_i].found)));
    ck_assert(decimal_equal(walk.quote, D(walks[_i].quote)));
    ck_assert(decimal_equal(walk.worst, D(walks[_i].worst)));
    ck_assert_uint_eq(walk.levels, walks[_i].levels);
    book_done(&book);
}
END_TEST

START_TEST(what_is_taken_is_gone)
{
    struct book book = small_book();
    book_take(&book, SIDE_SELL, D("0.4"));
    ck_assert(decimal_equal(book_best(&book, SIDE_SELL)->amount, D("0.6")));
    book_take(&book, SIDE_SELL, D("0.6"));
    ck_assert(decimal_equal(book_best(&book, SIDE_SELL)->price, D("102")));
    set(&book, SIDE_SELL, "101", "1");
    ck_assert(decimal_equal(book_best(&book, SIDE_SELL)->price, D("101")));
    book_done(&book);
}
END_TEST

enum { PRICES = 200 };

/* Levels and their order are those of a table with one place per price. */
START_TEST(random_changes_equal_a_plain_table)
{
    struct prng prng;
    prng_init(&prng, 5);
    struct book book = {0};
    int64_t table[2][PRICES] = {{0}};
    for (int step = 0; step < 5000; step++) {
        const size_t side = (size_t)prng_below(&prng, 2);
        const int64_t price = prng_between(&prng, 1, PRICES - 1);
        const int64_t amount = prng_below(&prng, 3) == 0 ? 0 : prng_between(&prng, 1, 9);
        const struct book_change change = {side == 0 ? SIDE_BUY : SIDE_SELL,
                                           decimal_from_int(price), decimal_from_int(amount)};
        ck_assert_int_eq(book_set(&book, &change), ERR_NONE);
        table[side][price] = amount;
        size_t depth = 0;
        for (int64_t i = 1; i < PRICES; i++) {
            const int64_t at = side == 0 ? PRICES - i : i;
            if (table[side][at] > 0) {
                const struct book_level *level = book_at(&book, change.side, depth++);
                ck_assert(decimal_equal(level->price, decimal_from_int(at)) &&
                          decimal_equal(level->amount, decimal_from_int(table[side][at])));
            }
        }
        ck_assert_uint_eq(book_count(&book, change.side), depth);
    }
    book_done(&book);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("book");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, the_best_level_comes_first);
    tcase_add_test(cases, a_book_is_tradable_with_two_sides_apart);
    tcase_add_loop_test(cases, a_walk_goes_from_level_to_level, 0, COUNT_OF(walks));
    tcase_add_test(cases, what_is_taken_is_gone);
    tcase_add_test(cases, random_changes_equal_a_plain_table);
    return suite_run("book", cases);
}
