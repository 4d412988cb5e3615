/*
 * app/control_client.h - how a subcommand speaks with a run: where it listens, one request at a
 * time, and what it answers.
 *
 * The address is given, or it is the first one under control.listen of the run's file. Answers are
 * JSON that the run wrote: {"ok":true,...} or {"ok":false,"code":...,"message":...}.
 *
 * Threads: one caller at a time.
 */
#ifndef TUTTI_APP_CONTROL_CLIENT_H
#define TUTTI_APP_CONTROL_CLIENT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/command.h"
#include "base/text.h"

enum {
    CONTROL_CLIENT_URL_MAX = 512,
    CONTROL_CLIENT_TIMEOUT_MS = 30000, /* Longest wait for an answer. */
    CONTROL_CLIENT_PAGE = 1000,        /* Events of one answer. */
};

/* `struct control_client client = {0};`, then its words of the command line, then find. */
struct control_client {
    const char *control;              /* Borrowed; --control. */
    const char *run_file;             /* Borrowed; else the address is in there. */
    char url[CONTROL_CLIENT_URL_MAX]; /* Where to ask. */
};

/* The lines about --control and FILE in a command's help. */
#define CONTROL_CLIENT_HELP                                                       \
    "  --control URL  the run's control address, e.g. ipc://quickstart.control\n" \
    "  FILE           or the run's file, which says it under control.listen\n"

/* Takes `--control URL`, or a word that is no option and the first such: how many words that were,
 * 0 when it is neither. `words` ends with NULL. */
int control_client_take(struct control_client *client, char **words);

/* Finds the address; otherwise says on stderr what is missing. EXIT_CODE_OK or EXIT_CODE_USAGE. */
enum exit_code control_client_find(struct control_client *client, const struct command *command);

/*
 * Sends one request and waits for its answer, which replaces what is in *answer. A refusal is an
 * answer as well: see control_client_verdict(). Errors, with what to do in *failure: ERR_NOT_FOUND
 * when no run listens, ERR_END when no answer came in time, and those of link_request().
 */
MUST_USE enum err control_client_ask(const struct control_client *client, const char *request,
                                     struct text *answer, struct failure *failure);

/* As control_client_ask(), for questions: a refusal is ERR_DENIED, with its words in *failure. */
MUST_USE enum err control_client_query(const struct control_client *client, const char *request,
                                       struct text *answer, struct failure *failure);

/* Reads an answer; the tree is the caller's. ERR_SYNTAX when it is no JSON, ERR_MEMORY. */
MUST_USE enum err control_client_parse(const struct text *answer, cJSON **ret_root,
                                       struct failure *failure);

/* ERR_DENIED for an answer that is a refusal: its "code: message" is appended to *words. Else as
 * control_client_parse(), with *failure. */
MUST_USE enum err control_client_verdict(const struct text *answer, struct text *words,
                                         struct failure *failure);

/* How this program names itself to a run. */
#define CONTROL_CLIENT_NAME "cli"

/* Takes one event: its JSON, as it was published. False ends the visit. */
typedef bool control_client_visit(void *context, uint64_t seq, const char *json);

/*
 * Visits the committed events of seq from, from+1, ... in order, at most `limit` of them, 0: all
 * that there are. Errors as control_client_query().
 */
MUST_USE enum err control_client_events(const struct control_client *client, uint64_t from,
                                        uint64_t limit, control_client_visit *visit, void *context,
                                        struct failure *failure);

/* "seq" of an event or an answer, which stands near the front of what the run writes; 0: none. */
uint64_t control_client_seq(const char *json);

#endif
