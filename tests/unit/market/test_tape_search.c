/*
 * tests/unit/market/test_tape_search.c - tape_next() equals a look at every row.
 */
#include <check.h>
#include <inttypes.h>
#include <stdbool.h>

#include "base/instant.h"
#include "base/prng.h"
#include "market/tape.h"
#include "market/tape_writer.h"
#include "tests/support/scratch.h"
#include "suite.h"

enum { TAPES = 24, SEARCHES = 3000 };

static size_t linear_next(const struct tape_columns *columns, size_t first, size_t end,
                          const struct tape_levels *levels, int64_t at_ns)
{
    for (size_t i = first; i < end; i++) {
        if (columns->bid[i] <= levels->bid_at_most || columns->bid[i] >= levels->bid_at_least ||
            columns->ask[i] <= levels->ask_at_most || columns->ask[i] >= levels->ask_at_least ||
            columns->time_ns[i] >= at_ns) {
            return i;
        }
    }
    return end;
}

/* A walk with trends, jumps, repeated times and changing spreads. */
static struct tape *open_random_tape(struct prng *prng, uint64_t rows)
{
    const struct scratch_path path = scratch_path("random.tape");
    struct tape_header header = tape_header_new();
    header.rows = rows;
    struct tape_writer *writer;
    ck_assert_int_eq(tape_writer_create(path.text, &header, &writer, NULL), ERR_NONE);
    struct tape_row row = {.bid = 1000000};
    const int64_t trend = prng_between(prng, -3, 3);
    for (uint64_t i = 0; i < rows; i++) {
        row.time_ns += prng_between(prng, 0, 3);
        row.bid += prng_between(prng, -20, 20) + trend;
        row.bid += prng_below(prng, 500) == 0 ? prng_between(prng, -5000, 5000) : 0;
        row.bid = row.bid < 1 ? 1 : row.bid;
        row.ask = row.bid + prng_between(prng, 0, 50);
        ck_assert_int_eq(tape_writer_append(writer, &row, NULL), ERR_NONE);
    }
    ck_assert_int_eq(tape_writer_finish(writer, NULL), ERR_NONE);
    tape_writer_destroy(writer);
    struct tape *tape;
    ck_assert_int_eq(tape_open(path.text, &tape, NULL), ERR_NONE);
    return tape;
}

/* Each level is absent, at a price that occurs or next to one, or far away. */
static struct tape_levels random_levels(struct prng *prng, const struct tape_columns *columns)
{
    struct tape_levels levels = {INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX};
    int64_t *const fields[] = {&levels.bid_at_most, &levels.bid_at_least, &levels.ask_at_most,
                               &levels.ask_at_least};
    for (size_t i = 0; i < 4; i++) {
        const size_t row = (size_t)prng_below(prng, columns->count);
        const int64_t price = i < 2 ? columns->bid[row] : columns->ask[row];
        const int64_t sign = i % 2 == 0 ? -1 : 1;
        const int64_t distance = prng_between(prng, -1, 1) +
                                 sign * prng_between(prng, 0, 1) * prng_between(prng, 0, 3000);
        if (prng_below(prng, 3) == 0) {
            *fields[i] = price + distance;
        }
    }
    return levels;
}

static void search_once(struct prng *prng, const struct tape *tape)
{
    const struct tape_columns *columns = tape_columns_of(tape);
    const size_t first = (size_t)prng_below(prng, columns->count + 1);
    const size_t end = prng_below(prng, 2) == 0
                           ? columns->count
                           : first + (size_t)prng_below(prng, columns->count - first + 1);
    const struct tape_levels levels = random_levels(prng, columns);
    int64_t at_ns = INSTANT_NEVER;
    if (prng_below(prng, 3) == 0) {
        at_ns = columns->time_ns[prng_below(prng, columns->count)] + prng_between(prng, -1, 1);
    }
    const size_t expected = linear_next(columns, first, end, &levels, at_ns);
    const size_t got = tape_next(tape, first, end, &levels, at_ns);
    ck_assert_msg(got == expected,
                  "[%zu, %zu) of %zu, bid <= %" PRId64 " >= %" PRId64 ", ask <= %" PRId64
                  " >= %" PRId64 ", at %" PRId64 ": expected %zu, got %zu",
                  first, end, columns->count, levels.bid_at_most, levels.bid_at_least,
                  levels.ask_at_most, levels.ask_at_least, at_ns, expected, got);
}

START_TEST(it_equals_a_linear_scan)
{
    static const uint64_t sizes[] = {1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 8192, 300000};
    struct prng prng;
    prng_init(&prng, (uint64_t)_i);
    const uint64_t rows =
        _i < COUNT_OF(sizes) ? sizes[_i] : (uint64_t)prng_between(&prng, 1, 20000);
    struct tape *tape = open_random_tape(&prng, rows);
    for (int i = 0; i < SEARCHES; i++) {
        search_once(&prng, tape);
    }
    tape_close(tape);
}
END_TEST

START_TEST(every_step_through_a_tape_is_the_same)
{
    struct prng prng;
    prng_init(&prng, 99);
    struct tape *tape = open_random_tape(&prng, 10000);
    const struct tape_columns *columns = tape_columns_of(tape);
    /* A level in the middle of what the walk visits: hits come one by one and in long runs. */
    const struct tape_levels levels = {columns->bid[0] - 100, INT64_MAX, INT64_MIN, INT64_MAX};
    size_t expected = 0;
    for (size_t row = 0; row < columns->count; row++) {
        row = tape_next(tape, row, columns->count, &levels, INSTANT_NEVER);
        expected = linear_next(columns, expected, columns->count, &levels, INSTANT_NEVER);
        ck_assert_uint_eq(row, expected);
        expected++;
    }
    tape_close(tape);
}
END_TEST

START_TEST(always_and_never_are_levels_too)
{
    struct prng prng;
    prng_init(&prng, 5);
    struct tape *tape = open_random_tape(&prng, 5000);
    const struct tape_levels never = {INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX};
    const struct tape_levels always = {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MAX};
    ck_assert_uint_eq(tape_next(tape, 17, 5000, &never, INSTANT_NEVER), 5000);
    ck_assert_uint_eq(tape_next(tape, 17, 4000, &never, INSTANT_NEVER), 4000);
    ck_assert_uint_eq(tape_next(tape, 17, 5000, &always, INSTANT_NEVER), 17);
    ck_assert_uint_eq(tape_next(tape, 17, 17, &always, INSTANT_NEVER), 17);
    ck_assert_uint_eq(tape_next(tape, 5000, 5000, &always, 0), 5000);
    ck_assert_uint_eq(tape_next(tape, 17, 5000, &never, INT64_MIN), 17);
    tape_close(tape);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("tape_search");
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, it_equals_a_linear_scan, 0, TAPES);
    tcase_add_test(cases, every_step_through_a_tape_is_the_same);
    tcase_add_test(cases, always_and_never_are_levels_too);
    return suite_run("tape_search", cases);
}
