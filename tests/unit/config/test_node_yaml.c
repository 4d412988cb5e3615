/*
 * tests/unit/config/test_node_yaml.c - what YAML becomes, what is refused and with which words.
 */
#include "config/node.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/config/reading.h"

static const struct {
    const char *yaml;
    const char *json;
} trees[] = {
    {"a: 1", "{\"a\":1}"},
    {"a: {b: [1, x], c: }", "{\"a\":{\"b\":[1,\"x\"],\"c\":null}}"},
    {"- - 1\n  - 2\n- 3\n", "[[1,2],3]"},
    {"[]", "[]"},
    {"{}", "{}"},
    {"text", "\"text\""},
    {"---\na: 1\n...\n", "{\"a\":1}"},
    {"\xEF\xBB\xBF"
     "a: 1",
     "{\"a\":1}"},
    {"%YAML 1.1\n---\na: 1", "{\"a\":1}"},
    {"a: 1\r\nb: 2\r\n", "{\"a\":1,\"b\":2}"},
    /* Scalars keep their text: what YAML 1.1 would make of it does not matter. */
    {"[NO, yes, on, 010, 0x10, 1_000, 1:30, .5, 1e3, 2021-07-01]",
     "[\"NO\",\"yes\",\"on\",\"010\",\"0x10\",\"1_000\",\"1:30\",\".5\",1e3,\"2021-07-01\"]"},
    {"[true, false, True, \"true\"]", "[true,false,\"True\",\"true\"]"},
    {"[null, ~, Null, NULL, , \"null\", \"\"]", NULL},
    {"[null, ~, Null, NULL, \"null\", \"\", '~']", "[null,null,null,null,\"null\",\"\",\"~\"]"},
    {"a: \"x\\ty\"\nb: 'it''s'\nc: |\n  1\n  2\nd: >\n  1\n  2\n",
     "{\"a\":\"x\\ty\",\"b\":\"it's\",\"c\":\"1\\n2\\n\",\"d\":\"1 2\\n\"}"},
    {"[!!str 5, !!int \"5\", !!null '', !!float 1.5, !!bool \"true\"]", "[\"5\",5,null,1.5,true]"},
    {"a: !!seq [1]\nb: !!map {c: 1}", "{\"a\":[1],\"b\":{\"c\":1}}"},
    {"a: &x {k: [1]}\nb: *x\nc: [*x, *x]",
     "{\"a\":{\"k\":[1]},\"b\":{\"k\":[1]},\"c\":[{\"k\":[1]},{\"k\":[1]}]}"},
    {"a: &x 1\nb: &x 2\nc: *x", "{\"a\":1,\"b\":2,\"c\":2}"},
    {"&x a: *x", "{\"a\":\"a\"}"},
    {"a: &k key\n*k : 1", "{\"a\":\"key\",\"key\":1}"},
    {"? a\n: 1", "{\"a\":1}"},
    {"\"\": 1", "{\"\":1}"},
    {"<<: 1", "{\"<<\":1}"},
    {"\xE4\xB8\xAD: \xF0\x9F\x98\x80", "{\"\xE4\xB8\xAD\":\"\xF0\x9F\x98\x80\"}"},
};

START_TEST(yaml_becomes_a_tree)
{
    struct reading reading;
    reading_yaml(&reading, trees[_i].yaml);
    if (trees[_i].json == NULL) {
        ck_assert_int_eq(reading.err, ERR_SYNTAX);
    } else {
        ck_assert_str_eq(reading_lines(&reading), "");
        ck_assert_int_eq(reading.err, ERR_NONE);
        ck_assert_str_eq(text_string(&reading.printed), trees[_i].json);
    }
    reading_done(&reading);
}
END_TEST

