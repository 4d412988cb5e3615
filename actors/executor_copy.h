/*
 * actors/executor_copy.h - an executor as it stands at an instant, to be written out later.
 *
 * What a report says of an executor is JSON of a kilobyte or two, and nobody waits for it but the
 * journal. So the host copies the bytes, and the persistence actor makes the text, on a thread of
 * its own. The copy is one block that can be moved as it is.
 *
 * A copy borrows the configuration and the instruments: it must not be printed when they are gone.
 *
 * Threads: pure; a copy belongs to whoever has the message it lies in.
 */
#ifndef TUTTI_ACTORS_EXECUTOR_COPY_H
#define TUTTI_ACTORS_EXECUTOR_COPY_H

#include <stdalign.h>

#include "executors/executor.h"
#include "persistence/record.h"

enum { EXECUTOR_COPY_BYTES_MAX = 3072 }; /* With its record it fits a message that is recycled. */

struct executor_copy {
    struct executor_view view;
    size_t size;                                    /* Of the whole block. */
    alignas(struct executor) unsigned char bytes[]; /* The kind's state, and the orders. */
};

/* Writes what an executor says of itself: the object of its figures, and of its state what has
 * changed. Returns what executor_save_changes() does. */
size_t executor_print(const struct executor *executor, const struct executor_view *view,
                      struct text *info, struct text *state);

/* Bytes of a copy, a multiple of the alignment of one; 0 when there can be none: it would be too
 * large, or what the executor sees of its markets does not last. */
size_t executor_copy_size(const struct executor *executor, const struct executor_view *view);

/* Fills a block of executor_copy_size() bytes. */
void executor_copy_make(const struct executor *executor, const struct executor_view *view,
                        struct executor_copy *ret_copy);

/* What a record shows of the figures. */
void executor_put_figures(const struct executor_report *figures, struct record_executor *record);

/* Gives the record of an executor that travels as a copy its figures and its texts, custom_info and
 * state, which are written into two texts of the caller's; leaves all other records as they are.
 * ERR_MEMORY. */
MUST_USE enum err executor_copy_unfold(struct record *record, struct text *info,
                                       struct text *state);

#endif
