/*
 * tests/integration/wake_scene.h - a run that wakes executors only when they asked for it, beside
 * one that wakes every executor on every quote: the journals must be the same, record by record and
 * field by field. A failing case prints its run file, in which the seed is.
 *
 * Header only.
 */
#ifndef TUTTI_TESTS_INTEGRATION_WAKE_SCENE_H
#define TUTTI_TESTS_INTEGRATION_WAKE_SCENE_H

#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/run.h"
#include "base/prng.h"
#include "executors/registry.h"
#include "persistence/reader.h"

enum { PATH_LENGTH_MAX = 512, ROUNDS = 12 };

/* What one case is made of. */
struct scene {
    char folder[64];
    char quotes[PATH_LENGTH_MAX];
    const char *layout; /* Of that file, as in a run file. */
    const char *tick;
    const char *step;
    struct decimal price; /* Around which the tape trades. */
    int64_t start_s;
    struct prng prng;
    struct text file;
};

/* ---- Random configurations, written as the run file would have them ---- */

static inline bool one_in(struct scene *scene, uint64_t chances)
{
    return prng_below(&scene->prng, chances) == 0;
}

/* A fraction of so many to so many ten thousandths. */
static inline struct decimal fraction_between(struct scene *scene, int64_t low, int64_t high)
{
    return decimal_from_mantissa(prng_between(&scene->prng, low, high), 4);
}

static inline void put_decimal(struct scene *scene, const char *key, struct decimal value)
{
    char printed[DECIMAL_TEXT_MAX];
    (void)decimal_print(value, printed);
    text_printf(&scene->file, "%s: \"%s\", ", key, printed);
}

static inline void put_fraction(struct scene *scene, const char *key, int64_t low, int64_t high)
{
    put_decimal(scene, key, fraction_between(scene, low, high));
}

/* The tape's price moved by so many ten thousandths. */
static inline struct decimal price_moved(const struct scene *scene, int64_t moved)
{
    const struct decimal factor = decimal_add(DECIMAL_ONE, decimal_from_mantissa(moved, 4));
    return decimal_round_to(decimal_multiply(scene->price, factor), decimal_literal(scene->tick));
}

static inline void put_price(struct scene *scene, const char *key, int64_t spread)
{
    put_decimal(scene, key, price_moved(scene, prng_between(&scene->prng, -spread, spread)));
}

/* ---- Running a file both ways ---- */

/* Without its number: what an evaluation held back is a note of that evaluation, and where there
 * are more evaluations there may be more notes. They are left out, all else is compared. */
static inline bool collect_event(void *context, uint64_t seq, const char *event)
{
    (void)seq;
    if (strncmp(event, "executor.skipped ", strlen("executor.skipped ")) == 0) {
        return true;
    }
    static const char key[] = "\"seq\":";
    const char *number = strstr(event, key);
    ck_assert_ptr_nonnull(number);
    number += strlen(key);
    text_append(context, event, (size_t)(number - event));
    text_append_string(context, number + strspn(number, "0123456789"));
    text_append_char(context, '\n');
    return true;
}

static inline void collect_journal(const struct run_config *config, bool is_exhaustive,
                                   struct text *out)
{
    const struct run_options options = {.epoch = 7, .is_exhaustive = is_exhaustive};
    struct failure failure = {0};
    struct run *run;
    ck_assert_msg(run_create(config, &options, &run, &failure) == ERR_NONE, "%s", failure.text);
    struct run_result result;
    ck_assert_msg(run_execute(run, &result, &failure) == ERR_NONE, "%s", failure.text);
    struct reader *reader;
    ck_assert_msg(reader_open(run_database(run), &reader, &failure) == ERR_NONE, "%s",
                  failure.text);
    run_destroy(run);
    ck_assert_int_eq(reader_events(reader, 1, UINT64_MAX, collect_event, out, &failure), ERR_NONE);
    reader_close(reader);
    ck_assert(!text_failed(out));
}

/* Fails with the first event that differs. */
static inline void compare_journals(const struct scene *scene, const struct text *indexed,
                                    const struct text *exhaustive)
{
    const char *a = text_string(indexed);
    const char *b = text_string(exhaustive);
    while (*a != '\0' || *b != '\0') {
        const size_t a_length = strcspn(a, "\n");
        const size_t b_length = strcspn(b, "\n");
        if (a_length != b_length || memcmp(a, b, a_length) != 0) {
            (void)fprintf(stderr, "%s\nindexed:     %.*s\nevery quote: %.*s\n",
                          text_string(&scene->file), (int)a_length, a, (int)b_length, b);
            ck_abort_msg("the journals differ, see above");
        }
        a += a_length + (a[a_length] == '\n' ? 1 : 0);
        b += b_length + (b[b_length] == '\n' ? 1 : 0);
    }
}

static inline size_t count_lines(const struct text *text, const char *topic)
{
    size_t count = 0;
    for (const char *line = text_string(text); *line != '\0';) {
        count += strncmp(line, topic, strlen(topic)) == 0 ? 1 : 0;
        line += strcspn(line, "\n") + 1;
    }
    return count;
}

/* put_file() writes the run file from the scene's random numbers. Returns how many fills there
 * were.
 */
static inline size_t play_round(struct scene *scene, uint64_t seed,
                                void (*put_file)(struct scene *scene))
{
    prng_init(&scene->prng, seed);
    text_clear(&scene->file);
    put_file(scene);
    char path[PATH_LENGTH_MAX];
    (void)snprintf(path, sizeof(path), "%s/run.yaml", scene->folder);
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    (void)fputs(text_string(&scene->file), out);
    (void)fclose(out);
    struct problems problems;
    problems_init(&problems, path);
    struct run_config config;
    ck_assert_msg(run_config_load(path, &config, &problems) == ERR_NONE, "%s%s",
                  text_string(&problems.lines), text_string(&scene->file));
    struct text indexed = {0};
    struct text exhaustive = {0};
    collect_journal(&config, false, &indexed);
    collect_journal(&config, true, &exhaustive);
    compare_journals(scene, &indexed, &exhaustive);
    const size_t fills = count_lines(&indexed, "fill ");
    text_done(&indexed);
    text_done(&exhaustive);
    run_config_done(&config);
    problems_done(&problems);
    return fills;
}

static inline void open_scene(struct scene *scene)
{
    (void)snprintf(scene->folder, sizeof(scene->folder), "/tmp/tutti-wake-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scene->folder));
}

static inline void play_rounds(struct scene *scene, uint64_t seed,
                               void (*put_file)(struct scene *scene))
{
    size_t fills = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        fills += play_round(scene, seed + round, put_file);
    }
    ck_assert_uint_gt(fills, 10 * ROUNDS); /* Something did happen. */
    text_done(&scene->file);
    char command[PATH_LENGTH_MAX];
    (void)snprintf(command, sizeof(command), "rm -r %s", scene->folder);
    ck_assert_int_eq(system(command), 0);
    message_pool_drain();
}

static inline int run_cases(const char *name, void (*add_tests)(TCase *tcase))
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 280);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

#endif
