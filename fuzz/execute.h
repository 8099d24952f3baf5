/*
 * Running a program once, on whichever scheduler body is linked.
 */
#ifndef CSQFUZZ_EXECUTE_H
#define CSQFUZZ_EXECUTE_H

#include "program.h"

/* Run it. What went wrong, if anything, is in `finding` (conformance/finding.h), the events in
 * sched_trace(). The program must stay unchanged while it runs. */
struct harness_result execute(const struct program *program);

/* Run it under this strategy in the place of the one it names. */
struct harness_result execute_with(const struct program *program, struct sched_strategy *strategy);

/* Run it with somebody looking on. */
struct harness_result execute_observed(const struct program *program,
                                       const struct observer *observer);

/* The strategy that the program names, set up for one execution; valid until the next call. For
 * whoever runs something else than the program's operations under its schedule. */
struct sched_strategy *execute_strategy(const struct program *program);

/* Give all operations to thread 0, in program order, and leave the schedule out. */
void program_make_sequential(struct program *program);

/* Run such a program and hold it against the sequential specification: a difference is a finding,
 * as is what execute() would find. */
struct harness_result execute_sequential(const struct program *program);

/* After execute() of a STRATEGY_LIST program: how many of its preemptions were not met, and how
 * many were met while the thread they name could not run. */
unsigned execute_unmet(const struct program *program);
unsigned execute_substituted(const struct program *program);

/*
 * After execute(): the same execution as a STRATEGY_LIST program, every switch that its strategy
 * chose being named. False if one cannot be named (beyond the trace's capacity, outside of any
 * operation, or past the 9th visit of a point) or there are too many; *list is then unusable.
 */
bool execute_as_list(const struct program *program, struct program *list);

#endif
