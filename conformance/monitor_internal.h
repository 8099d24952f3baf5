/*
 * What the monitor's files share.
 */
#ifndef CSQFUZZ_MONITOR_INTERNAL_H
#define CSQFUZZ_MONITOR_INTERNAL_H

#include "finding.h"
#include "monitor.h"

extern bool monitor_on;

/* The call that a callback on this thread belongs to; raises CSQ-GEN-13 and gives NULL if there is
 * none: the callback came out of nowhere. NULL also while judging is off. */
struct monitor_call *monitor_callback(void);

/* Is the queue handed to a callback the one it should be? */
void monitor_check_queue(const struct monitor_call *call, const IO_CSQ *csq);

/* Are the fields untouched that the library has no business with? */
void monitor_check_canaries(int slot, PIRP irp);

static inline bool is_insert(const struct monitor_call *call)
{
    return call->kind == OP_INSERT || call->kind == OP_INSERT_EX;
}

/* Has the current stack location been marked pending? */
static inline bool is_pending(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED;
}

/* "irp1" for the trace's readers; "no IRP" or "an unknown IRP" otherwise. */
const char *monitor_irp_name(const IRP *irp);

#endif
