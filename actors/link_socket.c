#include "actors/link_socket.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actors/scheduler_thread.h"
#include "base/assert.h"
#include "base/instant.h"
#include "base/log.h"

enum { LINK_IPC_PERMISSIONS = 0600 };

/*
 * The system's own call but for one errno, for nng, which sends by it (decision 0013). nng 1.5
 * takes EPIPE for the end of its own socket: somebody who connects and is gone before nng has
 * greeted him would end a listener or a dialer for good, unseen. ECONNRESET says what it is, the
 * end of one connection, and nng goes on. A definition of the program comes before that of the C
 * library for everybody.
 */
ssize_t sendmsg(int socket, const struct msghdr *message, int flags)
{
    const ssize_t sent = syscall(SYS_sendmsg, socket, message, flags);
    if (sent < 0 && errno == EPIPE) {
        errno = ECONNRESET;
    }
    return sent;
}

static const struct link_failure_text {
    int code; /* Of nng. */
    enum err err;
    const char *cause;
    const char *next_step;
} link_failure_texts[] = {
    {NNG_EADDRINUSE, ERR_LOCKED, "the address is in use",
     "stop the process that listens there or choose another address"},
    {NNG_EPERM, ERR_DENIED, "permission denied",
     "choose a port above 1023, or a path in a folder that this user may write to"},
    {NNG_EADDRINVAL, ERR_SYNTAX, "not an address",
     "write ipc://PATH, tcp://HOST:PORT, ws://HOST:PORT/PATH or inproc://NAME"},
    {NNG_EINVAL, ERR_SYNTAX, "not an address",
     "write ipc://PATH, tcp://HOST:PORT, ws://HOST:PORT/PATH or inproc://NAME"},
    {NNG_ENOTSUP, ERR_SYNTAX, "unknown kind of address",
     "write ipc://PATH, tcp://HOST:PORT, ws://HOST:PORT/PATH or inproc://NAME"},
    {NNG_ENOENT, ERR_NOT_FOUND, "no such file or folder",
     "create the folder, or start the process that listens there"},
    {NNG_ETIMEDOUT, ERR_END, "nobody took it in time",
     "look whether the other side is still there, and repeat"},
    {NNG_ECONNREFUSED, ERR_NOT_FOUND, "nobody listens there",
     "start the process that listens there or check the address"},
    {NNG_EUNREACHABLE, ERR_NOT_FOUND, "the host cannot be reached", "check the network"},
    {NNG_ENOMEM, ERR_MEMORY, "out of memory", "free some memory"},
    {NNG_ENOFILES, ERR_LIMIT, "too many open files", "raise the limit (ulimit -n)"},
    {NNG_ECLOSED, ERR_CLOSED, "the connection was closed", "try again"},
    {NNG_ECONNRESET, ERR_CLOSED, "the other side has closed the connection", "try again"},
    {NNG_ECONNABORTED, ERR_CLOSED, "the other side has closed the connection", "try again"},
    {NNG_ECONNSHUT, ERR_CLOSED, "the other side has closed the connection", "try again"},
};

enum err link_failure(struct failure *failure, const char *url, int code)
{
    ASSERT(code != 0);
    for (size_t i = 0; i < sizeof(link_failure_texts) / sizeof(link_failure_texts[0]); i++) {
        const struct link_failure_text *text = &link_failure_texts[i];
        if (text->code == code) {
            return failure_set(failure, text->err, "%s: %s; %s", url, text->cause, text->next_step);
        }
    }
    return failure_set(failure, ERR_IO, "%s: %s", url, nng_strerror(code));
}

static bool link_url_is(const char *url, const char *scheme)
{
    return strncmp(url, scheme, strlen(scheme)) == 0;
}

/* Options that only a listener of its kind knows. */
static int link_listener_configure(nng_listener listener, const char *url, bool is_text)
{
    if (link_url_is(url, "ipc://")) {
        return nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, LINK_IPC_PERMISSIONS);
    }
    if (is_text && (link_url_is(url, "ws://") || link_url_is(url, "wss://"))) {
        return nng_listener_set_bool(listener, NNG_OPT_WS_SEND_TEXT, true);
    }
    return 0;
}

static enum err link_listen_at(nng_socket socket, const char *url, bool is_text,
                               struct failure *failure)
{
    nng_listener listener;
    int code = nng_listener_create(&listener, socket, url);
    if (code != 0) {
        return link_failure(failure, url, code);
    }
    code = link_listener_configure(listener, url, is_text);
    if (code == 0) {
        code = nng_listener_start(listener, 0);
    }
    return code == 0 ? ERR_NONE : link_failure(failure, url, code);
}

