/* Requests of an actor: answered, forgotten, sent before anybody listens. */
#include <poll.h>
#include <sys/un.h>

#include "link_stage.h"

/* The actor counts the answers and keeps the ticket of the newest. */
static _Atomic unsigned answers;
static _Atomic uint64_t newest;
static char newest_text[64];

static enum err asker_receive(struct context *context, void *state, nng_msg **message)
{
    (void)context;
    (void)state;
    const struct link_received *received = message_body(*message);
    snprintf(newest_text, sizeof(newest_text), "%.*s", (int)received->size,
             link_received_bytes(*message));
    newest = received->ticket;
    answers++;
    return ERR_NONE;
}

static const struct actor_class asker_class = {.name = "asker", .receive = asker_receive};

/* Who answers lives in the same system; a request that begins with "no" gets none. */
static struct link_replier *_Atomic replier; /* NULL until it listens: requests may wait already. */
static _Atomic unsigned silent;

static struct link_replier *listening(void)
{
    struct link_replier *found;
    do {
        found = replier;
    } while (found == NULL);
    return found;
}

static enum err echo_receive(struct context *context, void *state, nng_msg **message)
{
    (void)context;
    (void)state;
    const struct link_received *received = message_body(*message);
    const char *bytes = link_received_bytes(*message);
    if (received->size >= 2 && memcmp(bytes, "no", 2) == 0) {
        ck_assert_int_eq(link_reply_forget(listening(), received->ticket), ERR_NONE);
        ck_assert_int_eq(link_reply_forget(listening(), received->ticket), ERR_NOT_FOUND);
        silent++;
        return ERR_NONE;
    }
    ck_assert_int_eq(link_reply(listening(), received->ticket, bytes, received->size), ERR_NONE);
    return ERR_NONE;
}

static const struct actor_class echo_class = {.name = "echo", .receive = echo_receive};
static struct link_requester *requester;
static struct link_service service;
static char url[64];

static void requester_start(int kind)
{
    strcpy(url, address_of(kind));
    host_start(&asker_class);
    struct failure failure = {.text = ""};
    const struct link_inquirer inquirer = {.url = url, .system = host, .receiver = guest};
    ck_assert_msg(link_requester_open(&inquirer, &requester, &failure) == ERR_NONE, "%s",
                  failure.text);
}

static void echo_start(void)
{
    static const char *urls[1];
    urls[0] = url;
    struct actor_ref echo;
    struct failure failure = {.text = ""};
    ck_assert_int_eq(system_spawn(host, &echo_class, NULL, &echo), ERR_NONE);
    service = (struct link_service){.system = host,
                                    .receiver = echo,
                                    .refusal = "refused",
                                    .addresses = {.urls = urls, .url_count = 1}};
    struct link_replier *opened = NULL;
    ck_assert_msg(link_reply_listen(&service, &opened, &failure) == ERR_NONE, "%s", failure.text);
    replier = opened;
}

static void requester_end(void)
{
    host_stop();
    link_requester_close(requester);
    link_reply_close(replier);
    system_destroy(host);
}

static bool reached(const _Atomic unsigned *counter, unsigned count)
{
    for (int i = 0; i < TRIES_MAX && *counter < count; i++) {
        (void)poll(NULL, 0, TRY_MS);
    }
    return *counter >= count;
}

START_TEST(answers_bring_their_ticket)
{
    requester_start(_i);
    echo_start();
    for (uint64_t ticket = 1; ticket <= 20; ticket++) {
        ck_assert_int_eq(link_requester_send(requester, ticket, "hello", 5), ERR_NONE);
        ck_assert(reached(&answers, (unsigned)ticket));
        ck_assert_uint_eq(newest, ticket);
        ck_assert_str_eq(newest_text, "hello");
    }
    requester_end();
}
END_TEST

