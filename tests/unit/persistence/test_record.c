#include "persistence/record.h"

#include <check.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "persistence/event.h"
#include "tests/unit/persistence/samples.h"

START_TEST(types_and_kinds_map_both_ways)
{
    for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        const char *type = record_kind_type((enum record_kind)kind);
        ck_assert_ptr_nonnull(type);
        ck_assert_int_eq(record_kind_find(type), kind);
    }
    ck_assert_str_eq(record_kind_type(RECORD_ORDER_FILLED), "order.filled");
    ck_assert_str_eq(record_kind_type(RECORD_VENUE_RECONCILED), "venue.reconciled");
    ck_assert_int_eq(record_kind_find("order.lost"), RECORD_KIND_COUNT);
    ck_assert_int_eq(record_kind_find(""), RECORD_KIND_COUNT);
}
END_TEST

START_TEST(kinds_know_their_data)
{
    static const struct {
        enum record_kind kind;
        enum record_data data;
    } cases[] = {
        {RECORD_RUN_STARTED, RECORD_DATA_RUN},
        {RECORD_ACTION_COMPLETED, RECORD_DATA_ACTION},
        {RECORD_EXECUTOR_SKIPPED, RECORD_DATA_SKIP},
        {RECORD_ORDER_CANCEL_REQUESTED, RECORD_DATA_ORDER},
        {RECORD_FILL, RECORD_DATA_FILL},
        {RECORD_POSITION, RECORD_DATA_POSITION},
        {RECORD_PERFORMANCE, RECORD_DATA_PERFORMANCE},
        {RECORD_RISK_DENIED, RECORD_DATA_NOTE},
        {RECORD_VENUE_CONNECTED, RECORD_DATA_NOTE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(record_kind_data(cases[i].kind), cases[i].data);
    }
}
END_TEST

START_TEST(numbers_have_names)
{
    ck_assert_str_eq(record_status_name(2), "RUNNING");
    ck_assert_ptr_null(record_status_name(0));
    ck_assert_ptr_null(record_status_name(5));
    ck_assert_ptr_null(record_status_name(-1));
    ck_assert_str_eq(record_close_type_name(10), "POSITION_HOLD");
    ck_assert_ptr_null(record_close_type_name(0));
    ck_assert_ptr_null(record_close_type_name(11));
    ck_assert_ptr_null(record_close_type_name(-1));
    ck_assert_str_eq(record_position_side_name(0), "NET");
    ck_assert_str_eq(record_position_side_name(SIDE_SELL), "SELL");
}
END_TEST

START_TEST(orders_and_fills_name_their_order)
{
    char id[ORDER_ID_TEXT_MAX];
    struct record record = sample_record(RECORD_ORDER_ACCEPTED, 1);
    ck_assert_str_eq(record_client_order_id(&record, id), "zzz-1f-3");
    record = sample_record(RECORD_FILL, 1);
    ck_assert_str_eq(record_client_order_id(&record, id), "zzz-1f-3");
    record = sample_record(RECORD_POSITION, 1);
    ck_assert_str_eq(record_client_order_id(&record, id), "");
}
END_TEST

START_TEST(packed_record_says_the_same)
{
    const struct record record = sample_record((enum record_kind)_i, 42);
    struct text before = {0};
    event_print_data(&record, &before);

    const size_t size = record_packed_size(&record);
    ck_assert_uint_ge(size, offsetof(struct record, data));
    void *first_memory = aligned_alloc(alignof(struct record), (size + 31) / 16 * 16);
    void *second_memory = aligned_alloc(alignof(struct record), (size + 31) / 16 * 16);
    ck_assert_uint_eq(record_pack(&record, first_memory, size), size);
    const struct record *first = first_memory;
    ck_assert_uint_eq(record_packed_size(first), size);
    ck_assert_uint_eq(record_pack(first, second_memory, size), size);
    const struct record *second = second_memory;
    memset(first_memory, 0x5A, size); /* The second must not lean on the first. */

    struct text after = {0};
    event_print_data(second, &after);
    ck_assert_str_eq(text_string(&before), text_string(&after));
    ck_assert_str_eq(second->controller_id, record.controller_id);
    ck_assert_str_eq(second->executor_id, record.executor_id);
    ck_assert_uint_eq(second->seq, 42);
    free(first_memory);
    free(second_memory);
    text_done(&before);
    text_done(&after);
}
END_TEST

START_TEST(packing_writes_no_byte_too_many)
{
    const struct record record = sample_record((enum record_kind)_i, 1);
    const size_t size = record_packed_size(&record);
    unsigned char *memory = aligned_alloc(alignof(struct record), (size + 31) / 16 * 16);
    memory[size] = 0xA5;
    memory[size - 1] = 0xA5;
    ck_assert_uint_eq(record_pack(&record, memory, size), size);
    ck_assert_uint_eq(memory[size], 0xA5);
    ck_assert_uint_eq(memory[size - 1], 0); /* The NUL of the last text: the size is exact. */
    for (size_t room = 0; room < size; room++) {
        memory[room] = 0xA5;
        ck_assert_uint_eq(record_pack(&record, memory, room), 0);
        ck_assert_uint_eq(memory[room], 0xA5);
    }
    free(memory);
}
END_TEST

START_TEST(null_texts_stay_null)
{
    struct record record = sample_record(RECORD_EXECUTOR_STARTED, 1);
    record.data.executor.config = NULL;
    record.data.executor.state = NULL;
    record.data.executor.custom_info = NULL;
    const size_t size = record_packed_size(&record);
    void *memory = aligned_alloc(alignof(struct record), (size + 15) / 16 * 16);
    ck_assert_uint_eq(record_pack(&record, memory, size), size);
    const struct record *copy = memory;
    ck_assert_ptr_null(copy->data.executor.config);
    ck_assert_ptr_null(copy->data.executor.state);
    ck_assert_ptr_null(copy->data.executor.custom_info);
    ck_assert_str_eq(copy->data.executor.type, "progressive_executor");
    free(memory);
}
END_TEST

/* Whatever the memory held before: head and member are all that counts. */
START_TEST(a_record_is_its_head_and_its_member)
{
    struct record records[2];
    alignas(struct record) unsigned char packed[2][sizeof(struct record)];
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        memset(&records[i], i == 0 ? 0 : 0xA5, sizeof(records[i]));
        memset(packed[i], 0, sizeof(packed[i]));
        record_begin(&records[i], RECORD_POSITION, "main", "");
        records[i].data.position = (struct record_position){
            .venue = "paper", .trading_pair = "A-B", .amount = decimal_literal("2")};
        sizes[i] = record_pack(&records[i], packed[i], sizeof(packed[i]));
    }
    ck_assert_uint_gt(sizes[0], 0);
    ck_assert_uint_eq(sizes[0], sizes[1]);
    const struct record *got = (const struct record *)(const void *)packed[1];
    ck_assert_int_eq(got->kind, RECORD_POSITION);
    ck_assert_uint_eq(got->seq, 0);
    ck_assert_int_eq(got->ts_ns, 0);
    ck_assert(!got->has_more && got->has_lasting_names);
    ck_assert_str_eq(got->controller_id, "main");
    ck_assert_str_eq(got->data.position.venue, "paper");
    ck_assert(decimal_equal(got->data.position.amount, decimal_literal("2")));
    ck_assert(decimal_equal(got->data.position.funding_quote, DECIMAL_ZERO));
}
END_TEST

