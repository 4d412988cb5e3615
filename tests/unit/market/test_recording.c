/*
 * tests/unit/market/test_recording.c - rows of quotes out of the recorded layouts.
 */
#include "market/feeds/recording.h"

#include <check.h>

#include "tests/support/scratch.h"
#include "suite.h"

#define QUOTES                                                                            \
    "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time," \
    "event_time\n"
#define TRADES "id,price,qty,quote_qty,time,is_buyer_maker\n"
#define KLINES                                                                             \
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume," \
    "taker_buy_quote_volume,ignore\n"

enum { ROWS_MAX = 16 };

/* Reads up to ROWS_MAX rows. */
static enum err read_rows(enum tape_layout layout, const char *text,
                          struct recording_row rows[ROWS_MAX], int *ret_count,
                          struct failure *failure)
{
    const struct scratch_path path = scratch_write_text("file.csv", text);
    struct recording *recording;
    *ret_count = 0;
    enum err err = recording_open(path.text, layout, &recording, failure);
    if (err != ERR_NONE) {
        return err;
    }
    ck_assert_str_eq(csv_path(recording_csv(recording)), path.text);
    while ((err = recording_next(recording, &rows[*ret_count], failure)) == ERR_NONE) {
        ++*ret_count;
        ck_assert_int_lt(*ret_count, ROWS_MAX);
    }
    recording_close(recording);
    return err;
}

static void assert_number(struct csv_number number, int64_t mantissa, unsigned digits)
{
    ck_assert_int_eq(number.mantissa, mantissa);
    ck_assert_uint_eq(number.digits, digits);
}

START_TEST(a_quote_is_one_row)
{
    struct recording_row rows[ROWS_MAX];
    int count;
    ck_assert_int_eq(read_rows(TAPE_LAYOUT_QUOTES,
                               QUOTES "7,61800.20,2.507,61800.3,2.51,1723161256313,9\n", rows,
                               &count, NULL),
                     ERR_END);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(rows[0].time_ns, 1723161256313000000);
    assert_number(rows[0].bid, 618002, 1);
    assert_number(rows[0].bid_size, 2507, 3);
    assert_number(rows[0].ask, 618003, 1);
    assert_number(rows[0].ask_size, 251, 2);
}
END_TEST

START_TEST(a_trade_is_a_quote_without_spread)
{
    static const char *const texts[] = {
        TRADES "3,2272,3.6456,8282.8032,1625097647087,false\n",
        "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
        "3,2272,3.6456,1,2,1625097647087,false\n",
    };
    struct recording_row rows[ROWS_MAX];
    int count;
    ck_assert_int_eq(read_rows(TAPE_LAYOUT_TRADES, texts[_i], rows, &count, NULL), ERR_END);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(rows[0].time_ns, 1625097647087000000);
    assert_number(rows[0].bid, 2272, 0);
    assert_number(rows[0].ask, 2272, 0);
    assert_number(rows[0].bid_size, 36456, 4);
    assert_number(rows[0].ask_size, 36456, 4);
}
END_TEST

/* open,high,low,close of a candle and the order of prices that it becomes. */
static const struct {
    const char *prices;
    int64_t order[4];
} candles[] = {
    {"10,13,8,12", {10, 8, 13, 12}}, /* Rising. */
    {"12,13,8,10", {12, 13, 8, 10}}, /* Falling. */
    {"10,13,8,10", {10, 8, 13, 10}}, /* Level. */
    {"10,10,10,10", {10, 10, 10, 10}},
};

START_TEST(a_candle_is_four_rows)
{
    char text[512];
    (void)snprintf(text, sizeof(text), KLINES "60000,%s,5.5,119999,0,0,0,0,0\n",
                   candles[_i].prices);
    struct recording_row rows[ROWS_MAX];
    int count;
    ck_assert_int_eq(read_rows(TAPE_LAYOUT_KLINES, text, rows, &count, NULL), ERR_END);
    ck_assert_int_eq(count, 4);
    static const int64_t times_ns[] = {60000000000, 79999666666, 99999333332, 119999000000};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(rows[i].time_ns, times_ns[i]);
        assert_number(rows[i].bid, candles[_i].order[i], 0);
        assert_number(rows[i].ask, candles[_i].order[i], 0);
        assert_number(rows[i].bid_size, i == 3 ? 55 : 0, i == 3 ? 1 : 0);
        assert_number(rows[i].ask_size, i == 3 ? 55 : 0, i == 3 ? 1 : 0);
    }
}
END_TEST

