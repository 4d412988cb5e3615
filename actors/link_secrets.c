#include "actors/link_secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "config/field.h"

enum { SECRETS_FILE_MAX = 4096, SECRETS_MODE = 0600, SECRETS_HEX_MAX = 65 };

/* The file as its table reads it: hashes in hex. */
struct secrets_file {
    const char *hashes[LINK_SECRETS_COUNT];
};

#define SECRETS_FIELD(name_, secret_, doc_)                                                 \
    {                                                                                       \
        .name = (name_), .kind = FIELD_TEXT,                                                \
        .offset = offsetof(struct secrets_file, hashes) + (secret_) * sizeof(const char *), \
        .is_required = true, .doc = (doc_)                                                  \
    }

static const struct field secrets_fields[] = {
    SECRETS_FIELD("read", LINK_SECRET_READ, "Hash of the token that may read."),
    SECRETS_FIELD("trade", LINK_SECRET_TRADE, "Hash of the token that may send actions too."),
    SECRETS_FIELD("admin", LINK_SECRET_ADMIN, "Hash of the token that may do everything."),
    SECRETS_FIELD("password", LINK_SECRET_PASSWORD, "Hash of the password of " LINK_USER "."),
    {0}};

static void secrets_hash(const char *text, size_t length, uint8_t hash[LINK_SECRET_BYTES])
{
    (void)crypto_generichash(hash, LINK_SECRET_BYTES, (const unsigned char *)text, length, NULL, 0);
}

/* ---- The file ---- */

static enum err secrets_check_file(int file, const char *path, struct failure *failure)
{
    struct stat status;
    if (fstat(file, &status) != 0) {
        return failure_set(failure, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return failure_set(failure, ERR_DENIED, "%s: not a file; name another control.secrets",
                           path);
    }
    if (status.st_uid != geteuid()) {
        return failure_set(failure, ERR_DENIED,
                           "%s: belongs to another user; give it to this one or name another "
                           "control.secrets",
                           path);
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return failure_set(failure, ERR_DENIED,
                           "%s: others may read or write it; chmod 600 it, or delete it to get new "
                           "secrets",
                           path);
    }
    return ERR_NONE;
}

static enum err secrets_read_file(const char *path, char bytes[SECRETS_FILE_MAX], size_t *ret_size,
                                  struct failure *failure)
{
    const int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        const int code = errno;
        return code == ENOENT ? failure_set(failure, ERR_NOT_FOUND, "%s: no such file", path)
               : code == ELOOP
                   ? failure_set(failure, ERR_DENIED,
                                 "%s: a link; name the file itself in control.secrets", path)
                   : failure_set(failure, ERR_IO, "%s: %s", path, strerror(code));
    }
    enum err err = secrets_check_file(file, path, failure);
    if (err == ERR_NONE) {
        const ssize_t size = read(file, bytes, SECRETS_FILE_MAX);
        if (size < 0 || size == SECRETS_FILE_MAX) {
            err = failure_set(failure, ERR_IO, "%s: cannot be read as secrets", path);
        } else {
            *ret_size = (size_t)size;
        }
    }
    (void)close(file);
    return err;
}

static enum err secrets_parse(const char *bytes, size_t size, struct link_secrets *ret_secrets)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct problems problems;
    problems_init(&problems, "secrets");
    const struct node *root;
    struct secrets_file file;
    enum err err =
        node_read_json("secrets", bytes, size, NODE_DEPTH_CONTROL_MAX, &arena, &problems, &root);
    if (err == ERR_NONE) {
        err = field_parse(secrets_fields, root, "", &file, sizeof(file), &arena, &problems);
    }
    for (size_t i = 0; i < LINK_SECRETS_COUNT && err == ERR_NONE; i++) {
        size_t length;
        if (sodium_hex2bin(ret_secrets->hashes[i], LINK_SECRET_BYTES, file.hashes[i],
                           strlen(file.hashes[i]), NULL, &length, NULL) != 0 ||
            length != LINK_SECRET_BYTES) {
            err = ERR_SYNTAX;
        }
    }
    problems_done(&problems);
    arena_done(&arena);
    return err;
}

enum err link_secrets_load(const char *path, struct link_secrets *ret_secrets,
                           struct failure *failure)
{
    char bytes[SECRETS_FILE_MAX];
    size_t size = 0;
    enum err err = secrets_read_file(path, bytes, &size, failure);
    if (err != ERR_NONE) {
        return err;
    }
    struct link_secrets secrets;
    err = secrets_parse(bytes, size, &secrets);
    if (err != ERR_NONE) {
        return failure_set(failure, err == ERR_MEMORY ? err : ERR_SYNTAX,
                           "%s: not a file of secrets, or a damaged one; delete it to get new ones",
                           path);
    }
    *ret_secrets = secrets;
    return ERR_NONE;
}

