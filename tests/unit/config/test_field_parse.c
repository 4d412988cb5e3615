/*
 * tests/unit/config/test_field_parse.c - whole structs: defaults, nulls, lists, rows, maps, nested
 * objects and every problem with its path.
 */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "base/instant.h"
#include "tests/unit/config/reading.h"
#include "tests/unit/config/sample.h"

/* Reads the YAML and parses it as a sample at `path`. */
static enum err parse_at(struct reading *reading, const char *yaml, const char *path,
                         struct sample *sample)
{
    reading_yaml(reading, yaml);
    ck_assert_str_eq(reading_lines(reading), "");
    return field_parse(sample_fields, reading->root, path, sample, sizeof(*sample), &reading->arena,
                       &reading->problems);
}

static enum err parse(struct reading *reading, const char *yaml, struct sample *sample)
{
    return parse_at(reading, yaml, "", sample);
}

START_TEST(absent_fields_have_their_defaults)
{
    struct reading reading;
    struct sample sample;
    memset(&sample, 0xAA, sizeof(sample));
    ck_assert_int_eq(parse(&reading, "{name: x, amount: 2}", &sample), ERR_NONE);
    ck_assert_str_eq(sample.name, "x");
    ck_assert_ptr_null(sample.note);
    ck_assert(decimal_equal(sample.amount, decimal_literal("2")));
    ck_assert_int_eq(sample.count, 10);
    ck_assert(!sample.is_fast);
    ck_assert_int_eq(sample.side, SAMPLE_BUY);
    ck_assert_int_eq(sample.latency_ns, 0);
    ck_assert(!sample.has_start);
    ck_assert_ptr_nonnull(sample.barrier);
    ck_assert(!sample.barrier->has_stop_loss);
    ck_assert(sample.barrier->has_time_limit);
    ck_assert_int_eq(sample.barrier->time_limit_ns, 1500 * NS_PER_MS);
    ck_assert_uint_eq(sample.barrier->levels.count, 0);
    ck_assert_ptr_null(sample.second);
    ck_assert_uint_eq(sample.prices.count, 2);
    ck_assert(decimal_equal(((struct decimal *)sample.prices.items)[0], decimal_literal("1.5")));
    ck_assert_uint_eq(sample.balances.count, 0);
    ck_assert_ptr_null(sample.extra);
    ck_assert(sample.has_limit);
    ck_assert_int_eq(sample.limit, 5);
    reading_done(&reading);
}
END_TEST

START_TEST(present_fields_are_converted)
{
    struct reading reading;
    struct sample sample;
    ck_assert_int_eq(parse(&reading,
                           "name: NO\n"
                           "note: hello\n"
                           "amount: '0.10'\n"
                           "count: -5\n"
                           "is_fast: true\n"
                           "side: sell\n"
                           "latency_ms: 2.5\n"
                           "start: 2021-07-01\n"
                           "barrier: {stop_loss: 0.02, time_limit: 60,\n"
                           "          levels: [[1.05, 0.5], [1.1, 1, false],\n"
                           "                   {share: 0.25, price: 9}]}\n"
                           "second: {}\n"
                           "prices: [0, '7']\n"
                           "balances: {USDT: '100000', BTC: 0}\n"
                           "extra: [anything, {at: all}]\n"
                           "limit: 6\n",
                           &sample),
                     ERR_NONE);
    ck_assert_str_eq(sample.name, "NO");
    ck_assert_str_eq(sample.note, "hello");
    ck_assert(decimal_equal(sample.amount, decimal_literal("0.1")));
    ck_assert_int_eq(sample.count, -5);
    ck_assert(sample.is_fast);
    ck_assert_int_eq(sample.side, SAMPLE_SELL);
    ck_assert_int_eq(sample.latency_ns, 2500000);
    ck_assert(sample.has_start);
    ck_assert_int_eq(sample.start_ns, 1625097600 * NS_PER_S);
    ck_assert(decimal_equal(sample.barrier->stop_loss, decimal_literal("0.02")));
    ck_assert(sample.barrier->has_stop_loss);
    ck_assert_int_eq(sample.barrier->time_limit_ns, 60 * NS_PER_S);
    ck_assert_uint_eq(sample.barrier->levels.count, 3);
    const struct sample_level *levels = sample.barrier->levels.items;
    ck_assert(decimal_equal(levels[0].price, decimal_literal("1.05")));
    ck_assert(decimal_equal(levels[0].share, decimal_literal("0.5")));
    ck_assert(levels[0].is_last);
    ck_assert(!levels[1].is_last);
    ck_assert(decimal_equal(levels[2].price, decimal_literal("9")));
    ck_assert_ptr_nonnull(sample.second);
    ck_assert(sample.second->has_time_limit);
    ck_assert_uint_eq(sample.prices.count, 2);
    const struct field_entry *entries = sample.balances.items;
    ck_assert_uint_eq(sample.balances.count, 2);
    ck_assert_str_eq(entries[0].key, "USDT");
    ck_assert(decimal_equal(entries[0].value, decimal_literal("100000")));
    ck_assert_str_eq(entries[1].key, "BTC");
    ck_assert_ptr_eq(sample.extra, node_get(reading.root, "extra"));
    ck_assert_int_eq(sample.limit, 6);
    reading_done(&reading);
}
END_TEST

