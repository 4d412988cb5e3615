/*
 * tests/unit/market/test_recorded.c - the facts of recorded markets, through the reader and the
 * tape. Skips with a message where the recordings are absent.
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/instant.h"
#include "market/feeds/csv.h"
#include "market/feeds/recording.h"
#include "market/tape.h"
#include "tests/support/scratch.h"
#include "suite.h"

#define RECORDED TUTTI_SOURCE_DIR "/../shared/data/"

static bool is_recorded(const char *path)
{
    if (access(path, R_OK) == 0) {
        return true;
    }
    (void)fprintf(stderr, "skipped: %s is absent\n", path);
    return false;
}

/* Every file, its rows as a tape and as lines of the CSV, and its price scale. */
static const struct {
    const char *path;
    enum tape_layout layout;
    uint64_t rows;
    uint64_t repeated;
    unsigned price_digits;
} tapes[] = {
    {RECORDED "SPY-20131007_11-trades.csv.gz", TAPE_LAYOUT_TRADES, 1887450, 1018497, 2},
    {RECORDED "BTCUSDT-PERP-20240808-trades.csv.gz", TAPE_LAYOUT_TRADES, 21313, 16053, 1},
    {RECORDED "BTCUSDT-SPOT-20240808-trades.csv.gz", TAPE_LAYOUT_TRADES, 9757, 6534, 2},
    {RECORDED "ETHUSD-GEMINI-20210701_02-trades.csv.gz", TAPE_LAYOUT_TRADES, 41616, 12235, 2},
    {RECORDED "BTCUSDT-PERP-20240808-bookTicker.csv.gz", TAPE_LAYOUT_QUOTES, 66089, 31843, 1},
    {RECORDED "BTCUSDT-SPOT-20240808-bookTicker.csv.gz", TAPE_LAYOUT_QUOTES, 28040, 11930, 2},
    {RECORDED "ETHUSD-GEMINI-20210701_02-bookTicker.csv.gz", TAPE_LAYOUT_QUOTES, 146541, 0, 2},
    {RECORDED "BTC-PERP-1m-202201.csv.gz", TAPE_LAYOUT_KLINES, 4 * 45031, 0, 3},
};

static struct tape *make_tape(const char *csv_path, enum tape_layout layout,
                              struct tape_findings *findings)
{
    const struct tape_recipe recipe = {.csv_path = csv_path, .layout = layout};
    const struct scratch_path path = scratch_path("recorded.tape");
    struct failure failure = {0};
    const enum err made = tape_make(&recipe, path.text, findings, &failure);
    ck_assert_msg(made == ERR_NONE, "%s", failure.text);
    struct tape *tape;
    const enum err opened = tape_open(path.text, &tape, &failure);
    ck_assert_msg(opened == ERR_NONE, "%s", failure.text);
    return tape;
}

START_TEST(a_tape_has_every_row)
{
    if (!is_recorded(tapes[_i].path)) {
        return;
    }
    struct tape_findings findings;
    struct tape *tape = make_tape(tapes[_i].path, tapes[_i].layout, &findings);
    const struct tape_columns *columns = tape_columns_of(tape);
    ck_assert_uint_eq(columns->count, tapes[_i].rows);
    ck_assert_uint_eq(columns->price_digits, tapes[_i].price_digits);
    ck_assert_uint_eq(findings.rows, tapes[_i].rows);
    ck_assert_uint_eq(findings.repeated, tapes[_i].repeated);
    ck_assert_uint_eq(findings.crossed, 0);
    bool is_right = true;
    for (size_t i = 0; i < columns->count; i++) {
        is_right = is_right && columns->bid[i] > 0 && columns->bid[i] <= columns->ask[i] &&
                   (i == 0 || columns->time_ns[i - 1] <= columns->time_ns[i]);
    }
    ck_assert(is_right);
    tape_close(tape);
}
END_TEST

