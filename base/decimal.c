#include "base/decimal.h"

#include <string.h>

#include "base/digits.h"

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

/*
 * The product of two magnitudes, or of one and the scale, as 64-bit limbs. A product that needs a
 * fourth limb is no decimal after division by the scale either, so three are enough.
 */
struct wide {
    uint64_t high, middle, low;
};

static uint128_t magnitude_of(struct decimal value)
{
    return value.raw < 0 ? (uint128_t)0 - (uint128_t)value.raw : (uint128_t)value.raw;
}

/* The number of bits of a magnitude; 0 for 0. */
static int magnitude_bits(struct decimal value)
{
    const uint128_t magnitude = magnitude_of(value);
    const uint64_t upper = (uint64_t)(magnitude >> 64);
    if (upper != 0) {
        return 128 - __builtin_clzll(upper);
    }
    return magnitude == 0 ? 0 : 64 - __builtin_clzll((uint64_t)magnitude);
}

static struct decimal with_sign(uint128_t magnitude, bool negative)
{
    if (magnitude > DECIMAL_MAGNITUDE_MAX) {
        return DECIMAL_INVALID;
    }
    return (struct decimal){.raw = negative ? -(int128_t)magnitude : (int128_t)magnitude};
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
    return with_sign(round_half_even(quotient, remainder, divisor), negative);
}

static uint128_t join(uint64_t high, uint64_t low)
{
    return ((uint128_t)high << 64) | low;
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

/* (high:low) / divisor for high < divisor, one machine division where the machine has it. */
static uint64_t divide_128_by_64(uint64_t high, uint64_t low, uint64_t divisor,
                                 uint64_t *ret_remainder)
{
    ASSERT(high < divisor);
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
    const uint128_t value = join(high, low);
    *ret_remainder = (uint64_t)(value % divisor);
    return (uint64_t)(value / divisor);
#endif
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
    uint128_t remainder =
        join((uint64_t)high, low) - join((uint64_t)product_high, (uint64_t)product_low);
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
    *ret_quotient = join(high, low);
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
    return with_sign(join(high, low) + (up ? 1 : 0), negative);
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
    uint128_t remainder = join((uint64_t)high, middle);
    if ((high >> 64) != 0 || remainder >= divisor) {
        digit = divide_192_by_128(high, middle, divisor, &remainder);
    }
    *ret_quotient =
        join(digit, divide_192_by_128(remainder, (uint64_t)shifted0, divisor, &remainder));
    *ret_remainder = remainder >> shift;
}

/* The whole part of a magnitude and its 18 fractional digits as a number. */
static uint128_t split(uint128_t magnitude, uint64_t *ret_fraction)
{
    const struct wide value = {0, (uint64_t)(magnitude >> 64), (uint64_t)magnitude};
    uint128_t whole;
    uint128_t fraction;
    const bool fits = wide_divide_by_64(&value, DECIMAL_SCALE, &whole, &fraction);
    ASSERT(fits); /* The high limb is zero. */
    *ret_fraction = (uint64_t)fraction;
    return whole;
}

/* Removes the trailing zeros of a fraction > 0 and returns how many there were. */
static unsigned strip_zeros(uint64_t *fraction)
{
    ASSERT(*fraction > 0 && *fraction < DECIMAL_SCALE);
    unsigned zeros = 0;
    for (unsigned step = 16; step > 0; step /= 2) {
        if (*fraction % powers_of_ten[step] == 0) {
            *fraction /= powers_of_ten[step];
            zeros += step;
        }
    }
    return zeros;
}

/* *digits * 10^places; false, and *digits is undefined, when 128 bits do not hold it. */
static bool scale_up(uint128_t *digits, int places)
{
    while (places > 0 && *digits != 0) {
        const int step = places < DECIMAL_DIGITS ? places : DECIMAL_DIGITS;
        if (__builtin_mul_overflow(*digits, (uint128_t)powers_of_ten[step], digits)) {
            return false;
        }
        places -= step;
    }
    return true;
}

struct decimal decimal_from_mantissa(int64_t mantissa, unsigned digits)
{
    ASSERT(digits <= DECIMAL_DIGITS);
    return (struct decimal){.raw = (int128_t)mantissa *
                                   (int64_t)powers_of_ten[DECIMAL_DIGITS - digits]};
}

struct decimal decimal_multiply(struct decimal a, struct decimal b)
{
    if (!decimal_is_valid(a) || !decimal_is_valid(b)) {
        return DECIMAL_INVALID;
    }
    if (a.raw == 0 || b.raw == 0) {
        return DECIMAL_ZERO; /* Nothing closed, no fee, no excess: half of an executor's products.
                              */
    }
    struct wide product;
    if (!wide_multiply(magnitude_of(a), magnitude_of(b), &product)) {
        return DECIMAL_INVALID;
    }
    return scaled_down(&product, (a.raw < 0) != (b.raw < 0));
}

bool decimal_can_multiply(struct decimal a, struct decimal b)
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
    const uint128_t magnitude = magnitude_of(value);
    const uint64_t upper = (uint64_t)(magnitude >> 64);
    uint64_t remainder = upper % divisor;
    const uint64_t low = divide_128_by_64(remainder, (uint64_t)magnitude, divisor, &remainder);
    return rounded(join(upper / divisor, low), remainder, divisor, value.raw < 0);
}

