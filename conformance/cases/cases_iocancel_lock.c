/* IoSetCancelRoutine (SCR) and the cancel spin lock (CSL). */
#include "race.h"
#include "stage.h"

#include "io/io.h"
#include "ke/ke.h"

static unsigned calls; /* of both routines */

static VOID routine(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    calls++;
    IoReleaseCancelSpinLock(irp->CancelIrql);
}

static VOID other_routine(PDEVICE_OBJECT device, PIRP irp)
{
    calls += 10;
    UNREFERENCED_PARAMETER(device);
    IoReleaseCancelSpinLock(irp->CancelIrql);
}

static PIRP cancelable(PDRIVER_CANCEL cancel)
{
    PIRP irp = stage_irp();
    IoSetCancelRoutine(irp, cancel);
    return irp;
}

/* Functions are not objects, so expect_same is not for them. */
#define expect_routine(seen, wanted, what)                                                         \
    expect((PDRIVER_CANCEL)(seen) == (PDRIVER_CANCEL)(wanted), what)

/* ---- IoSetCancelRoutine -------------------------------------------------------------------- */

CASE(scr_1_stores_and_returns, "the new one is stored, the one before returned", CLAUSE_SCR_1)
{
    PIRP irp = stage_irp();
    IoSetCancelRoutine(irp, routine);
    expect_routine(irp->CancelRoutine, routine, "the routine is stored");
    expect_routine(IoSetCancelRoutine(irp, other_routine), routine, "the one before is returned");
    expect_routine(IoSetCancelRoutine(irp, NULL), other_routine, "also when NULL is stored");
    expect_routine(irp->CancelRoutine, NULL, "NULL is stored");
}

CASE(scr_3_none_was_set, "NULL: none was set", CLAUSE_SCR_3)
{
    PIRP irp = stage_irp();
    expect_routine(IoSetCancelRoutine(irp, routine), NULL, "a new IRP has no Cancel routine");
}

static VOID take_inside(PDEVICE_OBJECT device, PIRP irp)
{
    expect_routine(IoSetCancelRoutine(irp, NULL), NULL, "there is none while it runs");
    routine(device, irp);
    expect_routine(IoSetCancelRoutine(irp, NULL), NULL, "nor once the lock has been released");
}

CASE(scr_3_in_progress, "NULL: a cancellation is in progress, or over", CLAUSE_SCR_3)
{
    PIRP irp = cancelable(take_inside);
    IoCancelIrp(irp);
    expect_equal(calls, 1, "the calls of the Cancel routine");
    expect_routine(IoSetCancelRoutine(irp, NULL), NULL, "nor afterwards");
}

CASE(scr_4_not_cancelable, "with NULL stored, IoCancelIrp calls nothing", CLAUSE_SCR_4)
{
    PIRP irp = cancelable(routine);
    IoSetCancelRoutine(irp, NULL);
    expect_equal(IoCancelIrp(irp), FALSE, "what IoCancelIrp returned");
    expect_equal(calls, 0, "the calls of the Cancel routine");
}

CASE(scr_7_one_at_a_time, "a second routine takes the place of the first", CLAUSE_SCR_7)
{
    PIRP irp = cancelable(routine);
    IoSetCancelRoutine(irp, other_routine);
    IoCancelIrp(irp);
    expect_equal(calls, 10, "the calls, of the first and, ten each, of the second routine");
}

/* ---- Between threads ----------------------------------------------------------------------- */

static PIRP raced;
static unsigned takers;
static BOOLEAN canceled;

static void make_cancelable(void)
{
    calls = takers = 0;
    canceled = FALSE;
    raced = cancelable(routine);
}

static void take_or_cancel(void *argument, unsigned thread)
{
    (void)argument;
    if (thread == 0)
        canceled = IoCancelIrp(raced);
    else
        takers += IoSetCancelRoutine(raced, NULL) != NULL;
}

static void one_has_it(void)
{
    expect_equal(takers + calls, 1, "how many have got the routine");
    expect_equal(canceled, calls, "what IoCancelIrp returned");
}

