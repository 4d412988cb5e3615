/*
 * actors/link_address.h - where HTTP listens: reads http://HOST:PORT and https://HOST:PORT.
 *
 * HOST is an IPv4 address, an IPv6 address in brackets, or localhost, which is 127.0.0.1: names are
 * not resolved, so that it is plain who can reach the socket.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_ACTORS_LINK_ADDRESS_H
#define TUTTI_ACTORS_LINK_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

enum { LINK_HOST_MAX = 64 };

struct link_address {
    struct sockaddr_storage socket; /* To bind to; port 0 is any free one. */
    socklen_t socket_size;
    bool is_tls;              /* https */
    bool is_loopback;         /* Only this machine can connect. */
    char host[LINK_HOST_MAX]; /* As it stands in a Host header: without the port. */
};

/* Reads an address. ERR_SYNTAX for anything that is not one. */
MUST_USE enum err link_address_parse(const char *url, struct link_address *ret_address);

#endif
