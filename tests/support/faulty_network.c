#include "tests/support/faulty_network.h"

#include <dlfcn.h>
#include <errno.h>
#include <nng/nng.h>
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/assert.h"

static struct {
    _Atomic(int) call;     /* Which kind fails; -1: none. */
    _Atomic(int64_t) left; /* Calls of it before the one that fails. */
    _Atomic(uint64_t) failed;
    _Atomic(int) code;
    _Atomic(bool) is_lasting;
} network = {.call = -1};

/* The code that this call fails with; 0: it does not. */
static int network_code(enum network_call call)
{
    if (atomic_load(&network.call) != (int)call) {
        return 0;
    }
    const int64_t left = atomic_fetch_sub(&network.left, 1);
    if (left > 1 || (left < 1 && !atomic_load(&network.is_lasting))) {
        return 0;
    }
    (void)atomic_fetch_add(&network.failed, 1);
    return atomic_load(&network.code);
}

void faulty_network_arm(const struct network_fault *fault)
{
    ASSERT(fault->nth >= 1 && fault->code != 0);
    ASSERT(fault->code != NETWORK_SHORT || fault->call == SYSTEM_SEND ||
           fault->call == SYSTEM_RECEIVE);
    atomic_store(&network.left, (int64_t)fault->nth);
    atomic_store(&network.failed, 0);
    atomic_store(&network.code, fault->code);
    atomic_store(&network.is_lasting, fault->is_lasting);
    atomic_store(&network.call, (int)fault->call);
}

uint64_t faulty_network_failed(void)
{
    return atomic_load(&network.failed);
}

uint64_t faulty_network_disarm(void)
{
    atomic_store(&network.call, -1);
    return faulty_network_failed();
}

/* ---- nng ---- */

/* A function of nng that returns its code: the declarations that --wrap needs, and the fault. */
#define WRAP(name, call, parameters, arguments)            \
    int __real_##name parameters;                          \
    int __wrap_##name parameters;                          \
    int __wrap_##name parameters                           \
    {                                                      \
        const int code = network_code(call);               \
        return code != 0 ? code : __real_##name arguments; \
    }

WRAP(nng_pub0_open, NETWORK_OPEN, (nng_socket * socket), (socket))
WRAP(nng_sub0_open, NETWORK_OPEN, (nng_socket * socket), (socket))
WRAP(nng_rep0_open, NETWORK_OPEN, (nng_socket * socket), (socket))
WRAP(nng_req0_open, NETWORK_OPEN, (nng_socket * socket), (socket))
WRAP(nng_ctx_open, NETWORK_OPEN, (nng_ctx * context, nng_socket socket), (context, socket))
WRAP(nng_aio_alloc, NETWORK_OPEN, (nng_aio * *aio, void (*done)(void *), void *argument),
     (aio, done, argument))
WRAP(nng_socket_set, NETWORK_OPEN,
     (nng_socket socket, const char *name, const void *value, size_t size),
     (socket, name, value, size))
WRAP(nng_socket_set_int, NETWORK_OPEN, (nng_socket socket, const char *name, int value),
     (socket, name, value))
WRAP(nng_socket_set_size, NETWORK_OPEN, (nng_socket socket, const char *name, size_t value),
     (socket, name, value))
WRAP(nng_socket_set_ms, NETWORK_OPEN, (nng_socket socket, const char *name, nng_duration value),
     (socket, name, value))
WRAP(nng_dial, NETWORK_DIAL, (nng_socket socket, const char *url, nng_dialer *dialer, int flags),
     (socket, url, dialer, flags))
WRAP(nng_dialer_create, NETWORK_DIAL, (nng_dialer * dialer, nng_socket socket, const char *url),
     (dialer, socket, url))
WRAP(nng_dialer_set_bool, NETWORK_DIAL, (nng_dialer dialer, const char *name, bool value),
     (dialer, name, value))
WRAP(nng_dialer_start, NETWORK_DIAL, (nng_dialer dialer, int flags), (dialer, flags))
WRAP(nng_listener_create, NETWORK_LISTEN,
     (nng_listener * listener, nng_socket socket, const char *url), (listener, socket, url))
WRAP(nng_listener_set_int, NETWORK_LISTEN, (nng_listener listener, const char *name, int value),
     (listener, name, value))
WRAP(nng_listener_set_bool, NETWORK_LISTEN, (nng_listener listener, const char *name, bool value),
     (listener, name, value))
WRAP(nng_listener_start, NETWORK_LISTEN, (nng_listener listener, int flags), (listener, flags))
WRAP(nng_sendmsg, NETWORK_SEND, (nng_socket socket, nng_msg *message, int flags),
     (socket, message, flags))

/* One that says later, by its aio, how it went. */
#define WRAP_AIO(name, call, type)                 \
    void __real_##name(type object, nng_aio *aio); \
    void __wrap_##name(type object, nng_aio *aio); \
    void __wrap_##name(type object, nng_aio *aio)  \
    {                                              \
        const int code = network_code(call);       \
        if (code == 0) {                           \
            __real_##name(object, aio);            \
        } else if (nng_aio_begin(aio)) {           \
            nng_aio_finish(aio, code);             \
        }                                          \
    }

