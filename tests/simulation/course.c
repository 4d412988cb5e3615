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

enum err course_write(const struct course *course, struct chances *chances, const char *path)
{
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        return ERR_IO;
    }
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
    return fclose(out) == 0 ? ERR_NONE : ERR_IO;
}
