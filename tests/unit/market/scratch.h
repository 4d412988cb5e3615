/*
 * tests/unit/market/scratch.h - a folder for the files of one test, and ways to fill it.
 *
 * scratch_setup() and scratch_teardown() are a checked fixture: every test has a folder of its own.
 *
 * Threads: one test process.
 */
#ifndef TUTTI_TESTS_UNIT_MARKET_SCRATCH_H
#define TUTTI_TESTS_UNIT_MARKET_SCRATCH_H

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { SCRATCH_PATH_MAX = 512 };

static char scratch_folder[] = P_tmpdir "/tutti.XXXXXX";

static inline void scratch_setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(scratch_folder));
}

struct scratch_path {
    char text[SCRATCH_PATH_MAX];
};

/* The path of a file in the folder. */
static inline struct scratch_path scratch_path(const char *name)
{
    struct scratch_path path;
    (void)snprintf(path.text, sizeof(path.text), "%s/%s", scratch_folder, name);
    return path;
}

/* How many files are in the folder; removes them when asked to. */
static inline int scratch_count(int remove_them)
{
    DIR *folder = opendir(scratch_folder);
    ck_assert_ptr_nonnull(folder);
    int count = 0;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            count++;
            if (remove_them) {
                ck_assert_int_eq(remove(scratch_path(entry->d_name).text), 0);
            }
        }
    }
    closedir(folder);
    return count;
}

static inline void scratch_teardown(void)
{
    (void)scratch_count(1);
    ck_assert_int_eq(rmdir(scratch_folder), 0);
}

/* Writes a file and returns its path. */
static inline struct scratch_path scratch_write(const char *name, const void *bytes, size_t size)
{
    const struct scratch_path path = scratch_path(name);
    FILE *file = fopen(path.text, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

static inline struct scratch_path scratch_write_text(const char *name, const char *text)
{
    return scratch_write(name, text, strlen(text));
}

/* Writes a gzip file and returns its path. */
static inline struct scratch_path scratch_write_gz(const char *name, const char *text)
{
    const struct scratch_path path = scratch_path(name);
    gzFile file = gzopen(path.text, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
    ck_assert_int_eq(gzclose(file), Z_OK);
    return path;
}

/* A file's bytes, allocated. */
static inline unsigned char *scratch_read(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    ck_assert_int_ge(size, 0);
    rewind(file);
    unsigned char *bytes = malloc((size_t)size + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)size, file), (size_t)size);
    (void)fclose(file);
    *ret_size = (size_t)size;
    return bytes;
}

/* The message must end with `expected`: the folder in front of it changes. */
static inline void scratch_assert_ends(const char *text, const char *expected)
{
    const size_t length = strlen(text);
    const size_t expected_length = strlen(expected);
    ck_assert_msg(length >= expected_length &&
                      strcmp(text + length - expected_length, expected) == 0,
                  "\"%s\" does not end with \"%s\"", text, expected);
}

#endif
