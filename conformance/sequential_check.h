/*
 * Holds an execution against the sequential specification (sequential.h): each event as it comes,
 * with its arguments, the locks, the IRQL and the flags of every IRP at that moment; each return
 * value; and the queues' contents after each call. What differs is a finding that says what was
 * expected: "expected A I L ret, saw A L".
 *
 * For plans whose operations are all of one thread. What a context identifies is not looked up in
 * its bytes, which are the library's own: the next IoCsqRemoveIrp shows it. After a difference that
 * is muted the call in question is let go, and the specification goes on from what is there.
 */
#ifndef CSQFUZZ_SEQUENTIAL_CHECK_H
#define CSQFUZZ_SEQUENTIAL_CHECK_H

#include "observer.h"

/* To be named as the plan's observer. */
extern const struct observer sequential_observer;

#endif
