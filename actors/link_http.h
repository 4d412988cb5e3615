/*
 * actors/link_http.h - HTTP/1.1 and WebSocket between the outside and an actor.
 *
 * A complete request of somebody who may ask becomes a MESSAGE_LINK_HTTP for the actor, which
 * answers by ticket, at once or later, from any thread. A WebSocket session becomes
 * MESSAGE_LINK_SESSION with what happened to it; the actor sends texts to it by its number. What
 * is refused never reaches the actor: a wrong Host or Origin (403), no right secret (401, for
 * sessions close code 4001), too much (413), too often (429), too many waiting (503), or what is
 * no HTTP. Errors are {"detail":"..."}.
 *
 * Everything has a bound, below. A client that is slow loses its own connection: its headers, its
 * body and its reading have time-outs of their own, whatever trickles in, and when there are
 * too many connections a new one takes the place of the one that has been longest without a
 * request. A session that does not read what it is sent is closed with code 1013.
 *
 * Threads: one of libmicrohttpd per address and one for sessions and time-outs; they only pass
 * messages on. link_http_answer(), link_http_send(), link_http_end() and link_http_counters() from
 * any thread. Close as actors/link.h says.
 */
#ifndef TUTTI_ACTORS_LINK_HTTP_H
#define TUTTI_ACTORS_LINK_HTTP_H

#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/link_guard.h"
#include "actors/link_secrets.h"
#include "actors/system.h"
#include "base/err.h"

enum {
    LINK_HTTP_ADDRESSES_MAX = 16,
    LINK_HTTP_CONNECTIONS_MAX = 512,        /* Per address to listen at. */
    LINK_HTTP_CONNECTIONS_OF_ONE_MAX = 128, /* Of one client's address. */
    LINK_HTTP_HEADER_BYTES_MAX = 32 << 10,  /* Memory for a request line and its headers. */
    LINK_HTTP_PATH_MAX = 1024,
    LINK_HTTP_QUERY_MAX = 4096,
    LINK_HTTP_BODY_MAX = 1 << 20,
    LINK_HTTP_WAITING_MAX = 256, /* Requests that the actor has not answered yet. */
    LINK_HTTP_HEADER_TIMEOUT_S = 10,
    LINK_HTTP_BODY_TIMEOUT_S = 20,
    LINK_HTTP_SEND_TIMEOUT_S = 20,
    LINK_HTTP_IDLE_TIMEOUT_S = 30,
    LINK_HTTP_LINGER_MS = 1000, /* At the end, for answers that were given. */
    LINK_SESSIONS_MAX = 64,
    LINK_SESSION_MESSAGE_MAX = 64 << 10, /* From a client. */
    LINK_SESSION_QUEUE_BYTES = 8 << 20,  /* To a client that does not read. */
    LINK_SESSION_CLOSE_S = 2,            /* For the last words of a session. */
};

/* Body of MESSAGE_LINK_HTTP; the texts follow and end with NUL, the body does too. */
struct link_http_request {
    uint64_t ticket; /* For link_http_answer(). */
    enum link_scope scope;
    uint32_t method; /* Where the texts are, from the start of this struct. */
    uint32_t path;   /* Decoded. */
    uint32_t query;  /* As sent, without "?"; see link_query_get(). */
    uint32_t body;
    uint32_t body_size;
};

static inline const char *link_http_text(const struct link_http_request *request, uint32_t offset)
{
    return (const char *)request + offset;
}

enum link_session_event { LINK_SESSION_OPENED, LINK_SESSION_TEXT, LINK_SESSION_CLOSED };

/* Body of MESSAGE_LINK_SESSION; the bytes and a NUL follow: the path of the one that was opened,
 * or the text. */
struct link_session_message {
    uint64_t session;
    enum link_session_event event;
    enum link_scope scope;
    uint32_t size;
};

static inline const char *link_session_bytes(const struct link_session_message *message)
{
    return (const char *)(message + 1);
}

/* Paths of one kind, ending with NULL. */
struct link_http_paths {
    const char *const *open;     /* Answered without a secret. */
    const char *const *sessions; /* Where WebSocket sessions begin. */
};

/* Paths of PEM files; NULL: none. */
struct link_http_tls {
    const char *certificate;
    const char *key;
};

/* All borrowed for the life of the link. */
struct link_http_service {
    struct system *system;
    struct actor_ref receiver;
    const char *const *urls; /* http://HOST:PORT or https://HOST:PORT */
    size_t url_count;
    struct link_texts origins; /* Web pages that may ask. */
    struct link_texts hosts;   /* Names of this machine, beside the addresses themselves. */
    struct link_http_tls tls;
    struct link_http_paths paths;
    const struct link_secrets *secrets;
    unsigned requests_per_second; /* Of one client. */
};

struct link_http; /* Opaque. */

/* Errors, with the address and what to do in *failure: ERR_LOCKED when the address is in use,
 * ERR_DENIED, ERR_SYNTAX for one that cannot be read, ERR_NOT_FOUND for a missing file of TLS,
 * ERR_MEMORY, ERR_IO. */
MUST_USE enum err link_http_open(const struct link_http_service *service,
                                 struct link_http **ret_http, struct failure *failure);

/* Where address `index` really listens: its port, also when 0 was asked for. */
unsigned link_http_port(const struct link_http *http, size_t index);

struct link_http_answer {
    unsigned status;
    const char *content_type; /* NULL: application/json. */
    const char *allow;        /* With 405: the methods there are; or NULL. */
    unsigned retry_after_s;   /* With 429 and 503; 0: not said. */
    const void *bytes;
    size_t size;
};

/* Answers a request, once. ERR_NOT_FOUND when the ticket was answered before or never given out,
 * ERR_MEMORY, and then the connection is closed instead. A client that has gone is not an error. */
MUST_USE enum err link_http_answer(struct link_http *http, uint64_t ticket,
                                   const struct link_http_answer *answer);

/* Sends a text to a session. Never blocks. ERR_NOT_FOUND when it has ended; ERR_FULL when it does
 * not read: then it is being closed. */
MUST_USE enum err link_http_send(struct link_http *http, uint64_t session, const char *text,
                                 size_t size);

/* Ends a session in order. One that has ended is not an error. */
void link_http_end(struct link_http *http, uint64_t session);

struct link_http_counters {
    uint64_t requests; /* That reached the actor. */
    uint64_t refused;  /* That did not. */
    uint64_t unauthorized;
    uint64_t rate_limited;
    uint64_t timeouts;  /* Connections that were too slow. */
    uint64_t displaced; /* Connections that made room for others. */
    uint64_t sessions;  /* Opened so far. */
    uint64_t slow_sessions;
    unsigned connections_now;
    unsigned sessions_now;
};
void link_http_counters(struct link_http *http, struct link_http_counters *ret_counters);

/* Stops listening, ends sessions, sends the answers that were given and 503 to the others. NULL is
 * allowed. */
void link_http_close(struct link_http *http);

#endif
