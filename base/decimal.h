/*
 * base/decimal.h - exact money: fixed point, 128 bits, 18 fractional digits.
 *
 * A decimal is raw / 10^18 with |value| < 1.7e20. Sums, differences and comparisons are exact.
 * Products and quotients are the exact result rounded to 18 digits, ties to even, through a
 * 256-bit intermediate; they are the only roundings.
 *
 * Overflow never wraps: it gives DECIMAL_INVALID, which every operation passes on, so that a
 * whole formula is checked once at its end with decimal_is_valid(). Comparing an invalid decimal
 * is a programming error and asserted.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_BASE_DECIMAL_H
#define TUTTI_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "base/err.h"

__extension__ typedef __int128 int128_t;
__extension__ typedef unsigned __int128 uint128_t;

struct decimal {
    int128_t raw; /* The value times 10^18. */
};

enum {
    DECIMAL_DIGITS = 18,   /* Fractional digits. */
    DECIMAL_TEXT_MAX = 48, /* Enough for any printed decimal and its terminating NUL. */
};

#define DECIMAL_RAW_INVALID ((int128_t)((uint128_t)1 << 127))
#define DECIMAL_INVALID ((struct decimal){.raw = DECIMAL_RAW_INVALID})
#define DECIMAL_ZERO ((struct decimal){.raw = 0})
#define DECIMAL_ONE ((struct decimal){.raw = (int128_t)1000000000000000000})

/* The decimal of a whole number; every int64 fits. */
static inline struct decimal decimal_from_int(int64_t value)
{
    return (struct decimal){.raw = (int128_t)value * 1000000000000000000};
}

/* mantissa / 10^digits. digits is 0 to 18; every int64 mantissa fits. */
struct decimal decimal_from_mantissa(int64_t mantissa, unsigned digits);

/* False for the result of an overflow and whatever was computed from one. */
static inline bool decimal_is_valid(struct decimal value)
{
    return value.raw != DECIMAL_RAW_INVALID;
}

/*
 * Whether both lie in the inner half of the range. Then they are valid, and neither their sum nor
 * their difference leaves the range: one test instead of three on the way of nearly all of them.
 */
static inline bool decimal_are_inner(struct decimal a, struct decimal b)
{
    const uint64_t half = UINT64_C(1) << 62;
    return (int64_t)(((uint64_t)(a.raw >> 64) + half) | ((uint64_t)(b.raw >> 64) + half)) >= 0;
}

/* Whether both may be compared. */
static inline bool decimal_are_valid(struct decimal a, struct decimal b)
{
    return decimal_are_inner(a, b) || (decimal_is_valid(a) && decimal_is_valid(b));
}

/* a + b by three tests, for those that are not. */
__attribute__((cold)) struct decimal decimal_add_outer(struct decimal a, struct decimal b);

/* An invalid decimal is its own negative. */
static inline struct decimal decimal_negate(struct decimal value)
{
    return (struct decimal){.raw = (int128_t)(0 - (uint128_t)value.raw)};
}

static inline struct decimal decimal_add(struct decimal a, struct decimal b)
{
    return decimal_are_inner(a, b) ? (struct decimal){.raw = a.raw + b.raw}
                                   : decimal_add_outer(a, b);
}

static inline struct decimal decimal_subtract(struct decimal a, struct decimal b)
{
    return decimal_are_inner(a, b) ? (struct decimal){.raw = a.raw - b.raw}
                                   : decimal_add_outer(a, decimal_negate(b));
}

static inline struct decimal decimal_absolute(struct decimal value)
{
    return value.raw < 0 ? decimal_negate(value) : value;
}

/* Negative, zero or positive as a is less than, equal to or greater than b. Both must be valid. */
static inline int decimal_compare(struct decimal a, struct decimal b)
{
    ASSERT(decimal_are_valid(a, b));
    return (a.raw > b.raw) - (a.raw < b.raw);
}

/* -1, 0 or 1. The value must be valid. */
static inline int decimal_sign(struct decimal value)
{
    if (value.raw < 0) {
        ASSERT(decimal_is_valid(value));
        return -1;
    }
    return value.raw != 0 ? 1 : 0;
}

