/*
 * What the files of sequential_check.h share: the state, and the calls in progress.
 */
#ifndef CSQFUZZ_SEQUENTIAL_INTERNAL_H
#define CSQFUZZ_SEQUENTIAL_INTERNAL_H

#include "monitor.h"
#include "sequential.h"
#include "sequential_blame.h"

/* More events than any call has: every IRP peeked at, and those around. */
#define SEQUENTIAL_LONGEST (SCENARIO_IRPS + 8)

/* Enough letters for them. */
#define SEQUENTIAL_TRACE 112

/* A call in progress. */
struct sequential_frame {
    struct sequential_call call;
    KIRQL irql; /* its caller's */
    bool lost;  /* it went its own way: not judged any more */
    uint8_t count;
    struct sequential_event seen[SEQUENTIAL_LONGEST]; /* its events so far */
};

struct sequential_run {
    struct sequential_state state;
    struct sequential_frame frames[MONITOR_DEPTH];
    unsigned depth;
};

extern struct sequential_run sequential;

/* Its events so far in letters, into SEQUENTIAL_TRACE characters; and one more, unless NULL. */
void sequential_print_trace(char *text, const struct sequential_frame *frame,
                            const struct sequential_event *last);

/* One of the facts about an IRP, as it is. */
bool sequential_irp_fact(int slot, enum sequential_fact fact);

/* Hold what is against what should be at `event`, the frame's next. */
void sequential_check_facts(const struct sequential_frame *frame,
                            const struct sequential_event *event);

#endif
