#include "base/decimal.h"

#include "base/decimal_parts.h"

/*
 * The product of two magnitudes, or of one and the scale, as 64-bit limbs. A product that needs a
 * fourth limb is no decimal after division by the scale either, so three are enough.
 */
struct wide {
    uint64_t high, middle, low;
};

/* The number of bits of a magnitude; 0 for 0. */
static int magnitude_bits(struct decimal value)
{
    const uint128_t magnitude = decimal_magnitude(value);
    const uint64_t upper = (uint64_t)(magnitude >> 64);
    if (upper != 0) {
        return 128 - __builtin_clzll(upper);
    }
    return magnitude == 0 ? 0 : 64 - __builtin_clzll((uint64_t)magnitude);
}

/* Half to even: rounds quotient up when remainder is past the middle, or at it and odd. */
static uint128_t round_half_even(uint128_t quotient, uint128_t remainder, uint128_t divisor)
{
    ASSERT(quotient <= DECIMAL_MAGNITUDE_MAX);
    const uint128_t rest = divisor - remainder;
    const bool up = remainder > rest || (remainder == rest && (quotient & 1) != 0);
    return up ? quotient + 1 : quotient;
}

/* The decimal of a quotient and its remainder; invalid when it does not fit. */
static struct decimal rounded(uint128_t quotient, uint128_t remainder, uint128_t divisor,
                              bool negative)
{
    if (quotient > DECIMAL_MAGNITUDE_MAX) {
        return DECIMAL_INVALID;
    }
    return decimal_signed(round_half_even(quotient, remainder, divisor), negative);
}

/* a * b in full; false when it has more than 192 bits. */
static inline bool wide_multiply(uint128_t a, uint128_t b, struct wide *ret_product)
{
    const uint64_t a0 = (uint64_t)a;
    const uint64_t a1 = (uint64_t)(a >> 64);
    const uint64_t b0 = (uint64_t)b;
    const uint64_t b1 = (uint64_t)(b >> 64);
    const uint128_t low = (uint128_t)a0 * b0;
    const uint128_t middle1 = (uint128_t)a1 * b0;
    const uint128_t middle2 = (uint128_t)a0 * b1;
    const uint128_t high = (uint128_t)a1 * b1;

    const uint128_t column1 = (low >> 64) + (uint64_t)middle1 + (uint64_t)middle2;
    const uint128_t column2 = (column1 >> 64) + (middle1 >> 64) + (middle2 >> 64) + high;
    *ret_product = (struct wide){(uint64_t)column2, (uint64_t)column1, (uint64_t)low};
    return (column2 >> 64) == 0;
}

static uint64_t divide_128_by_64(uint64_t high, uint64_t low, uint64_t divisor,
                                 uint64_t *ret_remainder)
{
    ASSERT(high < divisor);
    return decimal_divide_limbs(high, low, divisor, ret_remainder);
}

/*
 * (high:low) / divisor for high < divisor and a divisor with its top bit set: one digit of
 * Knuth's algorithm D (The Art of Computer Programming, 4.3.1). The estimate from the upper limbs
 * is never too small and at most two too large, and what it leaves lies between -2^128 and
 * divisor, so that 128 bits and the sign describe it.
 */
static uint64_t divide_192_by_128(uint128_t high, uint64_t low, uint128_t divisor,
                                  uint128_t *ret_remainder)
{
    ASSERT(high < divisor && (divisor >> 127) != 0);
    const uint64_t divisor1 = (uint64_t)(divisor >> 64);
    const uint64_t high1 = (uint64_t)(high >> 64);
    uint64_t ignored;
    uint64_t quotient =
        high1 < divisor1 ? divide_128_by_64(high1, (uint64_t)high, divisor1, &ignored) : UINT64_MAX;

    const uint128_t product_low = (uint128_t)quotient * (uint64_t)divisor;
    const uint128_t product_high = (uint128_t)quotient * divisor1 + (product_low >> 64);
    uint128_t remainder = decimal_join((uint64_t)high, low) -
                          decimal_join((uint64_t)product_high, (uint64_t)product_low);
    bool negative = product_high > high || (product_high == high && (uint64_t)product_low > low);
    while (negative) {
        quotient--;
        remainder += divisor;
        negative = remainder >= divisor; /* As long as the sum did not wrap to what is below. */
    }
    *ret_remainder = remainder;
    return quotient;
}

/* value / divisor for a divisor below 2^64; false when the quotient has more than 128 bits. */
static bool wide_divide_by_64(const struct wide *value, uint64_t divisor, uint128_t *ret_quotient,
                              uint128_t *ret_remainder)
{
    if (value->high >= divisor) {
        return false;
    }
    uint64_t remainder = value->high;
    const uint64_t high = divide_128_by_64(remainder, value->middle, divisor, &remainder);
    const uint64_t low = divide_128_by_64(remainder, value->low, divisor, &remainder);
    *ret_quotient = decimal_join(high, low);
    *ret_remainder = remainder;
    return true;
}

