/*
 * Drivers to send IRPs to, for cases about dispatch and completion: an upper one and a lower one,
 * a device each. What their dispatch routines do is up to the case; some that many need are here.
 */
#ifndef CSQFUZZ_CASE_DRIVERS_H
#define CSQFUZZ_CASE_DRIVERS_H

#include "case.h"

#include <wdm.h>

/* ---- Sending ------------------------------------------------------------------------------- */

enum drivers_which { UPPER, LOWER };

/* The device; its driver handles reads so from now on. */
PDEVICE_OBJECT drivers_device(enum drivers_which which);
void drivers_handle(enum drivers_which which, PDRIVER_DISPATCH dispatch);

/* A read with so many stack locations, its creator above them: not of the stage. Freed at the
 * case's end unless the case does. */
PIRP drivers_irp(CCHAR locations);

/* An IRP with one location, to the upper driver, which handles it so: what IoCallDriver returns. */
NTSTATUS drivers_send(PDRIVER_DISPATCH dispatch);

/* One with two, on its way down: the lower driver handles it second. */
NTSTATUS drivers_send_through(PDRIVER_DISPATCH first, PDRIVER_DISPATCH second);

/* The IRP that was sent last. */
PIRP drivers_sent(void);

/* ---- Dispatch routines --------------------------------------------------------------------- */

DRIVER_DISPATCH drivers_complete;  /* with STATUS_NOT_FOUND */
DRIVER_DISPATCH drivers_pend;      /* marks it and keeps it */
DRIVER_DISPATCH drivers_pass_down; /* a copy, with a completion routine that propagates the mark */

/* Complete an IRP that the case, as a driver, owns. */
void drivers_finish(PIRP irp, NTSTATUS status);

/* ---- A completion routine ------------------------------------------------------------------ */

/* What the last call of drivers_completion saw, and how many there were. */
struct drivers_note {
    unsigned calls;
    int thread;
    KIRQL irql;
    PDEVICE_OBJECT device;
    PVOID context;
    BOOLEAN pending_returned;
    IO_STATUS_BLOCK status;
};
extern struct drivers_note drivers_note;

/* Propagates the pending mark unless it is the creator's, and answers this: STATUS_SUCCESS at
 * first. */
extern NTSTATUS drivers_answer;
IO_COMPLETION_ROUTINE drivers_completion;

#endif
