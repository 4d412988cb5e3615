/*
 * tests/unit/base/test_instant.c - instants and durations: reading, printing, limits.
 */
#include "base/instant.h"

#include <check.h>
#include <signal.h>
#include <string.h>

#include "base/prng.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

enum { RANDOM_INSTANTS = 100000 };

static const struct {
    const char *text;
    int64_t instant_ns;
} readable[] = {
    {"0", 0},
    {"1700000000.5", INT64_C(1700000000500000000)},
    {"1700000000", INT64_C(1700000000000000000)},
    {"1.7e9", INT64_C(1700000000000000000)},
    {"-1", -NS_PER_S},
    {"0.000000001", 1},
    {"0.0000000019", 1},
    {"1970-01-01", 0},
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:00", 0},
    {"1970-01-01Z", 0},
    {"2021-07-01T00:00:00Z", INT64_C(1625097600000000000)},
    {"2021-07-01 00:00:00.250", INT64_C(1625097600250000000)},
    {"2021-07-01 23:59:59.123456789Z", INT64_C(1625183999123456789)},
    {"2000-02-29", INT64_C(951782400000000000)},
    {"2024-02-29T12:00:00Z", INT64_C(1709208000000000000)},
    {"1969-12-31T23:59:59.999999999Z", -1},
    {"1900-03-01", INT64_C(-2203891200000000000)},
    {"2262-04-11T23:47:16.854775807Z", INT64_MAX},
};

START_TEST(parse_reads)
{
    int64_t instant_ns = 42;
    ck_assert_int_eq(instant_parse(readable[_i].text, strlen(readable[_i].text), &instant_ns),
                     ERR_NONE);
    ck_assert_int_eq(instant_ns, readable[_i].instant_ns);
}
END_TEST

static const struct {
    const char *text;
    enum err err;
} unreadable[] = {
    {"", ERR_SYNTAX},
    {"yesterday", ERR_SYNTAX},
    {"2021-7-1", ERR_SYNTAX},
    {"2021-07-01T", ERR_SYNTAX},
    {"2021-07-01T00:00", ERR_SYNTAX},
    {"2021-07-01T00:00:0", ERR_SYNTAX},
    {"2021-07-01T00-00-00", ERR_SYNTAX},
    {"2021-07-01T00:00:00.", ERR_SYNTAX},
    {"2021-07-01T00:00:00.Z", ERR_SYNTAX},
    {"2021-07-01T00:00:00.1234567890", ERR_SYNTAX},
    {"2021-07-01T00:00:00+02:00", ERR_SYNTAX},
    {"2021-07-01T00:00:00ZZ", ERR_SYNTAX},
    {"2021-07-01X00:00:00", ERR_SYNTAX},
    {"2021-00-01", ERR_SYNTAX},
    {"2021-13-01", ERR_SYNTAX},
    {"2021-04-00", ERR_SYNTAX},
    {"2021-04-31", ERR_SYNTAX},
    {"2021-02-29", ERR_SYNTAX},
    {"1900-02-29", ERR_SYNTAX},
    {"2021-07-01T24:00:00", ERR_SYNTAX},
    {"2021-07-01T00:60:00", ERR_SYNTAX},
    {"2021-07-01T00:00:60", ERR_SYNTAX},
    {"2021/07-01", ERR_SYNTAX},
    {"2262-04-11T23:47:16.854775808Z", ERR_RANGE},
    {"9999-12-31", ERR_RANGE},
    {"1600-01-01", ERR_RANGE},
    {"9223372036.854775808", ERR_RANGE},
    {"1e30", ERR_RANGE},
    {"0.0000000000000000001", ERR_RANGE},
};

START_TEST(parse_refuses)
{
    int64_t instant_ns = 42;
    ck_assert_int_eq(instant_parse(unreadable[_i].text, strlen(unreadable[_i].text), &instant_ns),
                     unreadable[_i].err);
    ck_assert_int_eq(instant_ns, 42);
}
END_TEST

