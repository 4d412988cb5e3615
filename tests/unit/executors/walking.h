/*
 * tests/unit/executors/walking.h - two executors on the same random walk with the same venue that
 * misbehaves at random: one evaluated at every quote, one when it asks for it and, if wanted, saved
 * and loaded at every step. After each step snapshots, requests and events are compared.
 */
#ifndef TUTTI_TESTS_UNIT_EXECUTORS_WALKING_H
#define TUTTI_TESTS_UNIT_EXECUTORS_WALKING_H

#include "base/prng.h"
#include "bracketing.h"

/* How the venue misbehaves: a pure function of the seed and the ordinal. */
struct whim {
    uint64_t seed;
    bool is_on;
};

static inline uint64_t whim_of(const struct whim *whim, uint32_t ordinal, uint64_t what)
{
    struct prng prng;
    prng_init(&prng, whim->seed * 1000003 + ordinal * 101 + what);
    return whim->is_on ? prng_below(&prng, 100) : 99;
}

static inline bool whim_fails(void *context, uint32_t ordinal)
{
    return whim_of(context, ordinal, 1) < 10;
}

static inline bool whim_ignores_cancel(void *context, uint32_t ordinal)
{
    return whim_of(context, ordinal, 2) < 20;
}

/* Some orders are matched late, one in fifty never. */
static inline bool whim_is_matched(void *context, uint32_t ordinal, uint32_t rounds)
{
    const uint64_t luck = whim_of(context, ordinal, 3);
    return luck >= 2 && (luck >= 25 || rounds >= luck);
}

/* Some are matched in pieces, of which the last may be missing. */
static inline bool whim_match_amount(void *context, uint32_t ordinal, struct decimal order_amount,
                                     uint32_t match, struct decimal *ret_amount)
{
    const uint64_t luck = whim_of(context, ordinal, 4);
    if (luck >= 30) {
        return true;
    }
    if (match >= 1 + luck % 4) {
        return false;
    }
    *ret_amount = decimal_multiply(order_amount, decimal_from_mantissa((int64_t)luck + 20, 2));
    return true;
}

static inline struct paper_script whim_script(struct whim *whim)
{
    return (struct paper_script){whim, whim_fails, whim_ignores_cancel, whim_is_matched,
                                 whim_match_amount};
}

static inline bool chance(struct prng *prng, unsigned percent)
{
    return prng_below(prng, 100) < percent;
}

/* A fraction in units of a hundredth of a percent. */
static inline struct decimal random_fraction(struct prng *prng, int64_t least, int64_t most)
{
    return decimal_from_mantissa(prng_between(prng, least, most), 4);
}

/* A walk in cents with a spread; it pauses, creeps and jumps. */
struct walk {
    int64_t mid;
    struct quote quote;
};

static inline void walk_on(struct walk *walk, struct prng *prng)
{
    enum { PRICE_MIN = 2000 };
    if (!chance(prng, 20)) {
        const int64_t most = chance(prng, 5) ? 300 : chance(prng, 50) ? 3 : 25;
        walk->mid += prng_between(prng, -most, most);
        walk->mid = walk->mid < PRICE_MIN ? PRICE_MIN : walk->mid;
        const int64_t half = prng_between(prng, 0, chance(prng, 10) ? 40 : 2);
        walk->quote.bid = decimal_from_mantissa(walk->mid - half, 2);
        walk->quote.ask = decimal_from_mantissa(walk->mid + half, 2);
    }
    walk->quote.time_ns += prng_between(prng, 0, 8) * NS_PER_S / 2;
}

static inline struct walk walk_at(int64_t mid)
{
    const struct decimal price = decimal_from_mantissa(mid, 2);
    return (struct walk){mid, {0, price, price}};
}

/* Both executors. */
struct duet {
    struct stage always; /* Evaluated at every quote. */
    struct stage other;  /* Woken, or also reloaded. */
    bool is_reloaded;
};

static inline void duet_step(struct duet *duet, struct prng *prng, const struct quote *quote,
                             bool is_first)
{
    struct stage *const stages[] = {&duet->always, &duet->other};
    const uint32_t count = duet->always.executor->ledger.count;
    const uint32_t expelled = count == 0 ? 0 : 1 + (uint32_t)prng_below(prng, count);
    const size_t expulsions = count > 0 && chance(prng, 3) ? 1 : 0;
    const bool stops = chance(prng, 1);
    const bool keeps = chance(prng, 50);
    enum err errs[2] = {ERR_NONE, ERR_NONE};
    for (size_t i = 0; i < 2; i++) {
        if (is_first) {
            stage_start(stages[i], quote, true);
        } else {
            stage_advance(stages[i], quote, &expelled, expulsions);
            errs[i] = stops ? stage_stop(stages[i], keeps) : ERR_NONE;
        }
        stage_evaluate(stages[i]);
        stage_finish(stages[i]);
    }
    ck_assert_int_eq(errs[0], errs[1]);
    if (duet->is_reloaded) {
        stage_reload(&duet->other);
    }
}

static inline void duet_print(const struct stage *stage, struct text *out)
{
    text_clear(out);
    executor_save(stage->executor, out);
    stage->kind->custom_info(stage->executor, &stage->view, out);
    for (size_t i = 0; i < stage->requests.count; i++) {
        const struct executor_request *request = &stage->requests.items[i];
        text_printf(out, " %d:%u", (int)request->kind, (unsigned)request->ordinal);
    }
}

static inline void duet_compare(const struct duet *duet, uint64_t seed, int step)
{
    struct text always = {0};
    struct text other = {0};
    duet_print(&duet->always, &always);
    duet_print(&duet->other, &other);
    ck_assert_msg(strcmp(text_string(&always), text_string(&other)) == 0,
                  "seed %d step %d\nalways: %s\nother:  %s", (int)seed, step, text_string(&always),
                  text_string(&other));
    text_done(&always);
    text_done(&other);
}

/* What must hold after every step, whatever happened. */
static inline void duet_check(const struct stage *stage)
{
    size_t closes = 0;
    const struct ledger *ledger = &stage->executor->ledger;
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        closes += order->role == ROLE_CLOSE && ledger_order_is_live(order) ? 1 : 0;
    }
    ck_assert_uint_le(closes, 1);
    if (stage->executor->status == EXECUTOR_TERMINATED) {
        ck_assert_uint_eq(ledger->live_count, 0);
    }
}

#endif