/* Not by decimal_compare(): one comparison of two limbs instead of two takes 5 % off an
 * evaluation. */
static inline bool decimal_less(struct decimal a, struct decimal b)
{
    ASSERT(decimal_are_valid(a, b));
    return a.raw < b.raw;
}

static inline bool decimal_equal(struct decimal a, struct decimal b)
{
    ASSERT(decimal_are_valid(a, b));
    return a.raw == b.raw;
}

static inline struct decimal decimal_min(struct decimal a, struct decimal b)
{
    return decimal_less(b, a) ? b : a;
}

static inline struct decimal decimal_max(struct decimal a, struct decimal b)
{
    return decimal_less(a, b) ? b : a;
}

/* a * b, exact product rounded to 18 digits, ties to even. */
struct decimal decimal_multiply(struct decimal a, struct decimal b);

/*
 * Whether both are not negative and below 2^93 units, nearly ten thousand million: what nearly
 * every price and amount is. Their product has less than 186 bits and is a decimal.
 */
static inline bool decimal_are_small(struct decimal a, struct decimal b)
{
    return ((uint64_t)(a.raw >> 64) | (uint64_t)(b.raw >> 64)) >> 29 == 0;
}

/* decimal_can_multiply() for those that are not. */
bool decimal_can_multiply_outer(struct decimal a, struct decimal b);

/* Whether a * b is a decimal: decimal_is_valid() of the product, mostly without computing it. */
static inline bool decimal_can_multiply(struct decimal a, struct decimal b)
{
    return decimal_are_small(a, b) || decimal_can_multiply_outer(a, b);
}

/* a / b, exact quotient rounded to 18 digits, ties to even. Division by zero is invalid. */
struct decimal decimal_divide(struct decimal a, struct decimal b);

/* The same for a whole number > 0: cheaper, as there is no scale in it. */
struct decimal decimal_divide_whole(struct decimal value, uint64_t divisor);

/* value / 2 as decimal_divide() gives it. */
static inline struct decimal decimal_halve(struct decimal value)
{
    if (!decimal_is_valid(value)) {
        return DECIMAL_INVALID;
    }
    const int128_t below = value.raw >> 1; /* Rounds down, also below 0. */
    return (struct decimal){.raw = (value.raw & 1) != 0 ? below + (below & 1) : below};
}

/* The greatest multiple of unit that is <= value; 0 for value <= 0. unit > 0. */
struct decimal decimal_floor_to(struct decimal value, struct decimal unit);

/* The smallest multiple of unit that is >= value; invalid when it does not fit. unit > 0. */
struct decimal decimal_ceil_to(struct decimal value, struct decimal unit);

/* The multiple of unit nearest to value, ties to the even multiple. unit > 0. */
struct decimal decimal_round_to(struct decimal value, struct decimal unit);

/* True when value is a whole multiple of unit. unit > 0. */
bool decimal_is_multiple(struct decimal value, struct decimal unit);

/*
 * value * 10^digits rounded down (floor, also for negative values). digits is 0 to 18.
 * ERR_OVERFLOW when it does not fit an int64.
 */
MUST_USE enum err decimal_to_mantissa_floor(struct decimal value, unsigned digits,
                                            int64_t *ret_mantissa);

/* The smallest number of fractional digits that shows value exactly, 0 to 18. */
unsigned decimal_digits(struct decimal value);

/*
 * Reads [+-]digits[.digits][e[+-]digits] of exactly `length` bytes. Trailing zeros are free, but
 * a non-zero digit beyond the 18th fractional place is refused: nothing is rounded silently.
 * Errors: ERR_SYNTAX for anything else than a number, ERR_RANGE for too many digits, ERR_OVERFLOW.
 */
MUST_USE enum err decimal_parse(const char *text, size_t length, struct decimal *ret_value);

/* A constant of the source code, e.g. decimal_literal("1.1"). Asserts that it is a number. */
struct decimal decimal_literal(const char *text);

/*
 * Writes plain notation without exponent and without trailing zeros ("-0.0125", "0") and a NUL.
 * Returns the length without the NUL. An invalid decimal prints as "invalid".
 */
size_t decimal_print(struct decimal value, char out[DECIMAL_TEXT_MAX]);

#endif
