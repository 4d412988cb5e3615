/*
 * app/markup.h - text of others inside HTML and SVG.
 *
 * Threads: a text belongs to one thread.
 */
#ifndef TUTTI_APP_MARKUP_H
#define TUTTI_APP_MARKUP_H

#include "base/text.h"

/* Appends `value` so that it is read as plain text, as content and inside a quoted attribute; NULL
 * is nothing. Control characters, which no document may hold, become U+FFFD. */
void markup_escape(struct text *out, const char *value);

#endif
