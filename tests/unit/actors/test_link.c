/* Links over every kind of address, with a real system on the other side. */
#include <arpa/inet.h>
#include <check.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actors/link.h"
#include "actors/link_socket.h"
#include "actors/system.h"
#include "mailbox/message.h"

enum { PATIENCE_MS = 10000, TRY_MS = 20, TRIES_MAX = 500, FLOOD = 5000 };

static const char *const everything[] = {""};

/* An address of each kind that nobody uses, in a folder of its own. */
enum address_kind { INPROC, IPC, TCP, WS, ADDRESS_KINDS };
static char folder[] = "/tmp/tutti-link-XXXXXX";
static char address[64];

static unsigned free_port(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(name);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    close(fd);
    return ntohs(name.sin_port);
}

static const char *address_of(int kind)
{
    switch ((enum address_kind)kind) {
    case INPROC:
        return strcpy(address, "inproc://link-test");
    case IPC:
        return strcpy(address, "ipc://link.sock"); /* Relative: we are in the folder. */
    case TCP:
        snprintf(address, sizeof(address), "tcp://127.0.0.1:%u", free_port());
        return address;
    case WS:
    case ADDRESS_KINDS:
        break;
    }
    snprintf(address, sizeof(address), "ws://127.0.0.1:%u/events", free_port());
    return address;
}

static void folder_setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void folder_teardown(void)
{
    (void)unlink("link.sock");
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
    message_pool_drain();
}

/* A system with one actor that answers a request with "re: " and the request. */
static struct system *host;
static pthread_t host_thread;
static struct link_replier *replier;
static struct actor_ref echo;
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

static void *host_main(void *argument)
{
    ck_assert_int_eq(system_run(argument), ERR_NONE);
    return NULL;
}

static void host_start(const struct actor_class *class_)
{
    ck_assert_int_eq(system_create(&(struct system_options){.workers = 1}, &host), ERR_NONE);
    ck_assert_int_eq(system_spawn(host, class_, NULL, &echo), ERR_NONE);
    ck_assert_int_eq(pthread_create(&host_thread, NULL, host_main, host), 0);
}

static void host_stop(void)
{
    system_stop(host);
    pthread_join(host_thread, NULL);
}

