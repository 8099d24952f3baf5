/*
 * Cancellation: the cancel spin lock, IoSetCancelRoutine, IoCancelIrp (CAN, SCR, CSL).
 *
 * Cancel and CancelRoutine are the two fields that the canceller and the IRP's owner share without
 * a lock. Every access is sequentially consistent, and here stand all that matter:
 *
 *     owner (to queue the IRP)               canceller
 *     A: exchange CancelRoutine for f        C: store Cancel = TRUE
 *     B: load Cancel                         D: exchange CancelRoutine for NULL
 *
 * All four are in one total order in which A precedes B and C precedes D. If D comes after A, the
 * canceller finds f (or somebody took it first, who is then the IRP's owner). Else C, D, A, B: the
 * owner reads TRUE. So a cancel is never lost. With C and D swapped, or either pair free to be
 * reordered, D, A, B, C would be possible, and both would take the other to be in charge.
 */
#include "../ke/ke.h"
#include "claim.h"
#include "io.h"

#include <stdatomic.h>

static KSPIN_LOCK cancel_lock;

static const struct ke_lock_style cancel_style = {
    .points = {SCHED_CANCEL_LOCK_WANT, SCHED_CANCEL_LOCK_GOT, SCHED_CANCEL_LOCK_DROP,
               SCHED_CANCEL_LOCK_FREE},
    .give_back = sched_lock_release,
    .spins = true,
};

bool io_cancel_lock_held_by(int thread)
{
    return ke_holds(thread, &cancel_lock);
}

VOID IoAcquireCancelSpinLock(PKIRQL Irql)
{
    *Irql = ke_acquire_spin_lock(&cancel_lock, &cancel_style);
}

VOID IoReleaseCancelSpinLock(KIRQL Irql)
{
    ke_release_spin_lock(&cancel_lock, &cancel_style, Irql);
}

/* The lock may have been left held. Its word is the scheduler's to reset: a store from here would
 * be one that ThreadSanitizer sees, unordered with the threads of an execution that was cut off. */
void io_reset(void)
{
    sched_lock_retire(&cancel_lock);
    claim_reset();
    io_discard_irps();
}

/* ---- IoSetCancelRoutine -------------------------------------------------------------------- */

/*
 * Of all who exchange a routine for NULL exactly one is given it: that one owns the IRP. The IRP
 * is not touched afterwards, since by then the owner may have freed it.
 */
PDRIVER_CANCEL IoSetCancelRoutine(PIRP Irp, PDRIVER_CANCEL CancelRoutine)
{
    UCHAR number = Irp->AllocationFlags;
    sched_point(SCHED_SWAP_BEFORE, number, CancelRoutine != NULL);
    sched_writes(SCHED_OBJECT_ROUTINE, number);
    PDRIVER_CANCEL old = atomic_exchange(&Irp->CancelRoutine, CancelRoutine);
    sched_point(SCHED_SWAP_AFTER, number, old != NULL);
    return old;
}

/* ---- IoCancelIrp --------------------------------------------------------------------------- */

static VOID mark_canceled(PIRP irp)
{
    sched_point(SCHED_FLAG_BEFORE, irp->AllocationFlags, 0);
    sched_writes(SCHED_OBJECT_FLAG, irp->AllocationFlags);
    atomic_store(&irp->Cancel, TRUE);
    sched_point(SCHED_FLAG_AFTER, irp->AllocationFlags, 0);
}

/* Take the routine out; whoever gets one has claimed the IRP from that instant on. */
static PDRIVER_CANCEL take_routine(PIRP irp, struct claim *claim)
{
    UCHAR number = irp->AllocationFlags;
    sched_point(SCHED_CLAIM_BEFORE, number, 0);
    sched_writes(SCHED_OBJECT_ROUTINE, number);
    PDRIVER_CANCEL routine = atomic_exchange(&irp->CancelRoutine, NULL);
    if (routine != NULL)
        claim_begin(claim, irp);
    sched_point(SCHED_CLAIM_AFTER, number, routine != NULL);
    return routine;
}

/* The target device (CAN-7); NULL for an IRP that was never sent, whose creator has no location. */
static PDEVICE_OBJECT target_of(PIRP irp)
{
    if (irp->CurrentLocation > irp->StackCount)
        return NULL;
    return irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
}

/*
 * DRC-1 and DRC-6: the routine has dropped the cancel spin lock, which restored the IRQL, and has
 * left it so. IRQL_UNEXPECTED_VALUE: parameter 1 is current << 16 | expected << 8, 2 the routine.
 */
static VOID check_return(PIRP irp, PDRIVER_CANCEL routine, KIRQL irql)
{
    KIRQL now = KeGetCurrentIrql();
    if (io_cancel_lock_held_by(sched_self()))
        KeBugCheckEx(DRIVER_RETURNED_HOLDING_CANCEL_LOCK, (ULONG_PTR)irp, (ULONG_PTR)routine, 0, 0);
    if (now != irql)
        KeBugCheckEx(IRQL_UNEXPECTED_VALUE, (ULONG_PTR)now << 16 | (ULONG_PTR)irql << 8,
                     (ULONG_PTR)routine, 0, 0);
}

/*
 * The routine has been taken out, so the IRP is this thread's, and the cancel spin lock is held, so
 * CancelIrql is: it is stored by the one cancel that calls a routine, never by those that find none
 * while that routine still runs. The call ends our right to the IRP: the routine completes it.
 */
static VOID call_routine(PIRP irp, PDRIVER_CANCEL routine, KIRQL irql)
{
    UCHAR number = irp->AllocationFlags;
    irp->CancelIrql = irql;
    PDEVICE_OBJECT device = target_of(irp);
    sched_point(SCHED_CALL_BEFORE, number, 0);
    routine(device, irp);
    check_return(irp, routine, irql);
    sched_point(SCHED_CALL_AFTER, number, 0);
}

/*
 * CAN-4: lock, store Cancel, take the routine, call it. The IRQL to restore is a local: without a
 * routine there is no CancelIrql of ours.
 */
BOOLEAN IoCancelIrp(PIRP Irp)
{
    KIRQL irql;
    struct claim claim;
    IoAcquireCancelSpinLock(&irql);
    mark_canceled(Irp);
    PDRIVER_CANCEL routine = take_routine(Irp, &claim);
    if (routine == NULL) {
        IoReleaseCancelSpinLock(irql);
        return FALSE;
    }
    if (Irp->CurrentLocation > Irp->StackCount + 1)
        KeBugCheckEx(CANCEL_STATE_IN_COMPLETED_IRP, (ULONG_PTR)Irp, (ULONG_PTR)routine, 0, 0);
    call_routine(Irp, routine, irql);
    claim_end(&claim);
    return TRUE;
}
