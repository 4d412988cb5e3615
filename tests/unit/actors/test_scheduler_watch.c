#include "actors/scheduler_watch.h"

#include <check.h>
#include <semaphore.h>

#include "actors/system_layout.h"
#include "base/instant.h"

/* ---- Marks, looked at by hand ---- */

static struct system *open_system(unsigned workers, int64_t stuck_ns)
{
    struct system *system;
    const struct system_options options = {.workers = workers, .stuck_ns = stuck_ns};
    ck_assert_int_eq(system_create(&options, &system), ERR_NONE);
    return system;
}

static const struct actor_class sleeper_class = {.name = "sleeper-with-a-long-name"};

START_TEST(a_turn_that_lasts_is_reported_once)
{
    struct system *system = open_system(1, 1);
    ck_assert_int_eq(watch_interval_ns(system), 0);
    const struct actor_ref actor = {.slot = 7, .generation = 3};
    struct watch_mark mark;
    watch_init(&mark);
    watch_look(system, &mark); /* Nobody is at work. */
    ck_assert(!mark.is_reported);
    watch_begin(&mark, actor, &sleeper_class);
    watch_look(system, &mark); /* Seen for the first time. */
    ck_assert(!mark.is_reported);
    watch_look(system, &mark);
    ck_assert(mark.is_reported);
    ck_assert_uint_eq(mark.report.actor.slot, 7);
    ck_assert_uint_eq(mark.report.actor.generation, 3);
    ck_assert_str_eq(mark.report.name, "sleeper-with-a-"); /* Cut off. */
    watch_look(system, &mark);
    ck_assert(mark.is_reported && !mark.report.is_back);
    watch_end(&mark);
    watch_look(system, &mark);
    ck_assert(!mark.is_reported && mark.report.is_back);
    system_destroy(system);
}
END_TEST

START_TEST(short_turns_are_not)
{
    struct system *system = open_system(1, 0);
    ck_assert_int_eq(watch_interval_ns(system), SYSTEM_STUCK_NS / 4);
    const struct actor_ref actor = {.slot = 0, .generation = 1};
    struct watch_mark mark;
    watch_init(&mark);
    for (int i = 0; i < 10; i++) {
        watch_begin(&mark, actor, &sleeper_class);
        watch_look(system, &mark);
        watch_look(system, &mark);
        ck_assert(!mark.is_reported);
        watch_end(&mark);
    }
    system_destroy(system);
}
END_TEST

/* ---- Actors that hang until they are noticed ---- */

struct scene {
    bool is_dedicated;
    sem_t is_noticed;
    struct actor_ref stuck;
    unsigned reports;
    unsigned returns;
};

static enum err stuck_receive(struct context *context, void *state, nng_msg **message)
{
    (void)context;
    (void)message;
    struct scene *scene = *(struct scene **)state;
    ck_assert_int_eq(sem_wait(&scene->is_noticed), 0);
    return ERR_NONE;
}

static enum err scene_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    *(struct scene **)state = arguments;
    return ERR_NONE;
}

static const struct actor_class stuck_classes[] = {
    {.name = "stuck",
     .state_size = sizeof(struct scene *),
     .start = scene_start,
     .receive = stuck_receive},
    {.name = "stuck",
     .state_size = sizeof(struct scene *),
     .is_dedicated = true,
     .start = scene_start,
     .receive = stuck_receive},
};

static enum err watcher_receive(struct context *context, void *state, nng_msg **message)
{
    struct scene *scene = *(struct scene **)state;
    ck_assert_uint_eq(message_envelope(*message)->kind, MESSAGE_ACTOR_STUCK);
    const struct actor_stuck *stuck = message_body(*message);
    ck_assert_uint_eq(stuck->actor.slot, scene->stuck.slot);
    ck_assert_uint_eq(stuck->actor.generation, scene->stuck.generation);
    ck_assert_str_eq(stuck->name, "stuck");
    ck_assert_int_gt(stuck->for_ns, 0);
    if (stuck->is_back) {
        scene->returns++;
        system_stop(context_system(context));
    } else {
        scene->reports++;
        ck_assert_int_eq(sem_post(&scene->is_noticed), 0);
    }
    return ERR_NONE;
}

static const struct actor_class watcher_class = {
    .name = "watcher",
    .state_size = sizeof(struct scene *),
    .start = scene_start,
    .receive = watcher_receive,
};

/* On a worker and on a thread of its own; the watcher runs on the other worker. */
START_TEST(an_actor_that_hangs_is_told_and_so_is_its_return)
{
    struct scene scene = {0};
    ck_assert_int_eq(sem_init(&scene.is_noticed, 0, 0), 0);
    struct system *system = open_system(2, 10 * NS_PER_MS);
    struct actor_ref watcher;
    ck_assert_int_eq(system_spawn(system, &watcher_class, &scene, &watcher), ERR_NONE);
    ck_assert_int_eq(system_spawn(system, &stuck_classes[_i], &scene, &scene.stuck), ERR_NONE);
    system_watch(system, watcher);
    nng_msg *message = message_create(MESSAGE_KIND_FIRST, 0, 0);
    ck_assert_int_eq(system_send(system, scene.stuck, &message), ERR_NONE);
    ck_assert_int_eq(system_run(system), ERR_NONE);
    ck_assert_uint_eq(scene.reports, 1);
    ck_assert_uint_eq(scene.returns, 1);
    system_destroy(system);
    ck_assert_int_eq(sem_destroy(&scene.is_noticed), 0);
    message_pool_drain();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("actors/scheduler_watch");
    TCase *tcase = tcase_create("watch");
    tcase_add_test(tcase, a_turn_that_lasts_is_reported_once);
    tcase_add_test(tcase, short_turns_are_not);
    tcase_add_loop_test(tcase, an_actor_that_hangs_is_told_and_so_is_its_return, 0, 2);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
