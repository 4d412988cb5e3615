/*
 * tests/unit/config/test_corpus.c - replays every input that the fuzzers start from.
 *
 * One test per file, so that a crash is booked to the file that caused it.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/node.h"
#include "tests/unit/config/reading.h"

#define CORPUS TUTTI_SOURCE_DIR "/tests/fuzz/corpus/"

enum { FILE_BYTES_MAX = NODE_BYTES_MAX + 1 };

static struct dirent **yaml_files;
static struct dirent **json_files;

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The bytes of a file; the caller frees them. */
static char *load(const char *folder, const char *name, size_t *ret_length)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s%s/%s", CORPUS, folder, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    char *bytes = malloc(FILE_BYTES_MAX);
    *ret_length = fread(bytes, 1, FILE_BYTES_MAX, file);
    (void)fclose(file);
    return bytes;
}

/* What the fuzzers assert: a problem or a tree, and the tree prints to JSON that is read back. */
static void expect_consistent(struct reading *reading, const char *name)
{
    ck_assert_msg((reading->err == ERR_NONE) == (reading->problems.count == 0), "%s", name);
    if (reading->err != ERR_NONE) {
        return;
    }
    struct reading again;
    reading_init(&again);
    again.err = node_read_json("printed", text_string(&reading->printed), reading->printed.length,
                               NODE_DEPTH_MAX, &again.arena, &again.problems, &again.root);
    ck_assert_msg(again.err == ERR_NONE, "%s: %s", name, reading_lines(&again));
    reading_done(&again);
}

/* Memory of exactly the input's length, so that a sanitizer sees a read beyond it. */
static char *exact_copy(const char *bytes, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    memcpy(copy, bytes, length);
    return copy;
}

START_TEST(yaml_inputs_are_refused_or_printed)
{
    size_t length;
    char *bytes = load("yaml", yaml_files[_i]->d_name, &length);
    char *copy = exact_copy(bytes, length);
    struct reading reading;
    reading_yaml_bytes(&reading, copy, length);
    expect_consistent(&reading, yaml_files[_i]->d_name);
    reading_done(&reading);
    free(copy);
    free(bytes);
}
END_TEST

START_TEST(json_inputs_are_refused_or_printed)
{
    size_t length;
    char *bytes = load("json", json_files[_i]->d_name, &length);
    char *copy = exact_copy(bytes, length);
    struct reading reading;
    reading_json_bytes(&reading, copy, length);
    expect_consistent(&reading, json_files[_i]->d_name);
    reading_done(&reading);
    free(copy);
    free(bytes);
}
END_TEST

static int list(const char *folder, struct dirent ***ret_files)
{
    const int count = scandir(folder, ret_files, is_input, alphasort);
    if (count <= 0) {
        (void)fprintf(stderr, "no corpus in %s\n", folder);
        exit(1);
    }
    return count;
}

static void release(struct dirent **files, int count)
{
    for (int i = 0; i < count; i++) {
        free(files[i]);
    }
    free(files);
}

int main(void)
{
    const int yaml_count = list(CORPUS "yaml", &yaml_files);
    const int json_count = list(CORPUS "json", &json_files);
    Suite *suite = suite_create("corpus");
    TCase *files = tcase_create("files");
    tcase_add_loop_test(files, yaml_inputs_are_refused_or_printed, 0, yaml_count);
    tcase_add_loop_test(files, json_inputs_are_refused_or_printed, 0, json_count);
    suite_add_tcase(suite, files);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    release(yaml_files, yaml_count);
    release(json_files, json_count);
    return failed == 0 ? 0 : 1;
}
