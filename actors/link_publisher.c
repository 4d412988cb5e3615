#include "actors/link.h"

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "actors/link_socket.h"
#include "actors/scheduler_thread.h"
#include "base/instant.h"

enum { PUBLISHER_RECEIVE_MAX = 4096 }; /* A publisher expects nothing from its peers. */

/* A connection from before it is taken in until after it has gone. */
struct publisher_peer {
    int pipe;         /* nng's id. */
    bool has_started; /* What is sent from now on reaches it. */
};

struct link_publisher {
    struct link_addresses addresses; /* Borrowed content. */
    nng_socket socket;
    bool is_open;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* A peer has started or gone. */
    unsigned started;       /* Peers that have started; under the lock, like those that follow. */
    unsigned peer_count;
    struct publisher_peer peers[LINK_PEERS_MAX];
};

/* Under the lock; NULL when there is none. */
static struct publisher_peer *publisher_find_peer(struct link_publisher *publisher, int pipe)
{
    for (unsigned i = 0; i < publisher->peer_count; i++) {
        if (publisher->peers[i].pipe == pipe) {
            return &publisher->peers[i];
        }
    }
    return NULL;
}

/* False when there are too many. Under the lock. */
static bool publisher_add_peer(struct link_publisher *publisher, int pipe)
{
    if (publisher->peer_count == LINK_PEERS_MAX) {
        return false;
    }
    publisher->peers[publisher->peer_count++] = (struct publisher_peer){.pipe = pipe};
    return true;
}

/* nng says from different threads that a connection has started and that it has gone, so the peer
 * may be gone already. Under the lock. */
static void publisher_start_peer(struct link_publisher *publisher, int pipe)
{
    struct publisher_peer *peer = publisher_find_peer(publisher, pipe);
    if (peer != NULL && !peer->has_started) {
        peer->has_started = true;
        publisher->started++;
    }
}

/* Also for a peer that was turned away and has never started. Under the lock. */
static void publisher_remove_peer(struct link_publisher *publisher, int pipe)
{
    struct publisher_peer *peer = publisher_find_peer(publisher, pipe);
    if (peer != NULL) {
        publisher->started -= peer->has_started;
        *peer = publisher->peers[--publisher->peer_count];
    }
}

static void publisher_on_pipe(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    struct link_publisher *publisher = argument;
    const int id = nng_pipe_id(pipe);
    bool is_welcome =
        event != NNG_PIPE_EV_ADD_PRE || link_pipe_is_allowed(pipe, &publisher->addresses);
    (void)pthread_mutex_lock(&publisher->lock);
    if (event == NNG_PIPE_EV_ADD_PRE) {
        is_welcome = is_welcome && publisher_add_peer(publisher, id);
    } else if (event == NNG_PIPE_EV_ADD_POST) {
        publisher_start_peer(publisher, id);
    } else {
        publisher_remove_peer(publisher, id);
    }
    (void)pthread_cond_signal(&publisher->changed);
    (void)pthread_mutex_unlock(&publisher->lock);
    if (!is_welcome) {
        (void)nng_pipe_close(pipe);
    }
}

/* Sets the function that hears of connections, for all events. */
static int publisher_notify(struct link_publisher *publisher, nng_pipe_cb callback)
{
    int code = 0;
    for (int event = NNG_PIPE_EV_ADD_PRE; event < NNG_PIPE_EV_NUM && code == 0; event++) {
        code = nng_pipe_notify(publisher->socket, (nng_pipe_ev)event, callback, publisher);
    }
    return code;
}

static int publisher_open(struct link_publisher *publisher)
{
    int code = nng_pub0_open(&publisher->socket);
    if (code != 0) {
        return code;
    }
    publisher->is_open = true;
    code = nng_socket_set_int(publisher->socket, NNG_OPT_SENDBUF, LINK_BUFFER_MESSAGES);
    if (code == 0) {
        code = nng_socket_set_size(publisher->socket, NNG_OPT_RECVMAXSZ, PUBLISHER_RECEIVE_MAX);
    }
    return code == 0 ? publisher_notify(publisher, publisher_on_pipe) : code;
}

