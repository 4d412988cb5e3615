/*
 * base/text.h - a growing piece of text, and JSON written into it.
 *
 * An allocation that fails marks the text as failed; later calls do nothing, and the caller checks
 * text_failed() once at the end. The JSON calls place commas by themselves: a value after a value
 * gets one, a key after a value too.
 *
 * Threads: a text belongs to one thread.
 */
#ifndef TUTTI_BASE_TEXT_H
#define TUTTI_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/err.h"

struct text {
    char *data; /* Owned, or borrowed; NUL-terminated once anything was written. */
    size_t length;
    size_t capacity;
    bool failed;
    bool is_borrowed; /* The data lies in memory of the caller's: text_init_over(). */
};

/* An empty text: `struct text text = {0};` works as well. */
void text_init(struct text *text);
void text_done(struct text *text);

/* An empty text in memory of the caller's, `capacity` bytes of it and at least one, which has to
 * last until text_done(): what fits allocates nothing, what does not moves to the heap. */
void text_init_over(struct text *text, char *memory, size_t capacity);

/* Forgets the content, keeps the memory. Also clears a failure. */
void text_clear(struct text *text);

static inline bool text_failed(const struct text *text)
{
    return text->failed;
}

/* The content as a C string; "" when nothing was written. Valid until the next change. */
const char *text_string(const struct text *text);

void text_append(struct text *text, const char *bytes, size_t length);
void text_append_string(struct text *text, const char *string);
void text_append_char(struct text *text, char c);
void text_append_int(struct text *text, int64_t value);
void text_append_decimal(struct text *text, struct decimal value);
void text_printf(struct text *text, const char *format, ...) FORMAT_LIKE_PRINTF(2, 3);

void json_object_begin(struct text *text);
void json_object_end(struct text *text);
void json_array_begin(struct text *text);
void json_array_end(struct text *text);
void json_key(struct text *text, const char *key);

/* A quoted, escaped string; NULL becomes null. Bytes that are not UTF-8 become U+FFFD. */
void json_string(struct text *text, const char *value);
/* Money: always a string, so that no reader rounds it. */
void json_decimal(struct text *text, struct decimal value);
void json_int(struct text *text, int64_t value);
/* As a string, for readers whose numbers do not hold 64 bits. */
void json_int_string(struct text *text, int64_t value);
void json_bool(struct text *text, bool value);
void json_null(struct text *text);
/* Text that is JSON already, e.g. a stored config; white space at its end is left out. NULL or
 * nothing but white space becomes null. */
void json_raw(struct text *text, const char *json);

/*
 * Key and value in one call. The key is a literal that needs no escape, so that with its quotes and
 * its colon it is a constant and copied as it stands; for any other key there is json_key().
 */
#define json_put_string(text, key, value) json_member_string(text, JSON_NAME(key), value)
#define json_put_decimal(text, key, value) json_member_decimal(text, JSON_NAME(key), value)
#define json_put_int(text, key, value) json_member_int(text, JSON_NAME(key), value)
#define json_put_bool(text, key, value) json_member_bool(text, JSON_NAME(key), value)
#define json_put_raw(text, key, json) json_member_raw(text, JSON_NAME(key), json)

#define JSON_NAME(key) "\"" key "\":", sizeof("\"" key "\":") - 1
void json_member_string(struct text *text, const char *name, size_t length, const char *value);
void json_member_decimal(struct text *text, const char *name, size_t length, struct decimal value);
void json_member_int(struct text *text, const char *name, size_t length, int64_t value);
void json_member_bool(struct text *text, const char *name, size_t length, bool value);
void json_member_raw(struct text *text, const char *name, size_t length, const char *json);

#endif
