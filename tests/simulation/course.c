#include "tests/simulation/course.h"

#include <stdio.h>

/* How far faults go: in steps of the walk, and in intervals. */
enum { COURSE_JUMP_STEPS = 60, COURSE_GAP_INTERVALS = 60 };

static void course_put(const struct course *course, struct chances *chances, int64_t time_ms,
                       int64_t bid, FILE *out)
{
    const bool is_crossed = chance_strikes(chances, CHANCE_MARKET_CROSSED);
    const int64_t ask = is_crossed ? bid - course->spread - 1 : bid + course->spread;
    (void)fprintf(out, "%lld,%lld.%02lld,1,%lld.%02lld,1\n", (long long)time_ms,
                  (long long)(bid / 100), (long long)(bid % 100), (long long)(ask / 100),
                  (long long)(ask % 100));
}

/* What is traded at a row: a little, at or beyond its best prices. */
static void course_put_trade(const struct course *course, struct prng *prng, int64_t time_ms,
                             int64_t bid, FILE *out)
{
    const bool is_buyer_maker = prng_below(prng, 2) == 0;
    const int64_t beyond = prng_between(prng, 0, course->step / 2);
    const int64_t price = is_buyer_maker ? bid - beyond : bid + course->spread + beyond;
    (void)fprintf(out, "%lld,%lld.%02lld,0.%03lld,%s\n", (long long)time_ms,
                  (long long)(price / 100), (long long)(price % 100),
                  (long long)prng_between(prng, 1, 900), is_buyer_maker ? "true" : "false");
}

enum err course_write(const struct course *course, struct chances *chances, const char *path,
                      const char *trades_path)
{
    FILE *out = fopen(path, "w");
    FILE *trades = fopen(trades_path, "w");
    if (out == NULL || trades == NULL) {
        return ERR_IO;
    }
    (void)fprintf(trades, "time,price,qty,is_buyer_maker\n");
    (void)fprintf(out,
                  "transaction_time,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty\n");
    struct prng prng;
    prng_init(&prng, course->seed);
    int64_t time_ms = course->start_ms;
    int64_t bid = course->price;
    for (int64_t row = 0; row < course->rows; row++) {
        course_put(course, chances, time_ms, bid, out);
        if (chance_strikes(chances, CHANCE_MARKET_REPEATED)) {
            course_put(course, chances, time_ms, bid, out);
        }
        course_put_trade(course, &prng, time_ms, bid, trades);
        int64_t move = prng_between(&prng, -course->step, course->step);
        if (row > 0 && chance_strikes(chances, CHANCE_MARKET_JUMP)) {
            move *= chance_between(chances, CHANCE_MARKET_JUMP, 2, COURSE_JUMP_STEPS);
        }
        bid = bid + move > course->price / 2 ? bid + move : bid;
        time_ms += course->interval_ms;
        if (row > 0 && chance_strikes(chances, CHANCE_MARKET_GAP)) {
            time_ms += course->interval_ms *
                       chance_between(chances, CHANCE_MARKET_GAP, 2, COURSE_GAP_INTERVALS);
        }
    }
    const bool is_written = fclose(out) == 0;
    return fclose(trades) == 0 && is_written ? ERR_NONE : ERR_IO;
}
