/*
 * tests/unit/base/test_text.c - growing text, and JSON that another parser (cJSON) can read.
 */
#include "base/text.h"

#include <check.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

START_TEST(pieces_are_appended)
{
    struct text text;
    text_init(&text);
    ck_assert_str_eq(text_string(&text), "");
    text_append(&text, "abc", 2);
    text_append_string(&text, "-");
    text_append_char(&text, 'x');
    text_append_decimal(&text, decimal_literal("-1.50"));
    text_printf(&text, " %s=%d", "n", 7);
    text_append(&text, NULL, 0);
    ck_assert_str_eq(text_string(&text), "ab-x-1.5 n=7");
    ck_assert_uint_eq(text.length, strlen("ab-x-1.5 n=7"));
    ck_assert(!text_failed(&text));
    text_clear(&text);
    ck_assert_str_eq(text_string(&text), "");
    text_done(&text);
    ck_assert_ptr_null(text.data);
}
END_TEST

static const struct {
    int64_t value;
    const char *printed;
} integers[] = {
    {0, "0"},
    {7, "7"},
    {-7, "-7"},
    {INT64_MAX, "9223372036854775807"},
    {INT64_MIN, "-9223372036854775808"},
};

START_TEST(integers_are_appended)
{
    struct text text = {0};
    text_append_int(&text, integers[_i].value);
    ck_assert_str_eq(text_string(&text), integers[_i].printed);
    text_done(&text);
}
END_TEST

START_TEST(it_grows)
{
    enum { PIECES = 100000 };
    struct text text = {0};
    for (int i = 0; i < PIECES; i++) {
        text_append_char(&text, (char)('a' + i % 26));
    }
    text_printf(&text, "%*d", 5000, 1);
    ck_assert_uint_eq(text.length, PIECES + 5000);
    ck_assert_uint_eq(strlen(text_string(&text)), PIECES + 5000);
    for (int i = 0; i < PIECES; i++) {
        ck_assert_int_eq(text.data[i], 'a' + i % 26);
    }
    text_done(&text);
}
END_TEST

START_TEST(a_failure_sticks_until_cleared)
{
    struct text text = {0};
    text_append_string(&text, "kept");
    text_append(&text, "", SIZE_MAX / 2);
    ck_assert(text_failed(&text));
    text_append_string(&text, " not added");
    text_printf(&text, "%d", 1);
    json_string(&text, "x");
    ck_assert_str_eq(text_string(&text), "kept");
    text_clear(&text);
    ck_assert(!text_failed(&text));
    text_append_string(&text, "again");
    ck_assert_str_eq(text_string(&text), "again");
    text_done(&text);
}
END_TEST

START_TEST(a_text_over_borrowed_memory_moves_when_it_grows)
{
    char memory[8] = "xxxxxxx";
    struct text text;
    text_init_over(&text, memory, sizeof(memory));
    ck_assert_str_eq(text_string(&text), "");
    text_append_string(&text, "1234567");
    ck_assert_ptr_eq(text_string(&text), memory);
    text_append_char(&text, '8');
    ck_assert_ptr_ne(text_string(&text), memory);
    ck_assert_str_eq(text_string(&text), "12345678");
    ck_assert_str_eq(memory, "1234567");
    text_done(&text);
    text_init_over(&text, memory, sizeof(memory));
    text_append_string(&text, "a");
    text_done(&text); /* Frees nothing. */
    ck_assert_str_eq(memory, "a");
}
END_TEST

