#include "actors/record_page.h"

#include <string.h>

#include "actors/messages.h"

/* In front of each record: bytes until the next one. */
struct record_lead {
    alignas(struct record) size_t size;
};

static size_t page_size_of(const struct record *record)
{
    const size_t size = sizeof(struct record_lead) + record_packed_size(record);
    return (size + alignof(struct record) - 1) / alignof(struct record) * alignof(struct record);
}

nng_msg *record_page_create(int64_t now_ns, const struct record *record)
{
    const size_t needed = sizeof(struct record_page) + page_size_of(record);
    const size_t size = needed > RECORD_PAGE_BYTES ? needed : RECORD_PAGE_BYTES;
    nng_msg *message = message_create(MESSAGE_RECORDS, now_ns, size);
    if (message != NULL) {
        struct record_page *page = message_body(message);
        page->size = (uint32_t)(size - sizeof(*page));
        page->used = 0;
    }
    return message;
}

bool record_page_add(struct record_page *page, const struct record *record)
{
    const size_t size = page_size_of(record);
    if (size > page->size - page->used) {
        return false;
    }
    struct record_lead *lead = (struct record_lead *)(void *)(page->room + page->used);
    lead->size = size;
    (void)record_pack(record, lead + 1);
    page->used += (uint32_t)size;
    return true;
}

struct record *record_page_at(struct record_page *page, uint32_t place, uint32_t *ret_next)
{
    ASSERT(place < page->used);
    struct record_lead *lead = (struct record_lead *)(void *)(page->room + place);
    *ret_next = place + (uint32_t)lead->size;
    return (struct record *)(void *)(lead + 1);
}
