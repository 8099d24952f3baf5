/* IoCancelIrp (CAN); IoSetCancelRoutine and the cancel spin lock are in cases_iocancel_lock.c. */
#include "drivers.h"
#include "race.h"
#include "stage.h"

#include "io/io.h"
#include "ke/ke.h"

/* ---- Cancel routines that complete nothing ------------------------------------------------- */

static struct {
    unsigned calls;
    int thread;
    PDEVICE_OBJECT device;
    PIRP irp;
    bool canceled, armed, locked;
    KIRQL irql, cancel_irql;
} seen;

static VOID look(PDEVICE_OBJECT device, PIRP irp)
{
    seen.calls++;
    seen.thread = sched_self();
    seen.device = device;
    seen.irp = irp;
    seen.canceled = irp->Cancel;
    seen.armed = irp->CancelRoutine != NULL;
    seen.locked = io_cancel_lock_held_by(sched_self());
    seen.irql = KeGetCurrentIrql();
    seen.cancel_irql = irp->CancelIrql;
}

static VOID routine(PDEVICE_OBJECT device, PIRP irp)
{
    look(device, irp);
    IoReleaseCancelSpinLock(irp->CancelIrql);
}

/* An IRP that this routine cancels. */
static PIRP cancelable(PDRIVER_CANCEL cancel)
{
    PIRP irp = stage_irp();
    IoSetCancelRoutine(irp, cancel);
    return irp;
}

/* ---- What it does -------------------------------------------------------------------------- */

CASE(can_1_sets_cancel, "Cancel is TRUE afterwards, with a routine and without", CLAUSE_CAN_1)
{
    PIRP without = stage_irp();
    PIRP with = cancelable(routine);
    IoCancelIrp(without);
    expect(without->Cancel, "Cancel is set without a Cancel routine");
    IoCancelIrp(with);
    expect(with->Cancel, "Cancel is set with a Cancel routine");
}

CASE(can_2_calls_the_routine, "the routine is called once, and IoCancelIrp returns TRUE",
     CLAUSE_CAN_2)
{
    PIRP irp = cancelable(routine);
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returned");
    expect_equal(seen.calls, 1, "the calls of the Cancel routine");
}

CASE(can_3_no_routine, "without a routine it returns FALSE, at the IRQL it was called at",
     CLAUSE_CAN_3)
{
    PIRP irp = stage_irp();
    KIRQL before;
    KeRaiseIrql(APC_LEVEL, &before);
    expect_equal(IoCancelIrp(irp), FALSE, "what IoCancelIrp returned");
    expect_equal(KeGetCurrentIrql(), APC_LEVEL, "the IRQL afterwards");
}

CASE(can_4_releases_the_lock, "without a routine the cancel spin lock is taken and given back",
     CLAUSE_CAN_4)
{
    IoCancelIrp(stage_irp());
    expect_trace("cs+ cs-");
}

CASE(can_5_flag_and_routine, "the routine sees Cancel TRUE and CancelRoutine NULL", CLAUSE_CAN_5)
{
    IoCancelIrp(cancelable(routine));
    expect_equal(seen.calls, 1, "the calls of the Cancel routine");
    expect(seen.canceled, "Cancel is TRUE when the routine is called");
    expect(!seen.armed, "CancelRoutine is NULL when the routine is called");
}

CASE(can_6_lock_and_level, "the routine runs under the cancel spin lock, with an IRQL to restore",
     CLAUSE_CAN_6)
{
    PIRP irp = cancelable(routine);
    KIRQL before;
    KeRaiseIrql(APC_LEVEL, &before);
    IoCancelIrp(irp);
    expect_equal(seen.calls, 1, "the calls of the Cancel routine");
    expect_equal(seen.thread, sched_self(), "the thread of the Cancel routine");
    expect(seen.locked, "the cancel spin lock is held when the routine is called");
    expect_equal(seen.irql, DISPATCH_LEVEL, "the IRQL of the Cancel routine");
    expect_equal(seen.cancel_irql, APC_LEVEL, "CancelIrql");
}

static NTSTATUS pend_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, routine);
    return drivers_pend(device, irp);
}

CASE(can_7_device_and_irp, "the routine gets the device that the IRP was sent to", CLAUSE_CAN_7)
{
    drivers_send_through(drivers_pass_down, pend_cancelable);
    IoCancelIrp(drivers_sent());
    expect_same(seen.irp, drivers_sent(), "the routine's IRP");
    expect_same(seen.device, drivers_device(LOWER), "the routine's device");
}

CASE(can_8_once, "a second cancel finds no routine", CLAUSE_CAN_8)
{
    PIRP irp = cancelable(routine);
    IoCancelIrp(irp);
    expect_equal(IoCancelIrp(irp), FALSE, "what the second IoCancelIrp returned");
    expect_equal(seen.calls, 1, "the calls of the Cancel routine");
}

static VOID cancel_again(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL before;
    routine(device, irp);
    KeRaiseIrql(DISPATCH_LEVEL, &before);
    expect_equal(IoCancelIrp(irp), FALSE, "what IoCancelIrp returned inside the routine");
    KeLowerIrql(before);
    expect_equal(irp->CancelIrql, before, "CancelIrql after a cancel that called nothing");
}

CASE(can_8_while_it_runs, "a cancel that comes while the routine runs changes nothing for it",
     CLAUSE_CAN_8)
{
    IoCancelIrp(cancelable(cancel_again));
    expect_equal(seen.calls, 1, "the calls of the Cancel routine");
}

