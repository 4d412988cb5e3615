/*
 * tests/unit/config/test_node_environment.c - ${VAR} in YAML values.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "config/node.h"
#include "config/node_build.h"
#include "tests/unit/config/reading.h"

static void set_variables(void)
{
    setenv("TUTTI_TEST_N", "12", 1);
    setenv("TUTTI_TEST_KEY", "s3cr$t: [x]", 1);
    setenv("TUTTI_TEST_EMPTY", "", 1);
    setenv("TUTTI_TEST_LATIN", "caf\xE9", 1);
    unsetenv("TUTTI_TEST_UNSET");
}

static const struct {
    const char *yaml;
    const char *json;  /* NULL when refused. */
    const char *lines; /* When refused. */
} references[] = {
    {"a: ${TUTTI_TEST_N}", "{\"a\":12}", NULL},
    {"a: \"${TUTTI_TEST_N}\"", "{\"a\":\"12\"}", NULL},
    {"a: '${TUTTI_TEST_N}'", "{\"a\":\"12\"}", NULL},
    {"a: <${TUTTI_TEST_N}${TUTTI_TEST_N}>", "{\"a\":\"<1212>\"}", NULL},
    /* What a variable holds is text and never YAML. */
    {"a: ${TUTTI_TEST_KEY}", "{\"a\":\"s3cr$t: [x]\"}", NULL},
    {"a: ${TUTTI_TEST_EMPTY}", "{\"a\":null}", NULL},
    {"a: '${TUTTI_TEST_EMPTY}'", "{\"a\":\"\"}", NULL},
    {"a: ${TUTTI_TEST_EMPTY:-7}", "{\"a\":7}", NULL},
    {"a: ${TUTTI_TEST_UNSET:-7}", "{\"a\":7}", NULL},
    {"a: ${TUTTI_TEST_UNSET:-}", "{\"a\":null}", NULL},
    {"a: ${TUTTI_TEST_UNSET:-x:-$y}", "{\"a\":\"x:-$y\"}", NULL},
    {"a: ${TUTTI_TEST_N:-7}", "{\"a\":12}", NULL},
    {"a: $$ $${TUTTI_TEST_N} $x 5$", "{\"a\":\"$ ${TUTTI_TEST_N} $x 5$\"}", NULL},
    {"a: |\n  ${TUTTI_TEST_N}\nb: >\n  $$\n", "{\"a\":\"${TUTTI_TEST_N}\\n\",\"b\":\"$$\\n\"}",
     NULL},
    {"$$a: $$a", "{\"$$a\":\"$a\"}", NULL},
    {"a: 1\nb: [x, ${TUTTI_TEST_UNSET}]\nc: '${TUTTI_TEST_UNSET}'", NULL,
     "t.yaml:2:8: b[1]: did not find"},
    {"b:\n  - x\n  - ${TUTTI_TEST_UNSET}\nc: '${TUTTI_TEST_UNSET}'", NULL,
     "t.yaml:3:5: b[1]: the environment has no variable TUTTI_TEST_UNSET, set it or write "
     "${TUTTI_TEST_UNSET:-default}\n"
     "t.yaml:4:4: c: the environment has no variable TUTTI_TEST_UNSET, set it or write "
     "${TUTTI_TEST_UNSET:-default}\n"},
    {"a: ${TUTTI_TEST_N", NULL,
     "t.yaml:1:4: a: \"${\" has no closing \"}\", expected ${NAME}, ${NAME:-default}, or $$ for a "
     "dollar sign\n"},
    {"a: ${}", NULL,
     "t.yaml:1:4: a: \"${}\" is not a variable, expected ${NAME} or ${NAME:-default} with a name "
     "of letters, digits and _\n"},
    {"a: ${1A}", NULL, "t.yaml:1:4: a: \"${1A}\" is not a variable"},
    {"a: ${A-b}", NULL, "t.yaml:1:4: a: \"${A-b}\" is not a variable"},
    {"a: ${A:b}", NULL, "t.yaml:1:4: a: \"${A:b}\" is not a variable"},
    {"a: ${:-b}", NULL, "t.yaml:1:4: a: \"${:-b}\" is not a variable"},
    {"a: ${TUTTI_TEST_LATIN}", NULL, "t.yaml:1:4: a: the variable TUTTI_TEST_LATIN is not UTF-8\n"},
};

