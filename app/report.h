/*
 * app/report.h - what a run did, computed from its tables.
 *
 * Everything here comes out of the database, with exact sums, so that the report and the tables
 * say the same.
 *
 * Threads: one caller at a time.
 */
#ifndef TUTTI_APP_REPORT_H
#define TUTTI_APP_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/decimal.h"
#include "market/performance.h"
#include "persistence/reader.h"

enum { REPORT_HASH_TEXT_MAX = 65 };

/* One line per position. Texts live in the report's arena. */
struct report_position {
    const char *controller_id;
    const char *venue;
    const char *trading_pair;
    const char *side;
    struct decimal amount;
    struct decimal average_price;
    struct decimal realized_pnl_quote;
    struct decimal fees_quote;
    struct decimal funding_quote;
    struct decimal volume_quote;
    struct report_position *next;
};

/* Money of a whole run or of one controller. */
struct report_sums {
    const char *controller_id; /* "" is the whole run. */
    uint64_t executors;
    uint64_t active;  /* Not TERMINATED. */
    uint64_t winners; /* Terminated with fills and a positive result. */
    uint64_t losers;
    uint64_t traded; /* Terminated with fills. */
    uint64_t fills;
    uint64_t close_type_counts[CLOSE_TYPE_COUNT];
    struct decimal net_pnl_quote;        /* Sum over executors, of each when it ended. */
    struct decimal realized_pnl_quote;   /* Sum over positions, without fees. */
    struct decimal unrealized_pnl_quote; /* Of positions, as it was told last. */
    struct decimal fees_quote;           /* Sum over fills. */
    struct decimal funding_quote;        /* Sum over positions: received, less what was paid. */
    struct decimal volume_quote;         /* Sum of price * amount over fills. */
    struct report_sums *next;
};

/* One quote asset beside that of the run. */
struct report_rate {
    const char *asset;
    struct decimal rate;
    struct report_rate *next;
};

struct report {
    struct arena arena;
    const char *name;
    const char *mode;
    const char *state;
    const char *seed;
    const char *version;
    const char *config_hash;
    const char *reason;   /* Of run.stopped; "" while it runs. */
    const char *balances; /* JSON of the last venue.reconciled events: {venue: {asset: total}}. */
    int64_t started_ns;
    int64_t ended_ns; /* Of the last journal row. */
    uint64_t events;
    char events_hash[REPORT_HASH_TEXT_MAX]; /* SHA-256 over all events, one per line. */
    struct report_sums total;
    struct report_sums *controllers; /* In order of appearance. */
    struct report_position *positions;
    const char *quote_asset;   /* In which money of others was summed; NULL: there was only one. */
    struct report_rate *rates; /* What the others were worth at last. */
    const char *performance;   /* JSON of the last report of the whole run; NULL: none. */
};

/* Speed of a run, which no table has. rows 0: not known. */
struct report_speed {
    uint64_t rows;
    int64_t elapsed_ns;
};

/* Reads everything; the report must be given to report_done() in both cases. */
MUST_USE enum err report_load(struct reader *reader, struct report *report,
                              struct failure *failure);
void report_done(struct report *report);

/* What the account has gained or lost by all of it: realized and unrealized, less fees, plus
 * funding. A position that an executor has handed over goes on here, and not in net_pnl_quote. */
struct decimal report_global_pnl(const struct report_sums *sums);

/* Win rate as a fraction of executors that ended with fills. */
struct decimal report_win_rate(const struct report_sums *sums);

void report_print_text(const struct report *report, const struct report_speed *speed, FILE *out);

/* One JSON object; the executors are read again, one by one. */
MUST_USE enum err report_print_json(const struct report *report, struct reader *reader,
                                    const struct report_speed *speed, FILE *out,
                                    struct failure *failure);

/* One HTML page that needs nothing else: figures, the result over time, fills, tables. */
MUST_USE enum err report_print_html(const struct report *report, struct reader *reader, FILE *out,
                                    struct failure *failure);

/* A table as CSV (RFC 4180) with a header. ERR_NOT_FOUND names the tables there are. */
MUST_USE enum err report_print_csv(struct reader *reader, const char *table, FILE *out,
                                   struct failure *failure);

#endif