RACE(scr_2_one_gets_it, "of all who exchange the routine for NULL one gets it", CLAUSE_SCR_2)
{
    race_bodies(take_or_cancel, 3, make_cancelable);
    race_run(one_has_it);
}

static void flag_is_no_answer(void)
{
    one_has_it();
    if (race_undisturbed())
        expect_equal(takers, 1, "how many got the routine although Cancel was set");
}

RACE(scr_6_not_started, "Cancel is set but the routine was got: it does not start", CLAUSE_SCR_6)
{
    race_bodies(take_or_cancel, 2, make_cancelable);
    race_force(0, SCHED_FLAG_AFTER, 0, 1);
    race_run(flag_is_no_answer);
}

static void it_has_started(void)
{
    one_has_it();
    if (race_undisturbed())
        expect_equal(takers, 0, "how many got the routine that IoCancelIrp had taken");
}

RACE(scr_6_started, "NULL was got: it starts, even if it has not been called yet", CLAUSE_SCR_6)
{
    race_bodies(take_or_cancel, 2, make_cancelable);
    race_force(0, SCHED_CLAIM_AFTER, 0, 1);
    race_run(it_has_started);
}

/* ---- The cancel spin lock ------------------------------------------------------------------ */

CASE(csl_2_stores_and_raises, "the IRQL before is stored, the caller is at DISPATCH_LEVEL",
     CLAUSE_CSL_2)
{
    KIRQL before, stored = HIGH_LEVEL;
    KeRaiseIrql(APC_LEVEL, &before);
    IoAcquireCancelSpinLock(&stored);
    expect_equal(stored, APC_LEVEL, "the IRQL stored");
    expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL, "the IRQL with the lock");
    expect(io_cancel_lock_held_by(sched_self()), "the caller has the lock");
}

CASE(csl_2_not_above, "above DISPATCH_LEVEL it cannot be taken", CLAUSE_CSL_2)
{
    KIRQL before, stored;
    KeRaiseIrql(HIGH_LEVEL, &before);
    expect_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x42, IoAcquireCancelSpinLock(&stored));
}

CASE(csl_3_restores, "the IRQL given is restored, the lock is free", CLAUSE_CSL_3)
{
    KIRQL before, stored;
    KeRaiseIrql(APC_LEVEL, &before);
    IoAcquireCancelSpinLock(&stored);
    IoReleaseCancelSpinLock(stored);
    expect_equal(KeGetCurrentIrql(), APC_LEVEL, "the IRQL afterwards");
    expect(!io_cancel_lock_held_by(sched_self()), "the lock is free");
}

CASE(csl_3_not_above, "above DISPATCH_LEVEL it cannot be released", CLAUSE_CSL_3)
{
    KIRQL before, stored;
    IoAcquireCancelSpinLock(&stored);
    KeRaiseIrql(HIGH_LEVEL, &before);
    expect_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x32, IoReleaseCancelSpinLock(before));
}

static VOID release_take_release(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL before;
    routine(device, irp);
    expect_equal(KeGetCurrentIrql(), APC_LEVEL, "the IRQL after the first release");
    IoAcquireCancelSpinLock(&before);
    IoReleaseCancelSpinLock(before);
}

CASE(csl_4_first_and_second, "first to CancelIrql, then to that of the acquire before",
     CLAUSE_CSL_4)
{
    PIRP irp = cancelable(release_take_release);
    KIRQL before;
    KeRaiseIrql(APC_LEVEL, &before);
    IoCancelIrp(irp);
    expect_equal(KeGetCurrentIrql(), APC_LEVEL, "the IRQL after the cancel");
}

static VOID release_to_passive(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    expect_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x32,
                    IoReleaseCancelSpinLock(PASSIVE_LEVEL));
}

CASE(csl_4_not_cancel_irql, "a first release to another IRQL stops", CLAUSE_CSL_4)
{
    PIRP irp = cancelable(release_to_passive);
    KIRQL before;
    KeRaiseIrql(APC_LEVEL, &before);
    IoCancelIrp(irp);
    expect(calls, "the Cancel routine is called");
}

