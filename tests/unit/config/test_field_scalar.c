/*
 * tests/unit/config/test_field_scalar.c - one scalar, one field: what it becomes or why it is
 * refused.
 */
#include <check.h>
#include <string.h>

#include "base/instant.h"
#include "config/field_reader.h"
#include "tests/unit/config/reading.h"
#include "tests/unit/config/sample.h"

union value {
    const char *text;
    struct decimal decimal;
    int64_t integer;
    bool is_true;
    int number;
};

static const struct field decimal_field = {.kind = FIELD_DECIMAL};
static const struct field positive_field = {
    .kind = FIELD_DECIMAL, .min = "0", .min_excluded = true, .unit = "base"};
static const struct field fraction_field = {
    .kind = FIELD_DECIMAL, .min = "0", .max = "1", .max_excluded = true};
static const struct field integer_field = {.kind = FIELD_INTEGER};
static const struct field small_field = {.kind = FIELD_INTEGER, .min = "-1", .max = "10"};
static const struct field seconds_field = {.kind = FIELD_DURATION, .unit = "s"};
static const struct field ms_field = {.kind = FIELD_DURATION, .unit = "ms", .min = "0"};
static const struct field bool_field = {.kind = FIELD_BOOL};
static const struct field enum_field = {.kind = FIELD_ENUM, .names = sample_sides};
static const struct field instant_field = {.kind = FIELD_INSTANT};
static const struct field late_field = {.kind = FIELD_INSTANT, .min = "1600000000"};
static const struct field text_field = {.kind = FIELD_TEXT};

/* Reads the YAML scalar into the field. */
static void read_scalar(struct reading *reading, const struct field *field, const char *yaml,
                        union value *value)
{
    reading_yaml(reading, yaml);
    ck_assert_int_eq(reading->err, ERR_NONE);
    struct field_reader reader = {.arena = &reading->arena, .problems = &reading->problems};
    memset(value, 0, sizeof(*value));
    field_read_scalar(&reader, field, reading->root, "x", value);
    ck_assert(!reader.is_out_of_memory);
}

static const struct {
    const struct field *field;
    const char *yaml;
    const char *decimal;
} decimals[] = {
    {&decimal_field, "1", "1"},
    {&decimal_field, "-0.5", "-0.5"},
    {&decimal_field, "+2", "2"},
    {&decimal_field, ".5", "0.5"},
    {&decimal_field, "1e-3", "0.001"},
    {&decimal_field, "0.0", "0"},
    {&decimal_field, "'0.000000000000000001'", "0.000000000000000001"},
    {&decimal_field, "'010'", "10"},
    {&decimal_field, "100000000000000000000", "100000000000000000000"},
    {&positive_field, "0.000000000000000001", "0.000000000000000001"},
    {&fraction_field, "0", "0"},
    {&fraction_field, "0.999999999999999999", "0.999999999999999999"},
};

START_TEST(decimals_are_exact)
{
    struct reading reading;
    union value value;
    read_scalar(&reading, decimals[_i].field, decimals[_i].yaml, &value);
    ck_assert_str_eq(reading_lines(&reading), "");
    ck_assert(decimal_equal(value.decimal, decimal_literal(decimals[_i].decimal)));
    reading_done(&reading);
}
END_TEST

static const struct {
    const struct field *field;
    const char *yaml;
    int64_t value;
} integers[] = {
    {&integer_field, "0", 0},
    {&integer_field, "-7", -7},
    {&integer_field, "1e3", 1000},
    {&integer_field, "5.0", 5},
    {&integer_field, "'42'", 42},
    {&integer_field, "9223372036854775807", INT64_MAX},
    {&integer_field, "-9223372036854775808", INT64_MIN},
    {&small_field, "-1", -1},
    {&small_field, "10", 10},
    {&seconds_field, "3600", 3600 * NS_PER_S},
    {&seconds_field, "0.000000001", 1},
    {&seconds_field, "-1.5", -1500 * NS_PER_MS},
    {&ms_field, "20", 20 * NS_PER_MS},
    {&ms_field, "0.000001", 1},
    {&instant_field, "0", 0},
    {&instant_field, "1700000000.5", 1700000000500000000},
    {&instant_field, "2021-07-01T00:00:00Z", 1625097600000000000},
    {&instant_field, "'2021-07-01'", 1625097600000000000},
    {&late_field, "1600000000", 1600000000000000000},
};

