/*
 * tests/unit/config/test_node.c - looking things up in a tree, reading files, printing.
 */
#include "config/node.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/node_build.h"
#include "tests/unit/config/reading.h"

START_TEST(values_are_found_by_key)
{
    struct reading reading;
    reading_yaml(&reading, "a: 1\nb: [2]\nc: ~\nd: \"\"\n");
    ck_assert_str_eq(node_get(reading.root, "a")->text, "1");
    ck_assert_int_eq(node_get(reading.root, "b")->kind, NODE_SEQUENCE);
    ck_assert_ptr_null(node_get(reading.root, "x"));
    ck_assert_ptr_null(node_get(node_get(reading.root, "b"), "0"));
    ck_assert_ptr_null(node_get(node_get(reading.root, "a"), "a"));
    ck_assert_ptr_null(node_get(NULL, "a"));

    ck_assert_str_eq(node_get_text(reading.root, "a"), "1");
    ck_assert_str_eq(node_get_text(reading.root, "d"), "");
    ck_assert_ptr_null(node_get_text(reading.root, "b"));
    ck_assert_ptr_null(node_get_text(reading.root, "c"));
    ck_assert_ptr_null(node_get_text(reading.root, "x"));
    ck_assert_ptr_null(node_get_text(NULL, "a"));
    reading_done(&reading);
}
END_TEST

/* A folder for the files of one test; the caller removes what it puts there. */
static void make_folder(char folder[64])
{
    strcpy(folder, "/tmp/tutti-node-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* Writes a file, reads it with node_read_file() and removes it. */
static void read_file(struct reading *reading, const char *name, const char *bytes, size_t length)
{
    char folder[64];
    make_folder(folder);
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    reading_init(reading);
    reading->err = node_read_file(path, &reading->arena, &reading->problems, &reading->root);
    reading_print(reading);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(the_name_decides_the_format)
{
    struct reading reading;
    read_file(&reading, "a.yaml", "a: x", 4);
    ck_assert_str_eq(text_string(&reading.printed), "{\"a\":\"x\"}");
    reading_done(&reading);
    read_file(&reading, "a.json", "a: x", 4);
    ck_assert_int_eq(reading.err, ERR_SYNTAX);
    ck_assert_ptr_nonnull(strstr(reading_lines(&reading), "/a.json:1:1: "));
    reading_done(&reading);
    read_file(&reading, "a.json", "{\"a\":\"x\"}", 9);
    ck_assert_str_eq(text_string(&reading.printed), "{\"a\":\"x\"}");
    reading_done(&reading);
    read_file(&reading, "a", "", 0);
    ck_assert_int_eq(reading.err, ERR_SYNTAX);
    reading_done(&reading);
}
END_TEST

START_TEST(large_files_are_refused)
{
    char *bytes = malloc(NODE_BYTES_MAX + 1);
    memset(bytes, '#', NODE_BYTES_MAX + 1);
    memcpy(bytes, "7\n", 2);
    struct reading reading;
    read_file(&reading, "a.yaml", bytes, NODE_BYTES_MAX);
    ck_assert_int_eq(reading.err, ERR_NONE);
    reading_done(&reading);
    read_file(&reading, "a.yaml", bytes, NODE_BYTES_MAX + 1);
    ck_assert_int_eq(reading.err, ERR_LIMIT);
    reading_done(&reading);
    free(bytes);
}
END_TEST

START_TEST(files_that_cannot_be_read_are_problems)
{
    struct reading reading;
    reading_init(&reading);
    ck_assert_int_eq(
        node_read_file("/nowhere/at/all.yaml", &reading.arena, &reading.problems, &reading.root),
        ERR_IO);
    ck_assert_str_eq(reading_lines(&reading),
                     "t: /nowhere/at/all.yaml: cannot read the file: No such file or directory\n");
    ck_assert_int_eq(node_read_file("/", &reading.arena, &reading.problems, &reading.root), ERR_IO);
    ck_assert_uint_eq(reading.problems.count, 2);
    reading_done(&reading);
}
END_TEST

START_TEST(what_is_printed_is_read_back)
{
    const char *yaml = "{a: [1, 0.10, 010, -5, 1e3, .5, 1234567890123456, '7', true, TRUE, ~], "
                       "\"b\\n\\\"\": {c: \"\\e\\u00e9\"}, d: [], e: {}}";
    struct reading first;
    reading_yaml(&first, yaml);
    ck_assert_str_eq(
        text_string(&first.printed),
        "{\"a\":[1,0.10,\"010\",-5,1e3,\".5\",\"1234567890123456\",\"7\",true,\"TRUE\","
        "null],\"b\\n\\\"\":{\"c\":\"\\u001b\xC3\xA9\"},\"d\":[],\"e\":{}}");
    struct reading second;
    reading_json(&second, text_string(&first.printed));
    ck_assert_int_eq(second.err, ERR_NONE);
    struct reading third;
    reading_json(&third, text_string(&second.printed));
    ck_assert_str_eq(text_string(&third.printed), text_string(&second.printed));
    reading_done(&first);
    reading_done(&second);
    reading_done(&third);
}
END_TEST

static const struct {
    const char *text;
    size_t valid; /* Bytes of it that are UTF-8. */
} encodings[] = {
    {"", 0},
    {"abc\x7F", 4},
    {"\xC2\x80\xDF\xBF", 4},
    {"a\xC1\xBF", 1},
    {"\xE0\xA0\x80\xEF\xBF\xBF", 6},
    {"\xE0\x9F\xBF", 0},
    {"\xED\x9F\xBF\xED\xA0\x80", 3},
    {"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 8},
    {"\xF0\x8F\xBF\xBF", 0},
    {"\xF4\x90\x80\x80", 0},
    {"\xF1\x80\x80", 0},
    {"ab\x80", 2},
};

START_TEST(only_well_formed_utf_8_is_valid)
{
    ck_assert_uint_eq(node_utf8_length(encodings[_i].text, strlen(encodings[_i].text)),
                      encodings[_i].valid);
}
END_TEST

START_TEST(excerpts_are_cut_between_characters)
{
    char out[NODE_EXCERPT_MAX];
    node_excerpt("abc", 3, out);
    ck_assert_str_eq(out, "\"abc\"");
    node_excerpt("0123456789012345678901234567890123456789", 40, out);
    ck_assert_str_eq(out, "\"0123456789012345678901234567890123456789\"");
    node_excerpt("01234567890123456789012345678901234567890", 41, out);
    ck_assert_str_eq(out, "\"0123456789012345678901234567890123456789...\"");
    node_excerpt("012345678901234567890123456789012345678\xC3\xA9", 41, out);
    ck_assert_str_eq(out, "\"012345678901234567890123456789012345678...\"");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("node");
    TCase *tables = tcase_create("tables");
    tcase_add_test(tables, values_are_found_by_key);
    tcase_add_test(tables, the_name_decides_the_format);
    tcase_add_test(tables, large_files_are_refused);
    tcase_add_test(tables, files_that_cannot_be_read_are_problems);
    tcase_add_test(tables, what_is_printed_is_read_back);
    tcase_add_loop_test(tables, only_well_formed_utf_8_is_valid, 0, COUNT(encodings));
    tcase_add_test(tables, excerpts_are_cut_between_characters);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