/*
 * value / scale as a decimal: the end of every product. Its remainder fits one limb, so that it is
 * rounded without 128-bit arithmetic, and a product below 2^128 takes one machine division.
 */
static inline struct decimal scaled_down(const struct wide *value, bool negative)
{
    if (value->high >= DECIMAL_SCALE) {
        return DECIMAL_INVALID;
    }
    uint64_t remainder = value->middle % DECIMAL_SCALE;
    uint64_t high = value->middle / DECIMAL_SCALE;
    if (value->high != 0) {
        high = divide_128_by_64(value->high, value->middle, DECIMAL_SCALE, &remainder);
    }
    if (high >> 63 != 0) {
        return DECIMAL_INVALID;
    }
    const uint64_t low = divide_128_by_64(remainder, value->low, DECIMAL_SCALE, &remainder);
    const uint64_t half = DECIMAL_SCALE / 2;
    const bool up = remainder > half || (remainder == half && (low & 1) != 0);
    return decimal_signed(decimal_join(high, low) + (up ? 1 : 0), negative);
}

/*
 * value / divisor for a divisor of more than 64 bits. The value is a magnitude times the scale, so
 * it has at most 187 bits and the quotient fits.
 */
static void wide_divide_by_128(const struct wide *value, uint128_t divisor, uint128_t *ret_quotient,
                               uint128_t *ret_remainder)
{
    /* Shift both until the divisor's top bit is set: four limbs, the upper two in `high`. */
    const int shift = __builtin_clzll((uint64_t)(divisor >> 64));
    const uint128_t shifted1 = (uint128_t)value->middle << shift;
    const uint128_t shifted0 = (uint128_t)value->low << shift;
    const uint128_t high = ((uint128_t)value->high << shift) | (shifted1 >> 64);
    const uint64_t middle = (uint64_t)shifted1 | (uint64_t)(shifted0 >> 64);
    divisor <<= shift;

    uint64_t digit = 0;
    uint128_t remainder = decimal_join((uint64_t)high, middle);
    if ((high >> 64) != 0 || remainder >= divisor) {
        digit = divide_192_by_128(high, middle, divisor, &remainder);
    }
    *ret_quotient =
        decimal_join(digit, divide_192_by_128(remainder, (uint64_t)shifted0, divisor, &remainder));
    *ret_remainder = remainder >> shift;
}

/* Removes the trailing zeros of a fraction > 0 and returns how many there were. */
static unsigned strip_zeros(uint64_t *fraction)
{
    ASSERT(*fraction > 0 && *fraction < DECIMAL_SCALE);
    unsigned zeros = 0;
    for (unsigned step = 16; step > 0; step /= 2) {
        if (*fraction % decimal_powers[step] == 0) {
            *fraction /= decimal_powers[step];
            zeros += step;
        }
    }
    return zeros;
}

struct decimal decimal_from_mantissa(int64_t mantissa, unsigned digits)
{
    ASSERT(digits <= DECIMAL_DIGITS);
    return (struct decimal){.raw = (int128_t)mantissa *
                                   (int64_t)decimal_powers[DECIMAL_DIGITS - digits]};
}

struct decimal decimal_add_outer(struct decimal a, struct decimal b)
{
    struct decimal sum;
    if (!decimal_is_valid(a) || !decimal_is_valid(b) ||
        __builtin_add_overflow(a.raw, b.raw, &sum.raw)) {
        return DECIMAL_INVALID;
    }
    return sum;
}

/* The product of any two, by their magnitudes. */
static __attribute__((noinline)) struct decimal multiply_any(struct decimal a, struct decimal b)
{
    if (!decimal_is_valid(a) || !decimal_is_valid(b)) {
        return DECIMAL_INVALID;
    }
    struct wide product;
    if (!wide_multiply(decimal_magnitude(a), decimal_magnitude(b), &product)) {
        return DECIMAL_INVALID;
    }
    return scaled_down(&product, (a.raw < 0) != (b.raw < 0));
}

