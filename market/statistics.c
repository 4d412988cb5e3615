#include "market/statistics.h"

#include "base/assert.h"

enum { ROOT_STEPS_MAX = 128 };

/* A power of two that is not below the root of raw / 10^18, as a raw decimal. */
static struct decimal root_bound(struct decimal value)
{
    /* raw < 2^bits, so the root is below 2^(bits / 2 + 1) / 10^9, i.e. raw 2^(..) * 10^9. */
    int bits = 0;
    for (uint128_t rest = (uint128_t)value.raw; rest != 0; rest >>= 1) {
        bits++;
    }
    return (struct decimal){.raw = ((int128_t)1 << (bits / 2 + 1)) * 1000000000};
}

struct decimal statistics_root(struct decimal value)
{
    if (!decimal_is_valid(value) || decimal_sign(value) < 0) {
        return DECIMAL_INVALID;
    }
    if (decimal_sign(value) == 0) {
        return DECIMAL_ZERO;
    }
    /* From above the steps only go down, until rounding holds them. */
    struct decimal root = root_bound(value);
    for (int i = 0; i < ROOT_STEPS_MAX; i++) {
        const struct decimal other = decimal_divide(value, root);
        const struct decimal next = {.raw = (root.raw + other.raw) / 2};
        if (next.raw >= root.raw) {
            break;
        }
        root = next;
    }
    ASSERT(root.raw > 0);
    return root;
}

/* The square of a deviation that the rounding of the squares hides. */
static bool is_hidden_by_rounding(struct decimal variance)
{
    return decimal_compare(variance, (struct decimal){.raw = 1}) <= 0;
}

struct decimal statistics_sharpe(const struct statistics_sums *sums)
{
    if (sums->count < 2 || sums->count > INT32_MAX) {
        return DECIMAL_ZERO;
    }
    const struct decimal count = decimal_from_int((int64_t)sums->count);
    const struct decimal mean = decimal_divide(sums->sum, count);
    const struct decimal squares = decimal_multiply(count, sums->square_sum);
    const struct decimal spread = decimal_subtract(squares, decimal_multiply(sums->sum, sums->sum));
    const struct decimal variance =
        decimal_divide(decimal_divide(spread, count), decimal_subtract(count, DECIMAL_ONE));
    if (!decimal_is_valid(variance) || is_hidden_by_rounding(variance)) {
        return DECIMAL_ZERO;
    }
    const struct decimal ratio = decimal_divide(mean, statistics_root(variance));
    return decimal_is_valid(ratio) ? ratio : DECIMAL_ZERO;
}
