/* IRQL (IRQ). */
#include "drivers.h"
#include "race.h"
#include "stage.h"

#include "ke/ke.h"

#define VIOLATION DRIVER_VERIFIER_DETECTED_VIOLATION

static KIRQL old, older;

CASE(irq_1_current, "PASSIVE_LEVEL at first, then what it was raised and lowered to", CLAUSE_IRQ_1)
{
    expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL, "the IRQL at first");
    KeRaiseIrql(APC_LEVEL, &older);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL, "the IRQL raised twice");
    KeLowerIrql(old);
    expect_equal(KeGetCurrentIrql(), APC_LEVEL, "the IRQL lowered once");
}

/* Thread 0 is raised while thread 1 looks. */
static void raise_or_look(void *argument, unsigned thread)
{
    static KSPIN_LOCK any;
    KIRQL before;
    (void)argument;
    if (thread == 0) {
        KeRaiseIrql(APC_LEVEL, &before);
        KeTestSpinLock(&any); /* a point, at which thread 1 may come in */
        expect_equal(KeGetCurrentIrql(), APC_LEVEL, "the IRQL of the thread that raised it");
        KeLowerIrql(before);
    } else {
        expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL, "the IRQL of another thread");
    }
}

RACE(irq_1_each_thread, "every thread has its own", CLAUSE_IRQ_1)
{
    race_bodies(raise_or_look, 2, NULL);
    race_run(NULL);
}

CASE(irq_2_stores, "the one before is stored; the same one again is no lowering", CLAUSE_IRQ_2)
{
    KeRaiseIrql(APC_LEVEL, &older);
    expect_equal(older, PASSIVE_LEVEL, "what the first raise stored");
    KeRaiseIrql(APC_LEVEL, &old);
    expect_equal(old, APC_LEVEL, "what the second raise stored");
}

CASE(irq_2_does_not_lower, "a raise to a lower one stops", CLAUSE_IRQ_2)
{
    KeRaiseIrql(DISPATCH_LEVEL, &older);
    expect_bugcheck(VIOLATION, 0x30, KeRaiseIrql(APC_LEVEL, &old));
}

CASE(irq_3_back, "raised twice, lowered twice: each time to the one before", CLAUSE_IRQ_3)
{
    KeRaiseIrql(APC_LEVEL, &older);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeLowerIrql(old);
    expect_equal(KeGetCurrentIrql(), APC_LEVEL, "the IRQL lowered once");
    KeLowerIrql(older);
    expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL, "the IRQL lowered twice");
}

CASE(irq_3_does_not_raise, "lowering to a higher one stops", CLAUSE_IRQ_3)
{
    KeRaiseIrql(APC_LEVEL, &old);
    expect_bugcheck(VIOLATION, 0x31, KeLowerIrql(DISPATCH_LEVEL));
}

CASE(irq_3_skips_none, "so does lowering past the latest raise", CLAUSE_IRQ_3)
{
    KeRaiseIrql(APC_LEVEL, &older);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    expect_bugcheck(VIOLATION, 0x31, KeLowerIrql(older));
}

CASE(irq_3_not_raised, "so does lowering what was not raised", CLAUSE_IRQ_3)
{
    expect_bugcheck(VIOLATION, 0x31, KeLowerIrql(PASSIVE_LEVEL));
}

CASE(irq_4_to_dispatch_level, "to DISPATCH_LEVEL, and the one before is returned", CLAUSE_IRQ_4)
{
    KeRaiseIrql(APC_LEVEL, &older);
    expect_equal(KeRaiseIrqlToDpcLevel(), APC_LEVEL, "what KeRaiseIrqlToDpcLevel returned");
    expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL, "the IRQL");
    expect_equal(KeRaiseIrqlToDpcLevel(), DISPATCH_LEVEL, "what it returned the second time");
}

