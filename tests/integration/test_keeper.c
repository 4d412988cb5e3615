/*
 * The persistence actor of a run that goes on: what was committed before it counts.
 */
#include <check.h>
#include <sodium.h>
#include <string.h>

#include "actors/messages.h"
#include "actors/record_page.h"
#include "actors/roles/keeper.h"
#include "tests/support/director.h"

enum { COMMITTED_BEFORE = 7 };

/* A store whose disk has no room at the first commit. */
struct scene {
    struct store store;
    struct keeper_outcome outcome;
    struct actor_ref keeper;
};

static bool has_room;

static enum err scene_append(struct store *store, const struct record *record, struct text *event,
                             struct failure *failure)
{
    (void)store;
    (void)record;
    (void)failure;
    text_append_string(event, "run.degraded {}");
    return ERR_NONE;
}

static enum err scene_commit(struct store *store, struct failure *failure)
{
    (void)store;
    return has_room ? ERR_NONE : failure_set(failure, ERR_FULL, "no room");
}

static enum err scene_close(struct store *store, struct failure *failure)
{
    (void)store;
    (void)failure;
    return ERR_NONE;
}

static const struct store_kind scene_kind = {
    .type = "scene", .append = scene_append, .commit = scene_commit, .close = scene_close};

static void scene_open(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    scene->store = (struct store){
        .kind = &scene_kind, .last_seq = COMMITTED_BEFORE, .committed_seq = COMMITTED_BEFORE};
    struct keeper_arguments arguments = {.store = &scene->store, .outcome = &scene->outcome};
    ck_assert_int_eq(context_spawn(context, &keeper_class, &arguments, &scene->keeper), ERR_NONE);
}

static void send_record(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct record record = {.seq = COMMITTED_BEFORE + 1,
                                  .kind = RECORD_RUN_DEGRADED,
                                  .controller_id = "",
                                  .executor_id = ""};
    nng_msg *message = record_page_create(0, &record);
    ck_assert_ptr_nonnull(message);
    ck_assert_int_eq(context_send(context, scene->keeper, &message), ERR_NONE);
}

static void check_full(struct director *director, struct context *context)
{
    nng_msg *message = director_take(director, MESSAGE_COMMITTED);
    ck_assert_ptr_nonnull(message);
    const struct message_committed *committed = message_body(message);
    ck_assert(committed->is_full);
    ck_assert_uint_eq(committed->seq, COMMITTED_BEFORE);
    has_room = true;
    system_set_now(context_system(context), context_now(context) + KEEPER_RETRY_NS);
}

static void check_stored(struct director *director, struct context *context)
{
    (void)context;
    const struct message_committed *committed =
        message_body(director_take(director, MESSAGE_COMMITTED));
    ck_assert(!committed->is_full);
    ck_assert_uint_eq(committed->seq, COMMITTED_BEFORE + 1);
}

START_TEST(a_run_that_goes_on_finds_the_disk_full)
{
    static director_step *const script[] = {send_record, check_full, check_stored, NULL};
    struct scene scene = {0};
    struct director director = {.script = script, .open = scene_open, .test = &scene};
    has_room = false;
    director_play(&director);
    director_done(&director);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("keeper");
    TCase *tcase = tcase_create("keeper");
    tcase_add_test(tcase, a_run_that_goes_on_finds_the_disk_full);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
