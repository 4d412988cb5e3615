/*
 * actors/link_guard.h - who may ask, and how often: Host, Origin, requests and failed logins.
 *
 * A web page in a browser can send requests to a loopback address. It cannot choose its Origin, and
 * one that rebound its own name to that address cannot choose its Host: so both are checked. The
 * port in Host is not, so that a forwarded port works.
 *
 * A client is an address. What it may do is a rate with a burst, kept as the instant until which
 * its requests are spread out (GCRA). Of more than LINK_CLIENTS_MAX clients the one that was quiet
 * for longest is forgotten.
 *
 * Threads: belongs to one thread, or under the lock of its owner.
 */
#ifndef TUTTI_ACTORS_LINK_GUARD_H
#define TUTTI_ACTORS_LINK_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

enum {
    LINK_CLIENTS_MAX = 1024,
    LINK_REQUESTS_BURST_S = 2,    /* A client may use up so many seconds of its rate at once. */
    LINK_LOGIN_FAILURES_MAX = 10, /* Failed logins in a row that are answered with 401. */
    LINK_LOGIN_FAILURE_INTERVAL_S = 6, /* After each such time one of them is forgotten. */
};

/* An IPv4 address is mapped into IPv6. */
struct link_client_key {
    uint8_t bytes[16];
};
struct link_client_key link_client_key_of(const struct sockaddr *address);

struct link_guard; /* Opaque. */

/* requests_per_second > 0. NULL without memory. */
struct link_guard *link_guard_create(unsigned requests_per_second);
void link_guard_destroy(struct link_guard *guard);

/* Counts a request. 0 when it may pass, else the seconds after which to try again. */
unsigned link_guard_request(struct link_guard *guard, const struct link_client_key *client,
                            int64_t now_ns);

/* Counts a failed login. 0 while there were few, else the seconds after which to try again: then
 * the client is told so and no longer that its secret is wrong. A right secret passes all the
 * same: it is too long to be guessed, and a neighbour at the same address locks nobody out. */
unsigned link_guard_login_failed(struct link_guard *guard, const struct link_client_key *client,
                                 int64_t now_ns);

/* A list of texts that a header is compared with. Borrowed. */
struct link_texts {
    const char *const *items;
    size_t count;
};

/* True for a Host header (NULL: absent) of this machine or one of `hosts`. */
bool link_host_is_allowed(const char *host, const struct link_texts *hosts);

/* True when there is no Origin (NULL) or one of `origins`. */
bool link_origin_is_allowed(const char *origin, const struct link_texts *origins);

#endif
