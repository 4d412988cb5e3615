/*
 * A run that does not answer: whoever asked is told so in time, and an answer that comes late is
 * nobody's.
 *
 * The control actor with its socket, and an orchestrator that keeps the first action to itself
 * until the second comes.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/action.h"
#include "actors/link.h"
#include "actors/messages.h"
#include "actors/roles/control.h"

enum { PATIENCE_MS = 20000 };

#define TIMEOUT_NS (INT64_C(300) * NS_PER_MS)

/* Answers nothing at first; then everything, the oldest first. */
struct mute {
    uint64_t tickets[2];
    uint32_t count;
};

static enum err mute_answer(struct context *context, struct actor_ref to, uint64_t ticket,
                            const char *id)
{
    struct message_answer answer = {.ticket = ticket, .is_accepted = true, .text = ""};
    (void)snprintf(answer.action_id, sizeof(answer.action_id), "%s", id);
    return message_post(context, to, MESSAGE_ANSWER, 0, &answer, sizeof(answer));
}

static enum err mute_receive(struct context *context, void *state, nng_msg **message)
{
    struct mute *mute = state;
    const struct envelope *envelope = message_envelope(*message);
    if (envelope->kind != MESSAGE_ACTION) {
        return ERR_NONE;
    }
    ck_assert_uint_lt(mute->count, 2);
    mute->tickets[mute->count++] = ((const struct message_action *)message_body(*message))->ticket;
    if (mute->count == 1) {
        return ERR_NONE;
    }
    const enum err err = mute_answer(context, envelope->sender, mute->tickets[0], "late");
    return err == ERR_NONE ? mute_answer(context, envelope->sender, mute->tickets[1], "right")
                           : err;
}

static const struct actor_class mute_class = {
    .name = "mute", .state_size = sizeof(struct mute), .receive = mute_receive};

static void *run_main(void *system)
{
    ck_assert_int_eq(system_run(system), ERR_NONE);
    return NULL;
}

/* Asks for a stop and expects a piece of the answer. */
static void ask(const char *url, const char *expected)
{
    static const char json[] =
        "{\"request\":\"action\",\"action\":\"stop_executor\",\"executor_id\":\"one\"}";
    struct text answer = {0};
    struct failure failure = {0};
    const struct link_request request = {
        .url = url, .bytes = json, .size = sizeof(json) - 1, .timeout_ms = PATIENCE_MS};
    ck_assert_msg(link_request(&request, &answer, &failure) == ERR_NONE, "%s", failure.text);
    ck_assert_msg(strstr(text_string(&answer), expected) != NULL, "%s", text_string(&answer));
    text_done(&answer);
}

START_TEST(a_late_answer_is_nobodys)
{
    char folder[] = "/tmp/tutti-timeout-XXXXXX";
    char url[64];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(url, sizeof(url), "ipc://%s/control", folder);
    const char *urls[] = {url};
    struct control_section section = {.listen = {.items = urls, .count = 1}};
    struct failure failure;
    struct control_arguments arguments = {
        .section = &section, .answer_timeout_ns = TIMEOUT_NS, .failure = &failure};
    struct system *system;
    ck_assert_int_eq(system_create(&(struct system_options){.workers = 1}, &system), ERR_NONE);
    ck_assert_int_eq(system_spawn(system, &mute_class, NULL, &arguments.orchestrator), ERR_NONE);
    struct actor_ref control;
    ck_assert_int_eq(system_spawn(system, &control_class, &arguments, &control), ERR_NONE);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, run_main, system), 0);
    ask(url, "{\"ok\":false,\"code\":\"timeout\",");
    ask(url, "{\"ok\":true,\"action_id\":\"right\"}");
    system_stop(system);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    system_destroy(system);
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/control", folder);
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
    message_pool_drain();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("control_timeout");
    TCase *cases = tcase_create("control_timeout");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_late_answer_is_nobodys);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
