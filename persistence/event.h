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

#include <stddef.h>

#include "base/text.h"
#include "persistence/record.h"

/* Writes the "data" object of the record behind what the text holds, as its next value. It holds
 * everything the tables are derived from, so that they can be rebuilt from the journal; what exists
 * only for that stands last. Instants in it are named _ns and are nanoseconds. */
void event_print_data(const struct record *record, struct text *out);

/*
 * Writes the event of the record into an empty text, up to the end of its data, and returns where
 * in the text the data begins: until event_end() it is a string of its own there, the payload of
 * the journal, so that it is made once for both.
 */
size_t event_begin(const char *run, const struct record *record, struct text *out);

/* Makes a whole event of what event_begin() has written. */
void event_end(struct text *out);

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
