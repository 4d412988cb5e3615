/* WebSocket sessions: handshake, texts both ways, what ends one, and one that does not read. */
#include "http_stage.h"

enum { HANDSHAKE_MAX = 1024 };

/* Sends a frame of a client: masked. */
static void frame_send(int fd, uint8_t first, const void *payload, size_t size)
{
    uint8_t *bytes = malloc(size + LINK_FRAME_HEAD_MAX);
    const size_t extra = size > UINT16_MAX ? 8 : size > 125 ? 2 : 0;
    bytes[0] = first;
    bytes[1] = (uint8_t)(0x80 | (extra == 8 ? 127 : extra == 2 ? 126 : size));
    for (size_t i = 0; i < extra; i++) {
        bytes[2 + i] = (uint8_t)((uint64_t)size >> 8 * (extra - 1 - i));
    }
    const uint8_t mask[4] = {1, 2, 3, 4};
    memcpy(bytes + 2 + extra, mask, 4);
    for (size_t i = 0; i < size; i++) {
        bytes[2 + extra + 4 + i] = ((const uint8_t *)payload)[i] ^ mask[i % 4];
    }
    client_write(fd, bytes, size + 2 + extra + 4);
    free(bytes);
}

static bool bytes_read(int fd, void *bytes, size_t size)
{
    for (size_t used = 0; used < size;) {
        const ssize_t count = recv(fd, (char *)bytes + used, size - used, 0);
        if (count <= 0) {
            return false;
        }
        used += (size_t)count;
    }
    return true;
}

/* The first byte of the next frame, 0 at the end; its payload ends with NUL. */
static int frame_receive(int fd, char *payload, size_t *ret_size)
{
    uint8_t head[2];
    uint8_t extra[8];
    if (!bytes_read(fd, head, 2)) {
        return 0;
    }
    size_t size = head[1];
    if (size >= 126) {
        const size_t count = size == 126 ? 2 : 8;
        ck_assert(bytes_read(fd, extra, count));
        size = 0;
        for (size_t i = 0; i < count; i++) {
            size = size << 8 | extra[i];
        }
    }
    ck_assert_uint_lt(size, CLIENT_BYTES_MAX);
    ck_assert(bytes_read(fd, payload, size));
    payload[size] = '\0';
    *ret_size = size;
    return head[0];
}

static char payload[CLIENT_BYTES_MAX];
static size_t payload_size;

static unsigned close_code(int fd)
{
    int first;
    while ((first = frame_receive(fd, payload, &payload_size)) != 0) {
        if (first == (0x80 | LINK_OPCODE_CLOSE)) {
            return (unsigned)(uint8_t)payload[0] << 8 | (uint8_t)payload[1];
        }
    }
    return 0;
}

static const char *handshake(const char *target, const char *headers)
{
    static char text[HANDSHAKE_MAX];
    snprintf(text, sizeof(text),
             "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
             target, headers);
    return text;
}

static const char *bearer(void)
{
    static char header[128];
    snprintf(header, sizeof(header), "Authorization: Bearer %s\r\n",
             tokens.items[LINK_SECRET_READ]);
    return header;
}

