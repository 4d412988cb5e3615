/*
 * tests/unit/config/test_field_print.c - what is printed, and that it is read back to the same.
 */
#include <check.h>
#include <string.h>

#include "base/instant.h"
#include "base/prng.h"
#include "tests/unit/config/reading.h"
#include "tests/unit/config/sample.h"

static void parse_json(struct reading *reading, const char *json, struct sample *sample)
{
    reading_json(reading, json);
    ck_assert_str_eq(reading_lines(reading), "");
    const enum err err = field_parse(sample_fields, reading->root, "", sample, sizeof(*sample),
                                     &reading->arena, &reading->problems);
    ck_assert_str_eq(reading_lines(reading), "");
    ck_assert_int_eq(err, ERR_NONE);
}

#define DEFAULT_BARRIER "{\"stop_loss\":null,\"time_limit\":1.5,\"levels\":[]}"

static const struct {
    const char *json;
    const char *printed;
} samples[] = {
    {"{\"name\":\"x\",\"amount\":1}",
     "{\"name\":\"x\",\"note\":null,\"amount\":\"1\",\"count\":10,\"is_fast\":false,"
     "\"side\":\"BUY\",\"latency_ms\":0,\"start\":null,\"barrier\":" DEFAULT_BARRIER
     ",\"second\":null,\"prices\":[\"1.5\",\"2\"],\"balances\":{},\"extra\":null,\"limit\":5}"},
    {"{\"name\":\"a\\\"b\\n\",\"note\":\"\",\"amount\":\"0.000000000000000001\","
     "\"count\":\"9223372036854775807\",\"is_fast\":true,\"side\":2,\"latency_ms\":0.000001,"
     "\"start\":\"1700000000.25\","
     "\"barrier\":{\"stop_loss\":0.5,\"time_limit\":\"1234567890.123456789\","
     "\"levels\":[[1.5,1],[2,0.5,false]]},\"second\":{\"time_limit\":null},\"prices\":[7],"
     "\"balances\":{\"USDT\":\"12.50\",\"\":0},\"extra\":[1,\"2\",{\"a\":null}],\"limit\":null}",
     "{\"name\":\"a\\\"b\\n\",\"note\":\"\",\"amount\":\"0.000000000000000001\","
     "\"count\":\"9223372036854775807\",\"is_fast\":true,\"side\":\"SELL\",\"latency_ms\":0.000001,"
     "\"start\":\"2023-11-14T22:13:20.25Z\","
     "\"barrier\":{\"stop_loss\":\"0.5\",\"time_limit\":\"1234567890.123456789\","
     "\"levels\":[{\"price\":\"1.5\",\"share\":\"1\",\"is_last\":true},"
     "{\"price\":\"2\",\"share\":\"0.5\",\"is_last\":false}]},"
     "\"second\":{\"stop_loss\":null,\"time_limit\":null,\"levels\":[]},\"prices\":[\"7\"],"
     "\"balances\":{\"USDT\":\"12.5\",\"\":\"0\"},\"extra\":[1,\"2\",{\"a\":null}],"
     "\"limit\":null}"},
};

START_TEST(structs_are_printed_and_read_back)
{
    struct reading first;
    struct reading second;
    struct sample sample;
    struct sample again;
    struct text printed = {0};
    struct text reprinted = {0};
    parse_json(&first, samples[_i].json, &sample);
    field_print_json(sample_fields, &sample, &printed);
    ck_assert_str_eq(text_string(&printed), samples[_i].printed);
    parse_json(&second, text_string(&printed), &again);
    field_print_json(sample_fields, &again, &reprinted);
    ck_assert_str_eq(text_string(&reprinted), text_string(&printed));
    ck_assert_int_eq(again.latency_ns, sample.latency_ns);
    ck_assert_int_eq(again.start_ns, sample.start_ns);
    ck_assert(decimal_equal(again.amount, sample.amount));
    text_done(&reprinted);
    text_done(&printed);
    reading_done(&second);
    reading_done(&first);
}
END_TEST

struct numbers {
    struct decimal decimal;
    int64_t integer, seconds_ns, ms_ns, instant_ns;
};

static const struct field number_fields[] = {
    {.name = "d", .kind = FIELD_DECIMAL, .offset = offsetof(struct numbers, decimal)},
    {.name = "i", .kind = FIELD_INTEGER, .offset = offsetof(struct numbers, integer)},
    {.name = "s",
     .kind = FIELD_DURATION,
     .offset = offsetof(struct numbers, seconds_ns),
     .unit = "s"},
    {.name = "ms", .kind = FIELD_DURATION, .offset = offsetof(struct numbers, ms_ns), .unit = "ms"},
    {.name = "t", .kind = FIELD_INSTANT, .offset = offsetof(struct numbers, instant_ns)},
    {0},
};

