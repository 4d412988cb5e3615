/*
 * app/picture.h - a picture of an executor at work, as SVG.
 *
 * The example of its subject is played over the subject's course of prices, by the executor itself
 * and a venue that fills at once what the price has reached. What is drawn is what happened:
 * prices, orders, fills, what it owned, and the levels it waited for, all to scale. The same
 * program draws the same bytes.
 *
 * Threads: main thread only.
 */
#ifndef TUTTI_APP_PICTURE_H
#define TUTTI_APP_PICTURE_H

#include "app/picture_play.h"

/* Plays the subject and writes the drawing. ERR_SYNTAX when its example is no configuration of the
 * kind, ERR_MEMORY. */
MUST_USE enum err picture_draw(const struct executor_kind *kind, const struct subject *subject,
                               struct text *out);

#endif
