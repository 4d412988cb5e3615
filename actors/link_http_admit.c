#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actors/link_http_parts.h"
#include "actors/link_query.h"
#include "actors/scheduler_thread.h"
#include "base/assert.h"

enum { HTTP_DIGITS_MAX = 18, HTTP_NUMBER_TEXT_MAX = 16 };

/* The headers that decide. One that stands there twice makes the request ambiguous. */
struct http_headers {
    const char *host;
    const char *origin;
    const char *authorization;
    const char *content_length;
    const char *transfer_encoding;
    const char *upgrade;
    bool is_ambiguous;
};

static enum MHD_Result http_headers_take(void *context, enum MHD_ValueKind kind, const char *name,
                                         const char *value)
{
    (void)kind;
    struct http_headers *headers = context;
    const struct {
        const char *name;
        const char **place;
    } places[] = {{"Host", &headers->host},
                  {"Origin", &headers->origin},
                  {"Authorization", &headers->authorization},
                  {"Content-Length", &headers->content_length},
                  {"Transfer-Encoding", &headers->transfer_encoding},
                  {"Upgrade", &headers->upgrade}};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (strcasecmp(name, places[i].name) == 0) {
            headers->is_ambiguous |= *places[i].place != NULL;
            *places[i].place = value != NULL ? value : "";
        }
    }
    return MHD_YES;
}

