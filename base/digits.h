/*
 * base/digits.h - the decimal digits of whole numbers, eight at a time.
 *
 * Numbers are most of what events and tables consist of. Eight digits lie in the bytes of one word,
 * the first in the lowest, and are made by three multiplications; zeros at either end are counted
 * by one instruction. What is written may be less than what is touched: DIGITS_ROOM bytes at `out`
 * are free to be overwritten.
 *
 * Threads: pure.
 */
#ifndef TUTTI_BASE_DIGITS_H
#define TUTTI_BASE_DIGITS_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"

enum { DIGITS_ROOM = 24 };

#define DIGITS_EIGHT UINT64_C(100000000)             /* 10^8 */
#define DIGITS_SIXTEEN (DIGITS_EIGHT * DIGITS_EIGHT) /* 10^16 */

/* The digits of a number below 10^8 as bytes of 0 to 9: split in two of four digits, each of them
 * in two of two, and so on; dividing by 100 and by 10 is multiplying and shifting in that range. */
static inline uint64_t digits_of_eight(uint64_t value)
{
    ASSERT(value < DIGITS_EIGHT);
    const uint64_t fours = value / 10000 + ((value % 10000) << 32);
    const uint64_t hundreds = ((fours * 5243) >> 19) & UINT64_C(0x0000007F0000007F);
    const uint64_t twos = hundreds + ((fours - hundreds * 100) << 16);
    const uint64_t tens = ((twos * 103) >> 10) & UINT64_C(0x000F000F000F000F);
    return tens + ((twos - tens * 10) << 8);
}

/* Writes the word of digits as text. */
static inline void digits_store(char *out, uint64_t digits)
{
    const uint64_t text = htole64(digits + UINT64_C(0x3030303030303030));
    memcpy(out, &text, sizeof(text));
}

/* All eight digits, zeros in front included; returns what follows them. */
static inline char *digits_put_eight(char *out, uint64_t value)
{
    digits_store(out, digits_of_eight(value));
    return out + 8;
}

/* Up to eight digits without zeros in front; 0 is one digit. */
static inline char *digits_put_first(char *out, uint64_t value)
{
    const uint64_t digits = digits_of_eight(value);
    const int zeros = __builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
    digits_store(out, digits >> (8 * zeros));
    return out + (8 - zeros);
}

/* Writes the number without a NUL and returns what follows it. */
static inline char *digits_put(char *out, uint64_t value)
{
    if (value < DIGITS_EIGHT) {
        return digits_put_first(out, value);
    }
    if (value < DIGITS_SIXTEEN) {
        out = digits_put_first(out, value / DIGITS_EIGHT);
    } else {
        out = digits_put_first(out, value / DIGITS_SIXTEEN);
        out = digits_put_eight(out, value / DIGITS_EIGHT % DIGITS_EIGHT);
    }
    return digits_put_eight(out, value % DIGITS_EIGHT);
}

/* Eight digits of a fraction without the zeros behind the last one that is none. */
static inline char *digits_put_last(char *out, uint64_t value)
{
    ASSERT(value != 0);
    const uint64_t digits = digits_of_eight(value);
    digits_store(out, digits);
    return out + (8 - __builtin_clzll(digits) / 8);
}

/* Writes what stands behind the point of a number with 18 places, without zeros behind it: the
 * fraction is above 0 and below 10^18. */
static inline char *digits_put_fraction(char *out, uint64_t fraction)
{
    const uint64_t below = fraction % (DIGITS_EIGHT * 100);
    if (below == 0) {
        return digits_put_last(out, fraction / (DIGITS_EIGHT * 100));
    }
    out = digits_put_eight(out, fraction / (DIGITS_EIGHT * 100));
    const uint64_t last_two = below % 100;
    if (last_two == 0) {
        return digits_put_last(out, below / 100);
    }
    out = digits_put_eight(out, below / 100);
    return digits_put_last(out, last_two * (DIGITS_EIGHT / 100));
}

#endif
