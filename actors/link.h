/*
 * actors/link.h - bridges between nng sockets and actors: where a message leaves the process.
 *
 * A replier turns requests into messages for an actor, which answers by ticket. A requester sends
 * requests for an actor and brings it the answers. A publisher sends byte strings to whoever
 * subscribed. A subscriber brings them to an actor, or to a program that
 * has none. What arrives is copied into a message of our own pool, so the sender of a message never
 * sees a difference between an actor and a socket.
 *
 * Addresses are ipc://PATH (relative paths too; the file is for its owner only, and one that a
 * dead process left is taken over), tcp://HOST:PORT, ws://HOST:PORT/PATH (events as text
 * frames) and inproc://NAME. Browsers may connect by ws from any page, so a connection that names
 * an Origin is closed unless it is one of the allowed.
 *
 * Threads: nng's own threads only pass messages on. link_reply() and link_publisher_send() from
 * any thread. Close while no other call is at work on the link: in the stop() of the only actor
 * that uses it, or between system_run() and system_destroy(); never after system_destroy().
 */
#ifndef TUTTI_ACTORS_LINK_H
#define TUTTI_ACTORS_LINK_H

#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/system.h"
#include "base/err.h"
#include "base/text.h"

enum {
    LINK_BUFFER_MESSAGES = 8192,       /* The most nng keeps per connection; then it drops. */
    LINK_BYTES_MAX = 1 << 20,          /* Longest request or event that is taken in. */
    LINK_ANSWER_BYTES_MAX = 256 << 20, /* Longest answer to a request. */
    LINK_PEERS_MAX = 1024,             /* Connections of a publisher; more are closed. */
    LINK_REQUESTS_MAX = 16,            /* Requests of a replier that wait for an answer. */
    LINK_ASKED_MAX = 16,               /* Requests of a requester that wait for an answer. */
    LINK_LINGER_DEFAULT_MS = 1000,
};

/* Body of MESSAGE_LINK_RECEIVED; the bytes follow. */
struct link_received {
    uint64_t ticket; /* For link_reply(); 0 when nobody waits for an answer. */
    uint32_t size;   /* Bytes that follow; not NUL-terminated. */
};

/* The bytes of a MESSAGE_LINK_RECEIVED, valid as long as the message. */
static inline const char *link_received_bytes(nng_msg *message)
{
    return (const char *)message_body(message) + sizeof(struct link_received);
}

/* Where to listen, and which web pages may connect. All borrowed for the life of the link. */
struct link_addresses {
    const char *const *urls;
    size_t url_count;
    const char *const *origins; /* e.g. "https://desk.example"; none: no page may. */
    size_t origin_count;
};

struct link_replier;

struct link_service {
    struct system *system;     /* Borrowed. */
    struct actor_ref receiver; /* Of the requests. */
    const char *refusal;       /* Borrowed; the answer when the receiver is full or has ended. */
    struct link_addresses addresses;
};

/*
 * Listens for requests (nng REQ). Each becomes a MESSAGE_LINK_RECEIVED with a ticket to the
 * receiver; at most LINK_REQUESTS_MAX wait at a time, more wait in their clients.
 *
 * Errors, with the address and what to do in *failure: ERR_LOCKED when the address is in use,
 * ERR_DENIED, ERR_SYNTAX for an address that cannot be read, ERR_NOT_FOUND for a missing folder or
 * host, ERR_MEMORY, ERR_IO.
 */
MUST_USE enum err link_reply_listen(const struct link_service *service,
                                    struct link_replier **ret_replier, struct failure *failure);

/* Answers a request, once. Errors: ERR_NOT_FOUND when the ticket was answered before or never
 * given out; ERR_MEMORY, and then the connection is closed instead. A client that has gone is not
 * an error. */
MUST_USE enum err link_reply(struct link_replier *replier, uint64_t ticket, const void *bytes,
                             size_t size);

/* Gives no answer to this request: its client waits on. Errors: ERR_NOT_FOUND as above. */
MUST_USE enum err link_reply_forget(struct link_replier *replier, uint64_t ticket);

/* Sends the answers that were given, stops listening; requests without an answer get none. NULL is
 * allowed. */
void link_reply_close(struct link_replier *replier);

struct link_publisher;

