/* Spin locks (SPN); IRQL is in cases_ke_irql.c. */
#include "drivers.h"
#include "race.h"
#include "stage.h"

#include "ke/ke.h"

static KSPIN_LOCK lock, other;
static KIRQL before;

#define VIOLATION DRIVER_VERIFIER_DETECTED_VIOLATION

CASE(spn_1_any_memory, "whatever was there, at any IRQL: then the lock is free", CLAUSE_SPN_1)
{
    KIRQL old;
    KeAcquireSpinLock(&other, &old);
    lock = other; /* as memory may be that held a lock before */
    KeRaiseIrql(HIGH_LEVEL, &before);
    KeInitializeSpinLock(&lock);
    KeLowerIrql(before);
    expect(KeTestSpinLock(&lock), "a new lock is free");
    KeAcquireSpinLock(&lock, &old);
    expect(ke_holds(sched_self(), &lock), "the caller has it");
}

/* ---- With a change of IRQL ----------------------------------------------------------------- */

CASE(spn_2_raises_and_stores, "DISPATCH_LEVEL inside, the IRQL before is stored", CLAUSE_SPN_2)
{
    KIRQL old = HIGH_LEVEL;
    KeRaiseIrql(APC_LEVEL, &before);
    KeAcquireSpinLock(&lock, &old);
    expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL, "the IRQL with the lock");
    expect_equal(old, APC_LEVEL, "the IRQL stored");
    expect(ke_holds(sched_self(), &lock), "the caller has the lock");
}

CASE(spn_2_at_dispatch_level, "from DISPATCH_LEVEL, too", CLAUSE_SPN_2)
{
    KIRQL old = HIGH_LEVEL;
    KeRaiseIrqlToDpcLevel();
    KeAcquireSpinLock(&lock, &old);
    expect_equal(old, DISPATCH_LEVEL, "the IRQL stored");
}

CASE(spn_2_not_above, "above DISPATCH_LEVEL it stops", CLAUSE_SPN_2)
{
    KIRQL old;
    KeRaiseIrql(HIGH_LEVEL, &before);
    expect_bugcheck(VIOLATION, 0x42, KeAcquireSpinLock(&lock, &old));
}

static void fresh(void)
{
    sched_lock_retire(&lock);
    KeInitializeSpinLock(&lock);
    before = HIGH_LEVEL;
}

/* Thread 0 has the lock; thread 1 wants it, and has a place for the IRQL before. */
static void have_and_want(void *argument, unsigned thread)
{
    KIRQL own;
    (void)argument;
    if (thread == 0) {
        KeAcquireSpinLock(&lock, &own);
        KeTestSpinLock(&lock); /* a point, at which thread 1 may come in */
        if (!ke_holds(1, &lock))
            expect_equal(before, HIGH_LEVEL, "the place of the one who waits");
        KeReleaseSpinLock(&lock, own);
    } else {
        KeAcquireSpinLock(&lock, &before);
        expect_equal(before, PASSIVE_LEVEL, "the IRQL stored");
        before = HIGH_LEVEL;
        KeReleaseSpinLock(&lock, PASSIVE_LEVEL);
    }
}

RACE(spn_2_stores_when_owned, "who waits for the lock has nothing stored yet", CLAUSE_SPN_2)
{
    race_bodies(have_and_want, 2, fresh);
    race_force(0, SCHED_LOCK_GOT, 0, 1);
    race_run(NULL);
}

CASE(spn_4_restores, "the IRQL before is restored, the lock is free", CLAUSE_SPN_4)
{
    KIRQL old;
    KeRaiseIrql(APC_LEVEL, &before);
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
    expect_equal(KeGetCurrentIrql(), APC_LEVEL, "the IRQL afterwards");
    expect(!ke_holds(sched_self(), &lock) && KeTestSpinLock(&lock), "the lock is free");
}

CASE(spn_4_other_level, "a release to another IRQL than that before stops", CLAUSE_SPN_4)
{
    KIRQL old;
    KeAcquireSpinLock(&lock, &old);
    expect_bugcheck(VIOLATION, 0x32, KeReleaseSpinLock(&lock, APC_LEVEL));
}