static struct link_publisher *publisher_create(const struct link_addresses *addresses)
{
    struct link_publisher *publisher = calloc(1, sizeof(*publisher));
    if (publisher == NULL) {
        return NULL;
    }
    publisher->addresses = *addresses;
    if (pthread_mutex_init(&publisher->lock, NULL) != 0) {
        free(publisher);
        return NULL;
    }
    if (scheduler_condition_init(&publisher->changed) != ERR_NONE) {
        (void)pthread_mutex_destroy(&publisher->lock);
        free(publisher);
        return NULL;
    }
    return publisher;
}

enum err link_publisher_open(const struct link_addresses *addresses,
                             struct link_publisher **ret_publisher, struct failure *failure)
{
    struct link_publisher *publisher = publisher_create(addresses);
    if (publisher == NULL) {
        return failure_set(failure, ERR_MEMORY, "out of memory");
    }
    const int code = publisher_open(publisher);
    const enum err err = code == 0 ? link_listen(publisher->socket, addresses, true, failure)
                                   : link_failure(failure, "event socket", code);
    if (err != ERR_NONE) {
        link_publisher_close(publisher, 0);
        return err;
    }
    *ret_publisher = publisher;
    return ERR_NONE;
}

enum err link_publisher_send(struct link_publisher *publisher, const void *bytes, size_t size)
{
    nng_msg *event;
    if (nng_msg_alloc(&event, size) != 0) {
        return ERR_MEMORY;
    }
    if (size > 0) {
        memcpy(nng_msg_body(event), bytes, size);
    }
    const int code = nng_sendmsg(publisher->socket, event, NNG_FLAG_NONBLOCK);
    if (code == 0) {
        return ERR_NONE;
    }
    nng_msg_free(event);
    return code == NNG_ENOMEM ? ERR_MEMORY : ERR_CLOSED;
}

unsigned link_publisher_peers(struct link_publisher *publisher)
{
    (void)pthread_mutex_lock(&publisher->lock);
    const unsigned peers = publisher->started;
    (void)pthread_mutex_unlock(&publisher->lock);
    return peers;
}

bool link_publisher_wait(struct link_publisher *publisher, unsigned peers, unsigned timeout_ms)
{
    const int64_t end_ns = scheduler_monotonic_ns() + (int64_t)timeout_ms * NS_PER_MS;
    (void)pthread_mutex_lock(&publisher->lock);
    while (publisher->started < peers && scheduler_monotonic_ns() < end_ns) {
        scheduler_condition_wait(&publisher->changed, &publisher->lock, end_ns);
    }
    const bool are_there = publisher->started >= peers;
    (void)pthread_mutex_unlock(&publisher->lock);
    return are_there;
}

static void publisher_linger(struct link_publisher *publisher, unsigned linger_ms)
{
    const int64_t end_ns = scheduler_monotonic_ns() + (int64_t)linger_ms * NS_PER_MS;
    (void)pthread_mutex_lock(&publisher->lock);
    while (publisher->started > 0 && scheduler_monotonic_ns() < end_ns) {
        scheduler_condition_wait(&publisher->changed, &publisher->lock, end_ns);
    }
    (void)pthread_mutex_unlock(&publisher->lock);
}

void link_publisher_close(struct link_publisher *publisher, unsigned linger_ms)
{
    if (publisher == NULL) {
        return;
    }
    if (publisher->is_open) {
        publisher_linger(publisher, linger_ms);
        (void)publisher_notify(publisher, NULL);
        (void)link_close(publisher->socket);
    }
    (void)pthread_cond_destroy(&publisher->changed);
    (void)pthread_mutex_destroy(&publisher->lock);
    free(publisher);
}
