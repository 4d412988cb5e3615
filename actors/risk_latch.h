/*
 * actors/risk_latch.h - risk states that last: which scopes are REDUCING or HALTED, and why.
 *
 * A scope is written "global", "venue:NAME", "controller:ID" or "executor:ID". A latch holds until
 * somebody sets its scope ACTIVE again, over restarts too: they are read from the table `risk` of
 * the run's database. A state that cannot be read is HALTED.
 *
 * Threads: belongs to its owner.
 */
#ifndef TUTTI_ACTORS_RISK_LATCH_H
#define TUTTI_ACTORS_RISK_LATCH_H

#include "actors/origin.h"
#include "market/risk.h"
#include "persistence/reader.h"

enum {
    RISK_SCOPE_TEXT_MAX = 96,
    RISK_REASON_TEXT_MAX = 320,
    RISK_LATCHES_MAX = 1024, /* One more halts everything. */
};

#define RISK_SCOPE_GLOBAL "global"

struct risk_latch {
    char scope[RISK_SCOPE_TEXT_MAX];
    enum risk_state state; /* REDUCING or HALTED. */
    char reason[RISK_REASON_TEXT_MAX];
    char actor[ORIGIN_TEXT_MAX]; /* Who set it; "": an earlier start. */
    bool is_recorded;            /* The journal of this run has it. */
};

struct risk_latches {
    struct risk_latch *items; /* Owned. */
    size_t count;
    size_t capacity;
};

void risk_latches_done(struct risk_latches *latches);

/* The latch of a scope, or NULL when it is ACTIVE. Borrowed until the next change. */
struct risk_latch *risk_latches_find(const struct risk_latches *latches, const char *scope);

/*
 * Sets the state of a scope; ACTIVE takes its latch away. Longer texts are cut off. Without room
 * for one more, everything is halted instead. ERR_MEMORY.
 */
MUST_USE enum err risk_latches_set(struct risk_latches *latches, const char *scope,
                                   enum risk_state state, const char *reason);

/* Adds copies of `more`. ERR_MEMORY. */
MUST_USE enum err risk_latches_copy(struct risk_latches *latches, const struct risk_latches *more);

/*
 * Adds what the table `risk` of a database says. What cannot be read, and a state without a known
 * name, is HALTED; the failure is a reason and no error. ERR_MEMORY.
 */
MUST_USE enum err risk_load(struct reader *reader, struct risk_latches *latches);

/*
 * The same for the database at `path`, and for the latch file beside it, before a run starts on it:
 * no file means no latch, one that cannot be opened is a HALTED run. ERR_MEMORY.
 */
MUST_USE enum err risk_load_file(const char *path, struct risk_latches *latches);

/* Splits a scope: its kind, and where its name begins ("" for global). ERR_SYNTAX. */
MUST_USE enum err risk_scope_parse(const char *scope, enum risk_scope_kind *ret_kind,
                                   const char **ret_name);

#endif
