/*
 * app/subject.h - what `tutti describe` tells about an executor kind beyond its fields.
 *
 * An example, a few sentences, and a course of prices that shows what it does: the picture is drawn
 * by playing the example over that course. To add a kind: one entry in app/subject.c. A kind
 * without one (of a plugin) is described by its table alone.
 *
 * Threads: const data, any thread.
 */
#ifndef TUTTI_APP_SUBJECT_H
#define TUTTI_APP_SUBJECT_H

#include <stddef.h>

enum { SUBJECT_POINTS_MAX = 12, SUBJECT_MARKS_MAX = 8, SUBJECT_PRICE = 50000 };

/* A place on the course; prices in hundredths of a percent beside SUBJECT_PRICE. */
struct subject_point {
    int minute;
    int basis_points;
};

/* A price that deserves a name in the picture. */
struct subject_mark {
    const char *text; /* NULL ends the list. */
    int basis_points;
};

struct subject {
    const char *type;     /* Of the kind. */
    const char *story;    /* Markdown, a paragraph. */
    const char *executor; /* YAML: its entry in the list of executors of a run file. */
    struct subject_point
        course[SUBJECT_POINTS_MAX]; /* Up to the first minute 0 behind the first. */
    struct subject_point second[SUBJECT_POINTS_MAX]; /* Of a second market; else empty. */
    struct subject_mark marks[SUBJECT_MARKS_MAX];
};

/* The subject of a kind, or NULL. */
const struct subject *subject_find(const char *type);

/* How many points a course has. */
size_t subject_course_length(const struct subject_point course[SUBJECT_POINTS_MAX]);

#endif