static const struct {
    const char *yaml;
    const char *lines;
} refused[] = {
    {"", "t.yaml: the document is empty\n"},
    {"# only a comment\n", "t.yaml: the document is empty\n"},
    {"---\n", "t.yaml: the document is empty\n"},
    {"null", "t.yaml: the document is empty\n"},
    {"a: 1\nb: 2\na: 3", "t.yaml:3:1: a: duplicate key \"a\", first in line 1\n"},
    {"x:\n  - {a: 1, b: 2, \"a\": 3, b: 4, a: 5}",
     "t.yaml:2:18: x[0].a: duplicate key \"a\", first in line 2\n"
     "t.yaml:2:32: x[0].a: duplicate key \"a\", first in line 2\n"
     "t.yaml:2:26: x[0].b: duplicate key \"b\", first in line 2\n"},
    {"a: 1\n---\nb: 2", "t.yaml:2:1: a second document, expected only one\n"},
    {"a: !!python/object 1\nb: [!local x, !!set {}, !!seq {}, !!str [], ! 1]",
     "t.yaml:1:4: a: the tag \"tag:yaml.org,2002:python/object\" is not allowed here, expected "
     "none\n"
     "t.yaml:2:5: b[0]: the tag \"!local\" is not allowed here, expected none\n"
     "t.yaml:2:15: b[1]: the tag \"tag:yaml.org,2002:set\" is not allowed here, expected none\n"
     "t.yaml:2:25: b[2]: the tag \"tag:yaml.org,2002:seq\" is not allowed here, expected none\n"
     "t.yaml:2:35: b[3]: the tag \"tag:yaml.org,2002:str\" is not allowed here, expected none\n"
     "t.yaml:2:45: b[4]: the tag \"!\" is not allowed here, expected none\n"},
    {"a: *x", "t.yaml:1:4: a: no anchor \"x\" stands above this alias\n"},
    {"a: &x [*x]", "t.yaml:1:8: a[0]: the alias \"x\" stands inside the node that it names\n"},
    {"[1]: 2", "t.yaml:1:1: a list or mapping cannot be a key, expected text\n"},
    {"a: &x [1]\n*x : 2", "t.yaml:2:1: a list or mapping cannot be a key, expected text\n"},
    {": 1", NULL},
    {"? \n: 1", "t.yaml:1:2: an empty key, expected a name in front of the colon\n"},
    {"a: \"x\\0y\"", "t.yaml:1:4: a: a NUL character is not text, expected none\n"},
    {"a: [1\nb: 2",
     "t.yaml:2:2: did not find expected ',' or ']', while parsing a flow sequence that began in "
     "line 1, column 4\n"},
    {"a: 1\n b: 2\n", "t.yaml:2:3: mapping values are not allowed in this context\n"},
    {"a:\n\t- 1",
     "t.yaml:2:1: found character that cannot start any token, while scanning for the next token "
     "that began in line 2, column 1\n"},
    {"a: 1\nb: \x01\n",
     "t.yaml:2:4: the character 01 is not allowed in YAML, expected printable text\n"},
    {"a: 1\nb: \xC3\xA9\xFF", "t.yaml:2:5: the byte ff is not UTF-8, expected text in UTF-8\n"},
    {"a: \xED\xA0\x80", "t.yaml:1:4: the byte ed is not UTF-8, expected text in UTF-8\n"},
    {"%YAML 1.3\n---\na", "t.yaml:1:1: found incompatible YAML document\n"},
};

START_TEST(yaml_is_refused)
{
    struct reading reading;
    reading_yaml(&reading, refused[_i].yaml);
    ck_assert_int_eq(reading.err, ERR_SYNTAX);
    ck_assert_uint_ge(reading.problems.count, 1);
    if (refused[_i].lines != NULL) {
        ck_assert_str_eq(reading_lines(&reading), refused[_i].lines);
    }
    reading_done(&reading);
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
    struct reading reading;
    reading_yaml_bytes(&reading, "a: 1\nb: x\0y", 11);
    ck_assert_int_eq(reading.err, ERR_SYNTAX);
    ck_assert_str_eq(reading_lines(&reading),
                     "t.yaml:2:5: a NUL byte (00) is not text, expected UTF-8\n");
    reading_done(&reading);
}
END_TEST

