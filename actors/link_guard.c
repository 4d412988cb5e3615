#include "actors/link_guard.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/instant.h"

struct link_client {
    struct link_client_key key;
    int64_t seen_ns; /* 0: the place is free. */
    int64_t requests_until_ns;
    int64_t failures_until_ns;
};

struct link_guard {
    int64_t interval_ns; /* Between two requests at the full rate. */
    struct link_client clients[LINK_CLIENTS_MAX];
};

struct link_client_key link_client_key_of(const struct sockaddr *address)
{
    struct link_client_key key = {{0}};
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        memcpy(key.bytes, &v6->sin6_addr, sizeof(key.bytes));
    } else if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        key.bytes[10] = 0xff;
        key.bytes[11] = 0xff;
        memcpy(key.bytes + 12, &v4->sin_addr, sizeof(v4->sin_addr));
    }
    return key;
}

struct link_guard *link_guard_create(unsigned requests_per_second)
{
    ASSERT(requests_per_second > 0);
    struct link_guard *guard = calloc(1, sizeof(*guard));
    if (guard != NULL) {
        guard->interval_ns = NS_PER_S / (int64_t)requests_per_second;
    }
    return guard;
}

void link_guard_destroy(struct link_guard *guard)
{
    free(guard);
}

/* The place of a client: its own, a free one, or that of the one that was quiet for longest. */
static struct link_client *guard_client(struct link_guard *guard, const struct link_client_key *key,
                                        int64_t now_ns)
{
    struct link_client *oldest = &guard->clients[0];
    for (size_t i = 0; i < LINK_CLIENTS_MAX; i++) {
        struct link_client *client = &guard->clients[i];
        if (client->seen_ns != 0 && memcmp(&client->key, key, sizeof(*key)) == 0) {
            client->seen_ns = now_ns;
            return client;
        }
        if (client->seen_ns < oldest->seen_ns) {
            oldest = client;
        }
    }
    *oldest = (struct link_client){.key = *key, .seen_ns = now_ns};
    return oldest;
}

/* One more happening: 0 when it lies within the burst, else the seconds until one would. What does
 * not pass is not counted. */
static unsigned guard_count(int64_t *until_ns, int64_t now_ns, int64_t interval_ns,
                            int64_t burst_ns)
{
    const int64_t next_ns = (*until_ns > now_ns ? *until_ns : now_ns) + interval_ns;
    const int64_t early_ns = next_ns - now_ns - burst_ns;
    if (early_ns > 0) {
        return (unsigned)((early_ns + NS_PER_S - 1) / NS_PER_S);
    }
    *until_ns = next_ns;
    return 0;
}

unsigned link_guard_request(struct link_guard *guard, const struct link_client_key *client,
                            int64_t now_ns)
{
    ASSERT(now_ns > 0);
    struct link_client *known = guard_client(guard, client, now_ns);
    return guard_count(&known->requests_until_ns, now_ns, guard->interval_ns,
                       LINK_REQUESTS_BURST_S * NS_PER_S);
}

unsigned link_guard_login_failed(struct link_guard *guard, const struct link_client_key *client,
                                 int64_t now_ns)
{
    ASSERT(now_ns > 0);
    struct link_client *known = guard_client(guard, client, now_ns);
    const int64_t interval_ns = LINK_LOGIN_FAILURE_INTERVAL_S * NS_PER_S;
    return guard_count(&known->failures_until_ns, now_ns, interval_ns,
                       LINK_LOGIN_FAILURES_MAX * interval_ns);
}

/* The length of the name in "name:port" or "[::1]:port"; 0 when it is neither. */
static size_t host_name_length(const char *host)
{
    size_t length = strcspn(host, ":");
    if (host[0] == '[') {
        const char *end = strchr(host, ']');
        length = end != NULL ? (size_t)(end - host) + 1 : 0;
    }
    const char *port = host + length;
    const bool is_plain = *port == '\0';
    const bool has_port =
        *port == ':' && port[1] != '\0' && strspn(port + 1, "0123456789") == strlen(port + 1);
    return is_plain || has_port ? length : 0;
}

static bool texts_have(const struct link_texts *texts, const char *text, size_t length)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strlen(texts->items[i]) == length && strncasecmp(texts->items[i], text, length) == 0) {
            return true;
        }
    }
    return false;
}

bool link_host_is_allowed(const char *host, const struct link_texts *hosts)
{
    static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
    static const struct link_texts own_hosts = {own, sizeof(own) / sizeof(own[0])};
    const size_t length = host != NULL ? host_name_length(host) : 0;
    return length > 0 && (texts_have(&own_hosts, host, length) || texts_have(hosts, host, length));
}

bool link_origin_is_allowed(const char *origin, const struct link_texts *origins)
{
    return origin == NULL || texts_have(origins, origin, strlen(origin));
}
