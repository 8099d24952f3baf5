/*
 * Completion: from the current stack location upwards, until all have been left or a completion
 * routine keeps the IRP (COMP, CR).
 */
#include "../ke/ke.h"
#include "io.h"
#include "registry.h"
#include "rules.h"

/* COMP-4, which Windows knows as a rule without a number of its own in the clauses: parameter 1 of
 * DRIVER_VERIFIER_DETECTED_VIOLATION is ours ("CSQ", 1), 2 the IRP, 3 how many are held. */
#define HOLDING_SPIN_LOCK 0x43535101

/*
 * Completed before: it has gone all the way up, by its own count or by ours, which survives a
 * driver that writes into the IRP. What is no IRP most likely was one that has been freed since.
 */
static VOID require_completable(PIRP irp)
{
    if (irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount + 1 ||
        registry_state_of(irp) == REGISTRY_COMPLETED)
        KeBugCheckEx(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)irp, 0, 0, 0);
}

/* 0xC9 rules 0x06, 0x07, 0x0E: parameter 2 is what is wrong, 3 the IRP. */
static VOID check_completion(PIRP irp)
{
    KIRQL irql = KeGetCurrentIrql();
    unsigned held = ke_spin_locks_held(sched_self());
    PDRIVER_CANCEL routine = irp->CancelRoutine;
    NTSTATUS status = irp->IoStatus.Status;
    if (irql > DISPATCH_LEVEL)
        io_violation(IO_RULE_COMPLETE_IRQL, irql, (ULONG_PTR)irp, 0);
    if (held > 0)
        KeBugCheckEx(DRIVER_VERIFIER_DETECTED_VIOLATION, HOLDING_SPIN_LOCK, (ULONG_PTR)irp, held,
                     0);
    if (status == STATUS_PENDING || status == -1)
        io_violation(IO_RULE_COMPLETE_STATUS, (ULONG)status, (ULONG_PTR)irp, 0);
    if (routine != NULL)
        io_violation(IO_RULE_COMPLETE_CANCELABLE, (ULONG_PTR)routine, (ULONG_PTR)irp, 0);
}

/* CR-2: any one of the conditions that hold is enough. */
static BOOLEAN is_wanted(PIRP irp, UCHAR control)
{
    UCHAR holds = NT_SUCCESS(irp->IoStatus.Status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR;
    sched_reads(SCHED_OBJECT_FLAG, irp->AllocationFlags);
    if (irp->Cancel)
        holds |= SL_INVOKE_ON_CANCEL;
    return (control & holds) != 0;
}

/* Is there a current location? */
static BOOLEAN is_owned(PIRP irp)
{
    return irp->CurrentLocation <= irp->StackCount;
}

static BOOLEAN is_marked(PIRP irp)
{
    return (IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED) != 0;
}

/*
 * Call the routine that the owner of the now current location set below it. FALSE: it keeps the
 * IRP, which another thread may have completed and freed by now. Else it has propagated the pending
 * mark (0xC9/0x228, PEND-7) and kept the IRQL (0xC4/0xFA, IRQ-6).
 */
static BOOLEAN call_completion(PIRP irp, PIO_COMPLETION_ROUTINE routine, PVOID context)
{
    KIRQL irql = KeGetCurrentIrql();
    BOOLEAN pended = irp->PendingReturned;
    PDEVICE_OBJECT device =
        is_owned(irp) ? IoGetCurrentIrpStackLocation(irp)->DeviceObject : NULL; /* CR-5 */
    NTSTATUS status = routine(device, irp, context);
    if (KeGetCurrentIrql() != irql)
        KeBugCheckEx(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xFA, (ULONG_PTR)routine, irql,
                     KeGetCurrentIrql());
    if (status == STATUS_MORE_PROCESSING_REQUIRED)
        return FALSE;
    if (pended && is_owned(irp) && !is_marked(irp))
        io_violation(IO_RULE_COMPLETION_PENDING, (ULONG_PTR)routine, (ULONG_PTR)device,
                     (ULONG_PTR)irp);
    return TRUE;
}

/*
 * Leave the current location: TRUE to go on. The location is wiped before anybody above sees the
 * IRP, but for what PendingReturned tells (COMP-10), so what it holds for us is fetched first.
 */
static BOOLEAN ascend(PIRP irp)
{
    PIO_STACK_LOCATION left = IoGetCurrentIrpStackLocation(irp);
    PIO_COMPLETION_ROUTINE routine = left->CompletionRoutine;
    PVOID context = left->Context;
    UCHAR control = left->Control;

    registry_leave_location(irp);
    irp->PendingReturned = (control & SL_PENDING_RETURNED) != 0;
    RtlZeroMemory(left, sizeof *left);
    irp->CurrentLocation++;
    irp->Tail.Overlay.CurrentStackLocation++;
    if (is_wanted(irp, control))
        return call_completion(irp, routine, context);
    if (irp->PendingReturned && is_owned(irp))
        IoMarkIrpPending(irp); /* on behalf of a driver whose routine is not asked */
    return TRUE;
}

/*
 * A second call after STATUS_MORE_PROCESSING_REQUIRED goes on where the first one stopped, as
 * CurrentLocation says (CR-4). At the top the IRP waits for its creator to free or reuse it; one
 * past StackCount + 1 is how the IRP itself says that it is complete.
 */
VOID IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    UNREFERENCED_PARAMETER(PriorityBoost);
    require_completable(Irp);
    check_completion(Irp);
    while (is_owned(Irp))
        if (!ascend(Irp))
            return;
    Irp->CurrentLocation = (CCHAR)(Irp->StackCount + 2);
    registry_set_completed(Irp);
}
