#include "base/instant.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

enum { SECONDS_PER_DAY = 86400, ISO_DATE_LENGTH = 10, ISO_TIME_LENGTH = 8 };

struct civil {
    int64_t year;
    int month, day, hour, minute, second;
    int64_t fraction_ns;
};

int64_t instant_add(int64_t a_ns, int64_t b_ns)
{
    ASSERT(b_ns >= 0);
    int64_t sum;
    return __builtin_add_overflow(a_ns, b_ns, &sum) ? INSTANT_NEVER : sum;
}

struct decimal instant_seconds(int64_t value_ns)
{
    return decimal_from_mantissa(value_ns, 9);
}

enum err instant_from_seconds(struct decimal seconds, int64_t *ret_ns)
{
    return decimal_to_mantissa_floor(seconds, 9, ret_ns) == ERR_NONE ? ERR_NONE : ERR_RANGE;
}

/* Days since 1970-01-01 of a proleptic Gregorian date. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    /* Count years from March, so that the leap day is the last day of a year. */
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t year_of_era = y - era * 400;
    const int64_t month_from_march = (month + 9) % 12;
    const int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, struct civil *civil)
{
    const int64_t shifted = days + 719468;
    const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const int64_t day_of_era = shifted - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * day_of_year + 2) / 153;
    civil->day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    civil->month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    civil->year = year_of_era + era * 400 + (civil->month <= 2 ? 1 : 0);
}

/* Reads exactly `count` digits. */
static bool read_digits(const char *text, int count, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (text[i] - '0');
    }
    *ret_value = value;
    return true;
}

static bool read_date(const char *text, struct civil *civil)
{
    int year;
    if (!read_digits(text, 4, &year) || text[4] != '-' ||
        !read_digits(text + 5, 2, &civil->month) || text[7] != '-' ||
        !read_digits(text + 8, 2, &civil->day)) {
        return false;
    }
    civil->year = year;
    return true;
}

static bool read_time(const char *text, struct civil *civil)
{
    return read_digits(text, 2, &civil->hour) && text[2] == ':' &&
           read_digits(text + 3, 2, &civil->minute) && text[5] == ':' &&
           read_digits(text + 6, 2, &civil->second);
}

/* Reads ".250" of at most nine digits; returns how many bytes were read, 0 on a syntax error. */
static size_t read_fraction(const char *text, size_t length, int64_t *ret_ns)
{
    int64_t unit = NS_PER_S;
    int64_t value = 0;
    size_t i = 1;
    for (; i < length && text[i] >= '0' && text[i] <= '9' && unit > 1; i++) {
        unit /= 10;
        value += (text[i] - '0') * unit;
    }
    *ret_ns = value;
    return i > 1 ? i : 0;
}

static bool civil_is_valid(const struct civil *civil)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (civil->month < 1 || civil->month > 12 || civil->day < 1) {
        return false;
    }
    const bool leap = (civil->year % 4 == 0 && civil->year % 100 != 0) || civil->year % 400 == 0;
    const int days_max = days[civil->month - 1] + (leap && civil->month == 2 ? 1 : 0);
    return civil->day <= days_max && civil->hour < 24 && civil->minute < 60 && civil->second < 60;
}

static enum err instant_parse_iso(const char *text, size_t length, int64_t *ret_ns)
{
    struct civil civil = {0};
    if (!read_date(text, &civil)) {
        return ERR_SYNTAX;
    }
    size_t i = ISO_DATE_LENGTH;
    if (i < length && (text[i] == 'T' || text[i] == ' ')) {
        i++;
        if (length - i < ISO_TIME_LENGTH || !read_time(text + i, &civil)) {
            return ERR_SYNTAX;
        }
        i += ISO_TIME_LENGTH;
        if (i < length && text[i] == '.') {
            const size_t read = read_fraction(text + i, length - i, &civil.fraction_ns);
            if (read == 0) {
                return ERR_SYNTAX;
            }
            i += read;
        }
    }
    if (i < length && text[i] == 'Z') {
        i++;
    }
    if (i != length || !civil_is_valid(&civil)) {
        return ERR_SYNTAX;
    }
    const int64_t seconds = days_from_civil(civil.year, civil.month, civil.day) * SECONDS_PER_DAY +
                            civil.hour * INT64_C(3600) + civil.minute * INT64_C(60) + civil.second;
    int64_t instant_ns;
    if (__builtin_mul_overflow(seconds, NS_PER_S, &instant_ns) ||
        __builtin_add_overflow(instant_ns, civil.fraction_ns, &instant_ns)) {
        return ERR_RANGE;
    }
    *ret_ns = instant_ns;
    return ERR_NONE;
}

enum err instant_parse(const char *text, size_t length, int64_t *ret_ns)
{
    if (length >= ISO_DATE_LENGTH && text[4] == '-') {
        return instant_parse_iso(text, length, ret_ns);
    }
    struct decimal seconds;
    const enum err err = decimal_parse(text, length, &seconds);
    if (err != ERR_NONE) {
        return err == ERR_SYNTAX ? ERR_SYNTAX : ERR_RANGE;
    }
    return instant_from_seconds(seconds, ret_ns);
}

size_t instant_print(int64_t instant_ns, char out[INSTANT_TEXT_MAX])
{
    int64_t seconds = instant_ns / NS_PER_S;
    int64_t fraction = instant_ns % NS_PER_S;
    if (fraction < 0) {
        fraction += NS_PER_S;
        seconds--;
    }
    int64_t days = seconds / SECONDS_PER_DAY;
    int64_t rest = seconds % SECONDS_PER_DAY;
    if (rest < 0) {
        rest += SECONDS_PER_DAY;
        days--;
    }
    struct civil civil;
    civil_from_days(days, &civil);
    int length = snprintf(out, INSTANT_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", (int)civil.year,
                          civil.month, civil.day, (int)(rest / 3600), (int)(rest / 60 % 60),
                          (int)(rest % 60));
    if (fraction != 0) {
        length += snprintf(out + length, INSTANT_TEXT_MAX - (size_t)length, ".%09d", (int)fraction);
        while (out[length - 1] == '0') {
            length--;
        }
    }
    out[length++] = 'Z';
    out[length] = '\0';
    return (size_t)length;
}

/* The text of a duration >= 0 given in milliseconds. */
static int duration_print_ms(uint64_t ms, char *out, size_t capacity)
{
    const uint64_t s = ms / 1000;
    if (s < 1) {
        return snprintf(out, capacity, "%" PRIu64 "ms", ms);
    }
    if (s < 60) {
        return snprintf(out, capacity, "%" PRIu64 ".%" PRIu64 "s", s, ms % 1000 / 100);
    }
    if (s < 3600) {
        return snprintf(out, capacity, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
    }
    if (s < SECONDS_PER_DAY) {
        return snprintf(out, capacity, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
    }
    return snprintf(out, capacity, "%" PRIu64 "d%02" PRIu64 "h", s / SECONDS_PER_DAY,
                    s / 3600 % 24);
}

size_t duration_print(int64_t duration_ns, char out[INSTANT_TEXT_MAX])
{
    const uint64_t magnitude_ns =
        duration_ns < 0 ? UINT64_C(0) - (uint64_t)duration_ns : (uint64_t)duration_ns;
    const uint64_t ms = magnitude_ns / (uint64_t)NS_PER_MS;
    size_t length = 0;
    if (duration_ns < 0 && ms > 0) {
        out[length++] = '-';
    }
    return length + (size_t)duration_print_ms(ms, out + length, INSTANT_TEXT_MAX - length);
}