START_TEST(integers_durations_and_instants_are_exact)
{
    struct reading reading;
    union value value;
    read_scalar(&reading, integers[_i].field, integers[_i].yaml, &value);
    ck_assert_str_eq(reading_lines(&reading), "");
    ck_assert_int_eq(value.integer, integers[_i].value);
    reading_done(&reading);
}
END_TEST

START_TEST(bools_enums_and_texts_are_taken)
{
    static const struct {
        const char *yaml;
        const char *text;
    } texts[] = {{"NO", "NO"}, {"010", "010"}, {"true", "true"}, {"''", ""}, {"'null'", "null"}};
    struct reading reading;
    union value value;
    for (int i = 0; i < COUNT(texts); i++) {
        read_scalar(&reading, &text_field, texts[i].yaml, &value);
        ck_assert_str_eq(value.text, texts[i].text);
        reading_done(&reading);
    }
    read_scalar(&reading, &bool_field, "true", &value);
    ck_assert(value.is_true);
    reading_done(&reading);
    read_scalar(&reading, &enum_field, "sell", &value);
    ck_assert_int_eq(value.number, SAMPLE_SELL);
    reading_done(&reading);
    read_scalar(&reading, &enum_field, "1", &value);
    ck_assert_int_eq(value.number, SAMPLE_BUY);
    reading_done(&reading);
}
END_TEST

#define INSTANT_EXPECTED "a time like 2021-07-01T00:00:00Z or seconds since 1970"

static const struct {
    const struct field *field;
    const char *yaml;
    const char *problem;
} refused[] = {
    {&positive_field, "abc", "\"abc\" is not a number, expected a decimal > 0 (base)"},
    {&positive_field, "0", "\"0\" is out of range, expected a decimal > 0 (base)"},
    {&positive_field, "-1", "\"-1\" is out of range, expected a decimal > 0 (base)"},
    {&fraction_field, "1", "\"1\" is out of range, expected a decimal >= 0 and < 1"},
    {&fraction_field, "-0.000000000000000001",
     "\"-0.000000000000000001\" is out of range, expected a decimal >= 0 and < 1"},
    {&decimal_field, "010",
     "\"010\" has a leading zero (write the number without it, or text in quotes), expected a "
     "decimal"},
    {&decimal_field, "-00.5",
     "\"-00.5\" has a leading zero (write the number without it, or text in quotes), expected a "
     "decimal"},
    {&decimal_field, "1_000",
     "\"1_000\" is not a number (write its digits without anything between them), expected a "
     "decimal"},
    {&decimal_field, "'1,000'",
     "\"1,000\" is not a number (write its digits without anything between them), expected a "
     "decimal"},
    {&decimal_field, "0x10",
     "\"0x10\" is not a number (write it in decimal digits), expected a decimal"},
    {&decimal_field, "-0o17",
     "\"-0o17\" is not a number (write it in decimal digits), expected a decimal"},
    {&decimal_field, ".inf", "\".inf\" is not a number, expected a decimal"},
    {&decimal_field, ".nan", "\".nan\" is not a number, expected a decimal"},
    {&decimal_field, "1:30", "\"1:30\" is not a number, expected a decimal"},
    {&decimal_field, "true", "\"true\" is not a number, expected a decimal"},
    {&decimal_field, "''", "\"\" is not a number, expected a decimal"},
    {&decimal_field, "' 1'",
     "\" 1\" is not a number (write its digits without anything between them), expected a "
     "decimal"},
    {&decimal_field, "0.0000000000000000001",
     "\"0.0000000000000000001\" has more than 18 decimal places, expected a decimal"},
    {&decimal_field, "1e21", "\"1e21\" is too large, expected a decimal"},
    {&integer_field, "1.5", "\"1.5\" is not a whole number, expected a whole number"},
    {&integer_field, "9223372036854775808",
     "\"9223372036854775808\" is too large, expected a whole number"},
    {&small_field, "11", "\"11\" is out of range, expected a whole number >= -1 and <= 10"},
    {&small_field, "-2", "\"-2\" is out of range, expected a whole number >= -1 and <= 10"},
    {&seconds_field, "0.0000000001",
     "\"0.0000000001\" is finer than a nanosecond, expected a duration (s)"},
    {&seconds_field, "9300000000", "\"9300000000\" is too large, expected a duration (s)"},
    {&seconds_field, "10s", "\"10s\" is not a number, expected a duration (s)"},
    {&ms_field, "0.0000001",
     "\"0.0000001\" is finer than a nanosecond, expected a duration >= 0 (ms)"},
    {&ms_field, "-1", "\"-1\" is out of range, expected a duration >= 0 (ms)"},
    {&bool_field, "yes",
     "\"yes\" is neither true nor false, expected true or false without quotes"},
    {&bool_field, "True",
     "\"True\" is neither true nor false, expected true or false without quotes"},
    {&bool_field, "'true'",
     "\"true\" is neither true nor false, expected true or false without quotes"},
    {&bool_field, "1", "\"1\" is neither true nor false, expected true or false without quotes"},
    {&enum_field, "SEL", "\"SEL\" is unknown (did you mean \"SELL\"?), expected one of BUY, SELL"},
    {&enum_field, "HOLD", "\"HOLD\" is unknown, expected one of BUY, SELL"},
    {&enum_field, "3", "\"3\" is unknown, expected one of BUY, SELL"},
    {&instant_field, "yesterday", "\"yesterday\" is not a time, expected " INSTANT_EXPECTED},
    {&instant_field, "2021-02-30", "\"2021-02-30\" is not a time, expected " INSTANT_EXPECTED},
    {&instant_field, "9999999999999",
     "\"9999999999999\" is out of the years 1678 to 2262, expected " INSTANT_EXPECTED},
    {&instant_field, "-9223372036.5",
     "\"-9223372036.5\" is out of the years 1678 to 2262, expected " INSTANT_EXPECTED},
    {&late_field, "1599999999",
     "\"1599999999\" is out of range, expected " INSTANT_EXPECTED " >= 1600000000"},
};

