/*
 * tests/support/scratch.h - a folder for the files of one test, and ways to fill it.
 *
 * scratch_setup() and scratch_teardown() are a checked fixture: every test has a folder of its own,
 * below TMPDIR.
 *
 * Threads: one test process.
 */
#ifndef TUTTI_TESTS_SUPPORT_SCRATCH_H
#define TUTTI_TESTS_SUPPORT_SCRATCH_H

#include <check.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"

enum { SCRATCH_PATH_MAX = 512, SCRATCH_DEPTH_MAX = 8 };

static char scratch_folder[SCRATCH_PATH_MAX / 2];

static inline void scratch_setup(void)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(scratch_folder, sizeof(scratch_folder), "%s/tutti-test-XXXXXX",
                   base != NULL ? base : P_tmpdir);
    ck_assert_ptr_nonnull(mkdtemp(scratch_folder));
}

static inline int scratch_remove(const char *path, const struct stat *file, int type,
                                 struct FTW *place)
{
    (void)file;
    (void)type;
    (void)place;
    return remove(path);
}

/* Removes the folder with all that is in it. */
static inline void scratch_teardown(void)
{
    ck_assert_int_eq(nftw(scratch_folder, scratch_remove, SCRATCH_DEPTH_MAX, FTW_DEPTH | FTW_PHYS),
                     0);
}

struct scratch_path {
    char text[SCRATCH_PATH_MAX];
};

/* The path of a file in the folder. Allocates nothing: it is asked for while memory is refused. */
static inline struct scratch_path scratch_path(const char *name)
{
    struct scratch_path path;
    const int length = snprintf(path.text, sizeof(path.text), "%s/%s", scratch_folder, name);
    ASSERT(length < (int)sizeof(path.text));
    return path;
}

/* How many files are in the folder. */
static inline int scratch_count(void)
{
    DIR *folder = opendir(scratch_folder);
    ck_assert_ptr_nonnull(folder);
    int count = 0;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(folder);
    return count;
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
