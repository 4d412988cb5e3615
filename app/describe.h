/*
 * app/describe.h - an executor kind in words: what it does, its fields, an example that works.
 *
 * Everything about fields comes from the kind's tables, so that it cannot be out of date.
 *
 * Threads: main thread only.
 */
#ifndef TUTTI_APP_DESCRIBE_H
#define TUTTI_APP_DESCRIBE_H

#include "executors/executor.h"

/* For a terminal. */
void describe_text(const struct executor_kind *kind, struct text *out);

/* The page docs/executors/TYPE.md; it shows the picture TYPE.svg beside it. */
void describe_markdown(const struct executor_kind *kind, struct text *out);

/* A whole run file; false when there is no example of the kind. */
bool describe_example(const struct executor_kind *kind, struct text *out);

#endif
