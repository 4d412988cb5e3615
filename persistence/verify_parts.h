/*
 * persistence/verify_parts.h - what the files of the verification share.
 *
 * verify.c goes through the file, verify_tables.c compares rows, verify_books.c follows orders and
 * positions along the journal.
 *
 * Threads: as verify.h.
 */
#ifndef TUTTI_PERSISTENCE_VERIFY_PARTS_H
#define TUTTI_PERSISTENCE_VERIFY_PARTS_H

#include "base/arena.h"
#include "base/text.h"
#include "base/text_index.h"
#include "persistence/connection.h"
#include "persistence/record.h"
#include "persistence/verify.h"

/* What an order's records and fills say. */
struct verify_order {
    const char *id; /* In the arena. */
    enum order_state state;
    struct decimal reported; /* executed_base of its last record. */
    struct decimal filled;   /* Sum of its fills. */
    bool closes;             /* Of a hedged position: the side that is opposite to its own. */
};

/* What the records and fills of a market's positions say, by side: netted, BUY, SELL. Fills do not
 * tell whether the market is hedged, so they are summed both ways. */
struct verify_position {
    const char *name; /* "controller venue pair", in the arena. */
    bool is_reported[3];
    struct decimal reported[3];
    struct decimal filled[3];
};

struct verify_books {
    struct arena arena;
    struct text_index order_index;
    struct text_index position_index;
    struct verify_order *orders; /* Owned. */
    uint32_t order_count;
    uint32_t order_capacity;
    struct verify_position *positions; /* Owned. */
    uint32_t position_count;
    uint32_t position_capacity;
};

struct verify {
    const char *path; /* Borrowed. */
    const struct verify_options *options;
    struct verify_report *report;
    struct connection stored;  /* Owned. */
    struct connection rebuilt; /* Owned. */
    struct verify_books books;
    uint64_t records_total;
    struct text where;
    struct text what;
};

/* Tells and counts what verify->where and verify->what say, and empties both. ERR_MEMORY. */
MUST_USE enum err verify_tell(struct verify *verify, const char *next, struct failure *failure);

/* ---- verify_tables.c ---- */

/* Compares every table with the rebuilt one, row by row. */
MUST_USE enum err verify_tables(struct verify *verify, struct failure *failure);

/* ---- verify_books.c ---- */

void verify_books_init(struct verify_books *books);
void verify_books_done(struct verify_books *books);
/* Takes a record of the journal in; an order in a state it cannot have is told. */
MUST_USE enum err verify_books_take(struct verify *verify, const struct record *record,
                                    struct failure *failure);
/* Behind the last record: every order and position is the sum of its fills. */
MUST_USE enum err verify_books_sum(struct verify *verify, struct failure *failure);

#endif
