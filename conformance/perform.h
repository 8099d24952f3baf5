/*
 * Performing one operation: may it be done now, what does it own, what becomes of it.
 */
#ifndef CSQFUZZ_PERFORM_H
#define CSQFUZZ_PERFORM_H

#include "operation.h"

/* Perform it on the running logical thread; false if the contract does not allow it now. `index`
 * names it in traces. */
bool perform(const struct operation *operation, unsigned index);

/* After all threads have ended: empty the queues, give every IRP back, free everything. */
void perform_epilogue(void);

/* Before each execution: plugs into the driver. */
void perform_reset(void);

/* Implemented by the harness: run the operations nested at this place. */
void harness_nested(enum operation_place place);

#endif