static void service_start(const char *const *urls, size_t count)
{
    host_start(&echo_class);
    service = (struct link_service){.system = host,
                                    .receiver = echo,
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

static enum err quitter_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    context_stop(context);
    return ERR_NONE;
}

static const struct actor_class quitter_class = {.name = "quitter", .receive = quitter_receive};

START_TEST(request_to_an_ended_actor_is_refused)
{
    const char *url = address_of(IPC);
    service_start(&url, 1);
    service_end();
    host_start(&quitter_class);
    service.system = host;
    service.receiver = (struct actor_ref){echo.slot, echo.generation + 1};
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
};

START_TEST(failures_name_the_address)
{
    struct failure failure = {.text = ""};
    ck_assert_int_eq(link_failure(&failure, "tcp://here:1", failures[_i].code), failures[_i].err);
    ck_assert_int_eq(failure.code, failures[_i].err);
    ck_assert_ptr_eq(strstr(failure.text, "tcp://here:1: "), failure.text);
}
END_TEST

/* The child dies while it listens and leaves its socket file. */
START_TEST(stale_ipc_file_is_taken_over)
{
    const char *url = address_of(IPC);
    const struct link_addresses addresses = {.urls = &url, .url_count = 1};
    struct link_publisher *publisher;
    const pid_t child = fork();
    if (child == 0) {
        _exit(link_publisher_open(&addresses, &publisher, NULL));
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(access("link.sock", F_OK), 0);
    ck_assert_int_eq(link_publisher_open(&addresses, &publisher, NULL), ERR_NONE);
    link_publisher_close(publisher, 0);
}
END_TEST

/* Publishing and subscribing. */
static struct link_publisher *publisher_at(const struct link_addresses *addresses)
{
    struct link_publisher *publisher;
    struct failure failure = {.text = ""};
    ck_assert_msg(link_publisher_open(addresses, &publisher, &failure) == ERR_NONE, "%s",
                  failure.text);
    return publisher;
}

static struct link_subscriber *subscriber_at(const char *url, const char *const *topics)
{
    struct link_subscriber *subscriber;
    const struct link_subscription subscription = {.url = url, .topics = topics, .topic_count = 1};
    ck_assert_int_eq(link_subscriber_open(&subscription, &subscriber, NULL), ERR_NONE);
    return subscriber;
}

static void publish(struct link_publisher *publisher, const char *event)
{
    ck_assert_int_eq(link_publisher_send(publisher, event, strlen(event)), ERR_NONE);
}

/* Publishes `event` until the subscriber has got it once, which proves the connection. */
static void connect_both(struct link_publisher *publisher, struct link_subscriber *subscriber,
                         const char *event)
{
    nng_msg *message;
    for (int i = 0; i < TRIES_MAX; i++) {
        publish(publisher, event);
        if (link_subscriber_receive(subscriber, TRY_MS, &message) == ERR_NONE) {
            message_destroy(message);
            return;
        }
    }
    ck_abort_msg("never connected");
}

/* The next event that is not `skipped`. */
static nng_msg *receive_other(struct link_subscriber *subscriber, const char *skipped)
{
    for (;;) {
        nng_msg *message;
        ck_assert_int_eq(link_subscriber_receive(subscriber, PATIENCE_MS, &message), ERR_NONE);
        const struct link_received *received = message_body(message);
        if (received->size != strlen(skipped) ||
            memcmp(link_received_bytes(message), skipped, received->size) != 0) {
            return message;
        }
        message_destroy(message);
    }
}

static void expect(struct link_subscriber *subscriber, const char *event)
{
    nng_msg *message = receive_other(subscriber, "hello");
    const struct link_received *received = message_body(message);
    ck_assert_uint_eq(received->size, strlen(event));
    ck_assert_int_eq(memcmp(link_received_bytes(message), event, received->size), 0);
    ck_assert_uint_eq(received->ticket, 0);
    ck_assert_uint_eq(message_envelope(message)->kind, MESSAGE_LINK_RECEIVED);
    message_destroy(message);
}

START_TEST(events_arrive_in_order_and_complete)
{
    const char *url = address_of(_i);
    const struct link_addresses addresses = {.urls = &url, .url_count = 1};
    struct link_publisher *publisher = publisher_at(&addresses);
    struct link_subscriber *subscriber = subscriber_at(url, everything);
    connect_both(publisher, subscriber, "hello");
    ck_assert_uint_eq(link_publisher_peers(publisher), 1);
    char event[32];
    for (int i = 0; i < FLOOD; i++) {
        snprintf(event, sizeof(event), "fill %d", i);
        publish(publisher, event);
    }
    for (int i = 0; i < FLOOD; i++) {
        snprintf(event, sizeof(event), "fill %d", i);
        expect(subscriber, event);
    }
    link_subscriber_close(subscriber);
    link_publisher_close(publisher, PATIENCE_MS); /* Returns at once: the peer has gone. */
}
END_TEST

START_TEST(topics_select)
{
    const char *url = address_of(IPC);
    const char *const fills[] = {"fill"};
    const struct link_addresses addresses = {.urls = &url, .url_count = 1};
    struct link_publisher *publisher = publisher_at(&addresses);
    struct link_subscriber *subscriber = subscriber_at(url, fills);
    connect_both(publisher, subscriber, "fill 0");
    publish(publisher, "order 1");
    publish(publisher, "fill 1");
    nng_msg *message = receive_other(subscriber, "fill 0");
    ck_assert_int_eq(memcmp(link_received_bytes(message), "fill 1", 6), 0);
    message_destroy(message);
    link_subscriber_close(subscriber);
    link_publisher_close(publisher, 0);
}
END_TEST

START_TEST(subscriber_waits_for_its_publisher)
{
    const char *url = address_of(_i);
    const struct link_addresses addresses = {.urls = &url, .url_count = 1};
    struct link_subscriber *subscriber = subscriber_at(url, everything);
    nng_msg *message;
    ck_assert_int_eq(link_subscriber_receive(subscriber, 1, &message), ERR_END);
    for (int i = 0; i < 2; i++) { /* And again when it was lost. */
        struct link_publisher *publisher = publisher_at(&addresses);
        connect_both(publisher, subscriber, "hello");
        link_publisher_close(publisher, 0);
    }
    link_subscriber_close(subscriber);
}
END_TEST

START_TEST(last_events_survive_closing)
{
    const char *url = address_of(_i);
    const struct link_addresses addresses = {.urls = &url, .url_count = 1};
    struct link_publisher *publisher = publisher_at(&addresses);
    struct link_subscriber *subscriber = subscriber_at(url, everything);
    connect_both(publisher, subscriber, "hello");
    for (int i = 0; i < FLOOD; i++) {
        publish(publisher, "event");
    }
    publish(publisher, "last");
    link_publisher_close(publisher, 500); /* The subscriber reads only after. */
    for (int i = 0; i < FLOOD; i++) {
        expect(subscriber, "event");
    }
    expect(subscriber, "last");
    link_subscriber_close(subscriber);
}
END_TEST

START_TEST(one_publisher_on_all_addresses)
{
    char urls[ADDRESS_KINDS][64];
    const char *list[ADDRESS_KINDS];
    for (int i = 0; i < ADDRESS_KINDS; i++) {
        list[i] = strcpy(urls[i], address_of(i));
    }
    const struct link_addresses addresses = {.urls = list, .url_count = ADDRESS_KINDS};
    struct link_publisher *publisher = publisher_at(&addresses);
    struct link_subscriber *subscribers[ADDRESS_KINDS];
    for (int i = 0; i < ADDRESS_KINDS; i++) {
        subscribers[i] = subscriber_at(urls[i], everything);
        connect_both(publisher, subscribers[i], "hello");
    }
    publish(publisher, "event");
    for (int i = 0; i < ADDRESS_KINDS; i++) {
        expect(subscribers[i], "event");
        link_subscriber_close(subscribers[i]);
    }
    link_publisher_close(publisher, 0);
}
END_TEST

/* A web page: a subscriber by ws that names an Origin. Its messages come as text frames. */
static nng_socket page_open(const char *url, const char *origin)
{
    nng_socket socket;
    nng_dialer dialer;
    ck_assert_int_eq(nng_sub0_open(&socket), 0);
    ck_assert_int_eq(nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, "", 0), 0);
    ck_assert_int_eq(nng_dialer_create(&dialer, socket, url), 0);
    ck_assert_int_eq(nng_dialer_set_bool(dialer, NNG_OPT_WS_RECV_TEXT, true), 0);
    ck_assert_int_eq(nng_dialer_set_string(dialer, NNG_OPT_WS_REQUEST_HEADERS, origin), 0);
    ck_assert_int_eq(nng_dialer_start(dialer, NNG_FLAG_NONBLOCK), 0);
    return socket;
}

static bool page_hears(struct link_publisher *publisher, nng_socket page, int tries)
{
    ck_assert_int_eq(nng_socket_set_ms(page, NNG_OPT_RECVTIMEO, TRY_MS), 0);
    nng_msg *received = NULL;
    for (int i = 0; i < tries && received == NULL; i++) {
        publish(publisher, "event");
        if (nng_recvmsg(page, &received, 0) != 0) {
            received = NULL;
        }
    }
    const bool hears = received != NULL;
    nng_msg_free(received);
    return hears;
}

START_TEST(only_allowed_pages_connect)
{
    const char *url = address_of(WS);
    const char *const origins[] = {"https://desk.example"};
    const struct link_addresses addresses = {
        .urls = &url, .url_count = 1, .origins = origins, .origin_count = 1};
    struct link_publisher *publisher = publisher_at(&addresses);
    nng_socket desk = page_open(url, "Origin: https://desk.example\r\n");
    ck_assert(page_hears(publisher, desk, TRIES_MAX));
    nng_socket thief = page_open(url, "Origin: https://thief.example\r\n");
    ck_assert(!page_hears(publisher, thief, 20));
    nng_close(thief);
    nng_close(desk);
    link_publisher_close(publisher, 0);
}
END_TEST

/* Subscribing as an actor: it counts and stops the system after the flood. */
static unsigned heard;

static enum err listener_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    const struct link_received *received = message_body(*message);
    if (received->size == 4 && memcmp(link_received_bytes(*message), "last", 4) == 0) {
        system_stop(context_system(context));
    }
    heard++;
    return ERR_NONE;
}

