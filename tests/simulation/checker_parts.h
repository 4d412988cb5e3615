/*
 * tests/simulation/checker_parts.h - what the files of the checker share.
 *
 * checker.c opens and hashes, checker_trades.c looks at fills, orders and positions,
 * checker_lives.c at executors, actions and the order of events.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_CHECKER_PARTS_H
#define TUTTI_TESTS_SIMULATION_CHECKER_PARTS_H

#include <sqlite3.h>

#include "tests/simulation/checker.h"
#include "tests/simulation/venue_log.h"

enum { CHECKER_SUMS_MAX = 64, CHECKER_LIVES_MAX = 64 };

/* What the fills of a controller make of a pair. */
struct position_sum {
    char controller[VENUE_LOG_ID_MAX];
    char pair[VENUE_LOG_WORD_MAX];
    struct decimal amount;
    bool is_stored; /* The database has a position of it. */
};

/* What became of an executor. */
struct executor_life {
    char id[2 * VENUE_LOG_ID_MAX];
    char type[VENUE_LOG_ID_MAX];
    char close_type[VENUE_LOG_ID_MAX];
    struct decimal amount; /* That it was to open; 0: its kind does not say. */
    struct decimal opened;
    struct decimal held;  /* Bought less sold, fees taken off. */
    bool has_two_markets; /* Its money needs a rate that is not looked at here. */
    struct decimal cash;  /* Of what was sold less of what was bought, fees taken off. */
    struct decimal pnl;   /* As it says. */
    struct decimal fees;  /* As it says. */
    struct decimal paid;  /* Fees, those in the base asset at the price of their trade. */
};

struct checker {
    const struct checker_evidence *evidence;
    struct verdict *verdict;
    sqlite3 *db; /* Owned. */
    struct venue_log log;
    struct position_sum sums[CHECKER_SUMS_MAX];
    size_t sum_count;
    struct executor_life lives[CHECKER_LIVES_MAX];
    size_t life_count;
};

/* Calls `visit` with each row's columns as text; NULL columns are "". */
void checker_each(struct checker *checker, const char *sql,
                  void (*visit)(struct checker *checker, const char *const *columns));

/* A number that SQL can tell; 0 without rows. */
int64_t checker_number(struct checker *checker, const char *sql);

/* A column that has to be a decimal. */
struct decimal checker_decimal(struct checker *checker, const char *text);

/* Whether the asset is what the pair trades, not what it is paid with. */
bool checker_is_base(const char *pair, const char *asset);

/* How a fill moves what is held of the base asset: of the columns pair, side, amount, fee and fee
 * asset. A fee in the base asset is taken from it. */
struct decimal checker_moved(struct checker *checker, const char *const *columns);

/* ---- checker_trades.c ---- */

void checker_trades(struct checker *checker);

/* ---- checker_lives.c ---- */

void checker_lives(struct checker *checker);

#endif