START_TEST(lasting_names_stay_where_they_are)
{
    struct record record = sample_record(RECORD_ORDER_REJECTED, 1);
    char reason[] = "refused";
    record.has_lasting_names = true;
    record.data.order.reason = reason;
    const size_t size = record_packed_size(&record);
    void *memory = aligned_alloc(alignof(struct record), (size + 15) / 16 * 16);
    ck_assert_uint_eq(record_pack(&record, memory, size), size);
    const struct record *copy = memory;
    reason[0] = '?';
    ck_assert_ptr_eq(copy->executor_id, record.executor_id);
    ck_assert_ptr_eq(copy->controller_id, record.controller_id);
    ck_assert_ptr_eq(copy->data.order.venue, record.data.order.venue);
    ck_assert_ptr_eq(copy->data.order.trading_pair, record.data.order.trading_pair);
    ck_assert_str_eq(copy->data.order.reason, "refused"); /* What is no name goes along. */
    free(memory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/record");
    TCase *tcase = tcase_create("record");
    tcase_add_test(tcase, types_and_kinds_map_both_ways);
    tcase_add_test(tcase, a_record_is_its_head_and_its_member);
    tcase_add_test(tcase, lasting_names_stay_where_they_are);
    tcase_add_test(tcase, kinds_know_their_data);
    tcase_add_test(tcase, numbers_have_names);
    tcase_add_test(tcase, orders_and_fills_name_their_order);
    tcase_add_loop_test(tcase, packed_record_says_the_same, 0, RECORD_KIND_COUNT);
    tcase_add_loop_test(tcase, packing_writes_no_byte_too_many, 0, RECORD_KIND_COUNT);
    tcase_add_test(tcase, null_texts_stay_null);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
