/*
 * actors/record_page.h - records on their way to the journal, several to a message.
 *
 * A page is the body of a MESSAGE_RECORDS. Each record stands where it was packed, with its texts
 * behind it (persistence/record.h); a message is never moved, so their pointers stay good.
 *
 * Threads: of whoever owns the message.
 */
#ifndef TUTTI_ACTORS_RECORD_PAGE_H
#define TUTTI_ACTORS_RECORD_PAGE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "mailbox/message.h"
#include "persistence/record.h"

struct record_page {
    uint32_t size; /* Bytes of room. */
    uint32_t used;
    alignas(struct record) unsigned char room[];
};

enum { RECORD_PAGE_BYTES = 4096 }; /* Of a page and its head, unless one record needs more. */

/* A message with a page that begins with the record. NULL: no memory. */
nng_msg *record_page_create(int64_t now_ns, const struct record *record);

/* Packs the record behind the others. False: there is no room left for it. */
bool record_page_add(struct record_page *page, const struct record *record);

/* The record that stands at `place` bytes of the room, below `used`; the first stands at 0.
 * *ret_next is the place behind it. */
struct record *record_page_at(struct record_page *page, uint32_t place, uint32_t *ret_next);

#endif
