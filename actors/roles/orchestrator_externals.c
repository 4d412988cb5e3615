#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_parts.h"

enum err externals_take(struct orchestrator *orch, const struct fill *fill, bool *ret_is_new)
{
    for (uint32_t i = 0; i < orch->external_count; i++) {
        const struct external_fill *known = &orch->externals[i];
        if (known->instrument == fill->instrument &&
            strncmp(known->trade_id, fill->trade_id, TRADE_ID_MAX) == 0) {
            *ret_is_new = false;
            return ERR_NONE;
        }
    }
    if (orch->external_count == orch->external_capacity) {
        const uint32_t capacity =
            orch->external_capacity != 0 ? orch->external_capacity * 2 : EXTERNALS_FIRST;
        struct external_fill *externals =
            capacity <= EXTERNALS_MAX ? realloc(orch->externals, capacity * sizeof(*externals))
                                      : NULL;
        if (externals == NULL) {
            return ERR_LIMIT;
        }
        orch->externals = externals;
        orch->external_capacity = capacity;
    }
    struct external_fill *added = &orch->externals[orch->external_count++];
    added->instrument = fill->instrument;
    memcpy(added->trade_id, fill->trade_id, TRADE_ID_MAX);
    *ret_is_new = true;
    return ERR_NONE;
}

/* Books a fill that nobody here asked for; it opens, as far as anybody knows. */
static enum err externals_book(struct orchestrator *orch, const struct fill *fill)
{
    const struct instrument *instrument = &orch->given.config->instruments[fill->instrument];
    const struct booking booking = {
        .instrument = instrument,
        .side = instrument_position_side(instrument, fill->side, POSITION_ACTION_OPEN)};
    const enum err err = books_move_account(orch, &booking, fill);
    return err == ERR_NONE ? books_apply_fill(orch, &booking, fill) : err;
}

enum err externals_on_update(struct orchestrator *orch, const struct venue_update *update)
{
    char text[ORDER_ID_TEXT_MAX];
    (void)order_id_print(update->order, text);
    const bool is_fill = update->kind == VENUE_FILL &&
                         update->fill.instrument < orch->given.config->instrument_count;
    struct record record = {.kind = RECORD_RUN_DEGRADED,
                            .controller_id = "",
                            .executor_id = "",
                            .data.run = {.subject = "venue",
                                         .since_ns = orch->now_ns,
                                         .effect = is_fill
                                                       ? "a fill of an unknown order is booked as "
                                                         "EXTERNAL"
                                                       : "an update of an unknown order changes "
                                                         "nothing",
                                         .reason = text}};
    bool is_new = false;
    enum err err = is_fill ? externals_take(orch, &update->fill, &is_new) : ERR_NONE;
    if (err == ERR_NONE) {
        err = journal_add(orch, &record);
    }
    return err == ERR_NONE && is_new ? externals_book(orch, &update->fill) : err;
}
