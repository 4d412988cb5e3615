/*
 * tests/support/sick_executor.h - a position executor that fails when it is told to.
 *
 * It takes the place of a kind in a loaded configuration. There is one sickness at a time, for all
 * executors of the kind.
 *
 * Threads: armed before a run; the counters are read during one too.
 */
#ifndef TUTTI_TESTS_SUPPORT_SICK_EXECUTOR_H
#define TUTTI_TESTS_SUPPORT_SICK_EXECUTOR_H

#include <semaphore.h>
#include <stdatomic.h>

#include "executors/executor.h"

/* What goes wrong: an evaluation asks for nonsense, a snapshot has no memory, an evaluation does
 * not come back before is_noticed is posted. */
enum sickness { SICK_EVALUATION, SICK_SAVE, SICK_HANG };

struct sick {
    enum sickness sickness;
    unsigned from; /* The first call that goes wrong, from 1; 0: none does. */
    unsigned to;   /* The last. */
    _Atomic(unsigned) calls;
    _Atomic(unsigned) failures;
    sem_t is_noticed; /* Of whoever arms SICK_HANG. */
};

extern struct sick sick;

/* As the position executor otherwise; filled by the first sick_arm(). */
extern struct executor_kind sick_kind;

/* Counts anew. */
void sick_arm(enum sickness sickness, unsigned from, unsigned to);

#endif
