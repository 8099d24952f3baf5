/* Sending IRPs to drivers (IRP-9, IRP-12, PEND, DV). */
#include "../io/io.h"
#include "stops.h"

static PIRP irp;
static KIRQL old;
static DRIVER_OBJECT upper_driver, lower_driver;
static DEVICE_OBJECT upper, lower;

/* What the completion routine is to answer, and what it and the drivers saw. */
static NTSTATUS answer;
static unsigned calls;
static PDEVICE_OBJECT seen_device;
static BOOLEAN seen_pending;

static NTSTATUS completion(PDEVICE_OBJECT device, PIRP completed, PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    calls++;
    seen_pending = completed->PendingReturned;
    if (completed->PendingReturned && device != NULL)
        IoMarkIrpPending(completed);
    return answer;
}

static void device_of(PDEVICE_OBJECT device, PDRIVER_OBJECT driver, PDRIVER_DISPATCH read)
{
    device->Type = IO_TYPE_DEVICE;
    device->DriverObject = driver;
    driver->MajorFunction[IRP_MJ_READ] = read;
}

/* An IRP with so many locations, its creator above them. */
static void fresh(CCHAR stack_size)
{
    ke_reset();
    io_reset();
    irp = IoAllocateIrp(stack_size, FALSE);
    answer = STATUS_SUCCESS;
    calls = 0;
}

static void complete(NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

/* ---- Dispatch routines --------------------------------------------------------------------- */

static NTSTATUS complete_it(PDEVICE_OBJECT device, PIRP sent)
{
    seen_device = device;
    sent->IoStatus.Status = STATUS_NOT_FOUND;
    IoCompleteRequest(sent, IO_NO_INCREMENT);
    return STATUS_NOT_FOUND;
}

static NTSTATUS pend_it(PDEVICE_OBJECT device, PIRP sent)
{
    UNREFERENCED_PARAMETER(device);
    IoMarkIrpPending(sent);
    return STATUS_PENDING;
}

static NTSTATUS pend_and_complete(PDEVICE_OBJECT device, PIRP sent)
{
    IoMarkIrpPending(sent);
    complete_it(device, sent);
    return STATUS_PENDING;
}

static NTSTATUS pend_unmarked(PDEVICE_OBJECT device, PIRP sent)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(sent);
    return STATUS_PENDING;
}

static NTSTATUS complete_and_pend(PDEVICE_OBJECT device, PIRP sent)
{
    complete_it(device, sent);
    return STATUS_PENDING;
}

static NTSTATUS mark_and_succeed(PDEVICE_OBJECT device, PIRP sent)
{
    pend_it(device, sent);
    return STATUS_SUCCESS;
}

static NTSTATUS mark_complete_and_fail(PDEVICE_OBJECT device, PIRP sent)
{
    pend_and_complete(device, sent);
    return STATUS_NOT_FOUND;
}

static NTSTATUS complete_and_succeed(PDEVICE_OBJECT device, PIRP sent)
{
    complete_it(device, sent);
    return STATUS_SUCCESS;
}

static NTSTATUS do_nothing(PDEVICE_OBJECT device, PIRP sent)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(sent);
    return STATUS_SUCCESS;
}

static NTSTATUS return_raised(PDEVICE_OBJECT device, PIRP sent)
{
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    return complete_it(device, sent);
}

static NTSTATUS skip_down(PDEVICE_OBJECT device, PIRP sent)
{
    UNREFERENCED_PARAMETER(device);
    IoSkipCurrentIrpStackLocation(sent);
    return IoCallDriver(&lower, sent);
}

/* Its sender's location is current again, so this is as if the IRP had come back. */
static NTSTATUS skip_and_free(PDEVICE_OBJECT device, PIRP sent)
{
    UNREFERENCED_PARAMETER(device);
    IoSkipCurrentIrpStackLocation(sent);
    IoFreeIrp(sent);
    return STATUS_UNSUCCESSFUL;
}

