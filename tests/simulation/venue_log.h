/*
 * tests/simulation/venue_log.h - the venue's own log as a checker reads it: trades and orders.
 *
 * It reads the lines by itself, so that it shares no code with what is checked but decimals.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_VENUE_LOG_H
#define TUTTI_TESTS_SIMULATION_VENUE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"

enum { VENUE_LOG_ID_MAX = 40, VENUE_LOG_WORD_MAX = 24 };

struct logged_trade {
    char id[VENUE_LOG_ID_MAX]; /* Of its order. */
    char pair[VENUE_LOG_WORD_MAX];
    char fee_asset[VENUE_LOG_WORD_MAX];
    bool buys;
    bool is_stored; /* The database has it. */
    struct decimal price;
    struct decimal amount;
    struct decimal fee;
};

struct logged_order {
    char id[VENUE_LOG_ID_MAX];
    char state[VENUE_LOG_WORD_MAX]; /* The last one. */
    struct decimal amount;
    unsigned submits; /* How often it was taken. */
    bool is_stored;
};

struct venue_log {
    struct logged_trade *trades; /* Owned; trade n is at n - 1. */
    size_t trade_count;
    struct logged_order *orders; /* Owned, in order of arrival. */
    size_t order_count;
};

/* False when a line is not as it should be. The log is to be given to venue_log_done(). */
bool venue_log_read(const char *text, struct venue_log *ret_log);
void venue_log_done(struct venue_log *log);

/* The order of that client order id, or NULL. */
struct logged_order *venue_log_find(const struct venue_log *log, const char *id);

/* An order of somebody who is no client of the venue. */
bool venue_log_is_stranger(const char *id);

#endif
