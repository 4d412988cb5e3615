#include "actors/link_frame.h"

#include <sodium.h>
#include <string.h>

#include "base/assert.h"

enum {
    SHA1_BYTES = 20,
    SHA1_BLOCK = 64,
    SHA1_ROUNDS = 80,
    FRAME_CONTROL_MAX = 125,
    FRAME_LENGTH_16 = 126,
    FRAME_LENGTH_64 = 127,
    FRAME_MASK_SIZE = 4,
};

static const char frame_guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/* ---- SHA-1 (RFC 3174): the handshake asks for it, nothing here relies on its strength ---- */

static uint32_t sha1_rotate(uint32_t value, unsigned count)
{
    return value << count | value >> (32 - count);
}

static void sha1_block(uint32_t state[5], const uint8_t block[SHA1_BLOCK])
{
    uint32_t w[SHA1_ROUNDS];
    for (size_t i = 0; i < 16; i++) {
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    }
    for (size_t i = 16; i < SHA1_ROUNDS; i++) {
        w[i] = sha1_rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (size_t i = 0; i < SHA1_ROUNDS; i++) {
        const uint32_t f = i < 20   ? (b & c) | (~b & d)
                           : i < 40 ? b ^ c ^ d
                           : i < 60 ? (b & c) | (b & d) | (c & d)
                                    : b ^ c ^ d;
        const uint32_t k = i < 20   ? 0x5A827999U
                           : i < 40 ? 0x6ED9EBA1U
                           : i < 60 ? 0x8F1BBCDCU
                                    : 0xCA62C1D6U;
        const uint32_t next = sha1_rotate(a, 5) + f + e + k + w[i];
        e = d;
        d = c;
        c = sha1_rotate(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

/* Of at most one block less its padding twice over: enough for a key and the GUID. */
static void sha1(const uint8_t *bytes, size_t size, uint8_t hash[SHA1_BYTES])
{
    uint8_t blocks[2 * SHA1_BLOCK] = {0};
    ASSERT(size + 9 <= sizeof(blocks) && size + 9 > SHA1_BLOCK);
    memcpy(blocks, bytes, size);
    blocks[size] = 0x80;
    blocks[sizeof(blocks) - 2] = (uint8_t)(size * 8 >> 8);
    blocks[sizeof(blocks) - 1] = (uint8_t)(size * 8);
    uint32_t state[5] = {0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
    sha1_block(state, blocks);
    sha1_block(state, blocks + SHA1_BLOCK);
    for (size_t i = 0; i < SHA1_BYTES; i++) {
        hash[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

bool link_frame_accept(const char *key, char out[LINK_ACCEPT_TEXT_MAX])
{
    unsigned char nonce[16];
    size_t nonce_size;
    if (strlen(key) != LINK_KEY_LENGTH ||
        sodium_base642bin(nonce, sizeof(nonce), key, LINK_KEY_LENGTH, NULL, &nonce_size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        nonce_size != sizeof(nonce)) {
        return false;
    }
    uint8_t bytes[LINK_KEY_LENGTH + sizeof(frame_guid) - 1];
    memcpy(bytes, key, LINK_KEY_LENGTH);
    memcpy(bytes + LINK_KEY_LENGTH, frame_guid, sizeof(frame_guid) - 1);
    uint8_t hash[SHA1_BYTES];
    sha1(bytes, sizeof(bytes), hash);
    (void)sodium_bin2base64(out, LINK_ACCEPT_TEXT_MAX, hash, sizeof(hash),
                            sodium_base64_VARIANT_ORIGINAL);
    return true;
}

/* ---- Frames ---- */

static bool frame_opcode_is_known(unsigned opcode)
{
    return opcode <= LINK_OPCODE_BINARY ||
           (opcode >= LINK_OPCODE_CLOSE && opcode <= LINK_OPCODE_PONG);
}

/* The length of the payload, and of what stands before it. ERR_END when that is not all here. */
static enum err frame_read_length(const uint8_t *bytes, size_t size, uint64_t *ret_length,
                                  size_t *ret_head)
{
    const unsigned code = bytes[1] & 0x7F;
    const size_t extra = code == FRAME_LENGTH_64 ? 8 : code == FRAME_LENGTH_16 ? 2 : 0;
    if (size < 2 + extra) {
        return ERR_END;
    }
    uint64_t length = extra == 0 ? code : 0;
    for (size_t i = 0; i < extra; i++) {
        length = length << 8 | bytes[2 + i];
    }
    if ((extra == 2 && length < FRAME_LENGTH_16) || (extra == 8 && length <= UINT16_MAX)) {
        return ERR_SYNTAX; /* A length has one way to be written. */
    }
    *ret_length = length;
    *ret_head = 2 + extra + FRAME_MASK_SIZE;
    return ERR_NONE;
}

enum err link_frame_read(uint8_t *bytes, size_t size, size_t payload_max,
                         struct link_frame *ret_frame)
{
    if (size < 2) {
        return ERR_END;
    }
    const unsigned opcode = bytes[0] & 0x0F;
    const bool is_final = (bytes[0] & 0x80) != 0;
    const bool is_control = opcode >= LINK_OPCODE_CLOSE;
    if ((bytes[0] & 0x70) != 0 || !frame_opcode_is_known(opcode) || (bytes[1] & 0x80) == 0 ||
        (is_control && (!is_final || (bytes[1] & 0x7F) > FRAME_CONTROL_MAX))) {
        return ERR_SYNTAX;
    }
    uint64_t length;
    size_t head;
    const enum err err = frame_read_length(bytes, size, &length, &head);
    if (err != ERR_NONE) {
        return err;
    }
    if (length > payload_max) {
        return ERR_LIMIT;
    }
    if (size < head + length) {
        return ERR_END;
    }
    for (size_t i = 0; i < length; i++) {
        bytes[head + i] ^= bytes[head - FRAME_MASK_SIZE + i % FRAME_MASK_SIZE];
    }
    *ret_frame = (struct link_frame){.opcode = (enum link_opcode)opcode,
                                     .is_final = is_final,
                                     .payload = bytes + head,
                                     .payload_size = (size_t)length,
                                     .size = head + (size_t)length};
    return ERR_NONE;
}

void link_frame_write(struct text *out, enum link_opcode opcode, const void *payload, size_t size)
{
    uint8_t head[LINK_FRAME_HEAD_MAX] = {(uint8_t)(0x80 | opcode)};
    const size_t extra = size > UINT16_MAX ? 8 : size > FRAME_CONTROL_MAX ? 2 : 0;
    head[1] = extra == 8 ? FRAME_LENGTH_64 : extra == 2 ? FRAME_LENGTH_16 : (uint8_t)size;
    for (size_t i = 0; i < extra; i++) {
        head[2 + i] = (uint8_t)((uint64_t)size >> 8 * (extra - 1 - i));
    }
    text_append(out, (const char *)head, 2 + extra);
    text_append(out, payload, size);
}

void link_frame_write_close(struct text *out, enum link_close code)
{
    const uint8_t payload[2] = {(uint8_t)((unsigned)code >> 8), (uint8_t)code};
    link_frame_write(out, LINK_OPCODE_CLOSE, payload, sizeof(payload));
}