static const struct {
    enum tape_layout layout;
    const char *text;
    enum err err;
    const char *message;
} bad[] = {
    {TAPE_LAYOUT_QUOTES, TRADES, ERR_SYNTAX,
     "file.csv:1: no column \"transaction_time\", expected exactly one"},
    {TAPE_LAYOUT_TRADES, QUOTES, ERR_SYNTAX,
     "file.csv:1: no column \"time\", expected exactly one"},
    {TAPE_LAYOUT_KLINES, TRADES, ERR_SYNTAX,
     "file.csv:1: no column \"open_time\", expected exactly one"},
    {TAPE_LAYOUT_QUOTES, QUOTES "1,0.00,1,2,1,5,5\n", ERR_SYNTAX,
     "file.csv:2: best_bid_price: \"0.00\", expected a price > 0"},
    {TAPE_LAYOUT_QUOTES, QUOTES "1,1,1,0,1,5,5\n", ERR_SYNTAX,
     "file.csv:2: best_ask_price: \"0\", expected a price > 0"},
    {TAPE_LAYOUT_QUOTES, QUOTES "1,1,x,2,1,5,5\n", ERR_SYNTAX,
     "file.csv:2: best_bid_qty: \"x\", expected a decimal number such as 61659.70"},
    {TAPE_LAYOUT_QUOTES, QUOTES "1,1,1,2,y,5,5\n", ERR_SYNTAX,
     "file.csv:2: best_ask_qty: \"y\", expected a decimal number such as 61659.70"},
    {TAPE_LAYOUT_QUOTES, QUOTES "1,1,1,2,1,5,5\n1,1,1,2,1,4,4\n", ERR_RANGE,
     "file.csv:3: transaction_time: \"4\", expected a time that is not before the row above"},
    {TAPE_LAYOUT_TRADES, TRADES "1,0,1,0,5,true\n", ERR_SYNTAX,
     "file.csv:2: price: \"0\", expected a price > 0"},
    {TAPE_LAYOUT_TRADES, TRADES "1,1,-,0,5,true\n", ERR_SYNTAX,
     "file.csv:2: qty: \"-\", expected a decimal number such as 61659.70"},
    {TAPE_LAYOUT_TRADES, TRADES "1,1,1,0,5,true\n2,1,1,0,4,true\n", ERR_RANGE,
     "file.csv:3: time: \"4\", expected a time that is not before the row above"},
    {TAPE_LAYOUT_KLINES, KLINES "0,10,11.9,8,12,1,59,0,0,0,0,0\n", ERR_SYNTAX,
     "file.csv:2: high: \"11.9\", expected at least the open and the close of the candle"},
    {TAPE_LAYOUT_KLINES, KLINES "0,10,9,8,8,1,59,0,0,0,0,0\n", ERR_SYNTAX,
     "file.csv:2: high: \"9\", expected at least the open and the close of the candle"},
    {TAPE_LAYOUT_KLINES, KLINES "0,10,13,10.1,12,1,59,0,0,0,0,0\n", ERR_SYNTAX,
     "file.csv:2: low: \"10.1\", expected at most the open and the close of the candle"},
    {TAPE_LAYOUT_KLINES, KLINES "0,10,13,9.5,9,1,59,0,0,0,0,0\n", ERR_SYNTAX,
     "file.csv:2: low: \"9.5\", expected at most the open and the close of the candle"},
    {TAPE_LAYOUT_KLINES, KLINES "59,10,13,9,12,1,59,0,0,0,0,0\n", ERR_SYNTAX,
     "file.csv:2: close_time: \"59\", expected a time after open_time"},
    {TAPE_LAYOUT_KLINES, KLINES "0,10,13,9,12,1,59,0,0,0,0,0\n58,10,13,9,12,1,99,0,0,0,0,0\n",
     ERR_RANGE, "file.csv:3: open_time: \"58\", expected a time that is not before the row above"},
    {TAPE_LAYOUT_KLINES, KLINES "0,10,13,9,12,v,59,0,0,0,0,0\n", ERR_SYNTAX,
     "file.csv:2: volume: \"v\", expected a decimal number such as 61659.70"},
};

START_TEST(bad_rows_are_refused_with_their_place)
{
    struct recording_row rows[ROWS_MAX];
    int count;
    struct failure failure;
    ck_assert_int_eq(read_rows(bad[_i].layout, bad[_i].text, rows, &count, &failure), bad[_i].err);
    scratch_assert_ends(failure.text, bad[_i].message);
}
END_TEST

START_TEST(a_caller_can_refuse_a_row)
{
    const struct scratch_path path = scratch_write_text("file.csv", TRADES "1,12,1,0,5,true\n");
    struct recording *recording;
    struct recording_row row;
    struct failure failure;
    ck_assert_int_eq(recording_open(path.text, TAPE_LAYOUT_TRADES, &recording, NULL), ERR_NONE);
    ck_assert_int_eq(recording_next(recording, &row, NULL), ERR_NONE);
    ck_assert_int_eq(recording_refuse(recording, ERR_OVERFLOW, "less", &failure), ERR_OVERFLOW);
    scratch_assert_ends(failure.text, "file.csv:2: price: \"12\", expected less");
    recording_close(recording);
    recording_close(NULL);
    ck_assert_int_eq(recording_open("absent", TAPE_LAYOUT_TRADES, &recording, NULL), ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("recording");
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_add_test(cases, a_quote_is_one_row);
    tcase_add_loop_test(cases, a_trade_is_a_quote_without_spread, 0, 2);
    tcase_add_loop_test(cases, a_candle_is_four_rows, 0, COUNT_OF(candles));
    tcase_add_loop_test(cases, bad_rows_are_refused_with_their_place, 0, COUNT_OF(bad));
    tcase_add_test(cases, a_caller_can_refuse_a_row);
    return suite_run("recording", cases);
}
