/* What a dispatch routine does with its IRP (PEND, and COMP-13). */
#include "drivers.h"
#include "stage.h"

#include "ke/ke.h"

#define IO_VIOLATION DRIVER_VERIFIER_IOMANAGER_VIOLATION

/* ---- IoMarkIrpPending ---------------------------------------------------------------------- */

CASE(pend_1_current_location, "the mark is in the current location, beside what was there",
     CLAUSE_PEND_1)
{
    PIRP irp = drivers_irp(2);
    IoSetCompletionRoutine(irp, drivers_completion, NULL, TRUE, FALSE, FALSE);
    IoSetNextIrpStackLocation(irp);
    IoMarkIrpPending(irp);
    expect_equal(IoGetCurrentIrpStackLocation(irp)->Control,
                 SL_PENDING_RETURNED | SL_INVOKE_ON_SUCCESS, "Control of the current location");
    expect_equal(IoGetNextIrpStackLocation(irp)->Control, 0, "Control of the next-lower one");
}

static void expect_pending_at_release(enum stage_kind kind, BOOLEAN canceled)
{
    struct stage_queue *queue = stage_queue(kind);
    PIRP irp = stage_irp();
    if (canceled)
        IoCancelIrp(irp);
    stage_watch(irp);
    stage_clear();
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect(stage_event(EVENT_RELEASE, 0)->pending, "the IRP is marked when the lock is released");
}

CASE(pend_5_before_release, "an insert has marked the IRP by the time it releases the lock",
     CLAUSE_PEND_5)
{
    expect_pending_at_release(PLAIN, FALSE);
    expect_pending_at_release(EX, FALSE);
}

CASE(pend_5_canceled, "also if it is canceled", CLAUSE_PEND_5)
{
    expect_pending_at_release(PLAIN, TRUE);
    expect_pending_at_release(EX, TRUE);
}

CASE(pend_6_any_irql, "marking works at any IRQL", CLAUSE_PEND_6)
{
    static const KIRQL levels[] = {PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL, HIGH_LEVEL};
    for (unsigned i = 0; i < RTL_NUMBER_OF(levels); i++) {
        PIRP irp = stage_irp();
        KIRQL before;
        KeRaiseIrql(levels[i], &before);
        IoMarkIrpPending(irp);
        expect_equal(KeGetCurrentIrql(), levels[i], "the IRQL afterwards");
        KeLowerIrql(before);
        expect(stage_pending(irp), "the IRP is marked");
    }
}

CASE(pend_9_twice, "twice is as good as once", CLAUSE_PEND_9)
{
    PIRP irp = stage_irp();
    IoMarkIrpPending(irp);
    UCHAR once = IoGetCurrentIrpStackLocation(irp)->Control;
    IoMarkIrpPending(irp);
    expect_equal(IoGetCurrentIrpStackLocation(irp)->Control, once, "Control, marked twice");
}

/* ---- Dispatch routines --------------------------------------------------------------------- */

static NTSTATUS keep_unmarked(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    return STATUS_SUCCESS;
}

CASE(pend_2_unmarked, "neither completed, nor passed down, nor marked: it stops", CLAUSE_PEND_2,
     CLAUSE_COMP_13)
{
    expect_bugcheck(IO_VIOLATION, 0x226, drivers_send(keep_unmarked));
}

static NTSTATUS mark_and_succeed(PDEVICE_OBJECT device, PIRP irp)
{
    drivers_pend(device, irp);
    return STATUS_SUCCESS;
}

CASE(pend_3_marked, "marked, but STATUS_PENDING is not returned: it stops", CLAUSE_PEND_3)
{
    expect_bugcheck(IO_VIOLATION, 0x23E, drivers_send(mark_and_succeed));
}

static NTSTATUS mark_complete_and_fail(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    return drivers_complete(device, irp);
}

CASE(pend_3_marked_and_completed, "even if the IRP is completed by then", CLAUSE_PEND_3)
{
    expect_bugcheck(IO_VIOLATION, 0x23E, drivers_send(mark_complete_and_fail));
}

static NTSTATUS mark_complete_and_pend(PDEVICE_OBJECT device, PIRP irp)
{
    mark_complete_and_fail(device, irp);
    return STATUS_PENDING;
}

CASE(pend_3_returned, "marked, completed, STATUS_PENDING: that is right", CLAUSE_PEND_3)
{
    expect_equal(drivers_send(mark_complete_and_pend), STATUS_PENDING,
                 "what IoCallDriver returned");
    expect_equal(drivers_send(drivers_pend), STATUS_PENDING, "what it returned, not completed");
}

static NTSTATUS pend_unmarked(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    return STATUS_PENDING;
}

CASE(pend_4_unmarked, "STATUS_PENDING of an IRP that is not marked stops", CLAUSE_PEND_4)
{
    expect_bugcheck(IO_VIOLATION, 0x23D, drivers_send(pend_unmarked));
}

CASE(pend_4_passed_down, "unless it was passed down, and is pending there", CLAUSE_PEND_4)
{
    expect_equal(drivers_send_through(drivers_pass_down, drivers_pend), STATUS_PENDING,
                 "what IoCallDriver returned");
}

static NTSTATUS complete_and_succeed(PDEVICE_OBJECT device, PIRP irp)
{
    drivers_complete(device, irp);
    return STATUS_SUCCESS;
}

CASE(comp_13_other_status, "a status other than that of the completion stops", CLAUSE_COMP_13)
{
    expect_bugcheck(IO_VIOLATION, 0x224, drivers_send(complete_and_succeed));
}

static NTSTATUS pass_down_and_succeed(PDEVICE_OBJECT device, PIRP irp)
{
    drivers_pass_down(device, irp);
    return STATUS_SUCCESS;
}

CASE(comp_13_pending_below, "so does any while a driver below has the IRP", CLAUSE_COMP_13)
{
    expect_bugcheck(IO_VIOLATION, 0x224, drivers_send_through(pass_down_and_succeed, drivers_pend));
}

CASE(comp_13_agrees, "completed and its status returned, or passed down: that is right",
     CLAUSE_COMP_13)
{
    expect_equal(drivers_send(drivers_complete), STATUS_NOT_FOUND, "what IoCallDriver returned");
    expect_equal(drivers_send_through(drivers_pass_down, drivers_complete), STATUS_NOT_FOUND,
                 "what it returned of two drivers");
}

/* ---- Completion routines ------------------------------------------------------------------- */

static NTSTATUS keep_silent(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    UNREFERENCED_PARAMETER(context);
    return STATUS_SUCCESS;
}

/* The upper driver's, which passes the IRP down with that completion routine. */
static NTSTATUS pass_down_silently(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, keep_silent, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(drivers_device(LOWER), irp);
}

CASE(pend_7_silent, "a completion routine that goes on without marking stops", CLAUSE_PEND_7)
{
    drivers_send_through(pass_down_silently, drivers_pend);
    expect_bugcheck(IO_VIOLATION, 0x228, drivers_finish(drivers_sent(), STATUS_SUCCESS));
}

CASE(pend_7_marks, "one that marks goes on, and the mark is seen above", CLAUSE_PEND_7)
{
    PIRP irp = drivers_irp(2);
    IoSetCompletionRoutine(irp, drivers_completion, NULL, TRUE, TRUE, TRUE);
    drivers_handle(UPPER, drivers_pass_down);
    drivers_handle(LOWER, drivers_pend);
    IoCallDriver(drivers_device(UPPER), irp);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_equal(drivers_note.calls, 2, "the completion routines called");
    expect_equal(drivers_note.pending_returned, TRUE, "PendingReturned at the top");
}