/* The product of two small ones: no limb of it overflows. */
static inline struct decimal multiply_small(struct decimal a, struct decimal b)
{
    const uint64_t a0 = (uint64_t)a.raw;
    const uint64_t a1 = (uint64_t)(a.raw >> 64);
    const uint64_t b0 = (uint64_t)b.raw;
    const uint64_t b1 = (uint64_t)(b.raw >> 64);
    const uint128_t low = (uint128_t)a0 * b0;
    const uint128_t column1 = (uint128_t)a1 * b0 + (uint128_t)a0 * b1 + (low >> 64);
    const uint64_t middle = (uint64_t)column1;
    const uint64_t high = (uint64_t)(column1 >> 64) + a1 * b1; /* Below 2^59, and so the scale. */

    uint64_t upper = middle / DECIMAL_SCALE;
    uint64_t remainder = middle % DECIMAL_SCALE;
    if (high != 0) {
        upper = decimal_divide_limbs(high, middle, DECIMAL_SCALE, &remainder);
    }
    const uint64_t lower =
        decimal_divide_limbs(remainder, (uint64_t)low, DECIMAL_SCALE, &remainder);
    const bool up = remainder + (lower & 1) > DECIMAL_SCALE / 2; /* Half to even. */
    return (struct decimal){.raw = (int128_t)(decimal_join(upper, lower) + (up ? 1 : 0))};
}

struct decimal decimal_multiply(struct decimal a, struct decimal b)
{
    if (a.raw == 0 || b.raw == 0) {
        /* Nothing closed, no fee, no excess: a quarter of all products. */
        return decimal_are_valid(a, b) ? DECIMAL_ZERO : DECIMAL_INVALID;
    }
    return decimal_are_small(a, b) ? multiply_small(a, b) : multiply_any(a, b);
}

bool decimal_can_multiply_outer(struct decimal a, struct decimal b)
{
    if (!decimal_is_valid(a) || !decimal_is_valid(b)) {
        return false;
    }
    /* A product below 2^186 is below 2^127 once it is divided by the scale, which is above 2^59. */
    if (magnitude_bits(a) + magnitude_bits(b) <= 186) {
        return true;
    }
    return decimal_is_valid(decimal_multiply(a, b));
}

struct decimal decimal_divide_whole(struct decimal value, uint64_t divisor)
{
    ASSERT(divisor > 0);
    if (!decimal_is_valid(value)) {
        return DECIMAL_INVALID;
    }
    const uint128_t magnitude = decimal_magnitude(value);
    const uint64_t upper = (uint64_t)(magnitude >> 64);
    uint64_t remainder = upper % divisor;
    const uint64_t low = divide_128_by_64(remainder, (uint64_t)magnitude, divisor, &remainder);
    return rounded(decimal_join(upper / divisor, low), remainder, divisor, value.raw < 0);
}

/* The quotient of any two, by their magnitudes. */
static __attribute__((noinline)) struct decimal divide_any(struct decimal a, struct decimal b)
{
    struct wide numerator;
    const bool fits = wide_multiply(decimal_magnitude(a), DECIMAL_SCALE, &numerator);
    ASSERT(fits); /* 127 and 60 bits. */
    const uint128_t divisor = decimal_magnitude(b);
    uint128_t quotient;
    uint128_t remainder;
    if ((divisor >> 64) != 0) {
        wide_divide_by_128(&numerator, divisor, &quotient, &remainder);
    } else if (!wide_divide_by_64(&numerator, (uint64_t)divisor, &quotient, &remainder)) {
        return DECIMAL_INVALID;
    }
    return rounded(quotient, remainder, divisor, (a.raw < 0) != (b.raw < 0));
}

/*
 * (upper:low) / *divisor for a divisor above 2^64 whose upper limb, once its top bit is shifted to
 * the top, is above that of what is divided. The remainder and the divisor come back shifted, which
 * is the same to whoever rounds. As divide_192_by_128(), but the machine's remainder goes on.
 */
static inline uint64_t divide_shifted(uint128_t upper, uint64_t low, uint128_t *divisor,
                                      uint128_t *ret_remainder)
{
    const int shift = __builtin_clzll((uint64_t)(*divisor >> 64));
    *divisor <<= shift;
    upper = upper << shift | low >> 1 >> (63 - shift);
    uint64_t rest;
    uint64_t quotient = decimal_divide_limbs((uint64_t)(upper >> 64), (uint64_t)upper,
                                             (uint64_t)(*divisor >> 64), &rest);
    const uint128_t product = (uint128_t)quotient * (uint64_t)*divisor;
    uint128_t have = decimal_join(rest, low << shift);
    bool is_short = have < product; /* The estimate was too large, by two at most. */
    while (is_short) {
        quotient--;
        is_short = !__builtin_add_overflow(have, *divisor, &have) && have < product;
    }
    *ret_remainder = have - product;
    return quotient;
}

