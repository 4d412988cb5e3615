/*
 * tests/unit/market/test_tape.c - opening tapes, and refusing what is none.
 */
#include "market/tape.h"

#include <check.h>
#include <stddef.h>

#include "market/tape_file.h"
#include "market/tape_writer.h"
#include "tests/support/scratch.h"
#include "suite.h"

enum { SMALL_ROWS = 70 };

/* A tape of SMALL_ROWS rows: two blocks, so that the pyramid has two levels. */
static struct scratch_path write_small_tape(void)
{
    const struct scratch_path path = scratch_path("small.tape");
    struct tape_header header = tape_header_new();
    header.rows = SMALL_ROWS;
    header.price_digits = 2;
    header.size_digits = 3;
    tape_header_set_source(&header, "a test");
    struct tape_writer *writer;
    ck_assert_int_eq(tape_writer_create(path.text, &header, &writer, NULL), ERR_NONE);
    for (int i = 0; i < SMALL_ROWS; i++) {
        const struct tape_row row = {i, 100 + i, 101 + i, 7 * i, 9 * i};
        ck_assert_int_eq(tape_writer_append(writer, &row, NULL), ERR_NONE);
    }
    ck_assert_int_eq(tape_writer_finish(writer, NULL), ERR_NONE);
    tape_writer_destroy(writer);
    return path;
}

START_TEST(columns_hold_what_was_written)
{
    const struct scratch_path path = write_small_tape();
    struct tape *tape;
    ck_assert_int_eq(tape_open(path.text, &tape, NULL), ERR_NONE);
    const struct tape_columns *columns = tape_columns_of(tape);
    ck_assert_uint_eq(columns->count, SMALL_ROWS);
    ck_assert_uint_eq(columns->price_digits, 2);
    ck_assert_uint_eq(columns->size_digits, 3);
    for (int i = 0; i < SMALL_ROWS; i++) {
        ck_assert_int_eq(columns->time_ns[i], i);
        ck_assert_int_eq(columns->bid[i], 100 + i);
        ck_assert_int_eq(columns->ask[i], 101 + i);
        ck_assert_int_eq(columns->bid_size[i], 7 * i);
        ck_assert_int_eq(columns->ask_size[i], 9 * i);
    }
    const struct quote quote = tape_quote(columns, 25);
    ck_assert_int_eq(quote.time_ns, 25);
    ck_assert(decimal_equal(quote.bid, decimal_literal("1.25")));
    ck_assert(decimal_equal(quote.ask, decimal_literal("1.26")));
    ck_assert_str_eq(tape_source(tape), "a test");
    ck_assert_uint_eq(tape_header_of(tape)->rows, SMALL_ROWS);
    ck_assert_uint_eq(tape_height(tape), 2);
    const struct tape_block *top = tape_blocks(tape, 2);
    ck_assert_int_eq(top->bid_min, 100);
    ck_assert_int_eq(top->bid_max, 169);
    ck_assert_int_eq(top->ask_min, 101);
    ck_assert_int_eq(top->ask_max, 170);
    ck_assert_int_eq(tape_blocks(tape, 1)[1].bid_min, 164);
    tape_close(tape);
    tape_close(NULL);
}
END_TEST

START_TEST(every_changed_byte_is_noticed)
{
    const struct scratch_path path = write_small_tape();
    size_t size;
    unsigned char *bytes = scratch_read(path.text, &size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= (unsigned char)(1 << i % 8);
        const struct scratch_path bad = scratch_write("bad.tape", bytes, size);
        struct tape *tape;
        struct failure failure;
        const enum err err = tape_open(bad.text, &tape, &failure);
        const int is_version = i >= offsetof(struct tape_header, version) &&
                               i < offsetof(struct tape_header, block_rows);
        ck_assert_msg(err == (is_version ? ERR_VERSION : ERR_CORRUPT), "byte %zu: %s", i,
                      err_name(err));
        bytes[i] ^= (unsigned char)(1 << i % 8);
    }
    free(bytes);
}
END_TEST

START_TEST(every_other_length_is_noticed)
{
    const struct scratch_path path = write_small_tape();
    size_t size;
    unsigned char *bytes = scratch_read(path.text, &size);
    struct tape *tape;
    struct failure failure;
    for (size_t length = 0; length < size; length++) {
        const struct scratch_path cut = scratch_write("cut.tape", bytes, length);
        ck_assert_int_eq(tape_open(cut.text, &tape, &failure), ERR_CORRUPT);
    }
    char expected[64];
    (void)snprintf(expected, sizeof(expected),
                   "the tape has %zu bytes, expected %zu (make it again)", size - 1, size);
    scratch_assert_ends(failure.text, expected);
    bytes[size] = 0;
    const struct scratch_path longer = scratch_write("long.tape", bytes, size + 1);
    ck_assert_int_eq(tape_open(longer.text, &tape, &failure), ERR_CORRUPT);
    free(bytes);
}
END_TEST

