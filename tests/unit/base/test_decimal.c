/*
 * tests/unit/base/test_decimal.c - decimals: what single values must give. Random values are
 * compared with GMP in test_decimal_exact.c.
 */
#include "base/decimal.h"

#include <check.h>
#include <signal.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* The largest decimal, 2^127 - 1, and the smallest. */
#define LARGEST "170141183460469231731.687303715884105727"
#define SMALLEST "-170141183460469231731.687303715884105727"

static const char *printed(struct decimal value)
{
    static char text[4][DECIMAL_TEXT_MAX];
    static unsigned next;
    char *out = text[next++ % 4];
    const size_t length = decimal_print(value, out);
    ck_assert_uint_eq(length, strlen(out));
    return out;
}

static struct decimal number(const char *text)
{
    return strcmp(text, "invalid") == 0 ? DECIMAL_INVALID : decimal_literal(text);
}

static const struct {
    const char *text, *printed;
} readable[] = {
    {"0", "0"},
    {"-0", "0"},
    {"+0.000", "0"},
    {"1", "1"},
    {"+1", "1"},
    {"007", "7"},
    {"1.", "1"},
    {".5", "0.5"},
    {"-.5", "-0.5"},
    {"10.50", "10.5"},
    {"-0.0125", "-0.0125"},
    {"1e3", "1000"},
    {"1E+3", "1000"},
    {"12.5e-3", "0.0125"},
    {"1e-18", "0.000000000000000001"},
    {"10e-19", "0.000000000000000001"},
    {"0e999999999999", "0"},
    {"0.000000000000000001", "0.000000000000000001"},
    {"1.000000000000000000000000000000000000000000000000000000000000", "1"},
    {"100000000000000000000", "100000000000000000000"},
    {"1000000000000000000000000000000e-12", "1000000000000000000"},
    {"99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"},
    {"18446744073709551616", "18446744073709551616"},
    {"1000000000000000000.5", "1000000000000000000.5"},
    {LARGEST, LARGEST},
    {SMALLEST, SMALLEST},
};

START_TEST(parse_reads_and_print_writes)
{
    struct decimal value;
    const char *text = readable[_i].text;
    ck_assert_int_eq(decimal_parse(text, strlen(text), &value), ERR_NONE);
    ck_assert_str_eq(printed(value), readable[_i].printed);
    struct decimal again;
    ck_assert_int_eq(decimal_parse(printed(value), strlen(printed(value)), &again), ERR_NONE);
    ck_assert(decimal_equal(value, again));
}
END_TEST

static const struct {
    const char *text;
    enum err err;
} unreadable[] = {
    {"", ERR_SYNTAX},
    {" ", ERR_SYNTAX},
    {" 1", ERR_SYNTAX},
    {"1 ", ERR_SYNTAX},
    {"+", ERR_SYNTAX},
    {"-", ERR_SYNTAX},
    {".", ERR_SYNTAX},
    {"--1", ERR_SYNTAX},
    {"1.2.3", ERR_SYNTAX},
    {"1,5", ERR_SYNTAX},
    {"1_000", ERR_SYNTAX},
    {"0x10", ERR_SYNTAX},
    {"e5", ERR_SYNTAX},
    {"1e", ERR_SYNTAX},
    {"1e+", ERR_SYNTAX},
    {"1e5.0", ERR_SYNTAX},
    {"nan", ERR_SYNTAX},
    {"inf", ERR_SYNTAX},
    {"1.0000000000000000001", ERR_RANGE},
    {"1e-19", ERR_RANGE},
    {"1.5e-18", ERR_RANGE},
    {"1e-999999999", ERR_RANGE},
    {"0.1234567890123456789012345678901234567890", ERR_RANGE},
    {"170141183460469231731.687303715884105728", ERR_OVERFLOW},
    {"-170141183460469231731.687303715884105728", ERR_OVERFLOW},
    {"170141183460469231732", ERR_OVERFLOW},
    {"1e21", ERR_OVERFLOW},
    {"1e999999999", ERR_OVERFLOW},
    {"1000000000000000000000000000000000000000000", ERR_OVERFLOW},
};

START_TEST(parse_refuses)
{
    struct decimal value = DECIMAL_ONE;
    const char *text = unreadable[_i].text;
    ck_assert_int_eq(decimal_parse(text, strlen(text), &value), unreadable[_i].err);
    ck_assert_msg(decimal_equal(value, DECIMAL_ONE), "\"%s\" changed the result", text);
}
END_TEST

