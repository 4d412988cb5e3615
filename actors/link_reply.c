#include "actors/link.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "actors/link_socket.h"
#include "base/assert.h"

/* How long after an answer the socket stays open. nng calls an answer sent when its connection has
 * taken it; the bytes are then still in its hands, and closing drops them. */
enum {
    REPLY_FLUSH_MS = 100,
    REPLY_ID_BYTES = 4, /* Of the protocol, ahead of each request. */
};

enum reply_state {
    REPLY_RECEIVING, /* nng has the aio: waits for a request. */
    REPLY_WAITING,   /* A ticket is out. */
    REPLY_SENDING,   /* nng has the aio: sends the answer. */
    REPLY_DONE,      /* The answer was sent, and the replier is closing. */
};

/* One request at a time goes through a desk: receive, wait for the actor, send, receive. */
struct reply_desk {
    struct link_replier *replier;
    nng_ctx context;
    nng_aio *aio;           /* Owned. */
    enum reply_state state; /* Under the replier's lock. */
    uint64_t ticket;        /* Of the request it waits for or waited for last; under the lock. */
    nng_pipe pipe;          /* Where that came from; under the lock. */
};

struct link_replier {
    struct link_service service;
    nng_socket socket;
    bool is_open;
    pthread_mutex_t lock;
    uint64_t tickets;        /* Given out; under the lock. */
    nng_time answered_at;    /* When nng was given the last answer; under the lock. */
    bool is_closing;         /* Under the lock. */
    struct link_signal sent; /* While closing: an answer was sent. */
    struct reply_desk desks[LINK_REQUESTS_MAX];
};

/* The desk is free for the next request; none is taken any more when the replier is closing. */
static void reply_receive(struct reply_desk *desk)
{
    struct link_replier *replier = desk->replier;
    (void)pthread_mutex_lock(&replier->lock);
    const bool is_closing = replier->is_closing;
    desk->state = is_closing ? REPLY_DONE : REPLY_RECEIVING;
    (void)pthread_mutex_unlock(&replier->lock);
    if (is_closing) {
        link_signal_raise(&replier->sent);
    } else {
        nng_ctx_recv(desk->context, desk->aio);
    }
}

/* A ticket names its desk, so that an answer finds it, and is never given out twice. */
static uint64_t reply_give_ticket(struct reply_desk *desk, nng_pipe pipe)
{
    struct link_replier *replier = desk->replier;
    const uint64_t index = (uint64_t)(desk - replier->desks);
    (void)pthread_mutex_lock(&replier->lock);
    desk->ticket = ++replier->tickets * LINK_REQUESTS_MAX + index;
    desk->pipe = pipe;
    desk->state = REPLY_WAITING;
    const uint64_t ticket = desk->ticket;
    (void)pthread_mutex_unlock(&replier->lock);
    return ticket;
}

/* Passes the request to the actor, or refuses it. */
static void reply_on_request(struct reply_desk *desk, nng_msg *request)
{
    struct link_replier *replier = desk->replier;
    const uint64_t ticket = reply_give_ticket(desk, nng_msg_get_pipe(request));
    nng_msg *message = link_received_create(request, ticket, system_now(replier->service.system));
    nng_msg_free(request);
    if (message != NULL &&
        system_send(replier->service.system, replier->service.receiver, &message) == ERR_NONE) {
        return;
    }
    message_destroy(message);
    (void)!link_reply(replier, ticket, replier->service.refusal, strlen(replier->service.refusal));
}

static void reply_on_done(void *argument)
{
    struct reply_desk *desk = argument;
    const int code = nng_aio_result(desk->aio);
    (void)pthread_mutex_lock(&desk->replier->lock);
    const bool was_receiving = desk->state == REPLY_RECEIVING;
    (void)pthread_mutex_unlock(&desk->replier->lock);
    if (was_receiving && code == 0) {
        reply_on_request(desk, nng_aio_get_msg(desk->aio));
        return;
    }
    if (!was_receiving && code != 0) {
        nng_msg_free(nng_aio_get_msg(desk->aio)); /* The answer was not taken. */
    }
    if (code != NNG_ECLOSED && code != NNG_ECANCELED) {
        reply_receive(desk);
    }
}

static void reply_on_pipe(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    const struct link_replier *replier = argument;
    if (event == NNG_PIPE_EV_ADD_PRE && !link_pipe_is_allowed(pipe, &replier->service.addresses)) {
        (void)nng_pipe_close(pipe);
    }
}

static int reply_open_desk(struct link_replier *replier, struct reply_desk *desk)
{
    desk->replier = replier;
    const int code = nng_aio_alloc(&desk->aio, reply_on_done, desk);
    return code != 0 ? code : nng_ctx_open(&desk->context, replier->socket);
}

static int reply_open(struct link_replier *replier)
{
    int code = nng_rep0_open(&replier->socket);
    if (code != 0) {
        return code;
    }
    replier->is_open = true;
    code = nng_socket_set_size(replier->socket, NNG_OPT_RECVMAXSZ, LINK_BYTES_MAX + REPLY_ID_BYTES);
    if (code == 0) {
        code = nng_pipe_notify(replier->socket, NNG_PIPE_EV_ADD_PRE, reply_on_pipe, replier);
    }
    for (size_t i = 0; i < LINK_REQUESTS_MAX && code == 0; i++) {
        code = reply_open_desk(replier, &replier->desks[i]);
    }
    return code;
}

