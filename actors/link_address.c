#include "actors/link_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LINK_PORT_MAX = 65535 };

/* Copies the host up to the colon before the port, which *ret_port then points behind. */
static bool link_address_split(const char *text, char host[LINK_HOST_MAX], const char **ret_port)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : strchr(text, ':');
    if (end != NULL && text[0] == '[') {
        end++;
    }
    if (end == NULL || *end != ':' || end == text || end - text >= LINK_HOST_MAX) {
        return false;
    }
    (void)snprintf(host, LINK_HOST_MAX, "%.*s", (int)(end - text), text);
    *ret_port = end + 1;
    return true;
}

static bool link_address_port(const char *text, in_port_t *ret_port)
{
    unsigned port = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && port <= LINK_PORT_MAX; p++) {
        port = port * 10 + (unsigned)(*p - '0');
    }
    if (p == text || (*p != '\0' && strcmp(p, "/") != 0) || port > LINK_PORT_MAX) {
        return false;
    }
    *ret_port = htons((uint16_t)port);
    return true;
}

static bool link_address_v6(struct link_address *address, in_port_t port)
{
    char text[LINK_HOST_MAX];
    (void)snprintf(text, sizeof(text), "%.*s", (int)strlen(address->host) - 2, address->host + 1);
    struct sockaddr_in6 *socket = (struct sockaddr_in6 *)&address->socket;
    socket->sin6_family = AF_INET6;
    socket->sin6_port = port;
    address->socket_size = sizeof(*socket);
    if (inet_pton(AF_INET6, text, &socket->sin6_addr) != 1) {
        return false;
    }
    address->is_loopback = IN6_IS_ADDR_LOOPBACK(&socket->sin6_addr);
    return true;
}

static bool link_address_v4(struct link_address *address, in_port_t port)
{
    const bool is_name = strcmp(address->host, "localhost") == 0;
    struct sockaddr_in *socket = (struct sockaddr_in *)&address->socket;
    socket->sin_family = AF_INET;
    socket->sin_port = port;
    address->socket_size = sizeof(*socket);
    if (inet_pton(AF_INET, is_name ? "127.0.0.1" : address->host, &socket->sin_addr) != 1) {
        return false;
    }
    address->is_loopback = (ntohl(socket->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
    return true;
}

enum err link_address_parse(const char *url, struct link_address *ret_address)
{
    struct link_address address = {0};
    const char *text = url;
    if (strncmp(url, "https://", strlen("https://")) == 0) {
        address.is_tls = true;
        text += strlen("https://");
    } else if (strncmp(url, "http://", strlen("http://")) == 0) {
        text += strlen("http://");
    } else {
        return ERR_SYNTAX;
    }
    const char *port_text;
    in_port_t port;
    if (!link_address_split(text, address.host, &port_text) ||
        !link_address_port(port_text, &port)) {
        return ERR_SYNTAX;
    }
    const bool is_read =
        address.host[0] == '[' ? link_address_v6(&address, port) : link_address_v4(&address, port);
    if (!is_read) {
        return ERR_SYNTAX;
    }
    *ret_address = address;
    return ERR_NONE;
}
