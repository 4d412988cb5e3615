#include "actors/link.h"

#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/supplemental/util/platform.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "actors/link_socket.h"
#include "base/assert.h"

enum {
    SUBSCRIBER_RECONNECT_MIN_MS = 50,
    SUBSCRIBER_RECONNECT_MAX_MS = 1000,
    /* A connection goes on receiving only after it has passed a message on, and nng 1.5 cannot be
     * closed in between; whoever closes after the last event lets it come to rest first. */
    SUBSCRIBER_REST_MS = 20,
};

/*
 * One receive is under way at any time, without a timeout: a receive that is cancelled while a
 * message comes in is where nng 1.5 goes wrong. So a caller that gives up waiting leaves it where
 * it is, for the next call.
 */
struct link_subscriber {
    struct system *system; /* Borrowed; NULL: `arrived` says that the aio has something. */
    struct actor_ref receiver;
    nng_socket socket;
    bool is_open;
    bool is_receiving; /* The receive was begun. */
    nng_aio *aio;      /* Owned. */
    struct link_signal arrived;
    _Atomic(uint64_t) lost; /* A counter, orders nothing: relaxed. */
};

static void subscriber_pass_on(struct link_subscriber *subscriber)
{
    nng_msg *received = nng_aio_get_msg(subscriber->aio);
    nng_msg *message = link_received_create(received, 0, system_now(subscriber->system));
    nng_msg_free(received);
    if (message == NULL ||
        system_send(subscriber->system, subscriber->receiver, &message) != ERR_NONE) {
        message_destroy(message);
        (void)atomic_fetch_add_explicit(&subscriber->lost, 1, memory_order_relaxed);
    }
}

static void subscriber_on_received(void *argument)
{
    struct link_subscriber *subscriber = argument;
    if (subscriber->system == NULL) {
        link_signal_raise(&subscriber->arrived);
        return;
    }
    const int code = nng_aio_result(subscriber->aio);
    if (code == 0) {
        subscriber_pass_on(subscriber);
    }
    if (code != NNG_ECLOSED && code != NNG_ECANCELED) {
        nng_recv_aio(subscriber->socket, subscriber->aio);
    }
}

static int subscriber_set_options(struct link_subscriber *subscriber,
                                  const struct link_subscription *subscription)
{
    const nng_socket socket = subscriber->socket;
    int code = nng_socket_set_int(socket, NNG_OPT_RECVBUF, LINK_BUFFER_MESSAGES);
    if (code == 0) {
        code = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, LINK_BYTES_MAX);
    }
    if (code == 0) {
        code = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, SUBSCRIBER_RECONNECT_MIN_MS);
    }
    if (code == 0) {
        code = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, SUBSCRIBER_RECONNECT_MAX_MS);
    }
    for (size_t i = 0; i < subscription->topic_count && code == 0; i++) {
        const char *topic = subscription->topics[i];
        code = nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, topic, strlen(topic));
    }
    return code;
}

/* A publisher sends text frames on ws; what a dialer does not accept it would close. */
static int subscriber_dial(struct link_subscriber *subscriber, const char *url)
{
    nng_dialer dialer;
    int code = nng_dialer_create(&dialer, subscriber->socket, url);
    if (code == 0 && (strncmp(url, "ws://", 5) == 0 || strncmp(url, "wss://", 6) == 0)) {
        code = nng_dialer_set_bool(dialer, NNG_OPT_WS_RECV_TEXT, true);
    }
    return code == 0 ? nng_dialer_start(dialer, NNG_FLAG_NONBLOCK) : code;
}

static int subscriber_open(struct link_subscriber *subscriber,
                           const struct link_subscription *subscription)
{
    int code = nng_aio_alloc(&subscriber->aio, subscriber_on_received, subscriber);
    if (code == 0) {
        code = nng_sub0_open(&subscriber->socket);
        subscriber->is_open = code == 0;
    }
    if (code == 0) {
        code = subscriber_set_options(subscriber, subscription);
    }
    return code == 0 ? subscriber_dial(subscriber, subscription->url) : code;
}

enum err link_subscriber_open(const struct link_subscription *subscription,
                              struct link_subscriber **ret_subscriber, struct failure *failure)
{
    struct link_subscriber *subscriber = calloc(1, sizeof(*subscriber));
    if (subscriber == NULL || link_signal_init(&subscriber->arrived) != ERR_NONE) {
        free(subscriber);
        return failure_set(failure, ERR_MEMORY, "out of memory");
    }
    subscriber->system = subscription->system;
    subscriber->receiver = subscription->receiver;
    const int code = subscriber_open(subscriber, subscription);
    if (code != 0) {
        link_subscriber_close(subscriber);
        return link_failure(failure, subscription->url, code);
    }
    subscriber->is_receiving = true;
    nng_recv_aio(subscriber->socket, subscriber->aio);
    *ret_subscriber = subscriber;
    return ERR_NONE;
}

enum err link_subscriber_receive(struct link_subscriber *subscriber, unsigned timeout_ms,
                                 nng_msg **ret_message)
{
    ASSERT(subscriber->system == NULL);
    if (!subscriber->is_receiving) {
        subscriber->is_receiving = true;
        nng_recv_aio(subscriber->socket, subscriber->aio);
    }
    if (!link_signal_wait(&subscriber->arrived, timeout_ms)) {
        return ERR_END;
    }
    subscriber->is_receiving = false;
    const int code = nng_aio_result(subscriber->aio);
    if (code != 0) {
        return code == NNG_ENOMEM ? ERR_MEMORY : ERR_CLOSED;
    }
    nng_msg *received = nng_aio_get_msg(subscriber->aio);
    nng_msg *message = link_received_create(received, 0, 0);
    nng_msg_free(received);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    *ret_message = message;
    return ERR_NONE;
}

uint64_t link_subscriber_lost(const struct link_subscriber *subscriber)
{
    return atomic_load_explicit(&subscriber->lost, memory_order_relaxed);
}

/* Frees what came in and was not fetched. */
static void subscriber_drop_last(struct link_subscriber *subscriber)
{
    if (subscriber->system == NULL && subscriber->is_receiving &&
        nng_aio_result(subscriber->aio) == 0) {
        nng_msg_free(nng_aio_get_msg(subscriber->aio));
    }
}

void link_subscriber_close(struct link_subscriber *subscriber)
{
    if (subscriber == NULL) {
        return;
    }
    if (subscriber->is_open) {
        nng_msleep(SUBSCRIBER_REST_MS);
        (void)link_close(subscriber->socket); /* Ends the receive that is under way. */
    }
    if (subscriber->aio != NULL) {
        nng_aio_stop(subscriber->aio);
        subscriber_drop_last(subscriber);
        nng_aio_free(subscriber->aio);
    }
    link_signal_done(&subscriber->arrived);
    free(subscriber);
}