CASE(can_9_completes_nothing, "what becomes of the IRP is its driver's to say", CLAUSE_CAN_9)
{
    PIRP irp = cancelable(routine);
    IoCancelIrp(irp);
    expect_equal(stage_reply(irp)->count, 0, "the completions by IoCancelIrp");
    expect(stage_untouched(irp), "IoCancelIrp leaves IoStatus and DriverContext alone");
    stage_complete(irp, STATUS_SUCCESS);
    expect_equal(stage_reply(irp)->status, STATUS_SUCCESS, "the status that the sender sees");
}

/* ---- Where and when it may be called ------------------------------------------------------- */

CASE(can_11_at_dispatch_level, "it works at DISPATCH_LEVEL, and stays there", CLAUSE_CAN_11)
{
    PIRP irp = cancelable(routine);
    KeRaiseIrqlToDpcLevel();
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returned");
    expect_equal(IoCancelIrp(irp), FALSE, "what it returned without a routine");
    expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL, "the IRQL afterwards");
}

CASE(can_11_not_above, "above DISPATCH_LEVEL it stops", CLAUSE_CAN_11)
{
    PIRP irp = stage_irp();
    KIRQL before;
    KeRaiseIrql(HIGH_LEVEL, &before);
    expect_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x42, IoCancelIrp(irp));
}

CASE(can_12_lock_kept, "a routine that returns with the cancel spin lock stops", CLAUSE_CAN_12)
{
    PIRP irp = cancelable(look);
    expect_bugcheck(DRIVER_RETURNED_HOLDING_CANCEL_LOCK, irp, IoCancelIrp(irp));
}

static VOID take_it_again(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL before;
    routine(device, irp);
    IoAcquireCancelSpinLock(&before);
}

CASE(can_12_lock_taken_again, "so does one that has taken it again", CLAUSE_CAN_12)
{
    PIRP irp = cancelable(take_it_again);
    expect_bugcheck(DRIVER_RETURNED_HOLDING_CANCEL_LOCK, irp, IoCancelIrp(irp));
}

CASE(can_13_completed, "a routine in an IRP that is completed stops", CLAUSE_CAN_13)
{
    PIRP irp = drivers_irp(1);
    IoSetNextIrpStackLocation(irp);
    drivers_finish(irp, STATUS_SUCCESS);
    IoSetCancelRoutine(irp, routine);
    expect_bugcheck(CANCEL_STATE_IN_COMPLETED_IRP, irp, IoCancelIrp(irp));
}

CASE(can_13_too_late, "without one, a cancel just comes too late", CLAUSE_CAN_13)
{
    PIRP irp = drivers_irp(1);
    IoSetNextIrpStackLocation(irp);
    drivers_finish(irp, STATUS_SUCCESS);
    expect_equal(IoCancelIrp(irp), FALSE, "what IoCancelIrp returned");
}

/* ---- The IRP's storage --------------------------------------------------------------------- */

static VOID complete_and_retire(PDEVICE_OBJECT device, PIRP irp)
{
    routine(device, irp);
    stage_complete(irp, STATUS_CANCELLED);
    stage_retire_irp(irp);
}

CASE(can_17_routine_ends_it, "once the routine has been called, the IRP may be gone", CLAUSE_CAN_17)
{
    KIRQL before;
    PIRP irp = cancelable(complete_and_retire);
    KeRaiseIrql(APC_LEVEL, &before);
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returned");
    expect_equal(KeGetCurrentIrql(), APC_LEVEL, "the IRQL afterwards");
}

/* ---- The order of its steps ---------------------------------------------------------------- */

static PIRP raced;

static void make_cancelable(void)
{
    seen.calls = 0;
    raced = cancelable(routine);
}

/* Thread 0 cancels; thread 1 looks at one instant of it, and so in the end at each. */
static void cancel_and_look(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0) {
        IoCancelIrp(raced);
        return;
    }
    bool canceled = raced->Cancel, taken = raced->CancelRoutine == NULL;
    bool locked = io_cancel_lock_held_by(0);
    expect(canceled || !taken, "Cancel is set before the routine is taken");
    expect(!canceled || locked || seen.calls, "the lock is held from the flag to the call");
    expect(!seen.calls || taken, "the routine is taken before it is called");
}

RACE(can_4_order, "lock, flag, routine, call: in this order", CLAUSE_CAN_4)
{
    race_bodies(cancel_and_look, 2, make_cancelable);
    race_run(NULL);
}

static unsigned noticed;

static void make_plain(void)
{
    seen.calls = noticed = 0;
    raced = stage_irp();
}

/* Thread 0 makes the IRP cancelable as a driver does, thread 1 cancels it. */
static void arm_and_cancel(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 1)
        IoCancelIrp(raced);
    else if (IoSetCancelRoutine(raced, routine) == NULL && raced->Cancel)
        noticed += IoSetCancelRoutine(raced, NULL) != NULL;
}

static void one_of_them(void)
{
    expect_equal(noticed + seen.calls, 1, "how many have canceled it");
}

RACE(can_4_none_is_lost, "either the canceller finds the routine or the driver sees the flag",
     CLAUSE_CAN_4)
{
    race_bodies(arm_and_cancel, 2, make_plain);
    race_run(one_of_them);
}
