/*
 * persistence/checksum.h - the chain of hashes through the journal.
 *
 * The checksum of a row is BLAKE2b-256 over the checksum of the row before it and all fields of
 * the row. A changed, removed, added or reordered row therefore breaks the chain at that place,
 * and whoever has noted one checksum has noted the whole journal up to it. It is no signature:
 * who can write the file can compute a new chain.
 *
 * Threads: pure.
 */
#ifndef TUTTI_PERSISTENCE_CHECKSUM_H
#define TUTTI_PERSISTENCE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum { CHECKSUM_SIZE = 32 };

struct checksum {
    unsigned char bytes[CHECKSUM_SIZE];
};

/* Before the first row. */
#define CHECKSUM_FIRST ((struct checksum){{0}})

/* A row of the journal without its checksum. Texts are borrowed and never NULL. */
struct journal_row {
    uint64_t seq;
    int64_t ts_ns;
    const char *kind; /* The event type. */
    const char *controller_id;
    const char *executor_id;
    const char *client_order_id;
    const char *payload;
};

/*
 * The checksum of a row that follows a row with checksum `previous`. Hashed are, in this order:
 * previous; seq, ts_ns and the lengths of the five texts as 64-bit little-endian numbers; the five
 * texts without NUL in the order of the struct. The lengths keep texts from running into each
 * other.
 */
struct checksum checksum_of(const struct checksum *previous, const struct journal_row *row);

#endif
