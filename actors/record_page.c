#include "actors/record_page.h"

#include <string.h>

#include "actors/messages.h"

/* In front of each record: bytes until the next one. */
struct record_lead {
    alignas(struct record) size_t size;
};

static size_t record_page_round(size_t size)
{
    return (size + alignof(struct record) - 1) / alignof(struct record) * alignof(struct record);
}

/* An empty page with that much room, a whole number of places for records. */
static nng_msg *record_page_of(int64_t now_ns, size_t room)
{
    ASSERT(room % alignof(struct record) == 0);
    nng_msg *message = message_create(MESSAGE_RECORDS, now_ns, sizeof(struct record_page) + room);
    if (message != NULL) {
        struct record_page *page = message_body(message);
        page->size = (uint32_t)room;
        page->used = 0;
    }
    return message;
}

nng_msg *record_page_create(int64_t now_ns, const struct record *record)
{
    nng_msg *message = record_page_of(now_ns, RECORD_PAGE_BYTES - sizeof(struct record_page));
    if (message == NULL || record_page_add(message_body(message), record)) {
        return message;
    }
    message_destroy(message);
    message = record_page_of(now_ns, sizeof(struct record_lead) +
                                         record_page_round(record_packed_size(record)));
    if (message != NULL) {
        const bool is_added = record_page_add(message_body(message), record);
        ASSERT(is_added);
    }
    return message;
}

bool record_page_add(struct record_page *page, const struct record *record)
{
    const size_t left = page->size - page->used;
    if (left < sizeof(struct record_lead)) {
        return false;
    }
    struct record_lead *lead = (struct record_lead *)(void *)(page->room + page->used);
    const size_t packed = record_pack(record, lead + 1, left - sizeof(*lead));
    if (packed == 0) {
        return false;
    }
    lead->size = sizeof(*lead) + record_page_round(packed);
    page->used += (uint32_t)lead->size;
    return true;
}

struct record *record_page_at(struct record_page *page, uint32_t place, uint32_t *ret_next)
{
    ASSERT(place < page->used);
    struct record_lead *lead = (struct record_lead *)(void *)(page->room + place);
    *ret_next = place + (uint32_t)lead->size;
    return (struct record *)(void *)(lead + 1);
}
