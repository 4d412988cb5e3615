/*
 * tests/unit/market/test_book_top.c - the best levels of a book, and walks through them: the same
 * as through the book itself, as far as they go.
 */
#include "market/book_top.h"

#include "base/prng.h"
#include "suite.h"

#define D(text) decimal_literal(text)

static void set(struct book *book, enum side side, int64_t price, int64_t amount)
{
    const struct book_change change = {side, decimal_from_int(price), decimal_from_int(amount)};
    ck_assert_int_eq(book_set(book, &change), ERR_NONE);
}

START_TEST(an_empty_one_has_nothing)
{
    const struct book_top top = {0};
    const struct book_walk walk = book_top_walk(&top, SIDE_BUY, D("1"));
    ck_assert_uint_eq(walk.levels, 0);
    ck_assert(decimal_equal(walk.amount, D("0")));
    ck_assert(decimal_equal(walk.worst, D("0")));
}
END_TEST

/* Asks 101 x 1, 102 x 2; bids 99 x 1, 98 x 2. */
START_TEST(a_walk_adds_level_to_level)
{
    struct book book = {0};
    set(&book, SIDE_SELL, 102, 2);
    set(&book, SIDE_SELL, 101, 1);
    set(&book, SIDE_BUY, 98, 2);
    set(&book, SIDE_BUY, 99, 1);
    struct book_top top = {0};
    book_top_copy(&book, &top);
    ck_assert_uint_eq(top.bid_count, 2);
    ck_assert(decimal_equal(top.bids[0].price, D("99")));
    ck_assert(decimal_equal(top.asks[1].price, D("102")));
    struct book_walk walk = book_top_walk(&top, SIDE_BUY, D("2"));
    ck_assert(decimal_equal(walk.quote, D("203"))); /* 101 + 102. */
    ck_assert(decimal_equal(walk.worst, D("102")));
    walk = book_top_walk(&top, SIDE_BUY, D("1")); /* Just the first level. */
    ck_assert_uint_eq(walk.levels, 1);
    ck_assert(decimal_equal(walk.worst, D("101")));
    walk = book_top_walk(&top, SIDE_SELL, D("2.5"));
    ck_assert(decimal_equal(walk.quote, D("246"))); /* 99 + 1.5 * 98. */
    walk = book_top_walk(&top, SIDE_SELL, D("9"));
    ck_assert(decimal_equal(walk.amount, D("3")));
    book_done(&book);
}
END_TEST

/* A walk can go on where it was: what it still lacks comes from the next level. */
START_TEST(a_walk_takes_what_it_lacks)
{
    struct book_walk walk = {0};
    const struct book_level levels[] = {{D("10"), D("1")}, {D("11"), D("5")}};
    book_walk_add(&walk, &levels[0], D("3"));
    book_walk_add(&walk, &levels[1], D("3"));
    ck_assert(decimal_equal(walk.amount, D("3")));
    ck_assert(decimal_equal(walk.quote, D("32")));
    ck_assert(decimal_equal(walk.worst, D("11")));
    ck_assert_uint_eq(walk.levels, 2);
}
END_TEST

/* 150 levels of 1: what stands behind the first hundred is not there. */
START_TEST(it_is_bounded)
{
    struct book book = {0};
    for (int64_t i = 0; i < 150; i++) {
        set(&book, SIDE_SELL, 1000 + i, 1);
    }
    struct book_top top = {0};
    book_top_copy(&book, &top);
    ck_assert_uint_eq(top.ask_count, BOOK_TOP_LEVELS_MAX);
    ck_assert_uint_eq(top.bid_count, 0);
    const struct book_walk walk = book_top_walk(&top, SIDE_BUY, D("120"));
    ck_assert(decimal_equal(walk.amount, D("100")));
    ck_assert(decimal_equal(walk.worst, D("1099")));
    /* A smaller book after it: the counts say what is left. */
    book_clear(&book);
    set(&book, SIDE_SELL, 7, 1);
    book_top_copy(&book, &top);
    ck_assert(decimal_equal(book_top_walk(&top, SIDE_BUY, D("120")).amount, D("1")));
    book_done(&book);
}
END_TEST

START_TEST(random_walks_equal_those_of_the_book)
{
    struct prng prng;
    prng_init(&prng, 11);
    struct book book = {0};
    struct book_top top = {0};
    for (int step = 0; step < 5000; step++) {
        const enum side side = prng_below(&prng, 2) == 0 ? SIDE_BUY : SIDE_SELL;
        const int64_t offset = prng_between(&prng, 1, 40);
        const uint64_t before = book.version;
        set(&book, side, side == SIDE_BUY ? 100 - offset : 100 + offset, prng_between(&prng, 0, 5));
        ck_assert_uint_ne(book.version, before);
        book_top_copy(&book, &top);
        const struct decimal amount = decimal_from_mantissa(prng_between(&prng, 1, 900), 1);
        const struct book_walk want = book_walk(&book, side, amount, DECIMAL_ZERO);
        const struct book_walk walk = book_top_walk(&top, side, amount);
        ck_assert(decimal_equal(walk.amount, want.amount));
        ck_assert(decimal_equal(walk.quote, want.quote));
        ck_assert(decimal_equal(walk.worst, want.worst));
        ck_assert_uint_eq(walk.levels, want.levels);
    }
    book_done(&book);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("book_top");
    tcase_add_test(cases, an_empty_one_has_nothing);
    tcase_add_test(cases, a_walk_adds_level_to_level);
    tcase_add_test(cases, a_walk_takes_what_it_lacks);
    tcase_add_test(cases, it_is_bounded);
    tcase_add_test(cases, random_walks_equal_those_of_the_book);
    return suite_run("book_top", cases);
}
