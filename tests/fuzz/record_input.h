/*
 * tests/fuzz/record_input.h - what any bytes must not do to the reader of journal records.
 *
 * The first line is the kind of the row, all behind it the payload.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FUZZ_RECORD_INPUT_H
#define TUTTI_TESTS_FUZZ_RECORD_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "persistence/event.h"
#include "persistence/event_read.h"

/* Reads a row and writes what it says; ERR_NONE when it could be read. */
static inline enum err record_input_print(const char *kind, const char *payload, struct text *out)
{
    const struct journal_row row = {.seq = 1,
                                    .kind = kind,
                                    .controller_id = "c",
                                    .executor_id = "e",
                                    .client_order_id = "",
                                    .payload = payload};
    char *memory = malloc(event_read_size(&row));
    ASSERT(memory != NULL);
    struct record record;
    struct failure failure = {0};
    const enum err err = event_read(&row, memory, &record, &failure);
    ASSERT(err == ERR_NONE || (err == ERR_CORRUPT && failure.text[0] != '\0'));
    if (err == ERR_NONE) {
        event_print_data(&record, out);
        ASSERT(!text_failed(out));
    }
    free(memory);
    return err;
}

/* What was read prints to what reads and prints the same. Returns whether it was a record. */
static inline int record_input_take(const uint8_t *data, size_t size)
{
    char *kind = malloc(size + 1);
    ASSERT(kind != NULL);
    memcpy(kind, data, size);
    kind[size] = '\0';
    char *payload = strchr(kind, '\n');
    struct text printed = {0};
    struct text again = {0};
    enum err err = ERR_CORRUPT;
    if (payload != NULL) {
        *payload++ = '\0';
        err = record_input_print(kind, payload, &printed);
    }
    if (err == ERR_NONE) {
        const enum err reread = record_input_print(kind, text_string(&printed), &again);
        ASSERT(reread == ERR_NONE);
        ASSERT(strcmp(text_string(&again), text_string(&printed)) == 0);
    }
    text_done(&again);
    text_done(&printed);
    free(kind);
    return err == ERR_NONE;
}

#endif
