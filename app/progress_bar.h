/*
 * app/progress_bar.h - how far, how fast, how long still: one line on a terminal.
 *
 * Drawn on stderr when that is a terminal, at most ten times a second; otherwise nothing.
 *
 * Threads: one caller at a time.
 */
#ifndef TUTTI_APP_PROGRESS_BAR_H
#define TUTTI_APP_PROGRESS_BAR_H

#include <stdbool.h>
#include <stdint.h>

enum { PROGRESS_BAR_TITLE_MAX = 40 };

struct progress_bar {
    char title[PROGRESS_BAR_TITLE_MAX];
    bool is_terminal;
    bool is_drawn;
    int64_t started_ns;
    int64_t drawn_ns;
};

void progress_bar_init(struct progress_bar *bar, const char *title);

/* done of total `unit`s. */
void progress_bar_show(struct progress_bar *bar, uint64_t done, uint64_t total, const char *unit);

/* Clears the line. */
void progress_bar_done(struct progress_bar *bar);

/* Nanoseconds of a clock that never goes back, for rates. */
int64_t progress_clock_ns(void);

#endif
