/*
 * tests/unit/market/test_corpus.c - replays the corpora of the fuzz targets.
 *
 * Names say what must come out: good-* is accepted, bad-* is refused.
 */
#include <check.h>
#include <dirent.h>

#include "tests/support/scratch.h"
#include "suite.h"
#include "tests/fuzz/market_input.h"

/* Gives each file of a corpus to `take`, which says whether it was accepted. */
static int replay(const char *name, int (*take)(const uint8_t *data, size_t size))
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
        unsigned char *bytes = scratch_read(path, &size);
        const int is_accepted = take(bytes, size);
        free(bytes);
        ck_assert_msg(strncmp(entry->d_name, "good-", 5) != 0 || is_accepted, "%s is refused",
                      entry->d_name);
        ck_assert_msg(strncmp(entry->d_name, "bad-", 4) != 0 || !is_accepted, "%s is accepted",
                      entry->d_name);
        count++;
    }
    (void)closedir(entries);
    return count;
}

static int take_csv(const uint8_t *data, size_t size)
{
    return market_input_read_csv(data, size) > 0;
}

static int take_tape(const uint8_t *data, size_t size)
{
    (void)market_input_open_sealed_tape(data, size);
    return market_input_open_tape(data, size) == ERR_NONE;
}

START_TEST(csv_corpus)
{
    ck_assert_int_ge(replay("csv", take_csv), 20);
}
END_TEST

START_TEST(tape_corpus)
{
    ck_assert_int_ge(replay("tape", take_tape), 10);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("corpus");
    tcase_add_test(cases, csv_corpus);
    tcase_add_test(cases, tape_corpus);
    return suite_run("corpus", cases);
}
