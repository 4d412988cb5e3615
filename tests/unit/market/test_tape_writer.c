/*
 * tests/unit/market/test_tape_writer.c - a tape is whole or absent.
 */
#include "market/tape_writer.h"

#include <check.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/support/scratch.h"
#include "suite.h"

static struct tape_writer *begin(const char *path, uint64_t rows)
{
    struct tape_header header = tape_header_new();
    header.rows = rows;
    struct tape_writer *writer;
    ck_assert_int_eq(tape_writer_create(path, &header, &writer, NULL), ERR_NONE);
    return writer;
}

static enum err append(struct tape_writer *writer, int64_t i, struct failure *failure)
{
    return tape_writer_append(writer, &(struct tape_row){i, 5 + i, 6 + i, 1, 1}, failure);
}

START_TEST(an_abandoned_writer_leaves_nothing)
{
    struct tape_writer *writer = begin(scratch_path("a.tape").text, 3);
    ck_assert_int_eq(append(writer, 0, NULL), ERR_NONE);
    ck_assert_int_eq(scratch_count(), 1);
    tape_writer_destroy(writer);
    ck_assert_int_eq(scratch_count(), 0);
    tape_writer_destroy(NULL);
}
END_TEST

START_TEST(a_tape_appears_when_it_is_whole)
{
    const struct scratch_path path = scratch_write_text("a.tape", "the old tape");
    struct tape_writer *writer = begin(path.text, 2);
    struct tape *tape;
    ck_assert_int_eq(append(writer, 0, NULL), ERR_NONE);
    ck_assert_int_eq(append(writer, 1, NULL), ERR_NONE);
    ck_assert_int_eq(tape_open(path.text, &tape, NULL), ERR_CORRUPT);
    ck_assert_int_eq(tape_writer_finish(writer, NULL), ERR_NONE);
    tape_writer_destroy(writer);
    ck_assert_int_eq(tape_open(path.text, &tape, NULL), ERR_NONE);
    tape_close(tape);
    ck_assert_int_eq(scratch_count(), 1);
    struct stat status;
    ck_assert_int_eq(stat(path.text, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0644);
}
END_TEST

START_TEST(the_number_of_rows_is_kept)
{
    struct failure failure;
    struct tape_writer *writer = begin(scratch_path("a.tape").text, 2);
    ck_assert_int_eq(append(writer, 0, &failure), ERR_NONE);
    ck_assert_int_eq(tape_writer_finish(writer, &failure), ERR_STATE);
    scratch_assert_ends(failure.text, "a.tape: fewer rows than the tape was begun with");
    ck_assert_int_eq(append(writer, 1, &failure), ERR_NONE);
    ck_assert_int_eq(append(writer, 2, &failure), ERR_STATE);
    scratch_assert_ends(failure.text, "a.tape: more rows than the tape was begun with");
    tape_writer_destroy(writer);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error)
{
    struct tape_header header = tape_header_new();
    header.rows = 1;
    struct tape_writer *writer;
    struct failure failure;
    ck_assert_int_eq(tape_writer_create(scratch_path("no/a.tape").text, &header, &writer, &failure),
                     ERR_IO);
    scratch_assert_ends(failure.text,
                        "no/a.tape: cannot create the tape: No such file or directory");
}
END_TEST

START_TEST(a_name_that_is_taken_by_a_folder_is_an_error)
{
    const struct scratch_path path = scratch_path("a.tape");
    ck_assert_int_eq(mkdir(path.text, 0700), 0);
    struct tape_writer *writer = begin(path.text, 1);
    struct failure failure;
    ck_assert_int_eq(append(writer, 0, &failure), ERR_NONE);
    ck_assert_int_eq(tape_writer_finish(writer, &failure), ERR_IO);
    scratch_assert_ends(failure.text, "a.tape: cannot name the tape: Is a directory");
    tape_writer_destroy(writer);
    ck_assert_int_eq(scratch_count(), 1);
}
END_TEST

START_TEST(too_many_rows_are_refused)
{
    struct tape_header header = tape_header_new();
    header.rows = TAPE_ROWS_MAX + 1;
    struct tape_writer *writer;
    ck_assert_int_eq(
        tape_writer_create(scratch_path("a.tape").text, &header, &writer, &(struct failure){0}),
        ERR_LIMIT);
    ck_assert_int_eq(scratch_count(), 0);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {.rlim_cur = 100000, .rlim_max = 100000};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    struct tape_writer *writer = begin(scratch_path("a.tape").text, 10000);
    struct failure failure;
    enum err err = ERR_NONE;
    for (int64_t i = 0; err == ERR_NONE && i < 10000; i++) {
        err = append(writer, i, &failure);
    }
    ck_assert_int_eq(err, ERR_IO);
    scratch_assert_ends(failure.text, "a.tape: cannot write the tape: File too large");
    tape_writer_destroy(writer);
    ck_assert_int_eq(scratch_count(), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("tape_writer");
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_add_test(cases, an_abandoned_writer_leaves_nothing);
    tcase_add_test(cases, a_tape_appears_when_it_is_whole);
    tcase_add_test(cases, the_number_of_rows_is_kept);
    tcase_add_test(cases, a_folder_that_is_not_there_is_an_error);
    tcase_add_test(cases, a_name_that_is_taken_by_a_folder_is_an_error);
    tcase_add_test(cases, too_many_rows_are_refused);
    tcase_add_test(cases, a_full_disk_is_an_error);
    return suite_run("tape_writer", cases);
}
