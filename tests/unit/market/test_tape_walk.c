/*
 * tests/unit/market/test_tape_walk.c - the seeded random walk.
 */
#include <check.h>

#include "base/instant.h"
#include "market/tape.h"
#include "market/tape_file.h"
#include "tests/support/scratch.h"
#include "suite.h"

static struct tape_walk sample(void)
{
    return (struct tape_walk){.seed = 42,
                              .count = 5000,
                              .start_ns = 1700000000 * NS_PER_S,
                              .interval_ns = 250 * NS_PER_MS,
                              .price = 6000000,
                              .price_digits = 2,
                              .step_max = 250,
                              .spread = 11};
}

static struct tape *make(const struct tape_walk *walk, const char *name)
{
    const struct scratch_path path = scratch_path(name);
    struct tape *tape;
    ck_assert_int_eq(tape_make_walk(walk, path.text, NULL), ERR_NONE);
    ck_assert_int_eq(tape_open(path.text, &tape, NULL), ERR_NONE);
    return tape;
}

START_TEST(it_walks_as_told)
{
    const struct tape_walk walk = sample();
    struct tape *tape = make(&walk, "a.tape");
    const struct tape_columns *columns = tape_columns_of(tape);
    ck_assert_uint_eq(columns->count, 5000);
    ck_assert_uint_eq(columns->price_digits, 2);
    ck_assert_int_eq(columns->bid[0], 6000000 - 5);
    int64_t largest = 0;
    for (size_t i = 0; i < columns->count; i++) {
        ck_assert_int_eq(columns->time_ns[i], walk.start_ns + (int64_t)i * walk.interval_ns);
        ck_assert_int_eq(columns->ask[i] - columns->bid[i], 11);
        ck_assert_int_gt(columns->bid_size[i], 0);
        ck_assert_int_gt(columns->ask_size[i], 0);
        const int64_t move = i > 0 ? columns->bid[i] - columns->bid[i - 1] : 0;
        ck_assert_int_le(llabs(move), 250);
        largest = llabs(move) > largest ? llabs(move) : largest;
    }
    ck_assert_int_ge(largest, 245); /* It uses its freedom. */
    ck_assert_str_eq(tape_source(tape), "random walk, seed 42");
    tape_close(tape);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_bytes)
{
    struct tape_walk walk = sample();
    tape_close(make(&walk, "a.tape"));
    tape_close(make(&walk, "b.tape"));
    walk.seed++;
    tape_close(make(&walk, "c.tape"));
    size_t sizes[3];
    unsigned char *bytes[3];
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"a.tape", "b.tape", "c.tape"};
        bytes[i] = scratch_read(scratch_path(names[i]).text, &sizes[i]);
    }
    ck_assert_uint_eq(sizes[0], sizes[1]);
    ck_assert_int_eq(memcmp(bytes[0], bytes[1], sizes[0]), 0);
    ck_assert_int_ne(memcmp(bytes[0], bytes[2], sizes[0]), 0);
    /* And on every machine. */
    ck_assert_uint_eq(tape_crc(0, bytes[0], sizes[0]), UINT32_C(2233787254));
    for (int i = 0; i < 3; i++) {
        free(bytes[i]);
    }
}
END_TEST

START_TEST(the_csv_is_the_same_walk)
{
    const struct tape_walk walk = sample();
    struct tape *direct = make(&walk, "a.tape");
    const struct scratch_path csv = scratch_path("walk.csv");
    ck_assert_int_eq(tape_write_walk_csv(&walk, csv.text, NULL), ERR_NONE);
    const struct tape_recipe recipe = {.csv_path = csv.text, .layout = TAPE_LAYOUT_QUOTES};
    struct tape *made;
    ck_assert_int_eq(tape_open_for(&recipe, &made, NULL), ERR_NONE);
    const struct tape_columns *a = tape_columns_of(direct);
    const struct tape_columns *b = tape_columns_of(made);
    ck_assert_uint_eq(a->count, b->count);
    ck_assert_uint_eq(a->price_digits, b->price_digits);
    ck_assert_uint_eq(a->size_digits, b->size_digits);
    const size_t size = a->count * sizeof(int64_t);
    ck_assert_int_eq(memcmp(a->time_ns, b->time_ns, size), 0);
    ck_assert_int_eq(memcmp(a->bid, b->bid, size), 0);
    ck_assert_int_eq(memcmp(a->ask, b->ask, size), 0);
    ck_assert_int_eq(memcmp(a->bid_size, b->bid_size, size), 0);
    ck_assert_int_eq(memcmp(a->ask_size, b->ask_size, size), 0);
    tape_close(direct);
    tape_close(made);
}
END_TEST

