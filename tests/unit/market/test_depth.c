/*
 * tests/unit/market/test_depth.c - recorded depth: messages row by row, refusals, and the facts of
 * recorded markets: the book equals the best prices that the venue published beside it.
 */
#include "market/feeds/depth.h"

#include <stdlib.h>

#include "market/book_sync.h"
#include "tests/support/scratch.h"
#include "suite.h"

#define RECORDED TUTTI_SOURCE_DIR "/../shared/data/"
#define D(text) decimal_literal(text)
#define HEADER                                                                                 \
    "local_ns,event_time,transaction_time,first_update_id,last_update_id,prev_last_update_id," \
    "kind,"                                                                                    \
    "side,price,qty\n"

START_TEST(rows_of_one_message_come_together)
{
    const struct scratch_path path =
        scratch_write_text("depth.csv", HEADER "100,1700000000000,0,5,7,4,diff,b,10.5,2\n"
                                               "100,1700000000000,0,5,7,4,diff,a,11,0\n"
                                               "200,0,0,9,9,,snap,a,11.25,3\n"
                                               "200,0,0,9,9,,diff,a,11.25,4\n");
    struct depth_reader *reader;
    struct book_message message;
    struct failure failure;
    ck_assert_int_eq(depth_open(path.text, &reader, &failure), ERR_NONE);
    ck_assert_str_eq(csv_path(depth_csv(reader)), path.text);
    ck_assert_int_eq(depth_next(reader, &message, &failure), ERR_NONE);
    ck_assert_int_eq(message.local_ns, 100);
    ck_assert_int_eq(message.time_ns, INT64_C(1700000000000000000));
    ck_assert(message.first_update_id == 5 && message.last_update_id == 7);
    ck_assert(message.prev_last_update_id == 4 && !message.is_snapshot);
    ck_assert_uint_eq(message.change_count, 2);
    ck_assert_int_eq(message.changes[0].side, SIDE_BUY);
    ck_assert(decimal_equal(message.changes[0].price, D("10.5")));
    ck_assert(decimal_equal(message.changes[0].amount, D("2")));
    ck_assert_int_eq(message.changes[1].side, SIDE_SELL);
    ck_assert_int_eq(decimal_sign(message.changes[1].amount), 0);
    ck_assert_int_eq(depth_next(reader, &message, &failure), ERR_NONE);
    ck_assert(message.is_snapshot && message.change_count == 1 && message.time_ns == 0);
    ck_assert_int_eq(depth_next(reader, &message, &failure), ERR_NONE);
    ck_assert(!message.is_snapshot && message.change_count == 1);
    ck_assert_int_eq(depth_next(reader, &message, &failure), ERR_END);
    depth_close(reader);
}
END_TEST

static const struct {
    const char *text;
    enum err err;
    const char *message;
} refusals[] = {
    {HEADER "1,0,0,5,7,4,full,b,10,2\n", ERR_SYNTAX, "snap or diff"},
    {HEADER "1,0,0,5,7,4,diff,x,10,2\n", ERR_SYNTAX, "b or a"},
    {HEADER "1,0,0,5,7,4,diff,b,0,2\n", ERR_SYNTAX, "a price above 0"},
    {HEADER "1,0,0,5,7.5,4,diff,b,1,2\n", ERR_SYNTAX, "a whole number"},
    {HEADER "1,0,0,,7,4,diff,b,1,2\n", ERR_SYNTAX, "number"},
    {HEADER "1,0,0,5,7,4,diff,b,1,-2\n", ERR_SYNTAX, "number"},
    {HEADER "1,0,0,5,7,4,diff,b,1\n", ERR_SYNTAX, "field"},
    {"local_ns,price\n1,2\n", ERR_SYNTAX, "event_time"},
};

START_TEST(bad_rows_are_refused)
{
    const struct scratch_path path = scratch_write_text("depth.csv", refusals[_i].text);
    struct depth_reader *reader = NULL;
    struct book_message message;
    struct failure failure = {0};
    enum err err = depth_open(path.text, &reader, &failure);
    if (err == ERR_NONE) {
        err = depth_next(reader, &message, &failure);
        depth_close(reader);
    }
    ck_assert_int_eq(err, refusals[_i].err);
    ck_assert_msg(strstr(failure.text, refusals[_i].message) != NULL, "%s", failure.text);
}
END_TEST

START_TEST(a_missing_file_is_an_error)
{
    struct depth_reader *reader;
    struct failure failure;
    ck_assert_int_eq(depth_open(scratch_path("absent").text, &reader, &failure), ERR_NOT_FOUND);
}
END_TEST