START_TEST(parse_reads_only_the_given_bytes)
{
    struct decimal value;
    ck_assert_int_eq(decimal_parse("12.5abc", 4, &value), ERR_NONE);
    ck_assert_str_eq(printed(value), "12.5");
    ck_assert_int_eq(decimal_parse("1\0002", 3, &value), ERR_SYNTAX);
}
END_TEST

START_TEST(an_invalid_decimal_prints_as_such)
{
    ck_assert_str_eq(printed(DECIMAL_INVALID), "invalid");
}
END_TEST

static const struct {
    const char *a, *b, *sum, *difference;
} sums[] = {
    {"1.1", "2.2", "3.3", "-1.1"},
    {"0.1", "-0.3", "-0.2", "0.4"},
    {LARGEST, "0", LARGEST, LARGEST},
    {LARGEST, "0.000000000000000001", "invalid", "170141183460469231731.687303715884105726"},
    {SMALLEST, "0.000000000000000001", "-170141183460469231731.687303715884105726", "invalid"},
    {LARGEST, SMALLEST, "0", "invalid"},
    {"invalid", "1", "invalid", "invalid"},
    {"1", "invalid", "invalid", "invalid"},
};

START_TEST(add_and_subtract_are_exact)
{
    const struct decimal a = number(sums[_i].a);
    const struct decimal b = number(sums[_i].b);
    ck_assert_str_eq(printed(decimal_add(a, b)), sums[_i].sum);
    ck_assert_str_eq(printed(decimal_subtract(a, b)), sums[_i].difference);
}
END_TEST

static const struct {
    const char *a, *b, *product;
} products[] = {
    {"2", "3", "6"},
    {"-2", "3", "-6"},
    {"-2", "-3", "6"},
    {"0", "-5", "0"},
    {"65000.12", "0.1", "6500.012"},
    {"0.000000001", "0.000000001", "0.000000000000000001"},
    /* Ties go to the even neighbour, on both sides of zero. */
    {"0.000000000000000001", "0.5", "0"},
    {"0.000000000000000001", "-0.5", "0"},
    {"0.000000000000000003", "0.5", "0.000000000000000002"},
    {"-0.000000000000000003", "0.5", "-0.000000000000000002"},
    {"0.000000000000000005", "0.5", "0.000000000000000002"},
    {"0.000000000000000001", "0.500000000000000001", "0.000000000000000001"},
    {"0.000000000000000001", "0.499999999999999999", "0"},
    {"10000000000", "10000000000", "100000000000000000000"},
    {"100000000000", "100000000000", "invalid"},
    {LARGEST, "1", LARGEST},
    {SMALLEST, "1", SMALLEST},
    {LARGEST, "-1", SMALLEST},
    {LARGEST, "1.000000000000000001", "invalid"},
    {LARGEST, LARGEST, "invalid"},
    {SMALLEST, LARGEST, "invalid"},
    {"invalid", "0", "invalid"},
    {"0", "invalid", "invalid"},
};

START_TEST(multiply_rounds_ties_to_even)
{
    const struct decimal a = number(products[_i].a);
    const struct decimal b = number(products[_i].b);
    ck_assert_str_eq(printed(decimal_multiply(a, b)), products[_i].product);
    ck_assert_str_eq(printed(decimal_multiply(b, a)), products[_i].product);
}
END_TEST

static const struct {
    const char *a, *b, *quotient;
} quotients[] = {
    {"6", "3", "2"},
    {"-6", "3", "-2"},
    {"-6", "-3", "2"},
    {"0", "-3", "0"},
    {"1", "3", "0.333333333333333333"},
    {"2", "3", "0.666666666666666667"},
    {"-2", "3", "-0.666666666666666667"},
    {"65000.12", "64000.12", "1.015624970703179932"},
    {"0.000000000000000001", "2", "0"},
    {"0.000000000000000003", "2", "0.000000000000000002"},
    {"-0.000000000000000003", "2", "-0.000000000000000002"},
    {"0.000000000000000005", "2", "0.000000000000000002"},
    {"0.000000000000000015", "30", "0"},
    {"0.000000000000000045", "30", "0.000000000000000002"},
    {"1", "0.000000000000000001", "1000000000000000000"},
    {"170", "0.000000000000000001", "170000000000000000000"},
    {"171", "0.000000000000000001", "invalid"},
    {LARGEST, "0.5", "invalid"},
    {LARGEST, "1", LARGEST},
    {LARGEST, "-1", SMALLEST},
    {LARGEST, LARGEST, "1"},
    {LARGEST, SMALLEST, "-1"},
    {LARGEST, "0.999999999999999999", "invalid"},
    {LARGEST, "20", "8507059173023461586.584365185794205286"},
    {"1", "0", "invalid"},
    {"0", "0", "invalid"},
    {"invalid", "1", "invalid"},
    {"1", "invalid", "invalid"},
};

