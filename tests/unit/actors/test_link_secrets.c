/* Secrets: the file, who may read it, and what each opens. */
#include "actors/link_secrets.h"

#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/tutti-secrets-XXXXXX";
static const char path[] = "run.secrets";
static uint8_t entropy[LINK_ENTROPY_BYTES];
static struct link_secrets secrets;
static struct link_secret_texts texts;
static struct failure failure;

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    for (size_t i = 0; i < sizeof(entropy); i++) {
        entropy[i] = (uint8_t)(i * 31 + 5);
    }
    ck_assert_int_eq(link_secrets_create(path, entropy, &secrets, &texts, &failure), ERR_NONE);
}

static void teardown(void)
{
    unlink(path);
    unlink("other");
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void write_file(const char *content)
{
    FILE *file = fopen(path, "w");
    fputs(content, file);
    fclose(file);
}

START_TEST(file_is_loaded_again)
{
    struct link_secrets loaded;
    ck_assert_int_eq(link_secrets_load(path, &loaded, &failure), ERR_NONE);
    ck_assert_mem_eq(&loaded, &secrets, sizeof(loaded));
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
}
END_TEST

START_TEST(file_holds_no_secret)
{
    char content[4096];
    FILE *file = fopen(path, "r");
    const size_t size = fread(content, 1, sizeof(content) - 1, file);
    content[size] = '\0';
    fclose(file);
    for (int i = 0; i < LINK_SECRETS_COUNT; i++) {
        ck_assert_uint_eq(strlen(texts.items[i]), 43); /* 256 bits in base64. */
        ck_assert_ptr_null(strstr(content, texts.items[i]));
        ck_assert(i == 0 || strcmp(texts.items[i], texts.items[i - 1]) != 0);
    }
}
END_TEST

START_TEST(file_of_others_is_refused)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0644, 0666};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        ck_assert_int_eq(chmod(path, modes[i]), 0);
        ck_assert_int_eq(link_secrets_load(path, &secrets, &failure), ERR_DENIED);
        ck_assert_ptr_nonnull(strstr(failure.text, "chmod 600"));
    }
    ck_assert_int_eq(chmod(path, 0600), 0);
    if (geteuid() == 0) { /* Only root can give a file away. */
        ck_assert_int_eq(chown(path, 65534, 65534), 0);
        ck_assert_int_eq(link_secrets_load(path, &secrets, &failure), ERR_DENIED);
        ck_assert_ptr_nonnull(strstr(failure.text, "another user"));
    }
}
END_TEST

START_TEST(links_and_folders_are_refused)
{
    ck_assert_int_eq(symlink(path, "other"), 0);
    ck_assert_int_eq(link_secrets_load("other", &secrets, &failure), ERR_DENIED);
    ck_assert_int_eq(link_secrets_load(folder, &secrets, &failure), ERR_DENIED);
    ck_assert_int_eq(link_secrets_create("other", entropy, &secrets, &texts, &failure), ERR_EXISTS);
}
END_TEST

static const char *const damaged[] = {
    "", "{}", "not json", "{\"read\":\"00\",\"trade\":\"00\",\"admin\":\"00\",\"password\":\"00\"}",
    "{\"read\":1}"};

START_TEST(damaged_file_is_refused)
{
    write_file(damaged[_i]);
    ck_assert_int_eq(link_secrets_load(path, &secrets, &failure), ERR_SYNTAX);
    ck_assert_ptr_nonnull(strstr(failure.text, "delete it"));
}
END_TEST

START_TEST(missing_file_and_folder)
{
    ck_assert_int_eq(link_secrets_load("nothing", &secrets, &failure), ERR_NOT_FOUND);
    ck_assert_int_eq(link_secrets_create("no/folder", entropy, &secrets, &texts, &failure), ERR_IO);
}
END_TEST

static enum link_scope authorize(const char *scheme, const char *credentials)
{
    char header[512];
    snprintf(header, sizeof(header), "%s %s", scheme, credentials);
    return link_secrets_authorize(&secrets, header);
}

