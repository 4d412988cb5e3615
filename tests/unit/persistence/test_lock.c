/*
 * The lock of a database: one owner, who is named. The linker sends flock() and asprintf() of the
 * program through this test, so that what others do in between can happen at the right moment.
 */
#include "persistence/lock.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/persistence/samples.h"

static struct {
    int removals; /* So many times the file is removed just before it is locked. */
    int error;    /* What flock() fails with, or 0. */
    bool has_no_memory;
} mischief;

int __real_flock(int descriptor, int operation);
int __wrap_flock(int descriptor, int operation);
int __wrap_asprintf(char **ret_text, const char *format, ...);
int __wrap___asprintf_chk(char **ret_text, int flag, const char *format, ...);

int __wrap_flock(int descriptor, int operation)
{
    if (mischief.removals > 0) {
        mischief.removals--;
        ck_assert_int_eq(unlink(sample_path("run.db.lock")), 0);
    }
    errno = mischief.error;
    return mischief.error != 0 ? -1 : __real_flock(descriptor, operation);
}

int __wrap_asprintf(char **ret_text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = mischief.has_no_memory ? -1 : vasprintf(ret_text, format, arguments);
    va_end(arguments);
    return length;
}

/* Its name in builds that are fortified. */
int __wrap___asprintf_chk(char **ret_text, int flag, const char *format, ...)
{
    va_list arguments;
    (void)flag;
    va_start(arguments, format);
    const int length = mischief.has_no_memory ? -1 : vasprintf(ret_text, format, arguments);
    va_end(arguments);
    return length;
}

/* The owner before removes its file while we are opening it: what we have locked then is nobody's,
 * and a third would lock a new one beside us. */
START_TEST(file_that_was_removed_meanwhile_is_not_believed)
{
    struct lock lock = LOCK_NONE;
    struct lock other = LOCK_NONE;
    struct failure failure;
    mischief.removals = 2;
    ck_assert_int_eq(lock_open(sample_path("run.db"), &lock, &failure), ERR_NONE);
    ck_assert_int_eq(mischief.removals, 0);
    ck_assert_int_eq(access(sample_path("run.db.lock"), F_OK), 0);
    ck_assert_int_eq(lock_open(sample_path("run.db"), &other, &failure), ERR_LOCKED);
    lock_close(&lock);
}
END_TEST

START_TEST(file_that_is_removed_again_and_again_is_given_up)
{
    struct lock lock = LOCK_NONE;
    struct failure failure;
    mischief.removals = 100000;
    ck_assert_int_eq(lock_open(sample_path("run.db"), &lock, &failure), ERR_LOCKED);
    ck_assert_ptr_nonnull(strstr(failure.text, "try again"));
    ck_assert_int_gt(mischief.removals, 0); /* It does not try for ever. */
    ck_assert_int_eq(lock.descriptor, -1);
}
END_TEST

START_TEST(owner_without_a_pid_is_unknown)
{
    const int descriptor = open(sample_path("run.db.lock"), O_RDWR | O_CREAT, 0600);
    ck_assert_int_eq(flock(descriptor, LOCK_EX), 0);
    struct lock lock = LOCK_NONE;
    struct failure failure;
    ck_assert_int_eq(lock_open(sample_path("run.db"), &lock, &failure), ERR_LOCKED);
    ck_assert_ptr_nonnull(strstr(failure.text, "pid unknown"));
    ck_assert_int_eq(close(descriptor), 0);
}
END_TEST

START_TEST(file_system_without_locks_says_so)
{
    struct lock lock = LOCK_NONE;
    struct failure failure;
    mischief.error = ENOLCK;
    ck_assert_int_eq(lock_open(sample_path("run.db"), &lock, &failure), ERR_IO);
    ck_assert_ptr_nonnull(strstr(failure.text, strerror(ENOLCK)));
    mischief.error = 0;
    ck_assert_int_eq(lock_open(sample_path("run.db"), &lock, &failure), ERR_NONE);
    lock_close(&lock);
}
END_TEST

START_TEST(disk_without_room_for_the_pid)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
    struct rlimit before;
    struct lock lock = LOCK_NONE;
    struct failure failure;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    const enum err err = lock_open(sample_path("run.db"), &lock, &failure);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(err, ERR_IO);
    ck_assert_ptr_nonnull(strstr(failure.text, "cannot write the lock file"));
    ck_assert_int_eq(lock_open(sample_path("run.db"), &lock, &failure), ERR_NONE); /* It is free. */
    lock_close(&lock);
}
END_TEST

START_TEST(memory_without_room_for_a_name)
{
    struct lock lock = LOCK_NONE;
    struct failure failure;
    mischief.has_no_memory = true;
    ck_assert_int_eq(lock_open(sample_path("run.db"), &lock, &failure), ERR_MEMORY);
    mischief.has_no_memory = false;
    ck_assert_int_ne(access(sample_path("run.db.lock"), F_OK), 0);
}
END_TEST

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
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_add_test(tcase, second_owner_is_refused_with_the_pid);
    tcase_add_test(tcase, other_files_are_free);
    tcase_add_test(tcase, another_name_of_the_file_is_the_same_file);
    tcase_add_test(tcase, a_killed_owner_leaves_no_lock);
    tcase_add_test(tcase, file_that_was_removed_meanwhile_is_not_believed);
    tcase_add_test(tcase, file_that_is_removed_again_and_again_is_given_up);
    tcase_add_test(tcase, owner_without_a_pid_is_unknown);
    tcase_add_test(tcase, file_system_without_locks_says_so);
    tcase_add_test(tcase, disk_without_room_for_the_pid);
    tcase_add_test(tcase, memory_without_room_for_a_name);
    tcase_add_test(tcase, missing_folder_is_an_io_error);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
