/*
 * actors/link_secrets.h - the secrets that open the control interface over HTTP.
 *
 * There are three tokens, one for each scope, and a user with a password who may do everything.
 * Each is 256 random bits. The file keeps only their hashes (BLAKE2b; bits that many need no slow
 * hash), so they are shown once, when they are made. The file must belong to this user alone:
 * one that others may read or write, that is a link, or that belongs to somebody else is refused.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_ACTORS_LINK_SECRETS_H
#define TUTTI_ACTORS_LINK_SECRETS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What a request may do; each scope may do what those before it may. */
enum link_scope { LINK_SCOPE_NONE, LINK_SCOPE_READ, LINK_SCOPE_TRADE, LINK_SCOPE_ADMIN };

enum link_secret { LINK_SECRET_READ, LINK_SECRET_TRADE, LINK_SECRET_ADMIN, LINK_SECRET_PASSWORD };

enum {
    LINK_SECRETS_COUNT = 4,
    LINK_SECRET_BYTES = 32,
    LINK_SECRET_TEXT_MAX = 48,
    LINK_ENTROPY_BYTES = LINK_SECRETS_COUNT * LINK_SECRET_BYTES,
    LINK_CREDENTIALS_MAX = 256, /* Longest text that is compared with a secret. */
};

#define LINK_USER "admin"

struct link_secrets {
    uint8_t hashes[LINK_SECRETS_COUNT][LINK_SECRET_BYTES];
};

/* The secrets themselves, for whoever had them made. */
struct link_secret_texts {
    char items[LINK_SECRETS_COUNT][LINK_SECRET_TEXT_MAX];
};

/* Reads the file. Errors, with words: ERR_NOT_FOUND; ERR_DENIED for a file that is not for this
 * user alone; ERR_SYNTAX; ERR_IO; ERR_MEMORY. */
MUST_USE enum err link_secrets_load(const char *path, struct link_secrets *ret_secrets,
                                    struct failure *failure);

/* Makes secrets from LINK_ENTROPY_BYTES random bytes and a new file (0600) with their hashes.
 * Errors, with words: ERR_EXISTS, ERR_IO, ERR_MEMORY. */
MUST_USE enum err link_secrets_create(const char *path, const uint8_t *entropy,
                                      struct link_secrets *ret_secrets,
                                      struct link_secret_texts *ret_texts, struct failure *failure);

/* What a token opens. Takes the same time for every wrong one. */
enum link_scope link_secrets_token(const struct link_secrets *secrets, const char *token);

/* What a user and password open. */
enum link_scope link_secrets_password(const struct link_secrets *secrets, const char *user,
                                      const char *password);

/* What base64 of "user:password" opens. */
enum link_scope link_secrets_basic(const struct link_secrets *secrets, const char *base64);

/* What an Authorization header opens: "Bearer TOKEN" or "Basic BASE64". */
enum link_scope link_secrets_authorize(const struct link_secrets *secrets, const char *header);

#endif