/* Listens for subscribers (nng SUB). Errors as link_reply_listen(). */
MUST_USE enum err link_publisher_open(const struct link_addresses *addresses,
                                      struct link_publisher **ret_publisher,
                                      struct failure *failure);

/* Sends a copy of the bytes to all subscribers of a prefix of them. Never blocks: a subscriber
 * that is LINK_BUFFER_MESSAGES behind loses the oldest. Errors: ERR_MEMORY, ERR_CLOSED. */
MUST_USE enum err link_publisher_send(struct link_publisher *publisher, const void *bytes,
                                      size_t size);

/* Connections at this instant that get what is sent from now on. */
unsigned link_publisher_peers(struct link_publisher *publisher);

/* Waits until at least `peers` are connected, at most timeout_ms; says whether they are. Blocks:
 * for programs, not for actors. */
bool link_publisher_wait(struct link_publisher *publisher, unsigned peers, unsigned timeout_ms);

/*
 * Stops listening. Closing a socket loses what nng has queued and nng does not say when its queue
 * is empty, so while subscribers are connected this waits for them to go, at most linger_ms: a
 * subscriber that has seen the last event closes by itself. NULL is allowed.
 */
void link_publisher_close(struct link_publisher *publisher, unsigned linger_ms);

struct link_subscriber;

struct link_subscription {
    const char *url;
    const char *const *topics; /* Prefixes of what is wanted; "" is everything. */
    size_t topic_count;
    struct system *system;     /* NULL: by link_subscriber_receive(). */
    struct actor_ref receiver; /* Of the messages; what it cannot take in is lost and counted. */
};

/*
 * Connects to a publisher, now or as soon as it is there, and again when the connection is lost.
 * What was published meanwhile is lost: whoever needs all of it checks sequence numbers. Errors as
 * link_reply_listen(). The subscription is borrowed for the call.
 */
MUST_USE enum err link_subscriber_open(const struct link_subscription *subscription,
                                       struct link_subscriber **ret_subscriber,
                                       struct failure *failure);

/* Waits at most timeout_ms for the next MESSAGE_LINK_RECEIVED, which the caller then owns. Only
 * without a system, from one thread. Errors: ERR_END when nothing came, ERR_MEMORY, ERR_CLOSED. */
MUST_USE enum err link_subscriber_receive(struct link_subscriber *subscriber, unsigned timeout_ms,
                                          nng_msg **ret_message);

/* How many messages the receiver could not take in. */
uint64_t link_subscriber_lost(const struct link_subscriber *subscriber);

void link_subscriber_close(struct link_subscriber *subscriber);

struct link_requester;

struct link_inquirer {
    const char *url;
    struct system *system;     /* Borrowed. */
    struct actor_ref receiver; /* Of the answers. */
};

/*
 * Connects to a replier, now or as soon as it is there, and again when the connection is lost: a
 * request that was under way is then sent again by nng, so whoever answers must know it when it
 * comes twice. Answers come as MESSAGE_LINK_RECEIVED with the ticket of their request. Errors as
 * link_reply_listen(). The inquirer is borrowed for the call.
 */
MUST_USE enum err link_requester_open(const struct link_inquirer *inquirer,
                                      struct link_requester **ret_requester,
                                      struct failure *failure);

/* Sends a copy of the bytes. The caller chooses the ticket, not 0 and not that of another request
 * that waits. Errors: ERR_FULL when LINK_ASKED_MAX wait, ERR_MEMORY. From one thread. */
MUST_USE enum err link_requester_send(struct link_requester *requester, uint64_t ticket,
                                      const void *bytes, size_t size);

/* Waits no longer for this answer; it may be on its way all the same. From the same thread. */
void link_requester_forget(struct link_requester *requester, uint64_t ticket);

/* NULL is allowed. */
void link_requester_close(struct link_requester *requester);

struct link_request {
    const char *url;
    const void *bytes;
    size_t size;
    unsigned timeout_ms;
};

/*
 * Sends one request and waits for its answer, for programs that are no actors. The request is sent
 * once and not repeated. The answer is appended to *answer. Errors, with words in *failure:
 * ERR_NOT_FOUND when nobody listens, ERR_END when no answer came in time (it may have been carried
 * out), others as link_reply_listen().
 */
MUST_USE enum err link_request(const struct link_request *request, struct text *answer,
                               struct failure *failure);

#endif