START_TEST(json_places_commas)
{
    struct text text = {0};
    json_object_begin(&text);
    json_put_string(&text, "a", "x");
    json_key(&text, "b");
    json_array_begin(&text);
    json_int(&text, 1);
    json_int_string(&text, INT64_MIN);
    json_decimal(&text, decimal_literal("2.50"));
    json_bool(&text, true);
    json_null(&text);
    json_object_begin(&text);
    json_object_end(&text);
    json_array_begin(&text);
    json_array_end(&text);
    json_string(&text, NULL);
    json_array_end(&text);
    json_put_decimal(&text, "c", DECIMAL_ONE);
    json_put_int(&text, "d", -3);
    json_put_bool(&text, "e", false);
    json_put_raw(&text, "f", "{\"g\":1}");
    json_put_raw(&text, "h", NULL);
    json_put_raw(&text, "i", "");
    json_object_end(&text);
    ck_assert_str_eq(text_string(&text), "{\"a\":\"x\",\"b\":[1,\"-9223372036854775808\",\"2.5\","
                                         "true,null,{},[],null],\"c\":\"1\",\"d\":-3,"
                                         "\"e\":false,\"f\":{\"g\":1},\"h\":null,\"i\":null}");
    text_done(&text);
}
END_TEST

/* Names are copied by words, which overlap at the end. */
START_TEST(json_names_of_every_length_are_copied)
{
    enum { LONGEST = 40 };
    char name[] = "\"abcdefghijklmnopqrstuvwxyzabcdefghijklmn\":";
    for (size_t letters = 1; letters <= LONGEST; letters++) {
        char *part = name + LONGEST - letters;
        part[0] = '"';
        char expected[5 * sizeof(name) + 32];
        (void)snprintf(expected, sizeof(expected), "{%s-8,%s\"x\",%s\"0.5\",%strue,%s[]}", part,
                       part, part, part, part);
        const size_t length = strlen(part);
        struct text text = {0};
        json_object_begin(&text);
        json_member_int(&text, part, length, -8);
        json_member_string(&text, part, length, "x");
        json_member_decimal(&text, part, length, decimal_literal("0.5"));
        json_member_bool(&text, part, length, true);
        json_member_raw(&text, part, length, "[]");
        json_object_end(&text);
        ck_assert_str_eq(text_string(&text), expected);
        text_done(&text);
        part[0] = 'x';
    }
}
END_TEST

START_TEST(json_members_need_escapes_in_values_only)
{
    struct text text = {0};
    json_object_begin(&text);
    json_put_string(&text, "a", "say \"yes\"");
    json_put_string(&text, "none", NULL);
    json_key(&text, "\"");
    json_string(&text, "\\");
    json_object_end(&text);
    ck_assert_str_eq(text_string(&text),
                     "{\"a\":\"say \\\"yes\\\"\",\"none\":null,\"\\\"\":\"\\\\\"}");
    text_done(&text);
}
END_TEST

START_TEST(json_raw_may_end_with_white_space)
{
    struct text text = {0};
    json_array_begin(&text);
    json_raw(&text, "{\"a\":1}\n");
    json_raw(&text, " 2 \t");
    json_raw(&text, " \n");
    json_array_end(&text);
    ck_assert_str_eq(text_string(&text), "[{\"a\":1}, 2,null]");
    text_done(&text);
}
END_TEST

START_TEST(a_topic_may_stand_in_front)
{
    struct text text = {0};
    text_append_string(&text, "fill ");
    json_object_begin(&text);
    json_object_end(&text);
    text_append_char(&text, '\n');
    json_array_begin(&text);
    json_array_end(&text);
    ck_assert_str_eq(text_string(&text), "fill {}\n[]");
    text_done(&text);
}
END_TEST

/* What json_string() writes, as cJSON understands it. The caller frees it. */
static char *read_back(const char *value)
{
    struct text text = {0};
    json_string(&text, value);
    ck_assert(!text_failed(&text));
    cJSON *json = cJSON_ParseWithOpts(text_string(&text), NULL, 1);
    ck_assert_msg(json != NULL && cJSON_IsString(json), "not a JSON string: %s", text.data);
    char *copy = strdup(json->valuestring);
    cJSON_Delete(json);
    text_done(&text);
    return copy;
}

#define REPLACEMENT "\xEF\xBF\xBD"

