/*
 * tests/unit/market/test_csv.c - the strict reader of recorded files.
 */
#include "market/feeds/csv.h"

#include <check.h>
#include <sys/stat.h>

#include "base/decimal.h"
#include "packed.h"
#include "suite.h"

static const char *const name_a[] = {"a", NULL};
static const char *const name_b[] = {"x", "b", NULL};

/* Reads a whole file with columns a (number) and b (time); the first error ends it. */
static enum err read_all(const char *path, int *ret_rows, struct failure *failure)
{
    struct csv_reader *reader;
    *ret_rows = 0;
    enum err err = csv_open(path, &reader, failure);
    if (err != ERR_NONE) {
        return err;
    }
    size_t a;
    size_t b;
    err = csv_column(reader, name_a, &a, failure);
    if (err == ERR_NONE) {
        err = csv_column(reader, name_b, &b, failure);
    }
    while (err == ERR_NONE && (err = csv_next(reader, failure)) == ERR_NONE) {
        struct csv_number number;
        int64_t time_ns;
        err = csv_number(reader, a, &number, failure);
        if (err == ERR_NONE) {
            err = csv_time(reader, b, &time_ns, failure);
        }
        *ret_rows += err == ERR_NONE;
    }
    csv_close(reader);
    return err;
}

/* Texts and what is wrong with them. */
static const struct {
    const char *text;
    enum err err;
    int rows; /* Read before. */
    const char *message;
} files[] = {
    {"a,b\n1,2\n3,4\n", ERR_END, 2, ""},
    {"a,b\r\n1,2\r\n3,4\r\n", ERR_END, 2, ""},
    {"a,b\n1,2\n3,4", ERR_END, 2, ""},
    {"\xEF\xBB\xBF"
     "a,b\n1,2\n",
     ERR_END, 1, ""},
    {"b,c,a\n1,,2\n", ERR_END, 1, ""},
    {"a,x\n1,2\n", ERR_END, 1, ""},
    {"a,b\n", ERR_END, 0, ""},
    {"a,b", ERR_END, 0, ""},
    {"", ERR_SYNTAX, 0, ":1: no header row, expected the names of the columns"},
    {"\n1,2\n", ERR_SYNTAX, 0, ":1: no header row, expected the names of the columns"},
    {"1,2\n3,4\n", ERR_SYNTAX, 0, ":1: no header row, expected the names of the columns"},
    {"-1,2\n", ERR_SYNTAX, 0, ":1: no header row, expected the names of the columns"},
    {"b,c\n1,2\n", ERR_SYNTAX, 0, ":1: no column \"a\", expected exactly one"},
    {"a,b,a\n", ERR_SYNTAX, 0, ":1: more than one column \"a\", expected exactly one"},
    {"a,b,x\n", ERR_SYNTAX, 0, ":1: more than one column \"x\", expected exactly one"},
    {"A,b\n1,2\n", ERR_SYNTAX, 0, ":1: no column \"a\", expected exactly one"},
    {"a,b\n1,2\n1\n", ERR_SYNTAX, 1, ":3: 1 fields, expected 2 as in the header row"},
    {"a,b\n1,2,3\n", ERR_SYNTAX, 0, ":2: 3 fields, expected 2 as in the header row"},
    {"a,b\n1,2\n\n3,4\n", ERR_SYNTAX, 1, ":3: 0 fields, expected 2 as in the header row"},
    {"a,b\n,2\n", ERR_SYNTAX, 0, ":2: a: \"\", expected a decimal number such as 61659.70"},
    {"a,b\n1e5,2\n", ERR_SYNTAX, 0, ":2: a: \"1e5\", expected a decimal number such as 61659.70"},
    {"a,b\n+1,2\n", ERR_SYNTAX, 0, ":2: a: \"+1\", expected a decimal number such as 61659.70"},
    {"a,b\n-1,2\n", ERR_SYNTAX, 0, ":2: a: \"-1\", expected a decimal number such as 61659.70"},
    {"a,b\n.5,2\n", ERR_SYNTAX, 0, ":2: a: \".5\", expected a decimal number such as 61659.70"},
    {"a,b\n5.,2\n", ERR_SYNTAX, 0, ":2: a: \"5.\", expected a decimal number such as 61659.70"},
    {"a,b\n1.2.3,2\n", ERR_SYNTAX, 0,
     ":2: a: \"1.2.3\", expected a decimal number such as 61659.70"},
    {"a,b\n1.x0,2\n", ERR_SYNTAX, 0, ":2: a: \"1.x0\", expected a decimal number such as 61659.70"},
    {"a,b\n 1,2\n", ERR_SYNTAX, 0, ":2: a: \" 1\", expected a decimal number such as 61659.70"},
    {"a,b\n\"1\",2\n", ERR_SYNTAX, 0,
     ":2: a: \"\"1\"\", expected a decimal number such as 61659.70"},
    {"a,b\n\x1b[31m,2\n", ERR_SYNTAX, 0,
     ":2: a: \"?[31m\", expected a decimal number such as 61659.70"},
    {"a,b\n1234567890123456789012345678901234567890x,2\n", ERR_SYNTAX, 0,
     ":2: a: \"1234567890123456789012345678901234567890...\", "
     "expected a decimal number such as 61659.70"},
    {"a,b\n99999999999999999999,2\n", ERR_OVERFLOW, 0,
     ":2: a: \"99999999999999999999\", expected a number of at most 18 digits"},
    {"a,b\n0.0000000000000000001,2\n", ERR_OVERFLOW, 0,
     ":2: a: \"0.0000000000000000001\", expected a number of at most 18 digits"},
    {"a,b\n1,\n", ERR_SYNTAX, 0,
     ":2: b: \"\", expected a time in epoch milliseconds (13 digits) or microseconds (16)"},
    {"a,b\n1,1.5\n", ERR_SYNTAX, 0,
     ":2: b: \"1.5\", expected a time in epoch milliseconds (13 digits) or microseconds (16)"},
    {"a,b\n1,17231612563220\n", ERR_SYNTAX, 0,
     ":2: b: \"17231612563220\", expected a time in epoch milliseconds (13 digits) or "
     "microseconds (16)"},
    {"a,b\n1,9999999999999\n", ERR_RANGE, 0,
     ":2: b: \"9999999999999\", expected a time before the year 2262"},
};

