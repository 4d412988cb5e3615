#include "tests/simulation/chance.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

static const struct {
    const char *name;
    uint32_t rate_max;
} chance_table[CHANCE_VENUE] = {
#define CHANCE_ROW(name, text, rate) {text, rate},
    CHANCES(CHANCE_ROW)
#undef CHANCE_ROW
};

const char *chance_name(enum chance chance)
{
    static char names[VENUE_FAULT_COUNT][64];
    if (chance < CHANCE_VENUE) {
        return chance_table[chance].name;
    }
    char *name = names[chance - CHANCE_VENUE];
    (void)snprintf(name, sizeof(names[0]), "venue.%s",
                   venue_fault_name((enum venue_fault)(chance - CHANCE_VENUE)));
    return name;
}

enum chance chance_find(const char *name)
{
    unsigned chance = 0;
    while (chance < CHANCE_COUNT && strcmp(chance_name((enum chance)chance), name) != 0) {
        chance++;
    }
    return (enum chance)chance;
}

void chances_draw(struct chances *chances, uint64_t seed)
{
    *chances = (struct chances){0};
    venue_faults_draw(&chances->venue, seed);
    struct prng prng;
    prng_init(&prng, seed);
    /* Some worlds are quiet, so that what a single fault does is seen too. */
    const uint64_t one_in = prng_between(&prng, 1, 4) == 1 ? 6 : 2;
    for (unsigned i = 0; i < CHANCE_COUNT; i++) {
        const bool is_chosen = prng_below(&prng, one_in) == 0;
        const uint32_t rate = i < CHANCE_VENUE
                                  ? 1 + (uint32_t)prng_below(&prng, chance_table[i].rate_max)
                                  : chances->venue.rates[i - CHANCE_VENUE];
        chances->rates[i] = is_chosen || i >= CHANCE_VENUE ? rate : 0;
        chances->windows[i].until_ns = INT64_MAX;
        prng_init(&chances->prngs[i], seed * CHANCE_COUNT + i);
    }
    if (one_in > 2) {
        for (unsigned i = CHANCE_VENUE; i < CHANCE_COUNT; i++) {
            chances->rates[i] = prng_below(&prng, 3) == 0 ? chances->rates[i] : 0;
        }
    }
}

bool chance_is_open(const struct chances *chances, enum chance chance)
{
    const struct chance_window *window = &chances->windows[chance];
    return !chances->is_calm && chances->rates[chance] > 0 && window->from_ns <= chances->now_ns &&
           chances->now_ns < window->until_ns;
}

static void chance_note(struct chances *chances, enum chance chance)
{
    if (chances->strikes[chance]++ == 0) {
        chances->first_ns[chance] = chances->now_ns;
    }
    chances->last_ns[chance] = chances->now_ns;
}

/* The venue draws by itself: what it did since is noted, and its rates are set. */
static void chances_follow_venue(struct chances *chances)
{
    for (unsigned i = 0; i < VENUE_FAULT_COUNT; i++) {
        const enum chance chance = (enum chance)(CHANCE_VENUE + i);
        while (chances->strikes[chance] < chances->venue.strikes[i]) {
            chance_note(chances, chance);
        }
        chances->venue.rates[i] = chance_is_open(chances, chance) ? chances->rates[chance] : 0;
    }
}

void chances_move(struct chances *chances, int64_t now_ns)
{
    chances_follow_venue(chances);
    chances->now_ns = now_ns;
    chances_follow_venue(chances);
}

void chances_calm(struct chances *chances)
{
    chances->is_calm = true;
    chances_follow_venue(chances);
}

bool chance_strikes(struct chances *chances, enum chance chance)
{
    ASSERT(chance < CHANCE_VENUE);
    const bool is_drawn =
        prng_below(&chances->prngs[chance], CHANCE_RATE_MAX) < chances->rates[chance];
    if (!is_drawn || !chance_is_open(chances, chance)) {
        return false;
    }
    chance_note(chances, chance);
    return true;
}

bool chance_takes_place(struct chances *chances, enum chance chance)
{
    if (!chance_is_open(chances, chance)) {
        return false;
    }
    chance_note(chances, chance);
    return true;
}

int64_t chance_between(struct chances *chances, enum chance chance, int64_t low, int64_t high)
{
    return prng_between(&chances->prngs[chance], low, high);
}
