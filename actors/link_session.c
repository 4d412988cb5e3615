#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actors/link_frame.h"
#include "actors/link_http_parts.h"
#include "actors/scheduler_thread.h"
#include "base/assert.h"
#include "base/instant.h"

enum {
    SESSION_READ_BYTES = 16 << 10, /* Taken in from one session before the next has its turn. */
    SESSION_POLL_MS = 250,         /* How late a time-out may be noticed. */
};

/* ---- The handshake ---- */

static void session_refuse(struct http_request *request, unsigned status, const char *detail)
{
    request->is_session = false;
    request->status = status;
    request->response = http_response_detail(detail);
}

/* Takes a free place for a socket that is a WebSocket now. NULL when there is none. */
static struct http_session *session_take(struct link_http *http)
{
    for (size_t i = 0; i < LINK_SESSIONS_MAX && !http->is_stopping; i++) {
        if (http->sessions[i].number == 0) {
            http->counters.sessions++;
            http->counters.sessions_now++;
            /* A number names its place, and is never given out twice. */
            http->sessions[i] =
                (struct http_session){.number = ++http->session_numbers * LINK_SESSIONS_MAX + i};
            return &http->sessions[i];
        }
    }
    return NULL;
}

/* Nothing more is taken in or sent than the close frame. Under the lock. */
static void session_end(struct http_session *session, enum link_close code)
{
    if (!session->is_ending) {
        session->is_ending = true;
        session->end_ns = scheduler_monotonic_ns() + LINK_SESSION_CLOSE_S * NS_PER_S;
        link_frame_write_close(&session->output, code);
    }
}

/* Tells the actor. False when it cannot take it in. */
static bool session_tell(struct link_http *http, const struct http_session *session,
                         enum link_session_event event, const struct text *bytes)
{
    nng_msg *message = message_create(MESSAGE_LINK_SESSION, system_now(http->service.system),
                                      sizeof(struct link_session_message) + bytes->length + 1);
    if (message == NULL) {
        return false;
    }
    struct link_session_message *head = message_body(message);
    *head = (struct link_session_message){.session = session->number,
                                          .event = event,
                                          .scope = session->scope,
                                          .size = (uint32_t)bytes->length};
    char *copy = (char *)(head + 1);
    if (bytes->length > 0) {
        memcpy(copy, bytes->data, bytes->length);
    }
    copy[bytes->length] = '\0';
    const bool is_sent =
        system_send(http->service.system, http->service.receiver, &message) == ERR_NONE;
    message_destroy(message);
    return is_sent;
}

static void session_begin(struct link_http *http, struct http_session *session,
                          const struct http_connection *connection)
{
    session->client = connection->client;
    session->scope = connection->session_scope;
    if (session->scope == LINK_SCOPE_NONE) {
        static const char refusal[] = "{\"type\":\"error\",\"message\":\"a token or a user and "
                                      "password of control.secrets is needed\"}";
        link_frame_write(&session->output, LINK_OPCODE_TEXT, refusal, sizeof(refusal) - 1);
        session_end(session, LINK_CLOSE_UNAUTHORIZED);
        return;
    }
    struct text path = {0};
    text_append_string(&path, connection->session_path);
    session->is_opened =
        !text_failed(&path) && session_tell(http, session, LINK_SESSION_OPENED, &path);
    if (!session->is_opened) {
        session_end(session, LINK_CLOSE_TRY_LATER);
    }
    text_done(&path);
}

static void session_on_upgrade(void *context, struct MHD_Connection *mhd, void *memory,
                               const char *extra, size_t extra_size, MHD_socket socket_,
                               struct MHD_UpgradeResponseHandle *handle)
{
    (void)memory;
    struct link_http *http = context;
    const struct http_connection *connection = http_connection_of(mhd);
    (void)pthread_mutex_lock(&http->lock);
    struct http_session *session = connection != NULL ? session_take(http) : NULL;
    if (session != NULL) {
        session->socket = socket_;
        session->handle = handle;
        text_append(&session->input, extra, extra_size);
        session_begin(http, session, connection);
    }
    (void)pthread_mutex_unlock(&http->lock);
    if (session == NULL) {
        (void)MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
    }
    http_wake(http);
}

