/*
 * Random programs, drawn afresh each time: what a search without feedback runs.
 */
#ifndef CSQFUZZ_GENERATE_H
#define CSQFUZZ_GENERATE_H

#include "program.h"

/* Make a program: uniform over the dimensions of the format, as many operations as one of several
 * sizes allows, on two to four threads. The schedule is the caller's affair and left at "list". */
void generate_program(struct program *program, struct sched_random *random);

/* Name a strategy for it, with a seed and, for STRATEGY_WALK, a rate of their own. `depth` is
 * PCT's, and nothing to the others. Not for STRATEGY_LIST. */
void generate_schedule(struct program *program, unsigned strategy, unsigned depth,
                       struct sched_random *random);

#endif
