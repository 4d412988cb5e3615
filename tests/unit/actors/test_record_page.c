/*
 * Pages of records: what was put on one comes off in its order, and nothing is put on a full one.
 */
#include <check.h>
#include <string.h>

#include "actors/record_page.h"

static struct record note(uint64_t seq, const char *text)
{
    return (struct record){.seq = seq,
                           .kind = RECORD_RISK_DAY,
                           .controller_id = "main",
                           .executor_id = "",
                           .data.note = {.scope = "global", .code = "", .text = text}};
}

START_TEST(records_come_off_in_their_order)
{
    struct record record = note(1, "a");
    nng_msg *message = record_page_create(0, &record);
    struct record_page *page = message_body(message);
    uint64_t count = 0;
    do {
        count++;
        record = note(count + 1, count % 2 != 0 ? "odd lengths" : "");
    } while (record_page_add(page, &record));
    ck_assert_uint_gt(count, 2);
    uint32_t place = 0;
    uint64_t seq = 0;
    while (place < page->used) {
        const struct record *found = record_page_at(page, place, &place);
        ck_assert_uint_eq(found->seq, ++seq);
        ck_assert_str_eq(found->controller_id, "main");
        ck_assert_str_eq(found->data.note.text,
                         seq == 1 ? "a" : (seq % 2 == 0 ? "odd lengths" : ""));
    }
    ck_assert_uint_eq(seq, count);
    message_destroy(message);
    message_pool_drain();
}
END_TEST

/* A text of each length near the end of a page, so that every distance to the end occurs. */
START_TEST(the_last_record_ends_with_the_page_at_most)
{
    static char text[RECORD_PAGE_BYTES];
    memset(text, 'x', sizeof(text) - 1);
    for (size_t length = RECORD_PAGE_BYTES / 2; length < sizeof(text); length++) {
        text[length] = '\0';
        const struct record record = note(1, text);
        const struct record short_one = note(2, "");
        nng_msg *message = record_page_create(0, &record);
        struct record_page *page = message_body(message);
        uint32_t count = 1;
        while (record_page_add(page, &short_one)) {
            count++;
        }
        ck_assert_uint_le(page->used, page->size);
        uint32_t place = 0;
        while (place < page->used) {
            (void)record_page_at(page, place, &place);
            count--;
        }
        ck_assert_uint_eq(count, 0);
        ck_assert_uint_eq(place, page->used);
        message_destroy(message);
        text[length] = 'x';
    }
    message_pool_drain();
}
END_TEST

START_TEST(a_large_record_has_a_page_of_its_size)
{
    static char text[3 * RECORD_PAGE_BYTES];
    memset(text, 'x', sizeof(text) - 1);
    struct record record = note(1, text);
    nng_msg *message = record_page_create(0, &record);
    struct record_page *page = message_body(message);
    ck_assert(!record_page_add(page, &record));
    uint32_t place = 0;
    ck_assert_str_eq(record_page_at(page, place, &place)->data.note.text, text);
    ck_assert_uint_eq(place, page->used);
    message_destroy(message);
    message_pool_drain();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("actors/record_page");
    TCase *tcase = tcase_create("record_page");
    tcase_add_test(tcase, records_come_off_in_their_order);
    tcase_add_test(tcase, the_last_record_ends_with_the_page_at_most);
    tcase_add_test(tcase, a_large_record_has_a_page_of_its_size);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