START_TEST(what_is_no_tape_is_refused)
{
    struct tape *tape;
    struct failure failure;
    ck_assert_int_eq(tape_open(scratch_path("absent.tape").text, &tape, &failure), ERR_NOT_FOUND);
    scratch_assert_ends(failure.text, "absent.tape: cannot open: No such file or directory");
    ck_assert_int_eq(tape_open(scratch_folder, &tape, &failure), ERR_CORRUPT);
    char text[1024];
    memset(text, 'x', sizeof(text));
    const struct scratch_path path = scratch_write("text.tape", text, sizeof(text));
    ck_assert_int_eq(tape_open(path.text, &tape, &failure), ERR_CORRUPT);
    scratch_assert_ends(failure.text, "text.tape: not a tape, expected a file made by tape make");
    char name[300];
    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    ck_assert_int_eq(tape_open(scratch_path(name).text, &tape, &failure), ERR_IO);
}
END_TEST

START_TEST(another_version_is_named)
{
    const struct scratch_path path = write_small_tape();
    size_t size;
    unsigned char *bytes = scratch_read(path.text, &size);
    bytes[offsetof(struct tape_header, version)] = TAPE_VERSION + 1;
    const struct scratch_path newer = scratch_write("newer.tape", bytes, size);
    struct tape *tape;
    struct failure failure;
    ck_assert_int_eq(tape_open(newer.text, &tape, &failure), ERR_VERSION);
    scratch_assert_ends(failure.text,
                        "newer.tape: a tape of version 2, expected 1 (make it again)");
    free(bytes);
}
END_TEST

START_TEST(the_pyramid_has_the_right_shape)
{
    static const struct {
        uint64_t rows;
        size_t levels;
        size_t blocks_total;
    } shapes[] = {
        {1, 1, 1}, {64, 1, 1}, {65, 2, 2 + 1}, {4096, 2, 64 + 1}, {4097, 3, 65 + 2 + 1},
    };
    for (int i = 0; i < COUNT_OF(shapes); i++) {
        const struct tape_pyramid pyramid = tape_pyramid_of(shapes[i].rows);
        ck_assert_uint_eq(pyramid.levels, shapes[i].levels);
        ck_assert_uint_eq(pyramid.blocks_total, shapes[i].blocks_total);
        ck_assert_uint_eq(tape_offset(shapes[i].rows, TAPE_SECTION_COUNT),
                          TAPE_HEADER_SIZE + 40 * shapes[i].rows + 32 * shapes[i].blocks_total);
    }
    ck_assert_uint_le(tape_pyramid_of(TAPE_ROWS_MAX).levels, TAPE_LEVELS_MAX);
}
END_TEST

START_TEST(of_a_long_source_the_end_stays)
{
    char source[1000];
    memset(source, 'a', sizeof(source));
    memcpy(source + sizeof(source) - 5, "/end", 5);
    struct tape_header header = tape_header_new();
    tape_header_set_source(&header, source);
    ck_assert_uint_eq(strlen(header.source), TAPE_SOURCE_MAX - 1);
    scratch_assert_ends(header.source, "aa/end");
    tape_header_set_source(&header, "b");
    ck_assert_str_eq(header.source, "b");
}
END_TEST

START_TEST(the_checksum_is_crc32)
{
    /* The check value of CRC-32, and that parts add up. */
    ck_assert_uint_eq(tape_crc(0, "123456789", 9), 0xCBF43926);
    ck_assert_uint_eq(tape_crc(tape_crc(0, "1234", 4), "56789", 5), 0xCBF43926);
    struct tape_header header = tape_header_new();
    const uint32_t crc = tape_header_crc(&header);
    header.header_crc = crc;
    ck_assert_uint_eq(tape_header_crc(&header), crc);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("tape");
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, columns_hold_what_was_written);
    tcase_add_test(cases, every_changed_byte_is_noticed);
    tcase_add_test(cases, every_other_length_is_noticed);
    tcase_add_test(cases, what_is_no_tape_is_refused);
    tcase_add_test(cases, another_version_is_named);
    tcase_add_test(cases, the_pyramid_has_the_right_shape);
    tcase_add_test(cases, of_a_long_source_the_end_stays);
    tcase_add_test(cases, the_checksum_is_crc32);
    return suite_run("tape", cases);
}