START_TEST(tokens_open_their_scope)
{
    ck_assert_int_eq(authorize("Bearer", texts.items[LINK_SECRET_READ]), LINK_SCOPE_READ);
    ck_assert_int_eq(authorize("bearer", texts.items[LINK_SECRET_TRADE]), LINK_SCOPE_TRADE);
    ck_assert_int_eq(authorize("Bearer", texts.items[LINK_SECRET_ADMIN]), LINK_SCOPE_ADMIN);
    ck_assert_int_eq(link_secrets_token(&secrets, texts.items[LINK_SECRET_READ]), LINK_SCOPE_READ);
    /* The password is no token. */
    ck_assert_int_eq(authorize("Bearer", texts.items[LINK_SECRET_PASSWORD]), LINK_SCOPE_NONE);
    ck_assert_int_eq(authorize("Digest", texts.items[LINK_SECRET_ADMIN]), LINK_SCOPE_NONE);
    ck_assert_int_eq(authorize("Bearer", ""), LINK_SCOPE_NONE);
    char changed[LINK_SECRET_TEXT_MAX];
    memcpy(changed, texts.items[LINK_SECRET_ADMIN], sizeof(changed));
    changed[10] ^= 1;
    ck_assert_int_eq(authorize("Bearer", changed), LINK_SCOPE_NONE);
}
END_TEST

START_TEST(user_and_password_open_everything)
{
    char plain[128];
    char base64[256];
    const char *password = texts.items[LINK_SECRET_PASSWORD];
    snprintf(plain, sizeof(plain), LINK_USER ":%s", password);
    sodium_bin2base64(base64, sizeof(base64), (const unsigned char *)plain, strlen(plain),
                      sodium_base64_VARIANT_ORIGINAL);
    ck_assert_int_eq(authorize("Basic", base64), LINK_SCOPE_ADMIN);
    ck_assert_int_eq(link_secrets_basic(&secrets, base64), LINK_SCOPE_ADMIN);
    ck_assert_int_eq(link_secrets_password(&secrets, LINK_USER, password), LINK_SCOPE_ADMIN);
    ck_assert_int_eq(link_secrets_password(&secrets, "root", password), LINK_SCOPE_NONE);
    ck_assert_int_eq(link_secrets_password(&secrets, LINK_USER, "a"), LINK_SCOPE_NONE);
    ck_assert_int_eq(authorize("Basic", "????"), LINK_SCOPE_NONE);
    ck_assert_int_eq(authorize("Basic", "YWRtaW4="), LINK_SCOPE_NONE); /* No colon. */
}
END_TEST

START_TEST(endless_credentials_are_wrong)
{
    char text[2 * LINK_CREDENTIALS_MAX];
    memset(text, 'A', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert_int_eq(link_secrets_token(&secrets, text), LINK_SCOPE_NONE);
    ck_assert_int_eq(link_secrets_basic(&secrets, text), LINK_SCOPE_NONE);
    ck_assert_int_eq(link_secrets_password(&secrets, LINK_USER, text), LINK_SCOPE_NONE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link_secrets");
    TCase *tcase = tcase_create("secrets");
    tcase_add_test(tcase, file_is_loaded_again);
    tcase_add_test(tcase, file_holds_no_secret);
    tcase_add_test(tcase, file_of_others_is_refused);
    tcase_add_test(tcase, links_and_folders_are_refused);
    tcase_add_loop_test(tcase, damaged_file_is_refused, 0,
                        (int)(sizeof(damaged) / sizeof(damaged[0])));
    tcase_add_test(tcase, missing_file_and_folder);
    tcase_add_test(tcase, tokens_open_their_scope);
    tcase_add_test(tcase, user_and_password_open_everything);
    tcase_add_test(tcase, endless_credentials_are_wrong);
    tcase_add_checked_fixture(tcase, setup, teardown);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