static const struct actor_class listener_class = {.name = "listener", .receive = listener_receive};

START_TEST(actor_subscribes)
{
    const char *url = address_of(IPC);
    const struct link_addresses addresses = {.urls = &url, .url_count = 1};
    struct link_publisher *publisher = publisher_at(&addresses);
    struct link_subscriber *witness = subscriber_at(url, everything);
    host_start(&listener_class);
    const struct link_subscription subscription = {
        .url = url, .topics = everything, .topic_count = 1, .system = host, .receiver = echo};
    struct link_subscriber *subscriber;
    ck_assert_int_eq(link_subscriber_open(&subscription, &subscriber, NULL), ERR_NONE);
    while (link_publisher_peers(publisher) < 2) {
        connect_both(publisher, witness, "hello");
    }
    for (int i = 0; i < FLOOD; i++) {
        publish(publisher, "event");
    }
    publish(publisher, "last");
    pthread_join(host_thread, NULL);
    ck_assert_uint_ge(heard, FLOOD + 1);
    ck_assert_uint_eq(link_subscriber_lost(subscriber), 0);
    link_subscriber_close(subscriber);
    link_subscriber_close(witness);
    link_publisher_close(publisher, 0);
    system_destroy(host);
}
END_TEST

START_TEST(what_an_ended_actor_misses_is_counted)
{
    const char *url = address_of(IPC);
    const struct link_addresses addresses = {.urls = &url, .url_count = 1};
    struct link_publisher *publisher = publisher_at(&addresses);
    host_start(&quitter_class);
    const struct link_subscription subscription = {
        .url = url, .topics = everything, .topic_count = 1, .system = host, .receiver = echo};
    struct link_subscriber *subscriber;
    ck_assert_int_eq(link_subscriber_open(&subscription, &subscriber, NULL), ERR_NONE);
    struct link_subscriber *witness = subscriber_at(url, everything);
    for (int i = 0; i < TRIES_MAX && link_subscriber_lost(subscriber) == 0; i++) {
        connect_both(publisher, witness, "hello");
    }
    ck_assert_uint_gt(link_subscriber_lost(subscriber), 0);
    host_stop();
    link_subscriber_close(subscriber);
    link_subscriber_close(witness);
    link_publisher_close(publisher, 0);
    system_destroy(host);
}
END_TEST

