/* Requests and answers over every kind of address, and what is wrong with an address. */
#include <sys/stat.h>
#include <sys/un.h>

#include "actors/link_socket.h"
#include "link_stage.h"

/* An actor that answers a request with "re: " and the request. */
static struct link_replier *replier;
static struct link_service service;
static bool keeps_silent;

static enum err echo_receive(struct context *context, void *state, nng_msg **message)
{
    (void)context;
    (void)state;
    const struct link_received *received = message_body(*message);
    char answer[256];
    const int length = snprintf(answer, sizeof(answer), "re: %.*s", (int)received->size,
                                link_received_bytes(*message));
    if (!keeps_silent) {
        ck_assert_int_eq(link_reply(replier, received->ticket, answer, (size_t)length), ERR_NONE);
        ck_assert_int_eq(link_reply(replier, received->ticket, "again", 5), ERR_NOT_FOUND);
    }
    return ERR_NONE;
}

static const struct actor_class echo_class = {.name = "echo", .receive = echo_receive};

static void service_start(const char *const *urls, size_t count)
{
    host_start(&echo_class);
    service = (struct link_service){.system = host,
                                    .receiver = guest,
                                    .refusal = "refused",
                                    .addresses = {.urls = urls, .url_count = count}};
    struct failure failure = {.text = ""};
    ck_assert_msg(link_reply_listen(&service, &replier, &failure) == ERR_NONE, "%s", failure.text);
}

static void service_end(void)
{
    host_stop();
    link_reply_close(replier);
    system_destroy(host);
}

/* Answers and ends the system at once. */
static enum err last_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    const struct link_received *received = message_body(*message);
    ck_assert_int_eq(link_reply(replier, received->ticket, "bye", 3), ERR_NONE);
    system_stop(context_system(context));
    return ERR_NONE;
}

static const struct actor_class last_class = {.name = "last", .receive = last_receive};

static enum err ask(const char *url, const char *question, unsigned timeout_ms, struct text *answer)
{
    struct failure failure;
    const struct link_request request = {url, question, strlen(question), timeout_ms};
    return link_request(&request, answer, &failure);
}

START_TEST(request_is_answered)
{
    const char *url = address_of(_i);
    service_start(&url, 1);
    for (int i = 0; i < 3; i++) {
        struct text answer = {0};
        ck_assert_int_eq(ask(url, "status", PATIENCE_MS, &answer), ERR_NONE);
        ck_assert_str_eq(text_string(&answer), "re: status");
        text_done(&answer);
    }
    service_end();
}
END_TEST

/* Whoever connects and is gone before the greeting, be it another process that looks whether the
 * address is in use, takes nobody else's place. */
