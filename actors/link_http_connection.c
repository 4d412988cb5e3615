#include "actors/link_http_parts.h"

#include <stdlib.h>
#include <string.h>

#include "actors/scheduler_thread.h"
#include "base/assert.h"
#include "base/instant.h"

/* From here on a new connection displaces an old one: below the bound of libmicrohttpd, which
 * would leave newcomers waiting. */
enum { HTTP_CONNECTIONS_CROWDED = LINK_HTTP_CONNECTIONS_MAX * 3 / 4 };

struct http_connection *http_connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

void http_connection_enter(struct http_connection *connection, enum http_phase phase)
{
    (void)pthread_mutex_lock(&connection->http->lock);
    connection->phase = phase;
    connection->since_ns = scheduler_monotonic_ns();
    (void)pthread_mutex_unlock(&connection->http->lock);
}

/* The socket stays open, so that its number is not given to another, until libmicrohttpd has
 * noticed. */
static void http_connection_cut(struct http_connection *connection)
{
    (void)shutdown(connection->socket, SHUT_RDWR);
    connection->is_cut = true;
}

static bool http_connection_is_idle(const struct http_connection *connection)
{
    return connection->phase == HTTP_IDLE || connection->phase == HTTP_HEADER;
}

/* Makes room for a connection that was just added: cuts the one that has been longest without a
 * request, of the same client when that has too many; or the new one when all are at work. */
static void http_connections_displace(struct link_http *http, struct http_connection *added)
{
    unsigned total = 0;
    unsigned own = 0;
    struct http_connection *oldest = NULL;
    struct http_connection *oldest_own = NULL;
    for (struct http_connection *i = http->connections; i != NULL; i = i->next) {
        const bool is_own = memcmp(&i->client, &added->client, sizeof(i->client)) == 0;
        if (i->is_cut) {
            continue;
        }
        total++;
        own += is_own;
        if (http_connection_is_idle(i)) {
            oldest = oldest == NULL || i->since_ns < oldest->since_ns ? i : oldest;
            if (is_own && (oldest_own == NULL || i->since_ns < oldest_own->since_ns)) {
                oldest_own = i;
            }
        }
    }
    const bool is_own_crowd = own > LINK_HTTP_CONNECTIONS_OF_ONE_MAX;
    if (is_own_crowd || total > HTTP_CONNECTIONS_CROWDED * http->listener_count) {
        struct http_connection *cut = is_own_crowd ? oldest_own : oldest;
        http_connection_cut(cut != NULL ? cut : added);
        http->counters.displaced++;
    }
}

static void http_connection_add(struct link_http *http, struct http_connection *connection)
{
    (void)pthread_mutex_lock(&http->lock);
    connection->next = http->connections;
    if (connection->next != NULL) {
        connection->next->previous = connection;
    }
    http->connections = connection;
    http->counters.connections_now++;
    http_connections_displace(http, connection);
    (void)pthread_mutex_unlock(&http->lock);
}

static void http_connection_open(struct link_http *http, struct MHD_Connection *connection,
                                 void **memory)
{
    const union MHD_ConnectionInfo *socket_info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *address =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct http_connection *added = calloc(1, sizeof(*added));
    if (added == NULL || socket_info == NULL || address == NULL) {
        free(added); /* Without it every request is answered by closing. */
        return;
    }
    added->http = http;
    added->connection = connection;
    added->socket = socket_info->connect_fd;
    added->client = link_client_key_of(address->client_addr);
    added->phase = HTTP_HEADER;
    added->since_ns = scheduler_monotonic_ns();
    http_connection_add(http, added);
    *memory = added;
}

static void http_connection_close(struct link_http *http, struct http_connection *connection)
{
    (void)pthread_mutex_lock(&http->lock);
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    if (connection->previous != NULL) {
        connection->previous->next = connection->next;
    } else {
        http->connections = connection->next;
    }
    http->counters.connections_now--;
    (void)pthread_mutex_unlock(&http->lock);
    ASSERT(connection->request.ticket == 0); /* One that waits is suspended and cannot close. */
    text_done(&connection->request.body);
    if (connection->request.response != NULL) {
        MHD_destroy_response(connection->request.response);
    }
    free(connection);
    link_signal_raise(&http->changed);
}

void http_on_connection(void *context, struct MHD_Connection *connection, void **memory,
                        enum MHD_ConnectionNotificationCode code)
{
    struct link_http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        http_connection_open(http, connection, memory);
    } else if (*memory != NULL) {
        http_connection_close(http, *memory);
        *memory = NULL;
    }
}

/* How long a connection may stay in a phase; INSTANT_NEVER: as long as it takes. */
static int64_t http_phase_timeout_ns(enum http_phase phase)
{
    switch (phase) {
    case HTTP_IDLE:
        return LINK_HTTP_IDLE_TIMEOUT_S * NS_PER_S;
    case HTTP_HEADER:
        return LINK_HTTP_HEADER_TIMEOUT_S * NS_PER_S;
    case HTTP_BODY:
        return LINK_HTTP_BODY_TIMEOUT_S * NS_PER_S;
    case HTTP_SENDING:
        return LINK_HTTP_SEND_TIMEOUT_S * NS_PER_S;
    case HTTP_WAITING:
    case HTTP_SESSION:
        return INSTANT_NEVER;
    }
    return INSTANT_NEVER;
}

void http_connections_expire(struct link_http *http, int64_t now_ns)
{
    for (struct http_connection *i = http->connections; i != NULL; i = i->next) {
        const int64_t timeout_ns = http_phase_timeout_ns(i->phase);
        if (!i->is_cut && timeout_ns != INSTANT_NEVER && now_ns - i->since_ns > timeout_ns) {
            http_connection_cut(i);
            http->counters.timeouts++;
        }
    }
}