WRAP_AIO(nng_ctx_send, NETWORK_SEND, nng_ctx)
WRAP_AIO(nng_ctx_recv, NETWORK_RECEIVE, nng_ctx)
WRAP_AIO(nng_recv_aio, NETWORK_RECEIVE, nng_socket)

/* ---- The system ---- */

/* The definition of this name that comes behind the executable's. */
#define NEXT(name) ((__typeof__(&(name)))system_next(#name))

static void *system_next(const char *name)
{
    void *next = dlsym(RTLD_NEXT, name);
    ASSERT(next != NULL);
    return next;
}

/* The call is done as if nothing had failed, or with errno as the fault says. */
static bool system_fails(enum network_call call, int *ret_code)
{
    const int code = network_code(call);
    *ret_code = code;
    if (code != 0 && code != NETWORK_SHORT) {
        errno = code;
        return true;
    }
    return false;
}

/* libmicrohttpd believes that a socket which took less than all is full, and waits for an edge that
 * the kernel never tells. So only what is no HTTP connection of its own is ever short. */
static bool system_may_be_short(int socket, int flags)
{
    int domain = 0;
    socklen_t size = sizeof(domain);
    return (flags & MSG_DONTWAIT) != 0 ||
           (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX);
}

int socket(int domain, int type, int protocol)
{
    int code;
    return system_fails(SYSTEM_SOCKET, &code) ? -1 : NEXT(socket)(domain, type, protocol);
}

int connect(int socket, const struct sockaddr *address, socklen_t size)
{
    int code;
    return system_fails(SYSTEM_CONNECT, &code) ? -1 : NEXT(connect)(socket, address, size);
}

int bind(int socket, const struct sockaddr *address, socklen_t size)
{
    int code;
    return system_fails(SYSTEM_BIND, &code) ? -1 : NEXT(bind)(socket, address, size);
}

int listen(int socket, int backlog)
{
    int code;
    return system_fails(SYSTEM_BIND, &code) ? -1 : NEXT(listen)(socket, backlog);
}

int accept(int socket, struct sockaddr *restrict address, socklen_t *restrict size)
{
    int code;
    return system_fails(SYSTEM_ACCEPT, &code) ? -1 : NEXT(accept)(socket, address, size);
}

int accept4(int socket, struct sockaddr *restrict address, socklen_t *restrict size, int flags)
{
    int code;
    return system_fails(SYSTEM_ACCEPT, &code) ? -1 : NEXT(accept4)(socket, address, size, flags);
}

ssize_t send(int socket, const void *bytes, size_t size, int flags)
{
    int code;
    if (system_fails(SYSTEM_SEND, &code)) {
        return -1;
    }
    const bool is_short = code == NETWORK_SHORT && size > 1 && system_may_be_short(socket, flags);
    return NEXT(send)(socket, bytes, is_short ? 1 : size, flags);
}

ssize_t recv(int socket, void *bytes, size_t size, int flags)
{
    int code;
    if (system_fails(SYSTEM_RECEIVE, &code)) {
        return -1;
    }
    const bool is_short = code == NETWORK_SHORT && size > 1 && system_may_be_short(socket, flags);
    return NEXT(recv)(socket, bytes, is_short ? 1 : size, flags);
}

/* The first byte that the parts have room for. */
static struct iovec system_first_byte(const struct iovec *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].iov_len > 0) {
            return (struct iovec){.iov_base = parts[i].iov_base, .iov_len = 1};
        }
    }
    return (struct iovec){0};
}

/* sendmsg() is defined by actors/link_socket.c, which makes it of this one; the linker sends that
 * call through here. */
long __real_syscall(long number, int socket, const struct msghdr *message, int flags);
long __wrap_syscall(long number, int socket, const struct msghdr *message, int flags);

long __wrap_syscall(long number, int socket, const struct msghdr *message, int flags)
{
    int code;
    if (system_fails(SYSTEM_SEND, &code)) {
        return -1;
    }
    if (code == NETWORK_SHORT && system_may_be_short(socket, flags)) {
        struct iovec first = system_first_byte(message->msg_iov, message->msg_iovlen);
        struct msghdr part = *message;
        part.msg_iov = &first;
        part.msg_iovlen = 1;
        return __real_syscall(number, socket, &part, flags);
    }
    return __real_syscall(number, socket, message, flags);
}

ssize_t recvmsg(int socket, struct msghdr *message, int flags)
{
    int code;
    return system_fails(SYSTEM_RECEIVE, &code) ? -1 : NEXT(recvmsg)(socket, message, flags);
}

ssize_t readv(int socket, const struct iovec *parts, int count)
{
    int code;
    if (system_fails(SYSTEM_RECEIVE, &code)) {
        return -1;
    }
    if (code == NETWORK_SHORT && system_may_be_short(socket, 0)) {
        const struct iovec first = system_first_byte(parts, (size_t)count);
        return NEXT(readv)(socket, &first, 1);
    }
    return NEXT(readv)(socket, parts, count);
}

int poll(struct pollfd *polls, nfds_t count, int timeout_ms)
{
    int code;
    return system_fails(SYSTEM_POLL, &code) ? -1 : NEXT(poll)(polls, count, timeout_ms);
}
