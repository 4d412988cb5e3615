#include <stdio.h>
#include <string.h>

#include "actors/link_http_parts.h"
#include "actors/link_query.h"
#include "base/assert.h"

/* ---- Responses ---- */

static struct MHD_Response *http_response_create(const void *bytes, size_t size,
                                                 const char *content_type)
{
    /* Copied; libmicrohttpd takes a pointer that is not const for its other modes. */
    struct MHD_Response *response = MHD_create_response_from_buffer(
        size, (void *)(uintptr_t)(size > 0 ? bytes : ""), MHD_RESPMEM_MUST_COPY);
    if (response != NULL) {
        (void)MHD_add_response_header(response, "Content-Type",
                                      content_type != NULL ? content_type : "application/json");
        (void)MHD_add_response_header(response, "Cache-Control", "no-store");
        (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    }
    return response;
}

struct MHD_Response *http_response_detail(const char *detail)
{
    struct text body = {0};
    json_object_begin(&body);
    json_put_string(&body, "detail", detail);
    json_object_end(&body);
    struct MHD_Response *response =
        text_failed(&body) ? NULL : http_response_create(body.data, body.length, NULL);
    text_done(&body);
    return response;
}

/* Gives the prepared response to libmicrohttpd. */
static enum MHD_Result http_reply(struct http_connection *connection)
{
    struct http_request *request = &connection->request;
    if (request->response == NULL) {
        return MHD_NO; /* No memory for an answer: the connection is closed. */
    }
    http_connection_enter(connection, request->is_session ? HTTP_SESSION : HTTP_SENDING);
    const enum MHD_Result result =
        MHD_queue_response(connection->connection, request->status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    return result;
}

/* ---- Tickets ---- */

/* A ticket names its place, so that an answer finds it, and is never given out twice. 0: too many
 * wait, or the link is closing. */
static uint64_t http_give_ticket(struct http_connection *connection)
{
    struct link_http *http = connection->http;
    uint64_t ticket = 0;
    (void)pthread_mutex_lock(&http->lock);
    for (size_t i = 0; i < LINK_HTTP_WAITING_MAX && ticket == 0 && !http->is_stopping; i++) {
        if (http->waiting[i] == NULL) {
            ticket = ++http->tickets * LINK_HTTP_WAITING_MAX + i;
            http->waiting[i] = connection;
            connection->request.ticket = ticket;
        }
    }
    http->counters.requests += ticket != 0;
    http->counters.refused += ticket == 0;
    (void)pthread_mutex_unlock(&http->lock);
    return ticket;
}

/* Gives the response to the connection of a ticket. False when there is none that waits. */
static bool http_settle(struct link_http *http, uint64_t ticket, unsigned status,
                        struct MHD_Response *response)
{
    (void)pthread_mutex_lock(&http->lock);
    struct http_connection *connection = http->waiting[ticket % LINK_HTTP_WAITING_MAX];
    if (connection != NULL && connection->request.ticket == ticket) {
        http->waiting[ticket % LINK_HTTP_WAITING_MAX] = NULL;
        connection->request.ticket = 0;
        connection->request.status = status;
        connection->request.response = response;
        connection->request.is_settled = true;
    } else {
        connection = NULL;
    }
    (void)pthread_mutex_unlock(&http->lock);
    if (connection != NULL) {
        MHD_resume_connection(connection->connection); /* Suspended, so it is still there. */
    }
    return connection != NULL;
}

enum err link_http_answer(struct link_http *http, uint64_t ticket,
                          const struct link_http_answer *answer)
{
    struct MHD_Response *response =
        http_response_create(answer->bytes, answer->size, answer->content_type);
    if (response == NULL) {
        (void)http_settle(http, ticket, MHD_HTTP_SERVICE_UNAVAILABLE, NULL); /* Closes it. */
        return ERR_MEMORY;
    }
    if (answer->allow != NULL) {
        (void)MHD_add_response_header(response, "Allow", answer->allow);
    }
    if (answer->retry_after_s > 0) {
        char seconds[16];
        (void)snprintf(seconds, sizeof(seconds), "%u", answer->retry_after_s);
        (void)MHD_add_response_header(response, "Retry-After", seconds);
    }
    if (!http_settle(http, ticket, answer->status, response)) {
        MHD_destroy_response(response);
        return ERR_NOT_FOUND;
    }
    return ERR_NONE;
}

/* The first ticket that waits, or 0. */
static uint64_t http_waiting_ticket(struct link_http *http)
{
    uint64_t ticket = 0;
    (void)pthread_mutex_lock(&http->lock);
    for (size_t i = 0; i < LINK_HTTP_WAITING_MAX && ticket == 0; i++) {
        ticket = http->waiting[i] != NULL ? http->waiting[i]->request.ticket : 0;
    }
    (void)pthread_mutex_unlock(&http->lock);
    return ticket;
}

unsigned http_requests_refuse(struct link_http *http)
{
    for (uint64_t ticket; (ticket = http_waiting_ticket(http)) != 0;) {
        (void)http_settle(http, ticket, MHD_HTTP_SERVICE_UNAVAILABLE,
                          http_response_detail("the run takes no more requests"));
    }
    unsigned unsent = 0;
    (void)pthread_mutex_lock(&http->lock);
    for (const struct http_connection *i = http->connections; i != NULL; i = i->next) {
        unsent += !i->is_cut && (i->phase == HTTP_WAITING || i->phase == HTTP_SENDING);
    }
    (void)pthread_mutex_unlock(&http->lock);
    return unsent;
}

/* ---- To the actor ---- */

static uint32_t http_message_put(char *start, size_t *used, const char *bytes, size_t size)
{
    const size_t at = *used;
    if (size > 0) {
        memcpy(start + at, bytes, size);
    }
    start[at + size] = '\0';
    *used = at + size + 1;
    return (uint32_t)at;
}

static nng_msg *http_message_create(const struct http_connection *connection, uint64_t ticket)
{
    const struct http_request *request = &connection->request;
    const size_t size = sizeof(struct link_http_request) + strlen(request->method) +
                        strlen(request->path) + strlen(request->query) + request->body.length + 4;
    nng_msg *message =
        message_create(MESSAGE_LINK_HTTP, system_now(connection->http->service.system), size);
    if (message == NULL) {
        return NULL;
    }
    struct link_http_request *head = message_body(message);
    char *start = (char *)head;
    size_t used = sizeof(*head);
    *head = (struct link_http_request){
        .ticket = ticket, .scope = request->scope, .body_size = (uint32_t)request->body.length};
    head->method = http_message_put(start, &used, request->method, strlen(request->method));
    head->path = http_message_put(start, &used, request->path, strlen(request->path));
    head->query = http_message_put(start, &used, request->query, strlen(request->query));
    head->body = http_message_put(start, &used, request->body.data, request->body.length);
    ASSERT(used == size);
    return message;
}

/* Suspends the connection and sends its request on; an answer may come at once. */
static enum MHD_Result http_request_pass(struct http_connection *connection)
{
    struct link_http *http = connection->http;
    http_connection_enter(connection, HTTP_WAITING);
    MHD_suspend_connection(connection->connection);
    const uint64_t ticket = http_give_ticket(connection);
    if (ticket == 0) {
        connection->request.is_settled = true;
        connection->request.status = MHD_HTTP_SERVICE_UNAVAILABLE;
        connection->request.response = http_response_detail("too many requests wait");
        MHD_resume_connection(connection->connection);
        return MHD_YES;
    }
    nng_msg *message = http_message_create(connection, ticket);
    if (message == NULL ||
        system_send(http->service.system, http->service.receiver, &message) != ERR_NONE) {
        message_destroy(message);
        (void)http_settle(http, ticket, MHD_HTTP_SERVICE_UNAVAILABLE,
                          http_response_detail("the run takes no more requests"));
    }
    return MHD_YES;
}

/* ---- What libmicrohttpd calls ---- */

void *http_on_uri(void *context, const char *uri, struct MHD_Connection *mhd)
{
    (void)context;
    struct http_connection *connection = http_connection_of(mhd);
    if (connection == NULL) {
        return NULL;
    }
    http_connection_enter(connection, HTTP_HEADER);
    struct http_request *request = &connection->request;
    const size_t path_length = strcspn(uri, "?");
    const char *query = uri[path_length] == '?' ? uri + path_length + 1 : "";
    request->uri = link_path_decode(uri, path_length, request->path, sizeof(request->path));
    if (strlen(query) >= sizeof(request->query)) {
        request->uri = ERR_LIMIT;
    } else {
        memcpy(request->query, query, strlen(query) + 1);
    }
    return connection;
}

static enum MHD_Result http_request_begin(struct http_connection *connection, const char *method)
{
    struct link_http *http = connection->http;
    connection->request.is_begun = true;
    if (http_admit(connection, method) == ERR_NONE) {
        http_connection_enter(connection, HTTP_BODY);
        return MHD_YES;
    }
    (void)pthread_mutex_lock(&http->lock);
    http->counters.refused++;
    (void)pthread_mutex_unlock(&http->lock);
    return http_reply(connection);
}

enum MHD_Result http_on_request(void *context, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **memory)
{
    (void)context;
    (void)url;
    (void)version;
    struct http_connection *connection = http_connection_of(mhd);
    *memory = connection;
    if (connection == NULL) {
        return MHD_NO;
    }
    struct http_request *request = &connection->request;
    if (!request->is_begun) {
        return http_request_begin(connection, method);
    }
    if (*upload_size > 0) {
        if (request->body.length + *upload_size > LINK_HTTP_BODY_MAX) {
            return MHD_NO;
        }
        text_append(&request->body, upload, *upload_size);
        *upload_size = 0;
        return text_failed(&request->body) ? MHD_NO : MHD_YES;
    }
    if (request->is_session) {
        http_session_offer(connection);
        request->is_settled = true;
    }
    return request->is_settled ? http_reply(connection) : http_request_pass(connection);
}

void http_on_completed(void *context, struct MHD_Connection *mhd, void **memory,
                       enum MHD_RequestTerminationCode code)
{
    struct link_http *http = context;
    (void)code;
    struct http_connection *connection = http_connection_of(mhd);
    *memory = NULL;
    if (connection == NULL) {
        return;
    }
    struct http_request *request = &connection->request;
    text_done(&request->body);
    if (request->response != NULL) {
        MHD_destroy_response(request->response);
    }
    *request = (struct http_request){0};
    if (connection->phase != HTTP_SESSION) {
        http_connection_enter(connection, HTTP_IDLE);
    }
    link_signal_raise(&http->changed);
}
