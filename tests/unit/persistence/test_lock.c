#include "persistence/lock.h"

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/persistence/samples.h"

START_TEST(second_owner_is_refused_with_the_pid)
{
    struct lock lock = LOCK_NONE;
    struct lock other = LOCK_NONE;
    struct failure failure;
    ck_assert_int_eq(lock_open(sample_path("run.db"), &lock, &failure), ERR_NONE);
    ck_assert_int_eq(access(sample_path("run.db.lock"), F_OK), 0);
    ck_assert_int_eq(lock_open(sample_path("run.db"), &other, &failure), ERR_LOCKED);
    ck_assert_int_eq(failure.code, ERR_LOCKED);
    char pid[32];
    (void)snprintf(pid, sizeof(pid), "pid %ld ", (long)getpid());
    ck_assert_ptr_nonnull(strstr(failure.text, pid));
    ck_assert_ptr_nonnull(strstr(failure.text, "run.db"));
    ck_assert_int_eq(other.descriptor, -1);

    lock_close(&lock);
    ck_assert_int_ne(access(sample_path("run.db.lock"), F_OK), 0);
    ck_assert_int_eq(lock_open(sample_path("run.db"), &other, &failure), ERR_NONE);
    lock_close(&other);
    lock_close(&other); /* LOCK_NONE is allowed. */
}
END_TEST

START_TEST(other_files_are_free)
{
    struct lock first = LOCK_NONE;
    struct lock second = LOCK_NONE;
    ck_assert_int_eq(lock_open(sample_path("a.db"), &first, NULL), ERR_NONE);
    ck_assert_int_eq(lock_open(sample_path("b.db"), &second, NULL), ERR_NONE);
    lock_close(&first);
    lock_close(&second);
}
END_TEST

START_TEST(another_name_of_the_file_is_the_same_file)
{
    FILE *file = fopen(sample_path("run.db"), "w");
    ck_assert_ptr_nonnull(file);
    (void)fclose(file);
    ck_assert_int_eq(symlink(sample_path("run.db"), sample_path("link.db")), 0);
    struct lock lock = LOCK_NONE;
    struct lock other = LOCK_NONE;
    ck_assert_int_eq(lock_open(sample_path("link.db"), &lock, NULL), ERR_NONE);
    ck_assert_int_eq(lock_open(sample_path("run.db"), &other, NULL), ERR_LOCKED);
    lock_close(&lock);
}
END_TEST

START_TEST(a_killed_owner_leaves_no_lock)
{
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct lock lock = LOCK_NONE;
        const bool locked = lock_open(sample_path("run.db"), &lock, NULL) == ERR_NONE;
        (void)!write(ready[1], locked ? "1" : "0", 1);
        (void)pause();
        _exit(0);
    }
    char byte = 0;
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(byte, '1');
    struct lock lock = LOCK_NONE;
    struct failure failure;
    ck_assert_int_eq(lock_open(sample_path("run.db"), &lock, &failure), ERR_LOCKED);
    char pid[32];
    (void)snprintf(pid, sizeof(pid), "pid %ld ", (long)child);
    ck_assert_ptr_nonnull(strstr(failure.text, pid));
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(access(sample_path("run.db.lock"), F_OK), 0); /* Its file is still there. */
    ck_assert_int_eq(lock_open(sample_path("run.db"), &lock, &failure), ERR_NONE);
    lock_close(&lock);
}
END_TEST

START_TEST(missing_folder_is_an_io_error)
{
    struct lock lock = LOCK_NONE;
    struct failure failure;
    ck_assert_int_eq(lock_open(sample_path("none/run.db"), &lock, &failure), ERR_IO);
    ck_assert_ptr_nonnull(strstr(failure.text, "No such file"));
    ck_assert_ptr_nonnull(strstr(failure.text, "none/run.db"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/lock");
    TCase *tcase = tcase_create("lock");
    tcase_add_checked_fixture(tcase, sample_folder_create, sample_folder_remove);
    tcase_add_test(tcase, second_owner_is_refused_with_the_pid);
    tcase_add_test(tcase, other_files_are_free);
    tcase_add_test(tcase, another_name_of_the_file_is_the_same_file);
    tcase_add_test(tcase, a_killed_owner_leaves_no_lock);
    tcase_add_test(tcase, missing_folder_is_an_io_error);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
