/* The control section: addresses that others can reach, and where its secrets are. */
#include "actors/run_control.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct tls_section tls = {.certificate = "cert.pem", .key = "key.pem"};

static const struct {
    const char *url;
    bool has_tls;
    bool is_insecure;
    const char *problem; /* NULL: none. */
} cases[] = {
    {"http://127.0.0.1:8800", false, false, NULL},
    {"http://[::1]:8800", false, false, NULL},
    {"https://0.0.0.0:8800", true, false, NULL},
    {"http://0.0.0.0:8800", false, true, NULL},
    {"http://0.0.0.0:8800", false, false, "control.insecure: true"},
    {"http://192.168.0.1:8800", true, false, "nothing would be encrypted"},
    {"http://[::]:8800", false, false, "control.tls"},
    {"https://127.0.0.1:8800", false, false, "https needs control.tls"},
    {"https://0.0.0.0:8800", false, true, "https needs control.tls"},
    {"tcp://127.0.0.1:8800", false, false, "not an address"},
    {"http://desk.example:80", false, true, "not an address"},
};

START_TEST(address_is_checked)
{
    const struct control_section section = {
        .http = {.items = (void *)(uintptr_t)&cases[_i].url, .count = 1},
        .tls = cases[_i].has_tls ? &tls : NULL,
        .is_insecure = cases[_i].is_insecure};
    struct problems problems;
    problems_init(&problems, "run.yaml");
    run_control_check(&section, NULL, &problems);
    ck_assert_uint_eq(problems.count, cases[_i].problem != NULL);
    if (cases[_i].problem != NULL) {
        const char *lines = text_string(&problems.lines);
        ck_assert_msg(strstr(lines, cases[_i].problem) != NULL, "%s", lines);
        ck_assert_msg(strstr(lines, "control.http[0]: ") != NULL, "%s", lines);
    }
    problems_done(&problems);
}
END_TEST

static unsigned made;
static char made_path[256];

static void on_made(void *context, const char *path, const struct link_secret_texts *texts)
{
    ck_assert_ptr_eq(context, &made);
    ck_assert_uint_eq(strlen(texts->items[LINK_SECRET_ADMIN]), 43);
    snprintf(made_path, sizeof(made_path), "%s", path);
    made++;
}

START_TEST(secrets_are_made_once_beside_the_database)
{
    static const uint8_t entropy[LINK_ENTROPY_BYTES] = {1, 2, 3};
    char folder[] = "/tmp/tutti-control-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    const struct {
        const char *path;
        const char *database;
        const char *expected;
    } places[] = {{NULL, "./a.b.db", "./a.b.secrets"},
                  {NULL, "data", "data.secrets"},
                  {NULL, NULL, "run.secrets"},
                  {"own", "a.db", "own"}};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct run_control_secrets given = {.path = places[i].path,
                                            .database = places[i].database,
                                            .run_name = "run",
                                            .on_made = on_made,
                                            .context = &made};
        struct link_secrets first;
        struct link_secrets second;
        struct failure failure;
        ck_assert_int_eq(run_control_secrets_open(&given, &first, &failure), ERR_NOT_FOUND);
        given.entropy = entropy;
        ck_assert_int_eq(run_control_secrets_open(&given, &first, &failure), ERR_NONE);
        ck_assert_str_eq(made_path, places[i].expected);
        ck_assert_int_eq(run_control_secrets_open(&given, &second, &failure), ERR_NONE);
        ck_assert_mem_eq(&first, &second, sizeof(first));
        ck_assert_uint_eq(made, i + 1);
        ck_assert_int_eq(unlink(places[i].expected), 0);
    }
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run_control");
    TCase *tcase = tcase_create("control");
    tcase_add_loop_test(tcase, address_is_checked, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tcase, secrets_are_made_once_beside_the_database);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
