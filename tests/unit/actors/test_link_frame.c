/* WebSocket frames: each length, what is refused, and the answer of the handshake. */
#include "actors/link_frame.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"

enum { PAYLOAD_MAX = 70000 };

START_TEST(handshake_of_the_standard)
{
    char accept[LINK_ACCEPT_TEXT_MAX];
    ck_assert(link_frame_accept("dGhlIHNhbXBsZSBub25jZQ==", accept)); /* RFC 6455, 1.3. */
    ck_assert_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    ck_assert(!link_frame_accept("", accept));
    ck_assert(!link_frame_accept("dGhlIHNhbXBsZSBub25jZQ=", accept));
    ck_assert(!link_frame_accept("dGhlIHNhbXBsZSBub25jZSEhISEh", accept));
    ck_assert(!link_frame_accept("!!!!!!!!!!!!!!!!!!!!!!!!", accept));
}
END_TEST

/* Turns a server's frame into a client's: the mask bit and four bytes of mask. */
static size_t mask_frame(const struct text *frame, size_t payload, uint8_t *out)
{
    const size_t head = frame->length - payload;
    const uint8_t mask[4] = {0x11, 0x22, 0x33, 0x44};
    memcpy(out, frame->data, head);
    out[1] |= 0x80;
    memcpy(out + head, mask, 4);
    for (size_t i = 0; i < payload; i++) {
        out[head + 4 + i] = (uint8_t)frame->data[head + i] ^ mask[i % 4];
    }
    return frame->length + 4;
}

static const size_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, PAYLOAD_MAX};

START_TEST(written_frame_is_read_back)
{
    const size_t length = lengths[_i];
    char *payload = malloc(PAYLOAD_MAX);
    uint8_t *bytes = malloc(PAYLOAD_MAX + LINK_FRAME_HEAD_MAX + 1);
    memset(payload, 'p', PAYLOAD_MAX);
    struct text frame = {0};
    link_frame_write(&frame, LINK_OPCODE_TEXT, payload, length);
    const size_t size = mask_frame(&frame, length, bytes);
    struct link_frame read;
    ck_assert_int_eq(link_frame_read(bytes, size - 1, PAYLOAD_MAX, &read), ERR_END);
    if (length > 0) {
        ck_assert_int_eq(link_frame_read(bytes, size, length - 1, &read), ERR_LIMIT);
    }
    ck_assert_int_eq(link_frame_read(bytes, size + 1, length, &read), ERR_NONE);
    ck_assert_int_eq(read.opcode, LINK_OPCODE_TEXT);
    ck_assert(read.is_final);
    ck_assert_uint_eq(read.size, size);
    ck_assert_uint_eq(read.payload_size, length);
    ck_assert(length == 0 || memcmp(read.payload, payload, length) == 0);
    text_done(&frame);
    free(bytes);
    free(payload);
}
END_TEST

static const struct {
    uint8_t bytes[14];
    size_t size;
    enum err err;
} cases[] = {
    {{0x81}, 1, ERR_END},
    {{0x81, 0x00}, 2, ERR_SYNTAX}, /* No mask. */
    {{0x91, 0x80}, 2, ERR_SYNTAX}, /* Reserved bits. */
    {{0xA1, 0x80}, 2, ERR_SYNTAX},
    {{0xC1, 0x80}, 2, ERR_SYNTAX},
    {{0x83, 0x80}, 2, ERR_SYNTAX}, /* Opcodes. */
    {{0x8B, 0x80}, 2, ERR_SYNTAX},
    {{0x09, 0x80}, 2, ERR_SYNTAX}, /* A ping in parts. */
    {{0x89, 0xFE}, 2, ERR_SYNTAX}, /* A long ping. */
    {{0x81, 0xFE, 0}, 3, ERR_END},
    {{0x81, 0xFE, 0, 125}, 4, ERR_SYNTAX}, /* Not shortest. */
    {{0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 10, ERR_SYNTAX},
    {{0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0}, 10, ERR_LIMIT},
    {{0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, 10, ERR_LIMIT},
    {{0x81, 0x81, 0, 0, 0, 0}, 6, ERR_END},
};

START_TEST(frame_is_refused_or_waited_for)
{
    uint8_t *bytes = malloc(cases[_i].size); /* Of its own size, for the sanitizer. */
    memcpy(bytes, cases[_i].bytes, cases[_i].size);
    struct link_frame frame;
    ck_assert_int_eq(link_frame_read(bytes, cases[_i].size, 65535, &frame), cases[_i].err);
    ck_assert_mem_eq(bytes, cases[_i].bytes, cases[_i].size);
    free(bytes);
}
END_TEST

START_TEST(close_frame_has_its_code)
{
    struct text out = {0};
    link_frame_write_close(&out, LINK_CLOSE_TRY_LATER);
    ck_assert_uint_eq(out.length, 4);
    ck_assert_mem_eq(out.data, "\x88\x02\x03\xF5", 4); /* 1013 */
    text_done(&out);
}
END_TEST

/* Whatever comes, nothing is read or claimed beyond it. */
START_TEST(random_bytes_stay_within_bounds)
{
    struct prng prng;
    prng_init(&prng, 6455);
    for (int i = 0; i < 100000; i++) {
        const size_t size = (size_t)(prng_next(&prng) % 24);
        uint8_t *bytes = malloc(size + (size == 0));
        for (size_t k = 0; k < size; k++) {
            bytes[k] = (uint8_t)prng_next(&prng);
        }
        if (size > 1) {
            bytes[0] &= 0x8F;
            bytes[1] |= 0x80;
        }
        struct link_frame frame;
        if (link_frame_read(bytes, size, 64, &frame) == ERR_NONE) {
            ck_assert_uint_le(frame.size, size);
            ck_assert_ptr_eq(frame.payload + frame.payload_size, bytes + frame.size);
        }
        free(bytes);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link_frame");
    TCase *tcase = tcase_create("frames");
    tcase_add_test(tcase, handshake_of_the_standard);
    tcase_add_loop_test(tcase, written_frame_is_read_back, 0,
                        (int)(sizeof(lengths) / sizeof(lengths[0])));
    tcase_add_loop_test(tcase, frame_is_refused_or_waited_for, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tcase, close_frame_has_its_code);
    tcase_add_test(tcase, random_bytes_stay_within_bounds);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
