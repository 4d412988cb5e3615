/*
 * tests/unit/actors/http_stage.h - an HTTP link with an actor behind it, and a raw client before.
 *
 * The actor answers "METHOD PATH?QUERY scope BODY"; the path /later is answered by a thread that is
 * no actor. What sessions say is echoed.
 */
#ifndef TUTTI_TESTS_UNIT_ACTORS_HTTP_STAGE_H
#define TUTTI_TESTS_UNIT_ACTORS_HTTP_STAGE_H

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "actors/link_frame.h"
#include "actors/link_http.h"
#include "link_stage.h"

enum { CLIENT_BYTES_MAX = 1 << 20, CLIENT_PATIENCE_S = 15 };

static struct link_http *http;
static struct link_secrets secrets;
static struct link_secret_texts tokens;
static _Atomic(uint64_t) last_session;
static _Atomic(unsigned) sessions_opened;
static _Atomic(unsigned) sessions_closed;
static _Atomic(unsigned) reached; /* Requests that came to the actor. */
static _Atomic(bool) is_silent;
static _Atomic(unsigned) answering; /* Threads that answer later. */

static inline void *later_main(void *argument)
{
    uint64_t *ticket = argument;
    const struct link_http_answer answer = {.status = 202, .bytes = "late", .size = 4};
    ck_assert_int_eq(link_http_answer(http, *ticket, &answer), ERR_NONE);
    free(ticket);
    answering--;
    return NULL;
}

static inline void answer_later(uint64_t ticket)
{
    uint64_t *copy = malloc(sizeof(*copy));
    *copy = ticket;
    pthread_t thread;
    answering++;
    ck_assert_int_eq(pthread_create(&thread, NULL, later_main, copy), 0);
    pthread_detach(thread);
}

static inline void stage_on_request(const struct link_http_request *request)
{
    reached++;
    if (is_silent) {
        return;
    }
    if (strcmp(link_http_text(request, request->path), "/later") == 0) {
        answer_later(request->ticket);
        return;
    }
    struct text body = {0};
    text_printf(&body, "%s %s?%s %d ", link_http_text(request, request->method),
                link_http_text(request, request->path), link_http_text(request, request->query),
                (int)request->scope);
    text_append(&body, link_http_text(request, request->body), request->body_size);
    const struct link_http_answer answer = {.status = 200,
                                            .content_type = "text/plain",
                                            .allow = "GET",
                                            .retry_after_s = 3,
                                            .bytes = body.data,
                                            .size = body.length};
    ck_assert_int_eq(link_http_answer(http, request->ticket, &answer), ERR_NONE);
    ck_assert_int_eq(link_http_answer(http, request->ticket, &answer), ERR_NOT_FOUND);
    text_done(&body);
}

static inline void stage_on_session(const struct link_session_message *message)
{
    switch (message->event) {
    case LINK_SESSION_OPENED:
        ck_assert_str_eq(link_session_bytes(message), "/ws/test");
        last_session = message->session;
        sessions_opened++;
        break;
    case LINK_SESSION_TEXT:
        if (strcmp(link_session_bytes(message), "end") == 0) {
            link_http_end(http, message->session);
        } else {
            /* It may have been ended meanwhile. */
            ck_assert_int_ne(
                link_http_send(http, message->session, link_session_bytes(message), message->size),
                ERR_FULL);
        }
        break;
    case LINK_SESSION_CLOSED:
        sessions_closed++;
        break;
    }
}

static inline enum err stage_receive(struct context *context, void *state, nng_msg **message)
{
    (void)context;
    (void)state;
    if (message_envelope(*message)->kind == MESSAGE_LINK_HTTP) {
        stage_on_request(message_body(*message));
    } else {
        ck_assert_uint_eq(message_envelope(*message)->kind, MESSAGE_LINK_SESSION);
        stage_on_session(message_body(*message));
    }
    return ERR_NONE;
}

static inline void stage_stop(struct context *context, void *state)
{
    (void)context;
    (void)state;
    link_http_close(http);
}