CASE(spn_4_not_above, "a release above DISPATCH_LEVEL stops", CLAUSE_SPN_4)
{
    KIRQL old;
    KeAcquireSpinLock(&lock, &old);
    KeRaiseIrql(HIGH_LEVEL, &before);
    expect_bugcheck(VIOLATION, 0x32, KeReleaseSpinLock(&lock, before));
}

CASE(spn_4_outer_first, "of two locks the outer may go first, if the IRQLs are exchanged",
     CLAUSE_SPN_4)
{
    KIRQL outer, inner;
    KeAcquireSpinLock(&lock, &outer);
    KeAcquireSpinLock(&other, &inner);
    KeReleaseSpinLock(&lock, inner);
    expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL, "the IRQL with the inner lock");
    KeReleaseSpinLock(&other, outer);
    expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL, "the IRQL afterwards");
}

/* ---- Who has it ---------------------------------------------------------------------------- */

CASE(spn_5_taken_twice, "the thread that has the lock cannot take it again", CLAUSE_SPN_5)
{
    KIRQL old, again;
    KeAcquireSpinLock(&lock, &old);
    expect_bugcheck(SPIN_LOCK_ALREADY_OWNED, &lock, KeAcquireSpinLock(&lock, &again));
}

CASE(spn_5_taken_twice_at_dpc_level, "nor by the other routine", CLAUSE_SPN_5)
{
    KIRQL old;
    KeAcquireSpinLock(&lock, &old);
    expect_bugcheck(SPIN_LOCK_ALREADY_OWNED, &lock, KeAcquireSpinLockAtDpcLevel(&lock));
}

CASE(spn_5_not_taken, "a lock that nobody has cannot be released", CLAUSE_SPN_5)
{
    KIRQL old;
    KeAcquireSpinLock(&lock, &old);
    expect_bugcheck(SPIN_LOCK_NOT_OWNED, &other, KeReleaseSpinLock(&other, old));
}

static void take_and_release(void *argument, unsigned thread)
{
    KIRQL old;
    (void)argument;
    if (thread == 0) {
        KeAcquireSpinLock(&lock, &old);
        KeReleaseSpinLock(&lock, old);
    } else {
        old = KeRaiseIrqlToDpcLevel();
        expect_bugcheck(SPIN_LOCK_NOT_OWNED, &lock, KeReleaseSpinLock(&lock, old));
    }
}

RACE(spn_5_released_by_another, "a thread cannot release the lock of another", CLAUSE_SPN_5)
{
    race_bodies(take_and_release, 2, fresh);
    race_force(0, SCHED_LOCK_GOT, 0, 1);
    race_run(NULL);
}

static unsigned inside;

static void take_turns(void *argument, unsigned thread)
{
    KIRQL old;
    (void)argument;
    (void)thread;
    KeAcquireSpinLock(&lock, &old);
    inside++;
    KeTestSpinLock(&lock);
    expect_equal(inside, 1, "the threads that have the lock");
    inside--;
    KeReleaseSpinLock(&lock, old);
}

RACE(spn_5_one_at_a_time, "while one thread has the lock, the others wait", CLAUSE_SPN_5)
{
    race_bodies(take_turns, 3, fresh);
    race_run(NULL);
}

/* ---- At DISPATCH_LEVEL already ------------------------------------------------------------- */

CASE(spn_6_irql_stays, "taken and released without a change of IRQL", CLAUSE_SPN_6)
{
    KeRaiseIrqlToDpcLevel();
    KeAcquireSpinLockAtDpcLevel(&lock);
    expect(ke_holds(sched_self(), &lock), "the caller has the lock");
    expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL, "the IRQL with the lock");
    KeReleaseSpinLockFromDpcLevel(&lock);
    expect(!ke_holds(sched_self(), &lock), "the lock is free");
    expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL, "the IRQL afterwards");
}

CASE(spn_6_not_below, "below DISPATCH_LEVEL it stops", CLAUSE_SPN_6)
{
    KeRaiseIrql(APC_LEVEL, &before);
    expect_bugcheck(VIOLATION, 0x40, KeAcquireSpinLockAtDpcLevel(&lock));
}

CASE(spn_6_raised_then_from_dpc, "KeAcquireSpinLock, then ...FromDpcLevel: it stops", CLAUSE_SPN_6)
{
    KIRQL old;
    KeAcquireSpinLock(&lock, &old);
    expect_bugcheck(VIOLATION, 0x41, KeReleaseSpinLockFromDpcLevel(&lock));
}

