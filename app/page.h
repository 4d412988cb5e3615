/*
 * app/page.h - the report as one HTML page, while it is made: report_html.c writes figures and
 * tables, page_charts.c what is drawn.
 *
 * Threads: main thread only.
 */
#ifndef TUTTI_APP_PAGE_H
#define TUTTI_APP_PAGE_H

#include "app/report.h"

struct page {
    const struct report *report;
    struct reader *reader;
    struct failure *failure;
    struct text out;
    enum err err; /* The first one; what comes after it is left out. */
};

/* reader_query(), unless something failed before. */
void page_query(struct page *page, const char *sql, const char *parameter,
                bool (*visit)(void *context, int count, const char *const *names,
                              const char *const *values),
                void *context);

/* Zeroed memory for `count` things, freed with free(); NULL sets page->err. */
void *page_allocate(struct page *page, size_t count, size_t size);

/* The result over time: of the run, and of its controllers where they are few. */
void page_results(struct page *page);

/* A chart of fills per instrument. */
void page_fills(struct page *page);

#endif
