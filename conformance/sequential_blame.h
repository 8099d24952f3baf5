/*
 * Which clause a difference between specification and implementation violates: the most specific
 * one that speaks of it.
 */
#ifndef CSQFUZZ_SEQUENTIAL_BLAME_H
#define CSQFUZZ_SEQUENTIAL_BLAME_H

#include "clauses.h"
#include "sequential.h"

/* What holds at an event besides the event itself. */
enum sequential_fact {
    FACT_LOCK,        /* this thread has the queue's lock */
    FACT_CANCEL_LOCK, /* ... the cancel spin lock */
    FACT_IRQL,
    FACT_CANCELED, /* an IRP's Cancel flag */
    FACT_ARMED,    /* ... Cancel routine */
    FACT_PENDING,  /* ... pending mark */
    FACT_KEY,      /* ... DriverContext[3] is not NULL */
};

/* `seen` came, while the call's next event is another, or one of this kind with other arguments. */
enum clause sequential_blame_event(const struct sequential_state *state,
                                   const struct sequential_call *call,
                                   const struct sequential_event *seen);

/* At `event`, the next of the call, the fact does not hold, or does although it must not. `own`: it
 * is the call's own IRP that the fact is about. */
enum clause sequential_blame_fact(const struct sequential_call *call,
                                  const struct sequential_event *event, enum sequential_fact fact,
                                  bool must_hold, bool own);

#endif