static const struct actor_class stage_class = {
    .name = "stage", .receive = stage_receive, .stop = stage_stop};
static const char *const stage_urls[] = {"http://127.0.0.1:0"};
static const char *const stage_origins[] = {"https://desk.example"};
static const char *const stage_hosts[] = {"trader.example"};
static const char *const stage_open[] = {"/healthz", NULL};
static const char *const stage_sessions[] = {"/ws/test", NULL};

static inline struct link_http_service stage_service(unsigned requests_per_second)
{
    return (struct link_http_service){.system = host,
                                      .receiver = guest,
                                      .urls = stage_urls,
                                      .url_count = 1,
                                      .origins = {stage_origins, 1},
                                      .hosts = {stage_hosts, 1},
                                      .paths = {stage_open, stage_sessions},
                                      .secrets = &secrets,
                                      .requests_per_second = requests_per_second};
}

static inline void stage_make_secrets(void)
{
    uint8_t entropy[LINK_ENTROPY_BYTES];
    for (size_t i = 0; i < sizeof(entropy); i++) {
        entropy[i] = (uint8_t)(i * 7);
    }
    char path[64];
    struct failure failure;
    snprintf(path, sizeof(path), "/tmp/tutti-secrets-%d", (int)getpid());
    ck_assert_int_eq(link_secrets_create(path, entropy, &secrets, &tokens, &failure), ERR_NONE);
    unlink(path);
}

static inline void stage_open_http(unsigned requests_per_second)
{
    stage_make_secrets();
    host_start(&stage_class);
    static struct link_http_service service;
    service = stage_service(requests_per_second);
    struct failure failure = {.text = ""};
    ck_assert_msg(link_http_open(&service, &http, &failure) == ERR_NONE, "%s", failure.text);
}

/* The link is closed by the actor that uses it, in its stop(). */
static inline void stage_close_http(void)
{
    while (answering > 0) {
        poll(NULL, 0, TRY_MS);
    }
    host_stop();
    system_destroy(host);
    message_pool_drain();
}

/* ---- A client that writes bytes ---- */

static inline int client_open(void)
{
    const struct sockaddr_in name = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                     .sin_port = htons((uint16_t)link_http_port(http, 0))};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const struct timeval patience = {.tv_sec = CLIENT_PATIENCE_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    return fd;
}

static inline void client_write(int fd, const void *bytes, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        const ssize_t count = send(fd, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);
        if (count <= 0) {
            return; /* The server had enough. */
        }
        sent += (size_t)count;
    }
}

/* Reads one whole response, by its Content-Length; "" when the connection was closed. */
static inline const char *client_read(int fd)
{
    static char bytes[CLIENT_BYTES_MAX];
    size_t used = 0;
    bytes[0] = '\0';
    for (;;) {
        const char *end = strstr(bytes, "\r\n\r\n");
        const char *length = strstr(bytes, "Content-Length: ");
        if (end != NULL && (length == NULL ||
                            strtoul(length + 16, NULL, 10) + 4 + (size_t)(end - bytes) <= used)) {
            return bytes;
        }
        const ssize_t count = recv(fd, bytes + used, sizeof(bytes) - 1 - used, 0);
        if (count <= 0) {
            return bytes;
        }
        used += (size_t)count;
        bytes[used] = '\0';
    }
}

static inline const char *client_ask_on(int fd, const char *text)
{
    client_write(fd, text, strlen(text));
    return client_read(fd);
}

static inline const char *client_ask(const char *text)
{
    const int fd = client_open();
    const char *answer = client_ask_on(fd, text);
    close(fd);
    return answer;
}

static inline int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

/* "METHOD TARGET" with the headers and a token. */
static inline const char *request_text(const char *line, const char *headers, const char *body)
{
    static char text[8192];
    snprintf(text, sizeof(text),
             "%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s"
             "Content-Length: %zu\r\n\r\n%s",
             line, tokens.items[LINK_SECRET_ADMIN], headers, strlen(body), body);
    return text;
}

#endif
