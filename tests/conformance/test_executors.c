/*
 * What every executor kind keeps, whatever it does: played over the registry, and with it the kind
 * of the example plugin.
 *
 * A play is a seeded walk of prices, an executor and a venue that misbehaves by its traits. After
 * every step the books of the venue are compared with those of the executor, and every request is
 * looked at. The same play must come out the same when the executor is saved and loaded after every
 * step, and when it is only evaluated on its own wakes. A failure names kind, configuration, venue,
 * seed, mode and step; TUTTI_SEED=n repeats one seed alone.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executors/plugin.h"
#include "executors/registry.h"
#include "tests/conformance/executor_cases.h"
#include "tests/conformance/executor_play.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

extern const struct plugin tutti_plugin; /* Of examples/plugin/trigger.c. */

enum { PLAY_SEEDS = 6 }; /* Per configuration and venue. */

/* What came about in the walks of a kind. */
struct tally {
    size_t repeated;
    size_t late;
    size_t resting; /* Orders that may wait for their price. */
};

/* The same play in all modes; the requests have to be the same. */
static void play_all_modes(struct play_plan plan, struct tally *tally)
{
    plan.mode = PLAY_PLAIN;
    struct play *plain = play_open(&plan);
    play_run(plain);
    for (plan.mode = PLAY_RELOAD; plan.mode < PLAY_MODE_COUNT; plan.mode++) {
        struct play *other = play_open(&plan);
        play_run(other);
        if (strcmp(text_string(&plain->trace), text_string(&other->trace)) != 0) {
            (void)printf("evaluated at every step:\n%s", text_string(&plain->trace));
            play_demand(other, false, "saved, loaded or woken, it does the same");
        }
        play_close(other);
    }
    tally->repeated += plain->repeated;
    tally->late += plain->late;
    for (size_t i = 0; i < plain->venue.order_count; i++) {
        tally->resting += plain->venue.orders[i].request.type != ORDER_MARKET ? 1 : 0;
    }
    play_close(plain);
}

/* Whether a seed is to be played: all, or the one in TUTTI_SEED. */
static bool seed_is_wanted(uint64_t seed)
{
    const char *only = getenv("TUTTI_SEED");
    return only == NULL || strtoull(only, NULL, 10) == seed;
}

static const struct adversary_traits venues[] = {
    {.name = "honest"},
    {.name = "slow", .slow = 60},
    {.name = "rejecting", .reject = 50},
    {.name = "refusing all", .reject = ADVERSARY_ALL},
    {.name = "expelling", .expel = 30},
    {.name = "in parts", .part = 90},
    {.name = "losing races", .lose = 50, .slow = 30, .part = 60},
    {.name = "late", .late = 70, .slow = 30, .part = 70},
    {.name = "saying it again", .twice = ADVERSARY_ALL, .part = 70, .slow = 20},
    {.name = "late and again", .late = ADVERSARY_ALL, .twice = 60, .part = 80, .slow = 30},
    {.name = "withholding", .hold = 30, .part = 50, .slow = 20},
    {.name = "withholding all", .hold = ADVERSARY_ALL},
    {.name = "all at once",
     .reject = 15,
     .expel = 10,
     .part = 50,
     .slow = 30,
     .lose = 30,
     .late = 30,
     .hold = 10,
     .twice = 40},
};

START_TEST(test_every_kind_has_cases)
{
    const struct executor_kind *kind = executor_kind_at((size_t)_i);
    size_t count = 0;
    for (size_t i = 0; i < COUNT(executor_cases); i++) {
        count += executor_case_is_of(&executor_cases[i], kind->type);
    }
    ck_assert_msg(count >= 2, "%s: add at least two configurations of it to %s", kind->type,
                  "tests/conformance/executor_cases.h");
}
END_TEST

/* Every configuration with every venue, to the end. */
START_TEST(test_walks)
{
    const struct executor_kind *kind = executor_kind_at((size_t)_i);
    struct tally tally = {0};
    for (size_t i = 0; i < COUNT(executor_cases) * COUNT(venues); i++) {
        const struct executor_case *subject = &executor_cases[i / COUNT(venues)];
        for (uint64_t seed = 1; seed <= PLAY_SEEDS && executor_case_is_of(subject, kind->type);
             seed++) {
            if (seed_is_wanted(seed)) {
                play_all_modes((struct play_plan){.config = subject->config,
                                                  .traits = &venues[i % COUNT(venues)],
                                                  .seed = seed,
                                                  .stop_step = PLAY_STOP_NEVER,
                                                  .keeps_position = seed % 2 == 0},
                               &tally);
            }
        }
    }
    if (getenv("TUTTI_SEED") == NULL) {
        ck_assert_msg(tally.repeated > 0, "%s: no fill was told again", kind->type);
        ck_assert_msg(tally.late > 0 || tally.resting == 0, "%s: no fill came after the end",
                      kind->type);
    }
}
END_TEST