static const struct {
    int64_t instant_ns;
    const char *text;
} printed[] = {
    {0, "1970-01-01T00:00:00Z"},
    {INT64_C(1625097600250000000), "2021-07-01T00:00:00.25Z"},
    {INT64_C(1709208000000000001), "2024-02-29T12:00:00.000000001Z"},
    {-1, "1969-12-31T23:59:59.999999999Z"},
    {-NS_PER_S, "1969-12-31T23:59:59Z"},
    {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
    {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
};

START_TEST(print_writes)
{
    char out[INSTANT_TEXT_MAX];
    ck_assert_uint_eq(instant_print(printed[_i].instant_ns, out), strlen(printed[_i].text));
    ck_assert_str_eq(out, printed[_i].text);
}
END_TEST

START_TEST(random_instants_survive_text)
{
    struct prng prng;
    prng_init(&prng, 11);
    for (int i = 0; i < RANDOM_INSTANTS; i++) {
        const int64_t instant_ns = prng_between(&prng, INT64_MIN + NS_PER_S, INT64_MAX);
        char out[INSTANT_TEXT_MAX];
        int64_t again_ns;
        const size_t length = instant_print(instant_ns, out);
        ck_assert_int_eq(instant_parse(out, length, &again_ns), ERR_NONE);
        ck_assert_msg(instant_ns == again_ns, "%s was read as another instant", out);
    }
}
END_TEST

static const struct {
    int64_t duration_ns;
    const char *text;
} durations[] = {
    {0, "0ms"},
    {999999, "0ms"},
    {350 * NS_PER_MS, "350ms"},
    {999 * NS_PER_MS, "999ms"},
    {NS_PER_S, "1.0s"},
    {12599 * NS_PER_MS, "12.5s"},
    {60 * NS_PER_S, "1m00s"},
    {200 * NS_PER_S, "3m20s"},
    {3600 * NS_PER_S, "1h00m"},
    {7500 * NS_PER_S, "2h05m"},
    {86400 * NS_PER_S, "1d00h"},
    {356400 * NS_PER_S, "4d03h"},
    {INT64_MAX, "106751d23h"},
    {-1, "0ms"},
    {-350 * NS_PER_MS, "-350ms"},
    {-200 * NS_PER_S, "-3m20s"},
    {INT64_MIN, "-106751d23h"},
};

START_TEST(durations_are_printed_for_people)
{
    char out[INSTANT_TEXT_MAX];
    ck_assert_uint_eq(duration_print(durations[_i].duration_ns, out), strlen(durations[_i].text));
    ck_assert_str_eq(out, durations[_i].text);
}
END_TEST

START_TEST(add_stays_at_never)
{
    ck_assert_int_eq(instant_add(5, 7), 12);
    ck_assert_int_eq(instant_add(-5, 5), 0);
    ck_assert_int_eq(instant_add(INSTANT_NEVER, 1), INSTANT_NEVER);
    ck_assert_int_eq(instant_add(INSTANT_NEVER - 3, 3), INSTANT_NEVER);
    ck_assert_int_eq(instant_add(1, INSTANT_NEVER), INSTANT_NEVER);
}
END_TEST

START_TEST(seconds_are_exact)
{
    ck_assert(decimal_equal(instant_seconds(1500 * NS_PER_MS), decimal_literal("1.5")));
    ck_assert(decimal_equal(instant_seconds(-1), decimal_literal("-0.000000001")));
    int64_t ns = 42;
    ck_assert_int_eq(instant_from_seconds(decimal_literal("1.5000000009"), &ns), ERR_NONE);
    ck_assert_int_eq(ns, 1500 * NS_PER_MS);
    ck_assert_int_eq(instant_from_seconds(decimal_literal("-0.0000000001"), &ns), ERR_NONE);
    ck_assert_int_eq(ns, -1);
    ck_assert_int_eq(instant_from_seconds(decimal_literal("9223372037"), &ns), ERR_RANGE);
    ck_assert_int_eq(ns, -1);
}
END_TEST

START_TEST(what_has_elapsed_is_exact_however_long_it_is)
{
    ck_assert(decimal_equal(instant_elapsed(7, 7), decimal_literal("0")));
    ck_assert(decimal_equal(instant_elapsed(-1, NS_PER_S), decimal_literal("1.000000001")));
    ck_assert(decimal_equal(instant_elapsed(INT64_MIN, INT64_MAX),
                            decimal_literal("18446744073.709551615")));
}
END_TEST

START_TEST(adding_a_negative_duration_ends_the_process)
{
    (void)instant_add(0, -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("instant");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, parse_reads, 0, COUNT(readable));
    tcase_add_loop_test(tables, parse_refuses, 0, COUNT(unreadable));
    tcase_add_loop_test(tables, print_writes, 0, COUNT(printed));
    tcase_add_test(tables, random_instants_survive_text);
    tcase_add_loop_test(tables, durations_are_printed_for_people, 0, COUNT(durations));
    tcase_add_test(tables, add_stays_at_never);
    tcase_add_test(tables, seconds_are_exact);
    tcase_add_test(tables, what_has_elapsed_is_exact_however_long_it_is);
    tcase_add_test_raise_signal(tables, adding_a_negative_duration_ends_the_process, SIGABRT);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
