/*
 * Durable fills per second through store_append() and store_commit(), by fills per commit, and
 * beside it SQLite alone with the same rows, tables, settings and commits, all of it prepared once:
 * what the encoding and the hash chain cost. Both alternate; figures are medians of their rounds,
 * and the share is the median of the rounds' shares, by the clock and of processor time.
 *
 * Prints `name value unit`, one figure per line. TMPDIR says which disk is measured. Arguments:
 * fills per commit and commits, to profile one batch size in a single round.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "persistence/checksum.h"
#include "persistence/connection.h"
#include "persistence/event.h"
#include "persistence/schema.h"
#include "persistence/store.h"

enum { BENCH_COMMITS_MAX = 300, BENCH_FILLS_MAX = 40000, BENCH_ROUNDS = 7 };

static char bench_folder[256];
static char bench_path[512];

/* Fills per second. */
struct bench_rate {
    double by_clock;
    double by_processor;
};

static double bench_seconds(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct bench_rate bench_begin(void)
{
    return (struct bench_rate){bench_seconds(CLOCK_MONOTONIC),
                               bench_seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static struct bench_rate bench_end(struct bench_rate start, uint64_t fills)
{
    const struct bench_rate end = bench_begin();
    return (struct bench_rate){(double)fills / (end.by_clock - start.by_clock),
                               (double)fills / (end.by_processor - start.by_processor)};
}

static void bench_must(enum err err, const struct failure *failure)
{
    if (err != ERR_NONE) {
        (void)fprintf(stderr, "bench_store: %s\n", failure->text);
        exit(1);
    }
}

static void bench_forget_database(void)
{
    (void)unlink(bench_path);
}

static struct record bench_fill(uint64_t seq)
{
    struct record record = {
        .seq = seq,
        .ts_ns = INT64_C(1723075200000000000) + (int64_t)seq * 1000,
        .kind = RECORD_FILL,
        .controller_id = "my_controller",
        .executor_id = "t3k9x2-1f",
        .data.fill = {.fill = {.order = {.epoch = 1723075200, .executor = 51, .ordinal = 3},
                               .side = SIDE_BUY,
                               .price = decimal_from_mantissa(6000057 + (int64_t)seq % 1000, 2),
                               .amount = decimal_from_mantissa(1234, 5),
                               .fee = decimal_from_mantissa(14809, 5),
                               .liquidity = LIQUIDITY_TAKER,
                               .time_ns = INT64_C(1723075200000000000) + (int64_t)seq * 1000},
                      .venue = "paper",
                      .account = "main",
                      .trading_pair = "BTC-USDT",
                      .fee_asset = "USDT",
                      .position_after = decimal_from_mantissa((int64_t)seq * 1234, 5)},
    };
    (void)snprintf(record.data.fill.fill.trade_id, TRADE_ID_MAX, "%012llu",
                   (unsigned long long)seq);
    return record;
}

/* Fills per second through a store. */
static struct bench_rate bench_store(const char *type, uint64_t commits, uint64_t per_commit)
{
    const struct store_options options = {
        .path = bench_path, .run_name = "bench", .durability = DURABILITY_GROUP};
    struct failure failure;
    struct store *store = NULL;
    struct text event = {0};
    bench_must(store_open(type, &options, &store, &failure), &failure);
    uint64_t seq = 0;
    const struct bench_rate start = bench_begin();
    for (uint64_t i = 0; i < commits; i++) {
        for (uint64_t j = 0; j < per_commit; j++) {
            const struct record record = bench_fill(++seq);
            bench_must(store_append(store, &record, &event, &failure), &failure);
        }
        bench_must(store_commit(store, &failure), &failure);
    }
    const struct bench_rate rate = bench_end(start, seq);
    bench_must(store_close(store, &failure), &failure);
    text_done(&event);
    bench_forget_database();
    return rate;
}

static void bench_raw_step(sqlite3_stmt *statement)
{
    ASSERT(sqlite3_step(statement) == SQLITE_DONE);
    (void)sqlite3_reset(statement);
}

static void bench_raw_journal(sqlite3_stmt *statement, int64_t seq, const char *payload)
{
    static const char checksum[CHECKSUM_SIZE] = "a checksum of thirty-two bytes!";
    (void)sqlite3_bind_int64(statement, 1, seq);
    (void)sqlite3_bind_int64(statement, 2, INT64_C(1723075200000000000) + seq * 1000);
    (void)sqlite3_bind_text(statement, 3, "fill", -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 4, "my_controller", -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 5, "t3k9x2-1f", -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 6, "shw42o-1f-3", -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 7, payload, -1, SQLITE_STATIC);
    (void)sqlite3_bind_blob(statement, 8, checksum, sizeof(checksum), SQLITE_STATIC);
    bench_raw_step(statement);
}

static void bench_raw_fill(sqlite3_stmt *statement, int64_t seq)
{
    static const char *const texts[] = {
        "paper",    "main",    "BTC-USDT", "",     "shw42o-1f-3", "t3k9x2-1f", "BUY",
        "60000.57", "0.01234", "0.14809",  "USDT", "0.14809",     "taker"};
    char trade_id[TRADE_ID_MAX];
    (void)snprintf(trade_id, sizeof(trade_id), "%012lld", (long long)seq);
    for (int i = 0; i < 13; i++) {
        (void)sqlite3_bind_text(statement, i + 1, i == 3 ? trade_id : texts[i], -1, SQLITE_STATIC);
    }
    (void)sqlite3_bind_int64(statement, 14, INT64_C(1723075200000000000) + seq * 1000);
    bench_raw_step(statement);
}

struct bench_raw {
    struct connection connection;
    sqlite3_stmt *begin, *commit, *journal, *fill;
};

static void bench_raw_prepare(struct bench_raw *raw, const char *sql, sqlite3_stmt **ret_statement)
{
    struct failure failure;
    bench_must(connection_prepare(&raw->connection, sql, ret_statement, &failure), &failure);
}

/* Settings as in persistence/stores/sqlite.c; the log is as long when it is copied. */
static struct bench_raw bench_raw_open(void)
{
    struct failure failure;
    struct bench_raw raw;
    bench_must(connection_open(bench_path, CONNECTION_WRITER, &raw.connection, &failure), &failure);
    bench_must(connection_run(&raw.connection,
                              "PRAGMA foreign_keys=ON;PRAGMA wal_autocheckpoint=4000;"
                              "PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-16384;"
                              "PRAGMA temp_store=MEMORY;PRAGMA synchronous=FULL",
                              &failure),
               &failure);
    bench_must(schema_create(&raw.connection, &failure), &failure);
    bench_raw_prepare(&raw, "BEGIN IMMEDIATE", &raw.begin);
    bench_raw_prepare(&raw, "COMMIT", &raw.commit);
    bench_raw_prepare(&raw, "INSERT INTO journal VALUES (?,?,?,?,?,?,?,?)", &raw.journal);
    bench_raw_prepare(&raw, "INSERT INTO fill VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", &raw.fill);
    return raw;
}

static void bench_raw_close(struct bench_raw *raw)
{
    (void)sqlite3_finalize(raw->begin);
    (void)sqlite3_finalize(raw->commit);
    (void)sqlite3_finalize(raw->journal);
    (void)sqlite3_finalize(raw->fill);
    connection_close(&raw->connection);
    bench_forget_database();
}

/* The same rows without our code around them. */
static struct bench_rate bench_raw(uint64_t commits, uint64_t per_commit)
{
    const struct record record = bench_fill(1);
    struct text payload = {0};
    event_print_data(&record, &payload);
    struct bench_raw raw = bench_raw_open();
    int64_t seq = 0;
    const struct bench_rate start = bench_begin();
    for (uint64_t i = 0; i < commits; i++) {
        bench_raw_step(raw.begin);
        for (uint64_t j = 0; j < per_commit; j++) {
            bench_raw_journal(raw.journal, ++seq, text_string(&payload));
            bench_raw_fill(raw.fill, seq);
        }
        bench_raw_step(raw.commit);
    }
    const struct bench_rate rate = bench_end(start, (uint64_t)seq);
    bench_raw_close(&raw);
    text_done(&payload);
    return rate;
}

static int bench_compare(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), bench_compare);
    return values[count / 2];
}

static void bench_batch(uint64_t per_commit, uint64_t commits, size_t rounds)
{
    ASSERT(rounds <= BENCH_ROUNDS);
    double ours[BENCH_ROUNDS];
    double raws[BENCH_ROUNDS];
    double shares[BENCH_ROUNDS];
    double processor_shares[BENCH_ROUNDS];
    for (size_t i = 0; i < rounds; i++) {
        const struct bench_rate our = bench_store("sqlite", commits, per_commit);
        const struct bench_rate raw = bench_raw(commits, per_commit);
        ours[i] = our.by_clock;
        raws[i] = raw.by_clock;
        shares[i] = our.by_clock / raw.by_clock;
        processor_shares[i] = our.by_processor / raw.by_processor;
    }
    const unsigned long long size = per_commit;
    const double fills = bench_median(ours, rounds);
    printf("store_fills_per_commit_%llu %.0f fills/s\n", size, fills);
    printf("store_commits_of_%llu %.0f commits/s\n", size, fills / (double)per_commit);
    printf("sqlite_alone_per_commit_%llu %.0f fills/s\n", size, bench_median(raws, rounds));
    printf("store_share_of_sqlite_%llu %.2f ratio\n", size, bench_median(shares, rounds));
    printf("store_processor_share_of_sqlite_%llu %.2f ratio\n", size,
           bench_median(processor_shares, rounds));
}

static void bench_batches(void)
{
    static const uint64_t batches[] = {1, 10, 100, 1000};
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        const uint64_t commits = BENCH_FILLS_MAX / batches[i];
        bench_batch(batches[i], commits > BENCH_COMMITS_MAX ? BENCH_COMMITS_MAX : commits,
                    BENCH_ROUNDS);
    }
    printf("store_memory %.0f fills/s\n", bench_store("memory", 200, 1000).by_clock);
}

int main(int argc, char **argv)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(bench_folder, sizeof(bench_folder), "%s/tutti-bench-XXXXXX",
                   base != NULL ? base : P_tmpdir);
    if (sodium_init() < 0 || mkdtemp(bench_folder) == NULL) { /* As the program does. */
        perror("bench_store: cannot make a folder");
        return 1;
    }
    (void)snprintf(bench_path, sizeof(bench_path), "%s/bench.db", bench_folder);
    if (argc == 3) {
        bench_batch(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10), 1);
    } else {
        bench_batches();
    }
    (void)rmdir(bench_folder);
    return 0;
}