CASE(spn_6_at_dpc_then_lowered, "...AtDpcLevel, then KeReleaseSpinLock: it stops", CLAUSE_SPN_6)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    KeAcquireSpinLockAtDpcLevel(&lock);
    expect_bugcheck(VIOLATION, 0x32, KeReleaseSpinLock(&lock, old));
}

CASE(spn_7_test, "KeTestSpinLock: FALSE while somebody has the lock; it takes nothing",
     CLAUSE_SPN_7)
{
    KIRQL old;
    expect_equal(KeTestSpinLock(&lock), TRUE, "KeTestSpinLock of a free lock");
    expect(!ke_holds(sched_self(), &lock), "KeTestSpinLock takes nothing");
    KeAcquireSpinLock(&lock, &old);
    expect_equal(KeTestSpinLock(&lock), FALSE, "KeTestSpinLock of a lock that is held");
    KeReleaseSpinLock(&lock, old);
    expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL, "the IRQL afterwards");
}

CASE(spn_7_try, "a try takes a free lock, and leaves the IRQL alone", CLAUSE_SPN_7)
{
    KeRaiseIrqlToDpcLevel();
    expect_equal(KeTryToAcquireSpinLockAtDpcLevel(&lock), TRUE, "what a try returned");
    expect(ke_holds(sched_self(), &lock), "the caller has the lock");
    KeReleaseSpinLockFromDpcLevel(&lock);
    expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL, "the IRQL afterwards");
}

CASE(spn_7_try_below, "below DISPATCH_LEVEL a try stops", CLAUSE_SPN_7)
{
    expect_bugcheck(IRQL_NOT_DISPATCH_LEVEL, &lock, KeTryToAcquireSpinLockAtDpcLevel(&lock));
}

static BOOLEAN got;

/* Thread 0 has the lock; thread 1 comes while it does. */
static void have_and_try(void *argument, unsigned thread)
{
    KIRQL old;
    (void)argument;
    if (thread == 0) {
        KeAcquireSpinLock(&lock, &old);
        KeReleaseSpinLock(&lock, old);
        return;
    }
    old = KeRaiseIrqlToDpcLevel();
    got = KeTryToAcquireSpinLockAtDpcLevel(&lock);
    expect_equal(got, ke_holds(1, &lock), "what a try returned");
    if (got)
        KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(old);
}

static void try_fails(void)
{
    if (race_undisturbed())
        expect_equal(got, FALSE, "what a try for another thread's lock returned");
}

RACE(spn_7_try_fails, "a try for another thread's lock fails at once", CLAUSE_SPN_7)
{
    race_bodies(have_and_try, 2, fresh);
    race_force(0, SCHED_LOCK_GOT, 0, 1);
    race_run(try_fails);
}

/* ---- Left behind --------------------------------------------------------------------------- */

CASE(spn_9_two_may_nest, "two different locks may be held at once", CLAUSE_SPN_9)
{
    KIRQL outer, inner;
    KeAcquireSpinLock(&lock, &outer);
    KeAcquireSpinLock(&other, &inner);
    expect(ke_holds(sched_self(), &lock) && ke_holds(sched_self(), &other), "both are held");
    KeReleaseSpinLock(&other, inner);
    KeReleaseSpinLock(&lock, outer);
}

static NTSTATUS keep_lock(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;
    KeAcquireSpinLock(&lock, &old);
    return drivers_pend(device, irp);
}

CASE(spn_9_dispatch, "a dispatch routine that returns with a lock stops", CLAUSE_SPN_9)
{
    expect_bugcheck(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x05, drivers_send(keep_lock));
}

static VOID cancel_and_keep_lock(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;
    UNREFERENCED_PARAMETER(device);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&lock, &old);
}

CASE(spn_9_cancel_routine, "a Cancel routine that returns with a lock stops", CLAUSE_SPN_9)
{
    PIRP irp = stage_irp();
    IoSetCancelRoutine(irp, cancel_and_keep_lock);
    expect_bugcheck(IRQL_UNEXPECTED_VALUE, ANY_PARAMETER, IoCancelIrp(irp));
}
