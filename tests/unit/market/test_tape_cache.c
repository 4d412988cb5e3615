/*
 * tests/unit/market/test_tape_cache.c - which tape belongs to a CSV, and when it is made again.
 */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "market/tape.h"
#include "tests/support/scratch.h"
#include "suite.h"

#define TRADES                                                                \
    "id,price,qty,quote_qty,time,is_buyer_maker,best_bid_price,best_bid_qty," \
    "best_ask_price,best_ask_qty,transaction_time\n"
#define ROW(price) "1," price ",1,1,5,true,1,1,2,1,5\n"

static void count_call(void *context, uint64_t done, uint64_t total)
{
    *(int *)context += done == total;
}

/* Opens the CSV's tape; returns how often one was made for it. */
static int open_for(const char *csv_path, enum tape_layout layout, const char *folder,
                    int64_t expected_bid)
{
    int made = 0;
    const struct tape_recipe recipe = {.csv_path = csv_path,
                                       .layout = layout,
                                       .cache_folder = folder,
                                       .progress = count_call,
                                       .context = &made};
    struct tape *tape;
    struct failure failure = {0};
    const enum err err = tape_open_for(&recipe, &tape, &failure);
    ck_assert_msg(err == ERR_NONE, "%s", failure.text);
    ck_assert_int_eq(tape_columns_of(tape)->bid[0], expected_bid);
    tape_close(tape);
    return made;
}

/* Sets when a file was modified, in seconds. */
static void set_modified(const char *path, time_t seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(a_tape_is_made_once)
{
    const struct scratch_path path = scratch_write_text("a.csv", TRADES ROW("7"));
    ck_assert_int_eq(open_for(path.text, TAPE_LAYOUT_TRADES, NULL, 7), 1);
    ck_assert_int_eq(open_for(path.text, TAPE_LAYOUT_TRADES, NULL, 7), 0);
    ck_assert_int_eq(access(scratch_path("a.csv.tape").text, R_OK), 0);
    ck_assert_int_eq(open_for(scratch_path("a.csv.tape").text, TAPE_LAYOUT_TRADES, NULL, 7), 0);
}
END_TEST

START_TEST(another_csv_makes_another_tape)
{
    const struct scratch_path path = scratch_write_text("a.csv", TRADES ROW("7"));
    set_modified(path.text, 1000);
    ck_assert_int_eq(open_for(path.text, TAPE_LAYOUT_TRADES, NULL, 7), 1);
    /* The same size, an older time: a copy that was put back. */
    (void)scratch_write_text("a.csv", TRADES ROW("8"));
    set_modified(path.text, 900);
    ck_assert_int_eq(open_for(path.text, TAPE_LAYOUT_TRADES, NULL, 8), 1);
    /* The same time, another size. */
    (void)scratch_write_text("a.csv", TRADES ROW("15"));
    set_modified(path.text, 900);
    ck_assert_int_eq(open_for(path.text, TAPE_LAYOUT_TRADES, NULL, 15), 1);
    /* Another layout. */
    ck_assert_int_eq(open_for(path.text, TAPE_LAYOUT_QUOTES, NULL, 1), 1);
    ck_assert_int_eq(open_for(path.text, TAPE_LAYOUT_QUOTES, NULL, 1), 0);
}
END_TEST

START_TEST(files_of_one_name_do_not_mix_in_a_cache)
{
    const struct scratch_path one = scratch_path("one");
    const struct scratch_path two = scratch_path("two");
    const struct scratch_path cache = scratch_path("cache");
    ck_assert_int_eq(mkdir(one.text, 0700), 0);
    ck_assert_int_eq(mkdir(two.text, 0700), 0);
    ck_assert_int_eq(mkdir(cache.text, 0700), 0);
    const struct scratch_path first = scratch_write_text("one/a.csv", TRADES ROW("3"));
    const struct scratch_path second = scratch_write_text("two/a.csv", TRADES ROW("4"));
    set_modified(first.text, 1000);
    set_modified(second.text, 1000);
    ck_assert_int_eq(open_for(first.text, TAPE_LAYOUT_TRADES, cache.text, 3), 1);
    ck_assert_int_eq(open_for(first.text, TAPE_LAYOUT_TRADES, cache.text, 3), 0);
    ck_assert_int_eq(open_for(second.text, TAPE_LAYOUT_TRADES, cache.text, 4), 1);
    ck_assert_int_eq(open_for(first.text, TAPE_LAYOUT_TRADES, cache.text, 3), 1);
    ck_assert_int_eq(access(scratch_path("cache/a.csv.tape").text, R_OK), 0);
    ck_assert_int_eq(access(scratch_path("one/a.csv.tape").text, R_OK), -1);
    ck_assert_int_eq(unlink(scratch_path("cache/a.csv.tape").text), 0);
    ck_assert_int_eq(unlink(first.text) + unlink(second.text), 0);
}
END_TEST

START_TEST(a_damaged_tape_is_made_again)
{
    const struct scratch_path path = scratch_write_text("a.csv", TRADES ROW("7"));
    ck_assert_int_eq(open_for(path.text, TAPE_LAYOUT_TRADES, NULL, 7), 1);
    (void)scratch_write_text("a.csv.tape", "cut short");
    ck_assert_int_eq(open_for(path.text, TAPE_LAYOUT_TRADES, NULL, 7), 1);
}
END_TEST

START_TEST(errors_are_those_of_the_parts)
{
    struct tape *tape;
    struct failure failure;
    const struct scratch_path csv = scratch_path("absent.csv");
    const struct tape_recipe absent = {.csv_path = csv.text, .layout = TAPE_LAYOUT_TRADES};
    ck_assert_int_eq(tape_open_for(&absent, &tape, &failure), ERR_NOT_FOUND);
    const struct scratch_path path = scratch_write_text("bad.tape", "x");
    const struct tape_recipe bad = {.csv_path = path.text, .layout = TAPE_LAYOUT_TRADES};
    ck_assert_int_eq(tape_open_for(&bad, &tape, &failure), ERR_CORRUPT);
    const struct scratch_path good = scratch_write_text("a.csv", TRADES ROW("7"));
    const struct tape_recipe nowhere = {
        .csv_path = good.text, .layout = TAPE_LAYOUT_TRADES, .cache_folder = csv.text};
    ck_assert_int_eq(tape_open_for(&nowhere, &tape, &failure), ERR_IO);
    scratch_assert_ends(failure.text,
                        "a.csv.tape: cannot create the tape: No such file or directory");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("tape_cache");
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_add_test(cases, a_tape_is_made_once);
    tcase_add_test(cases, another_csv_makes_another_tape);
    tcase_add_test(cases, files_of_one_name_do_not_mix_in_a_cache);
    tcase_add_test(cases, a_damaged_tape_is_made_again);
    tcase_add_test(cases, errors_are_those_of_the_parts);
    return suite_run("tape_cache", cases);
}