START_TEST(a_request_waits_for_who_will_answer)
{
    requester_start(_i);
    ck_assert_int_eq(link_requester_send(requester, 1, "early", 5), ERR_NONE);
    echo_start();
    ck_assert(reached(&answers, 1));
    ck_assert_str_eq(newest_text, "early");
    requester_end();
}
END_TEST

/* A process that is killed just when it was connected to, and its successor. */
START_TEST(who_hangs_up_at_once_is_tried_again)
{
    const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "link.sock"};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    requester_start(IPC);
    ck_assert_int_eq(link_requester_send(requester, 1, "hello", 5), ERR_NONE);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(close(accept(fd, NULL, NULL)), 0);
    }
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(unlink("link.sock"), 0);
    echo_start();
    ck_assert(reached(&answers, 1));
    requester_end();
}
END_TEST

START_TEST(a_forgotten_request_makes_room)
{
    requester_start(_i);
    echo_start();
    uint64_t ticket = 0;
    for (unsigned round = 0; round < 5; round++) {
        for (int i = 0; i < LINK_ASKED_MAX; i++) {
            /* Room comes when nng has let go of what was forgotten before. */
            enum err err = ERR_FULL;
            ticket++;
            for (int j = 0; j < TRIES_MAX && err == ERR_FULL; j++) {
                err = link_requester_send(requester, ticket, "no", 2);
                if (err == ERR_FULL) {
                    (void)poll(NULL, 0, TRY_MS);
                }
            }
            ck_assert_int_eq(err, ERR_NONE);
        }
        ck_assert(reached(&silent, (round + 1) * LINK_ASKED_MAX));
        ck_assert_int_eq(link_requester_send(requester, 999999, "no", 2), ERR_FULL);
        for (uint64_t i = 0; i < LINK_ASKED_MAX; i++) {
            link_requester_forget(requester, ticket - i);
        }
    }
    ck_assert_uint_eq(answers, 0);
    requester_end();
}
END_TEST

START_TEST(what_was_never_sent_is_forgotten_too)
{
    requester_start(_i);
    for (uint64_t ticket = 1; ticket <= LINK_ASKED_MAX; ticket++) {
        ck_assert_int_eq(link_requester_send(requester, ticket, "lost", 4), ERR_NONE);
        link_requester_forget(requester, ticket);
    }
    echo_start();
    enum err err = ERR_FULL;
    for (int j = 0; j < TRIES_MAX && err == ERR_FULL; j++) {
        err = link_requester_send(requester, 77, "found", 5);
        if (err == ERR_FULL) {
            (void)poll(NULL, 0, TRY_MS);
        }
    }
    ck_assert_int_eq(err, ERR_NONE);
    ck_assert(reached(&answers, 1));
    ck_assert_uint_eq(newest, 77);
    ck_assert_uint_eq(answers, 1);
    requester_end();
}
END_TEST

START_TEST(a_bad_address_is_refused)
{
    host_start(&asker_class);
    struct failure failure = {.text = ""};
    const struct link_inquirer inquirer = {.url = "nonsense", .system = host, .receiver = guest};
    ck_assert_int_eq(link_requester_open(&inquirer, &requester, &failure), ERR_SYNTAX);
    ck_assert_ptr_nonnull(strstr(failure.text, "nonsense"));
    link_requester_close(NULL);
    host_stop();
    system_destroy(host);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link_requester");
    TCase *tcase = tcase_create("requester");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, folder_setup, folder_teardown);
    tcase_add_loop_test(tcase, answers_bring_their_ticket, 0, ADDRESS_KINDS);
    tcase_add_loop_test(tcase, a_request_waits_for_who_will_answer, 0, ADDRESS_KINDS);
    tcase_add_test(tcase, who_hangs_up_at_once_is_tried_again);
    tcase_add_loop_test(tcase, a_forgotten_request_makes_room, 0, ADDRESS_KINDS);
    tcase_add_loop_test(tcase, what_was_never_sent_is_forgotten_too, 0, ADDRESS_KINDS);
    tcase_add_test(tcase, a_bad_address_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