START_TEST(divide_rounds_ties_to_even)
{
    const struct decimal a = number(quotients[_i].a);
    const struct decimal b = number(quotients[_i].b);
    ck_assert_str_eq(printed(decimal_divide(a, b)), quotients[_i].quotient);
}
END_TEST

/* The quotient lies between 2^128 - 0.5 and 2^128: rounded before it is refused, it would be 0. */
START_TEST(divide_does_not_wrap_when_rounding)
{
    const struct decimal a = {.raw = ((int128_t)0x6ce36fb5effcc1be << 64) | 0x1e8a2dd10dc90546};
    const struct decimal b = {.raw = 425345403593371276};
    ck_assert_str_eq(printed(decimal_divide(a, b)), "invalid");
}
END_TEST

static const struct {
    const char *value, *unit, *floor, *ceil, *round;
    bool is_multiple;
} steps[] = {
    {"1.234", "0.01", "1.23", "1.24", "1.23", false},
    {"1.235", "0.01", "1.23", "1.24", "1.24", false},
    {"1.245", "0.01", "1.24", "1.25", "1.24", false},
    {"1.25", "0.01", "1.25", "1.25", "1.25", true},
    {"0", "0.01", "0", "0", "0", true},
    {"-1.234", "0.01", "0", "-1.23", "-1.23", false},
    {"-1.235", "0.01", "0", "-1.23", "-1.24", false},
    {"-1.25", "0.01", "0", "-1.25", "-1.25", true},
    {"7.5", "5", "5", "10", "10", false},
    {"2.5", "5", "0", "5", "0", false},
    {"12.5", "5", "10", "15", "10", false},
    {"0.000000000000000001", "0.000000000000000001", "0.000000000000000001", "0.000000000000000001",
     "0.000000000000000001", true},
    {LARGEST, "100", "170141183460469231700", "invalid", "170141183460469231700", false},
    {LARGEST, "170141183460469231731", "170141183460469231731", "invalid", "170141183460469231731",
     false},
    {"100000000000000000000", "150000000000000000000", "0", "150000000000000000000",
     "150000000000000000000", false},
    {LARGEST, "100000000000000000000", "100000000000000000000", "invalid", "invalid", false},
};

START_TEST(values_go_to_multiples_of_a_step)
{
    const struct decimal value = number(steps[_i].value);
    const struct decimal unit = number(steps[_i].unit);
    ck_assert_str_eq(printed(decimal_floor_to(value, unit)), steps[_i].floor);
    ck_assert_str_eq(printed(decimal_ceil_to(value, unit)), steps[_i].ceil);
    ck_assert_str_eq(printed(decimal_round_to(value, unit)), steps[_i].round);
    ck_assert_int_eq(decimal_is_multiple(value, unit), steps[_i].is_multiple);
}
END_TEST

START_TEST(steps_pass_invalid_on)
{
    ck_assert(!decimal_is_valid(decimal_floor_to(DECIMAL_INVALID, DECIMAL_ONE)));
    ck_assert(!decimal_is_valid(decimal_ceil_to(DECIMAL_INVALID, DECIMAL_ONE)));
    ck_assert(!decimal_is_valid(decimal_round_to(DECIMAL_INVALID, DECIMAL_ONE)));
}
END_TEST

static const struct {
    const char *value;
    unsigned digits;
    enum err err;
    int64_t mantissa;
} mantissas[] = {
    {"1.23", 2, ERR_NONE, 123},
    {"1.239", 2, ERR_NONE, 123},
    {"-1.231", 2, ERR_NONE, -124},
    {"-1.23", 2, ERR_NONE, -123},
    {"0", 18, ERR_NONE, 0},
    {"-0.000000000000000001", 0, ERR_NONE, -1},
    {"9223372036854775807", 0, ERR_NONE, INT64_MAX},
    {"9223372036854775807.9", 0, ERR_NONE, INT64_MAX},
    {"9223372036854775808", 0, ERR_OVERFLOW, 0},
    {"-9223372036854775808", 0, ERR_NONE, INT64_MIN},
    {"-9223372036854775808.1", 0, ERR_OVERFLOW, 0},
    {"9.223372036854775807", 18, ERR_NONE, INT64_MAX},
    {"9.223372036854775808", 18, ERR_OVERFLOW, 0},
};

