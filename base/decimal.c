#include "base/decimal.h"

#include <string.h>

enum { DECIMAL_EXPONENT_MAX = 1000 }; /* Beyond this an exponent only overflows or vanishes. */

static const uint64_t powers_of_ten[DECIMAL_DIGITS + 1] = {
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

#define DECIMAL_SCALE (powers_of_ten[DECIMAL_DIGITS])
#define DECIMAL_MAGNITUDE_MAX (((uint128_t)1 << 127) - 1)

/* A 256-bit magnitude as four 64-bit limbs, least significant first. */
struct wide {
    uint64_t limb[4];
};

static uint128_t magnitude_of(struct decimal value)
{
    return value.raw < 0 ? (uint128_t)0 - (uint128_t)value.raw : (uint128_t)value.raw;
}

static struct decimal with_sign(uint128_t magnitude, bool negative)
{
    if (magnitude > DECIMAL_MAGNITUDE_MAX) {
        return DECIMAL_INVALID;
    }
    return (struct decimal){.raw = negative ? -(int128_t)magnitude : (int128_t)magnitude};
}

/* a * b in full. */
static struct wide wide_multiply(uint128_t a, uint128_t b)
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
    const uint128_t column2 = (column1 >> 64) + (middle1 >> 64) + (middle2 >> 64) + (uint64_t)high;
    const uint128_t column3 = (column2 >> 64) + (high >> 64);
    return (struct wide){
        .limb = {(uint64_t)low, (uint64_t)column1, (uint64_t)column2, (uint64_t)column3}};
}

/* (high:low) / divisor for high < divisor, one machine division where the machine has it. */
static uint64_t divide_128_by_64(uint64_t high, uint64_t low, uint64_t divisor,
                                 uint64_t *ret_remainder)
{
    ASSERT(high < divisor);
#if defined(__x86_64__)
    uint64_t quotient;
    uint64_t remainder;
    __asm__("divq %4" : "=a"(quotient), "=d"(remainder) : "a"(low), "d"(high), "rm"(divisor) : "cc");
    *ret_remainder = remainder;
    return quotient;
#else
    const uint128_t value = ((uint128_t)high << 64) | low;
    *ret_remainder = (uint64_t)(value % divisor);
    return (uint64_t)(value / divisor);
#endif
}

/* Divides in place by a 64-bit divisor and returns the remainder. */
static uint64_t wide_divide_small(struct wide *value, uint64_t divisor)
{
    uint64_t remainder = 0;
    for (int i = 3; i >= 0; i--) {
        if (remainder == 0 && value->limb[i] < divisor) {
            remainder = value->limb[i];
            value->limb[i] = 0;
            continue;
        }
        value->limb[i] = divide_128_by_64(remainder, value->limb[i], divisor, &remainder);
    }
    return remainder;
}

static bool wide_fits_128(const struct wide *value)
{
    return value->limb[2] == 0 && value->limb[3] == 0;
}

static uint128_t wide_low(const struct wide *value)
{
    return ((uint128_t)value->limb[1] << 64) | value->limb[0];
}

/*
 * value / divisor for a divisor of more than 64 bits: schoolbook binary division. The quotient
 * of such a divisor is short in practice, but every bit is walked: this path is rare.
 */
static bool wide_divide_large(const struct wide *value, uint128_t divisor, uint128_t *ret_quotient,
                              uint128_t *ret_remainder)
{
    uint128_t remainder = 0;
    uint128_t quotient = 0;
    for (int bit = 255; bit >= 0; bit--) {
        const bool carry = (remainder >> 127) != 0;
        remainder = (remainder << 1) | ((value->limb[bit / 64] >> (bit % 64)) & 1);
        const bool take = carry || remainder >= divisor;
        if (take) {
            remainder -= divisor;
        }
        if (take && bit >= 128) {
            return false;
        }
        if (bit < 128) {
            quotient = (quotient << 1) | (take ? 1 : 0);
        }
    }
    *ret_quotient = quotient;
    *ret_remainder = remainder;
    return true;
}

/* Half to even: rounds quotient up when remainder is past the middle, or at it and odd. */
static uint128_t round_half_even(uint128_t quotient, uint128_t remainder, uint128_t divisor)
{
    const uint128_t rest = divisor - remainder;
    const bool up = remainder > rest || (remainder == rest && (quotient & 1) != 0);
    return up ? quotient + 1 : quotient;
}

struct decimal decimal_from_mantissa(int64_t mantissa, unsigned digits)
{
    ASSERT(digits <= DECIMAL_DIGITS);
    return (struct decimal){.raw = (int128_t)mantissa * (int64_t)powers_of_ten[DECIMAL_DIGITS - digits]};
}