START_TEST(utf_16_is_refused)
{
    struct reading reading;
    reading_yaml_bytes(&reading,
                       "\xFF\xFE"
                       "a\0",
                       4);
    ck_assert_int_eq(reading.err, ERR_SYNTAX);
    ck_assert_str_eq(reading_lines(&reading),
                     "t.yaml:1:1: the byte ff is not UTF-8, expected text in UTF-8\n");
    reading_done(&reading);
}
END_TEST

START_TEST(nodes_know_their_place)
{
    struct reading reading;
    reading_yaml(&reading, "a: 1\nlist:\n  - x\n  - {\xC3\xA9: 7}\n");
    ck_assert_int_eq(reading.err, ERR_NONE);
    const struct node *list = node_get(reading.root, "list");
    ck_assert_int_eq(reading.root->keys[1]->line, 2);
    ck_assert_int_eq(list->items[0]->line, 3);
    ck_assert_int_eq(list->items[0]->column, 5);
    const struct node *seven = node_get(list->items[1], "\xC3\xA9");
    ck_assert_int_eq(seven->line, 4);
    ck_assert_int_eq(seven->column, 9);
    reading_done(&reading);
}
END_TEST

START_TEST(the_source_of_the_problems_stays)
{
    struct reading reading;
    reading_yaml(&reading, "[");
    ck_assert_str_eq(reading.problems.source, "t");
    reading_done(&reading);
}
END_TEST

/* The text `piece` repeated; the caller frees it. */
static char *repeat(const char *piece, size_t count)
{
    const size_t length = strlen(piece);
    char *text = malloc(length * count + 1);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + i * length, piece, length);
    }
    text[length * count] = '\0';
    return text;
}

/* Reads begin, `count` times the piece and end; the error must be `err`. */
static void expect_repeated(const char *begin, const char *piece, size_t count, const char *end,
                            enum err err)
{
    struct text yaml = {0};
    char *middle = repeat(piece, count);
    text_append_string(&yaml, begin);
    text_append_string(&yaml, middle);
    text_append_string(&yaml, end);
    struct reading reading;
    reading_yaml_bytes(&reading, text_string(&yaml), yaml.length);
    ck_assert_msg(reading.err == err, "%s%s... x %zu: %s %s", begin, piece, count,
                  err_name(reading.err), reading_lines(&reading));
    ck_assert_int_eq(reading.problems.count > 0, err != ERR_NONE);
    reading_done(&reading);
    free(middle);
    text_done(&yaml);
}

START_TEST(limits_hold_at_the_last_and_refuse_one_more)
{
    /* Bytes: a quoted scalar of exactly so many, and one more. */
    expect_repeated("\"", "x", NODE_BYTES_MAX - 2, "\"", ERR_NONE);
    expect_repeated("\"", "x", NODE_BYTES_MAX - 1, "\"", ERR_LIMIT);
    /* Depth. */
    char *close = repeat("]", NODE_DEPTH_MAX);
    expect_repeated("", "[", NODE_DEPTH_MAX, close, ERR_NONE);
    free(close);
    close = repeat("]", NODE_DEPTH_MAX + 1);
    expect_repeated("", "[", NODE_DEPTH_MAX + 1, close, ERR_LIMIT);
    free(close);
    expect_repeated("", "- ", NODE_DEPTH_MAX, "1", ERR_NONE);
    expect_repeated("", "- ", NODE_DEPTH_MAX + 1, "1", ERR_LIMIT);
    /* Nodes: the list is one as well. */
    expect_repeated("", "- 1\n", NODE_COUNT_MAX - 1, "", ERR_NONE);
    expect_repeated("", "- 1\n", NODE_COUNT_MAX, "", ERR_LIMIT);
    /* Anchors. */
    expect_repeated("", "- &a 1\n", NODE_ANCHORS_MAX, "", ERR_NONE);
    expect_repeated("", "- &a 1\n", NODE_ANCHORS_MAX + 1, "", ERR_LIMIT);
}
END_TEST