CASE(irq_4_not_above, "from above DISPATCH_LEVEL it stops", CLAUSE_IRQ_4)
{
    KeRaiseIrql(HIGH_LEVEL, &old);
    expect_bugcheck(IRQL_NOT_LESS_OR_EQUAL, ANY_PARAMETER, KeRaiseIrqlToDpcLevel());
}

/* ---- Waiting ------------------------------------------------------------------------------- */

/* A signaled event: that one would not have to wait makes no difference. */
static PKEVENT signaled(void)
{
    static KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    return &event;
}

static NTSTATUS wait_for(PKEVENT event, PLARGE_INTEGER timeout)
{
    return KeWaitForSingleObject(event, Executive, KernelMode, FALSE, timeout);
}

CASE(irq_5_event, "a wait at DISPATCH_LEVEL stops", CLAUSE_IRQ_5)
{
    PKEVENT event = signaled();
    KeRaiseIrqlToDpcLevel();
    expect_bugcheck(VIOLATION, 0x3B, wait_for(event, NULL));
}

CASE(irq_5_under_a_lock, "hence also under a spin lock", CLAUSE_IRQ_5)
{
    static KSPIN_LOCK lock;
    LARGE_INTEGER second = {.QuadPart = -10000000};
    PKEVENT event = signaled();
    KeAcquireSpinLock(&lock, &old);
    expect_bugcheck(VIOLATION, 0x3B, wait_for(event, &second));
}

CASE(irq_5_mutex, "so does taking a mutex there", CLAUSE_IRQ_5)
{
    static FAST_MUTEX mutex;
    ExInitializeFastMutex(&mutex);
    KeRaiseIrqlToDpcLevel();
    expect_bugcheck(VIOLATION, 0x3B, ExAcquireFastMutex(&mutex));
}

CASE(irq_5_below, "below DISPATCH_LEVEL one may wait; a poll is no wait", CLAUSE_IRQ_5)
{
    LARGE_INTEGER now = {.QuadPart = 0};
    PKEVENT event = signaled();
    KeRaiseIrql(APC_LEVEL, &old);
    expect_equal(wait_for(event, NULL), STATUS_SUCCESS, "what a wait at APC_LEVEL returned");
    KeRaiseIrqlToDpcLevel();
    expect_equal(wait_for(event, &now), STATUS_SUCCESS, "what a poll at DISPATCH_LEVEL returned");
    KeClearEvent(event);
    expect_equal(wait_for(event, &now), STATUS_TIMEOUT, "what it returned after a reset");
}

/* ---- Routines that return at another ------------------------------------------------------- */

static NTSTATUS raise_in_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    KeRaiseIrql(APC_LEVEL, &old);
    return drivers_complete(device, irp);
}

CASE(irq_6_dispatch, "a dispatch routine that returns at another IRQL stops", CLAUSE_IRQ_6)
{
    expect_bugcheck(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x05, drivers_send(raise_in_dispatch));
}

static NTSTATUS raise_in_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KeRaiseIrql(APC_LEVEL, &old);
    return drivers_completion(device, irp, context);
}

CASE(irq_6_completion, "so does a completion routine", CLAUSE_IRQ_6)
{
    PIRP irp = drivers_irp(1);
    IoSetCompletionRoutine(irp, raise_in_completion, NULL, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    expect_bugcheck(VIOLATION, 0xFA, drivers_finish(irp, STATUS_SUCCESS));
}

CASE(irq_6_raised_and_lowered, "inside they may raise it, and they get the caller's", CLAUSE_IRQ_6)
{
    PIRP irp = drivers_irp(1);
    IoSetCompletionRoutine(irp, drivers_completion, NULL, TRUE, TRUE, TRUE);
    drivers_handle(UPPER, drivers_complete);
    KeRaiseIrqlToDpcLevel();
    expect_equal(IoCallDriver(drivers_device(UPPER), irp), STATUS_NOT_FOUND, "the status");
    expect_equal(drivers_note.irql, DISPATCH_LEVEL, "the IRQL of the completion routine");
    expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL, "the IRQL afterwards");
}
