/* Publishing and subscribing over every kind of address. */
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <sys/wait.h>

#include "link_stage.h"

static const char *const everything[] = {""};

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
        .url = url, .topics = everything, .topic_count = 1, .system = host, .receiver = guest};
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
        .url = url, .topics = everything, .topic_count = 1, .system = host, .receiver = guest};
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
    Suite *suite = suite_create("link_publisher");
    TCase *tcase = tcase_create("publisher");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, folder_setup, folder_teardown);
    tcase_add_test(tcase, stale_ipc_file_is_taken_over);
    tcase_add_loop_test(tcase, events_arrive_in_order_and_complete, 0, ADDRESS_KINDS);
    tcase_add_test(tcase, topics_select);
    tcase_add_loop_test(tcase, subscriber_waits_for_its_publisher, 0, ADDRESS_KINDS);
    tcase_add_loop_test(tcase, last_events_survive_closing, 0, ADDRESS_KINDS);
    tcase_add_test(tcase, one_publisher_on_all_addresses);
    tcase_add_test(tcase, only_allowed_pages_connect);
    tcase_add_test(tcase, actor_subscribes);
    tcase_add_test(tcase, what_an_ended_actor_misses_is_counted);
    tcase_add_test(tcase, subscriber_needs_an_address);
    tcase_add_test(tcase, closing_nothing_is_allowed);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