struct decimal decimal_multiply(struct decimal a, struct decimal b)
{
    if (!decimal_is_valid(a) || !decimal_is_valid(b)) {
        return DECIMAL_INVALID;
    }
    struct wide product = wide_multiply(magnitude_of(a), magnitude_of(b));
    const uint64_t remainder = wide_divide_small(&product, DECIMAL_SCALE);
    if (!wide_fits_128(&product)) {
        return DECIMAL_INVALID;
    }
    const uint128_t rounded = round_half_even(wide_low(&product), remainder, DECIMAL_SCALE);
    return with_sign(rounded, (a.raw < 0) != (b.raw < 0));
}

struct decimal decimal_divide(struct decimal a, struct decimal b)
{
    if (!decimal_is_valid(a) || !decimal_is_valid(b) || b.raw == 0) {
        return DECIMAL_INVALID;
    }
    struct wide numerator = wide_multiply(magnitude_of(a), DECIMAL_SCALE);
    const uint128_t divisor = magnitude_of(b);
    uint128_t quotient;
    uint128_t remainder;
    if ((divisor >> 64) == 0) {
        remainder = wide_divide_small(&numerator, (uint64_t)divisor);
        if (!wide_fits_128(&numerator)) {
            return DECIMAL_INVALID;
        }
        quotient = wide_low(&numerator);
    } else if (wide_fits_128(&numerator)) {
        quotient = wide_low(&numerator) / divisor;
        remainder = wide_low(&numerator) % divisor;
    } else if (!wide_divide_large(&numerator, divisor, &quotient, &remainder)) {
        return DECIMAL_INVALID;
    }
    return with_sign(round_half_even(quotient, remainder, divisor), (a.raw < 0) != (b.raw < 0));
}

struct decimal decimal_floor_to(struct decimal value, struct decimal unit)
{
    ASSERT(decimal_sign(unit) > 0);
    if (!decimal_is_valid(value)) {
        return DECIMAL_INVALID;
    }
    return value.raw <= 0 ? DECIMAL_ZERO : (struct decimal){.raw = value.raw - value.raw % unit.raw};
}

struct decimal decimal_ceil_to(struct decimal value, struct decimal unit)
{
    ASSERT(decimal_sign(unit) > 0);
    if (!decimal_is_valid(value)) {
        return DECIMAL_INVALID;
    }
    const int128_t rest = value.raw % unit.raw;
    const struct decimal truncated = {.raw = value.raw - rest};
    return rest > 0 ? decimal_add(truncated, unit) : truncated;
}

struct decimal decimal_round_to(struct decimal value, struct decimal unit)
{
    ASSERT(decimal_sign(unit) > 0);
    if (!decimal_is_valid(value)) {
        return DECIMAL_INVALID;
    }
    const uint128_t magnitude = magnitude_of(value);
    const uint128_t divisor = (uint128_t)unit.raw;
    const uint128_t multiples = round_half_even(magnitude / divisor, magnitude % divisor, divisor);
    uint128_t product;
    if (__builtin_mul_overflow(multiples, divisor, &product)) {
        return DECIMAL_INVALID;
    }
    return with_sign(product, value.raw < 0);
}

bool decimal_is_multiple(struct decimal value, struct decimal unit)
{
    ASSERT(decimal_is_valid(value) && decimal_sign(unit) > 0);
    return value.raw % unit.raw == 0;
}

enum err decimal_to_mantissa_floor(struct decimal value, unsigned digits, int64_t *ret_mantissa)
{
    ASSERT(decimal_is_valid(value) && digits <= DECIMAL_DIGITS);
    const int128_t unit = (int128_t)powers_of_ten[DECIMAL_DIGITS - digits];
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
    unsigned digits = DECIMAL_DIGITS;
    int128_t raw = value.raw;
    while (digits > 0 && raw % 10 == 0) {
        raw /= 10;
        digits--;
    }
    return digits;
}

