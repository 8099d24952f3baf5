/*
 * The clause nearest to what a sanitizer saw: an address belongs to an IRP, a context or a queue,
 * and a running operation has no business there.
 */
#ifndef CSQFUZZ_NEAREST_H
#define CSQFUZZ_NEAREST_H

#include "clauses.h"

/* What a sanitizer reports, as far as the choice of a clause depends on it. */
enum nearest_fault { FAULT_MEMORY, FAULT_RACE, FAULT_OTHER };

/*
 * Record a finding (finding_note) for a fault at `address` (NULL: unknown), met by the running
 * operation. `access`: "read", "write", two with | between, "" if unknown. Does nothing outside of
 * an execution. Never ends the execution: the sanitizer will. True if there is a finding now.
 */
int nearest_note(enum nearest_fault fault, const void *address, const char *description,
                 const char *access);

#endif
