/*
 * The harness: performs a plan's operations on logical threads, within the contract.
 *
 * bytes -> program -> plan: the plan is what is left when the format is gone. The harness skips an
 * operation that the contract does not allow at that moment (see fuzz/README.md), raises the IRQL
 * it asks for, calls the routine, and disposes of what comes back. When all threads have ended an
 * epilogue empties the queues and checks that nothing is left.
 */
#ifndef CSQFUZZ_HARNESS_H
#define CSQFUZZ_HARNESS_H

#include "operation.h"

#include "sched/sched.h"

struct observer; /* observer.h */

#define HARNESS_OPERATIONS 256
#define HARNESS_NESTING    8 /* operations inside callbacks inside operations ... */

struct harness_plan {
    struct scenario scenario;
    unsigned count; /* at most HARNESS_OPERATIONS */
    const struct operation *operations;
    struct sched_strategy *strategy; /* NULL: no preemptions */
    const struct observer *observer; /* who is told of every event; NULL: nobody */
};

struct harness_result {
    enum sched_end end;
    unsigned skipped; /* operations that could not be performed */
    unsigned performed;
};

/* The points after which an execution of so many operations counts as a livelock; for the last half
 * of them the scheduler goes round, whatever the strategy wants. */
uint32_t harness_step_limit(unsigned operations);

/* Run the plan once. What went wrong, if anything, is in `finding`; the trace in sched_trace().
 * Leaves nothing allocated. */
struct harness_result harness_run(const struct harness_plan *plan);

#endif