/* Walks that run into their bounds. */
static const struct tape_walk wild[] = {
    {.count = 3000, .interval_ns = 1, .price = 1, .step_max = 100, .spread = 0},
    {.count = 3000, .interval_ns = 1, .price = 1, .step_max = 1, .spread = 7},
    {.count = 3000,
     .interval_ns = 1,
     .price = INT64_MAX / 8,
     .step_max = INT64_MAX / 8,
     .spread = INT64_MAX / 8,
     .price_digits = 18},
    {.count = 1, .interval_ns = INT64_MAX, .price = 1},
};

START_TEST(a_walk_turns_round_at_its_bounds)
{
    struct tape *tape = make(&wild[_i], "a.tape");
    const struct tape_columns *columns = tape_columns_of(tape);
    for (size_t i = 0; i < columns->count; i++) {
        ck_assert_int_gt(columns->bid[i], 0);
        ck_assert_int_ge(columns->ask[i], columns->bid[i]);
    }
    tape_close(tape);
}
END_TEST

/* One figure each that is outside its limits. */
static const struct {
    struct tape_walk walk;
    const char *message;
} refused[] = {
    {{.count = 0, .interval_ns = 1, .price = 1}, "random walk: count, expected 1 to 2^40"},
    {{.count = (size_t)TAPE_ROWS_MAX + 1, .interval_ns = 1, .price = 1},
     "random walk: count, expected 1 to 2^40"},
    {{.count = 1, .interval_ns = 0, .price = 1},
     "random walk: start or interval, expected times before the year 2262"},
    {{.count = 1, .interval_ns = 1, .start_ns = -1, .price = 1},
     "random walk: start or interval, expected times before the year 2262"},
    {{.count = 2, .interval_ns = INT64_MAX, .price = 1},
     "random walk: start or interval, expected times before the year 2262"},
    {{.count = 1, .interval_ns = INT64_MAX, .start_ns = 1, .price = 1},
     "random walk: start or interval, expected times before the year 2262"},
    {{.count = 1, .interval_ns = 1, .price = 1, .price_digits = 19},
     "random walk: price digits, expected 0 to 18"},
    {{.count = 1, .interval_ns = 1, .price = 0},
     "random walk: price, expected a mantissa of 1 to 2^60"},
    {{.count = 1, .interval_ns = 1, .price = INT64_MAX / 8 + 1},
     "random walk: price, expected a mantissa of 1 to 2^60"},
    {{.count = 1, .interval_ns = 1, .price = 1, .step_max = -1},
     "random walk: largest step, expected a mantissa of 0 to 2^60"},
    {{.count = 1, .interval_ns = 1, .price = 1, .spread = -1},
     "random walk: spread, expected a mantissa of 0 to 2^60"},
};

START_TEST(a_walk_outside_its_limits_is_refused)
{
    struct failure failure;
    const struct tape_walk *walk = &refused[_i].walk;
    ck_assert_int_eq(tape_make_walk(walk, scratch_path("a.tape").text, &failure), ERR_RANGE);
    ck_assert_str_eq(failure.text, refused[_i].message);
    ck_assert_int_eq(tape_write_walk_csv(walk, scratch_path("a.csv").text, NULL), ERR_RANGE);
    ck_assert_int_eq(scratch_count(), 0);
}
END_TEST

START_TEST(a_csv_has_whole_milliseconds_and_a_folder)
{
    struct failure failure;
    struct tape_walk walk = sample();
    walk.interval_ns++;
    ck_assert_int_eq(tape_write_walk_csv(&walk, scratch_path("a.csv").text, &failure), ERR_RANGE);
    ck_assert_str_eq(failure.text, "random walk: start or interval, expected whole milliseconds");
    walk = sample();
    ck_assert_int_eq(tape_write_walk_csv(&walk, scratch_path("no/a.csv").text, &failure), ERR_IO);
    ck_assert_int_eq(tape_make_walk(&walk, scratch_path("no/a.tape").text, &failure), ERR_IO);
    ck_assert_int_eq(tape_write_walk_csv(&walk, "/dev/full", &failure), ERR_IO);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("tape_walk");
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_add_test(cases, it_walks_as_told);
    tcase_add_test(cases, the_same_seed_gives_the_same_bytes);
    tcase_add_test(cases, the_csv_is_the_same_walk);
    tcase_add_loop_test(cases, a_walk_turns_round_at_its_bounds, 0, COUNT_OF(wild));
    tcase_add_loop_test(cases, a_walk_outside_its_limits_is_refused, 0, COUNT_OF(refused));
    tcase_add_test(cases, a_csv_has_whole_milliseconds_and_a_folder);
    return suite_run("tape_walk", cases);
}