static NTSTATUS copy_down(PDEVICE_OBJECT device, PIRP sent)
{
    UNREFERENCED_PARAMETER(device);
    IoCopyCurrentIrpStackLocationToNext(sent);
    IoSetCompletionRoutineEx(&upper, sent, completion, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(&lower, sent);
}

static NTSTATUS copy_down_and_succeed(PDEVICE_OBJECT device, PIRP sent)
{
    copy_down(device, sent);
    return STATUS_SUCCESS;
}

/* Send an IRP with so many locations to `upper`, whose dispatch routine this is. */
static NTSTATUS send(CCHAR stack_size, PDRIVER_DISPATCH dispatch)
{
    fresh(stack_size);
    device_of(&upper, &upper_driver, dispatch);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    return IoCallDriver(&upper, irp);
}

static NTSTATUS send_through(PDRIVER_DISPATCH first, PDRIVER_DISPATCH second)
{
    device_of(&lower, &lower_driver, second);
    return send(2, first);
}

/* ---- Calls --------------------------------------------------------------------------------- */

static void calling(void)
{
    tap_is(send(1, complete_it), STATUS_NOT_FOUND, "IRP-9: IoCallDriver returns the status");
    tap_ok(seen_device == &upper, "IRP-9: of the device's driver");
    tap_is(send(1, pend_it), STATUS_PENDING, "PEND-3: marked and pending");
    tap_ok(IoGetCurrentIrpStackLocation(irp)->DeviceObject == &upper && irp->CurrentLocation == 1,
           "IRP-9: the callee's location is current and has the device");
    tap_is(send(1, pend_and_complete), STATUS_PENDING, "PEND-3: pending though complete already");
    tap_is(send_through(skip_down, complete_it), STATUS_NOT_FOUND, "IRP-12: skipped");
    tap_is(send_through(skip_down, pend_it), STATUS_PENDING, "PEND-4: skipped and pending");
    tap_is(send_through(copy_down, pend_and_complete), STATUS_PENDING,
           "PEND-7: the completion routine propagated the mark");
    tap_ok(calls == 1 && seen_pending, "CR-1: IoSetCompletionRoutineEx set it");
    tap_is(send_through(copy_down, pend_it), STATUS_PENDING, "PEND-4: a driver below pends");
    complete(STATUS_SUCCESS);
    tap_ok(irp->CurrentLocation == 4, "PEND-7: completed later on");
    tap_is(send(1, skip_and_free), STATUS_UNSUCCESSFUL,
           "IRP-3: the end of a call does not look at an IRP that is gone");
    fresh(1);
    device_of(&upper, &upper_driver, NULL);
    tap_is(IoCallDriver(&upper, irp), STATUS_INVALID_DEVICE_REQUEST,
           "a driver without a dispatch routine refuses");
}

/* The creator's own routine takes the IRP back; it may be freed, or sent again. */
static void calling_twice(void)
{
    fresh(1);
    device_of(&upper, &upper_driver, complete_it);
    answer = STATUS_MORE_PROCESSING_REQUIRED;
    for (int i = 0; i < 2; i++) {
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
        IoSetCompletionRoutine(irp, completion, NULL, TRUE, TRUE, TRUE);
        IoCallDriver(&upper, irp);
    }
    tap_ok(calls == 2 && irp->CurrentLocation == 2, "CR-4: back with its creator, and sent again");
    IoFreeIrp(irp);
    tap_is(io_irps_live(), 0, "IRP-3: what came back may be freed");
}

static void dispatch_misuse(void)
{
    STOPS("DV-12, PEND-4: STATUS_PENDING unmarked", 0xC9, 0x23D, send(1, pend_unmarked));
    STOPS("DV-12: completed, then STATUS_PENDING unmarked", 0xC9, 0x23D,
          send(1, complete_and_pend));
    STOPS("DV-12, PEND-3: marked without STATUS_PENDING", 0xC9, 0x23E, send(1, mark_and_succeed));
    STOPS("DV-12, PEND-3: marked, completed, no STATUS_PENDING", 0xC9, 0x23E,
          send(1, mark_complete_and_fail));
    STOPS("DV-8, COMP-13: status differs from IoStatus", 0xC9, 0x224,
          send(1, complete_and_succeed));
    STOPS("DV-8, COMP-13: neither completed, forwarded nor pended", 0xC9, 0x226,
          send(1, do_nothing));
    tap_ok(stopped.parameter[1] == (ULONG_PTR)do_nothing &&
               stopped.parameter[2] == (ULONG_PTR)&upper && stopped.parameter[3] == (ULONG_PTR)irp,
           "DV-8: parameters 2 to 4 are routine, device and IRP");
    STOPS("DV-8: a driver below pends, the upper one does not", 0xC9, 0x224,
          send_through(copy_down_and_succeed, pend_it));
    STOPS("DV-2, IRQ-6: IRQL changed", 0xC9, 0x05, send(1, return_raised));
}

static void call_misuse(void)
{
    fresh(0);
    STOPS("IRP-9, BUG-9: no location left", 0x35, irp, IoCallDriver(&upper, irp));
    STOPS("BUG-9: nor one for a completion routine", 0x35, irp,
          IoSetCompletionRoutineEx(&upper, irp, completion, NULL, TRUE, TRUE, TRUE));
    fresh(1);
    irp->Type = 0;
    STOPS("DV-2: no IRP", 0xC9, 0x03, IoCallDriver(&upper, irp));
    fresh(1);
    STOPS("DV-2: no device", 0xC9, 0x04, IoCallDriver(NULL, irp));
    upper.Type = 0;
    STOPS("DV-2: a device of another type", 0xC9, 0x04, IoCallDriver(&upper, irp));
    upper.Type = IO_TYPE_DEVICE;
    KeRaiseIrql(HIGH_LEVEL, &old);
    STOPS("DV-2: above DISPATCH_LEVEL", 0xC9, 0x10, IoCallDriver(&upper, irp));
    fresh(1);
    IoSetCancelRoutine(irp, (PDRIVER_CANCEL)(ULONG_PTR)16);
    STOPS("DV-4, MQ-9: Cancel routine set", 0xC9, 0x203, IoCallDriver(&upper, irp));
    fresh(1);
    complete(STATUS_SUCCESS);
    STOPS("BUG-10: an IRP that is complete", INCONSISTENT_IRP, irp, IoCallDriver(&upper, irp));
    send(1, pend_it);
    STOPS("IRP-3, DV-6: freeing an IRP that a driver has", 0xC9, 0x20A, IoFreeIrp(irp));
    STOPS("IRP-4, DV-7: reusing an IRP that a driver has", 0xC9, 0x310,
          IoReuseIrp(irp, STATUS_SUCCESS));
}

int main(void)
{
    calling();
    calling_twice();
    dispatch_misuse();
    call_misuse();
    io_discard_irps();
    return tap_end();
}
