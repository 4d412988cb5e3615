/* Requests over HTTP: what reaches the actor, what is refused before, and what is closed. */
#include "http_stage.h"

START_TEST(request_reaches_the_actor_whole)
{
    stage_open_http(1000);
    const char *answer = client_ask(request_text("POST /a%20b/c?x=1&y=%41", "", "{\"k\":1}"));
    ck_assert_int_eq(status_of(answer), 200);
    ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nPOST /a b/c?x=1&y=%41 3 {\"k\":1}"));
    ck_assert_ptr_nonnull(strstr(answer, "Content-Type: text/plain\r\n"));
    ck_assert_ptr_nonnull(strstr(answer, "Allow: GET\r\n"));
    ck_assert_ptr_nonnull(strstr(answer, "Retry-After: 3\r\n"));
    ck_assert_ptr_nonnull(strstr(answer, "Cache-Control: no-store\r\n"));
    stage_close_http();
}
END_TEST

START_TEST(one_connection_serves_many_requests)
{
    stage_open_http(1000);
    const int fd = client_open();
    for (int i = 0; i < 20; i++) {
        const char *line = i % 2 == 0 ? "GET /now" : "GET /later";
        ck_assert_int_eq(status_of(client_ask_on(fd, request_text(line, "", ""))),
                         i % 2 == 0 ? 200 : 202);
    }
    close(fd);
    struct link_http_counters counters;
    link_http_counters(http, &counters);
    ck_assert_uint_eq(counters.requests, 20);
    stage_close_http();
}
END_TEST