START_TEST(null_means_no_value)
{
    struct reading reading;
    struct sample sample;
    ck_assert_int_eq(parse(&reading,
                           "{name: x, amount: 1, note: null, start: ~, second: null, extra: null,"
                           " limit: null, balances: null, barrier: {time_limit: null}}",
                           &sample),
                     ERR_NONE);
    ck_assert_ptr_null(sample.note);
    ck_assert(!sample.has_start);
    ck_assert_ptr_null(sample.second);
    ck_assert_ptr_null(sample.extra);
    ck_assert(!sample.has_limit);
    ck_assert_uint_eq(sample.balances.count, 0);
    ck_assert(!sample.barrier->has_time_limit);
    reading_done(&reading);
}
END_TEST

static const struct {
    const char *yaml;
    const char *lines;
} refused[] = {
    {"{}", "t:1:1: name: \"name\" is missing, expected text\n"
           "t:1:1: amount: \"amount\" is missing, expected a decimal > 0 (base)\n"},
    {"[1]", "t:1:1: found a list, expected a mapping\n"},
    {"abc", "t:1:1: found \"abc\", expected a mapping\n"},
    {"name: x\namont: 1\nbarrier: {stop_los: 1, zzzzzzzz: 2}",
     "t:2:1: amont: unknown key (did you mean \"amount\"?)\n"
     "t:1:1: amount: \"amount\" is missing, expected a decimal > 0 (base)\n"
     "t:3:11: barrier.stop_los: unknown key (did you mean \"stop_loss\"?)\n"
     "t:3:24: barrier.zzzzzzzz: unknown key, expected one of stop_loss, time_limit, levels\n"},
    {"{name: ~, amount: null}", "t:1:8: name: found null, expected text\n"
                                "t:1:19: amount: found null, expected a decimal > 0 (base)\n"},
    {"{name: [x], amount: {a: 1}, count: null, side: [BUY]}",
     "t:1:8: name: found a list, expected text\n"
     "t:1:21: amount: found a mapping, expected a decimal > 0 (base)\n"
     "t:1:36: count: found null, expected a whole number >= -5 and <= 9223372036854775807\n"
     "t:1:48: side: found a list, expected one of BUY, SELL\n"},
    {"{name: x, amount: 1, barrier: 5, second: [], prices: 1, balances: []}",
     "t:1:31: barrier: found \"5\", expected a mapping\n"
     "t:1:42: second: found a list, expected a mapping\n"
     "t:1:54: prices: found \"1\", expected a list of 1 to 100000 elements\n"
     "t:1:67: balances: found a list, expected a mapping of names to decimals of 0 to 2 elements "
     ">= 0\n"},
    {"{name: x, amount: 1, barrier: null}", "t:1:31: barrier: found null, expected a mapping\n"},
    {"{name: x, amount: 1, prices: [], barrier: {levels: [[1,1],[1,1],[1,1],[1,1]]},\n"
     " balances: {a: 1, b: 2, c: 3}}",
     "t:1:52: barrier.levels: found 4 elements, expected a list of 0 to 3 elements\n"
     "t:1:30: prices: found 0 elements, expected a list of 1 to 100000 elements\n"
     "t:2:12: balances: found 3 elements, expected a mapping of names to decimals of 0 to 2 "
     "elements >= 0\n"},
    {"{name: x, amount: 1, prices: [1, -1, null, [2], x]}",
     "t:1:34: prices[1]: \"-1\" is out of range, expected a decimal >= 0\n"
     "t:1:38: prices[2]: found null, expected a decimal >= 0\n"
     "t:1:44: prices[3]: found a list, expected a decimal >= 0\n"
     "t:1:49: prices[4]: \"x\" is not a number, expected a decimal >= 0\n"},
    {"{name: x, amount: 1, balances: {USDT: -1, BTC: null}}",
     "t:1:39: balances.USDT: \"-1\" is out of range, expected a decimal >= 0\n"
     "t:1:48: balances.BTC: found null, expected a decimal >= 0\n"},
    {"{name: x, amount: 1, barrier: {levels: [[1], [1, 2], 5]}}",
     "t:1:41: barrier.levels[0][1]: \"share\" is missing, expected a decimal >= 0 and <= 1 "
     "(fraction)\n"
     "t:1:50: barrier.levels[1][1]: \"2\" is out of range, expected a decimal >= 0 and <= 1 "
     "(fraction)\n"
     "t:1:54: barrier.levels[2]: found \"5\", expected a mapping\n"},
    {"{name: x, amount: 1, barrier: {levels: [[1, 1, true, 4]]}}",
     "t:1:41: barrier.levels[0]: found 4 values in the row, expected at most 3\n"},
};