START_TEST(files_are_read_or_refused_with_their_place)
{
    struct failure failure = {0};
    int rows;
    const struct scratch_path path = scratch_write_text("file.csv", files[_i].text);
    ck_assert_int_eq(read_all(path.text, &rows, &failure), files[_i].err);
    ck_assert_int_eq(rows, files[_i].rows);
    if (files[_i].err != ERR_END) {
        char expected[1024];
        (void)snprintf(expected, sizeof(expected), "%s%s", path.text, files[_i].message);
        ck_assert_str_eq(failure.text, expected);
        ck_assert_int_eq(failure.code, files[_i].err);
    }
    /* The same, compressed. */
    const struct scratch_path packed = packed_write("file.csv.gz", files[_i].text);
    ck_assert_int_eq(read_all(packed.text, &rows, &failure), files[_i].err);
    ck_assert_int_eq(rows, files[_i].rows);
}
END_TEST

static const struct {
    const char *text;
    int64_t mantissa;
    unsigned digits;
} numbers[] = {
    {"0", 0, 0},
    {"1", 1, 0},
    {"007", 7, 0},
    {"61837.63000000", 6183763, 2},
    {"1236.7526000000000000", 12367526, 4},
    {"100", 100, 0},
    {"100.000", 100, 0},
    {"0.000", 0, 0},
    {"0.000000000000000001", 1, 18},
    {"9.000000000000000001", 9000000000000000001, 18},
    {"9223372036854775806", INT64_MAX - 1, 0},
    {"9223372036854775806.00", INT64_MAX - 1, 0},
    {"92233720368547758.06", INT64_MAX - 1, 2},
};

START_TEST(numbers_are_exact)
{
    char text[128];
    (void)snprintf(text, sizeof(text), "a\n%s\n", numbers[_i].text);
    const struct scratch_path path = scratch_write_text("file.csv", text);
    struct csv_reader *reader;
    ck_assert_int_eq(csv_open(path.text, &reader, NULL), ERR_NONE);
    ck_assert_int_eq(csv_next(reader, NULL), ERR_NONE);
    struct csv_number number;
    ck_assert_int_eq(csv_number(reader, 0, &number, NULL), ERR_NONE);
    ck_assert_int_eq(number.mantissa, numbers[_i].mantissa);
    ck_assert_uint_eq(number.digits, numbers[_i].digits);
    csv_close(reader);
}
END_TEST

START_TEST(the_largest_mantissa_is_refused)
{
    const struct scratch_path path = scratch_write_text("file.csv", "a\n9223372036854775807\n");
    struct csv_reader *reader;
    ck_assert_int_eq(csv_open(path.text, &reader, NULL), ERR_NONE);
    ck_assert_int_eq(csv_next(reader, NULL), ERR_NONE);
    struct csv_number number;
    ck_assert_int_eq(csv_number(reader, 0, &number, NULL), ERR_OVERFLOW);
    csv_close(reader);
}
END_TEST