START_TEST(references_are_replaced)
{
    set_variables();
    struct reading reading;
    reading_yaml(&reading, references[_i].yaml);
    if (references[_i].json != NULL) {
        ck_assert_str_eq(reading_lines(&reading), "");
        ck_assert_str_eq(text_string(&reading.printed), references[_i].json);
    } else {
        ck_assert_int_eq(reading.err, ERR_SYNTAX);
        /* A flow sequence ends at the brace: libyaml says so in its own words. */
        if (strstr(references[_i].lines, "did not find") == NULL) {
            ck_assert_msg(strncmp(reading_lines(&reading), references[_i].lines,
                                  strlen(references[_i].lines)) == 0,
                          "%s", reading_lines(&reading));
        }
    }
    reading_done(&reading);
}
END_TEST

START_TEST(names_have_a_limit)
{
    for (size_t length = 127; length <= 128; length++) {
        struct text text = {0};
        text_append_string(&text, "${");
        for (size_t i = 0; i < length; i++) {
            text_append_char(&text, 'N');
        }
        text_append_string(&text, ":-d}");
        struct text out = {0};
        struct failure failure = {0};
        const enum err err = node_expand(text_string(&text), text.length, &out, &failure);
        ck_assert_int_eq(err, length == 127 ? ERR_NONE : ERR_SYNTAX);
        text_done(&out);
        text_done(&text);
    }
}
END_TEST

START_TEST(each_error_has_its_code)
{
    set_variables();
    struct text out = {0};
    struct failure failure = {0};
    ck_assert_int_eq(node_expand("${", 2, &out, &failure), ERR_SYNTAX);
    ck_assert_int_eq(node_expand("${TUTTI_TEST_UNSET}", 19, &out, &failure), ERR_NOT_FOUND);
    ck_assert_int_eq(failure.code, ERR_NOT_FOUND);
    ck_assert_int_eq(node_expand("plain", 5, &out, &failure), ERR_NONE);
    ck_assert_str_eq(text_string(&out), "plain");
    text_done(&out);
}
END_TEST

/* A variable of `each` bytes, `count` times in one scalar, or in as many scalars. */
static enum err expand_long(size_t each, int count, bool in_one)
{
    char *value = malloc(each + 1);
    memset(value, 'v', each);
    value[each] = '\0';
    setenv("TUTTI_TEST_LONG", value, 1);
    free(value);
    struct text yaml = {0};
    for (int i = 0; i < count; i++) {
        text_printf(&yaml, "%s${TUTTI_TEST_LONG}", in_one && i > 0 ? "" : i > 0 ? "\n- " : "- ");
    }
    struct reading reading;
    reading_yaml_bytes(&reading, text_string(&yaml), yaml.length);
    const enum err err = reading.err;
    ck_assert_int_eq(reading.problems.count > 0, err != ERR_NONE);
    reading_done(&reading);
    text_done(&yaml);
    return err;
}

START_TEST(variables_cannot_blow_it_up)
{
    const size_t each = NODE_BYTES_MAX / 16;
    ck_assert_int_eq(expand_long(each, 16, true), ERR_NONE);
    ck_assert_int_eq(expand_long(each + 1, 16, true), ERR_LIMIT);
    ck_assert_int_eq(expand_long(each, 16, false), ERR_NONE);
    ck_assert_int_eq(expand_long(each + 1, 16, false), ERR_LIMIT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("node_environment");
    TCase *tables = tcase_create("tables");
    tcase_set_timeout(tables, 60);
    tcase_add_loop_test(tables, references_are_replaced, 0, COUNT(references));
    tcase_add_test(tables, names_have_a_limit);
    tcase_add_test(tables, each_error_has_its_code);
    tcase_add_test(tables, variables_cannot_blow_it_up);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