START_TEST(mantissa_is_floored)
{
    int64_t mantissa = 42;
    const struct decimal value = number(mantissas[_i].value);
    ck_assert_int_eq(decimal_to_mantissa_floor(value, mantissas[_i].digits, &mantissa),
                     mantissas[_i].err);
    ck_assert_int_eq(mantissa, mantissas[_i].err == ERR_NONE ? mantissas[_i].mantissa : 42);
}
END_TEST

START_TEST(mantissas_and_whole_numbers_become_decimals)
{
    ck_assert_str_eq(printed(decimal_from_mantissa(123, 2)), "1.23");
    ck_assert_str_eq(printed(decimal_from_mantissa(-5, 18)), "-0.000000000000000005");
    ck_assert_str_eq(printed(decimal_from_mantissa(INT64_MIN, 0)), "-9223372036854775808");
    ck_assert_str_eq(printed(decimal_from_mantissa(INT64_MAX, 18)), "9.223372036854775807");
    ck_assert_str_eq(printed(decimal_from_int(INT64_MAX)), "9223372036854775807");
    ck_assert_str_eq(printed(decimal_from_int(-7)), "-7");
}
END_TEST

static const struct {
    const char *value;
    unsigned digits;
} shown[] = {
    {"0", 0},
    {"1", 0},
    {"10", 0},
    {"0.1", 1},
    {"0.10", 1},
    {"-1.25", 2},
    {"1000000.0001", 4},
    {"0.00000000000000001", 17},
    {LARGEST, 18},
    {"0.000000000000000001", 18},
};

START_TEST(digits_are_those_that_are_needed)
{
    ck_assert_uint_eq(decimal_digits(number(shown[_i].value)), shown[_i].digits);
}
END_TEST

START_TEST(order_and_sign)
{
    const struct decimal low = number("-1.5");
    const struct decimal high = number("0.000000000000000001");
    ck_assert_int_lt(decimal_compare(low, high), 0);
    ck_assert_int_gt(decimal_compare(high, low), 0);
    ck_assert_int_eq(decimal_compare(low, low), 0);
    ck_assert_int_eq(decimal_sign(low), -1);
    ck_assert_int_eq(decimal_sign(DECIMAL_ZERO), 0);
    ck_assert_int_eq(decimal_sign(high), 1);
    ck_assert(decimal_less(low, high) && !decimal_less(high, low) && !decimal_less(low, low));
    ck_assert(decimal_equal(low, low) && !decimal_equal(low, high));
    ck_assert(decimal_equal(decimal_min(low, high), low));
    ck_assert(decimal_equal(decimal_min(high, low), low));
    ck_assert(decimal_equal(decimal_max(low, high), high));
    ck_assert(decimal_equal(decimal_max(high, low), high));
    ck_assert_str_eq(printed(decimal_negate(low)), "1.5");
    ck_assert_str_eq(printed(decimal_absolute(low)), "1.5");
    ck_assert_str_eq(printed(decimal_absolute(high)), "0.000000000000000001");
    ck_assert(!decimal_is_valid(decimal_negate(DECIMAL_INVALID)));
    ck_assert(!decimal_is_valid(decimal_absolute(DECIMAL_INVALID)));
}
END_TEST

static struct decimal power_of_two(unsigned bits)
{
    return (struct decimal){.raw = (int128_t)1 << bits};
}

static struct decimal one_unit_less(struct decimal value)
{
    return (struct decimal){.raw = value.raw - 1};
}

/* Where the short ways end that sums, comparisons and products take. */
START_TEST(short_ways_have_limits)
{
    const struct decimal half = power_of_two(126);
    ck_assert(decimal_are_inner(one_unit_less(half), decimal_negate(half)));
    ck_assert(!decimal_are_inner(DECIMAL_ONE, half) && !decimal_are_inner(half, DECIMAL_ONE));
    const struct decimal below = one_unit_less(decimal_negate(half));
    ck_assert(!decimal_are_inner(DECIMAL_ONE, below) && !decimal_are_inner(below, DECIMAL_ONE));
    ck_assert(decimal_are_valid(half, below));

    const struct decimal large = power_of_two(93);
    const struct decimal unit = {.raw = 1};
    ck_assert(decimal_are_small(one_unit_less(large), DECIMAL_ZERO));
    ck_assert(!decimal_are_small(large, unit) && !decimal_are_small(unit, large));
    ck_assert(!decimal_are_small(decimal_negate(unit), unit));
    ck_assert(decimal_can_multiply_outer(one_unit_less(large), one_unit_less(large)));
}
END_TEST

