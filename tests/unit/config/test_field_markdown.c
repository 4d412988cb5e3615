/*
 * tests/unit/config/test_field_markdown.c - the tables of the manual, to the letter.
 */
#include <check.h>

#include "config/field.h"
#include "tests/unit/config/sample.h"

#define HEAD                                              \
    "| key | type | unit | default | range | meaning |\n" \
    "| --- | --- | --- | --- | --- | --- |\n"

#define BARRIER_ROWS                                                                        \
    HEAD "| `stop_loss` | decimal |  | none | > 0 and < 1 | Closes at this loss. |\n"       \
         "| `time_limit` | duration | s | `1.5`, may be null | > 0 |  |\n"                  \
         "| `levels` | list of objects or rows [price, share, is_last] |  | none | 0 to 3 " \
         "elements |  |\n"

#define LEVEL_ROWS                                                              \
    HEAD "| `price` | decimal | quote | **required** | > 0 |  |\n"              \
         "| `share` | decimal | fraction | **required** | >= 0 and <= 1 |  |\n" \
         "| `is_last` | bool |  | `true` |  |  |\n"

static const char manual[] =
    "## sample\n\n" HEAD
    "| `name` | text |  | **required** |  | Who it is. A \\| stays in its cell. |\n"
    "| `note` | text |  | none |  |  |\n"
    "| `amount` | decimal | base | **required** | > 0 | How much. |\n"
    "| `count` | integer |  | `10` | >= -5 and <= 9223372036854775807 |  |\n"
    "| `is_fast` | bool |  | `false` |  |  |\n"
    "| `side` | `BUY`, `SELL` |  | `BUY` |  |  |\n"
    "| `latency_ms` | duration | ms | `0` | >= 0 |  |\n"
    "| `start` | instant |  | none |  |  |\n"
    "| `barrier` | object |  | `{}` |  |  |\n"
    "| `second` | object |  | none |  |  |\n"
    "| `prices` | list of decimal |  | `[\"1.5\", 2]` | 1 to 100000 elements |  |\n"
    "| `balances` | name: decimal |  | none | >= 0, 0 to 2 elements |  |\n"
    "| `extra` | any |  | none |  |  |\n"
    "| `limit` | integer |  | `5`, may be null |  |  |\n"
    "\n### barrier\n\n" BARRIER_ROWS "\n#### barrier.levels[]\n\n" LEVEL_ROWS
    "\n### second\n\n" BARRIER_ROWS "\n#### second.levels[]\n\n" LEVEL_ROWS;

START_TEST(the_manual_has_a_section_per_table)
{
    struct text out = {0};
    field_print_markdown(sample_fields, "sample", 2, &out);
    ck_assert_str_eq(text_string(&out), manual);
    text_done(&out);
}
END_TEST

START_TEST(headings_stop_at_level_six)
{
    struct text out = {0};
    text_append_string(&out, "before\n");
    field_print_markdown(sample_level_fields, "deep", 9, &out);
    ck_assert_str_eq(text_string(&out), "before\n\n###### deep\n\n" LEVEL_ROWS);
    text_done(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("field_markdown");
    TCase *tables = tcase_create("tables");
    tcase_add_test(tables, the_manual_has_a_section_per_table);
    tcase_add_test(tables, headings_stop_at_level_six);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
