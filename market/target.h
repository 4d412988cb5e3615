/*
 * market/target.h - the most that an executor may open, by its configuration alone.
 *
 * What an executor asks for is its own decision; this is what it is held to, whatever it asks for.
 * On each of its markets what it opens counts: filled, or live. An order that hedges counts too,
 * on the market of the hedge, unless it brings what is owned nearer to nothing.
 *
 * Threads: values only.
 */
#ifndef TUTTI_MARKET_TARGET_H
#define TUTTI_MARKET_TARGET_H

#include "base/decimal.h"

enum target_kind {
    TARGET_NONE = 0, /* The configuration does not say it. */
    TARGET_BASE,     /* Ever opened, in base: what was closed again stays counted. */
    TARGET_QUOTE,    /* The same in quote: at its fills' prices, and live at its own price. */
    TARGET_OPEN,     /* Open at a time, in base: what was closed may be opened again. */
};

struct target {
    enum target_kind kind;
    struct decimal amount; /* Invalid: nothing may be opened. */
};

#endif
