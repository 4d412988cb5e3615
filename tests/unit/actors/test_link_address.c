/* Addresses of HTTP: which are read, and who can reach them. */
#include "actors/link_address.h"

#include <check.h>

static const struct {
    const char *url;
    bool is_read;
    bool is_tls;
    bool is_loopback;
    const char *host;
} cases[] = {
    {"http://127.0.0.1:8800", true, false, true, "127.0.0.1"},
    {"http://localhost:0", true, false, true, "localhost"},
    {"http://[::1]:8800", true, false, true, "[::1]"},
    {"http://127.9.9.9:1/", true, false, true, "127.9.9.9"},
    {"https://0.0.0.0:443", true, true, false, "0.0.0.0"},
    {"http://192.168.1.2:65535", true, false, false, "192.168.1.2"},
    {"http://[::]:80", true, false, false, "[::]"},
    {"http://[::ffff:127.0.0.1]:80", true, false, false, "[::ffff:127.0.0.1]"},
    {"http://127.0.0.1:65536", false, false, false, ""},
    {"http://127.0.0.1:", false, false, false, ""},
    {"http://127.0.0.1", false, false, false, ""},
    {"http://:80", false, false, false, ""},
    {"http://desk.example:80", false, false, false, ""},
    {"http://127.0.0.1:80/path", false, false, false, ""},
    {"http://127.0.0.1:-1", false, false, false, ""},
    {"http://[::1:80", false, false, false, ""},
    {"http://[]:80", false, false, false, ""},
    {"ws://127.0.0.1:80", false, false, false, ""},
    {"http://0123456789012345678901234567890123456789012345678901234567890123:1", false, false,
     false, ""},
    {"", false, false, false, ""},
};

START_TEST(address_is_read_or_refused)
{
    struct link_address address;
    const enum err err = link_address_parse(cases[_i].url, &address);
    ck_assert_msg((err == ERR_NONE) == cases[_i].is_read, "%s", cases[_i].url);
    if (err == ERR_NONE) {
        ck_assert_int_eq(address.is_tls, cases[_i].is_tls);
        ck_assert_int_eq(address.is_loopback, cases[_i].is_loopback);
        ck_assert_str_eq(address.host, cases[_i].host);
    } else {
        ck_assert_int_eq(err, ERR_SYNTAX);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link_address");
    TCase *tcase = tcase_create("addresses");
    tcase_add_loop_test(tcase, address_is_read_or_refused, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
