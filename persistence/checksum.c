#include "persistence/checksum.h"

#include <endian.h>
#include <sodium.h>
#include <string.h>

#include "base/assert.h"

enum { CHECKSUM_TEXTS = 5, CHECKSUM_NUMBERS = 2 + CHECKSUM_TEXTS };

struct checksum checksum_of(const struct checksum *previous, const struct journal_row *row)
{
    const char *const texts[CHECKSUM_TEXTS] = {row->kind, row->controller_id, row->executor_id,
                                               row->client_order_id, row->payload};
    size_t lengths[CHECKSUM_TEXTS];
    uint64_t numbers[CHECKSUM_NUMBERS];
    numbers[0] = htole64(row->seq);
    numbers[1] = htole64((uint64_t)row->ts_ns);
    for (size_t i = 0; i < CHECKSUM_TEXTS; i++) {
        lengths[i] = strlen(texts[i]);
        numbers[2 + i] = htole64(lengths[i]);
    }

    crypto_generichash_state state;
    struct checksum checksum;
    int failed = crypto_generichash_init(&state, NULL, 0, CHECKSUM_SIZE);
    failed |= crypto_generichash_update(&state, previous->bytes, CHECKSUM_SIZE);
    failed |= crypto_generichash_update(&state, (const unsigned char *)numbers, sizeof(numbers));
    for (size_t i = 0; i < CHECKSUM_TEXTS; i++) {
        failed |= crypto_generichash_update(&state, (const unsigned char *)texts[i], lengths[i]);
    }
    failed |= crypto_generichash_final(&state, checksum.bytes, CHECKSUM_SIZE);
    ASSERT(failed == 0); /* BLAKE2b fails for wrong sizes only. */
    return checksum;
}
