/*
 * The names of executor statuses and close types exist twice, as persistence/ lies beside
 * executors/ and not above it. This holds them together.
 */
#include <check.h>
#include <stdlib.h>

#include "executors/executor.h"
#include "persistence/record.h"

START_TEST(statuses_have_the_same_names)
{
    for (int status = -1; status <= 10; status++) {
        ck_assert_pstr_eq(record_status_name(status), field_name_of(executor_status_names, status));
    }
}
END_TEST

START_TEST(close_types_have_the_same_names)
{
    for (int type = CLOSE_NONE + 1; type < 2 * CLOSE_TYPE_COUNT; type++) {
        ck_assert_pstr_eq(record_close_type_name(type), field_name_of(close_type_names, type));
    }
    ck_assert_ptr_null(record_close_type_name(CLOSE_NONE));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conformance/record_names");
    TCase *tcase = tcase_create("record_names");
    tcase_add_test(tcase, statuses_have_the_same_names);
    tcase_add_test(tcase, close_types_have_the_same_names);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