struct decimal decimal_divide(struct decimal a, struct decimal b)
{
    if (!decimal_are_valid(a, b) || b.raw == 0) {
        return DECIMAL_INVALID;
    }
    if (a.raw == 0) {
        return DECIMAL_ZERO;
    }
    const uint128_t magnitude = decimal_magnitude(a);
    uint128_t divisor = decimal_magnitude(b);
    const uint128_t low = (uint128_t)(uint64_t)magnitude * DECIMAL_SCALE;
    const uint128_t upper = (magnitude >> 64) * DECIMAL_SCALE + (low >> 64); /* 63 + 60 bits. */
    const bool is_wide = (divisor >> 64) != 0;
    if (upper >> 64 >= (is_wide ? divisor >> 64 : divisor)) {
        return divide_any(a, b);
    }
    /* What remains has a quotient below 2^64 units, as nearly every ratio, or a divisor of one
     * limb, as nearly every amount. */
    uint128_t quotient;
    uint128_t remainder;
    if (is_wide) {
        quotient = divide_shifted(upper, (uint64_t)low, &divisor, &remainder);
    } else {
        uint64_t rest = (uint64_t)upper;
        uint64_t high = 0;
        if (upper >= divisor) {
            high = decimal_divide_limbs((uint64_t)(upper >> 64), rest, (uint64_t)divisor, &rest);
        }
        quotient =
            decimal_join(high, decimal_divide_limbs(rest, (uint64_t)low, (uint64_t)divisor, &rest));
        remainder = rest;
    }
    return rounded(quotient, remainder, divisor, (a.raw < 0) != (b.raw < 0));
}

/* magnitude % unit, unit > 0. A step or a tick has one limb: two machine divisions, the first by
 * less than it costs to call the compiler's division of 128 bits. */
static inline uint128_t rest_of(uint128_t magnitude, struct decimal unit)
{
    if ((unit.raw >> 64) != 0) {
        return magnitude % (uint128_t)unit.raw;
    }
    const uint64_t divisor = (uint64_t)unit.raw;
    uint64_t rest = (uint64_t)(magnitude >> 64);
    rest = rest < divisor ? rest : rest % divisor;
    (void)decimal_divide_limbs(rest, (uint64_t)magnitude, divisor, &rest);
    return rest;
}

struct decimal decimal_floor_to(struct decimal value, struct decimal unit)
{
    ASSERT(unit.raw > 0);
    if (value.raw <= 0) {
        return decimal_is_valid(value) ? DECIMAL_ZERO : DECIMAL_INVALID;
    }
    return (struct decimal){.raw = value.raw - (int128_t)rest_of((uint128_t)value.raw, unit)};
}

struct decimal decimal_ceil_to(struct decimal value, struct decimal unit)
{
    ASSERT(decimal_sign(unit) > 0);
    if (!decimal_is_valid(value)) {
        return DECIMAL_INVALID;
    }
    const int128_t rest = (int128_t)rest_of(decimal_magnitude(value), unit);
    if (value.raw < 0 || rest == 0) {
        return (struct decimal){.raw = value.raw + (value.raw < 0 ? rest : 0)};
    }
    return decimal_add((struct decimal){.raw = value.raw - rest}, unit);
}

struct decimal decimal_round_to(struct decimal value, struct decimal unit)
{
    ASSERT(decimal_sign(unit) > 0);
    if (!decimal_is_valid(value)) {
        return DECIMAL_INVALID;
    }
    const uint128_t magnitude = decimal_magnitude(value);
    const uint128_t divisor = (uint128_t)unit.raw;
    const uint128_t multiples = round_half_even(magnitude / divisor, magnitude % divisor, divisor);
    uint128_t product;
    if (__builtin_mul_overflow(multiples, divisor, &product)) {
        return DECIMAL_INVALID;
    }
    return decimal_signed(product, value.raw < 0);
}

bool decimal_is_multiple(struct decimal value, struct decimal unit)
{
    ASSERT(decimal_is_valid(value) && unit.raw > 0);
    return rest_of(decimal_magnitude(value), unit) == 0;
}

enum err decimal_to_mantissa_floor(struct decimal value, unsigned digits, int64_t *ret_mantissa)
{
    ASSERT(decimal_is_valid(value) && digits <= DECIMAL_DIGITS);
    const int128_t unit = (int128_t)decimal_powers[DECIMAL_DIGITS - digits];
    int128_t quotient = value.raw / unit;
    if (value.raw % unit < 0) {
        quotient--;
    }
    if (quotient > INT64_MAX || quotient < INT64_MIN) {
        return ERR_OVERFLOW;
    }
    *ret_mantissa = (int64_t)quotient;
    return ERR_NONE;
}

unsigned decimal_digits(struct decimal value)
{
    ASSERT(decimal_is_valid(value));
    uint64_t fraction;
    (void)decimal_split(decimal_magnitude(value), &fraction);
    return fraction == 0 ? 0 : DECIMAL_DIGITS - strip_zeros(&fraction);
}
