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

struct checker {
    const struct checker_evidence *evidence;
    struct verdict *verdict;
    sqlite3 *db; /* Owned. */
    struct venue_log log;
};

/* Calls `visit` with each row's columns as text; NULL columns are "". */
void checker_each(struct checker *checker, const char *sql,
                  void (*visit)(struct checker *checker, const char *const *columns));

/* A number that SQL can tell; 0 without rows. */
int64_t checker_number(struct checker *checker, const char *sql);

/* A column that has to be a decimal. */
struct decimal checker_decimal(struct checker *checker, const char *text);

/* ---- checker_trades.c ---- */

void checker_trades(struct checker *checker);

/* ---- checker_lives.c ---- */

void checker_lives(struct checker *checker);

#endif
