#include "actors/link_http.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actors/link_http_parts.h"
#include "actors/scheduler_thread.h"
#include "base/assert.h"

enum { HTTP_PEM_MAX = 64 << 10, HTTP_BACKLOG = 128, HTTP_OPTIONS_MAX = 24 };

static const char http_tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/* ---- Listening ---- */

static enum err http_failure(struct failure *failure, const char *url, int code)
{
    switch (code) {
    case EADDRINUSE:
        return failure_set(failure, ERR_LOCKED,
                           "%s: the address is in use; stop the process that listens there or "
                           "choose another address",
                           url);
    case EACCES:
        return failure_set(failure, ERR_DENIED, "%s: permission denied; choose a port above 1023",
                           url);
    case EADDRNOTAVAIL:
        return failure_set(failure, ERR_NOT_FOUND,
                           "%s: this machine has no such address; choose one it has", url);
    default:
        return failure_set(failure, ERR_IO, "%s: %s", url, strerror(code));
    }
}

static enum err http_listen(struct http_listener *listener, const char *url,
                            struct failure *failure)
{
    if (link_address_parse(url, &listener->address) != ERR_NONE) {
        return failure_set(failure, ERR_SYNTAX,
                           "%s: not an address; write http://HOST:PORT or https://HOST:PORT with "
                           "an IP address or localhost",
                           url);
    }
    const struct sockaddr *address = (const struct sockaddr *)&listener->address.socket;
    const int one = 1;
    listener->socket = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->socket < 0 ||
        setsockopt(listener->socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(listener->socket, address, listener->address.socket_size) != 0 ||
        listen(listener->socket, HTTP_BACKLOG) != 0) {
        return http_failure(failure, url, errno);
    }
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = {0};
    socklen_t size = sizeof(bound);
    if (getsockname(listener->socket, &bound.any, &size) != 0) {
        return http_failure(failure, url, errno);
    }
    listener->port =
        ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return ERR_NONE;
}

/* The content of a PEM file; the caller frees it. */
static enum err http_read_pem(const char *path, char **ret_text, struct failure *failure)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return failure_set(failure, ERR_NOT_FOUND, "%s: %s; see control.tls", path,
                           strerror(errno));
    }
    char *text = calloc(1, HTTP_PEM_MAX + 1);
    const ssize_t size = text != NULL ? read(file, text, HTTP_PEM_MAX) : -1;
    (void)close(file);
    if (size <= 0 || size == HTTP_PEM_MAX) {
        free(text);
        return failure_set(failure, text == NULL ? ERR_MEMORY : ERR_IO,
                           "%s: cannot be read as PEM; see control.tls", path);
    }
    *ret_text = text;
    return ERR_NONE;
}

static enum err http_load_tls(const struct link_http_tls *tls, struct http_listener *listener,
                              const char *url, struct failure *failure)
{
    if (tls->certificate == NULL || tls->key == NULL) {
        return failure_set(failure, ERR_NOT_FOUND,
                           "%s: https needs control.tls with certificate and key", url);
    }
    const enum err err = http_read_pem(tls->certificate, &listener->certificate, failure);
    return err == ERR_NONE ? http_read_pem(tls->key, &listener->key, failure) : err;
}

/* What libmicrohttpd has to say goes to the caller's errors, not to stderr. */
static void http_ignore_log(void *context, const char *format, va_list arguments)
{
    (void)context;
    (void)format;
    (void)arguments;
}

static enum err http_start(struct link_http *http, struct http_listener *listener, const char *url,
                           struct failure *failure)
{
    struct MHD_OptionItem options[HTTP_OPTIONS_MAX] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)http_ignore_log, NULL},
        {MHD_OPTION_LISTEN_SOCKET, listener->socket, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, LINK_HTTP_CONNECTIONS_MAX, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, LINK_HTTP_HEADER_BYTES_MAX, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, LINK_HTTP_IDLE_TIMEOUT_S, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_on_connection, http},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)http_on_uri, http},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_on_completed, http},
    };
    size_t count = 0;
    while (options[count].option != MHD_OPTION_END) {
        count++;
    }
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE |
                     MHD_USE_ERROR_LOG;
    if (listener->address.is_tls) {
        flags |= MHD_USE_TLS;
        options[count++] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, listener->certificate};
        options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, listener->key};
        options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
                                                   (void *)(uintptr_t)http_tls_priorities};
    }
    options[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    listener->daemon = MHD_start_daemon(flags, 0, NULL, NULL, http_on_request, http,
                                        MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    return listener->daemon != NULL
               ? ERR_NONE
               : failure_set(failure, ERR_IO, "%s: the HTTP server cannot start%s", url,
                             listener->address.is_tls ? "; check certificate and key of control.tls"
                                                      : "");
}

static enum err http_open_listener(struct link_http *http, const char *url, struct failure *failure)
{
    struct http_listener *listener = &http->listeners[http->listener_count++];
    listener->socket = -1;
    enum err err = http_listen(listener, url, failure);
    if (err == ERR_NONE && listener->address.is_tls) {
        err = http_load_tls(&http->service.tls, listener, url, failure);
    }
    return err;
}

static enum err http_open_listeners(struct link_http *http, struct failure *failure)
{
    const struct link_http_service *service = &http->service;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < service->url_count && err == ERR_NONE; i++) {
        err = http_open_listener(http, service->urls[i], failure);
    }
    for (size_t i = 0; i < http->listener_count && err == ERR_NONE; i++) {
        err = http_start(http, &http->listeners[i], service->urls[i], failure);
    }
    return err;
}

