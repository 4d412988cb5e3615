#include <string.h>

#include "config/node_build.h"

enum {
    JSON_DIGITS_MAX = 15,       /* What every double shows exactly. */
    JSON_EXPONENT_MAX = 200,    /* Far inside a double, far outside a decimal. */
    JSON_NUMBER_LENGTH_MAX = 60 /* cJSON stops reading a number after 63 characters. */
};

static const char number_characters[] = "0123456789+-.eE";
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct scan {
    const char *text;
    size_t length;
    size_t at;
    int depth;
    int depth_max;
    size_t count; /* Nodes so far; keys count. */
    struct problems *problems;
};

static size_t count_digits(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[count] >= '0' && text[count] <= '9') {
        count++;
    }
    return count;
}

/* Digits between the first and the last non-zero one of the part before the exponent. */
static int count_significant(const char *text, size_t length)
{
    int seen = 0;
    int significant = 0;
    for (size_t i = 0; i < length && text[i] != 'e' && text[i] != 'E'; i++) {
        if (text[i] < '0' || text[i] > '9' || (seen == 0 && text[i] == '0')) {
            continue;
        }
        seen++;
        significant = text[i] != '0' ? seen : significant;
    }
    return significant;
}

/* The grammar of RFC 8259, section 6: -?(0|[1-9]digits)(.digits)?([eE][+-]?digits)? */
static bool number_is_well_formed(const char *text, size_t length, int *ret_exponent)
{
    size_t i = length > 0 && text[0] == '-' ? 1 : 0;
    const size_t whole = count_digits(text + i, length - i);
    if (whole == 0 || (whole > 1 && text[i] == '0')) {
        return false;
    }
    i += whole;
    if (i < length && text[i] == '.') {
        const size_t fraction = count_digits(text + i + 1, length - i - 1);
        if (fraction == 0) {
            return false;
        }
        i += 1 + fraction;
    }
    *ret_exponent = 0;
    if (i < length && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        i += i < length && (text[i] == '+' || text[i] == '-') ? 1 : 0;
        const size_t exponent = count_digits(text + i, length - i);
        if (exponent == 0) {
            return false;
        }
        for (size_t k = 0; k < exponent && *ret_exponent <= JSON_EXPONENT_MAX; k++) {
            *ret_exponent = *ret_exponent * 10 + (text[i + k] - '0');
        }
        i += exponent;
    }
    return i == length;
}

static bool number_is_exact(const char *text, size_t length, int exponent)
{
    return length <= JSON_NUMBER_LENGTH_MAX && exponent <= JSON_EXPONENT_MAX &&
           count_significant(text, length) <= JSON_DIGITS_MAX;
}

bool node_is_json_number(const char *text, size_t length)
{
    int exponent;
    return number_is_well_formed(text, length, &exponent) &&
           number_is_exact(text, length, exponent);
}

/* Adds a problem at the byte `at`; `length` bytes from there are shown in front of `what`. */
static enum err scan_problem(struct scan *scan, size_t at, size_t length, const char *what)
{
    const struct node_place place = node_place_of(scan->text, at);
    char excerpt[NODE_EXCERPT_MAX];
    node_excerpt(scan->text + at, length, excerpt);
    problems_add(scan->problems, place.line, place.column, "", "%s %s", excerpt, what);
    return ERR_SYNTAX;
}

/* Moves behind all bytes that are one of `set`. Returns where they began. */
static size_t scan_skip(struct scan *scan, const char *set)
{
    const size_t begin = scan->at;
    while (scan->at < scan->length && strchr(set, scan->text[scan->at]) != NULL) {
        scan->at++;
    }
    return begin;
}

static enum err scan_number(struct scan *scan)
{
    const size_t begin = scan_skip(scan, number_characters);
    const size_t length = scan->at - begin;
    int exponent;
    if (!number_is_well_formed(scan->text + begin, length, &exponent)) {
        return scan_problem(scan, begin, length,
                            "is not a JSON number, expected digits without a leading zero or +");
    }
    if (!number_is_exact(scan->text + begin, length, exponent)) {
        return scan_problem(scan, begin, length,
                            "does not fit a JSON number exactly (15 digits), expected a string: "
                            "write it in quotes");
    }
    return ERR_NONE;
}