/* Is a number of the CSV what the tape says? */
static bool is_equal(struct csv_number number, int64_t mantissa, unsigned digits)
{
    return decimal_equal(decimal_from_mantissa(number.mantissa, number.digits),
                         decimal_from_mantissa(mantissa, digits));
}

START_TEST(a_tape_equals_its_csv_row_by_row)
{
    static const char path[] = RECORDED "ETHUSD-GEMINI-20210701_02-bookTicker.csv.gz";
    if (!is_recorded(path)) {
        return;
    }
    struct tape *tape = make_tape(path, TAPE_LAYOUT_QUOTES, NULL);
    const struct tape_columns *columns = tape_columns_of(tape);
    struct csv_reader *reader;
    ck_assert_int_eq(csv_open(path, &reader, NULL), ERR_NONE);
    /* update_id, best_bid_price, best_bid_qty, best_ask_price, best_ask_qty, transaction_time */
    size_t row = 0;
    bool is_right = true;
    for (; csv_next(reader, NULL) == ERR_NONE; row++) {
        ck_assert_uint_lt(row, columns->count);
        struct csv_number numbers[5];
        int64_t time_ns = 0;
        for (size_t i = 0; i < 5; i++) {
            is_right = is_right && csv_number(reader, i, &numbers[i], NULL) == ERR_NONE;
        }
        is_right = is_right && csv_time(reader, 5, &time_ns, NULL) == ERR_NONE &&
                   time_ns == columns->time_ns[row] && numbers[0].mantissa == (int64_t)row + 1 &&
                   is_equal(numbers[1], columns->bid[row], columns->price_digits) &&
                   is_equal(numbers[2], columns->bid_size[row], columns->size_digits) &&
                   is_equal(numbers[3], columns->ask[row], columns->price_digits) &&
                   is_equal(numbers[4], columns->ask_size[row], columns->size_digits);
        if (!is_right) {
            ck_abort_msg("row %zu differs", row);
        }
    }
    ck_assert_uint_eq(row, columns->count);
    csv_close(reader);
    tape_close(tape);
}
END_TEST

/* What the trades of a Binance file add up to. */
static const struct {
    const char *path;
    uint64_t taker_buys;
    const char *volume;
    const char *vwap; /* Rounded to cents. */
} trades[] = {
    {RECORDED "BTCUSDT-PERP-20240808-trades.csv.gz", 9616, "2429.366", "61680.98"},
    {RECORDED "BTCUSDT-SPOT-20240808-trades.csv.gz", 4103, "212.03315", "61707.68"},
};

START_TEST(binance_trades_add_up)
{
    if (!is_recorded(trades[_i].path)) {
        return;
    }
    struct csv_reader *reader;
    ck_assert_int_eq(csv_open(trades[_i].path, &reader, NULL), ERR_NONE);
    uint64_t taker_buys = 0;
    int64_t last_id = 0;
    struct decimal volume = DECIMAL_ZERO;
    struct decimal quote = DECIMAL_ZERO;
    while (csv_next(reader, NULL) == ERR_NONE) {
        struct csv_number id;
        struct csv_number price;
        struct csv_number size;
        ck_assert(csv_number(reader, 0, &id, NULL) == ERR_NONE &&
                  csv_number(reader, 1, &price, NULL) == ERR_NONE &&
                  csv_number(reader, 2, &size, NULL) == ERR_NONE);
        ck_assert(last_id == 0 || id.mantissa == last_id + 1); /* Contiguous. */
        last_id = id.mantissa;
        const struct csv_field is_buyer_maker = csv_text(reader, 5);
        taker_buys += is_buyer_maker.length == 5;
        const struct decimal amount = decimal_from_mantissa(size.mantissa, size.digits);
        volume = decimal_add(volume, amount);
        quote = decimal_add(
            quote, decimal_multiply(decimal_from_mantissa(price.mantissa, price.digits), amount));
    }
    csv_close(reader);
    ck_assert_uint_eq(taker_buys, trades[_i].taker_buys);
    ck_assert(decimal_equal(volume, decimal_literal(trades[_i].volume)));
    const struct decimal vwap =
        decimal_round_to(decimal_divide(quote, volume), decimal_literal("0.01"));
    ck_assert(decimal_equal(vwap, decimal_literal(trades[_i].vwap)));
}
END_TEST

