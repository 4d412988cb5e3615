#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/digits.h"

enum {
    TEXT_CAPACITY_FIRST = 256,
    JSON_TOKEN_MARKS_MAX = 4, /* A comma, two quotes and a colon. */
    TEXT_INT_MAX = 1 + DIGITS_ROOM,
};

void text_init(struct text *text)
{
    *text = (struct text){0};
}

void text_init_over(struct text *text, char *memory, size_t capacity)
{
    ASSERT(capacity > 0);
    memory[0] = '\0';
    *text = (struct text){.data = memory, .capacity = capacity, .is_borrowed = true};
}

void text_done(struct text *text)
{
    if (!text->is_borrowed) {
        free(text->data);
    }
    *text = (struct text){0};
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->failed = false;
    if (text->data != NULL) {
        text->data[0] = '\0';
    }
}

const char *text_string(const struct text *text)
{
    return text->data != NULL ? text->data : "";
}

/* The slow part of text_reserve(). */
static bool text_grow(struct text *text, size_t more)
{
    if (text->failed) {
        return false;
    }
    if (more >= SIZE_MAX / 4 - text->length) {
        text->failed = true;
        return false;
    }
    const size_t needed = text->length + more + 1;
    size_t capacity = text->capacity != 0 ? text->capacity : TEXT_CAPACITY_FIRST;
    while (capacity < needed) {
        capacity *= 2;
    }
    char *data = text->is_borrowed ? malloc(capacity) : realloc(text->data, capacity);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    if (text->is_borrowed) {
        memcpy(data, text->data, text->length + 1);
        text->is_borrowed = false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

/* Makes room for `more` bytes and a NUL. */
static inline bool text_reserve(struct text *text, size_t more)
{
    return (!text->failed && more < text->capacity - text->length) || text_grow(text, more);
}

void text_append(struct text *text, const char *bytes, size_t length)
{
    if (!text_reserve(text, length)) {
        return;
    }
    if (length > 0) {
        memcpy(text->data + text->length, bytes, length);
    }
    text->length += length;
    text->data[text->length] = '\0';
}

void text_append_string(struct text *text, const char *string)
{
    text_append(text, string, strlen(string));
}

void text_append_char(struct text *text, char c)
{
    /* JSON is full of single characters: they do not go through memcpy(). */
    if (text_reserve(text, 1)) {
        text->data[text->length++] = c;
        text->data[text->length] = '\0';
    }
}

/* Writes a number to `out`, which has room for TEXT_INT_MAX bytes, and returns what follows it. */
static char *text_put_int(char *out, int64_t value)
{
    if (value >= 0) {
        return digits_put(out, (uint64_t)value);
    }
    *out++ = '-';
    return digits_put(out, UINT64_C(0) - (uint64_t)value);
}

/* `out` lies behind the content: that much more is content now. */
static void text_extend_to(struct text *text, char *out)
{
    *out = '\0';
    text->length = (size_t)(out - text->data);
}

void text_append_int(struct text *text, int64_t value)
{
    if (text_reserve(text, TEXT_INT_MAX)) {
        text_extend_to(text, text_put_int(text->data + text->length, value));
    }
}

void text_append_decimal(struct text *text, struct decimal value)
{
    char printed[DECIMAL_TEXT_MAX];
    text_append(text, printed, decimal_print(value, printed));
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0 && text_reserve(text, (size_t)length)) {
        (void)vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

/* Whether the next value needs a comma: the text ends with a finished one. */
static bool json_needs_comma(const struct text *text)
{
    if (text->length == 0 || text->data == NULL) {
        return false;
    }
    const char last = text->data[text->length - 1];
    return last != '{' && last != '[' && last != ':' && last != ' ' && last != '\n';
}

static void json_separate(struct text *text)
{
    if (json_needs_comma(text)) {
        text_append_char(text, ',');
    }
}

void json_object_begin(struct text *text)
{
    json_separate(text);
    text_append_char(text, '{');
}

void json_object_end(struct text *text)
{
    text_append_char(text, '}');
}

void json_array_begin(struct text *text)
{
    json_separate(text);
    text_append_char(text, '[');
}

void json_array_end(struct text *text)
{
    text_append_char(text, ']');
}

/* Length of the UTF-8 sequence at bytes[0], or 0 when it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *bytes)
{
    static const unsigned char first_min[] = {0, 0, 0xC2, 0xE0, 0xF0};
    static const unsigned char first_max[] = {0, 0, 0xDF, 0xEF, 0xF4};
    for (size_t length = 2; length <= 4; length++) {
        if (bytes[0] < first_min[length] || bytes[0] > first_max[length]) {
            continue;
        }
        for (size_t i = 1; i < length; i++) {
            if ((bytes[i] & 0xC0) != 0x80) {
                return 0;
            }
        }
        const bool overlong =
            (bytes[0] == 0xE0 && bytes[1] < 0xA0) || (bytes[0] == 0xF0 && bytes[1] < 0x90);
        const bool outside =
            (bytes[0] == 0xED && bytes[1] >= 0xA0) || (bytes[0] == 0xF4 && bytes[1] >= 0x90);
        return overlong || outside ? 0 : length;
    }
    return 0;
}

static void json_escape_char(struct text *text, unsigned char c)
{
    switch (c) {
    case '"':
        text_append(text, "\\\"", 2);
        break;
    case '\\':
        text_append(text, "\\\\", 2);
        break;
    case '\n':
        text_append(text, "\\n", 2);
        break;
    case '\r':
        text_append(text, "\\r", 2);
        break;
    case '\t':
        text_append(text, "\\t", 2);
        break;
    default:
        text_printf(text, "\\u%04x", (unsigned)c);
        break;
    }
}

/* How many bytes at the start can stand in a JSON string as they are. */
static size_t json_plain_length(const unsigned char *bytes)
{
    size_t length = 0;
    while (bytes[length] >= 0x20 && bytes[length] < 0x80 && bytes[length] != '"' &&
           bytes[length] != '\\') {
        length++;
    }
    return length;
}

static void json_quote(struct text *text, const char *value)
{
    text_append_char(text, '"');
    const unsigned char *bytes = (const unsigned char *)value;
    for (;;) {
        const size_t plain = json_plain_length(bytes);
        text_append(text, (const char *)bytes, plain);
        bytes += plain;
        if (*bytes == '\0') {
            break;
        }
        const size_t sequence = *bytes >= 0x80 ? utf8_length(bytes) : 0;
        if (sequence > 0) {
            text_append(text, (const char *)bytes, sequence);
            bytes += sequence;
        } else if (*bytes >= 0x80) {
            text_append_string(text, "\xEF\xBF\xBD"); /* U+FFFD */
            bytes++;
        } else {
            json_escape_char(text, *bytes++);
        }
    }
    text_append_char(text, '"');
}

/* Whether none of the eight bytes needs an escape; the arithmetic looks at all of them at once. */
static bool json_word_is_plain(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t highs = ones * 0x80;
    const uint64_t quotes = word ^ (ones * '"');
    const uint64_t slashes = word ^ (ones * '\\');
    const uint64_t below_space = (word - ones * 0x20) & ~word;
    const uint64_t is_quote = (quotes - ones) & ~quotes;
    const uint64_t is_slash = (slashes - ones) & ~slashes;
    return ((word | below_space | is_quote | is_slash) & highs) == 0;
}

static bool json_copy_word(char *out, const char *value)
{
    uint64_t word;
    memcpy(&word, value, sizeof(word));
    memcpy(out, &word, sizeof(word));
    return json_word_is_plain(word);
}

/* Four to seven bytes as one word: its halves overlap. */
static bool json_copy_halves(char *out, const char *value, size_t length)
{
    uint32_t first;
    uint32_t last;
    memcpy(&first, value, sizeof(first));
    memcpy(&last, value + length - sizeof(last), sizeof(last));
    memcpy(out, &first, sizeof(first));
    memcpy(out + length - sizeof(last), &last, sizeof(last));
    return json_word_is_plain(((uint64_t)last << 32) | first);
}

/* Copies and checks in one go; false when a byte needs an escape. What is left of the last word is
 * done by a word that overlaps the one before: the keys of an event are short, and byte by byte
 * their ends took more than all that comes before them. */
static bool json_copy_plain(char *out, const char *value, size_t length)
{
    if (length >= sizeof(uint64_t)) {
        for (size_t i = 0; i + sizeof(uint64_t) < length; i += sizeof(uint64_t)) {
            if (!json_copy_word(out + i, value + i)) {
                return false;
            }
        }
        const size_t last = length - sizeof(uint64_t);
        return json_copy_word(out + last, value + last);
    }
    if (length >= sizeof(uint32_t)) {
        return json_copy_halves(out, value, length);
    }
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)value[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') {
            return false;
        }
        out[i] = value[i];
    }
    return true;
}

/* A comma where one is needed, the value in quotes, and `after` unless that is NUL. */
static void json_put_quoted(struct text *text, const char *value, char after)
{
    const size_t length = strlen(value);
    if (!text_reserve(text, length + JSON_TOKEN_MARKS_MAX)) {
        return;
    }
    char *out = text->data + text->length;
    if (json_needs_comma(text)) {
        *out++ = ',';
    }
    *out++ = '"';
    if (json_copy_plain(out, value, length)) {
        out += length;
        *out++ = '"';
        text_extend_to(text, out);
    } else {
        text->data[text->length] = '\0';
        json_separate(text);
        json_quote(text, value);
    }
    if (after != '\0') {
        text_append_char(text, after);
    }
}

void json_key(struct text *text, const char *key)
{
    json_put_quoted(text, key, ':');
}

void json_string(struct text *text, const char *value)
{
    if (value == NULL) {
        json_null(text);
        return;
    }
    json_put_quoted(text, value, '\0');
}

static char *json_print_decimal(char *out, struct decimal value)
{
    *out++ = '"';
    out += decimal_print(value, out);
    *out++ = '"';
    return out;
}

void json_decimal(struct text *text, struct decimal value)
{
    json_separate(text);
    if (text_reserve(text, DECIMAL_TEXT_MAX + JSON_TOKEN_MARKS_MAX)) {
        text_extend_to(text, json_print_decimal(text->data + text->length, value));
    }
}

void json_int(struct text *text, int64_t value)
{
    json_separate(text);
    text_append_int(text, value);
}

void json_int_string(struct text *text, int64_t value)
{
    json_separate(text);
    text_append_char(text, '"');
    text_append_int(text, value);
    text_append_char(text, '"');
}

void json_bool(struct text *text, bool value)
{
    json_separate(text);
    text_append_string(text, value ? "true" : "false");
}

void json_null(struct text *text)
{
    json_separate(text);
    text_append_string(text, "null");
}

void json_raw(struct text *text, const char *json)
{
    size_t length = json != NULL ? strlen(json) : 0;
    while (length > 0 && (unsigned char)json[length - 1] <= ' ') {
        length--; /* json_separate() looks at the last byte, which must belong to a value. */
    }
    if (length == 0) {
        json_null(text);
        return;
    }
    json_separate(text);
    text_append(text, json, length);
}

static void json_copy_name(char *out, const char *name, size_t length)
{
    ASSERT(length >= sizeof(uint32_t)); /* Quotes, a colon and a letter between them. */
    if (length < sizeof(uint64_t)) {
        memcpy(out, name, sizeof(uint32_t));
        const size_t last = length - sizeof(uint32_t);
        memcpy(out + last, name + last, sizeof(uint32_t));
        return;
    }
    for (size_t i = 0; i + sizeof(uint64_t) < length; i += sizeof(uint64_t)) {
        memcpy(out + i, name + i, sizeof(uint64_t));
    }
    const size_t last = length - sizeof(uint64_t);
    memcpy(out + last, name + last, sizeof(uint64_t));
}

/* A comma where one is needed and the name. Returns where its value begins, with room for `more`
 * bytes, and extends the text by nothing yet; NULL: the text has failed. Events consist of members:
 * each is written with one reservation. */
static char *json_begin_member(struct text *text, const char *name, size_t length, size_t more)
{
    if (!text_reserve(text, 1 + length + more)) {
        return NULL;
    }
    char *out = text->data + text->length;
    if (json_needs_comma(text)) {
        *out++ = ',';
    }
    json_copy_name(out, name, length);
    return out + length;
}

void json_member_string(struct text *text, const char *name, size_t length, const char *value)
{
    const size_t value_length = value != NULL ? strlen(value) : 0;
    char *out = json_begin_member(text, name, length, value_length + JSON_TOKEN_MARKS_MAX);
    if (out == NULL) {
        return;
    }
    if (value == NULL) {
        text_extend_to(text, out);
        json_null(text);
        return;
    }
    *out = '"';
    if (json_copy_plain(out + 1, value, value_length)) {
        out[value_length + 1] = '"';
        text_extend_to(text, out + value_length + 2);
    } else {
        text_extend_to(text, out);
        json_quote(text, value);
    }
}

void json_member_decimal(struct text *text, const char *name, size_t length, struct decimal value)
{
    char *out = json_begin_member(text, name, length, DECIMAL_TEXT_MAX + JSON_TOKEN_MARKS_MAX);
    if (out != NULL) {
        text_extend_to(text, json_print_decimal(out, value));
    }
}

void json_member_int(struct text *text, const char *name, size_t length, int64_t value)
{
    char *out = json_begin_member(text, name, length, TEXT_INT_MAX);
    if (out != NULL) {
        text_extend_to(text, text_put_int(out, value));
    }
}

void json_member_bool(struct text *text, const char *name, size_t length, bool value)
{
    char *out = json_begin_member(text, name, length, 0);
    if (out != NULL) {
        text_extend_to(text, out);
        json_bool(text, value);
    }
}

void json_member_raw(struct text *text, const char *name, size_t length, const char *json)
{
    char *out = json_begin_member(text, name, length, 0);
    if (out != NULL) {
        text_extend_to(text, out);
        json_raw(text, json);
    }
}
