#include "market/book_sync.h"

#include <stdlib.h>
#include <string.h>

static void book_sync_forget(struct book_sync *sync, size_t count)
{
    ASSERT(count <= sync->waiting_count);
    for (size_t i = 0; i < count; i++) {
        free(sync->waiting[i].changes);
    }
    sync->waiting_count -= count;
    if (count > 0) {
        memmove(sync->waiting, sync->waiting + count, sync->waiting_count * sizeof(*sync->waiting));
    }
}

void book_sync_done(struct book_sync *sync)
{
    book_sync_forget(sync, sync->waiting_count);
    free(sync->waiting);
    book_done(&sync->book);
    *sync = (struct book_sync){0};
}

/* The book can no longer be trusted. */
static enum err book_sync_lose(struct book_sync *sync, enum err err)
{
    book_clear(&sync->book);
    sync->is_synchronized = false;
    return err;
}

static enum err book_sync_wait(struct book_sync *sync, const struct book_message *message)
{
    if (sync->waiting == NULL) {
        sync->waiting = calloc(BOOK_SYNC_WAITING_MAX, sizeof(*sync->waiting));
    }
    struct book_change *changes = malloc((message->change_count + 1) * sizeof(*changes));
    if (sync->waiting == NULL || changes == NULL) {
        free(changes);
        return ERR_MEMORY;
    }
    if (message->change_count > 0) {
        memcpy(changes, message->changes, message->change_count * sizeof(*changes));
    }
    const bool is_full = sync->waiting_count == BOOK_SYNC_WAITING_MAX;
    book_sync_forget(sync, is_full ? 1 : 0);
    struct book_waiting *waiting = &sync->waiting[sync->waiting_count++];
    *waiting = (struct book_waiting){.message = *message, .changes = changes};
    waiting->message.changes = changes;
    return is_full ? ERR_LIMIT : ERR_NONE;
}

/* Some venues count every update, so that a message begins right after the last; others give the
 * last id of the message before. The first one after a snapshot may overlap with it. */
static bool book_sync_follows(const struct book_sync *sync, const struct book_message *message)
{
    if (sync->change_count == 0 && message->first_update_id <= sync->last_update_id + 1) {
        return true;
    }
    return message->prev_last_update_id != 0 ? message->prev_last_update_id == sync->last_update_id
                                             : message->first_update_id == sync->last_update_id + 1;
}

static enum err book_sync_set_all(struct book_sync *sync, const struct book_message *message)
{
    for (size_t i = 0; i < message->change_count; i++) {
        const enum err err = book_set(&sync->book, &message->changes[i]);
        if (err != ERR_NONE) {
            return book_sync_lose(sync, err);
        }
    }
    sync->last_update_id = message->last_update_id;
    return ERR_NONE;
}

static enum err book_sync_change(struct book_sync *sync, const struct book_message *message)
{
    if (message->last_update_id <= sync->last_update_id) {
        sync->stale_count++;
        return ERR_NONE;
    }
    if (!book_sync_follows(sync, message)) {
        sync->gap_count++;
        return book_sync_lose(sync, ERR_STATE);
    }
    sync->change_count++;
    return book_sync_set_all(sync, message);
}

static enum err book_sync_begin(struct book_sync *sync, const struct book_message *snapshot)
{
    book_clear(&sync->book);
    enum err err = book_sync_set_all(sync, snapshot);
    if (err != ERR_NONE) {
        return err;
    }
    sync->is_synchronized = true;
    sync->change_count = 0;
    for (size_t i = 0; i < sync->waiting_count && err == ERR_NONE; i++) {
        err = book_sync_change(sync, &sync->waiting[i].message);
    }
    book_sync_forget(sync, sync->waiting_count);
    return err;
}

static bool book_sync_is_valid(const struct book_message *message)
{
    for (size_t i = 0; i < message->change_count; i++) {
        const struct book_change *change = &message->changes[i];
        if (!decimal_is_valid(change->price) || !decimal_is_valid(change->amount) ||
            decimal_sign(change->price) <= 0 || decimal_sign(change->amount) < 0) {
            return false;
        }
    }
    return true;
}

enum err book_sync_apply(struct book_sync *sync, const struct book_message *message)
{
    if (!book_sync_is_valid(message)) {
        return ERR_RANGE;
    }
    if (message->is_snapshot) {
        return book_sync_begin(sync, message);
    }
    if (!sync->is_synchronized) {
        return book_sync_wait(sync, message);
    }
    const enum err err = book_sync_change(sync, message);
    /* What revealed a gap may follow the next snapshot. */
    return err == ERR_STATE && book_sync_wait(sync, message) == ERR_MEMORY ? ERR_MEMORY : err;
}
