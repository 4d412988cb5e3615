/*
 * persistence/event_read.h - a stored journal row back to the record it was made from.
 *
 * The reverse of persistence/event.h: what event_print_data() writes is read here, so that tables
 * are rebuilt by the code that made them. The row may hold anything: it is refused with the name of
 * the member that cannot be read. Members that are not there are 0 and NULL, unknown ones are left
 * aside.
 *
 * Ownership: the texts of the record lie in the caller's memory or are those of the row.
 * Threads: pure.
 */
#ifndef TUTTI_PERSISTENCE_EVENT_READ_H
#define TUTTI_PERSISTENCE_EVENT_READ_H

#include <stddef.h>

#include "base/err.h"
#include "persistence/checksum.h"
#include "persistence/record.h"

/* Bytes of memory that event_read() needs for a row. */
size_t event_read_size(const struct journal_row *row);

/*
 * Reads the row into *ret_record. `memory` has event_read_size() bytes and must live as long as the
 * record. Not in a row: has_more (false), the instrument's index of a fill (0).
 * ERR_CORRUPT: an unknown kind, a payload that is no JSON object, or a member that is not what its
 * name says; the failure begins with the member's name, without the file and the record.
 */
MUST_USE enum err event_read(const struct journal_row *row, char *memory, struct record *ret_record,
                             struct failure *failure);

#endif
