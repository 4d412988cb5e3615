#include <string.h>

#include "actors/roles/orchestrator_reconciler.h"
#include "base/log.h"

static struct decimal balances_expected(const struct orchestrator *orch, uint32_t venue,
                                        const char *asset)
{
    const struct account *account = &orch->accounts[venue];
    struct decimal expected = DECIMAL_ZERO;
    for (size_t i = 0; i < account->count; i++) {
        if (strcmp(account->assets[i].asset, asset) == 0) {
            expected = account->assets[i].total;
        }
    }
    return expected;
}

enum err books_adopt_balances(struct orchestrator *orch, uint32_t venue,
                              const struct balance *balances, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *name = arena_copy(&orch->names, balances[i].asset, strlen(balances[i].asset));
        if (name == NULL) {
            return ERR_MEMORY;
        }
        struct account_asset *asset = books_asset(orch, venue, name);
        if (asset == NULL) {
            return ERR_LIMIT;
        }
        asset->total = balances[i].total;
    }
    return ERR_NONE;
}

uint32_t books_find_differences(struct orchestrator *orch, uint32_t venue,
                                const struct balance *balances, uint32_t count, struct text *out)
{
    uint32_t differences = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct decimal expected = balances_expected(orch, venue, balances[i].asset);
        if (!decimal_equal(expected, balances[i].total)) {
            json_key(out, balances[i].asset);
            json_decimal(out, decimal_subtract(balances[i].total, expected));
            differences++;
        }
    }
    return differences;
}

static void balances_compare(struct orchestrator *orch, uint32_t venue,
                             const struct balance *balance)
{
    const struct decimal expected = balances_expected(orch, venue, balance->asset);
    if (decimal_equal(expected, balance->total)) {
        return;
    }
    char venue_has[DECIMAL_TEXT_MAX];
    char fills_say[DECIMAL_TEXT_MAX];
    (void)decimal_print(balance->total, venue_has);
    (void)decimal_print(expected, fills_say);
    orch->given.outcome->is_balanced = false;
    log_line(LOG_ERROR, "orchestrator",
             "%s balance of the venue is %s, but opening balance and fills give %s", balance->asset,
             venue_has, fills_say);
}

/* When every executor has ended nothing is set aside for one; what is, is told under "reserved". */
static void balances_check_reserved(struct orchestrator *orch, uint32_t venue, struct text *found)
{
    const struct account *account = &orch->accounts[venue];
    struct text left = {0};
    json_object_begin(&left);
    for (size_t i = 0; i < account->count && orch->active_count == 0; i++) {
        const struct account_asset *asset = &account->assets[i];
        if (decimal_sign(asset->reserved) == 0) {
            continue;
        }
        char reserved[DECIMAL_TEXT_MAX];
        (void)decimal_print(asset->reserved, reserved);
        json_key(&left, asset->asset);
        json_decimal(&left, asset->reserved);
        orch->given.outcome->is_balanced = false;
        log_line(LOG_ERROR, "orchestrator",
                 "%s %s are still set aside, and there is no executor any more", reserved,
                 asset->asset);
    }
    json_object_end(&left);
    found->failed |= text_failed(&left);
    if (left.length > sizeof("{}") - 1) {
        json_put_raw(found, "reserved", text_string(&left));
    }
    text_done(&left);
}

enum err books_on_balances(struct orchestrator *orch, const struct message_balances *balances)
{
    struct venue_link *link = &orch->links[balances->venue];
    struct text found = {0};
    json_object_begin(&found);
    if (link->is_remote && !link->has_balances && !balances->is_unreachable) {
        /* The run ends before its first reconciliation: there is nothing to compare with. */
        link->has_balances = true;
        const enum err adopted =
            books_adopt_balances(orch, balances->venue, balances->items, balances->count);
        if (adopted != ERR_NONE) {
            text_done(&found);
            return adopted;
        }
    }
    for (uint32_t i = 0; i < balances->count; i++) {
        balances_compare(orch, balances->venue, &balances->items[i]);
        json_key(&found, balances->items[i].asset);
        json_decimal(&found, balances->items[i].total);
    }
    balances_check_reserved(orch, balances->venue, &found);
    json_object_end(&found);
    const struct venue_section *section =
        (const struct venue_section *)orch->given.config->file.venues.items + balances->venue;
    const enum err err = text_failed(&found)
                             ? ERR_MEMORY
                             : journal_note(orch, RECORD_VENUE_RECONCILED, section->name,
                                            balances->is_unreachable           ? "unreachable"
                                            : orch->given.outcome->is_balanced ? "balanced"
                                                                               : "different",
                                            text_string(&found));
    text_done(&found);
    return err;
}
