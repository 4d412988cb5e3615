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

/* Writes the "data" object of the record. */
void event_print_data(const struct record *record, struct text *out);

/* Writes the whole event around data that event_print_data() has written. */
void event_print(const char *run, const struct record *record, const char *data, struct text *out);

/* The same from a stored journal row. `type` as record_kind_type(). */
void event_print_stored(const char *run, uint64_t seq, int64_t ts_ns, const char *type,
                        const char *controller_id, const char *executor_id, const char *data,
                        struct text *out);

#endif
