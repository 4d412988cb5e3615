/*
 * tests/unit/config/test_field_schema.c - the JSON Schema says what the parser does.
 */
#include <check.h>
#include <regex.h>
#include <string.h>

#include "tests/unit/config/reading.h"
#include "tests/unit/config/sample.h"

/* The schema of the sample, parsed by the project's own strict reader. */
static const struct node *read_schema(struct reading *reading)
{
    struct text schema = {0};
    field_print_schema(sample_fields, &schema);
    ck_assert(!text_failed(&schema));
    reading_json(reading, text_string(&schema));
    ck_assert_str_eq(reading_lines(reading), "");
    text_done(&schema);
    return reading->root;
}

/* The node printed as JSON. */
static void expect(const struct node *node, const char *json)
{
    struct text printed = {0};
    ck_assert_ptr_nonnull(node);
    node_print_json(node, &printed);
    ck_assert_str_eq(text_string(&printed), json);
    text_done(&printed);
}

START_TEST(the_object_is_closed)
{
    struct reading reading;
    const struct node *schema = read_schema(&reading);
    ck_assert_str_eq(node_get_text(schema, "type"), "object");
    ck_assert_str_eq(node_get_text(schema, "additionalProperties"), "false");
    expect(node_get(schema, "required"), "[\"name\",\"amount\"]");
    const struct node *properties = node_get(schema, "properties");
    size_t count = 0;
    for (; sample_fields[count].name != NULL; count++) {
        ck_assert_str_eq(properties->keys[count]->text, sample_fields[count].name);
    }
    ck_assert_uint_eq(properties->count, count);
    reading_done(&reading);
}
END_TEST

#define PATTERN "\"^[+-]?([0-9]+\\\\.?[0-9]*|\\\\.[0-9]+)([eE][+-]?[0-9]+)?$\""

static const struct {
    const char *name;
    const char *schema;
} properties[] = {
    {"name", "{\"description\":\"Who it is. A | stays in its cell.\",\"type\":\"string\","
             "\"maxLength\":4096}"},
    {"note", "{\"type\":[\"string\",\"null\"],\"maxLength\":4096}"},
    {"amount", "{\"description\":\"How much. Unit: base.\",\"type\":[\"string\",\"number\"],"
               "\"pattern\":" PATTERN ",\"exclusiveMinimum\":0}"},
    {"count", "{\"type\":[\"integer\",\"string\"],\"pattern\":" PATTERN ",\"minimum\":-5,"
              "\"default\":10}"},
    {"is_fast", "{\"type\":\"boolean\",\"default\":false}"},
    {"side", "{\"enum\":[\"BUY\",\"SELL\",1,2],\"default\":\"BUY\"}"},
    {"latency_ms", "{\"description\":\"Unit: ms.\",\"type\":[\"number\",\"string\"],"
                   "\"pattern\":" PATTERN ",\"minimum\":0,\"default\":0}"},
    {"start", "{\"type\":[\"string\",\"number\",\"null\"]}"},
    {"prices", "{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"number\"],"
               "\"pattern\":" PATTERN ",\"minimum\":0},\"minItems\":1,\"maxItems\":100000,"
               "\"default\":[\"1.5\",2]}"},
    {"balances", "{\"type\":[\"object\",\"null\"],\"additionalProperties\":{"
                 "\"type\":[\"string\",\"number\"],\"pattern\":" PATTERN ",\"minimum\":0},"
                 "\"minProperties\":0,\"maxProperties\":2}"},
    {"extra", "{}"},
    {"limit", "{\"type\":[\"integer\",\"string\",\"null\"],\"pattern\":" PATTERN ","
              "\"default\":5}"},
};

START_TEST(each_kind_has_its_schema)
{
    struct reading reading;
    const struct node *schema = read_schema(&reading);
    expect(node_get(node_get(schema, "properties"), properties[_i].name), properties[_i].schema);
    reading_done(&reading);
}
END_TEST

