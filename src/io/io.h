/*
 * The I/O manager, as the harness sees it: what <wdm.h> does not declare.
 *
 * One execution: io_reset(), allocate, run, look at io_irps_live(), io_discard_irps().
 */
#ifndef CSQFUZZ_IO_H
#define CSQFUZZ_IO_H

#include <stdbool.h>
#include <wdm.h>

/* Start of an execution, ke_reset() done: the cancel spin lock is free, no IRP exists. Frees IRPs
 * that an earlier execution left. */
void io_reset(void);

/* Does this logical thread hold the cancel spin lock? */
bool io_cancel_lock_held_by(int thread);

/* Has an IoCancelIrp in progress taken this IRP's Cancel routine? Then the IRP is that thread's. */
bool io_irp_claimed(PIRP irp);

/* IRPs of IoAllocateIrp that IoFreeIrp has not been given: after an execution, what leaked. */
unsigned io_irps_live(void);

/* Free those, in whatever state they are. For executions that were cut off, and after a leak; the
 * only way to be rid of an IRP after a bug check, which may leave calls on it in the middle. */
void io_discard_irps(void);

#endif
