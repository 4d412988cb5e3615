/*
 * market/venues/paper_queue.h - the requests on their way to one instrument, first in first out.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_QUEUE_H
#define TUTTI_MARKET_VENUES_PAPER_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "market/order.h"

enum paper_request_kind { PAPER_REQUEST_NEW, PAPER_REQUEST_CANCEL };

struct paper_request {
    enum paper_request_kind kind;
    uint32_t slot; /* NEW: where the order waits, which it leaves only after its arrival. */
    struct order_id id;
    int64_t arrives_at_ns;
};

struct paper_queue {
    struct paper_request *items; /* Owned ring. */
    size_t first;
    size_t count;
    size_t capacity; /* A power of two, or 0. */
    int64_t last_arrival_ns;
};

void paper_queue_done(struct paper_queue *queue);

/* Makes room for one more request. ERR_MEMORY. */
MUST_USE enum err paper_queue_reserve(struct paper_queue *queue);

/* Adds a request; there must be room. None arrives before the one that was sent before it. */
void paper_queue_put(struct paper_queue *queue, const struct paper_request *request);

/* The oldest request, or NULL. Borrowed until the next change. */
const struct paper_request *paper_queue_first(const struct paper_queue *queue);

/* Forgets the oldest request. */
void paper_queue_drop(struct paper_queue *queue);

#endif
