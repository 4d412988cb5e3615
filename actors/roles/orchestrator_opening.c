#include "actors/roles/orchestrator_guard.h"
#include "actors/roles/orchestrator_parts.h"

/* Puts a position into the book, before any fill of it. */
static enum err opening_put(struct orchestrator *orch, const char *controller,
                            const struct instrument *instrument, const struct fill *bought)
{
    uint32_t number;
    enum err err = books_controller(orch, controller, &number);
    if (err != ERR_NONE) {
        return err;
    }
    struct position *position = position_book_get(orch->positions, number, instrument->index, 0);
    err = position != NULL ? position_open(position, bought->amount, bought->price) : ERR_MEMORY;
    if (err != ERR_NONE) {
        return err;
    }
    orch->controllers[number].is_changed = true;
    const struct booking booking = {.instrument = instrument};
    err = guard_on_owned(orch, number, &booking, bought);
    struct record record = {.kind = RECORD_POSITION_OPENED,
                            .controller_id = controller,
                            .executor_id = "",
                            .data.position = {.venue = instrument->venue_name,
                                              .trading_pair = instrument->trading_pair,
                                              .amount = position->amount,
                                              .average_price = position->average_price}};
    return err == ERR_NONE ? journal_add(orch, &record) : err;
}

enum err opening_begin(struct orchestrator *orch)
{
    const struct field_list *list = &orch->given.config->file.initial_positions;
    const struct opening_section *sections = list->items;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < list->count && err == ERR_NONE; i++) {
        const struct fill bought = {
            .side = SIDE_BUY, .amount = sections[i].amount, .price = sections[i].average_price};
        err = opening_put(orch, sections[i].controller_id,
                          run_config_find_instrument(orch->given.config, sections[i].venue,
                                                     sections[i].trading_pair),
                          &bought);
    }
    return err;
}

enum err opening_restore(struct orchestrator *orch, const struct record *record)
{
    const struct record_position *given = &record->data.position;
    const struct instrument *instrument =
        run_config_find_instrument(orch->given.config, given->venue, given->trading_pair);
    const struct fill bought = {
        .side = SIDE_BUY, .amount = given->amount, .price = given->average_price};
    return instrument != NULL ? opening_put(orch, record->controller_id, instrument, &bought)
                              : ERR_CORRUPT;
}
