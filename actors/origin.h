/*
 * actors/origin.h - who asked for something, as the journal and the events name them.
 *
 * LINK or LINK:NAME, e.g. "rep", "rep:desk-7", "http:trade", "http:admin:desk-7": the way by which
 * it came; over HTTP the scope of the secret that opened it, never the secret; and the name that
 * the client gives itself, when it does. A name is a courtesy to the reader, the link is a fact.
 *
 * Threads: values only.
 */
#ifndef TUTTI_ACTORS_ORIGIN_H
#define TUTTI_ACTORS_ORIGIN_H

#include <stdbool.h>

#include "actors/link_secrets.h"

#define ORIGIN_REP "rep"             /* A process at the control socket. */
#define ORIGIN_PROGRAM "program"     /* The program that has the run inside. */
#define ORIGIN_SIGNAL "signal"       /* Whoever sent a signal to the process. */
#define ORIGIN_KILL_FILE "kill_file" /* Whoever made the file. */
#define ORIGIN_LIMIT "limit"         /* A limit of the run file was reached. */
#define ORIGIN_LATCH "latch"         /* A state that lasts from an earlier start. */

enum {
    ORIGIN_NAME_MAX = 31,
    ORIGIN_TEXT_MAX = 64, /* Bytes of the whole, with its NUL. */
};

/* The member by which a client names itself, for field tables, and what it expects. */
#define ORIGIN_CLIENT_DOC \
    "Who asks, for the record of who did what: at most 31 characters of [A-Za-z0-9_.-]."
#define ORIGIN_CLIENT_EXPECTED "expected 1 to 31 characters of [A-Za-z0-9_.-]"

/* How a request over HTTP of that scope is named: "http:read", "http:trade", "http:admin". */
const char *origin_of_scope(enum link_scope scope);

/* Whether a client may call itself so: 1 to ORIGIN_NAME_MAX characters of [A-Za-z0-9_.-]. */
bool origin_name_is_valid(const char *name);

/* Writes LINK, or LINK:NAME when there is a name, which must be valid. */
void origin_print(char out[ORIGIN_TEXT_MAX], const char *link, const char *name);

#endif
