/* What can be said about plugins without one; tests/integration/test_plugin.py builds and loads
 * some. */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "executors/plugin.h"
#include "executors/registry.h"

START_TEST(test_nothing_is_loaded)
{
    ck_assert_uint_eq(plugin_kind_count(), 0);
    ck_assert_ptr_eq(executor_kind_find("trigger_executor"), NULL);
}
END_TEST

START_TEST(test_no_plugin)
{
    static const char *const paths[] = {"", "absent.so", "/absent/absent.so", "."};
    const size_t before = executor_kind_count();
    struct failure failure;
    ck_assert_int_eq(plugin_load(paths[_i], &failure), ERR_IO);
    ck_assert_ptr_nonnull(strstr(failure.text, paths[_i]));
    ck_assert_int_eq(plugin_load(paths[_i], NULL), ERR_IO);
    ck_assert_uint_eq(executor_kind_count(), before);
}
END_TEST

START_TEST(test_long_path)
{
    char path[8192];
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    struct failure failure;
    ck_assert_int_eq(plugin_load(path, &failure), ERR_IO);
    ck_assert_ptr_nonnull(strstr(failure.text, "too long"));
}
END_TEST

/* A kind of the program itself, without a shared object. */
START_TEST(test_added_by_the_program)
{
    static struct executor_kind copy;
    static const struct executor_kind *const kinds[] = {&copy, NULL};
    static const struct plugin ours = {PLUGIN_HEAD, .kinds = kinds};
    copy = *executor_kind_find("position_executor");
    struct failure failure;
    ck_assert_int_eq(plugin_add("ours", &ours, &failure), ERR_EXISTS);
    copy.type = "copied_executor";
    ck_assert_int_eq(plugin_add("ours", &ours, &failure), ERR_NONE);
    ck_assert_ptr_eq(executor_kind_find("copied_executor"), &copy);
    ck_assert_int_eq(plugin_add("ours", &ours, &failure), ERR_NONE); /* It is there already. */
    ck_assert_uint_eq(plugin_kind_count(), 1);
    static const struct plugin old = {.abi = PLUGIN_ABI + 1, .kinds = kinds};
    ck_assert_int_eq(plugin_add("old", &old, &failure), ERR_VERSION);
    ck_assert_ptr_nonnull(strstr(failure.text, "old: "));
}
END_TEST

START_TEST(test_asked_beyond)
{
    (void)plugin_kind_at(plugin_kind_count());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugin");
    TCase *tcase = tcase_create("plugin");
    tcase_add_test(tcase, test_nothing_is_loaded);
    tcase_add_loop_test(tcase, test_no_plugin, 0, 4);
    tcase_add_test(tcase, test_long_path);
    tcase_add_test(tcase, test_added_by_the_program);
    tcase_add_test_raise_signal(tcase, test_asked_beyond, SIGABRT);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
