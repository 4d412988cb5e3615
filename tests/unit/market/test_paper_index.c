/*
 * tests/unit/market/test_paper_index.c - ids are found, not confused, and never forgotten.
 */
#include "market/venues/paper_index.h"

#include "suite.h"

START_TEST(every_id_is_found_with_its_slot)
{
    struct paper_index index = {0};
    ck_assert_ptr_null(paper_index_find(&index, (struct order_id){1, 1, 1}));
    for (uint32_t i = 1; i <= 10000; i++) {
        const struct order_id id = {.epoch = i % 3, .executor = i % 7, .ordinal = i};
        ck_assert_int_eq(paper_index_add(&index, id, i), ERR_NONE);
    }
    for (uint32_t i = 1; i <= 10000; i++) {
        struct order_id id = {.epoch = i % 3, .executor = i % 7, .ordinal = i};
        ck_assert_uint_eq(paper_index_find(&index, id)->slot, i);
        id.epoch = 3;
        ck_assert_ptr_null(paper_index_find(&index, id));
    }
    paper_index_done(&index);
    ck_assert_uint_eq(index.count, 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("paper_index");
    tcase_add_test(tcase, every_id_is_found_with_its_slot);
    return suite_run("paper_index", tcase);
}
