/*
 * actors/kill_file.h - the file whose existence halts a run.
 *
 * Threads: any.
 */
#ifndef TUTTI_ACTORS_KILL_FILE_H
#define TUTTI_ACTORS_KILL_FILE_H

#include <stdbool.h>
#include <stddef.h>

enum { KILL_FILE_REASON_MAX = 256 };

/*
 * True when trading has to halt: the file exists, or it cannot be told that it does not (its folder
 * is missing or may not be read). *reason then says why. NULL path: there is no such file.
 */
bool kill_file_halts(const char *path, char reason[KILL_FILE_REASON_MAX]);

#endif
