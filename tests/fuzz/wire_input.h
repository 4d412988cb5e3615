/*
 * tests/fuzz/wire_input.h - what any bytes must not do to the reader of a venue's messages.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FUZZ_WIRE_INPUT_H
#define TUTTI_TESTS_FUZZ_WIRE_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/assert.h"
#include "market/wire.h"

enum wire_input_kind { WIRE_INPUT_REQUEST, WIRE_INPUT_ANSWER, WIRE_INPUT_EVENT, WIRE_INPUT_COUNT };

/* Reads the bytes as a message of that kind and writes what it says. */
static inline enum err wire_input_print(enum wire_input_kind kind, const char *bytes, size_t size,
                                        struct text *out)
{
    struct arena arena;
    struct failure failure = {0};
    struct wire_request request;
    struct wire_answer answer;
    struct wire_event event;
    arena_init(&arena, 0);
    enum err err = ERR_NONE;
    if (kind == WIRE_INPUT_REQUEST) {
        err = wire_parse_request(bytes, size, &arena, &request, &failure);
    } else if (kind == WIRE_INPUT_ANSWER) {
        err = wire_parse_answer(bytes, size, &arena, &answer, &failure);
    } else {
        err = wire_parse_event(bytes, size, &arena, &event, &failure);
    }
    ASSERT(err == ERR_NONE || failure.text[0] != '\0');
    if (err == ERR_NONE && kind == WIRE_INPUT_REQUEST) {
        wire_print_request(&request, out);
    } else if (err == ERR_NONE && kind == WIRE_INPUT_ANSWER) {
        wire_print_answer(&answer, out);
    } else if (err == ERR_NONE) {
        wire_print_event(&event, out);
    }
    arena_done(&arena);
    return err;
}

/* Whatever is taken prints to what is taken again and prints the same. Returns whether the bytes
 * were a message of some kind. */
static inline int wire_input_take(const uint8_t *data, size_t size)
{
    int taken = 0;
    for (int kind = 0; kind < WIRE_INPUT_COUNT; kind++) {
        struct text printed = {0};
        struct text again = {0};
        const enum err err =
            wire_input_print((enum wire_input_kind)kind, (const char *)data, size, &printed);
        if (err == ERR_NONE) {
            const enum err reread = wire_input_print((enum wire_input_kind)kind,
                                                     text_string(&printed), printed.length, &again);
            ASSERT(reread == ERR_NONE || reread == ERR_LIMIT);
            ASSERT(reread != ERR_NONE || strcmp(text_string(&again), text_string(&printed)) == 0);
            taken = 1;
        }
        text_done(&again);
        text_done(&printed);
    }
    return taken;
}

#endif
