/*
 * tests/unit/config/test_node_json.c - what JSON becomes, what is refused and with which words.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "config/node.h"
#include "config/node_build.h"
#include "tests/unit/config/reading.h"

static const struct {
    const char *json;
    const char *printed;
} trees[] = {
    {"{\"a\":1}", "{\"a\":1}"},
    {" [ 1 , -2 , 2.50 , 1e3 , 1E-7, -0, 0.1 ] \r\n\t", "[1,-2,2.5,1000,1e-07,-0,0.1]"},
    {"[true,false,null,\"null\",\"\"]", "[true,false,null,\"null\",\"\"]"},
    {"\"\\u00e9\\ud83d\\ude00\\n\\/\\\\u0000\"", "\"\xC3\xA9\xF0\x9F\x98\x80\\n/\\\\u0000\""},
    {"\xEF\xBB\xBF{}", "{}"},
    {"{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"},
    {"{\"\":{\"\":[]}}", "{\"\":{\"\":[]}}"},
    {"5", "5"},
    /* 15 digits, trailing zeros and the largest exponent. */
    {"[123456789012345, 0.000123456789012345, 1625097600000000000, 1e200, 1.0000000000000000000]",
     "[123456789012345,0.000123456789012345,1.6250976e+18,1e+200,1]"},
};

START_TEST(json_becomes_a_tree)
{
    struct reading reading;
    reading_json(&reading, trees[_i].json);
    ck_assert_str_eq(reading_lines(&reading), "");
    ck_assert_int_eq(reading.err, ERR_NONE);
    ck_assert_str_eq(text_string(&reading.printed), trees[_i].printed);
    ck_assert_int_eq(reading.root->line, 0);
    reading_done(&reading);
}
END_TEST

#define NOT_A_NUMBER "is not a JSON number, expected digits without a leading zero or +\n"
#define NOT_EXACT \
    "does not fit a JSON number exactly (15 digits), expected a string: write it in quotes\n"

static const struct {
    const char *json;
    const char *lines;
} refused[] = {
    {"", "t.json: the document is empty\n"},
    {"  ", "t.json:1:3: the document is empty\n"},
    {"{\"a\":1}x", "t.json:1:8: no valid JSON from here on: \"x\"\n"},
    {"{\"a\":1} {}", NULL},
    {"{\"a\":1,\n\"a\":2}", "t.json: a: duplicate key \"a\"\n"},
    {"[{\"b\":{\"a\":1,\"\\u0061\":2}}]", "t.json: [0].b.a: duplicate key \"a\"\n"},
    {"[1,]", NULL},
    {"{a:1}", NULL},
    {"{\"a\":}", NULL},
    {"{\"a\"}", NULL},
    {"[1 2]", NULL},
    {"[", "t.json:1:2: the JSON ends unfinished, expected the rest of it\n"},
    {"]", "t.json:1:1: \"]\" closes nothing, expected a value\n"},
    {"[}", NULL},
    {"nul", NULL},
    {"True", NULL},
    {"[NaN]", NULL},
    {"[Infinity]", NULL},
    {"[-Infinity]", "t.json:1:2: \"-\" " NOT_A_NUMBER},
    {"01", "t.json:1:1: \"01\" " NOT_A_NUMBER},
    {"[\n -01]", "t.json:2:2: \"-01\" " NOT_A_NUMBER},
    {"+1", "t.json:1:1: \"+1\" " NOT_A_NUMBER},
    {"1.", "t.json:1:1: \"1.\" " NOT_A_NUMBER},
    {".5", "t.json:1:1: \".5\" " NOT_A_NUMBER},
    {"1.e3", "t.json:1:1: \"1.e3\" " NOT_A_NUMBER},
    {"1e", "t.json:1:1: \"1e\" " NOT_A_NUMBER},
    {"1e+", "t.json:1:1: \"1e+\" " NOT_A_NUMBER},
    {"--1", "t.json:1:1: \"--1\" " NOT_A_NUMBER},
    {"1.2.3", "t.json:1:1: \"1.2.3\" " NOT_A_NUMBER},
    {"0x10", NULL},
    {"1234567890123456", "t.json:1:1: \"1234567890123456\" " NOT_EXACT},
    {"0.1000000000000001", "t.json:1:1: \"0.1000000000000001\" " NOT_EXACT},
    {"0.10000000000000000000000000001",
     "t.json:1:1: \"0.10000000000000000000000000001\" " NOT_EXACT},
    {"1e201", "t.json:1:1: \"1e201\" " NOT_EXACT},
    {"1e-201", "t.json:1:1: \"1e-201\" " NOT_EXACT},
    {"1e99999999999999999999", "t.json:1:1: \"1e99999999999999999999\" " NOT_EXACT},
    {"1e999", "t.json:1:1: \"1e999\" " NOT_EXACT},
    {"\"a\\u0000b\"", "t.json:1:3: \"\\u0000\" is a NUL character, expected text without it\n"},
    {"{\"\\u0000\":1}", "t.json:1:3: \"\\u0000\" is a NUL character, expected text without it\n"},
    {"\"a\nb\"", "t.json:1:3: \"?\" is a control character inside a string, expected an escape\n"},
    {"\"abc", "t.json:1:1: \"\"abc\" is not finished, expected a closing quote\n"},
    {"\"abc\\", "t.json:1:1: \"\"abc\\\" is not finished, expected a closing quote\n"},
    {"\"abc\\\"", NULL},
    {"\"\\x\"", NULL},
    {"\"\\ud800\"", NULL},
    {"'a'", "t.json:1:1: \"'\" is not JSON, expected a value\n"},
    {"[\v1]", "t.json:1:2: \"?\" is not JSON, expected a value\n"},
    {"[1] // no", "t.json:1:5: \"/\" is not JSON, expected a value\n"},
    {"[\xC2\xA0]", NULL},
    {"\"\xFF\"", "t.json:1:2: the byte ff is not UTF-8, expected text in UTF-8\n"},
    {"\"\xC0\x80\"", "t.json:1:2: the byte c0 is not UTF-8, expected text in UTF-8\n"},
    {"\"\xF5\x80\x80\x80\"", NULL},
    {"\"\xE2\x82\"", NULL},
};

