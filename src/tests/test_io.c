/* The life of an IRP, and its cancellation (IRP, CAN, SCR, CSL). */
#include "../io/io.h"
#include "stops.h"

#include <stdlib.h>
#include <string.h>

static PIRP irp;
static DEVICE_OBJECT device;
static KIRQL old;

/* What the last Cancel routine saw. */
static struct seen {
    unsigned calls;
    PDEVICE_OBJECT device;
    PIRP irp;
    BOOLEAN cancel, routine_set, lock_held;
    KIRQL irql, cancel_irql;
} seen;

/* One IRP whose creator has a location of its own, for `device`. */
static void fresh(void)
{
    ke_reset();
    io_reset();
    seen = (struct seen){0};
    has_stopped = false;
    irp = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(irp);
    IoGetCurrentIrpStackLocation(irp)->DeviceObject = &device;
}

static void look(PDEVICE_OBJECT target, PIRP canceled)
{
    seen.calls++;
    seen.device = target;
    seen.irp = canceled;
    seen.cancel = canceled->Cancel;
    seen.routine_set = canceled->CancelRoutine != NULL;
    seen.lock_held = io_cancel_lock_held_by(sched_self());
    seen.irql = KeGetCurrentIrql();
    seen.cancel_irql = canceled->CancelIrql;
}

static VOID cancel(PDEVICE_OBJECT target, PIRP canceled)
{
    look(target, canceled);
    IoReleaseCancelSpinLock(canceled->CancelIrql);
}

static VOID keep_lock(PDEVICE_OBJECT target, PIRP canceled)
{
    look(target, canceled);
}

static VOID release_and_take(PDEVICE_OBJECT target, PIRP canceled)
{
    cancel(target, canceled);
    IoAcquireCancelSpinLock(&old);
}

static VOID stay_raised(PDEVICE_OBJECT target, PIRP canceled)
{
    cancel(target, canceled);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
}

/* Completes and frees the IRP: IoCancelIrp must not touch it afterwards. */
static VOID cancel_and_free(PDEVICE_OBJECT target, PIRP canceled)
{
    cancel(target, canceled);
    canceled->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(canceled, IO_NO_INCREMENT);
    IoFreeIrp(canceled);
}

/* ---- Allocation ---------------------------------------------------------------------------- */

static bool is_as_new(PIRP it, CCHAR stack_size)
{
    const UCHAR *locations = (const UCHAR *)(it + 1);
    for (size_t i = 0; i < (size_t)stack_size * sizeof(IO_STACK_LOCATION); i++)
        if (locations[i])
            return false;
    return it->Type == IO_TYPE_IRP && it->Size == IoSizeOfIrp(stack_size) &&
           it->StackCount == stack_size && it->CurrentLocation == stack_size + 1 &&
           it->Tail.Overlay.CurrentStackLocation == (PIO_STACK_LOCATION)(it + 1) + stack_size &&
           IsListEmpty(&it->ThreadListEntry) && !it->Cancel && it->CancelRoutine == NULL &&
           !it->PendingReturned && !it->IoStatus.Information && !it->CancelIrql;
}

static void allocation(void)
{
    static const PVOID nothing[4];
    fresh();
    tap_is(io_irps_live(), 1, "one IRP is live");
    PIRP other = IoAllocateIrp(3, TRUE);
    tap_ok(is_as_new(other, 3), "IRP-1: a new IRP is initialized: not canceled, not cancelable");
    tap_ok(!memcmp(other->Tail.Overlay.DriverContext, nothing, sizeof nothing),
           "C30: no garbage in DriverContext");
    tap_is(io_irps_live(), 2, "two IRPs are live");
    IoFreeIrp(other);
    tap_is(io_irps_live(), 1, "IRP-3: IoFreeIrp frees it");
    tap_ok(IoAllocateIrp(-1, FALSE) == NULL, "IRP-1: NULL for an impossible stack size");
    io_discard_irps();
    tap_is(io_irps_live(), 0, "io_discard_irps frees the rest");
}

/* More than there are buckets to keep them in, and than there are numbers; the oldest is freed
 * first. */
static void many(void)
{
    static PIRP irps[300];
    fresh();
    IoFreeIrp(irp);
    for (size_t i = 0; i < RTL_NUMBER_OF(irps); i++)
        irps[i] = IoAllocateIrp(1, FALSE);
    tap_ok(irps[253]->AllocationFlags == 255 && irps[254]->AllocationFlags == 0,
           "the first 255 IRPs of an execution have a number, later ones have 0");
    for (size_t i = 0; i < RTL_NUMBER_OF(irps); i++)
        IoFreeIrp(irps[i]);
    tap_is(io_irps_live(), 0, "IRP-3: 300 IRPs are told apart");
}