START_TEST(subscriber_needs_an_address)
{
    struct link_subscriber *subscriber;
    struct failure failure = {.text = ""};
    const struct link_subscription subscription = {.url = "nonsense"};
    ck_assert_int_eq(link_subscriber_open(&subscription, &subscriber, &failure), ERR_SYNTAX);
    ck_assert_msg(strstr(failure.text, "nonsense: ") != NULL, "%s", failure.text);
}
END_TEST

START_TEST(closing_nothing_is_allowed)
{
    link_reply_close(NULL);
    link_publisher_close(NULL, PATIENCE_MS);
    link_subscriber_close(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link");
    TCase *reply = tcase_create("reply");
    tcase_set_timeout(reply, 60);
    tcase_add_checked_fixture(reply, folder_setup, folder_teardown);
    tcase_add_loop_test(reply, request_is_answered, 0, ADDRESS_KINDS);
    tcase_add_test(reply, ipc_is_for_its_owner_only);
    tcase_add_test(reply, many_clients_are_answered);
    tcase_add_test(reply, request_to_an_ended_actor_is_refused);
    tcase_add_loop_test(reply, silence_ends_with_a_timeout, 0, ADDRESS_KINDS);
    tcase_add_test(reply, unknown_ticket_is_not_found);
    tcase_add_loop_test(reply, nobody_listens, 0, ADDRESS_KINDS);
    tcase_add_loop_test(reply, address_in_use_is_refused, 0, ADDRESS_KINDS);
    tcase_add_loop_test(reply, bad_address_is_refused, 0,
                        sizeof(bad_addresses) / sizeof(bad_addresses[0]));
    tcase_add_loop_test(reply, failures_name_the_address, 0,
                        sizeof(failures) / sizeof(failures[0]));
    suite_add_tcase(suite, reply);
    TCase *publish_case = tcase_create("publish");
    tcase_set_timeout(publish_case, 60);
    tcase_add_checked_fixture(publish_case, folder_setup, folder_teardown);
    tcase_add_test(publish_case, stale_ipc_file_is_taken_over);
    tcase_add_loop_test(publish_case, events_arrive_in_order_and_complete, 0, ADDRESS_KINDS);
    tcase_add_test(publish_case, topics_select);
    tcase_add_loop_test(publish_case, subscriber_waits_for_its_publisher, 0, ADDRESS_KINDS);
    tcase_add_loop_test(publish_case, last_events_survive_closing, 0, ADDRESS_KINDS);
    tcase_add_test(publish_case, one_publisher_on_all_addresses);
    tcase_add_test(publish_case, only_allowed_pages_connect);
    tcase_add_test(publish_case, actor_subscribes);
    tcase_add_test(publish_case, what_an_ended_actor_misses_is_counted);
    tcase_add_test(publish_case, subscriber_needs_an_address);
    tcase_add_test(publish_case, closing_nothing_is_allowed);
    suite_add_tcase(suite, publish_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