START_TEST(spy_trades_add_up)
{
    static const char path[] = RECORDED "SPY-20131007_11-trades.csv.gz";
    if (!is_recorded(path)) {
        return;
    }
    struct tape *tape = make_tape(path, TAPE_LAYOUT_TRADES, NULL);
    const struct tape_columns *columns = tape_columns_of(tape);
    int128_t quote = 0;
    int64_t shares = 0;
    int64_t lowest = INT64_MAX;
    int64_t highest = 0;
    for (size_t i = 0; i < columns->count; i++) {
        shares += columns->bid_size[i];
        quote += (int128_t)columns->bid[i] * columns->bid_size[i];
        lowest = columns->bid[i] < lowest ? columns->bid[i] : lowest;
        highest = columns->bid[i] > highest ? columns->bid[i] : highest;
    }
    ck_assert_uint_eq(columns->size_digits, 0);
    ck_assert_int_eq(shares, 735079088);
    ck_assert_int_eq((int64_t)quote, 12302100376676); /* In cents. */
    ck_assert_int_eq(lowest, 16453);
    ck_assert_int_eq(highest, 17057);
    tape_close(tape);
}
END_TEST

START_TEST(klines_are_gapless)
{
    static const char path[] = RECORDED "BTC-PERP-1m-202201.csv.gz";
    if (!is_recorded(path)) {
        return;
    }
    struct tape_findings findings;
    struct tape *tape = make_tape(path, TAPE_LAYOUT_KLINES, &findings);
    const struct tape_columns *columns = tape_columns_of(tape);
    bool is_right = true;
    for (size_t i = 4; i < columns->count; i += 4) {
        is_right = is_right && columns->time_ns[i] - columns->time_ns[i - 4] == 60 * NS_PER_S &&
                   columns->time_ns[i] - columns->time_ns[i - 1] == NS_PER_MS &&
                   columns->bid_size[i] == 0 && columns->bid_size[i + 3] > 0;
    }
    ck_assert(is_right);
    ck_assert_int_eq(findings.gap_max_ns, 19999666668);
    /* Volumes such as 218102.59507500002 beside others of nine digits. */
    ck_assert_uint_eq(columns->size_digits, 10);
    ck_assert_uint_eq(findings.rounded, 6);
    tape_close(tape);
}
END_TEST

START_TEST(a_cut_recording_is_corrupt)
{
    static const char path[] = RECORDED "BTCUSDT-SPOT-20240808-bookTicker.csv.gz";
    if (!is_recorded(path)) {
        return;
    }
    size_t size;
    unsigned char *bytes = scratch_read(path, &size);
    const struct scratch_path cut = scratch_write("cut.csv.gz", bytes, size / 2);
    free(bytes);
    const struct tape_recipe recipe = {.csv_path = cut.text, .layout = TAPE_LAYOUT_QUOTES};
    ck_assert_int_eq(tape_make(&recipe, scratch_path("cut.tape").text, NULL, NULL), ERR_CORRUPT);
    ck_assert_int_eq(scratch_count(), 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("recorded");
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, a_tape_has_every_row, 0, COUNT_OF(tapes));
    tcase_add_test(cases, a_tape_equals_its_csv_row_by_row);
    tcase_add_loop_test(cases, binance_trades_add_up, 0, COUNT_OF(trades));
    tcase_add_test(cases, spy_trades_add_up);
    tcase_add_test(cases, klines_are_gapless);
    tcase_add_test(cases, a_cut_recording_is_corrupt);
    return suite_run("recorded", cases);
}