/* The pieces of a number in text, before they become a value. */
struct decimal_text {
    bool negative;
    uint128_t digits;   /* All significant digits as one whole number. */
    int digits_dropped; /* Trailing zeros that did not enter `digits`. */
    int fraction;       /* How many of `digits` stand behind the point. */
    int exponent;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes one digit. Zeros at the end are only counted, so that "1.000...0" of any length is 1. */
static enum err decimal_text_take(struct decimal_text *number, int digit, bool fraction)
{
    if (digit == 0) {
        number->digits_dropped++;
        number->fraction += fraction ? 1 : 0;
        return ERR_NONE;
    }
    for (; number->digits_dropped >= 0; number->digits_dropped--) {
        if (__builtin_mul_overflow(number->digits, (uint128_t)10, &number->digits)) {
            return fraction ? ERR_RANGE : ERR_OVERFLOW;
        }
    }
    number->digits_dropped = 0;
    number->fraction += fraction ? 1 : 0;
    return __builtin_add_overflow(number->digits, (uint128_t)digit, &number->digits) ? ERR_OVERFLOW
                                                                                     : ERR_NONE;
}

static enum err decimal_text_exponent(const char *text, size_t length, struct decimal_text *number)
{
    size_t i = 0;
    bool negative = false;
    if (i < length && (text[i] == '+' || text[i] == '-')) {
        negative = text[i] == '-';
        i++;
    }
    if (i == length) {
        return ERR_SYNTAX;
    }
    int exponent = 0;
    for (; i < length; i++) {
        if (!is_digit(text[i])) {
            return ERR_SYNTAX;
        }
        if (exponent < DECIMAL_EXPONENT_MAX) {
            exponent = exponent * 10 + (text[i] - '0');
        }
    }
    number->exponent = negative ? -exponent : exponent;
    return ERR_NONE;
}

static enum err decimal_text_read(const char *text, size_t length, struct decimal_text *number)
{
    size_t i = 0;
    bool any = false;
    bool fraction = false;
    if (i < length && (text[i] == '+' || text[i] == '-')) {
        number->negative = text[i] == '-';
        i++;
    }
    for (; i < length; i++) {
        if (is_digit(text[i])) {
            any = true;
            const enum err err = decimal_text_take(number, text[i] - '0', fraction);
            if (err != ERR_NONE) {
                return err;
            }
        } else if (text[i] == '.' && !fraction) {
            fraction = true;
        } else {
            break;
        }
    }
    if (!any) {
        return ERR_SYNTAX;
    }
    if (i == length) {
        return ERR_NONE;
    }
    if (text[i] != 'e' && text[i] != 'E') {
        return ERR_SYNTAX;
    }
    return decimal_text_exponent(text + i + 1, length - i - 1, number);
}

enum err decimal_parse(const char *text, size_t length, struct decimal *ret_value)
{
    struct decimal_text number = {0};
    const enum err err = decimal_text_read(text, length, &number);
    if (err != ERR_NONE) {
        return err;
    }
    /* raw = digits * 10^(dropped - fraction + exponent + 18). */
    int shift = number.digits_dropped - number.fraction + number.exponent + DECIMAL_DIGITS;
    if (number.digits == 0) {
        shift = 0;
    }
    for (; shift < 0; shift++) {
        if (number.digits % 10 != 0) {
            return ERR_RANGE;
        }
        number.digits /= 10;
    }
    for (; shift > 0; shift--) {
        if (__builtin_mul_overflow(number.digits, (uint128_t)10, &number.digits)) {
            return ERR_OVERFLOW;
        }
    }
    const struct decimal value = with_sign(number.digits, number.negative);
    if (!decimal_is_valid(value)) {
        return ERR_OVERFLOW;
    }
    *ret_value = value;
    return ERR_NONE;
}

struct decimal decimal_literal(const char *text)
{
    struct decimal value;
    const enum err err = decimal_parse(text, strlen(text), &value);
    ASSERT(err == ERR_NONE);
    return value;
}

size_t decimal_print(struct decimal value, char out[DECIMAL_TEXT_MAX])
{
    if (!decimal_is_valid(value)) {
        memcpy(out, "invalid", sizeof("invalid"));
        return sizeof("invalid") - 1;
    }
    const uint128_t magnitude = magnitude_of(value);
    uint128_t whole = magnitude / DECIMAL_SCALE;
    uint64_t fraction = (uint64_t)(magnitude % DECIMAL_SCALE);

    char reversed[DECIMAL_TEXT_MAX];
    size_t count = 0;
    if (fraction != 0) {
        int place = DECIMAL_DIGITS;
        for (; fraction % 10 == 0; place--) {
            fraction /= 10;
        }
        for (; place > 0; place--) {
            reversed[count++] = (char)('0' + fraction % 10);
            fraction /= 10;
        }
        reversed[count++] = '.';
    }
    do {
        reversed[count++] = (char)('0' + (int)(whole % 10));
        whole /= 10;
    } while (whole != 0);
    if (value.raw < 0) {
        reversed[count++] = '-';
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = reversed[count - 1 - i];
    }
    out[count] = '\0';
    return count;
}
