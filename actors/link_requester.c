#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "actors/link_socket.h"
#include "base/assert.h"

enum { REQUESTER_RECONNECT_MIN_MS = 20, REQUESTER_RECONNECT_MAX_MS = 500 };

enum ask_state {
    ASK_FREE,
    ASK_SENDING,   /* nng has the aio: sends, or waits for a connection. */
    ASK_RECEIVING, /* nng has the aio: waits for the answer. */
};

/* One request at a time goes through a desk. A forgotten one is free when nng lets go of it. */
struct ask_desk {
    struct link_requester *requester;
    nng_ctx context;
    nng_aio *aio;         /* Owned. */
    enum ask_state state; /* Under the requester's lock. */
    uint64_t ticket;      /* Of the request under way; under the lock. */
    bool is_forgotten;    /* Under the lock. */
};

struct link_requester {
    struct system *system; /* Borrowed. */
    struct actor_ref receiver;
    nng_socket socket;
    bool is_open;
    pthread_mutex_t lock;
    struct ask_desk desks[LINK_ASKED_MAX];
};

/* The desk goes on to `state`; what was asked meanwhile comes back. */
static bool ask_enter(struct ask_desk *desk, enum ask_state state)
{
    (void)pthread_mutex_lock(&desk->requester->lock);
    const bool is_forgotten = desk->is_forgotten;
    desk->state = is_forgotten ? ASK_FREE : state;
    (void)pthread_mutex_unlock(&desk->requester->lock);
    return !is_forgotten;
}

/* Brings the answer to the actor, unless nobody waits for it any more. */
static void ask_pass_on(struct ask_desk *desk)
{
    struct link_requester *requester = desk->requester;
    nng_msg *received = nng_aio_get_msg(desk->aio);
    const uint64_t ticket = desk->ticket;
    nng_msg *message = link_received_create(received, ticket, system_now(requester->system));
    nng_msg_free(received);
    const bool is_wanted = ask_enter(desk, ASK_FREE);
    if (!is_wanted || message == NULL ||
        system_send(requester->system, requester->receiver, &message) != ERR_NONE) {
        message_destroy(message); /* As if the answer were lost: whoever asked has a time-out. */
    }
}

static void ask_on_done(void *argument)
{
    struct ask_desk *desk = argument;
    const int code = nng_aio_result(desk->aio);
    (void)pthread_mutex_lock(&desk->requester->lock);
    const bool was_sending = desk->state == ASK_SENDING;
    (void)pthread_mutex_unlock(&desk->requester->lock);
    if (code == 0 && !was_sending) {
        ask_pass_on(desk);
        return;
    }
    if (code != 0 && was_sending) {
        nng_msg_free(nng_aio_get_msg(desk->aio)); /* The request was not taken. */
        nng_aio_set_msg(desk->aio, NULL);
    }
    if (code == 0 && ask_enter(desk, ASK_RECEIVING)) {
        nng_ctx_recv(desk->context, desk->aio);
        return;
    }
    (void)ask_enter(desk, ASK_FREE);
}

static int requester_open_desk(struct link_requester *requester, struct ask_desk *desk)
{
    desk->requester = requester;
    const int code = nng_aio_alloc(&desk->aio, ask_on_done, desk);
    return code != 0 ? code : nng_ctx_open(&desk->context, requester->socket);
}