static int64_t random_integer(struct prng *prng)
{
    return (int64_t)prng_next(prng) >> prng_below(prng, 63);
}

START_TEST(every_number_comes_back)
{
    struct prng prng;
    prng_init(&prng, 17);
    for (int i = 0; i < 2000; i++) {
        struct numbers numbers = {
            .decimal = {.raw = (int128_t)random_integer(&prng) * (1 + (int)prng_below(&prng, 18))},
            .integer = random_integer(&prng),
            .seconds_ns = random_integer(&prng),
            .ms_ns = random_integer(&prng),
            .instant_ns = random_integer(&prng) / 2,
        };
        struct text json = {0};
        field_print_json(number_fields, &numbers, &json);
        struct reading reading;
        reading_json(&reading, text_string(&json));
        struct numbers again;
        ck_assert_msg(field_parse(number_fields, reading.root, "", &again, sizeof(again),
                                  &reading.arena, &reading.problems) == ERR_NONE,
                      "%s %s", text_string(&json), reading_lines(&reading));
        ck_assert(decimal_equal(again.decimal, numbers.decimal));
        ck_assert_int_eq(again.integer, numbers.integer);
        ck_assert_int_eq(again.seconds_ns, numbers.seconds_ns);
        ck_assert_int_eq(again.ms_ns, numbers.ms_ns);
        ck_assert_int_eq(again.instant_ns, numbers.instant_ns);
        reading_done(&reading);
        text_done(&json);
    }
}
END_TEST

struct choice {
    int side;
    struct field_list sides;
};

START_TEST(an_enum_without_a_name_prints_null)
{
    static const struct field side[] = {{.name = "", .kind = FIELD_ENUM, .names = sample_sides},
                                        {0}};
    static const struct field_element element = {
        .size = sizeof(int), .fields = side, .is_scalar = true};
    static const struct field fields[] = {
        {.name = "side", .kind = FIELD_ENUM, .names = sample_sides},
        {.name = "sides",
         .kind = FIELD_LIST,
         .offset = offsetof(struct choice, sides),
         .element = &element,
         .count_min = 1},
        {0},
    };
    struct reading reading;
    struct choice choice;
    reading_json(&reading, "{\"side\":null}");
    ck_assert_int_eq(field_parse(fields, reading.root, "", &choice, sizeof(choice), &reading.arena,
                                 &reading.problems),
                     ERR_NONE);
    struct text json = {0};
    field_print_json(fields, &choice, &json);
    ck_assert_str_eq(text_string(&json), "{\"side\":null,\"sides\":null}");
    int sides[] = {SAMPLE_SELL, SAMPLE_BUY};
    choice = (struct choice){.side = SAMPLE_BUY, .sides = {sides, 2}};
    text_clear(&json);
    field_print_json(fields, &choice, &json);
    ck_assert_str_eq(text_string(&json), "{\"side\":\"BUY\",\"sides\":[\"SELL\",\"BUY\"]}");
    text_done(&json);
    reading_done(&reading);
}
END_TEST

struct maybe {
    struct decimal value;
    bool is_set;
};

START_TEST(elements_may_be_null)
{
    static const struct field value[] = {
        {.name = "value",
         .kind = FIELD_DECIMAL,
         .set_offset = offsetof(struct maybe, is_set),
         .is_nullable = true},
        {0},
    };
    static const struct field_element element = {
        .size = sizeof(struct maybe), .fields = value, .is_scalar = true};
    static const struct field fields[] = {
        {.name = "values", .kind = FIELD_LIST, .element = &element}, {0}};
    struct reading reading;
    struct field_list list;
    reading_json(&reading, "{\"values\":[1,null]}");
    ck_assert_int_eq(field_parse(fields, reading.root, "", &list, sizeof(list), &reading.arena,
                                 &reading.problems),
                     ERR_NONE);
    const struct maybe *values = list.items;
    ck_assert(values[0].is_set && !values[1].is_set);
    struct text json = {0};
    field_print_json(fields, &list, &json);
    ck_assert_str_eq(text_string(&json), "{\"values\":[\"1\",null]}");
    text_done(&json);
    reading_done(&reading);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("field_print");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, structs_are_printed_and_read_back, 0, COUNT(samples));
    tcase_add_test(tables, every_number_comes_back);
    tcase_add_test(tables, an_enum_without_a_name_prints_null);
    tcase_add_test(tables, elements_may_be_null);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
