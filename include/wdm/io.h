/*
 * The I/O manager: the life of an IRP, its way through drivers, its cancellation.
 *
 * An IRP has one owner at a time. IoCallDriver, IoCompleteRequest and a queue take it away from
 * their caller; only its sender may still call IoCancelIrp, as long as it keeps the storage alive
 * (CAN-17). "Verifier/n" below is DRIVER_VERIFIER_IOMANAGER_VIOLATION with n as its parameter 1.
 */
#ifndef CSQFUZZ_WDM_IO_H
#define CSQFUZZ_WDM_IO_H

#include "irp.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Priority boost for IoCompleteRequest; the only value for errors and cancellations (COMP-11). */
#define IO_NO_INCREMENT 0

/* ---- Allocation ---------------------------------------------------------------------------- */

/*
 * A new IRP with so many stack locations: not canceled, not cancelable, no location current. NULL
 * if memory is short. The caller frees it with IoFreeIrp; ChargeQuota
 * changes nothing. At or below DISPATCH_LEVEL. (IRP-1)
 */
PIRP IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota);

/*
 * Free an IRP of IoAllocateIrp. Not an IRP: Verifier/0x01. Still in use: Verifier/0x20A. Its MDLs
 * stay. At or below DISPATCH_LEVEL. (IRP-3, DV-1, DV-6, RULE-1)
 */
VOID IoFreeIrp(PIRP Irp);

/*
 * Make the caller's IRP as good as new and set IoStatus.Status. Only one that IoAllocateIrp or
 * IoInitializeIrp made, and that nobody uses: else Verifier/0x310. At or below DISPATCH_LEVEL.
 * (IRP-4, DV-7, RULE-2)
 */
VOID IoReuseIrp(PIRP Irp, NTSTATUS Iostatus);

/*
 * Make an IRP of raw memory, the caller's, of PacketSize bytes, at least IoSizeOfIrp(StackSize).
 * Not for one of IoAllocateIrp: Verifier/0x20D. At or below DISPATCH_LEVEL. (IRP-2, IRP-6, DV-7)
 */
VOID IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize);

/* ---- Through drivers ----------------------------------------------------------------------- */

/*
 * Make the next stack location current, store DeviceObject in it and call the driver's dispatch
 * routine; return what it returned. The IRP is that driver's from here on. No location left:
 * NO_MORE_IRP_STACK_LOCATIONS. A Cancel routine still set: Verifier/0x203. IRQL changed by the
 * dispatch routine: Verifier/0x05. At or below DISPATCH_LEVEL. (IRP-9, IRQ-6, DV-2, DV-4)
 */
NTSTATUS IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp);

/* By the name drivers use. */
static inline NTSTATUS IoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return IofCallDriver(DeviceObject, Irp);
}

/*
 * IoSetCompletionRoutine, keeping the driver of DeviceObject loaded meanwhile. STATUS_SUCCESS, or
 * STATUS_INSUFFICIENT_RESOURCES with nothing set. At or below DISPATCH_LEVEL. (wdm.h,
 * IoSetCompletionRoutineEx; CR-1, CR-2)
 */
NTSTATUS IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                  PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                                  BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
                                  BOOLEAN InvokeOnCancel);

/*
 * The caller's driver is done with the IRP, whose IoStatus is set: call the completion routines
 * upwards until one returns STATUS_MORE_PROCESSING_REQUIRED. The caller must not touch the IRP
 * again. Completed twice: MULTIPLE_IRP_COMPLETE_REQUESTS. IoStatus.Status STATUS_PENDING or -1:
 * Verifier/0x06. A Cancel routine still set: Verifier/0x07. Above DISPATCH_LEVEL: Verifier/0x0E.
 * Never while holding a spin lock. PriorityBoost is ignored. (COMP-1..COMP-12, BUG-1, DV-3)
 */
VOID IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost);

/* By the name drivers use. */
static inline VOID IoCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    IofCompleteRequest(Irp, PriorityBoost);
}

/* ---- Cancellation -------------------------------------------------------------------------- */

/*
 * Ask for the IRP to be canceled: set Irp->Cancel, take its Cancel routine and call it. TRUE if
 * there was one, and it has returned; the IRP may be gone. FALSE if there was none: whoever makes
 * the IRP cancelable next sees Irp->Cancel. Only by the IRP's sender, who keeps its storage alive
 * (CAN-17) and does not hold the queue's lock. A routine that returns with the cancel spin lock:
 * DRIVER_RETURNED_HOLDING_CANCEL_LOCK. One left in a completed IRP: CANCEL_STATE_IN_COMPLETED_IRP.
 * At or below DISPATCH_LEVEL. (CAN-1..CAN-14, BUG-2, BUG-3)
 */
BOOLEAN IoCancelIrp(PIRP Irp);

/*
 * Exchange the IRP's Cancel routine, NULL for none; returns the one before. One atomic step: of
 * all who exchange it for NULL, exactly one is given the routine, and the IRP is its. NULL
 * returned: none was set, or a cancellation has begun. A driver with a queue of its own need not
 * hold the cancel spin lock. At or below DISPATCH_LEVEL, locks held or not; never blocks.
 * (SCR-1..SCR-8, AMB-24)
 */
PDRIVER_CANCEL IoSetCancelRoutine(PIRP Irp, PDRIVER_CANCEL CancelRoutine);

/*
 * Take the system-wide cancel spin lock, storing the IRQL left into *Irql; the caller is at
 * DISPATCH_LEVEL. Twice: SPIN_LOCK_ALREADY_OWNED. At or below DISPATCH_LEVEL. (CSL-1, CSL-2,
 * CSL-5, CSL-6)
 */
VOID IoAcquireCancelSpinLock(PKIRQL Irql);

/*
 * Give it back and return to Irql: the level stored by the acquisition or, in a Cancel routine,
 * Irp->CancelIrql. Before any IoCompleteRequest. Not held: SPIN_LOCK_NOT_OWNED. At
 * DISPATCH_LEVEL. (CSL-3, CSL-4, CSL-5, CSL-7)
 */
VOID IoReleaseCancelSpinLock(KIRQL Irql);

#ifdef __cplusplus
}
#endif

#endif
