/*
 * app/venue_reconcile.h - `tutti venue reconcile`: has a run compare itself with a venue.
 *
 * Threads: the main thread.
 */
#ifndef TUTTI_APP_VENUE_RECONCILE_H
#define TUTTI_APP_VENUE_RECONCILE_H

#include "app/command.h"

/* The words behind `venue`; argv[0] is `reconcile`. */
enum exit_code venue_reconcile(int argc, char **argv);

#endif