struct decimal decimal_divide(struct decimal a, struct decimal b)
{
    if (!decimal_is_valid(a) || !decimal_is_valid(b) || b.raw == 0) {
        return DECIMAL_INVALID;
    }
    if (a.raw == 0) {
        return DECIMAL_ZERO;
    }
    struct wide numerator;
    const bool fits = wide_multiply(magnitude_of(a), DECIMAL_SCALE, &numerator);
    ASSERT(fits); /* 127 and 60 bits. */
    const uint128_t divisor = magnitude_of(b);
    uint128_t quotient;
    uint128_t remainder;
    if ((divisor >> 64) != 0) {
        wide_divide_by_128(&numerator, divisor, &quotient, &remainder);
    } else if (!wide_divide_by_64(&numerator, (uint64_t)divisor, &quotient, &remainder)) {
        return DECIMAL_INVALID;
    }
    return rounded(quotient, remainder, divisor, (a.raw < 0) != (b.raw < 0));
}

struct decimal decimal_floor_to(struct decimal value, struct decimal unit)
{
    ASSERT(decimal_sign(unit) > 0);
    if (!decimal_is_valid(value)) {
        return DECIMAL_INVALID;
    }
    if (value.raw <= 0) {
        return DECIMAL_ZERO;
    }
    if (unit.raw > UINT64_MAX) {
        return (struct decimal){.raw = value.raw - value.raw % unit.raw};
    }
    /* A step or a tick has one limb: two machine divisions, the first by less than it costs to call
     * the compiler's division of 128 bits. */
    const uint64_t divisor = (uint64_t)unit.raw;
    uint64_t rest = (uint64_t)(value.raw >> 64);
    rest = rest < divisor ? rest : rest % divisor;
    (void)divide_128_by_64(rest, (uint64_t)value.raw, divisor, &rest);
    return (struct decimal){.raw = value.raw - (int128_t)rest};
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
    uint64_t fraction;
    (void)split(magnitude_of(value), &fraction);
    return fraction == 0 ? 0 : DECIMAL_DIGITS - strip_zeros(&fraction);
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
    if (!scale_up(&number->digits, number->digits_dropped + 1) ||
        __builtin_add_overflow(number->digits, (uint128_t)digit, &number->digits)) {
        return fraction ? ERR_RANGE : ERR_OVERFLOW;
    }
    number->digits_dropped = 0;
    number->fraction += fraction ? 1 : 0;
    return ERR_NONE;
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
    if (!scale_up(&number.digits, shift)) {
        return ERR_OVERFLOW;
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
    uint64_t fraction;
    uint128_t whole = split(magnitude_of(value), &fraction);
    char *end = out;
    if (value.raw < 0) {
        *end++ = '-';
    }
    if (whole < DIGITS_SIXTEEN) {
        end = digits_put(end, (uint64_t)whole);
    } else { /* Up to 21 digits, one or two more than 64 bits hold. */
        end = digits_put(end, (uint64_t)(whole / DIGITS_SIXTEEN));
        whole %= DIGITS_SIXTEEN;
        end = digits_put_eight(end, (uint64_t)(whole / DIGITS_EIGHT));
        end = digits_put_eight(end, (uint64_t)(whole % DIGITS_EIGHT));
    }
    if (fraction != 0) {
        *end++ = '.';
        end = digits_put_fraction(end, fraction);
    }
    *end = '\0';
    return (size_t)(end - out);
}