START_TEST(nested_objects_and_rows_are_described)
{
    struct reading reading;
    const struct node *schema = read_schema(&reading);
    const struct node *second = node_get(node_get(schema, "properties"), "second");
    expect(node_get(second, "type"), "[\"object\",\"null\"]");
    expect(node_get(node_get(node_get(schema, "properties"), "barrier"), "default"), "{}");
    const struct node *levels = node_get(node_get(second, "properties"), "levels");
    const struct node *forms = node_get(node_get(levels, "items"), "anyOf");
    ck_assert_uint_eq(forms->count, 2);
    ck_assert_str_eq(node_get_text(forms->items[0], "type"), "array");
    ck_assert_uint_eq(node_get(forms->items[0], "prefixItems")->count, 3);
    ck_assert_str_eq(node_get_text(forms->items[0], "minItems"), "2");
    ck_assert_str_eq(node_get_text(forms->items[0], "maxItems"), "3");
    ck_assert_str_eq(node_get_text(forms->items[1], "type"), "object");
    expect(node_get(forms->items[1], "required"), "[\"price\",\"share\"]");
    reading_done(&reading);
}
END_TEST

START_TEST(elements_may_be_objects_or_null)
{
    static const struct field side[] = {
        {.name = "side",
         .kind = FIELD_ENUM,
         .names = sample_sides,
         .set_offset = sizeof(int),
         .is_nullable = true},
        {0},
    };
    static const struct field_element objects = {.size = 1, .fields = side};
    static const struct field_element scalars = {.size = 1, .fields = side, .is_scalar = true};
    static const struct field fields[] = {
        {.name = "a", .kind = FIELD_LIST, .element = &objects, .is_required = true, .count_max = 2},
        {.name = "b", .kind = FIELD_LIST, .element = &scalars, .is_required = true, .count_max = 2},
        {0},
    };
    struct text schema = {0};
    field_print_schema(fields, &schema);
    ck_assert_str_eq(text_string(&schema),
                     "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"items\":{"
                     "\"type\":\"object\",\"properties\":{\"side\":{\"enum\":[\"BUY\",\"SELL\",1,2,"
                     "null]}},\"required\":[],\"additionalProperties\":false},\"minItems\":0,"
                     "\"maxItems\":2},\"b\":{\"type\":\"array\",\"items\":{\"enum\":[\"BUY\","
                     "\"SELL\",1,2,null]},\"minItems\":0,\"maxItems\":2}},\"required\":[\"a\","
                     "\"b\"],\"additionalProperties\":false}");
    text_done(&schema);
}
END_TEST

/* The pattern and the parser agree about what a number is. */
START_TEST(the_pattern_is_what_the_parser_reads)
{
    static const char *const texts[] = {
        "1",  "-0.5", "+2",  ".5",  "5.",  "1e-3", "1E+3", "1.5e2", "",    "-",   ".",
        "e5", "1e",   "1e+", "1_0", "0x1", "1 ",   " 1",   "1.2.3", "--1", "inf", "abc"};
    struct reading reading;
    const struct node *schema = read_schema(&reading);
    const char *pattern =
        node_get_text(node_get(node_get(schema, "properties"), "amount"), "pattern");
    regex_t regex;
    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    for (int i = 0; i < COUNT(texts); i++) {
        struct decimal value;
        const bool is_read = decimal_parse(texts[i], strlen(texts[i]), &value) == ERR_NONE;
        const bool is_match = regexec(&regex, texts[i], 0, NULL, 0) == 0;
        ck_assert_msg(is_read == is_match, "\"%s\"", texts[i]);
    }
    regfree(&regex);
    reading_done(&reading);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("field_schema");
    TCase *tables = tcase_create("tables");
    tcase_add_test(tables, the_object_is_closed);
    tcase_add_loop_test(tables, each_kind_has_its_schema, 0, COUNT(properties));
    tcase_add_test(tables, nested_objects_and_rows_are_described);
    tcase_add_test(tables, elements_may_be_objects_or_null);
    tcase_add_test(tables, the_pattern_is_what_the_parser_reads);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
