/*
 * tests/unit/actors/test_link_caller.c - actions from other threads: each is answered once, also
 * when nobody answers.
 */
#include "actors/link_caller.h"

#include <pthread.h>
#include <stdio.h>

#include "actors/messages.h"
#include "actors/system_thread.h"
#include "tests/unit/actors/system_stage.h"

enum { PATIENCE_MS = 20000, ASKERS = 8, ASKED_EACH = 200 };

static struct link_caller *caller;
static struct actor_ref desk;

/* Answers as the executor id says: "yes", "no", "never", or by ending the run. */
static enum err desk_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    const struct envelope *envelope = message_envelope(*message);
    ck_assert_uint_eq(envelope->kind, MESSAGE_ACTION);
    const struct message_action *asked = message_body(*message);
    const char *word = asked->action.executor_id;
    if (strcmp(word, "end") == 0) {
        system_stop(context_system(context));
    }
    if (strcmp(word, "end") == 0 || strcmp(word, "never") == 0) {
        return ERR_NONE;
    }
    static const char reason[] = "the desk is closed";
    const bool is_yes = strcmp(word, "yes") == 0;
    nng_msg *answer =
        message_create(MESSAGE_ANSWER, 0, sizeof(struct message_answer) + sizeof(reason));
    struct message_answer *body = message_body(answer);
    *body = (struct message_answer){.ticket = asked->ticket, .is_accepted = is_yes};
    (void)snprintf(body->code, sizeof(body->code), "%s", is_yes ? "" : "not_running");
    (void)snprintf(body->action_id, sizeof(body->action_id), "%s", asked->action.action_id);
    (void)snprintf(body->executor_id, sizeof(body->executor_id), "%s", word);
    memcpy(body->texts, reason, sizeof(reason));
    body->text = is_yes ? "" : body->texts;
    return context_send(context, envelope->sender, &answer);
}

static const struct actor_class desk_class = {.name = "desk", .receive = desk_receive};

static void run_main(void *context)
{
    (void)context;
    ck_assert_int_eq(system_run(system_under_test), ERR_NONE);
}

static struct system_thread *open_desk(int scheduler)
{
    create(scheduler, false);
    ck_assert_int_eq(link_caller_create(&caller), ERR_NONE);
    desk = spawn(&desk_class, NULL);
    struct link_caller_arguments arguments = {.caller = caller, .orchestrator = desk};
    (void)spawn(&link_caller_class, &arguments);
    struct system_thread *thread;
    ck_assert_int_eq(system_thread_start(run_main, NULL, &thread), ERR_NONE);
    return thread;
}

static void close_desk(struct system_thread *thread)
{
    system_stop(system_under_test);
    system_thread_join(thread);
    teardown();
    link_caller_destroy(caller);
}

START_TEST(accepted_and_refused)
{
    struct system_thread *thread = open_desk(_i);
    struct link_answer answer;
    struct action action = action_stop("a-1", "yes", false);
    ck_assert_int_eq(link_caller_ask(caller, &action, PATIENCE_MS, &answer), ERR_NONE);
    ck_assert(answer.is_accepted);
    ck_assert_str_eq(answer.action_id, "a-1");
    ck_assert_str_eq(answer.executor_id, "yes");
    ck_assert_str_eq(answer.code, "");
    ck_assert_str_eq(answer.text, "");
    action = action_stop("a-2", "no", false);
    ck_assert_int_eq(link_caller_ask(caller, &action, PATIENCE_MS, &answer), ERR_NONE);
    ck_assert(!answer.is_accepted);
    ck_assert_str_eq(answer.action_id, "a-2");
    ck_assert_str_eq(answer.code, "not_running");
    ck_assert_str_eq(answer.text, "the desk is closed");
    close_desk(thread);
}
END_TEST

/* Who gives up leaves no trace: the place is free, and a late answer goes nowhere. */
START_TEST(nobody_answers_in_time)
{
    struct system_thread *thread = open_desk(_i);
    struct link_answer answer = {.code = "as before"};
    struct action action = action_stop("a-1", "never", false);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(link_caller_ask(caller, &action, 1, &answer), ERR_END);
    }
    ck_assert_str_eq(answer.code, "as before");
    action = action_stop("a-2", "yes", false);
    ck_assert_int_eq(link_caller_ask(caller, &action, PATIENCE_MS, &answer), ERR_NONE);
    ck_assert(answer.is_accepted);
    close_desk(thread);
}
END_TEST

