/* Completion (COMP, CR, PEND). */
#include "../io/io.h"
#include "stops.h"

#include <string.h>

static PIRP irp;
static KIRQL old;
static KSPIN_LOCK lock;
static DEVICE_OBJECT upper, lower;

/* What the completion routine is to do, and what it saw. */
static NTSTATUS answer;
static BOOLEAN propagate;
static unsigned calls;
static PDEVICE_OBJECT seen_device;
static PVOID seen_context;
static BOOLEAN seen_pending, seen_wiped;
static IO_STACK_LOCATION *left;

static NTSTATUS completion(PDEVICE_OBJECT device, PIRP completed, PVOID context)
{
    static const IO_STACK_LOCATION wiped;
    calls++;
    seen_device = device;
    seen_context = context;
    seen_pending = completed->PendingReturned;
    seen_wiped = left && !memcmp(left, &wiped, sizeof wiped);
    if (propagate && completed->PendingReturned && device != NULL) /* PEND-7: not the creator */
        IoMarkIrpPending(completed);
    return answer;
}

static NTSTATUS free_it(PDEVICE_OBJECT device, PIRP completed, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(context);
    IoFreeIrp(completed);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS raise_level(PDEVICE_OBJECT device, PIRP completed, PVOID context)
{
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    return completion(device, completed, context);
}

/* An IRP with so many locations, its creator above them. */
static void fresh(CCHAR stack_size)
{
    ke_reset();
    io_reset();
    sched_lock_retire(&lock);
    KeInitializeSpinLock(&lock);
    irp = IoAllocateIrp(stack_size, FALSE);
    answer = STATUS_SUCCESS;
    propagate = TRUE;
    calls = 0;
    left = NULL;
}

/* Set a completion routine, if any, and go down one location, without a driver. */
static void descend(PIO_COMPLETION_ROUTINE routine, PVOID context)
{
    if (routine)
        IoSetCompletionRoutine(irp, routine, context, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    IoGetCurrentIrpStackLocation(irp)->DeviceObject = &upper;
}

static void complete(NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

/* ---- Completion routines ------------------------------------------------------------------- */

static void conditions(void)
{
    static const struct {
        NTSTATUS status;
        BOOLEAN cancel, on_success, on_error, on_cancel;
        unsigned calls;
    } rows[] = {
        {STATUS_SUCCESS, 0, 1, 0, 0, 1},   {STATUS_SUCCESS, 0, 0, 1, 1, 0},
        {STATUS_ALERTED, 0, 1, 0, 0, 1},   {STATUS_BUFFER_OVERFLOW, 0, 0, 1, 0, 1},
        {STATUS_CANCELLED, 0, 0, 1, 0, 1}, {STATUS_CANCELLED, 0, 1, 0, 1, 0},
        {STATUS_SUCCESS, 1, 0, 0, 1, 1},   {STATUS_SUCCESS, 1, 0, 1, 0, 0},
        {STATUS_CANCELLED, 1, 0, 0, 1, 1}, {STATUS_CANCELLED, 1, 0, 1, 0, 1},
        {STATUS_CANCELLED, 1, 1, 0, 0, 0}, {STATUS_SUCCESS, 0, 0, 0, 0, 0},
    };
    unsigned right = 0;
    for (unsigned i = 0; i < RTL_NUMBER_OF(rows); i++) {
        fresh(1);
        IoSetCompletionRoutine(irp, completion, NULL, rows[i].on_success, rows[i].on_error,
                               rows[i].on_cancel);
        IoSetNextIrpStackLocation(irp);
        irp->Cancel = rows[i].cancel;
        complete(rows[i].status);
        right += calls == rows[i].calls;
    }
    tap_is(right, RTL_NUMBER_OF(rows), "CR-2, C17: success, error and cancel, each combination");
}

static void way_up(void)
{
    fresh(2);
    descend(completion, &upper);
    descend(completion, &lower);
    left = IoGetCurrentIrpStackLocation(irp);
    left->MajorFunction = IRP_MJ_READ;
    answer = STATUS_MORE_PROCESSING_REQUIRED;
    complete(STATUS_SUCCESS);
    tap_ok(calls == 1 && seen_context == &lower, "COMP-1, CR-1: the nearest routine comes first");
    tap_ok(seen_device == &upper, "CR-1: with the device of its own location");
    tap_ok(seen_wiped, "COMP-10: the location below is wiped by then");
    tap_is(irp->CurrentLocation, 2, "COMP-1: MORE_PROCESSING_REQUIRED stops there");
    answer = STATUS_SUCCESS;
    complete(STATUS_SUCCESS);
    tap_ok(calls == 2 && seen_context == &upper, "CR-4: a second completion goes on above");
    tap_ok(seen_device == NULL, "CR-5: the creator has no device");
    tap_is(irp->CurrentLocation, irp->StackCount + 2, "COMP-1: all the way up");
    fresh(2);
    descend(completion, NULL);
    descend(completion, NULL);
    answer = STATUS_UNSUCCESSFUL;
    complete(STATUS_SUCCESS);
    tap_is(calls, 2, "CR-3: any other answer goes on");
    fresh(1);
    descend(free_it, NULL);
    complete(STATUS_SUCCESS);
    tap_is(io_irps_live(), 0, "COMP-12: a routine may free the IRP and stop");
}

/* An IRP in a driver's own memory, of which nothing is known but what it says itself. */
static void raw_irp(void)
{
    static UCHAR raw[IoSizeOfIrp(2)] __attribute__((aligned(16)));
    fresh(1);
    irp = (PIRP)(PVOID)raw;
    IoInitializeIrp(irp, sizeof raw, 1);
    irp->Tail.Overlay.CurrentStackLocation->DeviceObject = &lower; /* beyond its locations */
    descend(completion, NULL);
    complete(STATUS_SUCCESS);
    tap_ok(calls == 1 && seen_device == NULL, "CR-5: nor is one looked for beyond the last");
    STOPS("BUG-1: completed twice, in raw memory", 0x44, irp, complete(STATUS_SUCCESS));
}

static void pending(void)
{
    fresh(2);
    descend(completion, NULL);
    descend(completion, NULL);
    complete(STATUS_SUCCESS);
    tap_ok(!seen_pending, "COMP-10: PendingReturned is FALSE if nobody marked");
    fresh(2);
    descend(completion, NULL);
    descend(NULL, NULL);
    IoMarkIrpPending(irp);
    IoMarkIrpPending(irp);
    complete(STATUS_SUCCESS);
    tap_ok(calls == 1 && seen_pending,
           "C19, PEND-1, PEND-9: the mark is propagated past a location without a routine");
    fresh(2);
    descend(completion, NULL);
    descend(completion, NULL);
    IoMarkIrpPending(irp);
    propagate = FALSE;
    STOPS("DV-9, PEND-7: a completion routine that does not propagate the mark", 0xC9, 0x228,
          complete(STATUS_SUCCESS));
}

static void completion_misuse(void)
{
    fresh(1);
    descend(NULL, NULL);
    complete(STATUS_SUCCESS);
    STOPS("COMP-8, BUG-1, C15: completed twice", 0x44, irp, complete(STATUS_SUCCESS));
    irp->CurrentLocation = irp->StackCount;
    STOPS("BUG-1: also if the driver changed CurrentLocation", 0x44, irp, complete(STATUS_SUCCESS));
    fresh(1);
    irp->Type = 0;
    STOPS("BUG-1: what is no IRP any more", 0x44, irp, complete(STATUS_SUCCESS));
    fresh(1);
    STOPS("COMP-6, DV-3: STATUS_PENDING", 0xC9, 0x06, complete(STATUS_PENDING));
    STOPS("COMP-6, DV-3: status -1", 0xC9, 0x06, complete(-1));
    IoSetCancelRoutine(irp, (PDRIVER_CANCEL)(ULONG_PTR)16);
    STOPS("COMP-7, DV-3, C16: Cancel routine set", 0xC9, 0x07, complete(STATUS_SUCCESS));
    tap_ok(stopped.parameter[1] == 16 && stopped.parameter[2] == (ULONG_PTR)irp,
           "DV-3: parameters 2 and 3 are the routine and the IRP");
    fresh(1);
    KeRaiseIrql(HIGH_LEVEL, &old);
    STOPS("COMP-5, DV-3: above DISPATCH_LEVEL", 0xC9, 0x0E, complete(STATUS_SUCCESS));
    fresh(1);
    KeAcquireSpinLock(&lock, &old);
    STOPS("COMP-4, B39: holding a spin lock", VIOLATION, 0x43535101, complete(STATUS_SUCCESS));
    fresh(1);
    IoAcquireCancelSpinLock(&old);
    STOPS("CSL-7, DRC-4: holding the cancel spin lock", VIOLATION, 0x43535101,
          complete(STATUS_SUCCESS));
    fresh(1);
    descend(raise_level, NULL);
    STOPS("IRQ-6: a completion routine that changes the IRQL", VIOLATION, 0xFA,
          complete(STATUS_SUCCESS));
}

int main(void)
{
    conditions();
    way_up();
    raw_irp();
    pending();
    completion_misuse();
    io_discard_irps();
    return tap_end();
}
