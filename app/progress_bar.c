#include "app/progress_bar.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"

enum { PROGRESS_BAR_WIDTH = 30 };
#define PROGRESS_BAR_INTERVAL_NS (100 * NS_PER_MS)

int64_t progress_clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void progress_bar_init(struct progress_bar *bar, const char *title)
{
    *bar = (struct progress_bar){.is_terminal = isatty(STDERR_FILENO) == 1,
                                 .started_ns = progress_clock_ns()};
    (void)snprintf(bar->title, sizeof(bar->title), "%s", title);
}

void progress_bar_show(struct progress_bar *bar, uint64_t done, uint64_t total, const char *unit)
{
    if (!bar->is_terminal || total == 0) {
        return;
    }
    const int64_t now_ns = progress_clock_ns();
    if (bar->is_drawn && now_ns - bar->drawn_ns < PROGRESS_BAR_INTERVAL_NS) {
        return;
    }
    bar->is_drawn = true;
    bar->drawn_ns = now_ns;
    const int64_t elapsed_ns = now_ns - bar->started_ns > 0 ? now_ns - bar->started_ns : 1;
    const uint64_t shown = done < total ? done : total;
    const uint64_t per_second = shown * 1000 / ((uint64_t)elapsed_ns / 1000000 + 1);
    const uint64_t left = total - shown;
    char bars[PROGRESS_BAR_WIDTH + 1];
    for (uint64_t i = 0; i < PROGRESS_BAR_WIDTH; i++) {
        bars[i] = i * total < shown * PROGRESS_BAR_WIDTH ? '#' : '.';
    }
    bars[PROGRESS_BAR_WIDTH] = '\0';
    char remaining[INSTANT_TEXT_MAX];
    const uint64_t left_ms = per_second > 0 ? left * 1000 / per_second : 0;
    (void)duration_print((int64_t)left_ms * NS_PER_MS, remaining);
    (void)fprintf(stderr, "\r%s [%s] %3llu%%  %llu %s/s  %s left\033[K", bar->title, bars,
                  (unsigned long long)(shown * 100 / total), (unsigned long long)per_second, unit,
                  remaining);
    (void)fflush(stderr);
}

void progress_bar_done(struct progress_bar *bar)
{
    if (bar->is_drawn) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
        bar->is_drawn = false;
    }
}