void http_session_offer(struct http_connection *connection)
{
    struct http_request *request = &connection->request;
    struct link_http *http = connection->http;
    const char *version = MHD_lookup_connection_value(connection->connection, MHD_HEADER_KIND,
                                                      "Sec-WebSocket-Version");
    const char *key =
        MHD_lookup_connection_value(connection->connection, MHD_HEADER_KIND, "Sec-WebSocket-Key");
    char accept[LINK_ACCEPT_TEXT_MAX];
    if (version == NULL || strcmp(version, "13") != 0 || key == NULL ||
        !link_frame_accept(key, accept)) {
        session_refuse(request, MHD_HTTP_BAD_REQUEST, "not a handshake of WebSocket version 13");
        return;
    }
    if (http_sessions_count(http) >= LINK_SESSIONS_MAX) {
        session_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many sessions");
        return;
    }
    request->status = MHD_HTTP_SWITCHING_PROTOCOLS;
    request->response = MHD_create_response_for_upgrade(session_on_upgrade, http);
    if (request->response == NULL ||
        MHD_add_response_header(request->response, "Upgrade", "websocket") != MHD_YES ||
        MHD_add_response_header(request->response, "Sec-WebSocket-Accept", accept) != MHD_YES) {
        if (request->response != NULL) {
            MHD_destroy_response(request->response);
        }
        session_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory for a session");
        return;
    }
    /* The request is forgotten when its answer is out, before the session begins. */
    connection->session_scope = request->scope;
    memcpy(connection->session_path, request->path, sizeof(connection->session_path));
}

/* ---- What a client says ---- */

/* A whole text: to the actor, unless it comes too often. */
static void session_on_text(struct link_http *http, struct http_session *session,
                            const struct text *text)
{
    (void)pthread_mutex_lock(&http->lock);
    const bool is_often =
        link_guard_request(http->guard, &session->client, scheduler_monotonic_ns()) > 0;
    http->counters.rate_limited += is_often;
    (void)pthread_mutex_unlock(&http->lock);
    const bool is_taken = !is_often && session_tell(http, session, LINK_SESSION_TEXT, text);
    if (!is_taken) {
        (void)pthread_mutex_lock(&http->lock);
        session_end(session, LINK_CLOSE_TRY_LATER);
        (void)pthread_mutex_unlock(&http->lock);
    }
}

/* A part of a message. 0, or why the session ends. */
static int session_on_part(struct link_http *http, struct http_session *session,
                           const struct link_frame *frame)
{
    if (frame->opcode == LINK_OPCODE_BINARY) {
        return LINK_CLOSE_UNSUPPORTED;
    }
    if ((frame->opcode == LINK_OPCODE_MORE) != session->has_message) {
        return LINK_CLOSE_PROTOCOL;
    }
    if (session->message.length + frame->payload_size > LINK_SESSION_MESSAGE_MAX) {
        return LINK_CLOSE_TOO_BIG;
    }
    text_append(&session->message, (const char *)frame->payload, frame->payload_size);
    if (text_failed(&session->message)) {
        return LINK_CLOSE_TRY_LATER;
    }
    session->has_message = !frame->is_final;
    if (frame->is_final) {
        session_on_text(http, session, &session->message);
        text_clear(&session->message);
    }
    return 0;
}

static int session_on_frame(struct link_http *http, struct http_session *session,
                            const struct link_frame *frame)
{
    switch (frame->opcode) {
    case LINK_OPCODE_MORE:
    case LINK_OPCODE_TEXT:
    case LINK_OPCODE_BINARY:
        return session_on_part(http, session, frame);
    case LINK_OPCODE_CLOSE:
        return LINK_CLOSE_GOING_AWAY;
    case LINK_OPCODE_PING:
        (void)pthread_mutex_lock(&http->lock);
        if (!session->is_ending && session->output.length < LINK_SESSION_QUEUE_BYTES) {
            link_frame_write(&session->output, LINK_OPCODE_PONG, frame->payload,
                             frame->payload_size);
        }
        (void)pthread_mutex_unlock(&http->lock);
        return 0;
    case LINK_OPCODE_PONG:
        return 0;
    }
    return LINK_CLOSE_PROTOCOL;
}