static void freeing_misuse(void)
{
    static union {
        IRP irp;
        UCHAR bytes[IoSizeOfIrp(1)];
    } raw;
    fresh();
    IoInitializeIrp(&raw.irp, sizeof raw, 1);
    STOPS("IRP-3, DV-1, RULE-1: freeing an IRP that is not of IoAllocateIrp", 0xC9, 0x01,
          IoFreeIrp(&raw.irp));
    irp->Type = 0;
    STOPS("IRP-3, DV-1: freeing what is no IRP", 0xC9, 0x01, IoFreeIrp(irp));
    fresh();
    IoSetCancelRoutine(irp, cancel);
    STOPS("IRP-3, DV-6: freeing an IRP that is cancelable, hence queued", 0xC9, 0x20A,
          IoFreeIrp(irp));
    tap_ok(stopped.parameter[1] == (ULONG_PTR)irp, "DV-6: parameter 2 is the IRP");
}

static void reuse(void)
{
    fresh();
    IoMarkIrpPending(irp);
    IoCancelIrp(irp);
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 1;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    UCHAR number = irp->AllocationFlags;
    IoReuseIrp(irp, STATUS_NOT_FOUND);
    tap_ok(irp->IoStatus.Status == STATUS_NOT_FOUND && is_as_new(irp, 1),
           "IRP-4: IoReuseIrp makes it as new, with the given status");
    tap_is(irp->AllocationFlags, number, "its number stays");
    IoSetNextIrpStackLocation(irp);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    tap_ok(true, "IRP-4: it may be completed again");
    IoReuseIrp(irp, STATUS_SUCCESS);
    IoSetCancelRoutine(irp, cancel);
    STOPS("IRP-4, DV-7: reusing an IRP that is cancelable", 0xC9, 0x310,
          IoReuseIrp(irp, STATUS_SUCCESS));
}

static void initializing(void)
{
    static UCHAR raw[IoSizeOfIrp(2)] __attribute__((aligned(16)));
    memset(raw, 0xA5, sizeof raw);
    IoInitializeIrp((PIRP)(PVOID)raw, sizeof raw, 2);
    tap_ok(is_as_new((PIRP)(PVOID)raw, 2), "IRP-6: IoInitializeIrp makes an IRP of raw memory");
    fresh();
    STOPS("IRP-2, DV-7: IoInitializeIrp of an IRP never used", 0xC9, 0x20D,
          IoInitializeIrp(irp, IoSizeOfIrp(1), 1));
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    tap_ok(is_as_new(irp, 1), "IRP-6: legacy reuse is allowed without quota");
    irp = IoAllocateIrp(1, TRUE);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    STOPS("IRP-6, DV-7: but not with quota", 0xC9, 0x20D, IoInitializeIrp(irp, IoSizeOfIrp(1), 1));
}

/* ---- Cancel routines ----------------------------------------------------------------------- */

static void setting_routines(void)
{
    fresh();
    tap_ok(IoSetCancelRoutine(irp, cancel) == NULL, "SCR-3: none was set");
    tap_ok(IoSetCancelRoutine(irp, keep_lock) == cancel, "SCR-1: returns the one before");
    tap_ok(irp->CancelRoutine == keep_lock, "SCR-1: stores the new one");
    if (!IoSetCancelRoutine(irp, NULL))
        tap_ok(false, "C11: usable as a condition");
    else
        tap_ok(irp->CancelRoutine == NULL, "SCR-4: NULL makes it non-cancelable");
}