/* ---- Open and close ---- */

static struct link_http *http_create(const struct link_http_service *service)
{
    struct link_http *http = calloc(1, sizeof(*http));
    if (http == NULL) {
        return NULL;
    }
    http->service = *service;
    http->guard = link_guard_create(service->requests_per_second);
    http->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const bool has_lock = pthread_mutex_init(&http->lock, NULL) == 0;
    const bool has_signal = link_signal_init(&http->changed) == ERR_NONE;
    if (http->guard != NULL && http->wakeup >= 0 && has_lock && has_signal) {
        return http;
    }
    if (has_lock) {
        (void)pthread_mutex_destroy(&http->lock);
    }
    if (has_signal) {
        link_signal_done(&http->changed);
    }
    if (http->wakeup >= 0) {
        (void)close(http->wakeup);
    }
    link_guard_destroy(http->guard);
    free(http);
    return NULL;
}

enum err link_http_open(const struct link_http_service *service, struct link_http **ret_http,
                        struct failure *failure)
{
    ASSERT(service->url_count <= LINK_HTTP_ADDRESSES_MAX);
    struct link_http *http = http_create(service);
    if (http == NULL) {
        return failure_set(failure, ERR_MEMORY, "no memory for the HTTP server");
    }
    enum err err = scheduler_thread_start(&http->thread, http_service_main, http, "http");
    http->has_thread = err == ERR_NONE;
    err = err == ERR_NONE ? http_open_listeners(http, failure)
                          : failure_set(failure, err, "no thread for the HTTP server");
    if (err != ERR_NONE) {
        link_http_close(http);
        return err;
    }
    *ret_http = http;
    return ERR_NONE;
}

unsigned link_http_port(const struct link_http *http, size_t index)
{
    ASSERT(index < http->listener_count);
    return http->listeners[index].port;
}

void link_http_counters(struct link_http *http, struct link_http_counters *ret_counters)
{
    (void)pthread_mutex_lock(&http->lock);
    *ret_counters = http->counters;
    (void)pthread_mutex_unlock(&http->lock);
}

/* Sessions say goodbye and answers go out, for LINK_HTTP_LINGER_MS each at most. */
static void http_drain(struct link_http *http)
{
    http_sessions_end(http);
    while (http_requests_refuse(http) > 0 &&
           link_signal_wait(&http->changed, LINK_HTTP_LINGER_MS)) {
    }
    if (http->has_thread) {
        (void)pthread_join(http->thread, NULL); /* It ends when the last session has. */
    }
}

static void http_listener_stop(struct http_listener *listener)
{
    if (listener->daemon != NULL) {
        MHD_stop_daemon(listener->daemon);
    }
    if (listener->socket >= 0) {
        (void)close(listener->socket);
    }
    free(listener->certificate);
    if (listener->key != NULL) {
        explicit_bzero(listener->key, strlen(listener->key));
    }
    free(listener->key);
}

void link_http_close(struct link_http *http)
{
    if (http == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&http->lock);
    http->is_stopping = true;
    (void)pthread_mutex_unlock(&http->lock);
    for (size_t i = 0; i < http->listener_count; i++) {
        if (http->listeners[i].daemon != NULL) {
            (void)MHD_quiesce_daemon(http->listeners[i].daemon);
        }
    }
    http_wake(http);
    http_drain(http);
    for (size_t i = 0; i < http->listener_count; i++) {
        http_listener_stop(&http->listeners[i]);
    }
    (void)pthread_mutex_destroy(&http->lock);
    link_signal_done(&http->changed);
    link_guard_destroy(http->guard);
    (void)close(http->wakeup);
    free(http);
}