/* Deals with the whole frames of the input and keeps the rest. */
static void session_read_frames(struct link_http *http, struct http_session *session)
{
    size_t used = 0;
    int close_code = 0;
    while (close_code == 0 && !session->is_ending) {
        struct link_frame frame;
        const enum err err =
            link_frame_read((uint8_t *)session->input.data + used, session->input.length - used,
                            LINK_SESSION_MESSAGE_MAX, &frame);
        if (err == ERR_END) {
            break;
        }
        close_code = err == ERR_LIMIT  ? LINK_CLOSE_TOO_BIG
                     : err != ERR_NONE ? LINK_CLOSE_PROTOCOL
                                       : session_on_frame(http, session, &frame);
        used += err == ERR_NONE ? frame.size : 0;
    }
    if (close_code != 0) {
        (void)pthread_mutex_lock(&http->lock);
        session_end(session, (enum link_close)close_code);
        (void)pthread_mutex_unlock(&http->lock);
    }
    if (used > 0) {
        memmove(session->input.data, session->input.data + used, session->input.length - used);
        session->input.length -= used;
    }
}

/* False when the client has gone. */
static bool session_read(struct link_http *http, struct http_session *session)
{
    char bytes[SESSION_READ_BYTES];
    const ssize_t size = recv(session->socket, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (size <= 0) {
        return size < 0 && (errno == EAGAIN || errno == EINTR);
    }
    if (!session->is_ending) { /* Else only its end is waited for. */
        text_append(&session->input, bytes, (size_t)size);
        session_read_frames(http, session);
    }
    return true;
}

/* ---- What it is sent ---- */

/* False when the client has gone, or there was no memory for all it is to be sent. Under the lock.
 */
static bool session_write(struct http_session *session)
{
    if (text_failed(&session->output)) {
        return false;
    }
    const size_t waiting = session->output.length - session->output_sent;
    if (waiting > 0) {
        const ssize_t sent = send(session->socket, session->output.data + session->output_sent,
                                  waiting, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        session->output_sent += (size_t)sent;
    }
    if (session->output_sent == session->output.length) {
        text_clear(&session->output);
        session->output_sent = 0;
    }
    return true;
}

/* The session of a number, or NULL. Under the lock. */
static struct http_session *session_find(struct link_http *http, uint64_t number)
{
    struct http_session *session = &http->sessions[number % LINK_SESSIONS_MAX];
    return number != 0 && session->number == number && !session->is_ending ? session : NULL;
}

/* Frees what was sent already, so that the queue counts what is not. */
static void session_compact(struct http_session *session)
{
    if (session->output_sent > 0) {
        session->output.length -= session->output_sent;
        memmove(session->output.data, session->output.data + session->output_sent,
                session->output.length);
        session->output_sent = 0;
    }
}

enum err link_http_send(struct link_http *http, uint64_t number, const char *text, size_t size)
{
    enum err err = ERR_NOT_FOUND;
    (void)pthread_mutex_lock(&http->lock);
    struct http_session *session = session_find(http, number);
    if (session != NULL &&
        session->output.length - session->output_sent + size > LINK_SESSION_QUEUE_BYTES) {
        session_end(session, LINK_CLOSE_TRY_LATER);
        http->counters.slow_sessions++;
        err = ERR_FULL;
    } else if (session != NULL) {
        session_compact(session);
        link_frame_write(&session->output, LINK_OPCODE_TEXT, text, size);
        err = ERR_NONE;
    }
    (void)pthread_mutex_unlock(&http->lock);
    http_wake(http);
    return err;
}

void link_http_end(struct link_http *http, uint64_t number)
{
    (void)pthread_mutex_lock(&http->lock);
    struct http_session *session = session_find(http, number);
    if (session != NULL) {
        session_end(session, LINK_CLOSE_GOING_AWAY);
    }
    (void)pthread_mutex_unlock(&http->lock);
    http_wake(http);
}

void http_sessions_end(struct link_http *http)
{
    (void)pthread_mutex_lock(&http->lock);
    for (size_t i = 0; i < LINK_SESSIONS_MAX; i++) {
        if (http->sessions[i].number != 0) {
            session_end(&http->sessions[i], LINK_CLOSE_GOING_AWAY);
        }
    }
    (void)pthread_mutex_unlock(&http->lock);
    http_wake(http);
}

unsigned http_sessions_count(struct link_http *http)
{
    (void)pthread_mutex_lock(&http->lock);
    const unsigned count = http->counters.sessions_now;
    (void)pthread_mutex_unlock(&http->lock);
    return count;
}

/* ---- The service thread ---- */

/* Gives the socket back and the place free. Once the actor has heard of it, nothing can be sent. */
static void session_remove(struct link_http *http, struct http_session *session)
{
    (void)pthread_mutex_lock(&http->lock);
    session->is_ending = true;
    (void)pthread_mutex_unlock(&http->lock);
    if (session->is_opened) {
        const struct text nothing = {0};
        /* An actor that cannot hear it notices when it sends to the session. */
        (void)session_tell(http, session, LINK_SESSION_CLOSED, &nothing);
    }
    struct MHD_UpgradeResponseHandle *handle = session->handle;
    (void)pthread_mutex_lock(&http->lock);
    text_done(&session->input);
    text_done(&session->message);
    text_done(&session->output);
    *session = (struct http_session){0};
    http->counters.sessions_now--;
    (void)pthread_mutex_unlock(&http->lock);
    (void)MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
    link_signal_raise(&http->changed);
}

/* Works on one session after poll; false when it is over. */
static bool session_service(struct link_http *http, struct http_session *session, short events)
{
    bool is_alive = true;
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
        is_alive = session_read(http, session);
    } else if (session->input.length > 0) {
        session_read_frames(http, session); /* What came with the handshake. */
    }
    is_alive = is_alive && !text_failed(&session->input);
    (void)pthread_mutex_lock(&http->lock);
    is_alive = is_alive && session_write(session);
    const bool is_over = session->is_ending && (session->output.length == 0 ||
                                                scheduler_monotonic_ns() > session->end_ns);
    (void)pthread_mutex_unlock(&http->lock);
    return is_alive && !is_over;
}

/* What to wait for; returns whether all sessions and the link itself are done. */
static bool service_prepare(struct link_http *http, struct pollfd polls[LINK_SESSIONS_MAX + 1])
{
    polls[0] = (struct pollfd){.fd = http->wakeup, .events = POLLIN};
    (void)pthread_mutex_lock(&http->lock);
    for (size_t i = 0; i < LINK_SESSIONS_MAX; i++) {
        const struct http_session *session = &http->sessions[i];
        const bool has_output = session->output.length > session->output_sent;
        polls[i + 1] = (struct pollfd){.fd = session->number != 0 ? session->socket : -1,
                                       .events = (short)(POLLIN | (has_output ? POLLOUT : 0))};
    }
    http_connections_expire(http, scheduler_monotonic_ns());
    const bool is_done = http->is_stopping && http->counters.sessions_now == 0;
    (void)pthread_mutex_unlock(&http->lock);
    return is_done;
}

/* Waits for something to do. When the system has no memory to say what, or no descriptors, all are
 * looked at after a while. */
static void service_wait(struct link_http *http, struct pollfd polls[LINK_SESSIONS_MAX + 1])
{
    if (poll(polls, LINK_SESSIONS_MAX + 1, SESSION_POLL_MS) >= 0) {
        return;
    }
    if (errno != EINTR) {
        (void)link_signal_wait(&http->changed, SESSION_POLL_MS);
    }
    for (size_t i = 0; i <= LINK_SESSIONS_MAX; i++) {
        polls[i].revents = POLLIN;
    }
}

void *http_service_main(void *argument)
{
    struct link_http *http = argument;
    struct pollfd polls[LINK_SESSIONS_MAX + 1];
    while (!service_prepare(http, polls)) {
        service_wait(http, polls);
        uint64_t wakeups;
        (void)!read(http->wakeup, &wakeups, sizeof(wakeups));
        for (size_t i = 0; i < LINK_SESSIONS_MAX; i++) {
            if (polls[i + 1].fd >= 0 &&
                !session_service(http, &http->sessions[i], polls[i + 1].revents)) {
                session_remove(http, &http->sessions[i]);
            }
        }
    }
    return NULL;
}

void http_wake(struct link_http *http)
{
    const uint64_t one = 1;
    (void)!write(http->wakeup, &one, sizeof(one));
}