static enum err secrets_write_file(const char *path, const struct text *content,
                                   struct failure *failure)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, SECRETS_MODE);
    if (file < 0) {
        const int code = errno;
        return code == EEXIST
                   ? failure_set(failure, ERR_EXISTS, "%s: exists already", path)
                   : failure_set(failure, ERR_IO, "%s: cannot be made: %s", path, strerror(code));
    }
    const bool is_written =
        fchmod(file, SECRETS_MODE) == 0 &&
        write(file, content->data, content->length) == (ssize_t)content->length && fsync(file) == 0;
    if (close(file) != 0 || !is_written) {
        (void)unlink(path);
        return failure_set(failure, ERR_IO, "%s: cannot be written", path);
    }
    return ERR_NONE;
}

static void secrets_print(const struct link_secrets *secrets, struct text *out)
{
    char hex[LINK_SECRETS_COUNT][SECRETS_HEX_MAX];
    struct secrets_file file;
    for (size_t i = 0; i < LINK_SECRETS_COUNT; i++) {
        file.hashes[i] =
            sodium_bin2hex(hex[i], sizeof(hex[i]), secrets->hashes[i], LINK_SECRET_BYTES);
    }
    field_print_json(secrets_fields, &file, out);
    text_append_char(out, '\n');
}

enum err link_secrets_create(const char *path, const uint8_t *entropy,
                             struct link_secrets *ret_secrets, struct link_secret_texts *ret_texts,
                             struct failure *failure)
{
    struct link_secrets secrets = {0};
    struct link_secret_texts texts = {0};
    for (size_t i = 0; i < LINK_SECRETS_COUNT; i++) {
        (void)sodium_bin2base64(texts.items[i], LINK_SECRET_TEXT_MAX,
                                entropy + i * LINK_SECRET_BYTES, LINK_SECRET_BYTES,
                                sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        secrets_hash(texts.items[i], strlen(texts.items[i]), secrets.hashes[i]);
    }
    struct text content = {0};
    secrets_print(&secrets, &content);
    const enum err err = text_failed(&content)
                             ? failure_set(failure, ERR_MEMORY, "no memory for secrets")
                             : secrets_write_file(path, &content, failure);
    text_done(&content);
    if (err == ERR_NONE) {
        *ret_secrets = secrets;
        *ret_texts = texts;
    }
    sodium_memzero(&texts, sizeof(texts));
    return err;
}

/* ---- Comparing ---- */

enum link_scope link_secrets_token(const struct link_secrets *secrets, const char *token)
{
    static const enum link_scope scopes[] = {
        [LINK_SECRET_READ] = LINK_SCOPE_READ,
        [LINK_SECRET_TRADE] = LINK_SCOPE_TRADE,
        [LINK_SECRET_ADMIN] = LINK_SCOPE_ADMIN,
    };
    enum link_scope scope = LINK_SCOPE_NONE;
    if (strlen(token) > LINK_CREDENTIALS_MAX) {
        return scope;
    }
    uint8_t hash[LINK_SECRET_BYTES];
    secrets_hash(token, strlen(token), hash);
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        if (sodium_memcmp(hash, secrets->hashes[i], sizeof(hash)) == 0) {
            scope = scopes[i];
        }
    }
    return scope;
}

enum link_scope link_secrets_password(const struct link_secrets *secrets, const char *user,
                                      const char *password)
{
    if (strlen(password) > LINK_CREDENTIALS_MAX) {
        return LINK_SCOPE_NONE;
    }
    uint8_t hash[LINK_SECRET_BYTES];
    secrets_hash(password, strlen(password), hash);
    const int difference = sodium_memcmp(hash, secrets->hashes[LINK_SECRET_PASSWORD], sizeof(hash));
    return difference == 0 && strcmp(user, LINK_USER) == 0 ? LINK_SCOPE_ADMIN : LINK_SCOPE_NONE;
}

enum link_scope link_secrets_basic(const struct link_secrets *secrets, const char *base64)
{
    char text[LINK_CREDENTIALS_MAX + 1];
    size_t length;
    const char *end;
    if (sodium_base642bin((unsigned char *)text, sizeof(text) - 1, base64, strlen(base64), NULL,
                          &length, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        *end != '\0') {
        return LINK_SCOPE_NONE;
    }
    text[length] = '\0';
    char *colon = strchr(text, ':');
    enum link_scope scope = LINK_SCOPE_NONE;
    if (colon != NULL && strlen(text) == length) {
        *colon = '\0';
        scope = link_secrets_password(secrets, text, colon + 1);
    }
    sodium_memzero(text, sizeof(text));
    return scope;
}

enum link_scope link_secrets_authorize(const struct link_secrets *secrets, const char *header)
{
    if (strncasecmp(header, "Bearer ", strlen("Bearer ")) == 0) {
        return link_secrets_token(secrets, header + strlen("Bearer "));
    }
    if (strncasecmp(header, "Basic ", strlen("Basic ")) == 0) {
        return link_secrets_basic(secrets, header + strlen("Basic "));
    }
    return LINK_SCOPE_NONE;
}