static const struct {
    const char *text;
    int64_t time_ns;
} times[] = {
    {"0", 0},
    {"1723161256322", 1723161256322000000},
    {"1723161256322001", 1723161256322001000},
    {"9223372036854", 9223372036854000000},
    {"9223372036854775", 9223372036854775000},
};

START_TEST(times_are_milliseconds_or_microseconds)
{
    char text[128];
    (void)snprintf(text, sizeof(text), "t\n%s\n", times[_i].text);
    const struct scratch_path path = scratch_write_text("file.csv", text);
    struct csv_reader *reader;
    ck_assert_int_eq(csv_open(path.text, &reader, NULL), ERR_NONE);
    ck_assert_int_eq(csv_next(reader, NULL), ERR_NONE);
    int64_t time_ns;
    ck_assert_int_eq(csv_time(reader, 0, &time_ns, NULL), ERR_NONE);
    ck_assert_int_eq(time_ns, times[_i].time_ns);
    csv_close(reader);
}
END_TEST

START_TEST(text_and_refusal_name_the_field)
{
    const struct scratch_path path = scratch_write_text("file.csv", "id,maker\n1,true\n");
    struct csv_reader *reader;
    struct failure failure;
    ck_assert_int_eq(csv_open(path.text, &reader, NULL), ERR_NONE);
    ck_assert_int_eq(csv_next(reader, NULL), ERR_NONE);
    const struct csv_field field = csv_text(reader, 1);
    ck_assert_uint_eq(field.length, 4);
    ck_assert_int_eq(memcmp(field.text, "true", 4), 0);
    ck_assert_int_eq(csv_refuse(reader, 1, ERR_RANGE, "false", &failure), ERR_RANGE);
    scratch_assert_ends(failure.text, "file.csv:2: maker: \"true\", expected false");
    ck_assert_str_eq(csv_path(reader), path.text);
    csv_close(reader);
}
END_TEST

/* A line of `length` bytes in one field of zeros. */
static enum err read_long_line(size_t length, const char *line_end)
{
    char *text = malloc(length + 16);
    memcpy(text, "a\n", 2);
    memset(text + 2, '0', length);
    memcpy(text + 2 + length, line_end, strlen(line_end) + 1);
    const struct scratch_path path = scratch_write_text("long.csv", text);
    free(text);
    struct csv_reader *reader;
    ck_assert_int_eq(csv_open(path.text, &reader, NULL), ERR_NONE);
    const enum err err = csv_next(reader, NULL);
    csv_close(reader);
    return err;
}

START_TEST(lines_have_a_limit)
{
    static const char *const line_ends[] = {"\n", "\r\n", ""};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(read_long_line(CSV_LINE_MAX, line_ends[i]), ERR_NONE);
        ck_assert_int_eq(read_long_line(CSV_LINE_MAX + 1, line_ends[i]), ERR_LIMIT);
        ck_assert_int_eq(read_long_line(1000000, line_ends[i]), ERR_LIMIT);
    }
}
END_TEST

START_TEST(columns_have_a_limit)
{
    char text[256] = "a";
    for (int i = 1; i < CSV_FIELDS_MAX; i++) {
        strcat(text, ",a");
    }
    struct csv_reader *reader;
    struct failure failure;
    const struct scratch_path most = scratch_write_text("most.csv", text);
    ck_assert_int_eq(csv_open(most.text, &reader, &failure), ERR_NONE);
    csv_close(reader);
    strcat(text, ",a\n");
    const struct scratch_path more = scratch_write_text("more.csv", text);
    ck_assert_int_eq(csv_open(more.text, &reader, &failure), ERR_LIMIT);
    scratch_assert_ends(failure.text, "more.csv:1: too many columns, expected at most 32");

    char row[512];
    (void)snprintf(row, sizeof(row), "a,b\n%s", text);
    const struct scratch_path wide = scratch_write_text("wide.csv", row);
    int rows;
    ck_assert_int_eq(read_all(wide.text, &rows, &failure), ERR_SYNTAX);
    scratch_assert_ends(failure.text, ":2: more than 32 fields, expected 2 as in the header row");
}
END_TEST

/* Rows that do not compress well, more than the reader's buffer holds. */
static char *many_rows(int count)
{
    char *text = malloc((size_t)count * 48 + 16);
    size_t length = (size_t)sprintf(text, "a,b\n");
    for (unsigned i = 0; i < (unsigned)count; i++) {
        length += (size_t)sprintf(text + length, "%u.%u,%u\n", i * 2654435761u, i * 40503u % 100000,
                                  1600000000u + i);
    }
    return text;
}

