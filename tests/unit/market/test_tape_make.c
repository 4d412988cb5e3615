/*
 * tests/unit/market/test_tape_make.c - from a recorded CSV to a tape.
 */
#include <check.h>

#include "base/instant.h"
#include "market/tape.h"
#include "packed.h"
#include "suite.h"

#define QUOTES                                                                            \
    "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time," \
    "event_time\n"
#define TRADES "id,price,qty,quote_qty,time,is_buyer_maker\n"
#define KLINES                                                                             \
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume," \
    "taker_buy_quote_volume,ignore\n"

static struct scratch_path tape_path(void)
{
    return scratch_path("made.tape");
}

static enum err make(enum tape_layout layout, const char *text, struct tape_findings *findings,
                     struct failure *failure)
{
    const struct scratch_path path = scratch_write_text("file.csv", text);
    const struct tape_recipe recipe = {.csv_path = path.text, .layout = layout};
    return tape_make(&recipe, tape_path().text, findings, failure);
}

static struct tape *open_made(void)
{
    struct tape *tape;
    ck_assert_int_eq(tape_open(tape_path().text, &tape, NULL), ERR_NONE);
    return tape;
}

START_TEST(quotes_get_the_finest_scale)
{
    struct tape_findings findings;
    ck_assert_int_eq(make(TAPE_LAYOUT_QUOTES,
                          QUOTES "1,100.50,2.5000,100.60,1,1000,1000\n"
                                 "2,100,3,101.123,0.25,2000,2000\n",
                          &findings, NULL),
                     ERR_NONE);
    struct tape *tape = open_made();
    const struct tape_columns *columns = tape_columns_of(tape);
    ck_assert_uint_eq(columns->count, 2);
    ck_assert_uint_eq(columns->price_digits, 3);
    ck_assert_uint_eq(columns->size_digits, 2);
    ck_assert_int_eq(columns->bid[0], 100500);
    ck_assert_int_eq(columns->ask[0], 100600);
    ck_assert_int_eq(columns->bid[1], 100000);
    ck_assert_int_eq(columns->ask[1], 101123);
    ck_assert_int_eq(columns->bid_size[0], 250);
    ck_assert_int_eq(columns->ask_size[1], 25);
    ck_assert_int_eq(columns->time_ns[1], 2 * NS_PER_S);
    char *source = realpath(scratch_path("file.csv").text, NULL);
    ck_assert_str_eq(tape_source(tape), source);
    free(source);
    tape_close(tape);
    ck_assert_int_eq(scratch_count(), 2); /* No temporary file stays. */
}
END_TEST

START_TEST(what_stands_out_is_found)
{
    struct tape_findings findings;
    ck_assert_int_eq(make(TAPE_LAYOUT_QUOTES,
                          QUOTES "1,10,1,11,1,1000,0\n"
                                 "2,10,1,11,1,1000,0\n"
                                 "3,11.01,1,11,1,1500,0\n" /* Crossed. */
                                 "4,11,1,11.00,1,4000,0\n" /* Locked is not crossed. */
                                 "5,10,1,11,1,4000,0\n"
                                 "6,12,1,11.999,1,4001,0\n" /* Crossed. */
                                 "7,10,1,11,1,5000,0\n",
                          &findings, NULL),
                     ERR_NONE);
    ck_assert_uint_eq(findings.rows, 5);
    ck_assert_uint_eq(findings.crossed, 2);
    ck_assert_uint_eq(findings.repeated, 2);
    ck_assert_int_eq(findings.gap_max_ns, 3 * NS_PER_S);
    ck_assert_int_eq(findings.gap_at_ns, NS_PER_S);
    struct tape *tape = open_made();
    ck_assert_uint_eq(tape_columns_of(tape)->count, 5);
    ck_assert_uint_eq(tape_columns_of(tape)->price_digits, 0); /* Left out rows do not count. */
    tape_close(tape);
}
END_TEST

