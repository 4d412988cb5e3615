#include "persistence/store.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "persistence/reader.h"
#include "tests/unit/persistence/samples.h"

/* Everything here holds for every kind of store. */
static const char *const types[] = {"memory", "sqlite"};
enum { TYPE_COUNT = sizeof(types) / sizeof(types[0]) };

static struct failure failure;
static struct text event;

static struct store *open_store(const char *type)
{
    const struct store_options options = {
        .path = sample_path("run.db"), .run_name = SAMPLE_RUN, .durability = DURABILITY_GROUP};
    struct store *store = NULL;
    ck_assert_msg(store_open(type, &options, &store, &failure) == ERR_NONE, "%s", failure.text);
    return store;
}

START_TEST(kinds_are_found_by_type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        ck_assert_str_eq(store_kind_find(types[i])->type, types[i]);
    }
    ck_assert_ptr_null(store_kind_find("postgresql"));
    const struct store_options options = {.run_name = SAMPLE_RUN};
    struct store *store = NULL;
    ck_assert_int_eq(store_open("postgresql", &options, &store, &failure), ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(failure.text, "postgresql"));
    ck_assert_ptr_null(store);
    ck_assert_int_eq(store_close(NULL, &failure), ERR_NONE);
}
END_TEST

START_TEST(records_become_numbered_events)
{
    struct store *store = open_store(types[_i]);
    ck_assert_int_eq(store_commit(store, &failure), ERR_NONE); /* Nothing to do. */
    for (uint64_t seq = 1; seq <= 5; seq++) {
        const struct record record = sample_fill_record(seq);
        ck_assert_int_eq(store_append(store, &record, &event, &failure), ERR_NONE);
        char head[64];
        (void)snprintf(head, sizeof(head), "fill {\"v\":1,\"run\":\"%s\",\"seq\":%d,", SAMPLE_RUN,
                       (int)seq);
        ck_assert_int_eq(strncmp(text_string(&event), head, strlen(head)), 0);
    }
    ck_assert_int_eq(store_commit(store, &failure), ERR_NONE);
    ck_assert_int_eq(store_commit(store, &failure), ERR_NONE);
    ck_assert_int_eq(store_close(store, &failure), ERR_NONE);
    text_done(&event);
}
END_TEST

START_TEST(a_gap_stops_the_store_for_good)
{
    static const uint64_t wrong[] = {0, 1, 3, UINT64_MAX};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct store *store = open_store(types[_i]);
        struct record record = sample_fill_record(1);
        ck_assert_int_eq(store_append(store, &record, &event, &failure), ERR_NONE);
        record = sample_fill_record(wrong[i]);
        ck_assert_int_eq(store_append(store, &record, &event, &failure), ERR_STATE);
        ck_assert_ptr_nonnull(strstr(failure.text, "does not follow record 1"));
        record = sample_fill_record(2);
        ck_assert_int_eq(store_append(store, &record, &event, &failure), ERR_STATE);
        ck_assert_ptr_nonnull(strstr(failure.text, "stopped"));
        ck_assert_int_eq(store_commit(store, &failure), ERR_STATE);
        ck_assert_int_eq(store_close(store, &failure), ERR_STATE);
    }
    text_done(&event);
}
END_TEST

START_TEST(first_record_is_number_one)
{
    struct store *store = open_store(types[_i]);
    const struct record record = sample_fill_record(2);
    ck_assert_int_eq(store_append(store, &record, &event, &failure), ERR_STATE);
    ck_assert_int_eq(store_close(store, &failure), ERR_STATE);
    text_done(&event);
}
END_TEST

START_TEST(kinds_print_the_same_events)
{
    struct text other = {0};
    struct store *memory = open_store("memory");
    struct store *sqlite = open_store("sqlite");
    for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        const struct record record = sample_record((enum record_kind)kind, kind + 1);
        ck_assert_int_eq(store_append(memory, &record, &event, &failure), ERR_NONE);
        ck_assert_msg(store_append(sqlite, &record, &other, &failure) == ERR_NONE, "%s",
                      failure.text);
        ck_assert_str_eq(text_string(&event), text_string(&other));
    }
    ck_assert_int_eq(store_close(memory, &failure), ERR_NONE);
    ck_assert_int_eq(store_close(sqlite, &failure), ERR_NONE);
    text_done(&event);
    text_done(&other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/store");
    TCase *tcase = tcase_create("store");
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_add_test(tcase, kinds_are_found_by_type);
    tcase_add_loop_test(tcase, records_become_numbered_events, 0, TYPE_COUNT);
    tcase_add_loop_test(tcase, a_gap_stops_the_store_for_good, 0, TYPE_COUNT);
    tcase_add_loop_test(tcase, first_record_is_number_one, 0, TYPE_COUNT);
    tcase_add_test(tcase, kinds_print_the_same_events);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
