/*
 * Sending an IRP to a driver (IRP-9, DV-2, DV-4, DV-8, DV-12).
 */
#include "../ke/ke.h"
#include "io.h"
#include "registry.h"
#include "rules.h"

/* What a driver that fills in nothing else answers. */
static NTSTATUS invalid_request(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

static PDRIVER_DISPATCH dispatch_routine(PDEVICE_OBJECT device, UCHAR major)
{
    PDRIVER_DISPATCH routine = NULL;
    if (major <= IRP_MJ_MAXIMUM_FUNCTION)
        routine = device->DriverObject->MajorFunction[major];
    return routine ? routine : invalid_request;
}

/* 0xC9: parameters 2 to 4 are the device, the IRP, and what is wrong with them. */
static VOID check_call(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL irql = KeGetCurrentIrql();
    if (irp->Type != IO_TYPE_IRP)
        io_violation(IO_RULE_CALL_NO_IRP, (ULONG_PTR)device, (ULONG_PTR)irp, 0);
    if (device == NULL || device->Type != IO_TYPE_DEVICE || device->DriverObject == NULL)
        io_violation(IO_RULE_CALL_NO_DEVICE, (ULONG_PTR)device, (ULONG_PTR)irp, 0);
    if (irql > DISPATCH_LEVEL)
        io_violation(IO_RULE_CALL_IRQL, (ULONG_PTR)device, (ULONG_PTR)irp, irql);
    PDRIVER_CANCEL routine = irp->CancelRoutine;
    if (routine != NULL)
        io_violation(IO_RULE_CALL_CANCELABLE, (ULONG_PTR)device, (ULONG_PTR)irp,
                     (ULONG_PTR)routine);
}

/* Nothing below location 1, and nothing for an IRP that is complete already. */
static PIO_STACK_LOCATION enter_next_location(PDEVICE_OBJECT device, PIRP irp)
{
    if (irp->CurrentLocation > irp->StackCount + 1)
        KeBugCheckEx(INCONSISTENT_IRP, (ULONG_PTR)irp, 0, 0, 0);
    if (irp->CurrentLocation <= 1)
        KeBugCheckEx(NO_MORE_IRP_STACK_LOCATIONS, (ULONG_PTR)irp, 0, 0, 0);
    IoSetNextIrpStackLocation(irp);
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    location->DeviceObject = device;
    return location;
}

/*
 * Which rule does a dispatch routine break that returns `status`? 0 for none. It marked its
 * location pending exactly if it returns STATUS_PENDING; it returns what it completed the IRP with;
 * and the IRP does not stay with it otherwise. While a driver below has the IRP, the mark may still
 * come, with the completion (PEND-7).
 */
static ULONG_PTR broken_rule(const struct registry_call *call, NTSTATUS status)
{
    BOOLEAN marked = (call->control & SL_PENDING_RETURNED) != 0;
    if (status == STATUS_PENDING)
        return marked || call->below ? 0 : IO_RULE_PENDING_UNMARKED;
    if (marked)
        return IO_RULE_MARKED_NOT_PENDING;
    if (call->below || (call->left && call->status != status))
        return IO_RULE_DISPATCH_STATUS;
    return call->left ? 0 : IO_RULE_DISPATCH_UNFINISHED;
}

/* 0xC9: parameters 2 to 4 are the routine, the device and the IRP, which may be gone by now. */
static VOID check_result(PDRIVER_DISPATCH routine, PDEVICE_OBJECT device, PIRP irp,
                         struct registry_call *call, NTSTATUS status)
{
    registry_end_call(irp, call);
    ULONG_PTR rule = call->known ? broken_rule(call, status) : 0;
    if (rule)
        io_violation((enum io_rule)rule, (ULONG_PTR)routine, (ULONG_PTR)device, (ULONG_PTR)irp);
}

/* 0xC9/0x05: parameter 2 the device, 3 and 4 the IRQL before and after. */
NTSTATUS IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct registry_call call;
    KIRQL irql = KeGetCurrentIrql();
    check_call(DeviceObject, Irp);
    UCHAR major = enter_next_location(DeviceObject, Irp)->MajorFunction;
    PDRIVER_DISPATCH routine = dispatch_routine(DeviceObject, major);
    registry_begin_call(Irp, &call);
    NTSTATUS status = routine(DeviceObject, Irp);
    if (KeGetCurrentIrql() != irql)
        io_violation(IO_RULE_DISPATCH_CHANGED_IRQL, (ULONG_PTR)DeviceObject, irql,
                     KeGetCurrentIrql());
    check_result(routine, DeviceObject, Irp, &call, status);
    return status;
}

/* Drivers are never unloaded under an IRP here, so there is nothing to keep loaded. */
NTSTATUS IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                  PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                                  BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
                                  BOOLEAN InvokeOnCancel)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->CurrentLocation <= 1)
        KeBugCheckEx(NO_MORE_IRP_STACK_LOCATIONS, (ULONG_PTR)Irp, 0, 0, 0);
    IoSetCompletionRoutine(Irp, CompletionRoutine, Context, InvokeOnSuccess, InvokeOnError,
                           InvokeOnCancel);
    return STATUS_SUCCESS;
}