START_TEST(a_gzip_that_is_cut_short_is_corrupt)
{
    char *text = many_rows(50000);
    const struct scratch_path path = packed_write("file.csv.gz", text);
    int rows;
    struct failure failure;
    ck_assert_int_eq(read_all(path.text, &rows, &failure), ERR_END);
    ck_assert_int_eq(rows, 50000);
    size_t size;
    unsigned char *bytes = scratch_read(path.text, &size);
    static const size_t missing[] = {1, 7, 8, 9, 1000, 100000};
    for (int i = 0; i < COUNT_OF(missing); i++) {
        const struct scratch_path cut = scratch_write("cut.csv.gz", bytes, size - missing[i]);
        ck_assert_int_eq(read_all(cut.text, &rows, &failure), ERR_CORRUPT);
        ck_assert_ptr_nonnull(strstr(failure.text, "the compressed data ends early"));
    }
    free(bytes);
    free(text);
}
END_TEST

START_TEST(a_gzip_that_is_damaged_is_corrupt)
{
    char *text = many_rows(50000);
    const struct scratch_path path = packed_write("file.csv.gz", text);
    size_t size;
    unsigned char *bytes = scratch_read(path.text, &size);
    bytes[size - 6] ^= 1; /* In the checksum at the end. */
    int rows;
    struct failure failure;
    const struct scratch_path bad = scratch_write("bad.csv.gz", bytes, size);
    ck_assert_int_eq(read_all(bad.text, &rows, &failure), ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(failure.text, "damaged compressed data"));
    bytes[size - 6] ^= 1;
    memset(bytes + size / 2, 0xFF, 64);
    const struct scratch_path worse = scratch_write("worse.csv.gz", bytes, size);
    /* What comes out may look like a bad row before the checksum is reached. */
    ck_assert_int_ne(read_all(worse.text, &rows, &failure), ERR_END);
    free(bytes);
    free(text);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    struct csv_reader *reader;
    struct failure failure;
    ck_assert_int_eq(csv_open(scratch_path("absent.csv").text, &reader, &failure), ERR_NOT_FOUND);
    scratch_assert_ends(failure.text, "absent.csv: cannot open: No such file or directory");
    ck_assert_int_eq(csv_open(scratch_folder, &reader, &failure), ERR_UNSUPPORTED);
    scratch_assert_ends(failure.text, ": not a regular file, expected a CSV file (plain or .gz)");
    const struct scratch_path pipe = scratch_path("pipe.csv");
    ck_assert_int_eq(mkfifo(pipe.text, 0600), 0);
    ck_assert_int_eq(csv_open(pipe.text, &reader, &failure), ERR_UNSUPPORTED);
    char name[300];
    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    ck_assert_int_eq(csv_open(scratch_path(name).text, &reader, &failure), ERR_IO);
    csv_close(NULL);
}
END_TEST

START_TEST(identity_and_offset_follow_the_file)
{
    char *text = many_rows(20000);
    const struct scratch_path path = packed_write("file.csv.gz", text);
    struct stat status;
    ck_assert_int_eq(stat(path.text, &status), 0);
    struct csv_reader *reader;
    ck_assert_int_eq(csv_open(path.text, &reader, NULL), ERR_NONE);
    const struct csv_identity identity = csv_identity_of(reader);
    ck_assert_uint_eq(identity.size, (uint64_t)status.st_size);
    ck_assert_int_eq(identity.modified_ns / 1000000000, status.st_mtim.tv_sec);
    uint64_t offset = 0;
    while (csv_next(reader, NULL) == ERR_NONE) {
        ck_assert_uint_ge(csv_offset(reader), offset);
        offset = csv_offset(reader);
        ck_assert_uint_le(offset, identity.size);
    }
    ck_assert_uint_eq(offset, identity.size);
    csv_close(reader);
    free(text);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("csv");
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_add_loop_test(cases, files_are_read_or_refused_with_their_place, 0, COUNT_OF(files));
    tcase_add_loop_test(cases, numbers_are_exact, 0, COUNT_OF(numbers));
    tcase_add_test(cases, the_largest_mantissa_is_refused);
    tcase_add_loop_test(cases, times_are_milliseconds_or_microseconds, 0, COUNT_OF(times));
    tcase_add_test(cases, text_and_refusal_name_the_field);
    tcase_add_test(cases, lines_have_a_limit);
    tcase_add_test(cases, columns_have_a_limit);
    tcase_add_test(cases, a_gzip_that_is_cut_short_is_corrupt);
    tcase_add_test(cases, a_gzip_that_is_damaged_is_corrupt);
    tcase_add_test(cases, what_is_no_file_is_refused);
    tcase_add_test(cases, identity_and_offset_follow_the_file);
    return suite_run("csv", cases);
}
