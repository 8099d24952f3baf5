/*
 * The wall: every run in a process of its own, several at a time. Whatever the implementation does
 * there (crash, loop, exit, print) is that run's verdict and touches nothing else.
 */
#ifndef CSQFUZZ_SUITE_WALL_H
#define CSQFUZZ_SUITE_WALL_H

#include "suite.h"

struct wall_limits {
    unsigned jobs;  /* processes at a time */
    double seconds; /* of processor time for a run; a process that sleeps gets as long by the clock
                     */
};

/* Hung runs after which the rest get no more than this many seconds, so that the suite ends. */
#define WALL_PATIENCE  3
#define WALL_IMPATIENT 1.0

/* Perform `count` runs, in the order of the indices, and leave verdict, result and what was said
 * in each. `success` is what they take the implementation for. */
void wall_run(struct suite_run *runs, const unsigned *order, unsigned count,
              const struct wall_limits *limits, enum case_success success);

#endif