enum err link_listen(nng_socket socket, const struct link_addresses *addresses, bool is_text,
                     struct failure *failure)
{
    for (size_t i = 0; i < addresses->url_count; i++) {
        const enum err err = link_listen_at(socket, addresses->urls[i], is_text, failure);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

bool link_pipe_is_allowed(nng_pipe pipe, const struct link_addresses *addresses)
{
    char *origin;
    if (nng_pipe_get_string(pipe, NNG_OPT_WS_REQUEST_HEADER "Origin", &origin) != 0) {
        return true; /* Not a web page. */
    }
    bool is_allowed = false;
    for (size_t i = 0; i < addresses->origin_count && !is_allowed; i++) {
        is_allowed = strcmp(origin, addresses->origins[i]) == 0;
    }
    nng_strfree(origin);
    return is_allowed;
}

nng_msg *link_received_create(nng_msg *received, uint64_t ticket, int64_t now_ns)
{
    const size_t size = nng_msg_len(received);
    ASSERT(size <= LINK_BYTES_MAX);
    nng_msg *message =
        message_create(MESSAGE_LINK_RECEIVED, now_ns, sizeof(struct link_received) + size);
    if (message != NULL) {
        struct link_received *head = message_body(message);
        *head = (struct link_received){.ticket = ticket, .size = (uint32_t)size};
        if (size > 0) {
            memcpy(head + 1, nng_msg_body(received), size);
        }
    }
    return message;
}

enum err link_signal_init(struct link_signal *signal)
{
    signal->is_raised = false;
    if (pthread_mutex_init(&signal->lock, NULL) != 0) {
        return ERR_MEMORY;
    }
    if (scheduler_condition_init(&signal->raised) != ERR_NONE) {
        (void)pthread_mutex_destroy(&signal->lock);
        return ERR_MEMORY;
    }
    return ERR_NONE;
}

void link_signal_done(struct link_signal *signal)
{
    (void)pthread_cond_destroy(&signal->raised);
    (void)pthread_mutex_destroy(&signal->lock);
}

void link_signal_raise(struct link_signal *signal)
{
    (void)pthread_mutex_lock(&signal->lock);
    signal->is_raised = true;
    (void)pthread_cond_signal(&signal->raised);
    (void)pthread_mutex_unlock(&signal->lock);
}

bool link_signal_wait(struct link_signal *signal, unsigned timeout_ms)
{
    const int64_t end_ns = scheduler_monotonic_ns() + (int64_t)timeout_ms * NS_PER_MS;
    (void)pthread_mutex_lock(&signal->lock);
    while (!signal->is_raised && scheduler_monotonic_ns() < end_ns) {
        scheduler_condition_wait(&signal->raised, &signal->lock, end_ns);
    }
    const bool was_raised = signal->is_raised;
    signal->is_raised = false;
    (void)pthread_mutex_unlock(&signal->lock);
    return was_raised;
}

/* A close under way in a thread of its own. Whoever of the two is last frees it. */
struct link_closing {
    nng_socket socket;
    struct link_signal done;
    _Atomic(unsigned) users;
};

static void link_closing_release(struct link_closing *closing)
{
    /* Acquire and release: the last one sees all that the other did. */
    if (atomic_fetch_sub_explicit(&closing->users, 1, memory_order_acq_rel) == 1) {
        link_signal_done(&closing->done);
        free(closing);
    }
}

static void *link_closing_main(void *argument)
{
    struct link_closing *closing = argument;
    (void)nng_close(closing->socket);
    link_signal_raise(&closing->done);
    link_closing_release(closing);
    return NULL;
}

static struct link_closing *link_closing_create(nng_socket socket)
{
    struct link_closing *closing = calloc(1, sizeof(*closing));
    if (closing == NULL || link_signal_init(&closing->done) != ERR_NONE) {
        free(closing);
        return NULL;
    }
    closing->socket = socket;
    atomic_init(&closing->users, 2);
    return closing;
}

bool link_close(nng_socket socket)
{
    pthread_t thread;
    struct link_closing *closing = link_closing_create(socket);
    if (closing == NULL ||
        scheduler_thread_start(&thread, link_closing_main, closing, "close") != ERR_NONE) {
        if (closing != NULL) {
            link_signal_done(&closing->done);
            free(closing);
        }
        return nng_close(socket) == 0;
    }
    const bool is_closed = link_signal_wait(&closing->done, LINK_CLOSE_MAX_MS);
    if (is_closed) {
        (void)pthread_join(thread, NULL);
    } else {
        (void)pthread_detach(thread);
        log_line(LOG_WARNING, "link", "a socket does not close within %d ms and is left behind",
                 (int)LINK_CLOSE_MAX_MS);
    }
    link_closing_release(closing);
    return is_closed;
}