START_TEST(scalars_are_refused)
{
    struct reading reading;
    union value value;
    read_scalar(&reading, refused[_i].field, refused[_i].yaml, &value);
    struct text line = {0};
    text_printf(&line, "t:1:1: x: %s\n", refused[_i].problem);
    ck_assert_str_eq(reading_lines(&reading), text_string(&line));
    text_done(&line);
    reading_done(&reading);
}
END_TEST

START_TEST(texts_have_a_limit)
{
    char yaml[FIELD_TEXT_LENGTH_MAX + 2];
    memset(yaml, 'x', sizeof(yaml));
    yaml[FIELD_TEXT_LENGTH_MAX] = '\0';
    struct reading reading;
    union value value;
    read_scalar(&reading, &text_field, yaml, &value);
    ck_assert_uint_eq(reading.problems.count, 0);
    ck_assert_uint_eq(strlen(value.text), FIELD_TEXT_LENGTH_MAX);
    reading_done(&reading);
    yaml[FIELD_TEXT_LENGTH_MAX] = 'x';
    yaml[FIELD_TEXT_LENGTH_MAX + 1] = '\0';
    read_scalar(&reading, &text_field, yaml, &value);
    ck_assert_str_eq(reading_lines(&reading),
                     "t:1:1: x: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" has 4097 bytes, at "
                     "most 4096 are allowed, expected text\n");
    reading_done(&reading);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("field_scalar");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, decimals_are_exact, 0, COUNT(decimals));
    tcase_add_loop_test(tables, integers_durations_and_instants_are_exact, 0, COUNT(integers));
    tcase_add_test(tables, bools_enums_and_texts_are_taken);
    tcase_add_loop_test(tables, scalars_are_refused, 0, COUNT(refused));
    tcase_add_test(tables, texts_have_a_limit);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