static void canceling(void)
{
    fresh();
    tap_ok(!IoCancelIrp(irp), "CAN-3: FALSE without a Cancel routine");
    tap_ok(irp->Cancel, "CAN-1: Cancel is set all the same");
    tap_ok(!io_cancel_lock_held_by(SCHED_OUTSIDE), "CAN-4: the cancel spin lock is dropped");
    fresh();
    KeRaiseIrql(APC_LEVEL, &old);
    IoSetCancelRoutine(irp, cancel);
    tap_ok(IoCancelIrp(irp), "CAN-2: TRUE with one");
    tap_ok(seen.calls == 1 && seen.irp == irp, "CAN-2: which was called with the IRP");
    tap_ok(seen.device == &device, "CAN-7: and the device of its current location");
    tap_ok(seen.cancel && !seen.routine_set, "CAN-5: Cancel is TRUE, CancelRoutine NULL");
    tap_ok(seen.lock_held && seen.irql == DISPATCH_LEVEL, "CAN-6: lock held, DISPATCH_LEVEL");
    tap_is(seen.cancel_irql, APC_LEVEL, "CAN-6: CancelIrql is the caller's IRQL");
    tap_is(KeGetCurrentIrql(), APC_LEVEL, "DRC-6: which is restored");
    tap_ok(!IoCancelIrp(irp) && seen.calls == 1, "CAN-8: a second cancel finds no routine");
    tap_is(KeGetCurrentIrql(), APC_LEVEL, "C03: without a routine the IRQL is restored, too");
}

static void canceling_the_creators(void)
{
    fresh();
    irp = IoAllocateIrp(1, FALSE);
    IoSetCancelRoutine(irp, cancel);
    IoCancelIrp(irp);
    tap_ok(seen.calls == 1 && seen.device == NULL, "CAN-7: no location, no device");
    IoFreeIrp(irp);
    fresh();
    IoSetCancelRoutine(irp, cancel_and_free);
    tap_ok(IoCancelIrp(irp) && io_irps_live() == 0, "COMP-3: the routine may free the IRP");
    tap_ok(!io_irp_claimed(irp), "a claim ends with the IRP");
}

static void canceling_misuse(void)
{
    fresh();
    IoSetCancelRoutine(irp, keep_lock);
    STOPS("CAN-12, BUG-3, DRC-1: routine returns with the lock", 0x11B, irp, IoCancelIrp(irp));
    tap_ok(stopped.parameter[1] == (ULONG_PTR)keep_lock, "BUG-3: parameter 2 is the routine");
    fresh();
    IoSetCancelRoutine(irp, release_and_take);
    STOPS("CAN-12: or with the lock again", 0x11B, irp, IoCancelIrp(irp));
    fresh();
    IoSetCancelRoutine(irp, stay_raised);
    STOPS("DRC-6, BUG-8: routine returns at another IRQL", IRQL_UNEXPECTED_VALUE,
          DISPATCH_LEVEL << 16, IoCancelIrp(irp));
    fresh();
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoSetCancelRoutine(irp, cancel);
    STOPS("CAN-13, BUG-2: cancel of a completed IRP with a routine", 0x48, irp, IoCancelIrp(irp));
    tap_ok(stopped.parameter[1] == (ULONG_PTR)cancel, "BUG-2: parameter 2 is the routine");
    fresh();
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    tap_ok(!IoCancelIrp(irp), "CAN-13: without a routine it is just too late");
    fresh();
    KeRaiseIrql(HIGH_LEVEL, &old);
    STOPS("CAN-11: IoCancelIrp above DISPATCH_LEVEL", VIOLATION, 0x42, IoCancelIrp(irp));
}

static void cancel_lock(void)
{
    KIRQL irql = 0xEE;
    fresh();
    KeRaiseIrql(APC_LEVEL, &old);
    IoAcquireCancelSpinLock(&irql);
    tap_ok(irql == APC_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL,
           "CSL-2: stores the level left, DISPATCH_LEVEL now");
    tap_is(ke_spin_locks_held(SCHED_OUTSIDE), 1, "COMP-4: it is a spin lock");
    IoReleaseCancelSpinLock(irql);
    tap_is(KeGetCurrentIrql(), APC_LEVEL, "CSL-3: restores the level");
    IoAcquireCancelSpinLock(&old);
    STOPS("CSL-5: recursive acquisition", SPIN_LOCK_ALREADY_OWNED, ANY_PARAMETER,
          IoAcquireCancelSpinLock(&old));
    STOPS("CSL-4, DV-14: released to another level", VIOLATION, 0x32,
          IoReleaseCancelSpinLock(PASSIVE_LEVEL));
    fresh();
    STOPS("CSL-5: released without acquisition", SPIN_LOCK_NOT_OWNED, ANY_PARAMETER,
          IoReleaseCancelSpinLock(PASSIVE_LEVEL));
}

int main(void)
{
    allocation();
    many();
    freeing_misuse();
    reuse();
    initializing();
    setting_routines();
    canceling();
    canceling_the_creators();
    canceling_misuse();
    cancel_lock();
    io_discard_irps();
    return tap_end();
}