START_TEST(all_problems_are_told_at_once)
{
    struct reading reading;
    struct sample sample;
    ck_assert_int_eq(parse(&reading, refused[_i].yaml, &sample), ERR_SYNTAX);
    ck_assert_str_eq(reading_lines(&reading), refused[_i].lines);
    reading_done(&reading);
}
END_TEST

START_TEST(the_path_goes_in_front)
{
    struct reading reading;
    struct sample sample;
    ck_assert_int_eq(parse_at(&reading, "{name: x, amount: abc}", "executors[0]", &sample),
                     ERR_SYNTAX);
    ck_assert_str_eq(reading_lines(&reading), "t:1:19: executors[0].amount: \"abc\" is not a "
                                              "number, expected a decimal > 0 (base)\n");
    reading_done(&reading);
}
END_TEST

START_TEST(json_has_no_lines)
{
    struct reading reading;
    struct sample sample;
    reading_json(&reading, "{\"name\":\"x\",\"amount\":\"abc\"}");
    ck_assert_int_eq(field_parse(sample_fields, reading.root, "", &sample, sizeof(sample),
                                 &reading.arena, &reading.problems),
                     ERR_SYNTAX);
    ck_assert_str_eq(reading_lines(&reading),
                     "t: amount: \"abc\" is not a number, expected a decimal > 0 (base)\n");
    reading_done(&reading);
}
END_TEST

START_TEST(earlier_problems_do_not_fail_a_good_struct)
{
    struct reading reading;
    struct sample sample;
    reading_yaml(&reading, "{name: x, amount: 1}");
    problems_add(&reading.problems, 1, 1, "", "something else");
    ck_assert_int_eq(field_parse(sample_fields, reading.root, "", &sample, sizeof(sample),
                                 &reading.arena, &reading.problems),
                     ERR_NONE);
    reading_done(&reading);
}
END_TEST

START_TEST(hostile_mappings_are_refused_quickly)
{
    struct text yaml = {0};
    for (int i = 0; i < 49000; i++) {
        text_printf(&yaml, "amoun%d: 1\n", i);
    }
    struct reading reading;
    struct sample sample;
    ck_assert_int_eq(parse(&reading, text_string(&yaml), &sample), ERR_SYNTAX);
    ck_assert_uint_eq(reading.problems.count, 49002);
    reading_done(&reading);
    text_done(&yaml);
}
END_TEST

START_TEST(without_memory_it_says_so)
{
    bool is_done = false;
    for (size_t limit = 1; !is_done; limit += 16) {
        struct reading reading;
        struct sample sample;
        reading_yaml(&reading, "{name: x, amount: 1, barrier: {levels: [[1, 1]]}, prices: [1],"
                               " balances: {a: 1}, note: y}");
        struct arena arena;
        arena_init(&arena, limit);
        const enum err err = field_parse(sample_fields, reading.root, "", &sample, sizeof(sample),
                                         &arena, &reading.problems);
        is_done = err == ERR_NONE;
        if (!is_done) {
            ck_assert_int_eq(err, ERR_MEMORY);
            ck_assert_ptr_nonnull(strstr(reading_lines(&reading), "t: out of memory\n"));
        }
        arena_done(&arena);
        reading_done(&reading);
    }
}
END_TEST

/* A default that its own field refuses is found by the first test that parses. */
START_TEST(a_wrong_default_ends_the_program)
{
    static const struct field wrong[] = {
        {.name = "a", .kind = FIELD_INTEGER, .default_text = "0", .min = "1"}, {0}};
    struct reading reading;
    int64_t value;
    reading_yaml(&reading, "{}");
    const enum err err = field_parse(wrong, reading.root, "", &value, sizeof(value), &reading.arena,
                                     &reading.problems);
    ck_abort_msg("%s", err_name(err));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("field_parse");
    TCase *tables = tcase_create("tables");
    tcase_set_timeout(tables, 60);
    tcase_add_test(tables, absent_fields_have_their_defaults);
    tcase_add_test(tables, present_fields_are_converted);
    tcase_add_test(tables, null_means_no_value);
    tcase_add_loop_test(tables, all_problems_are_told_at_once, 0, COUNT(refused));
    tcase_add_test(tables, the_path_goes_in_front);
    tcase_add_test(tables, json_has_no_lines);
    tcase_add_test(tables, earlier_problems_do_not_fail_a_good_struct);
    tcase_add_test(tables, hostile_mappings_are_refused_quickly);
    tcase_add_test(tables, without_memory_it_says_so);
    tcase_add_test_raise_signal(tables, a_wrong_default_ends_the_program, SIGABRT);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