START_TEST(json_is_refused)
{
    struct reading reading;
    reading_json(&reading, refused[_i].json);
    ck_assert_int_eq(reading.err, ERR_SYNTAX);
    ck_assert_uint_eq(reading.problems.count, 1);
    if (refused[_i].lines != NULL) {
        ck_assert_str_eq(reading_lines(&reading), refused[_i].lines);
    }
    ck_assert_str_eq(reading.problems.source, "t");
    reading_done(&reading);
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
    struct reading reading;
    reading_json_bytes(&reading, "{}\0", 3);
    ck_assert_int_eq(reading.err, ERR_SYNTAX);
    ck_assert_str_eq(reading_lines(&reading),
                     "t.json:1:3: a NUL byte (00) is not text, expected UTF-8\n");
    reading_done(&reading);
}
END_TEST

START_TEST(the_length_counts_and_not_a_nul)
{
    struct reading reading;
    reading_json_bytes(&reading, "12345,", 3);
    ck_assert_int_eq(reading.err, ERR_NONE);
    ck_assert_str_eq(text_string(&reading.printed), "123");
    reading_done(&reading);
}
END_TEST

/* `count` times open, the inner text, `count` times close, read with the control depth. */
static enum err read_nested(const char *open, const char *inner, char close, int count)
{
    struct text json = {0};
    for (int i = 0; i < count; i++) {
        text_append_string(&json, open);
    }
    text_append_string(&json, inner);
    for (int i = 0; i < count; i++) {
        text_append_char(&json, close);
    }
    struct reading reading;
    reading_json_bytes(&reading, text_string(&json), json.length);
    const enum err err = reading.err;
    ck_assert_int_eq(reading.problems.count > 0, err != ERR_NONE);
    reading_done(&reading);
    text_done(&json);
    return err;
}