static const struct {
    const char *text;
    int status;
} refusals[] = {
    {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 401},
    {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\n\r\n", 401},
    {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n", 401},
    {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Digest x\r\n\r\n", 401},
    {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403},
    {"GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", 403},
    {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n", 403},
    {"GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n", 403},
    {"GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
    {"GET /%2e%2e/etc HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
    {"GET /a%2fb HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
    {"GET /a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
    {"GET /a%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 314572800\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
    {"AVERYLONGMETHODNAME / HTTP/1.1\r\nHost: localhost\r\n\r\n", 501},
};

START_TEST(refused_before_the_actor)
{
    stage_open_http(1000);
    const char *answer = client_ask(refusals[_i].text);
    ck_assert_msg(status_of(answer) == refusals[_i].status, "%s: %s", refusals[_i].text, answer);
    ck_assert_msg((refusals[_i].status == 401) == (strstr(answer, "WWW-Authenticate: ") != NULL),
                  "%s", answer);
    ck_assert_uint_eq(reached, 0);
    stage_close_http();
}
END_TEST

START_TEST(refusals_say_why)
{
    stage_open_http(1000);
    ck_assert_ptr_nonnull(strstr(client_ask(refusals[0].text), "{\"detail\":\"a token"));
    stage_close_http();
}
END_TEST

START_TEST(each_secret_has_its_scope)
{
    stage_open_http(1000);
    for (int i = LINK_SECRET_READ; i <= LINK_SECRET_ADMIN; i++) {
        char text[512];
        char expected[32];
        snprintf(text, sizeof(text),
                 "GET /x HTTP/1.1\r\nHost: [::1]:99\r\nAuthorization: Bearer %s\r\n\r\n",
                 tokens.items[i]);
        snprintf(expected, sizeof(expected), "GET /x? %d ", i + 1);
        ck_assert_ptr_nonnull(strstr(client_ask(text), expected));
    }
    ck_assert_int_eq(status_of(client_ask("GET /healthz HTTP/1.1\r\nHost: trader.example\r\n"
                                          "Origin: https://desk.example\r\n\r\n")),
                     200);
    stage_close_http();
}
END_TEST

START_TEST(too_often_is_told_when_to_come_back)
{
    stage_open_http(1);
    int limited = 0;
    for (int i = 0; i < 10; i++) {
        const char *answer = client_ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        if (status_of(answer) == 429) {
            ck_assert_ptr_nonnull(strstr(answer, "Retry-After: "));
            limited++;
        }
    }
    ck_assert_int_ge(limited, 7); /* Two of a burst of two seconds, and what time brings. */
    stage_close_http();
}
END_TEST

START_TEST(failed_logins_are_limited_and_right_ones_pass)
{
    stage_open_http(1000);
    int limited = 0;
    for (int i = 0; i < LINK_LOGIN_FAILURES_MAX + 5; i++) {
        limited += status_of(client_ask(refusals[1].text)) == 429;
    }
    ck_assert_int_ge(limited, 4);
    ck_assert_int_eq(status_of(client_ask(request_text("GET /x", "", ""))), 200);
    struct link_http_counters counters;
    link_http_counters(http, &counters);
    ck_assert_uint_eq(counters.unauthorized, LINK_LOGIN_FAILURES_MAX + 5);
    stage_close_http();
}
END_TEST

START_TEST(largest_body_passes)
{
    stage_open_http(1000);
    const int fd = client_open();
    char head[512];
    snprintf(head, sizeof(head),
             "POST /big HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
             "Content-Length: %d\r\n\r\n",
             tokens.items[LINK_SECRET_TRADE], LINK_HTTP_BODY_MAX);
    client_write(fd, head, strlen(head));
    char *body = malloc(LINK_HTTP_BODY_MAX);
    memset(body, 'x', LINK_HTTP_BODY_MAX);
    client_write(fd, body, LINK_HTTP_BODY_MAX);
    free(body);
    ck_assert_int_eq(status_of(client_read(fd)), 200);
    close(fd);
    stage_close_http();
}
END_TEST

/* More connections than are allowed send nothing; somebody who asks is answered at once. */
START_TEST(silent_connections_make_room)
{
    stage_open_http(1000);
    static int fds[LINK_HTTP_CONNECTIONS_OF_ONE_MAX + 40];
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        fds[i] = client_open();
    }
    ck_assert_int_eq(status_of(client_ask(request_text("GET /x", "", ""))), 200);
    struct link_http_counters counters;
    link_http_counters(http, &counters);
    ck_assert_uint_ge(counters.displaced, 40);
    char byte;
    ck_assert_int_le(recv(fds[0], &byte, 1, 0), 0); /* The oldest was closed. */
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        close(fds[i]);
    }
    stage_close_http();
}
END_TEST

START_TEST(slow_headers_are_cut)
{
    stage_open_http(1000);
    const int fd = client_open();
    client_write(fd, "GET / HTTP/1.1\r\nX: ", 19);
    char byte;
    const ssize_t count = recv(fd, &byte, 1, 0); /* Waits longer than the server does. */
    ck_assert_int_le(count, 0);
    ck_assert(count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK));
    close(fd);
    stage_close_http();
}
END_TEST

START_TEST(requests_without_an_answer_get_one_at_the_end)
{
    stage_open_http(1000);
    is_silent = true;
    const int fd = client_open();
    const char *text = request_text("GET /x", "", "");
    client_write(fd, text, strlen(text));
    while (reached == 0) {
        poll(NULL, 0, TRY_MS);
    }
    stage_close_http();
    ck_assert_int_eq(status_of(client_read(fd)), 503);
    close(fd);
}
END_TEST

START_TEST(addresses_that_cannot_be_used_say_why)
{
    stage_open_http(1000);
    char in_use[64];
    snprintf(in_use, sizeof(in_use), "http://127.0.0.1:%u", link_http_port(http, 0));
    const struct {
        const char *url;
        enum err err;
        const char *words;
    } cases[] = {{in_use, ERR_LOCKED, "in use"},
                 {"http://nowhere.example:1", ERR_SYNTAX, "not an address"},
                 {"http://192.0.2.1:0", ERR_NOT_FOUND, "no such address"},
                 {"https://127.0.0.1:0", ERR_NOT_FOUND, "control.tls"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct link_http_service service = stage_service(1);
        service.urls = &cases[i].url;
        struct link_http *other;
        struct failure failure;
        ck_assert_int_eq(link_http_open(&service, &other, &failure), cases[i].err);
        ck_assert_msg(strstr(failure.text, cases[i].words) != NULL, "%s", failure.text);
    }
    link_http_close(NULL);
    stage_close_http();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link_http");
    TCase *tcase = tcase_create("requests");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, request_reaches_the_actor_whole);
    tcase_add_test(tcase, one_connection_serves_many_requests);
    tcase_add_loop_test(tcase, refused_before_the_actor, 0,
                        (int)(sizeof(refusals) / sizeof(refusals[0])));
    tcase_add_test(tcase, refusals_say_why);
    tcase_add_test(tcase, each_secret_has_its_scope);
    tcase_add_test(tcase, too_often_is_told_when_to_come_back);
    tcase_add_test(tcase, failed_logins_are_limited_and_right_ones_pass);
    tcase_add_test(tcase, largest_body_passes);
    tcase_add_test(tcase, silent_connections_make_room);
    tcase_add_test(tcase, slow_headers_are_cut);
    tcase_add_test(tcase, requests_without_an_answer_get_one_at_the_end);
    tcase_add_test(tcase, addresses_that_cannot_be_used_say_why);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