static bool http_path_is_listed(const char *path, const char *const *paths)
{
    for (; paths != NULL && *paths != NULL; paths++) {
        if (strcmp(path, *paths) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- Refusals ---- */

static void http_header_put_seconds(struct MHD_Response *response, unsigned seconds)
{
    char text[HTTP_NUMBER_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "%u", seconds);
    (void)MHD_add_response_header(response, "Retry-After", text);
}

/* Prepares the refusal; ERR_DENIED, or ERR_MEMORY, and then there is none. */
static enum err http_refuse(struct http_request *request, unsigned status, const char *detail)
{
    request->status = status;
    request->response = http_response_detail(detail);
    return request->response != NULL ? ERR_DENIED : ERR_MEMORY;
}

static enum err http_refuse_later(struct http_request *request, unsigned seconds,
                                  const char *detail)
{
    const enum err err = http_refuse(request, MHD_HTTP_TOO_MANY_REQUESTS, detail);
    if (request->response != NULL) {
        http_header_put_seconds(request->response, seconds);
    }
    return err;
}

static enum err http_refuse_secret(struct http_request *request)
{
    const enum err err = http_refuse(request, MHD_HTTP_UNAUTHORIZED,
                                     "a token (Authorization: Bearer) or user and password (Basic) "
                                     "of control.secrets is needed");
    if (request->response != NULL) {
        (void)MHD_add_response_header(request->response, "WWW-Authenticate",
                                      "Basic realm=\"tutti\", charset=\"UTF-8\"");
        (void)MHD_add_response_header(request->response, "WWW-Authenticate",
                                      "Bearer realm=\"tutti\"");
    }
    return err;
}

/* ---- Checks ---- */

static unsigned http_count_request(struct http_connection *connection)
{
    struct link_http *http = connection->http;
    (void)pthread_mutex_lock(&http->lock);
    const unsigned wait_s =
        link_guard_request(http->guard, &connection->client, scheduler_monotonic_ns());
    http->counters.rate_limited += wait_s > 0;
    (void)pthread_mutex_unlock(&http->lock);
    return wait_s;
}

static unsigned http_count_failed_login(struct http_connection *connection)
{
    struct link_http *http = connection->http;
    (void)pthread_mutex_lock(&http->lock);
    const unsigned wait_s =
        link_guard_login_failed(http->guard, &connection->client, scheduler_monotonic_ns());
    http->counters.unauthorized++;
    (void)pthread_mutex_unlock(&http->lock);
    return wait_s;
}

/* The body has to say how long it is, before it comes. */
static enum err http_check_body(struct http_request *request, const struct http_headers *headers)
{
    if (headers->transfer_encoding != NULL) {
        return http_refuse(request, MHD_HTTP_LENGTH_REQUIRED,
                           "send the body whole, with Content-Length");
    }
    const char *length = headers->content_length != NULL ? headers->content_length : "0";
    const size_t digits = strspn(length, "0123456789");
    if (digits == 0 || length[digits] != '\0') {
        return http_refuse(request, MHD_HTTP_BAD_REQUEST, "Content-Length is no number");
    }
    if (digits > HTTP_DIGITS_MAX || strtoll(length, NULL, 10) > LINK_HTTP_BODY_MAX) {
        return http_refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "at most 1 MiB");
    }
    return ERR_NONE;
}

static enum err http_check_headers(struct http_connection *connection,
                                   const struct http_headers *headers)
{
    struct http_request *request = &connection->request;
    const struct link_http_service *service = &connection->http->service;
    if (request->uri != ERR_NONE) {
        return request->uri == ERR_LIMIT
                   ? http_refuse(request, MHD_HTTP_URI_TOO_LONG, "the path or query is too long")
                   : http_refuse(request, MHD_HTTP_BAD_REQUEST, "the path or query is malformed");
    }
    if (headers->is_ambiguous) {
        return http_refuse(request, MHD_HTTP_BAD_REQUEST, "a header stands there twice");
    }
    if (!link_host_is_allowed(headers->host, &service->hosts)) {
        return http_refuse(request, MHD_HTTP_FORBIDDEN,
                           "this Host is not served here; see control.hosts");
    }
    if (!link_origin_is_allowed(headers->origin, &service->origins)) {
        return http_refuse(request, MHD_HTTP_FORBIDDEN,
                           "pages of this Origin may not ask; see control.origins");
    }
    return http_check_body(request, headers);
}

/* What a session's query opens: ?token= (a token, or base64 of user:password) or
 * ?username=&password=. */
static enum link_scope http_query_scope(const struct link_secrets *secrets, const char *query)
{
    char token[LINK_CREDENTIALS_MAX + 1];
    char user[LINK_CREDENTIALS_MAX + 1];
    if (link_query_get(query, "token", token, sizeof(token)) == ERR_NONE) {
        const enum link_scope scope = link_secrets_token(secrets, token);
        return scope != LINK_SCOPE_NONE ? scope : link_secrets_basic(secrets, token);
    }
    if (link_query_get(query, "username", user, sizeof(user)) == ERR_NONE &&
        link_query_get(query, "password", token, sizeof(token)) == ERR_NONE) {
        return link_secrets_password(secrets, user, token);
    }
    return LINK_SCOPE_NONE;
}

static enum err http_check_secret(struct http_connection *connection,
                                  const struct http_headers *headers)
{
    struct http_request *request = &connection->request;
    const struct link_secrets *secrets = connection->http->service.secrets;
    bool has_tried = headers->authorization != NULL;
    if (has_tried) {
        request->scope = link_secrets_authorize(secrets, headers->authorization);
    } else if (request->is_session) {
        has_tried = request->query[0] != '\0';
        request->scope = http_query_scope(secrets, request->query);
    }
    if (request->scope != LINK_SCOPE_NONE) {
        return ERR_NONE;
    }
    const unsigned wait_s = has_tried ? http_count_failed_login(connection) : 0;
    if (wait_s > 0) {
        return http_refuse_later(request, wait_s, "too many failed logins");
    }
    /* A session is told so by its own protocol: with close code 4001. */
    return request->is_session ? ERR_NONE : http_refuse_secret(request);
}

enum err http_admit(struct http_connection *connection, const char *method)
{
    struct http_request *request = &connection->request;
    const struct link_http_paths *paths = &connection->http->service.paths;
    const unsigned wait_s = http_count_request(connection);
    if (wait_s > 0) {
        return http_refuse_later(request, wait_s, "too many requests");
    }
    if (strlen(method) >= sizeof(request->method)) {
        return http_refuse(request, MHD_HTTP_NOT_IMPLEMENTED, "there is no such method");
    }
    (void)strncpy(request->method, method, sizeof(request->method) - 1);
    struct http_headers headers = {0};
    (void)MHD_get_connection_values(connection->connection, MHD_HEADER_KIND, http_headers_take,
                                    &headers);
    const enum err err = http_check_headers(connection, &headers);
    if (err != ERR_NONE) {
        return err;
    }
    if (http_path_is_listed(request->path, paths->open)) {
        return ERR_NONE;
    }
    request->is_session = http_path_is_listed(request->path, paths->sessions) &&
                          strcmp(method, "GET") == 0 && headers.upgrade != NULL &&
                          strcasecmp(headers.upgrade, "websocket") == 0;
    return http_check_secret(connection, &headers);
}
