/*
 * actors/link_socket.h - what all links do with an nng socket: errors in words, options, listening.
 *
 * Threads: as actors/link.h.
 */
#ifndef TUTTI_ACTORS_LINK_SOCKET_H
#define TUTTI_ACTORS_LINK_SOCKET_H

#include <nng/nng.h>
#include <pthread.h>
#include <stdbool.h>

#include "actors/link.h"

enum { LINK_CLOSE_MAX_MS = 2000 };

/* Fills *failure for what nng said about an address and returns the code. code is not 0. */
enum err link_failure(struct failure *failure, const char *url, int code);

/* Listens on all addresses. is_text: by ws as text frames; not for protocols that put a binary
 * header in front of their messages. */
MUST_USE enum err link_listen(nng_socket socket, const struct link_addresses *addresses,
                              bool is_text, struct failure *failure);

/*
 * Closes the socket and ends what is under way on it. nng 1.5 can wait for ever for a connection
 * that a message came in on just as it was closed; so this waits LINK_CLOSE_MAX_MS at most and then
 * leaves the socket behind with a warning. True when it is closed.
 */
bool link_close(nng_socket socket);

/* True when a new connection may stay: it names no Origin, or an allowed one. */
bool link_pipe_is_allowed(nng_pipe pipe, const struct link_addresses *addresses);

/* A MESSAGE_LINK_RECEIVED with a copy of what nng received. NULL without memory. */
nng_msg *link_received_create(nng_msg *received, uint64_t ticket, int64_t now_ns);

/* How a callback of nng tells a waiting program that something is done. */
struct link_signal {
    pthread_mutex_t lock;
    pthread_cond_t raised;
    bool is_raised; /* Under the lock. */
};

MUST_USE enum err link_signal_init(struct link_signal *signal);
void link_signal_done(struct link_signal *signal);
void link_signal_raise(struct link_signal *signal);

/* Waits until the signal is raised and lowers it. False when timeout_ms is over. */
bool link_signal_wait(struct link_signal *signal, unsigned timeout_ms);

#endif
