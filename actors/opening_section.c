#include "actors/opening_section.h"

#include <stdio.h>
#include <string.h>

#include "actors/run_config.h"

const struct field opening_section_fields[] = {
    {.name = "controller_id",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct opening_section, controller_id),
     .default_text = "main",
     .doc = "Whose it is."},
    {.name = "venue",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct opening_section, venue),
     .is_required = true,
     .doc = "Where it is; the venue's balances hold it as well."},
    {.name = "trading_pair",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct opening_section, trading_pair),
     .is_required = true,
     .doc = "A spot instrument of that venue."},
    {.name = "amount",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct opening_section, amount),
     .is_required = true,
     .unit = "base",
     .min = "0",
     .min_excluded = true,
     .doc = "How much is owned."},
    {.name = "average_price",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct opening_section, average_price),
     .is_required = true,
     .unit = "quote",
     .min = "0",
     .min_excluded = true,
     .doc = "What a unit of it has cost: profit and loss are counted from there."},
    {0},
};

static bool opening_is_repeated(const struct opening_section *sections, size_t index)
{
    const struct opening_section *section = &sections[index];
    for (size_t i = 0; i < index; i++) {
        if (strcmp(sections[i].controller_id, section->controller_id) == 0 &&
            strcmp(sections[i].venue, section->venue) == 0 &&
            strcmp(sections[i].trading_pair, section->trading_pair) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL, or what is wrong with one of them. */
static const char *opening_problem(const struct run_config *config, size_t index)
{
    const struct opening_section *sections = config->file.initial_positions.items;
    const struct instrument *instrument =
        run_config_find_instrument(config, sections[index].venue, sections[index].trading_pair);
    if (instrument == NULL) {
        return "no such instrument on that venue: add it to instruments";
    }
    if (instrument->is_perpetual) {
        return "a perpetual position is opened by fills only: name a spot instrument";
    }
    return opening_is_repeated(sections, index)
               ? "this controller's position is listed before: add the amounts up"
               : NULL;
}

void opening_section_check(const struct run_config *config, const struct node *root,
                           struct problems *problems)
{
    const struct node *list = node_get(root, "initial_positions");
    for (size_t i = 0; i < config->file.initial_positions.count; i++) {
        const char *problem = opening_problem(config, i);
        if (problem != NULL) {
            const struct node *node = list->items[i];
            char path[FIELD_PATH_MAX];
            (void)snprintf(path, sizeof(path), "initial_positions[%zu].trading_pair", i);
            problems_add(problems, node->line, node->column, path, "%s", problem);
        }
    }
}