static struct link_replier *reply_create(const struct link_service *service)
{
    struct link_replier *replier = calloc(1, sizeof(*replier));
    if (replier == NULL) {
        return NULL;
    }
    replier->service = *service;
    if (pthread_mutex_init(&replier->lock, NULL) != 0) {
        free(replier);
        return NULL;
    }
    if (link_signal_init(&replier->sent) != ERR_NONE) {
        (void)pthread_mutex_destroy(&replier->lock);
        free(replier);
        return NULL;
    }
    return replier;
}

enum err link_reply_listen(const struct link_service *service, struct link_replier **ret_replier,
                           struct failure *failure)
{
    ASSERT(service->refusal != NULL);
    struct link_replier *replier = reply_create(service);
    if (replier == NULL) {
        return failure_set(failure, ERR_MEMORY, "out of memory");
    }
    const int code = reply_open(replier);
    enum err err = code == 0 ? link_listen(replier->socket, &service->addresses, false, failure)
                             : link_failure(failure, "request socket", code);
    if (err != ERR_NONE) {
        link_reply_close(replier);
        return err;
    }
    for (size_t i = 0; i < LINK_REQUESTS_MAX; i++) {
        reply_receive(&replier->desks[i]);
    }
    *ret_replier = replier;
    return ERR_NONE;
}

/* Takes the desk of a ticket that was not answered; NULL when there is none. */
static struct reply_desk *reply_take_desk(struct link_replier *replier, uint64_t ticket)
{
    struct reply_desk *desk = &replier->desks[ticket % LINK_REQUESTS_MAX];
    (void)pthread_mutex_lock(&replier->lock);
    const bool is_waiting = desk->state == REPLY_WAITING && desk->ticket == ticket;
    if (is_waiting) {
        desk->state = REPLY_SENDING;
    }
    (void)pthread_mutex_unlock(&replier->lock);
    return is_waiting ? desk : NULL;
}

/* A message with these bytes; NULL without memory. */
static nng_msg *reply_message(const void *bytes, size_t size)
{
    nng_msg *answer;
    if (nng_msg_alloc(&answer, 0) != 0) {
        return NULL;
    }
    if (nng_msg_append(answer, bytes, size) != 0) {
        nng_msg_free(answer);
        return NULL;
    }
    return answer;
}

/* The client of a request that cannot be answered hears it from its connection. */
static enum err reply_hang_up(struct link_replier *replier, uint64_t ticket)
{
    struct reply_desk *desk = reply_take_desk(replier, ticket);
    if (desk == NULL) {
        return ERR_NOT_FOUND;
    }
    (void)nng_pipe_close(desk->pipe);
    reply_receive(desk);
    return ERR_MEMORY;
}

enum err link_reply(struct link_replier *replier, uint64_t ticket, const void *bytes, size_t size)
{
    nng_msg *answer = reply_message(bytes, size);
    if (answer == NULL) {
        return reply_hang_up(replier, ticket);
    }
    struct reply_desk *desk = reply_take_desk(replier, ticket);
    if (desk == NULL) {
        nng_msg_free(answer);
        return ERR_NOT_FOUND;
    }
    (void)pthread_mutex_lock(&replier->lock);
    replier->answered_at = nng_clock();
    (void)pthread_mutex_unlock(&replier->lock);
    nng_aio_set_msg(desk->aio, answer); /* nng owns it now. */
    nng_ctx_send(desk->context, desk->aio);
    return ERR_NONE;
}

enum err link_reply_forget(struct link_replier *replier, uint64_t ticket)
{
    struct reply_desk *desk = reply_take_desk(replier, ticket);
    if (desk == NULL) {
        return ERR_NOT_FOUND;
    }
    reply_receive(desk);
    return ERR_NONE;
}

/* Counts the answers that nng has not sent yet. */
static unsigned reply_count_sending(struct link_replier *replier)
{
    unsigned sending = 0;
    (void)pthread_mutex_lock(&replier->lock);
    replier->is_closing = true;
    for (size_t i = 0; i < LINK_REQUESTS_MAX; i++) {
        sending += replier->desks[i].state == REPLY_SENDING;
    }
    (void)pthread_mutex_unlock(&replier->lock);
    return sending;
}

/* Whoever asked for the end must hear that it came. */
static void reply_linger(struct link_replier *replier)
{
    while (reply_count_sending(replier) > 0 &&
           link_signal_wait(&replier->sent, LINK_LINGER_DEFAULT_MS)) {
    }
    const nng_time until = replier->answered_at + REPLY_FLUSH_MS;
    const nng_time now = nng_clock();
    if (replier->answered_at != 0 && now < until) {
        nng_msleep((nng_duration)(until - now));
    }
}

void link_reply_close(struct link_replier *replier)
{
    if (replier == NULL) {
        return;
    }
    if (replier->is_open) {
        reply_linger(replier);
        (void)nng_pipe_notify(replier->socket, NNG_PIPE_EV_ADD_PRE, NULL, NULL);
        (void)link_close(replier->socket); /* Ends what the desks have under way. */
    }
    for (size_t i = 0; i < LINK_REQUESTS_MAX; i++) {
        if (replier->desks[i].aio != NULL) {
            nng_aio_stop(replier->desks[i].aio);
            nng_aio_free(replier->desks[i].aio);
        }
    }
    link_signal_done(&replier->sent);
    (void)pthread_mutex_destroy(&replier->lock);
    free(replier);
}
