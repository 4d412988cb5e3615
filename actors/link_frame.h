/*
 * actors/link_frame.h - WebSocket on the wire (RFC 6455): the answer of the handshake, and frames.
 *
 * No extensions, so every reserved bit is an error. A frame says its length in its first bytes, so
 * one that is too long is refused before any of it is kept.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_ACTORS_LINK_FRAME_H
#define TUTTI_ACTORS_LINK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum link_opcode {
    LINK_OPCODE_MORE = 0x0, /* Goes on with a message that was begun. */
    LINK_OPCODE_TEXT = 0x1,
    LINK_OPCODE_BINARY = 0x2,
    LINK_OPCODE_CLOSE = 0x8,
    LINK_OPCODE_PING = 0x9,
    LINK_OPCODE_PONG = 0xA,
};

/* Why a session ends. */
enum link_close {
    LINK_CLOSE_GOING_AWAY = 1001,
    LINK_CLOSE_PROTOCOL = 1002,
    LINK_CLOSE_UNSUPPORTED = 1003,
    LINK_CLOSE_TOO_BIG = 1009,
    LINK_CLOSE_TRY_LATER = 1013,
    LINK_CLOSE_UNAUTHORIZED = 4001,
};

enum {
    LINK_FRAME_HEAD_MAX = 14,
    LINK_KEY_LENGTH = 24, /* Of Sec-WebSocket-Key: base64 of 16 bytes. */
    LINK_ACCEPT_TEXT_MAX = 32,
};

/* The value of Sec-WebSocket-Accept for a key. False when it is no key. */
bool link_frame_accept(const char *key, char out[LINK_ACCEPT_TEXT_MAX]);

struct link_frame {
    enum link_opcode opcode;
    bool is_final;
    const uint8_t *payload; /* Inside the bytes given, unmasked in place. */
    size_t payload_size;
    size_t size; /* Of the whole frame: the next one begins behind it. */
};

/*
 * Reads the first frame of a client. ERR_END when some of it is still to come, ERR_SYNTAX for what
 * breaks the protocol, ERR_LIMIT for a payload beyond payload_max; the bytes are changed on
 * ERR_NONE only.
 */
MUST_USE enum err link_frame_read(uint8_t *bytes, size_t size, size_t payload_max,
                                  struct link_frame *ret_frame);

/* Appends a whole frame of the server. */
void link_frame_write(struct text *out, enum link_opcode opcode, const void *payload, size_t size);

/* Appends a close frame. */
void link_frame_write_close(struct text *out, enum link_close code);

#endif
