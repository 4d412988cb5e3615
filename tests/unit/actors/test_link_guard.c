/* Host, Origin, rates and failed logins. */
#include "actors/link_guard.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>

#include "base/instant.h"

static const char *const host_names[] = {"desk.example"};
static const struct link_texts hosts = {host_names, 1};

static const struct {
    const char *host;
    bool is_allowed;
} host_cases[] = {
    {"localhost", true},
    {"LocalHost:8800", true},
    {"127.0.0.1:8800", true},
    {"[::1]:8800", true},
    {"[::1]", true},
    {"Desk.Example:443", true},
    {"evil.example", false},
    {"localhost.evil", false},
    {"desk.example.evil:1", false},
    {"127.0.0.1.evil:1", false},
    {"localhost:", false},
    {"localhost:1a", false},
    {"::1", false},
    {"[::1", false},
    {"localhost@evil", false},
    {"", false},
    {NULL, false},
    {"0.0.0.0:8800", false},
};

START_TEST(host_is_checked)
{
    ck_assert_int_eq(link_host_is_allowed(host_cases[_i].host, &hosts), host_cases[_i].is_allowed);
}
END_TEST

START_TEST(origin_is_checked)
{
    static const char *const names[] = {"https://desk.example"};
    static const struct link_texts origins = {names, 1};
    ck_assert(link_origin_is_allowed(NULL, &origins));
    ck_assert(link_origin_is_allowed("https://desk.example", &origins));
    ck_assert(!link_origin_is_allowed("https://desk.example:444", &origins));
    ck_assert(!link_origin_is_allowed("http://desk.example", &origins));
    ck_assert(!link_origin_is_allowed("null", &origins));
    ck_assert(!link_origin_is_allowed("", &origins));
}
END_TEST

static struct link_client_key client_of(uint32_t number)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(number)};
    return link_client_key_of((const struct sockaddr *)&address);
}

START_TEST(address_is_the_client)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    ck_assert_int_eq(inet_pton(AF_INET6, "::ffff:1.2.3.4", &v6.sin6_addr), 1);
    const struct link_client_key a = link_client_key_of((const struct sockaddr *)&v6);
    const struct link_client_key b = client_of(0x01020304);
    ck_assert_mem_eq(&a, &b, sizeof(a));
}
END_TEST

/* Ten a second: two seconds' worth at once, then one each tenth. */
START_TEST(rate_has_a_burst)
{
    struct link_guard *guard = link_guard_create(10);
    const struct link_client_key one = client_of(1);
    const struct link_client_key two = client_of(2);
    int64_t now_ns = NS_PER_S;
    for (int i = 0; i < 10 * LINK_REQUESTS_BURST_S; i++) {
        ck_assert_uint_eq(link_guard_request(guard, &one, now_ns), 0);
    }
    ck_assert_uint_eq(link_guard_request(guard, &one, now_ns), 1);
    ck_assert_uint_eq(link_guard_request(guard, &two, now_ns), 0);
    now_ns += NS_PER_S / 10;
    ck_assert_uint_eq(link_guard_request(guard, &one, now_ns), 0);
    ck_assert_uint_eq(link_guard_request(guard, &one, now_ns), 1);
    link_guard_destroy(guard);
}
END_TEST

START_TEST(failed_logins_are_forgiven_slowly)
{
    struct link_guard *guard = link_guard_create(10);
    const struct link_client_key one = client_of(1);
    int64_t now_ns = NS_PER_S;
    for (int i = 0; i < LINK_LOGIN_FAILURES_MAX; i++) {
        ck_assert_uint_eq(link_guard_login_failed(guard, &one, now_ns), 0);
    }
    ck_assert_uint_eq(link_guard_login_failed(guard, &one, now_ns), LINK_LOGIN_FAILURE_INTERVAL_S);
    now_ns += LINK_LOGIN_FAILURE_INTERVAL_S * NS_PER_S;
    ck_assert_uint_eq(link_guard_login_failed(guard, &one, now_ns), 0);
    ck_assert_uint_gt(link_guard_login_failed(guard, &one, now_ns), 0);
    link_guard_destroy(guard);
}
END_TEST

/* A flood of addresses takes no memory, and does not forget who is there now. */
START_TEST(quiet_clients_are_forgotten)
{
    struct link_guard *guard = link_guard_create(1);
    const struct link_client_key busy = client_of(0);
    int64_t now_ns = NS_PER_S;
    unsigned refused = 0;
    for (uint32_t i = 1; i <= 3 * LINK_CLIENTS_MAX; i++) {
        const struct link_client_key other = client_of(i);
        ck_assert_uint_eq(link_guard_request(guard, &other, now_ns++), 0);
        refused += link_guard_request(guard, &busy, now_ns++) > 0;
    }
    ck_assert_uint_eq(refused, 3 * LINK_CLIENTS_MAX - LINK_REQUESTS_BURST_S);
    link_guard_destroy(guard);
    link_guard_destroy(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link_guard");
    TCase *tcase = tcase_create("guard");
    tcase_add_loop_test(tcase, host_is_checked, 0,
                        (int)(sizeof(host_cases) / sizeof(host_cases[0])));
    tcase_add_test(tcase, origin_is_checked);
    tcase_add_test(tcase, address_is_the_client);
    tcase_add_test(tcase, rate_has_a_burst);
    tcase_add_test(tcase, failed_logins_are_forgiven_slowly);
    tcase_add_test(tcase, quiet_clients_are_forgotten);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