static int requester_open(struct link_requester *requester, const char *url)
{
    int code = nng_req0_open(&requester->socket);
    requester->is_open = code == 0;
    if (code == 0) {
        code = nng_socket_set_size(requester->socket, NNG_OPT_RECVMAXSZ, LINK_BYTES_MAX);
    }
    if (code == 0) {
        /* Nothing is repeated because its answer is late. */
        code = nng_socket_set_ms(requester->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    }
    if (code == 0) {
        code = nng_socket_set_ms(requester->socket, NNG_OPT_RECONNMINT, REQUESTER_RECONNECT_MIN_MS);
    }
    if (code == 0) {
        code = nng_socket_set_ms(requester->socket, NNG_OPT_RECONNMAXT, REQUESTER_RECONNECT_MAX_MS);
    }
    for (size_t i = 0; i < LINK_ASKED_MAX && code == 0; i++) {
        code = requester_open_desk(requester, &requester->desks[i]);
    }
    return code == 0 ? nng_dial(requester->socket, url, NULL, NNG_FLAG_NONBLOCK) : code;
}

enum err link_requester_open(const struct link_inquirer *inquirer,
                             struct link_requester **ret_requester, struct failure *failure)
{
    struct link_requester *requester = calloc(1, sizeof(*requester));
    if (requester == NULL || pthread_mutex_init(&requester->lock, NULL) != 0) {
        free(requester);
        return failure_set(failure, ERR_MEMORY, "out of memory");
    }
    requester->system = inquirer->system;
    requester->receiver = inquirer->receiver;
    const int code = requester_open(requester, inquirer->url);
    if (code != 0) {
        link_requester_close(requester);
        return link_failure(failure, inquirer->url, code);
    }
    *ret_requester = requester;
    return ERR_NONE;
}

/* A cancel that came while nng had not begun yet was without effect: here it is repeated. */
static void requester_cancel_forgotten(struct link_requester *requester)
{
    nng_aio *forgotten[LINK_ASKED_MAX];
    size_t count = 0;
    (void)pthread_mutex_lock(&requester->lock);
    for (size_t i = 0; i < LINK_ASKED_MAX; i++) {
        const struct ask_desk *desk = &requester->desks[i];
        if (desk->state != ASK_FREE && desk->is_forgotten) {
            forgotten[count++] = desk->aio;
        }
    }
    (void)pthread_mutex_unlock(&requester->lock);
    for (size_t i = 0; i < count; i++) {
        nng_aio_cancel(forgotten[i]);
    }
}

/* A free desk that now belongs to the ticket, or NULL. */
static struct ask_desk *requester_take_desk(struct link_requester *requester, uint64_t ticket)
{
    struct ask_desk *taken = NULL;
    (void)pthread_mutex_lock(&requester->lock);
    for (size_t i = 0; i < LINK_ASKED_MAX && taken == NULL; i++) {
        struct ask_desk *desk = &requester->desks[i];
        if (desk->state == ASK_FREE) {
            desk->state = ASK_SENDING;
            desk->ticket = ticket;
            desk->is_forgotten = false;
            taken = desk;
        }
    }
    (void)pthread_mutex_unlock(&requester->lock);
    return taken;
}

enum err link_requester_send(struct link_requester *requester, uint64_t ticket, const void *bytes,
                             size_t size)
{
    ASSERT(ticket != 0 && size <= LINK_BYTES_MAX);
    nng_msg *request;
    if (nng_msg_alloc(&request, 0) != 0) {
        return ERR_MEMORY;
    }
    if (nng_msg_append(request, bytes, size) != 0) {
        nng_msg_free(request);
        return ERR_MEMORY;
    }
    struct ask_desk *desk = requester_take_desk(requester, ticket);
    if (desk == NULL) {
        nng_msg_free(request);
        requester_cancel_forgotten(requester);
        return ERR_FULL;
    }
    nng_aio_wait(desk->aio);             /* Its last callback may still be on its way out. */
    nng_aio_set_msg(desk->aio, request); /* nng owns it now. */
    nng_ctx_send(desk->context, desk->aio);
    return ERR_NONE;
}

void link_requester_forget(struct link_requester *requester, uint64_t ticket)
{
    nng_aio *aio = NULL;
    (void)pthread_mutex_lock(&requester->lock);
    for (size_t i = 0; i < LINK_ASKED_MAX; i++) {
        struct ask_desk *desk = &requester->desks[i];
        if (desk->state != ASK_FREE && desk->ticket == ticket && !desk->is_forgotten) {
            desk->is_forgotten = true;
            aio = desk->aio;
        }
    }
    (void)pthread_mutex_unlock(&requester->lock);
    if (aio != NULL) {
        nng_aio_cancel(aio);
    }
}

void link_requester_close(struct link_requester *requester)
{
    if (requester == NULL) {
        return;
    }
    if (requester->is_open) {
        (void)link_close(requester->socket); /* Ends what the desks have under way. */
    }
    for (size_t i = 0; i < LINK_ASKED_MAX; i++) {
        if (requester->desks[i].aio != NULL) {
            nng_aio_stop(requester->desks[i].aio);
            nng_aio_free(requester->desks[i].aio);
        }
    }
    (void)pthread_mutex_destroy(&requester->lock);
    free(requester);
}
