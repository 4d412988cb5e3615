/*
 * tests/fuzz/http_input.h - what any bytes must not do to what we read ourselves of a client of the
 * control interface: frames of WebSocket, paths, queries, Host and Authorization headers,
 * addresses. Nothing is read beyond the input, and nothing that is accepted has what it must not.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FUZZ_HTTP_INPUT_H
#define TUTTI_TESTS_FUZZ_HTTP_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actors/link_address.h"
#include "actors/link_frame.h"
#include "actors/link_guard.h"
#include "actors/link_query.h"
#include "actors/link_secrets.h"
#include "base/assert.h"

enum { HTTP_INPUT_OUT_MAX = 64, HTTP_INPUT_FRAME_MAX = 256 };

static inline void http_input_frames(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    ASSERT(bytes != NULL);
    memcpy(bytes, data, size);
    for (size_t used = 0; used < size;) {
        struct link_frame frame;
        if (link_frame_read(bytes + used, size - used, HTTP_INPUT_FRAME_MAX, &frame) != ERR_NONE) {
            break;
        }
        ASSERT(frame.size > 0 && used + frame.size <= size);
        ASSERT(frame.payload + frame.payload_size == bytes + used + frame.size);
        ASSERT(frame.payload_size <= HTTP_INPUT_FRAME_MAX);
        used += frame.size;
    }
    free(bytes);
}

static inline void http_input_path(const char *text)
{
    char out[HTTP_INPUT_OUT_MAX];
    if (link_path_decode(text, strlen(text), out, sizeof(out)) == ERR_NONE) {
        ASSERT(out[0] == '/' && strlen(out) < sizeof(out));
        ASSERT(strstr(out, "/../") == NULL);
        for (const char *p = out; *p != '\0'; p++) {
            ASSERT(*p >= ' ' && *p <= '~');
        }
    }
}

static inline void http_input_query(const char *text)
{
    static const char *const names[] = {"a", "from", NULL};
    char out[HTTP_INPUT_OUT_MAX];
    if (link_query_get(text, "a", out, sizeof(out)) == ERR_NONE) {
        ASSERT(strlen(out) < sizeof(out));
        ASSERT(strchr(text, 'a') != NULL);
    }
    (void)link_query_has_only(text, names);
}

static inline void http_input_headers(const char *text)
{
    static const char *const hosts[] = {"desk"};
    static const struct link_texts allowed = {hosts, 1};
    static const struct link_secrets secrets;
    if (link_host_is_allowed(text, &allowed)) {
        ASSERT(strncasecmp(text, "desk", 4) == 0 || strncasecmp(text, "localhost", 9) == 0 ||
               strncmp(text, "127.0.0.1", 9) == 0 || strncmp(text, "[::1]", 5) == 0);
    }
    (void)link_origin_is_allowed(text, &allowed);
    ASSERT(link_secrets_authorize(&secrets, text) == LINK_SCOPE_NONE);
    struct link_address address;
    if (link_address_parse(text, &address) == ERR_NONE) {
        ASSERT(address.socket_size > 0 && address.host[0] != '\0');
    }
    char accept[LINK_ACCEPT_TEXT_MAX];
    (void)link_frame_accept(text, accept);
}

/* The first byte chooses. Whatever comes is no error of ours: 1. */
static inline int http_input_take(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 1;
    }
    char *text = calloc(1, size);
    ASSERT(text != NULL);
    memcpy(text, data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        http_input_frames(data + 1, size - 1);
        break;
    case 1:
        http_input_path(text);
        break;
    case 2:
        http_input_query(text);
        break;
    default:
        http_input_headers(text);
        break;
    }
    free(text);
    return 1;
}

#endif