START_TEST(every_operation_passes_invalid_on)
{
    const struct decimal others[] = {DECIMAL_ZERO, DECIMAL_ONE, number("-1"), power_of_two(126),
                                     DECIMAL_INVALID};
    for (size_t i = 0; i < COUNT(others); i++) {
        ck_assert(!decimal_is_valid(decimal_add(DECIMAL_INVALID, others[i])));
        ck_assert(!decimal_is_valid(decimal_add(others[i], DECIMAL_INVALID)));
        ck_assert(!decimal_is_valid(decimal_add_outer(others[i], DECIMAL_INVALID)));
        ck_assert(!decimal_is_valid(decimal_subtract(DECIMAL_INVALID, others[i])));
        ck_assert(!decimal_is_valid(decimal_subtract(others[i], DECIMAL_INVALID)));
        ck_assert(!decimal_is_valid(decimal_multiply(DECIMAL_INVALID, others[i])));
        ck_assert(!decimal_is_valid(decimal_multiply(others[i], DECIMAL_INVALID)));
        ck_assert(!decimal_is_valid(decimal_divide(DECIMAL_INVALID, others[i])));
        ck_assert(!decimal_is_valid(decimal_divide(others[i], DECIMAL_INVALID)));
        ck_assert(!decimal_can_multiply(DECIMAL_INVALID, others[i]));
        ck_assert(!decimal_can_multiply(others[i], DECIMAL_INVALID));
        ck_assert(!decimal_are_valid(DECIMAL_INVALID, others[i]));
        ck_assert(!decimal_are_valid(others[i], DECIMAL_INVALID));
    }
}
END_TEST

START_TEST(comparing_an_invalid_decimal_ends_the_process)
{
    (void)decimal_compare(DECIMAL_INVALID, DECIMAL_ONE);
}
END_TEST

START_TEST(comparing_with_an_invalid_decimal_ends_the_process)
{
    (void)decimal_less(DECIMAL_ONE, DECIMAL_INVALID);
}
END_TEST

START_TEST(an_invalid_decimal_has_no_sign)
{
    (void)decimal_sign(DECIMAL_INVALID);
}
END_TEST

START_TEST(a_literal_that_is_no_number_ends_the_process)
{
    (void)decimal_literal("1,5");
}
END_TEST

START_TEST(a_step_of_zero_ends_the_process)
{
    (void)decimal_floor_to(DECIMAL_ONE, DECIMAL_ZERO);
}
END_TEST

static Suite *decimal_suite(void)
{
    Suite *suite = suite_create("decimal");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, parse_reads_and_print_writes, 0, COUNT(readable));
    tcase_add_loop_test(tables, parse_refuses, 0, COUNT(unreadable));
    tcase_add_test(tables, parse_reads_only_the_given_bytes);
    tcase_add_test(tables, an_invalid_decimal_prints_as_such);
    tcase_add_loop_test(tables, add_and_subtract_are_exact, 0, COUNT(sums));
    tcase_add_loop_test(tables, multiply_rounds_ties_to_even, 0, COUNT(products));
    tcase_add_loop_test(tables, divide_rounds_ties_to_even, 0, COUNT(quotients));
    tcase_add_test(tables, divide_does_not_wrap_when_rounding);
    tcase_add_loop_test(tables, values_go_to_multiples_of_a_step, 0, COUNT(steps));
    tcase_add_test(tables, steps_pass_invalid_on);
    tcase_add_loop_test(tables, mantissa_is_floored, 0, COUNT(mantissas));
    tcase_add_test(tables, mantissas_and_whole_numbers_become_decimals);
    tcase_add_loop_test(tables, digits_are_those_that_are_needed, 0, COUNT(shown));
    tcase_add_test(tables, order_and_sign);
    tcase_add_test(tables, short_ways_have_limits);
    tcase_add_test(tables, every_operation_passes_invalid_on);
    suite_add_tcase(suite, tables);

    TCase *asserted = tcase_create("asserted");
    tcase_add_test_raise_signal(asserted, comparing_an_invalid_decimal_ends_the_process, SIGABRT);
    tcase_add_test_raise_signal(asserted, comparing_with_an_invalid_decimal_ends_the_process,
                                SIGABRT);
    tcase_add_test_raise_signal(asserted, an_invalid_decimal_has_no_sign, SIGABRT);
    tcase_add_test_raise_signal(asserted, a_literal_that_is_no_number_ends_the_process, SIGABRT);
    tcase_add_test_raise_signal(asserted, a_step_of_zero_ends_the_process, SIGABRT);
    suite_add_tcase(suite, asserted);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(decimal_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
