/*
 * base/decimal_parts.h - what the two files of the decimals share: decimal.c computes, and
 * decimal_text.c reads and prints.
 *
 * Threads: as decimal.h.
 */
#ifndef TUTTI_BASE_DECIMAL_PARTS_H
#define TUTTI_BASE_DECIMAL_PARTS_H

#include "base/decimal.h"

static const uint64_t decimal_powers[DECIMAL_DIGITS + 1] = {
    1ULL,
    10ULL,
    100ULL,
    1000ULL,
    10000ULL,
    100000ULL,
    1000000ULL,
    10000000ULL,
    100000000ULL,
    1000000000ULL,
    10000000000ULL,
    100000000000ULL,
    1000000000000ULL,
    10000000000000ULL,
    100000000000000ULL,
    1000000000000000ULL,
    10000000000000000ULL,
    100000000000000000ULL,
    1000000000000000000ULL,
};

#define DECIMAL_SCALE (decimal_powers[DECIMAL_DIGITS])
#define DECIMAL_MAGNITUDE_MAX (((uint128_t)1 << 127) - 1)

static inline uint128_t decimal_magnitude(struct decimal value)
{
    return value.raw < 0 ? (uint128_t)0 - (uint128_t)value.raw : (uint128_t)value.raw;
}

/* Invalid for a magnitude that no decimal has. */
static inline struct decimal decimal_signed(uint128_t magnitude, bool negative)
{
    if (magnitude > DECIMAL_MAGNITUDE_MAX) {
        return DECIMAL_INVALID;
    }
    return (struct decimal){.raw = negative ? -(int128_t)magnitude : (int128_t)magnitude};
}

static inline uint128_t decimal_join(uint64_t high, uint64_t low)
{
    return ((uint128_t)high << 64) | low;
}

/* (high:low) / divisor for a high that was shown to be < divisor, one machine division where the
 * machine has it. */
static inline uint64_t decimal_divide_limbs(uint64_t high, uint64_t low, uint64_t divisor,
                                            uint64_t *ret_remainder)
{
#if defined(__x86_64__)
    uint64_t quotient;
    uint64_t remainder;
    __asm__("divq %4"
            : "=a"(quotient), "=d"(remainder)
            : "a"(low), "d"(high), "rm"(divisor)
            : "cc");
    *ret_remainder = remainder;
    return quotient;
#else
    const uint128_t value = decimal_join(high, low);
    *ret_remainder = (uint64_t)(value % divisor);
    return (uint64_t)(value / divisor);
#endif
}

/* The whole part of a magnitude and its 18 fractional digits as a number. */
static inline uint128_t decimal_split(uint128_t magnitude, uint64_t *ret_fraction)
{
    const uint64_t upper = (uint64_t)(magnitude >> 64);
    const uint64_t low = decimal_divide_limbs(upper % DECIMAL_SCALE, (uint64_t)magnitude,
                                              DECIMAL_SCALE, ret_fraction);
    return decimal_join(upper / DECIMAL_SCALE, low);
}

#endif
