/* Two drivers, what many cases have them do, and a completion routine that takes notes. */
#include "drivers.h"

#include "sched/sched.h"

#include <stdlib.h>

/* ---- Devices ------------------------------------------------------------------------------- */

static DRIVER_OBJECT driver_objects[2];
static DEVICE_OBJECT devices[2];
static PIRP sent;

PDEVICE_OBJECT drivers_device(enum drivers_which which)
{
    devices[which].Type = IO_TYPE_DEVICE;
    devices[which].DriverObject = &driver_objects[which];
    return &devices[which];
}

void drivers_handle(enum drivers_which which, PDRIVER_DISPATCH dispatch)
{
    drivers_device(which)->DriverObject->MajorFunction[IRP_MJ_READ] = dispatch;
}

PIRP drivers_irp(CCHAR locations)
{
    PIRP irp = IoAllocateIrp(locations, FALSE);
    if (!irp)
        abort();
    if (locations > 0)
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    return irp;
}

static NTSTATUS send_with(CCHAR locations, PDRIVER_DISPATCH dispatch)
{
    drivers_handle(UPPER, dispatch);
    sent = drivers_irp(locations);
    return IoCallDriver(drivers_device(UPPER), sent);
}

NTSTATUS drivers_send(PDRIVER_DISPATCH dispatch)
{
    return send_with(1, dispatch);
}

NTSTATUS drivers_send_through(PDRIVER_DISPATCH first, PDRIVER_DISPATCH second)
{
    drivers_handle(LOWER, second);
    return send_with(2, first);
}

PIRP drivers_sent(void)
{
    return sent;
}

/* ---- Dispatch routines --------------------------------------------------------------------- */

void drivers_finish(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

NTSTATUS drivers_complete(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    drivers_finish(irp, STATUS_NOT_FOUND);
    return STATUS_NOT_FOUND;
}

NTSTATUS drivers_pend(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}

NTSTATUS drivers_pass_down(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, drivers_completion, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(drivers_device(LOWER), irp);
}

/* ---- A completion routine ------------------------------------------------------------------ */

struct drivers_note drivers_note;
NTSTATUS drivers_answer = STATUS_SUCCESS;

NTSTATUS drivers_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    drivers_note = (struct drivers_note){.calls = drivers_note.calls + 1,
                                         .thread = sched_self(),
                                         .irql = KeGetCurrentIrql(),
                                         .device = device,
                                         .context = context,
                                         .pending_returned = irp->PendingReturned,
                                         .status = irp->IoStatus};
    if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount)
        IoMarkIrpPending(irp);
    return drivers_answer;
}