START_TEST(the_run_ends_before_it_answers)
{
    struct system_thread *thread = open_desk(_i);
    struct link_answer answer;
    const struct action end = action_stop("a-1", "end", false);
    ck_assert_int_eq(link_caller_ask(caller, &end, PATIENCE_MS, &answer), ERR_CLOSED);
    system_thread_join(thread);
    ck_assert_int_eq(link_caller_ask(caller, &end, PATIENCE_MS, &answer), ERR_CLOSED);
    teardown();
    link_caller_destroy(caller);
}
END_TEST

START_TEST(before_there_is_a_run)
{
    ck_assert_int_eq(link_caller_create(&caller), ERR_NONE);
    struct link_answer answer;
    const struct action action = action_stop("a-1", "yes", false);
    ck_assert_int_eq(link_caller_ask(caller, &action, PATIENCE_MS, &answer), ERR_CLOSED);
    link_caller_destroy(caller);
    link_caller_destroy(NULL);
}
END_TEST

/* ---- Callbacks ---- */

static _Atomic(unsigned) accepted, refused, unanswered;

static void count_answer(void *context, const struct link_answer *answer)
{
    (void)context;
    atomic_fetch_add(answer == NULL ? &unanswered : answer->is_accepted ? &accepted : &refused, 1);
}

/* As many as fit wait; one more is turned away. Whoever waits at the end is told. */
START_TEST(every_callback_is_called_once)
{
    struct system_thread *thread = open_desk(_i);
    const struct action never = action_stop("a", "never", false);
    for (int i = 0; i < LINK_CALLS_MAX; i++) {
        ck_assert_int_eq(link_caller_submit(caller, &never, count_answer, NULL), ERR_NONE);
    }
    ck_assert_int_eq(link_caller_submit(caller, &never, count_answer, NULL), ERR_FULL);
    close_desk(thread);
    ck_assert_uint_eq(unanswered, LINK_CALLS_MAX);
    ck_assert_uint_eq(accepted + refused, 0);
}
END_TEST

/* The answer of each action leads to the next one, from inside the callback. */
static void submit_next(void *context, const struct link_answer *answer)
{
    unsigned *left = context;
    ck_assert(answer->is_accepted);
    atomic_fetch_add(&accepted, 1);
    struct action action = action_stop("a", "yes", false);
    if (--*left == 0) {
        action = action_stop("a", "end", false);
        ck_assert_int_eq(link_caller_submit(caller, &action, count_answer, NULL), ERR_NONE);
        return;
    }
    ck_assert_int_eq(link_caller_submit(caller, &action, submit_next, context), ERR_NONE);
}

START_TEST(a_callback_submits)
{
    struct system_thread *thread = open_desk(_i);
    unsigned left = 5000;
    const struct action action = action_stop("a", "yes", false);
    ck_assert_int_eq(link_caller_submit(caller, &action, submit_next, &left), ERR_NONE);
    system_thread_join(thread);
    ck_assert_uint_eq(accepted, 5000);
    ck_assert_uint_eq(unanswered, 1);
    teardown();
    link_caller_destroy(caller);
}
END_TEST

static void *asker_main(void *argument)
{
    const int *number = argument;
    for (int i = 0; i < ASKED_EACH; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "a-%d-%d", *number, i);
        const struct action action = action_stop(id, i % 3 == 0 ? "no" : "yes", false);
        struct link_answer answer;
        ck_assert_int_eq(link_caller_ask(caller, &action, PATIENCE_MS, &answer), ERR_NONE);
        ck_assert_str_eq(answer.action_id, id);
        ck_assert_int_eq(answer.is_accepted, i % 3 != 0);
    }
    return NULL;
}

START_TEST(from_many_threads_at_once)
{
    struct system_thread *thread = open_desk(_i);
    pthread_t askers[ASKERS];
    int numbers[ASKERS];
    for (int i = 0; i < ASKERS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&askers[i], NULL, asker_main, &numbers[i]), 0);
    }
    for (int i = 0; i < ASKERS; i++) {
        ck_assert_int_eq(pthread_join(askers[i], NULL), 0);
    }
    close_desk(thread);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link_caller");
    TCase *tcase = tcase_create("caller");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, accepted_and_refused, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, nobody_answers_in_time, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, the_run_ends_before_it_answers, 0, SCHEDULERS);
    tcase_add_test(tcase, before_there_is_a_run);
    tcase_add_loop_test(tcase, every_callback_is_called_once, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, a_callback_submits, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, from_many_threads_at_once, 0, SCHEDULERS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