/* The answer of a handshake has no length: it ends with its headers. */
static int session_open(const char *target, const char *headers)
{
    const int fd = client_open();
    const char *text = handshake(target, headers);
    client_write(fd, text, strlen(text));
    char answer[HANDSHAKE_MAX] = "";
    for (size_t used = 0; strstr(answer, "\r\n\r\n") == NULL; used++) {
        ck_assert(used < sizeof(answer) - 1 && bytes_read(fd, answer + used, 1));
    }
    ck_assert_msg(status_of(answer) == 101, "%s", answer);
    /* The key and its answer are those of RFC 6455, 1.3. */
    ck_assert_ptr_nonnull(strstr(answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    return fd;
}

static void until(const _Atomic(unsigned) *count, unsigned wanted)
{
    for (int i = 0; i < TRIES_MAX && *count < wanted; i++) {
        poll(NULL, 0, TRY_MS);
    }
    ck_assert_uint_ge(*count, wanted);
}

START_TEST(texts_go_both_ways)
{
    stage_open_http(1000);
    const int fd = session_open("/ws/test", bearer());
    frame_send(fd, 0x81, "{\"a\":1}", 7);
    ck_assert_int_eq(frame_receive(fd, payload, &payload_size), 0x81);
    ck_assert_str_eq(payload, "{\"a\":1}");
    frame_send(fd, 0x89, "beat", 4);
    ck_assert_int_eq(frame_receive(fd, payload, &payload_size), 0x8A);
    ck_assert_str_eq(payload, "beat");
    frame_send(fd, 0x01, "in ", 3); /* In parts, with a pong between. */
    frame_send(fd, 0x8A, "", 0);
    frame_send(fd, 0x80, "parts", 5);
    ck_assert_int_eq(frame_receive(fd, payload, &payload_size), 0x81);
    ck_assert_str_eq(payload, "in parts");
    close(fd);
    until(&sessions_closed, 1);
    ck_assert_int_eq(link_http_send(http, last_session, "x", 1), ERR_NOT_FOUND);
    link_http_end(http, last_session);
    stage_close_http();
}
END_TEST

START_TEST(what_comes_with_the_handshake_is_read)
{
    stage_open_http(1000);
    const int fd = client_open();
    char text[HANDSHAKE_MAX];
    const uint8_t frame[] = {0x81, 0x82, 0, 0, 0, 0, 'h', 'i'};
    const int length = snprintf(text, sizeof(text), "%s", handshake("/ws/test", bearer()));
    memcpy(text + length, frame, sizeof(frame));
    client_write(fd, text, (size_t)length + sizeof(frame));
    char byte;
    char last[5] = "";
    while (strcmp(last, "\r\n\r\n") != 0) {
        ck_assert(bytes_read(fd, &byte, 1));
        memmove(last, last + 1, 3);
        last[3] = byte;
    }
    ck_assert_int_eq(frame_receive(fd, payload, &payload_size), 0x81);
    ck_assert_str_eq(payload, "hi");
    close(fd);
    stage_close_http();
}
END_TEST

START_TEST(each_way_to_show_a_secret)
{
    stage_open_http(1000);
    char target[256];
    snprintf(target, sizeof(target), "/ws/test?token=%s", tokens.items[LINK_SECRET_READ]);
    close(session_open(target, ""));
    snprintf(target, sizeof(target), "/ws/test?username=admin&password=%s",
             tokens.items[LINK_SECRET_PASSWORD]);
    close(session_open(target, ""));
    until(&sessions_opened, 2);
    stage_close_http();
}
END_TEST

START_TEST(without_a_secret_it_is_closed_with_4001)
{
    stage_open_http(1000);
    const char *const targets[] = {"/ws/test", "/ws/test?token=wrong",
                                   "/ws/test?username=admin&password=a"};
    for (size_t i = 0; i < 3; i++) {
        const int fd = session_open(targets[i], "");
        ck_assert_int_eq(frame_receive(fd, payload, &payload_size), 0x81);
        ck_assert_ptr_nonnull(strstr(payload, "\"type\":\"error\""));
        ck_assert_uint_eq(close_code(fd), LINK_CLOSE_UNAUTHORIZED);
        close(fd);
    }
    ck_assert_uint_eq(sessions_opened, 0);
    stage_close_http();
}
END_TEST

START_TEST(handshakes_that_are_none)
{
    stage_open_http(1000);
    const char *const others[] = {
        "GET /ws/test HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nAuthorization: Bearer %s\r\n\r\n",
        "GET /ws/test HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nAuthorization: Bearer %s\r\nSec-WebSocket-Version: 8\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "GET /ws/test HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nAuthorization: Bearer %s\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: short\r\n\r\n"};
    for (size_t i = 0; i < 3; i++) {
        char text[HANDSHAKE_MAX];
        snprintf(text, sizeof(text), others[i], tokens.items[LINK_SECRET_READ]);
        ck_assert_int_eq(status_of(client_ask(text)), 400);
    }
    ck_assert_int_eq(
        status_of(client_ask(handshake("/ws/test", "Origin: http://evil.example\r\n"))), 403);
    stage_close_http();
}
END_TEST

static const struct {
    uint8_t bytes[16];
    size_t size;
    enum link_close code;
} offences[] = {
    {{0x81, 0x02, 'h', 'i'}, 4, LINK_CLOSE_PROTOCOL},      /* Not masked. */
    {{0xC1, 0x80, 0, 0, 0, 0}, 6, LINK_CLOSE_PROTOCOL},    /* A reserved bit. */
    {{0x83, 0x80, 0, 0, 0, 0}, 6, LINK_CLOSE_PROTOCOL},    /* No such opcode. */
    {{0x80, 0x80, 0, 0, 0, 0}, 6, LINK_CLOSE_PROTOCOL},    /* Goes on with nothing. */
    {{0x82, 0x80, 0, 0, 0, 0}, 6, LINK_CLOSE_UNSUPPORTED}, /* Binary. */
    {{0x81, 0xFF, 0, 0, 0, 0, 0x12, 0xC0, 0, 0}, 10, LINK_CLOSE_TOO_BIG} /* Says 300 MiB. */,
    {{0x88, 0x80, 0, 0, 0, 0}, 6, LINK_CLOSE_GOING_AWAY}, /* The client ends. */
};

START_TEST(offences_end_a_session)
{
    stage_open_http(1000);
    const int fd = session_open("/ws/test", bearer());
    const int neighbour = session_open("/ws/test", bearer());
    client_write(fd, offences[_i].bytes, offences[_i].size);
    ck_assert_uint_eq(close_code(fd), offences[_i].code);
    until(&sessions_closed, 1);
    frame_send(neighbour, 0x81, "still here", 10);
    ck_assert_int_eq(frame_receive(neighbour, payload, &payload_size), 0x81);
    ck_assert_str_eq(payload, "still here");
    close(fd);
    close(neighbour);
    stage_close_http();
}
END_TEST

START_TEST(longest_message_passes_and_one_more_byte_does_not)
{
    stage_open_http(1000);
    const int fd = session_open("/ws/test", bearer());
    char *text = malloc(LINK_SESSION_MESSAGE_MAX + 1);
    memset(text, 'x', LINK_SESSION_MESSAGE_MAX + 1);
    frame_send(fd, 0x81, text, LINK_SESSION_MESSAGE_MAX);
    ck_assert_int_eq(frame_receive(fd, payload, &payload_size), 0x81);
    ck_assert_uint_eq(payload_size, LINK_SESSION_MESSAGE_MAX);
    frame_send(fd, 0x01, text, LINK_SESSION_MESSAGE_MAX);
    frame_send(fd, 0x80, text, 1);
    ck_assert_uint_eq(close_code(fd), LINK_CLOSE_TOO_BIG);
    free(text);
    close(fd);
    stage_close_http();
}
END_TEST

START_TEST(ended_by_the_actor)
{
    stage_open_http(1000);
    const int fd = session_open("/ws/test", bearer());
    frame_send(fd, 0x81, "end", 3);
    ck_assert_uint_eq(close_code(fd), LINK_CLOSE_GOING_AWAY);
    close(fd);
    stage_close_http();
}
END_TEST

/* A session that does not read is ended when its queue is full; another goes on. */
START_TEST(slow_session_is_ended_alone)
{
    stage_open_http(1000);
    const int slow = session_open("/ws/test", bearer());
    until(&sessions_opened, 1);
    const uint64_t number = last_session;
    const int quick = session_open("/ws/test", bearer());
    static char text[LINK_SESSION_MESSAGE_MAX];
    memset(text, 'x', sizeof(text));
    enum err err = ERR_NONE;
    int sent = 0;
    for (; err == ERR_NONE && sent < 10000; sent++) {
        err = link_http_send(http, number, text, sizeof(text));
    }
    ck_assert_int_eq(err, ERR_FULL);
    ck_assert_int_eq(link_http_send(http, number, text, 1), ERR_NOT_FOUND);
    frame_send(quick, 0x81, "fine", 4);
    ck_assert_int_eq(frame_receive(quick, payload, &payload_size), 0x81);
    ck_assert_uint_eq(close_code(slow), LINK_CLOSE_TRY_LATER);
    until(&sessions_closed, 1);
    struct link_http_counters counters = {.sessions_now = 2};
    for (int i = 0; i < TRIES_MAX && counters.sessions_now > 1; i++) {
        link_http_counters(http, &counters); /* Its place is free soon after. */
        poll(NULL, 0, TRY_MS);
    }
    ck_assert_uint_eq(counters.slow_sessions, 1);
    ck_assert_uint_eq(counters.sessions_now, 1);
    close(slow);
    close(quick);
    stage_close_http();
}
END_TEST

START_TEST(no_more_sessions_than_allowed)
{
    stage_open_http(1000);
    int fds[LINK_SESSIONS_MAX];
    for (size_t i = 0; i < LINK_SESSIONS_MAX; i++) {
        fds[i] = session_open("/ws/test", bearer());
    }
    until(&sessions_opened, LINK_SESSIONS_MAX);
    ck_assert_int_eq(status_of(client_ask(handshake("/ws/test", bearer()))), 503);
    stage_close_http(); /* While all of them are open. */
    ck_assert_uint_eq(close_code(fds[0]), LINK_CLOSE_GOING_AWAY);
    for (size_t i = 0; i < LINK_SESSIONS_MAX; i++) {
        close(fds[i]);
    }
}
END_TEST

START_TEST(texts_too_often_end_a_session)
{
    stage_open_http(2);
    const int fd = session_open("/ws/test", bearer());
    for (int i = 0; i < 10; i++) {
        frame_send(fd, 0x81, "x", 1);
    }
    ck_assert_uint_eq(close_code(fd), LINK_CLOSE_TRY_LATER);
    close(fd);
    stage_close_http();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link_session");
    TCase *tcase = tcase_create("sessions");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, texts_go_both_ways);
    tcase_add_test(tcase, what_comes_with_the_handshake_is_read);
    tcase_add_test(tcase, each_way_to_show_a_secret);
    tcase_add_test(tcase, without_a_secret_it_is_closed_with_4001);
    tcase_add_test(tcase, handshakes_that_are_none);
    tcase_add_loop_test(tcase, offences_end_a_session, 0,
                        (int)(sizeof(offences) / sizeof(offences[0])));
    tcase_add_test(tcase, longest_message_passes_and_one_more_byte_does_not);
    tcase_add_test(tcase, ended_by_the_actor);
    tcase_add_test(tcase, slow_session_is_ended_alone);
    tcase_add_test(tcase, no_more_sessions_than_allowed);
    tcase_add_test(tcase, texts_too_often_end_a_session);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