/* Leaves the escapes to cJSON, but for the NUL that would cut the string off. */
static enum err scan_string(struct scan *scan)
{
    static const char nul_escape[] = "\\u0000";
    const size_t begin = scan->at++;
    for (; scan->at < scan->length && scan->text[scan->at] != '"'; scan->at++) {
        const char *here = scan->text + scan->at;
        const size_t rest = scan->length - scan->at;
        if ((unsigned char)*here < 0x20) {
            return scan_problem(scan, scan->at, 1,
                                "is a control character inside a string, expected an escape");
        }
        if (rest >= sizeof(nul_escape) - 1 &&
            memcmp(here, nul_escape, sizeof(nul_escape) - 1) == 0) {
            return scan_problem(scan, scan->at, sizeof(nul_escape) - 1,
                                "is a NUL character, expected text without it");
        }
        scan->at += *here == '\\' ? 1 : 0;
    }
    if (scan->at >= scan->length) {
        return scan_problem(scan, begin, scan->length - begin,
                            "is not finished, expected a closing quote");
    }
    scan->at++;
    return ERR_NONE;
}

static enum err scan_open(struct scan *scan)
{
    if (scan->depth == scan->depth_max) {
        const struct node_place place = node_place_of(scan->text, scan->at);
        problems_add(scan->problems, place.line, place.column, "",
                     "nested too deep, expected at most %d levels", scan->depth_max);
        return ERR_LIMIT;
    }
    scan->depth++;
    scan->at++;
    return ERR_NONE;
}

static enum err scan_close(struct scan *scan)
{
    if (scan->depth == 0) {
        return scan_problem(scan, scan->at, 1, "closes nothing, expected a value");
    }
    scan->depth--;
    scan->at++;
    return ERR_NONE;
}

/* Counts one more scalar, key, array or object. */
static enum err scan_count(struct scan *scan)
{
    if (++scan->count <= NODE_COUNT_MAX) {
        return ERR_NONE;
    }
    const struct node_place place = node_place_of(scan->text, scan->at);
    problems_add(scan->problems, place.line, place.column, "",
                 "too many values, expected at most %d", NODE_COUNT_MAX);
    return ERR_LIMIT;
}

/* One value's beginning: a scalar as a whole, or the bracket that opens a container. */
static enum err scan_value(struct scan *scan)
{
    const enum err err = scan_count(scan);
    if (err != ERR_NONE) {
        return err;
    }
    const char first = scan->text[scan->at];
    if (first == '"') {
        return scan_string(scan);
    }
    if (first == '{' || first == '[') {
        return scan_open(scan);
    }
    if (strchr(number_characters, first) != NULL) {
        return scan_number(scan);
    }
    const size_t begin = scan_skip(scan, letters);
    if (scan->at > begin) {
        return ERR_NONE; /* true, false, null: cJSON knows these words and no others. */
    }
    return scan_problem(scan, begin, 1, "is not JSON, expected a value");
}

/* Whatever stands at the current place, blanks and separators included. */
static enum err scan_next(struct scan *scan)
{
    const char c = scan->text[scan->at];
    if (c == '}' || c == ']') {
        return scan_close(scan);
    }
    if (strchr(" \t\r\n,:", c) != NULL) {
        scan->at++;
        return ERR_NONE;
    }
    return scan_value(scan);
}

static enum err scan_finish(struct scan *scan)
{
    if (scan->count > 0 && scan->depth == 0) {
        return ERR_NONE;
    }
    const struct node_place place = node_place_of(scan->text, scan->length);
    problems_add(scan->problems, place.line, place.column, "",
                 scan->count == 0 ? "the document is empty"
                                  : "the JSON ends unfinished, expected the rest of it");
    return ERR_SYNTAX;
}

enum err node_scan_json(const char *text, size_t length, int depth_max, struct problems *problems)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    struct scan scan = {
        .text = text, .length = length, .depth_max = depth_max, .problems = problems};
    if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
        scan.at = 3;
    }
    while (scan.at < length) {
        const enum err err = scan_next(&scan);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return scan_finish(&scan);
}