START_TEST(aliases_count_in_full)
{
    /* The anchored list has 100 nodes, and so has each alias; lists around it have one each. */
    const char *begin = "- &a [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
                        "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
                        "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]\n";
    expect_repeated(begin, "- *a\n", 998, "- 1\n", ERR_NONE);
    expect_repeated(begin, "- *a\n", 999, "", ERR_LIMIT);
}
END_TEST

START_TEST(aliases_have_depth)
{
    /* 63 levels from the alias up and 1 or 2 below it. */
    char *close = repeat("]", NODE_DEPTH_MAX - 2);
    struct text end = {0};
    text_printf(&end, "*a%s]", close);
    expect_repeated("[&a [], ", "[", NODE_DEPTH_MAX - 2, text_string(&end), ERR_NONE);
    expect_repeated("[&a [[]], ", "[", NODE_DEPTH_MAX - 2, text_string(&end), ERR_LIMIT);
    text_done(&end);
    free(close);
}
END_TEST

START_TEST(an_alias_bomb_is_stopped)
{
    struct text yaml = {0};
    text_append_string(&yaml, "n0: &n0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 60; i++) {
        text_printf(&yaml, "n%d: &n%d [", i, i);
        for (int k = 0; k < 10; k++) {
            text_printf(&yaml, "%s*n%d", k == 0 ? "" : ",", i - 1);
        }
        text_append_string(&yaml, "]\n");
    }
    struct reading reading;
    reading_yaml_bytes(&reading, text_string(&yaml), yaml.length);
    ck_assert_int_eq(reading.err, ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(reading_lines(&reading), "too many values"));
    reading_done(&reading);
    text_done(&yaml);
}
END_TEST

START_TEST(many_keys_are_compared_quickly)
{
    struct text yaml = {0};
    for (int i = 0; i < 49000; i++) {
        text_printf(&yaml, "k%d: 1\n", i);
    }
    text_append_string(&yaml, "k7: 1\n");
    struct reading reading;
    reading_yaml_bytes(&reading, text_string(&yaml), yaml.length);
    ck_assert_str_eq(reading_lines(&reading),
                     "t.yaml:49001:1: k7: duplicate key \"k7\", first in line 8\n");
    reading_done(&reading);
    text_done(&yaml);
}
END_TEST

START_TEST(without_memory_it_says_so)
{
    const char *yaml = "a: &x [1, 2, {b: '${HOME:-c}'}]\nd: *x\n";
    bool is_done = false;
    for (size_t limit = 1; !is_done; limit += 16) {
        struct reading reading;
        reading_init(&reading);
        reading.arena.limit = limit;
        reading.err = node_read_yaml("t.yaml", yaml, strlen(yaml), &reading.arena,
                                     &reading.problems, &reading.root);
        is_done = reading.err == ERR_NONE;
        if (!is_done) {
            ck_assert_int_eq(reading.err, ERR_MEMORY);
            ck_assert_str_eq(reading_lines(&reading), "t.yaml: out of memory\n");
        }
        reading_done(&reading);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("node_yaml");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, yaml_becomes_a_tree, 0, COUNT(trees));
    tcase_add_loop_test(tables, yaml_is_refused, 0, COUNT(refused));
    tcase_add_test(tables, a_nul_byte_is_refused);
    tcase_add_test(tables, utf_16_is_refused);
    tcase_add_test(tables, nodes_know_their_place);
    tcase_add_test(tables, the_source_of_the_problems_stays);
    suite_add_tcase(suite, tables);
    TCase *limits = tcase_create("limits");
    tcase_set_timeout(limits, 60);
    tcase_add_test(limits, limits_hold_at_the_last_and_refuse_one_more);
    tcase_add_test(limits, aliases_count_in_full);
    tcase_add_test(limits, aliases_have_depth);
    tcase_add_test(limits, an_alias_bomb_is_stopped);
    tcase_add_test(limits, many_keys_are_compared_quickly);
    tcase_add_test(limits, without_memory_it_says_so);
    suite_add_tcase(suite, limits);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