START_TEST(strangers_come_and_go)
{
    const char *url = address_of(IPC);
    service_start(&url, 1);
    const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "link.sock"};
    for (int i = 0; i < 20; i++) {
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        ck_assert_int_eq(connect(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
        ck_assert_int_eq(close(fd), 0);
    }
    struct text answer = {0};
    ck_assert_int_eq(ask(url, "hello", PATIENCE_MS, &answer), ERR_NONE);
    ck_assert_str_eq(text_string(&answer), "re: hello");
    text_done(&answer);
    service_end();
}
END_TEST

START_TEST(ipc_is_for_its_owner_only)
{
    const char *url = address_of(IPC);
    service_start(&url, 1);
    struct stat status;
    ck_assert_int_eq(stat("link.sock", &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    service_end();
}
END_TEST

struct asker {
    pthread_t thread;
    const char *url;
    bool is_right;
};

static void *asker_main(void *argument)
{
    struct asker *self = argument;
    self->is_right = true;
    for (int i = 0; i < 20; i++) {
        struct text answer = {0};
        self->is_right = self->is_right && ask(self->url, "x", PATIENCE_MS, &answer) == ERR_NONE &&
                         strcmp(text_string(&answer), "re: x") == 0;
        text_done(&answer);
    }
    return NULL;
}

START_TEST(many_clients_are_answered)
{
    const char *url = address_of(IPC);
    service_start(&url, 1);
    struct asker askers[LINK_REQUESTS_MAX / 2];
    for (size_t i = 0; i < sizeof(askers) / sizeof(askers[0]); i++) {
        askers[i].url = url;
        ck_assert_int_eq(pthread_create(&askers[i].thread, NULL, asker_main, &askers[i]), 0);
    }
    for (size_t i = 0; i < sizeof(askers) / sizeof(askers[0]); i++) {
        pthread_join(askers[i].thread, NULL);
        ck_assert(askers[i].is_right);
    }
    service_end();
}
END_TEST

START_TEST(request_to_an_ended_actor_is_refused)
{
    const char *url = address_of(IPC);
    service_start(&url, 1);
    service_end();
    host_start(&quitter_class);
    service.system = host;
    service.receiver = (struct actor_ref){guest.slot, guest.generation + 1};
    ck_assert_int_eq(link_reply_listen(&service, &replier, NULL), ERR_NONE);
    struct text answer = {0};
    ck_assert_int_eq(ask(url, "status", PATIENCE_MS, &answer), ERR_NONE);
    ck_assert_str_eq(text_string(&answer), "refused");
    text_done(&answer);
    service_end();
}
END_TEST

START_TEST(silence_ends_with_a_timeout)
{
    const char *url = address_of(_i);
    keeps_silent = true;
    service_start(&url, 1);
    /* More than the replier keeps waiting: the last ones are not even received. */
    for (int i = 0; i < LINK_REQUESTS_MAX + 4; i++) {
        struct text answer = {0};
        ck_assert_int_eq(ask(url, "status", 1, &answer), ERR_END);
        ck_assert_str_eq(text_string(&answer), "");
        text_done(&answer);
    }
    service_end();
}
END_TEST

struct farewell {
    const char *url;
    struct text answer;
    enum err err;
};

static void *farewell_main(void *argument)
{
    struct farewell *self = argument;
    self->err = ask(self->url, "stop", PATIENCE_MS, &self->answer);
    return NULL;
}

/* Whoever stops the system hears of it. */
START_TEST(last_answer_survives_closing)
{
    for (int i = 0; i < 20; i++) {
        struct farewell farewell = {.url = address_of(_i)};
        pthread_t thread;
        ck_assert_int_eq(system_create(&(struct system_options){.workers = 1}, &host), ERR_NONE);
        ck_assert_int_eq(system_spawn(host, &last_class, NULL, &guest), ERR_NONE);
        service = (struct link_service){.system = host,
                                        .receiver = guest,
                                        .refusal = "refused",
                                        .addresses = {.urls = &farewell.url, .url_count = 1}};
        ck_assert_int_eq(link_reply_listen(&service, &replier, NULL), ERR_NONE);
        ck_assert_int_eq(pthread_create(&thread, NULL, farewell_main, &farewell), 0);
        ck_assert_int_eq(system_run(host), ERR_NONE);
        link_reply_close(replier);
        pthread_join(thread, NULL);
        ck_assert_int_eq(farewell.err, ERR_NONE);
        ck_assert_str_eq(text_string(&farewell.answer), "bye");
        text_done(&farewell.answer);
        system_destroy(host);
    }
}
END_TEST

START_TEST(unknown_ticket_is_not_found)
{
    const char *url = address_of(INPROC);
    service_start(&url, 1);
    ck_assert_int_eq(link_reply(replier, 0, "x", 1), ERR_NOT_FOUND);
    ck_assert_int_eq(link_reply(replier, UINT64_MAX, "x", 1), ERR_NOT_FOUND);
    service_end();
}
END_TEST

START_TEST(nobody_listens)
{
    struct text answer = {0};
    ck_assert_int_eq(ask(address_of(_i), "status", PATIENCE_MS, &answer), ERR_NOT_FOUND);
    text_done(&answer);
}
END_TEST

static const struct {
    const char *url;
    enum err err;
} bad_addresses[] = {
    {"nonsense", ERR_SYNTAX},
    {"carrier://pigeon", ERR_SYNTAX},
    {"tcp://127.0.0.1:99999", ERR_SYNTAX},
    {"ipc://no/such/folder/link.sock", ERR_NOT_FOUND},
};

START_TEST(bad_address_is_refused)
{
    const char *url = bad_addresses[_i].url;
    struct failure failure = {.text = ""};
    const struct link_addresses addresses = {.urls = &url, .url_count = 1};
    struct link_publisher *publisher;
    ck_assert_int_eq(link_publisher_open(&addresses, &publisher, &failure), bad_addresses[_i].err);
    ck_assert_int_eq(failure.code, bad_addresses[_i].err);
    ck_assert_msg(strstr(failure.text, url) != NULL, "%s", failure.text);
    ck_assert_msg(strstr(failure.text, "; ") != NULL, "%s", failure.text);
}
END_TEST

START_TEST(address_in_use_is_refused)
{
    const char *url = address_of(_i);
    service_start(&url, 1);
    struct failure failure = {.text = ""};
    const struct link_addresses addresses = {.urls = &url, .url_count = 1};
    struct link_publisher *publisher;
    ck_assert_int_eq(link_publisher_open(&addresses, &publisher, &failure), ERR_LOCKED);
    ck_assert_msg(strstr(failure.text, "in use") != NULL, "%s", failure.text);
    struct link_replier *second;
    ck_assert_int_eq(link_reply_listen(&service, &second, &failure), ERR_LOCKED);
    service_end();
}
END_TEST

static const struct {
    int code;
    enum err err;
} failures[] = {
    {NNG_EADDRINUSE, ERR_LOCKED}, {NNG_EPERM, ERR_DENIED},           {NNG_EADDRINVAL, ERR_SYNTAX},
    {NNG_EINVAL, ERR_SYNTAX},     {NNG_ENOTSUP, ERR_SYNTAX},         {NNG_ENOENT, ERR_NOT_FOUND},
    {NNG_ENOMEM, ERR_MEMORY},     {NNG_ECONNREFUSED, ERR_NOT_FOUND}, {NNG_ENOFILES, ERR_LIMIT},
    {NNG_ECLOSED, ERR_CLOSED},    {NNG_EUNREACHABLE, ERR_NOT_FOUND}, {NNG_EPROTO, ERR_IO},
    {NNG_ECONNRESET, ERR_CLOSED}, {NNG_ECONNABORTED, ERR_CLOSED},    {NNG_ECONNSHUT, ERR_CLOSED},
};

START_TEST(failures_name_the_address)
{
    struct failure failure = {.text = ""};
    ck_assert_int_eq(link_failure(&failure, "tcp://here:1", failures[_i].code), failures[_i].err);
    ck_assert_int_eq(failure.code, failures[_i].err);
    ck_assert_ptr_eq(strstr(failure.text, "tcp://here:1: "), failure.text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link_reply");
    TCase *tcase = tcase_create("reply");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, folder_setup, folder_teardown);
    tcase_add_loop_test(tcase, request_is_answered, 0, ADDRESS_KINDS);
    tcase_add_test(tcase, strangers_come_and_go);
    tcase_add_test(tcase, ipc_is_for_its_owner_only);
    tcase_add_test(tcase, many_clients_are_answered);
    tcase_add_test(tcase, request_to_an_ended_actor_is_refused);
    tcase_add_loop_test(tcase, silence_ends_with_a_timeout, 0, ADDRESS_KINDS);
    tcase_add_loop_test(tcase, last_answer_survives_closing, 0, ADDRESS_KINDS);
    tcase_add_test(tcase, unknown_ticket_is_not_found);
    tcase_add_loop_test(tcase, nobody_listens, 0, ADDRESS_KINDS);
    tcase_add_loop_test(tcase, bad_address_is_refused, 0,
                        sizeof(bad_addresses) / sizeof(bad_addresses[0]));
    tcase_add_loop_test(tcase, address_in_use_is_refused, 0, ADDRESS_KINDS);
    tcase_add_loop_test(tcase, failures_name_the_address, 0,
                        sizeof(failures) / sizeof(failures[0]));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
