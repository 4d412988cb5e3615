/*
 * tests/unit/config/test_field.c - names of enums, and what each kind of field is said to expect.
 */
#include "config/field.h"

#include <check.h>
#include <limits.h>

#include "config/field_reader.h"
#include "tests/unit/config/sample.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

START_TEST(values_have_names)
{
    ck_assert_str_eq(field_name_of(sample_sides, SAMPLE_BUY), "BUY");
    ck_assert_str_eq(field_name_of(sample_sides, SAMPLE_SELL), "SELL");
    ck_assert_ptr_null(field_name_of(sample_sides, 0));
    ck_assert_ptr_null(field_name_of(sample_sides, INT_MAX));
}
END_TEST

static const struct {
    const char *text;
    int value; /* 0: refused. */
} names[] = {
    {"BUY", 1},
    {"buy", 1},
    {"Sell", 2},
    {"1", 1},
    {"2", 2},
    {"2.0", 2},
    {"3", 0},
    {"", 0},
    {"BU", 0},
    {"BUYS", 0},
    {"1.5", 0},
    {"-1", 0},
    {"18446744073709551617", 0},
};

START_TEST(names_and_numbers_have_values)
{
    int value = 77;
    const bool is_known = field_value_of(sample_sides, names[_i].text, &value);
    ck_assert_int_eq(is_known, names[_i].value != 0);
    ck_assert_int_eq(value, is_known ? names[_i].value : 77);
}
END_TEST

static const struct {
    struct field field;
    const char *expected;
} expectations[] = {
    {{.kind = FIELD_TEXT}, "text"},
    {{.kind = FIELD_DECIMAL, .min = "0", .min_excluded = true, .unit = "base"},
     "a decimal > 0 (base)"},
    {{.kind = FIELD_DECIMAL, .min = "0", .max = "1", .max_excluded = true},
     "a decimal >= 0 and < 1"},
    {{.kind = FIELD_INTEGER, .max = "10"}, "a whole number <= 10"},
    {{.kind = FIELD_BOOL}, "true or false without quotes"},
    {{.kind = FIELD_ENUM, .names = sample_sides}, "one of BUY, SELL"},
    {{.kind = FIELD_DURATION, .unit = "ms", .min = "0"}, "a duration >= 0 (ms)"},
    {{.kind = FIELD_INSTANT}, "a time like 2021-07-01T00:00:00Z or seconds since 1970"},
    {{.kind = FIELD_OBJECT}, "a mapping"},
    {{.kind = FIELD_LIST}, "a list"},
    {{.kind = FIELD_LIST, .count_min = 1, .count_max = 3}, "a list of 1 to 3 elements"},
    {{.kind = FIELD_LIST, .count_min = 1}, "a list of 1 to 100000 elements"},
    {{.kind = FIELD_MAP, .min = "0"}, "a mapping of names to decimals >= 0"},
    {{.kind = FIELD_NODE}, "a value"},
};

START_TEST(expectations_are_words)
{
    struct text text = {0};
    field_append_expected(&expectations[_i].field, &text);
    ck_assert_str_eq(text_string(&text), expectations[_i].expected);
    text_done(&text);
}
END_TEST

START_TEST(durations_have_two_units)
{
    const struct field seconds = {.kind = FIELD_DURATION, .unit = "s"};
    const struct field milliseconds = {.kind = FIELD_DURATION, .unit = "ms"};
    ck_assert_uint_eq(field_duration_digits(&seconds), 9);
    ck_assert_uint_eq(field_duration_digits(&milliseconds), 6);
}
END_TEST

START_TEST(null_is_taken_where_nothing_else_is_known)
{
    const struct field required = {.is_required = true};
    const struct field required_or_null = {.is_required = true, .is_nullable = true};
    const struct field with_default = {.default_text = "1"};
    const struct field free = {.kind = FIELD_TEXT};
    ck_assert(!field_takes_null(&required));
    ck_assert(field_takes_null(&required_or_null));
    ck_assert(!field_takes_null(&with_default));
    ck_assert(field_takes_null(&free));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("field");
    TCase *tables = tcase_create("tables");
    tcase_add_test(tables, values_have_names);
    tcase_add_loop_test(tables, names_and_numbers_have_values, 0, COUNT(names));
    tcase_add_loop_test(tables, expectations_are_words, 0, COUNT(expectations));
    tcase_add_test(tables, durations_have_two_units);
    tcase_add_test(tables, null_is_taken_where_nothing_else_is_known);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