/* Stopped while the venue does what it is told: now the end is known exactly. */
static void stop_and_judge(const struct executor_case *subject, struct play_plan plan)
{
    struct play *play = play_open(&plan);
    play_run(play);
    const struct executor *executor = play->executor;
    if (play->is_stopped) {
        const bool is_kept = plan.keeps_position || subject->hands_over_always;
        const struct decimal owned = play_owned(play);
        const bool is_pair = play->kind->market_count > 1;
        const struct decimal held = is_pair ? decimal_absolute(executor->held) : executor->held;
        const enum close_type expected =
            is_kept && decimal_sign(owned) != 0 ? CLOSE_POSITION_HOLD : CLOSE_EARLY_STOP;
        play_demand(play, executor->close_type == expected, "the close type of a stop");
        play_demand(play, decimal_equal(held, is_kept ? owned : DECIMAL_ZERO),
                    "a stop hands over what it keeps");
    }
    play_close(play);
}

/* A stop at every step of a walk, with both policies. */
START_TEST(test_stops)
{
    enum { STOPS = 60, STOP_SEEDS = 4 };
    const struct executor_kind *kind = executor_kind_at((size_t)_i);
    static const struct adversary_traits obedient[] = {{.name = "honest"},
                                                       {.name = "in parts", .part = 80},
                                                       {.name = "slow", .slow = 50, .part = 50}};
    for (size_t i = 0; i < COUNT(executor_cases) * STOP_SEEDS; i++) {
        const struct executor_case *subject = &executor_cases[i / STOP_SEEDS];
        struct play_plan plan = {.config = subject->config, .seed = 100 + i % STOP_SEEDS};
        if (!executor_case_is_of(subject, kind->type) || !seed_is_wanted(plan.seed)) {
            continue;
        }
        for (int j = 0; j < STOPS * 2; j++) {
            plan.stop_step = j / 2;
            plan.keeps_position = j % 2 == 1;
            plan.traits = &obedient[(size_t)j / 2 % COUNT(obedient)];
            stop_and_judge(subject, plan);
        }
    }
}
END_TEST

/* The same while the venue does everything wrong: how it ends is not known, but that it does, with
 * the books in order, at most one close in flight and nothing sent afterwards. */
START_TEST(test_stops_against_a_venue_that_misbehaves)
{
    enum { STOPS = 40 };
    const struct executor_kind *kind = executor_kind_at((size_t)_i);
    for (size_t i = 0; i < COUNT(executor_cases) * STOPS; i++) {
        const struct executor_case *subject = &executor_cases[i / STOPS];
        const int stop = (int)(i % STOPS);
        struct play_plan plan = {.config = subject->config,
                                 .traits = &venues[COUNT(venues) - 1 - (size_t)stop / 2 % 5],
                                 .seed = 200 + (uint64_t)stop,
                                 .stop_step = stop / 2 * 3,
                                 .keeps_position = stop % 2 == 1};
        if (executor_case_is_of(subject, kind->type) && seed_is_wanted(plan.seed)) {
            struct play *play = play_open(&plan);
            play_run(play);
            play_close(play);
        }
    }
}
END_TEST

/* Without the money for its plan it ends at once and asks for nothing. */
START_TEST(test_unfunded)
{
    const struct executor_kind *kind = executor_kind_at((size_t)_i);
    for (size_t i = 0; i < COUNT(executor_cases); i++) {
        if (!executor_case_is_of(&executor_cases[i], kind->type)) {
            continue;
        }
        struct play *play = play_open(&(struct play_plan){
            .config = executor_cases[i].config, .traits = &adversary_honest, .seed = 1});
        play_begin(play);
        executor_done(play->executor);
        free(play->executor);
        play->executor = play_new_executor(play);
        struct executor_plans plans = {0};
        kind->plan(play->config, &play->view, &plans);
        play_demand(play, plans.count > 0 && plans.count <= EXECUTOR_PLANS_MAX,
                    "a plan names what it needs");
        for (size_t j = 0; j < plans.count; j++) {
            play_demand(play,
                        decimal_is_valid(plans.items[j].amount) &&
                            decimal_sign(plans.items[j].amount) >= 0,
                        "a plan needs an amount");
        }
        kind->on_start(play->executor, &play->view, false, &play->requests);
        play_demand(play,
                    play->executor->status == EXECUTOR_TERMINATED &&
                        play->executor->close_type == CLOSE_INSUFFICIENT_BALANCE,
                    "it ends for want of balance");
        play_check_end(play);
        play_close(play);
    }
}
END_TEST

int main(void)
{
    struct failure failure;
    if (plugin_add("examples/plugin", &tutti_plugin, &failure) != ERR_NONE) {
        (void)printf("%s\n", failure.text);
        return 1;
    }
    Suite *suite = suite_create("executors");
    TCase *tcase = tcase_create("every kind");
    const int kinds = (int)executor_kind_count();
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_every_kind_has_cases, 0, kinds);
    tcase_add_loop_test(tcase, test_walks, 0, kinds);
    tcase_add_loop_test(tcase, test_stops, 0, kinds);
    tcase_add_loop_test(tcase, test_stops_against_a_venue_that_misbehaves, 0, kinds);
    tcase_add_loop_test(tcase, test_unfunded, 0, kinds);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