START_TEST(sizes_are_rounded_down_when_they_must)
{
    struct tape_findings findings;
    ck_assert_int_eq(make(TAPE_LAYOUT_TRADES,
                          TRADES "1,10,102949891.4118,1,1,true\n"
                                 "2,10,218102.59507500009,1,2,true\n"
                                 "3,10,0.00000000001,1,3,true\n",
                          &findings, NULL),
                     ERR_NONE);
    ck_assert_uint_eq(findings.rounded, 2);
    struct tape *tape = open_made();
    const struct tape_columns *columns = tape_columns_of(tape);
    ck_assert_uint_eq(columns->size_digits, 10);
    ck_assert_int_eq(columns->bid_size[0], 1029498914118000000);
    ck_assert_int_eq(columns->bid_size[1], 2181025950750000);
    ck_assert_int_eq(columns->ask_size[1], 2181025950750000);
    ck_assert_int_eq(columns->ask_size[2], 0);
    tape_close(tape);
}
END_TEST

START_TEST(candles_become_four_rows)
{
    struct tape_findings findings;
    ck_assert_int_eq(make(TAPE_LAYOUT_KLINES,
                          KLINES "60000,10,13.5,8,12,7,119999,0,0,0,0,0\n"
                                 "120000,12,13,9,9.5,3,179999,0,0,0,0,0\n",
                          &findings, NULL),
                     ERR_NONE);
    ck_assert_uint_eq(findings.rows, 8);
    struct tape *tape = open_made();
    const struct tape_columns *columns = tape_columns_of(tape);
    static const int64_t prices[] = {100, 80, 135, 120, 120, 130, 90, 95};
    static const int64_t volumes[] = {0, 0, 0, 7, 0, 0, 0, 3};
    for (int i = 0; i < COUNT_OF(prices); i++) {
        ck_assert_int_eq(columns->bid[i], prices[i]);
        ck_assert_int_eq(columns->ask[i], prices[i]);
        ck_assert_int_eq(columns->bid_size[i], volumes[i]);
    }
    tape_close(tape);
}
END_TEST

static const struct {
    enum tape_layout layout;
    const char *text;
    enum err err;
    const char *message;
} bad[] = {
    {TAPE_LAYOUT_TRADES, TRADES, ERR_SYNTAX, "file.csv: no usable row, expected at least one"},
    {TAPE_LAYOUT_QUOTES, QUOTES "1,3,1,2,1,5,5\n", ERR_SYNTAX,
     "file.csv: no usable row, expected at least one"},
    {TAPE_LAYOUT_TRADES, TRADES "1,1,1,1,5,true\n2,1,1,1\n", ERR_SYNTAX,
     "file.csv:3: 4 fields, expected 6 as in the header row"},
    {TAPE_LAYOUT_TRADES, TRADES "1,1,1,1,5,true\n2,1,1,1,4,true\n", ERR_RANGE,
     "file.csv:3: time: \"4\", expected a time that is not before the row above"},
    {TAPE_LAYOUT_TRADES, TRADES "1,100,1,1,5,true\n2,0.00000000000000001,1,1,6,true\n",
     ERR_OVERFLOW,
     "file.csv:2: price: \"100\", expected prices of at most 18 digits at the file's finest scale"},
};

START_TEST(bad_files_leave_the_old_tape_alone)
{
    const struct scratch_path path = scratch_write_text("made.tape", "old");
    struct failure failure;
    struct tape_findings findings = {.rows = 77};
    ck_assert_int_eq(make(bad[_i].layout, bad[_i].text, &findings, &failure), bad[_i].err);
    scratch_assert_ends(failure.text, bad[_i].message);
    ck_assert_uint_eq(findings.rows, 77);
    size_t size;
    unsigned char *bytes = scratch_read(path.text, &size);
    ck_assert_uint_eq(size, 3);
    free(bytes);
    ck_assert_int_eq(scratch_count(), 2);
}
END_TEST

