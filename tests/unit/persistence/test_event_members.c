#include "persistence/event_members.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Writes the members as name=value; and then what ended the walk. */
static void list(const char *json, struct text *out)
{
    struct event_members members;
    struct event_slice name;
    struct event_slice value;
    enum err err;
    event_members_init(&members, json);
    while ((err = event_members_next(&members, &name, &value)) == ERR_NONE) {
        text_append(out, name.start, name.length);
        text_append_char(out, '=');
        text_append(out, value.start, value.length);
        text_append_char(out, ';');
    }
    text_append_string(out, err_name(err));
}

START_TEST(members_are_slices_of_the_text)
{
    static const struct {
        const char *json;
        const char *members;
    } cases[] = {
        {"{}", "end"},
        {" { } ", "end"},
        {"{\"a\":1}", "a=1;end"},
        {"{\"a\":1,\"b\":\"x,}\"}", "a=1;b=\"x,}\";end"},
        {"\r\n{\t\"a\"\r:\n1 }\t", "a=1;end"},
        {"{\"a\":~}", "syntax"},
        {"{\"a\":1~}", "a=1;syntax"},
        {"{ \"a\" : null , \"b\" : true }\n", "a=null;b=true;end"},
        {"{\"a\":{\"b\":[1,{\"c\":\"]\"}]},\"d\":-1.5e+9}",
         "a={\"b\":[1,{\"c\":\"]\"}]};d=-1.5e+9;end"},
        {"{\"a\":\"\\\"\\\\\"}", "a=\"\\\"\\\\\";end"},
        {"{\"\":[]}", "=[];end"},
        {"", "syntax"},
        {"[]", "syntax"},
        {"{", "syntax"},
        {"{,}", "syntax"},
        {"{\"a\"}", "syntax"},
        {"{\"a\":}", "syntax"},
        {"{\"a\":1,}", "a=1;syntax"},
        {"{\"a\":1 \"b\":2}", "a=1;syntax"},
        {"{\"a\":1}x", "a=1;syntax"},
        {"{a:1}", "syntax"},
        {"{\"a", "syntax"},
        {"{\"a\\", "syntax"},
        {"{\"a\":\"x", "syntax"},
        {"{\"a\":[1}", "syntax"},
        {"{\"a\":[1,", "syntax"},
        {"{\"a\":{\"b\":\"x", "syntax"},
    };
    struct text found = {0};
    list(cases[_i].json, &found);
    ck_assert_str_eq(text_string(&found), cases[_i].members);
    text_done(&found);
}
END_TEST

START_TEST(nesting_has_a_bound)
{
    for (size_t depth = EVENT_NESTING_MAX; depth <= EVENT_NESTING_MAX + 1; depth++) {
        struct text json = {0};
        text_append_string(&json, "{\"a\":");
        for (size_t i = 0; i < depth; i++) {
            text_append_char(&json, '[');
        }
        for (size_t i = 0; i < depth; i++) {
            text_append_char(&json, ']');
        }
        text_append_char(&json, '}');
        struct event_members members;
        struct event_slice name;
        struct event_slice value;
        event_members_init(&members, text_string(&json));
        ck_assert_int_eq(event_members_next(&members, &name, &value),
                         depth <= EVENT_NESTING_MAX ? ERR_NONE : ERR_SYNTAX);
        text_done(&json);
    }
}
END_TEST

START_TEST(strings_are_unquoted)
{
    static const struct {
        const char *quoted;
        const char *text; /* NULL: refused. */
    } cases[] = {
        {"\"\"", ""},
        {"\"abc\"", "abc"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20AC\"", "A\xC3\xA9\xE2\x82\xAC"},
        {"\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80"},
        {"\"\xC3\xA9\"", "\xC3\xA9"},
        {"\"\\u0000\"", NULL},
        {"\"\\ud83d\"", NULL},
        {"\"\\ud83d\\u0041\"", NULL},
        {"\"\\ude00\"", NULL},
        {"\"\\u12\"", NULL},
        {"\"\\u12g4\"", NULL},
        {"\"\\u12 4\"", NULL},
        {"\"\\u12~4\"", NULL},
        {"\"\\ud83dx\"", NULL},
        {"\"\\ud83d\\n\"", NULL},
        {"\"\\ud83d\\\"", NULL},
        {"\"\\ud83d\\ue000\"", NULL},
        {"\"\\ud83d\\ude0\"", NULL},
        {"\"\\\"", NULL}, /* A backslash before the last quote. */
        {"\"\\x\"", NULL},
        {"1", NULL},
        {"null", NULL},
        {"\"", NULL},
    };
    const struct event_slice value = {cases[_i].quoted, strlen(cases[_i].quoted)};
    char *out = malloc(value.length); /* Exactly what is promised to be enough. */
    const enum err err = event_unquote(&value, out);
    if (cases[_i].text != NULL) {
        ck_assert_int_eq(err, ERR_NONE);
        ck_assert_str_eq(out, cases[_i].text);
    } else {
        ck_assert_int_eq(err, ERR_SYNTAX);
    }
    free(out);
}
END_TEST

START_TEST(what_json_string_writes_comes_back)
{
    for (int c = 1; c < 128; c++) {
        const char original[] = {'a', (char)c, 'b', '\0'};
        struct text quoted = {0};
        json_string(&quoted, original);
        const struct event_slice value = {text_string(&quoted), quoted.length};
        char out[16];
        ck_assert_msg(event_unquote(&value, out) == ERR_NONE, "%s", text_string(&quoted));
        ck_assert_str_eq(out, original);
        text_done(&quoted);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/event_members");
    TCase *tcase = tcase_create("members");
    tcase_add_loop_test(tcase, members_are_slices_of_the_text, 0, 27);
    tcase_add_test(tcase, nesting_has_a_bound);
    tcase_add_loop_test(tcase, strings_are_unquoted, 0, 24);
    tcase_add_test(tcase, what_json_string_writes_comes_back);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