START_TEST(depth_has_a_limit)
{
    ck_assert_int_eq(read_nested("[", "", ']', NODE_DEPTH_CONTROL_MAX), ERR_NONE);
    ck_assert_int_eq(read_nested("[", "", ']', NODE_DEPTH_CONTROL_MAX + 1), ERR_LIMIT);
    ck_assert_int_eq(read_nested("{\"a\":", "1", '}', NODE_DEPTH_CONTROL_MAX), ERR_NONE);
    ck_assert_int_eq(read_nested("{\"a\":", "1", '}', NODE_DEPTH_CONTROL_MAX + 1), ERR_LIMIT);
    ck_assert_int_eq(read_nested("[", "", ']', 500000), ERR_LIMIT);
    /* Brackets inside strings do not nest. */
    ck_assert_int_eq(read_nested("", "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"", ' ', 1),
                     ERR_NONE);
}
END_TEST

/* A list of `count` elements. */
static enum err read_list(int count)
{
    struct text json = {0};
    json_array_begin(&json);
    for (int i = 0; i < count; i++) {
        json_int(&json, 1);
    }
    json_array_end(&json);
    struct reading reading;
    reading_json_bytes(&reading, text_string(&json), json.length);
    const enum err err = reading.err;
    reading_done(&reading);
    text_done(&json);
    return err;
}

START_TEST(nodes_have_a_limit)
{
    ck_assert_int_eq(read_list(NODE_COUNT_MAX - 1), ERR_NONE);
    ck_assert_int_eq(read_list(NODE_COUNT_MAX), ERR_LIMIT);
}
END_TEST

START_TEST(bytes_have_a_limit)
{
    char *json = malloc(NODE_BYTES_MAX + 1);
    memset(json, ' ', NODE_BYTES_MAX + 1);
    json[0] = '7';
    struct reading reading;
    reading_json_bytes(&reading, json, NODE_BYTES_MAX);
    ck_assert_int_eq(reading.err, ERR_NONE);
    reading_done(&reading);
    reading_json_bytes(&reading, json, NODE_BYTES_MAX + 1);
    ck_assert_int_eq(reading.err, ERR_LIMIT);
    ck_assert_str_eq(reading_lines(&reading),
                     "t.json: 1048577 bytes are too long, expected at most 1048576\n");
    reading_done(&reading);
    free(json);
}
END_TEST

START_TEST(without_memory_it_says_so)
{
    const char *json = "{\"a\":[1,\"x\",{\"b\":null,\"c\":true}]}";
    bool is_done = false;
    for (size_t limit = 1; !is_done; limit += 16) {
        struct reading reading;
        reading_init(&reading);
        reading.arena.limit = limit;
        reading.err = node_read_json("t.json", json, strlen(json), 8, &reading.arena,
                                     &reading.problems, &reading.root);
        is_done = reading.err == ERR_NONE;
        if (!is_done) {
            ck_assert_int_eq(reading.err, ERR_MEMORY);
            ck_assert_str_eq(reading_lines(&reading), "t.json: out of memory\n");
        }
        reading_done(&reading);
    }
}
END_TEST

/* A number that is accepted has the value that was written, digit by digit. */
START_TEST(numbers_keep_their_value)
{
    static const char *const numbers[] = {"0.1",         "0.3",
                                          "2.675",       "1e-18",
                                          "99999.99999", "123456789012.345",
                                          "1.5e10",      "0.000000000000123456"};
    for (int i = 0; i < COUNT(numbers); i++) {
        struct reading reading;
        reading_json(&reading, numbers[i]);
        ck_assert_int_eq(reading.err, ERR_NONE);
        struct decimal read;
        ck_assert_int_eq(decimal_parse(reading.root->text, reading.root->length, &read), ERR_NONE);
        ck_assert(decimal_equal(read, decimal_literal(numbers[i])));
        reading_done(&reading);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("node_json");
    TCase *tables = tcase_create("tables");
    tcase_set_timeout(tables, 60);
    tcase_add_loop_test(tables, json_becomes_a_tree, 0, COUNT(trees));
    tcase_add_loop_test(tables, json_is_refused, 0, COUNT(refused));
    tcase_add_test(tables, a_nul_byte_is_refused);
    tcase_add_test(tables, the_length_counts_and_not_a_nul);
    tcase_add_test(tables, numbers_keep_their_value);
    tcase_add_test(tables, depth_has_a_limit);
    tcase_add_test(tables, nodes_have_a_limit);
    tcase_add_test(tables, bytes_have_a_limit);
    tcase_add_test(tables, without_memory_it_says_so);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
