/*
 * actors/link_http_parts.h - what the files of the HTTP link share.
 *
 * Internal to actors/link_http*.c and actors/link_session*.c. One lock guards all of it; it is held
 * for short, and never while calling into libmicrohttpd but for suspend, resume and shutdown.
 *
 * Threads: as actors/link_http.h.
 */
#ifndef TUTTI_ACTORS_LINK_HTTP_PARTS_H
#define TUTTI_ACTORS_LINK_HTTP_PARTS_H

#include <microhttpd.h>
#include <pthread.h>

#include "actors/link_address.h"
#include "actors/link_http.h"
#include "actors/link_socket.h"
#include "base/text.h"

enum http_phase {
    HTTP_IDLE,    /* Between requests. */
    HTTP_HEADER,  /* The headers are coming. */
    HTTP_BODY,    /* The body is coming. */
    HTTP_WAITING, /* For the actor. */
    HTTP_SENDING,
    HTTP_SESSION, /* It is a WebSocket now. */
};

/* The request at which a connection is. */
struct http_request {
    uint64_t ticket; /* 0: none given out. */
    enum link_scope scope;
    char method[16];
    char path[LINK_HTTP_PATH_MAX];
    char query[LINK_HTTP_QUERY_MAX];
    enum err uri; /* Whether path and query could be read. */
    bool is_begun;
    bool is_session; /* It asks for a WebSocket. */
    bool is_settled; /* Its answer is decided: response, or none without memory. */
    struct text body;
    struct MHD_Response *response; /* Owned; NULL: none yet. */
    unsigned status;
};

struct http_connection {
    struct http_connection *next;
    struct http_connection *previous;
    struct link_http *http;
    struct MHD_Connection *connection;
    int socket;
    struct link_client_key client;
    enum http_phase phase;
    int64_t since_ns;              /* Of the phase. */
    bool is_cut;                   /* It was shut down: libmicrohttpd will notice. */
    enum link_scope session_scope; /* Of the session it becomes. */
    char session_path[LINK_HTTP_PATH_MAX];
    struct http_request request;
};

struct http_listener {
    struct MHD_Daemon *daemon;
    int socket;
    unsigned port;
    struct link_address address;
    char *certificate; /* Owned; PEM. */
    char *key;
};

/* A WebSocket session. */
struct http_session {
    uint64_t number; /* 0: the place is free. */
    int socket;
    struct MHD_UpgradeResponseHandle *handle;
    enum link_scope scope;
    struct link_client_key client;
    struct text input;   /* Bytes of a frame that is not whole yet. Service thread only. */
    struct text message; /* Of a message in parts. Service thread only. */
    bool has_message;
    struct text output; /* Frames to send; under the lock. */
    size_t output_sent;
    bool is_ending; /* Nothing more is taken in; the close frame is in the output. */
    bool is_opened; /* The actor knows it. */
    int64_t end_ns; /* When it is cut, once it is ending. */
};

struct link_http {
    struct link_http_service service;
    struct http_listener listeners[LINK_HTTP_ADDRESSES_MAX];
    size_t listener_count;
    struct link_guard *guard; /* Owned; under the lock. */
    pthread_mutex_t lock;
    struct link_signal changed; /* A request came to its end. */
    pthread_t thread;           /* Sessions and time-outs. */
    bool has_thread;
    int wakeup; /* eventfd. */
    bool is_stopping;
    uint64_t tickets;
    uint64_t session_numbers;
    struct http_connection *connections;
    struct http_connection *waiting[LINK_HTTP_WAITING_MAX];
    struct http_session sessions[LINK_SESSIONS_MAX];
    struct link_http_counters counters;
};

/* ---- link_http_connection.c: connections and their time-outs ---- */

void http_on_connection(void *context, struct MHD_Connection *connection, void **memory,
                        enum MHD_ConnectionNotificationCode code);
struct http_connection *http_connection_of(struct MHD_Connection *connection);
void http_connection_enter(struct http_connection *connection, enum http_phase phase);

/* Shuts down what has been too slow. Under the lock. */
void http_connections_expire(struct link_http *http, int64_t now_ns);

/* ---- link_http_request.c: from a request to its answer ---- */

void *http_on_uri(void *context, const char *uri, struct MHD_Connection *connection);
enum MHD_Result http_on_request(void *context, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **memory);
void http_on_completed(void *context, struct MHD_Connection *connection, void **memory,
                       enum MHD_RequestTerminationCode code);

/* A response with {"detail":"..."}. NULL without memory. */
struct MHD_Response *http_response_detail(const char *detail);

/* Answers all that wait with 503; returns how many are not sent yet. */
unsigned http_requests_refuse(struct link_http *http);

/* ---- link_http_admit.c: who may ask ---- */

/* ERR_NONE, or the refusal in request->response and request->status. */
enum err http_admit(struct http_connection *connection, const char *method);

/* ---- link_session.c: WebSocket ---- */

/* Prepares the answer of a handshake, or its refusal. */
void http_session_offer(struct http_connection *connection);

/* The service thread. */
void *http_service_main(void *argument);
void http_wake(struct link_http *http);

/* Begins the end of all sessions. */
void http_sessions_end(struct link_http *http);
unsigned http_sessions_count(struct link_http *http);

#endif