static const struct {
    const char *value, *read;
} strings[] = {
    {"", ""},
    {"plain", "plain"},
    {"\"quoted\" \\ /", "\"quoted\" \\ /"},
    {"line\nreturn\rtab\t", "line\nreturn\rtab\t"},
    {"\x01\x1f\b\f\x7f", "\x01\x1f\b\f\x7f"},
    {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8E\xBB", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8E\xBB"},
    {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
    {"a\x80z", "a" REPLACEMENT "z"},
    {"a\xC3", "a" REPLACEMENT},
    {"\xC0\xAF", REPLACEMENT REPLACEMENT},
    {"\xE0\x80\x80", REPLACEMENT REPLACEMENT REPLACEMENT},
    {"\xED\xA0\x80", REPLACEMENT REPLACEMENT REPLACEMENT},
    {"\xF0\x80\x80\x80", REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT},
    {"\xF4\x90\x80\x80", REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT},
    {"\xE2\x82", REPLACEMENT REPLACEMENT},
    {"\xFF\xFE", REPLACEMENT REPLACEMENT},
};

START_TEST(strings_are_escaped)
{
    char *read = read_back(strings[_i].value);
    ck_assert_str_eq(read, strings[_i].read);
    free(read);
}
END_TEST

START_TEST(any_bytes_give_valid_json)
{
    struct prng prng;
    prng_init(&prng, 17);
    for (int i = 0; i < 20000; i++) {
        char value[24] = {0};
        const size_t length = prng_below(&prng, sizeof(value));
        bool is_ascii = true;
        for (size_t k = 0; k < length; k++) {
            value[k] = (char)prng_between(&prng, 1, i % 2 == 0 ? 127 : 255);
            is_ascii = is_ascii && value[k] > 0;
        }
        char *read = read_back(value);
        if (is_ascii) {
            ck_assert_str_eq(read, value);
        }
        free(read);
    }
}
END_TEST

START_TEST(keys_are_escaped)
{
    struct text text = {0};
    json_object_begin(&text);
    json_key(&text, "a\"b\n");
    json_int(&text, 1);
    json_object_end(&text);
    cJSON *json = cJSON_ParseWithOpts(text_string(&text), NULL, 1);
    ck_assert_ptr_nonnull(json);
    ck_assert_ptr_nonnull(cJSON_GetObjectItemCaseSensitive(json, "a\"b\n"));
    cJSON_Delete(json);
    text_done(&text);
}
END_TEST

/* Up to eight bytes are looked at in one go, and the ends of a text once more with what is before
 * them: each byte must be seen at each place of a text of any length. */
START_TEST(every_byte_is_escaped_at_every_place)
{
    char value[] = "aaaaaaaaaaaaaaaaa";
    char *end = strchr(value, '\0');
    const char *start = end - _i;
    for (char *place = end - _i; place < end; place++) {
        for (int byte = 1; byte < 0x80; byte++) {
            *place = (char)byte;
            char *back = read_back(start);
            ck_assert_str_eq(back, start);
            free(back);
        }
        *place = 'a';
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tables = tcase_create("tables");
    tcase_add_test(tables, pieces_are_appended);
    tcase_add_loop_test(tables, integers_are_appended, 0, COUNT(integers));
    tcase_add_test(tables, it_grows);
    tcase_add_test(tables, a_failure_sticks_until_cleared);
    tcase_add_test(tables, a_text_over_borrowed_memory_moves_when_it_grows);
    tcase_add_test(tables, json_places_commas);
    tcase_add_test(tables, json_names_of_every_length_are_copied);
    tcase_add_test(tables, json_members_need_escapes_in_values_only);
    tcase_add_test(tables, json_raw_may_end_with_white_space);
    tcase_add_test(tables, a_topic_may_stand_in_front);
    tcase_add_loop_test(tables, strings_are_escaped, 0, COUNT(strings));
    tcase_add_test(tables, any_bytes_give_valid_json);
    tcase_add_test(tables, keys_are_escaped);
    tcase_add_loop_test(tables, every_byte_is_escaped_at_every_place, 1, 18);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
