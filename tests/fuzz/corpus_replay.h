/*
 * tests/fuzz/corpus_replay.h - gives every file of a corpus to a function.
 *
 * Names say what must come out: good-* is accepted, bad-* is refused, others may be either.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FUZZ_CORPUS_REPLAY_H
#define TUTTI_TESTS_FUZZ_CORPUS_REPLAY_H

#include <check.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CORPUS_FILE_MAX = 1 << 20 };

/* Memory of exactly the file's length, so that a sanitizer sees a read beyond it. */
static inline uint8_t *corpus_load(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    uint8_t *bytes = malloc(CORPUS_FILE_MAX);
    *ret_size = fread(bytes, 1, CORPUS_FILE_MAX, file);
    (void)fclose(file);
    uint8_t *exact = malloc(*ret_size > 0 ? *ret_size : 1);
    memcpy(exact, bytes, *ret_size);
    free(bytes);
    return exact;
}

/* Returns how many files there were; `take` says whether it accepted one. */
static inline int corpus_replay(const char *name, int (*take)(const uint8_t *data, size_t size))
{
    char folder[512];
    (void)snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", TUTTI_SOURCE_DIR, name);
    DIR *entries = opendir(folder);
    ck_assert_msg(entries != NULL, "%s is missing", folder);
    int count = 0;
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char path[1024];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        size_t size;
        uint8_t *bytes = corpus_load(path, &size);
        const int is_accepted = take(bytes, size);
        free(bytes);
        ck_assert_msg(strncmp(entry->d_name, "good-", 5) != 0 || is_accepted, "%s/%s is refused",
                      name, entry->d_name);
        ck_assert_msg(strncmp(entry->d_name, "bad-", 4) != 0 || !is_accepted, "%s/%s is accepted",
                      name, entry->d_name);
        count++;
    }
    (void)closedir(entries);
    return count;
}

static inline int corpus_run(TCase *cases)
{
    Suite *suite = suite_create("corpus");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

#endif
