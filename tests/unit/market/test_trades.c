/*
 * tests/unit/market/test_trades.c - recorded trades, and trades and depth as one stream.
 */
#include "market/feeds/trades.h"

#include "base/instant.h"
#include "market/feeds/replay.h"
#include "tests/support/scratch.h"
#include "suite.h"

#define D(text) decimal_literal(text)
#define HEADER "id,price,qty,quote_qty,time,is_buyer_maker\n"
#define DEPTH_HEADER \
    "local_ns,event_time,first_update_id,last_update_id,prev_last_update_id,kind,side,price,qty\n"

START_TEST(a_row_is_a_trade)
{
    const struct scratch_path path =
        scratch_write_text("trades.csv", HEADER "1,100.5,0.25,0,1700000000000,true\n"
                                                "2,100.6,1,0,1700000000001,False\n");
    struct trades_reader *reader;
    struct trade trade;
    struct failure failure;
    ck_assert_int_eq(trades_open(path.text, &reader, &failure), ERR_NONE);
    ck_assert_int_eq(trades_next(reader, &trade, &failure), ERR_NONE);
    ck_assert(decimal_equal(trade.price, D("100.5")) && decimal_equal(trade.amount, D("0.25")));
    ck_assert_int_eq(trade.taker, SIDE_SELL);
    ck_assert_int_eq(trade.time_ns, INT64_C(1700000000000000000));
    ck_assert_int_eq(trades_next(reader, &trade, &failure), ERR_NONE);
    ck_assert_int_eq(trade.taker, SIDE_BUY);
    ck_assert_int_eq(trades_next(reader, &trade, &failure), ERR_END);
    trades_close(reader);
}
END_TEST

static const struct {
    const char *text;
    enum err err;
    const char *message;
} refusals[] = {
    {HEADER "1,0,1,0,5,true\n", ERR_SYNTAX, "a number > 0"},
    {HEADER "1,1,0,0,5,true\n", ERR_SYNTAX, "a number > 0"},
    {HEADER "1,1,1,0,5,yes\n", ERR_SYNTAX, "true or false"},
    {HEADER "1,1,1,0,x,true\n", ERR_SYNTAX, "time"},
    {HEADER "1,1,1,0,9,true\n2,1,1,0,8,true\n", ERR_RANGE, "not before the row above"},
    {"price,qty,time\n1,1,1\n", ERR_SYNTAX, "is_buyer_maker"},
};

START_TEST(bad_rows_are_refused)
{
    const struct scratch_path path = scratch_write_text("trades.csv", refusals[_i].text);
    struct trades_reader *reader = NULL;
    struct trade trade;
    struct failure failure = {0};
    enum err err = trades_open(path.text, &reader, &failure);
    if (err == ERR_NONE) {
        do {
            err = trades_next(reader, &trade, &failure);
        } while (err == ERR_NONE);
        trades_close(reader);
    }
    ck_assert_int_eq(err, refusals[_i].err);
    ck_assert_msg(strstr(failure.text, refusals[_i].message) != NULL, "%s", failure.text);
}
END_TEST

/* Times in milliseconds; a depth message without one goes with the message before it. */
START_TEST(trades_and_depth_come_in_order_of_time)
{
    const struct scratch_path trades =
        scratch_write_text("trades.csv", HEADER "1,1,1,0,20,true\n2,2,1,0,30,true\n");
    const struct scratch_path depth =
        scratch_write_text("depth.csv", DEPTH_HEADER "1,10,1,1,,snap,b,1,1\n"
                                                     "2,20,2,2,,diff,b,1,2\n"
                                                     "3,0,3,3,,diff,b,1,3\n"
                                                     "4,40,4,4,,diff,b,1,4\n");
    static const struct {
        enum replay_kind kind;
        int64_t time_ms;
    } expected[] = {{REPLAY_DEPTH, 10}, {REPLAY_TRADE, 20}, {REPLAY_DEPTH, 20},
                    {REPLAY_DEPTH, 20}, {REPLAY_TRADE, 30}, {REPLAY_DEPTH, 40}};
    struct replay *replay;
    struct replay_event event;
    struct failure failure;
    ck_assert_int_eq(replay_open(trades.text, depth.text, &replay, &failure), ERR_NONE);
    for (int i = 0; i < COUNT_OF(expected); i++) {
        const int64_t due_ns = expected[i].time_ms * NS_PER_MS;
        ck_assert_int_eq(replay_next(replay, due_ns - 1, &event, &failure), ERR_END);
        ck_assert_int_eq(replay_next(replay, due_ns, &event, &failure), ERR_NONE);
        ck_assert_int_eq(event.kind, expected[i].kind);
        ck_assert_int_eq(event.kind == REPLAY_TRADE ? event.trade.time_ns : event.depth.time_ns,
                         due_ns);
    }
    ck_assert_int_eq(replay_next(replay, INSTANT_NEVER, &event, &failure), ERR_END);
    replay_close(replay);
}
END_TEST

START_TEST(one_recording_is_enough)
{
    const struct scratch_path trades = scratch_write_text("trades.csv", HEADER "1,1,1,0,20,true\n");
    struct replay *replay;
    struct replay_event event;
    struct failure failure;
    ck_assert_int_eq(replay_open(trades.text, NULL, &replay, &failure), ERR_NONE);
    ck_assert_int_eq(replay_next(replay, INSTANT_NEVER, &event, &failure), ERR_NONE);
    ck_assert_int_eq(replay_next(replay, INSTANT_NEVER, &event, &failure), ERR_END);
    replay_close(replay);
    ck_assert_int_eq(replay_open(NULL, scratch_path("absent").text, &replay, &failure),
                     ERR_NOT_FOUND);
}
END_TEST

/* The facts of the two recordings. */
static const struct {
    const char *path;
    uint64_t rows, buys;
    const char *volume;
} facts[] = {
    {TUTTI_SOURCE_DIR "/../shared/data/BTCUSDT-PERP-20240808-trades.csv.gz", 21313, 9616,
     "2429.366"},
    {TUTTI_SOURCE_DIR "/../shared/data/BTCUSDT-SPOT-20240808-trades.csv.gz", 9757, 4103,
     "212.03315"},
};

START_TEST(recorded_trades_are_as_known)
{
    if (access(facts[_i].path, R_OK) != 0) {
        (void)fprintf(stderr, "skipped: %s is absent\n", facts[_i].path);
        return;
    }
    struct trades_reader *reader;
    struct trade trade;
    struct failure failure;
    uint64_t rows = 0;
    uint64_t buys = 0;
    struct decimal volume = DECIMAL_ZERO;
    ck_assert_int_eq(trades_open(facts[_i].path, &reader, &failure), ERR_NONE);
    while (trades_next(reader, &trade, &failure) == ERR_NONE) {
        rows++;
        buys += trade.taker == SIDE_BUY;
        volume = decimal_add(volume, trade.amount);
    }
    ck_assert_uint_eq(rows, facts[_i].rows);
    ck_assert_uint_eq(buys, facts[_i].buys);
    ck_assert(decimal_equal(volume, D(facts[_i].volume)));
    trades_close(reader);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("trades");
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_add_test(cases, a_row_is_a_trade);
    tcase_add_loop_test(cases, bad_rows_are_refused, 0, COUNT_OF(refusals));
    tcase_add_test(cases, trades_and_depth_come_in_order_of_time);
    tcase_add_test(cases, one_recording_is_enough);
    tcase_add_loop_test(cases, recorded_trades_are_as_known, 0, COUNT_OF(facts));
    return suite_run("trades", cases);
}
