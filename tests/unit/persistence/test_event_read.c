#include "persistence/event_read.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "persistence/event.h"
#include "tests/unit/persistence/samples.h"

static struct journal_row row_of(const char *kind, const char *payload)
{
    return (struct journal_row){.seq = 5,
                                .ts_ns = SAMPLE_TS_NS,
                                .kind = kind,
                                .controller_id = "my_controller",
                                .executor_id = "e1",
                                .client_order_id = "",
                                .payload = payload};
}

/* What was printed is read to a record that prints the same, so that nothing is lost between. */
START_TEST(every_kind_comes_back)
{
    const struct record original = sample_record((enum record_kind)_i, 5);
    struct text printed = {0};
    struct text again = {0};
    event_print_data(&original, &printed);
    struct journal_row row = row_of(record_kind_type(original.kind), text_string(&printed));
    row.executor_id = original.executor_id;
    char *memory = malloc(event_read_size(&row));
    struct record record;
    struct failure failure;
    ck_assert_msg(event_read(&row, memory, &record, &failure) == ERR_NONE, "%s", failure.text);
    event_print_data(&record, &again);
    ck_assert_str_eq(text_string(&again), text_string(&printed));
    ck_assert_uint_eq(record.seq, original.seq);
    ck_assert_int_eq(record.ts_ns, original.ts_ns);
    ck_assert_str_eq(record.executor_id, original.executor_id);
    free(memory);
    text_done(&printed);
    text_done(&again);
}
END_TEST

START_TEST(texts_of_any_shape_come_back)
{
    struct record original = sample_record(RECORD_RUN_STARTED, 5);
    original.data.run.name = "tab\there, \"quotes\", back\\slash, euro \xE2\x82\xAC";
    original.data.run.config = "{\"a\":[1,{\"b\":\"}\\\"\"}],\"n\":0.10}";
    original.data.run.config_hash = NULL;
    struct text printed = {0};
    event_print_data(&original, &printed);
    const struct journal_row row = row_of("run.started", text_string(&printed));
    char *memory = malloc(event_read_size(&row));
    struct record record;
    struct failure failure;
    ck_assert_int_eq(event_read(&row, memory, &record, &failure), ERR_NONE);
    ck_assert_str_eq(record.data.run.name, original.data.run.name);
    ck_assert_str_eq(record.data.run.config, original.data.run.config);
    ck_assert_ptr_null(record.data.run.config_hash);
    free(memory);
    text_done(&printed);
}
END_TEST

START_TEST(fee_asset_tells_what_a_fee_was_taken_in)
{
    static const struct {
        const char *payload;
        bool is_in_base;
    } cases[] = {
        {"{\"trading_pair\":\"BTC-USDT\",\"fee_asset\":\"BTC\"}", true},
        {"{\"trading_pair\":\"BTC-USDT\",\"fee_asset\":\"USDT\"}", false},
        {"{\"trading_pair\":\"BTC-USDT\",\"fee_asset\":\"BT\"}", false},
        {"{\"trading_pair\":\"BTC-USDT\",\"fee_asset\":\"\"}", false},
        {"{\"trading_pair\":\"BTC-USDT\"}", false},
        {"{\"fee_asset\":\"BTC\"}", false},
        {"{}", false},
    };
    const struct journal_row row = row_of("fill", cases[_i].payload);
    char memory[128];
    struct record record;
    struct failure failure;
    ck_assert_int_eq(event_read(&row, memory, &record, &failure), ERR_NONE);
    ck_assert_int_eq(record.data.fill.fill.fee_in_base, cases[_i].is_in_base);
}
END_TEST

