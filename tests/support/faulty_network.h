/*
 * tests/support/faulty_network.h - a network whose n-th call fails.
 *
 * The first group are nng's functions: the linker sends the calls of the program's own code through
 * here (-Wl,--wrap, in tests/CMakeLists.txt). The second are those of the system, whoever makes
 * them: the program, nng or libmicrohttpd; the executable's own definitions come first.
 *
 * Threads: armed and disarmed from one; calls from any.
 */
#ifndef TUTTI_TESTS_SUPPORT_FAULTY_NETWORK_H
#define TUTTI_TESTS_SUPPORT_FAULTY_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

enum network_call {
    /* Fail with a code of nng. */
    NETWORK_OPEN,    /* A socket, a context, an aio, an option of one. */
    NETWORK_DIAL,    /* A dialer, its options, its start. */
    NETWORK_LISTEN,  /* A listener, its options, its start. */
    NETWORK_SEND,    /* Of a message. */
    NETWORK_RECEIVE, /* Of one. */
    /* Fail with an errno. */
    SYSTEM_SOCKET,  /* socket() */
    SYSTEM_CONNECT, /* connect() */
    SYSTEM_BIND,    /* bind() and listen() */
    SYSTEM_ACCEPT,  /* accept() and accept4() */
    SYSTEM_SEND,    /* send() and sendmsg() */
    SYSTEM_RECEIVE, /* recv(), recvmsg() and readv() */
    SYSTEM_POLL,    /* poll() */
    NETWORK_CALL_COUNT
};

/* Instead of a code: the call is done, for one byte of what it was asked for; SYSTEM_SEND and
 * SYSTEM_RECEIVE only. */
enum { NETWORK_SHORT = -1 };

struct network_fault {
    enum network_call call;
    uint64_t nth;    /* From 1. */
    int code;        /* Of nng or errno, by the call; or NETWORK_SHORT. */
    bool is_lasting; /* All behind it fail too. */
};

/* Begins to count anew. */
void faulty_network_arm(const struct network_fault *fault);

/* How many calls have failed so far. */
uint64_t faulty_network_failed(void);

/* The network is well again. How many calls have failed. */
uint64_t faulty_network_disarm(void);

#endif