/* What is known of the two recordings. */
static const struct {
    const char *depth;
    const char *ticker;
    uint64_t comparisons;
    uint64_t stale;
    const char *bid, *bid_amount, *ask, *ask_amount;
    size_t bids, asks;
} facts[] = {
    {RECORDED "BTCUSDT-PERP-20240808-depth.csv.gz",
     RECORDED "BTCUSDT-PERP-20240808-bookTicker.csv.gz", 6546, 4, "61659.70", "1.486", "61659.80",
     "0.981", 5018, 4578},
    {RECORDED "BTCUSDT-SPOT-20240808-depth.csv.gz",
     RECORDED "BTCUSDT-SPOT-20240808-bookTicker.csv.gz", 3448, 2, "61685.99", "1.00870", "61686.00",
     "2.29327", 1209, 2196},
};

/* The row of a bookTicker file: update_id, bid, its amount, ask, its amount. */
struct ticker {
    struct csv_reader *csv;
    bool has_next;
    struct csv_number next[5];
    struct csv_number row[5];
    bool has_row;
};

static void ticker_read(struct ticker *ticker)
{
    ticker->has_next = csv_next(ticker->csv, NULL) == ERR_NONE;
    for (size_t i = 0; i < 5 && ticker->has_next; i++) {
        ck_assert_int_eq(csv_number(ticker->csv, i, &ticker->next[i], NULL), ERR_NONE);
    }
}

/* Goes to the row of the largest id <= `id`. */
static void ticker_seek(struct ticker *ticker, uint64_t id)
{
    while (ticker->has_next && (uint64_t)ticker->next[0].mantissa <= id) {
        memcpy(ticker->row, ticker->next, sizeof(ticker->row));
        ticker->has_row = true;
        ticker_read(ticker);
    }
}

static bool is_level(const struct book_level *level, const struct csv_number *price)
{
    return level != NULL &&
           decimal_equal(level->price, decimal_from_mantissa(price[0].mantissa, price[0].digits)) &&
           decimal_equal(level->amount, decimal_from_mantissa(price[1].mantissa, price[1].digits));
}

static bool is_best(const struct book *book, enum side side, const char *price, const char *amount)
{
    const struct book_level *best = book_best(book, side);
    return decimal_equal(best->price, D(price)) && decimal_equal(best->amount, D(amount));
}

START_TEST(the_book_equals_the_ticker_after_every_message)
{
    if (access(facts[_i].depth, R_OK) != 0 || access(facts[_i].ticker, R_OK) != 0) {
        (void)fprintf(stderr, "skipped: %s is absent\n", facts[_i].depth);
        return;
    }
    struct depth_reader *reader;
    struct ticker ticker = {0};
    struct book_sync sync = {0};
    struct book_message message;
    struct failure failure = {0};
    uint64_t compared = 0;
    uint64_t equal = 0;
    ck_assert_int_eq(depth_open(facts[_i].depth, &reader, &failure), ERR_NONE);
    ck_assert_int_eq(csv_open(facts[_i].ticker, &ticker.csv, &failure), ERR_NONE);
    ticker_read(&ticker);
    enum err err;
    while ((err = depth_next(reader, &message, &failure)) == ERR_NONE) {
        ck_assert_int_eq(book_sync_apply(&sync, &message), ERR_NONE);
        if (!sync.is_synchronized) {
            continue;
        }
        ck_assert(book_is_tradable(&sync.book));
        if (sync.change_count < 2) { /* The first one only bridges the snapshot. */
            continue;
        }
        ticker_seek(&ticker, sync.last_update_id);
        compared++;
        equal += ticker.has_row && is_level(book_best(&sync.book, SIDE_BUY), &ticker.row[1]) &&
                 is_level(book_best(&sync.book, SIDE_SELL), &ticker.row[3]);
    }
    ck_assert_msg(err == ERR_END, "%s", failure.text);
    ck_assert_uint_eq(compared, facts[_i].comparisons);
    ck_assert_uint_eq(equal, facts[_i].comparisons);
    ck_assert_uint_eq(sync.stale_count, facts[_i].stale);
    ck_assert_uint_eq(sync.gap_count, 0);
    ck_assert(is_best(&sync.book, SIDE_BUY, facts[_i].bid, facts[_i].bid_amount));
    ck_assert(is_best(&sync.book, SIDE_SELL, facts[_i].ask, facts[_i].ask_amount));
    ck_assert_uint_eq(book_count(&sync.book, SIDE_BUY), facts[_i].bids);
    ck_assert_uint_eq(book_count(&sync.book, SIDE_SELL), facts[_i].asks);
    book_sync_done(&sync);
    csv_close(ticker.csv);
    depth_close(reader);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("depth");
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, rows_of_one_message_come_together);
    tcase_add_loop_test(cases, bad_rows_are_refused, 0, COUNT_OF(refusals));
    tcase_add_test(cases, a_missing_file_is_an_error);
    tcase_add_loop_test(cases, the_book_equals_the_ticker_after_every_message, 0, COUNT_OF(facts));
    return suite_run("depth", cases);
}