START_TEST(what_cannot_be_read_is_named)
{
    static const struct {
        const char *kind;
        const char *payload;
        const char *word;
    } cases[] = {
        {"order.eaten", "{}", "kind: \"order.eaten\" is unknown"},
        {"order.filled", "", "payload"},
        {"order.filled", "[]", "payload"},
        {"order.filled", "{\"side\":\"BUY\"", "payload"},
        {"order.filled", "{\"side\":\"HOLD\"}", "side"},
        {"order.filled", "{\"side\":1}", "side"},
        {"order.filled", "{\"status\":\"OPENED\"}", "status"},
        {"order.filled", "{\"price\":1.5}", "price"},
        {"order.filled", "{\"price\":\"\"}", "price"},
        {"order.filled", "{\"price\":\"1,5\"}", "price"},
        {"order.filled", "{\"price\":null}", "price"},
        {"order.filled", "{\"client_order_id\":\"X\"}", "client_order_id"},
        {"order.filled", "{\"client_order_id\":null}", "client_order_id"},
        {"order.filled", "{\"created_at_ns\":\"5\"}", "created_at_ns"},
        {"order.filled", "{\"created_at_ns\":05}", "created_at_ns"},
        {"order.filled", "{\"created_at_ns\":9223372036854775808}", "created_at_ns"},
        {"order.filled", "{\"created_at_ns\":-}", "created_at_ns"},
        {"order.filled", "{\"created_at_ns\":1e3}", "created_at_ns"},
        {"order.filled", "{\"leverage\":4294967296}", "leverage"},
        {"order.filled", "{\"leverage\":-1}", "leverage"},
        {"order.filled", "{\"reason\":\"\\q\"}", "reason"},
        {"fill", "{\"trade_id\":\"12345678901234567890123456789012\"}", "trade_id"},
        {"fill", "{\"liquidity\":\"both\"}", "liquidity"},
        {"position", "{\"side\":\"LONG\"}", "side"},
        {"executor.started", "{\"status\":\"RUN\"}", "status"},
        {"executor.started", "{\"close_type\":\"SOLD\"}", "close_type"},
        {"run.recovered", "{\"fills_found\":-1}", "fills_found"},
        {"run.recovered", "{\"fills_found\":18446744073709551616}", "fills_found"},
        {"run.recovered", "{\"fills_found\":9223372036854775808}", "fills_found"},
        {"run.recovered", "{\"fills_found\":99999999999999999999}", "fills_found"},
        {"run.recovered", "{\"fills_found\":1-2}", "fills_found"},
        {"performance", "{\"close_type_counts\":{\"A_TYPE_OF_MORE_THAN_31_CHARACTERS\":1}}",
         "close_type_counts"},
        {"performance", "{\"close_type_counts\":{\"STOP_LOSS\":1.5}}", "close_type_counts"},
        {"performance", "{\"close_type_counts\":{\"SOLD\":1}}", "close_type_counts"},
        {"performance", "{\"close_type_counts\":{\"STOP_LOSS\":-1}}", "close_type_counts"},
        {"performance", "{\"close_type_counts\":[]}", "close_type_counts"},
    };
    const struct journal_row row = row_of(cases[_i].kind, cases[_i].payload);
    char *memory = malloc(event_read_size(&row));
    struct record record = {.seq = 77};
    struct failure failure;
    ck_assert_int_eq(event_read(&row, memory, &record, &failure), ERR_CORRUPT);
    ck_assert_msg(strncmp(failure.text, cases[_i].word, strlen(cases[_i].word)) == 0, "%s",
                  failure.text);
    ck_assert_uint_eq(record.seq, 77);
    free(memory);
}
END_TEST

START_TEST(numbers_reach_their_limits)
{
    const struct journal_row row =
        row_of("order.filled", "{\"created_at_ns\":-9223372036854775808,\"unknown\":[1,2]}");
    char *memory = malloc(event_read_size(&row));
    struct record record;
    struct failure failure;
    ck_assert_int_eq(event_read(&row, memory, &record, &failure), ERR_NONE);
    ck_assert_int_eq(record.data.order.created_at_ns, INT64_MIN);
    free(memory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/event_read");
    TCase *tcase = tcase_create("read");
    tcase_add_loop_test(tcase, every_kind_comes_back, 0, RECORD_KIND_COUNT);
    tcase_add_test(tcase, texts_of_any_shape_come_back);
    tcase_add_loop_test(tcase, fee_asset_tells_what_a_fee_was_taken_in, 0, 7);
    tcase_add_loop_test(tcase, what_cannot_be_read_is_named, 0, 36);
    tcase_add_test(tcase, numbers_reach_their_limits);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