CASE(csl_4_not_the_one_before, "any other, too", CLAUSE_CSL_4)
{
    KIRQL stored;
    IoAcquireCancelSpinLock(&stored);
    expect_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x32, IoReleaseCancelSpinLock(APC_LEVEL));
}

CASE(csl_5_taken_twice, "a second acquire without a release stops", CLAUSE_CSL_5)
{
    KIRQL first, second;
    IoAcquireCancelSpinLock(&first);
    expect_bugcheck(SPIN_LOCK_ALREADY_OWNED, ANY_PARAMETER, IoAcquireCancelSpinLock(&second));
}

CASE(csl_5_released_twice, "a second release without an acquire stops", CLAUSE_CSL_5)
{
    KIRQL before;
    IoAcquireCancelSpinLock(&before);
    IoReleaseCancelSpinLock(before);
    expect_bugcheck(SPIN_LOCK_NOT_OWNED, ANY_PARAMETER, IoReleaseCancelSpinLock(before));
}

static void take_and_release(void *argument, unsigned thread)
{
    KIRQL irql;
    (void)argument;
    if (thread == 0) {
        IoAcquireCancelSpinLock(&irql);
        IoReleaseCancelSpinLock(irql);
    } else {
        irql = KeRaiseIrqlToDpcLevel();
        expect_bugcheck(SPIN_LOCK_NOT_OWNED, ANY_PARAMETER, IoReleaseCancelSpinLock(irql));
    }
}

RACE(csl_5_released_by_another, "a release by a thread that does not have it stops", CLAUSE_CSL_5)
{
    race_bodies(take_and_release, 2, NULL);
    race_force(0, SCHED_CANCEL_LOCK_GOT, 0, 1);
    race_run(NULL);
}

CASE(csl_7_not_while_completing, "with the lock held, IoCompleteRequest stops", CLAUSE_CSL_7)
{
    PIRP irp = stage_irp();
    KIRQL before;
    IoAcquireCancelSpinLock(&before);
    expect_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, ANY_PARAMETER,
                    stage_complete(irp, STATUS_CANCELLED));
}

/* ---- One for all --------------------------------------------------------------------------- */

static PIRP each[2];
static unsigned inside;

/* Any exchange does for points at which others could come in. */
static VOID routine_alone(PDEVICE_OBJECT device, PIRP irp)
{
    inside++;
    IoSetCancelRoutine(irp, NULL);
    expect_equal(inside, 1, "the routines running under the cancel spin lock");
    inside--;
    routine(device, irp);
}

static void make_two(void)
{
    calls = inside = 0;
    for (unsigned i = 0; i < 2; i++)
        each[i] = cancelable(routine_alone);
}

static void cancel_each(void *argument, unsigned thread)
{
    (void)argument;
    IoCancelIrp(each[thread]);
}

static void both_called(void)
{
    expect_equal(calls, 2, "the calls of the Cancel routines");
}

RACE(csl_1_one_lock, "Cancel routines of two IRPs do not both run under it", CLAUSE_CSL_1)
{
    race_bodies(cancel_each, 2, make_two);
    race_run(both_called);
}

static void hold_or_cancel(void *argument, unsigned thread)
{
    KIRQL before;
    (void)argument;
    if (thread == 0) {
        IoCancelIrp(raced);
        return;
    }
    IoAcquireCancelSpinLock(&before);
    unsigned then = calls;
    IoSetCancelRoutine(stage_irp(), NULL);
    expect_equal(calls, then, "the calls of the Cancel routine while another thread has the lock");
    IoReleaseCancelSpinLock(before);
}

static void called_after_all(void)
{
    expect_equal(calls, 1, "the calls of the Cancel routine");
}

RACE(csl_6_keeps_cancels_out, "who holds the lock keeps IoCancelIrp from calling the routine",
     CLAUSE_CSL_6)
{
    race_bodies(hold_or_cancel, 2, make_cancelable);
    race_run(called_after_all);
}
