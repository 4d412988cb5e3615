#include "tests/simulation/shrink.h"

#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "tests/simulation/apart.h"

/* A window that is as small as this is small enough. */
#define SHRINK_WINDOW_MIN_NS (20 * NS_PER_MS)

enum { SHRINK_ROUNDS_MAX = 3 };

struct shrinking {
    uint64_t seed;
    struct chance_window *windows; /* Borrowed: of the smallest failing play so far. */
    struct world_report *report;   /* Of that play. */
};

/* Whether the seed still fails with another window of one class; then it is kept. */
static bool shrink_try(struct shrinking *shrinking, unsigned chance, struct chance_window window)
{
    struct chance_window tried[CHANCE_COUNT];
    memcpy(tried, shrinking->windows, sizeof(tried));
    tried[chance] = window;
    const struct world_order order = {.seed = shrinking->seed, .windows = tried};
    struct world_report report;
    apart_play(&order, false, NULL, &report);
    if (report.verdict.text[0] == '\0') {
        return false;
    }
    shrinking->windows[chance] = window;
    *shrinking->report = report;
    return true;
}

/* The smallest window by bisection: the end comes down, then the beginning goes up. */
static void shrink_window(struct shrinking *shrinking, unsigned chance)
{
    struct chance_window *window = &shrinking->windows[chance];
    window->until_ns = shrinking->report->virtual_ns + 1;
    int64_t low_ns = window->from_ns;
    while (window->until_ns - low_ns > SHRINK_WINDOW_MIN_NS) {
        struct chance_window half = *window;
        half.until_ns = low_ns + (window->until_ns - low_ns) / 2;
        if (!shrink_try(shrinking, chance, half)) {
            low_ns = half.until_ns;
        }
    }
    int64_t high_ns = window->until_ns;
    while (high_ns - window->from_ns > SHRINK_WINDOW_MIN_NS) {
        struct chance_window half = *window;
        half.from_ns = window->from_ns + (high_ns - window->from_ns) / 2;
        if (!shrink_try(shrinking, chance, half)) {
            high_ns = half.from_ns;
        }
    }
}

static bool shrink_is_on(const struct shrinking *shrinking, unsigned chance)
{
    const struct chance_window *window = &shrinking->windows[chance];
    return window->until_ns > window->from_ns && shrinking->report->chances.rates[chance] > 0;
}

/* Turns classes off, and again those that were needed only for others. */
static void shrink_classes(struct shrinking *shrinking)
{
    bool is_smaller = true;
    for (int round = 0; round < SHRINK_ROUNDS_MAX && is_smaller; round++) {
        is_smaller = false;
        for (unsigned i = 0; i < CHANCE_COUNT; i++) {
            if (shrink_is_on(shrinking, i)) {
                is_smaller = shrink_try(shrinking, i, (struct chance_window){0}) || is_smaller;
            }
        }
    }
}

void shrink_seed(uint64_t seed, struct chance_window windows[CHANCE_COUNT],
                 struct world_report *report)
{
    struct shrinking shrinking = {.seed = seed, .windows = windows, .report = report};
    for (unsigned i = 0; i < CHANCE_COUNT; i++) {
        windows[i] = (struct chance_window){.until_ns = INT64_MAX};
    }
    const struct world_order order = {.seed = seed, .windows = windows};
    apart_play(&order, false, NULL, report);
    shrink_classes(&shrinking);
    for (unsigned i = 0; i < CHANCE_COUNT; i++) {
        if (shrink_is_on(&shrinking, i)) {
            shrink_window(&shrinking, i);
        }
    }
    shrink_classes(&shrinking);
}

void shrink_print(const struct chance_window windows[CHANCE_COUNT],
                  const struct world_report *report)
{
    for (unsigned i = 0; i < CHANCE_COUNT; i++) {
        if (windows[i].until_ns <= windows[i].from_ns || report->chances.rates[i] == 0) {
            continue;
        }
        (void)printf("  %-22s from %.3f s until %.3f s, struck %llu times\n",
                     chance_name((enum chance)i), (double)windows[i].from_ns / 1e9,
                     (double)windows[i].until_ns / 1e9,
                     (unsigned long long)report->chances.strikes[i]);
    }
}