START_TEST(a_truncated_gz_is_corrupt)
{
    const struct scratch_path path =
        packed_write("file.csv.gz", TRADES "1,1,1,1,5,true\n2,1,1,1,6,true\n");
    size_t size;
    unsigned char *bytes = scratch_read(path.text, &size);
    const struct scratch_path cut = scratch_write("cut.csv.gz", bytes, size - 4);
    free(bytes);
    const struct tape_recipe recipe = {.csv_path = cut.text, .layout = TAPE_LAYOUT_TRADES};
    ck_assert_int_eq(tape_make(&recipe, tape_path().text, NULL, NULL), ERR_CORRUPT);
    const struct tape_recipe absent = {.csv_path = "absent.csv", .layout = TAPE_LAYOUT_TRADES};
    ck_assert_int_eq(tape_make(&absent, tape_path().text, NULL, NULL), ERR_NOT_FOUND);
}
END_TEST

/* What the progress callback has seen. */
struct seen {
    int calls;
    uint64_t done;
    uint64_t total;
};

static void see(void *context, uint64_t done, uint64_t total)
{
    struct seen *seen = context;
    ck_assert_uint_ge(done, seen->done);
    ck_assert_uint_le(done, total);
    seen->calls++;
    seen->done = done;
    seen->total = total;
}

START_TEST(progress_runs_to_the_end)
{
    const struct tape_walk walk = {.seed = 1,
                                   .count = 150000,
                                   .interval_ns = NS_PER_MS,
                                   .price = 1000,
                                   .price_digits = 1,
                                   .step_max = 3,
                                   .spread = 1};
    const struct scratch_path path = scratch_path("walk.csv");
    ck_assert_int_eq(tape_write_walk_csv(&walk, path.text, NULL), ERR_NONE);
    struct seen seen = {0};
    const struct tape_recipe recipe = {
        .csv_path = path.text, .layout = TAPE_LAYOUT_QUOTES, .progress = see, .context = &seen};
    ck_assert_int_eq(tape_make(&recipe, tape_path().text, NULL, NULL), ERR_NONE);
    ck_assert_int_ge(seen.calls, 6); /* Two passes over 150,000 rows. */
    ck_assert_uint_eq(seen.done, seen.total);
}
END_TEST

/* Appends a row to the CSV once the second pass has begun. */
static void disturb(void *context, uint64_t done, uint64_t total)
{
    if (done == total / 2) {
        FILE *file = fopen(context, "a");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_gt(fprintf(file, "3,1,1,1,9,true\n"), 0);
        ck_assert_int_eq(fclose(file), 0);
    }
}

START_TEST(a_csv_that_changes_meanwhile_is_refused)
{
    struct scratch_path path = scratch_write_text("file.csv", TRADES "1,1,1,1,5,true\n");
    const struct tape_recipe recipe = {.csv_path = path.text,
                                       .layout = TAPE_LAYOUT_TRADES,
                                       .progress = disturb,
                                       .context = path.text};
    struct failure failure;
    ck_assert_int_eq(tape_make(&recipe, tape_path().text, NULL, &failure), ERR_STATE);
    scratch_assert_ends(failure.text, "file.csv: it changed while it was read; read it again");
    ck_assert_int_eq(scratch_count(), 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("tape_make");
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, quotes_get_the_finest_scale);
    tcase_add_test(cases, what_stands_out_is_found);
    tcase_add_test(cases, sizes_are_rounded_down_when_they_must);
    tcase_add_test(cases, candles_become_four_rows);
    tcase_add_loop_test(cases, bad_files_leave_the_old_tape_alone, 0, COUNT_OF(bad));
    tcase_add_test(cases, a_truncated_gz_is_corrupt);
    tcase_add_test(cases, progress_runs_to_the_end);
    tcase_add_test(cases, a_csv_that_changes_meanwhile_is_refused);
    return suite_run("tape_make", cases);
}
