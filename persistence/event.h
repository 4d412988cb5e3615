/*
 * persistence/event.h - a record as JSON: the journal's payload and the event on the wire.
 *
 * Event: `TOPIC SPACE JSON`; keys v, run, seq, ts (microseconds), type, controller_id,
 * executor_id, data, in this order; money is a decimal string.
 *
 * Threads: pure.
 */
#ifndef TUTTI_PERSISTENCE_EVENT_H
#define TUTTI_PERSISTENCE_EVENT_H

#include "base/text.h"
#include "persistence/record.h"

/* Writes the "data" object of the record into an empty text. It holds everything the tables are
 * derived from, so that they can be rebuilt from the journal; what exists only for that stands
 * last. Instants in it are named _ns and are nanoseconds. */
void event_print_data(const struct record *record, struct text *out);

/* Writes the whole event around data that event_print_data() has written, into an empty text. */
void event_print(const char *run, const struct record *record, const char *data, struct text *out);

/* What stands around the data. Texts are borrowed. */
struct event_head {
    const char *run;
    uint64_t seq;
    int64_t ts_ns;
    const char *type; /* As record_kind_type(). */
    const char *controller_id;
    const char *executor_id;
};

/* The same from a stored journal row. */
void event_print_stored(const struct event_head *head, const char *data, struct text *out);

#endif
