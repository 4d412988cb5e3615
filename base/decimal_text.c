#include "base/decimal_parts.h"

#include <string.h>

#include "base/digits.h"

enum { DECIMAL_EXPONENT_MAX = 1000 }; /* Beyond this an exponent only overflows or vanishes. */

/* *digits * 10^places; false, and *digits is undefined, when 128 bits do not hold it. */
static bool scale_up(uint128_t *digits, int places)
{
    while (places > 0 && *digits != 0) {
        const int step = places < DECIMAL_DIGITS ? places : DECIMAL_DIGITS;
        if (__builtin_mul_overflow(*digits, (uint128_t)decimal_powers[step], digits)) {
            return false;
        }
        places -= step;
    }
    return true;
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
    const struct decimal value = decimal_signed(number.digits, number.negative);
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
    uint128_t whole = decimal_split(decimal_magnitude(value), &fraction);
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
