/* Allocation, reuse and the fields of an IRP (IRP). */
#include "drivers.h"
#include "stage.h"

#include "ke/ke.h"

#include <string.h>

#define IO_VIOLATION DRIVER_VERIFIER_IOMANAGER_VIOLATION

/* ---- Made and freed ------------------------------------------------------------------------ */

static void expect_as_new(PIRP irp, CCHAR locations)
{
    const UCHAR *bytes = (const UCHAR *)(irp + 1);
    expect(!irp->Cancel && irp->CancelRoutine == NULL, "it is not canceled and not cancelable");
    expect(!irp->PendingReturned, "PendingReturned is FALSE");
    for (unsigned i = 0; i < 4; i++)
        expect_same(irp->Tail.Overlay.DriverContext[i], NULL, "DriverContext");
    expect_equal(irp->StackCount, locations, "StackCount");
    expect_equal(irp->CurrentLocation, locations + 1, "CurrentLocation");
    for (size_t i = 0; i < (size_t)locations * sizeof(IO_STACK_LOCATION); i++)
        expect(bytes[i] == 0, "the stack locations are zeroed");
    expect_same(IoGetCurrentIrpStackLocation(irp), (PIO_STACK_LOCATION)(irp + 1) + locations,
                "the place above the stack locations");
}

CASE(irp_1_new, "initialized, whatever its memory was before", CLAUSE_IRP_1)
{
    PIRP old = drivers_irp(3);
    memset(IoGetNextIrpStackLocation(old), 0xdd, sizeof(IO_STACK_LOCATION));
    IoSetNextIrpStackLocation(old);
    IoCancelIrp(old);
    IoFreeIrp(old);
    expect_as_new(IoAllocateIrp(3, FALSE), 3);
    expect_as_new(IoAllocateIrp(1, TRUE), 1);
}

CASE(irp_1_null, "NULL if there cannot be one", CLAUSE_IRP_1)
{
    expect_same(IoAllocateIrp(-1, FALSE), NULL, "an IRP with less than no stack locations");
}

CASE(irp_2_never_used, "IoInitializeIrp before the first use stops", CLAUSE_IRP_2)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    expect_bugcheck(IO_VIOLATION, 0x20D, IoInitializeIrp(irp, IoSizeOfIrp(1), 1));
}

/* Room for an IRP with two locations. */
static PIRP raw_memory(void)
{
    static union {
        IRP irp;
        UCHAR bytes[IoSizeOfIrp(2)];
    } raw;
    memset(&raw, 0xdd, sizeof raw);
    return &raw.irp;
}

CASE(irp_3_not_allocated, "freeing an IRP in memory of the driver's stops", CLAUSE_IRP_3)
{
    PIRP irp = raw_memory();
    IoInitializeIrp(irp, IoSizeOfIrp(2), 2);
    expect_bugcheck(IO_VIOLATION, 0x01, IoFreeIrp(irp));
}

CASE(irp_3_no_irp, "freeing what is no IRP stops", CLAUSE_IRP_3)
{
    expect_bugcheck(IO_VIOLATION, 0x01, IoFreeIrp(raw_memory()));
}

CASE(irp_3_queued, "freeing an IRP that is in a queue stops", CLAUSE_IRP_3)
{
    PIRP irp = stage_queued(stage_queue(PLAIN), NULL);
    expect_bugcheck(IO_VIOLATION, 0x20A, IoFreeIrp(irp));
}

CASE(irp_3_sent, "freeing an IRP that a driver has stops", CLAUSE_IRP_3)
{
    drivers_send(drivers_pend);
    expect_bugcheck(IO_VIOLATION, 0x20A, IoFreeIrp(drivers_sent()));
}

CASE(irp_3_come_back, "an IRP that has come back may be freed", CLAUSE_IRP_3)
{
    PIRP irp = drivers_irp(1);
    IoSetCompletionRoutine(irp, drivers_completion, NULL, TRUE, TRUE, TRUE);
    drivers_answer = STATUS_MORE_PROCESSING_REQUIRED;
    drivers_handle(UPPER, drivers_complete);
    IoCallDriver(drivers_device(UPPER), irp);
    IoFreeIrp(irp);
}

/* ---- Used again ---------------------------------------------------------------------------- */

/* Sent, marked, canceled, completed: nothing of it is as it was. */
static PIRP used(BOOLEAN charge_quota)
{
    PIRP irp = IoAllocateIrp(1, charge_quota);
    IoSetNextIrpStackLocation(irp);
    IoMarkIrpPending(irp);
    IoCancelIrp(irp);
    drivers_finish(irp, STATUS_CANCELLED);
    return irp;
}

CASE(irp_4_as_new, "as new, with the given status", CLAUSE_IRP_4)
{
    PIRP irp = used(FALSE);
    IoReuseIrp(irp, STATUS_NOT_FOUND);
    expect_as_new(irp, 1);
    expect_equal(irp->IoStatus.Status, STATUS_NOT_FOUND, "the status");
}

CASE(irp_4_queued_again, "it can be queued and canceled like any other", CLAUSE_IRP_4)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = used(FALSE);
    IoReuseIrp(irp, STATUS_SUCCESS);
    IoSetNextIrpStackLocation(irp);
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect(stage_holds(queue, irp), "it is in the queue");
    expect_equal(IoCancelIrp(irp), TRUE, "what IoCancelIrp returned");
}

CASE(irp_4_queued, "reusing an IRP that is in a queue stops", CLAUSE_IRP_4)
{
    PIRP irp = stage_queued(stage_queue(PLAIN), NULL);
    expect_bugcheck(IO_VIOLATION, 0x310, IoReuseIrp(irp, STATUS_SUCCESS));
}

CASE(irp_4_sent, "reusing an IRP that a driver has stops", CLAUSE_IRP_4)
{
    drivers_send(drivers_pend);
    expect_bugcheck(IO_VIOLATION, 0x310, IoReuseIrp(drivers_sent(), STATUS_SUCCESS));
}

CASE(irp_6_raw_memory, "raw memory becomes an IRP", CLAUSE_IRP_6)
{
    PIRP irp = raw_memory();
    IoInitializeIrp(irp, IoSizeOfIrp(2), 2);
    expect_as_new(irp, 2);
    expect_equal(irp->Size, IoSizeOfIrp(2), "Size");
}

CASE(irp_6_without_quota, "an IRP that was used and charged no quota becomes new", CLAUSE_IRP_6)
{
    PIRP irp = used(FALSE);
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    expect_as_new(irp, 1);
}

CASE(irp_6_with_quota, "one that charged quota stops", CLAUSE_IRP_6)
{
    PIRP irp = used(TRUE);
    expect_bugcheck(IO_VIOLATION, 0x20D, IoInitializeIrp(irp, IoSizeOfIrp(1), 1));
}

/* ---- Fields -------------------------------------------------------------------------------- */

static VOID release_lock(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    IoReleaseCancelSpinLock(irp->CancelIrql);
}

CASE(irp_7_cancel_fields, "Cancel, CancelIrql and CancelRoutine, before a cancel and after",
     CLAUSE_IRP_7)
{
    PIRP irp = stage_irp();
    KIRQL before;
    IoSetCancelRoutine(irp, release_lock);
    expect(!irp->Cancel && irp->CancelRoutine != NULL, "it is cancelable, not canceled");
    KeRaiseIrql(APC_LEVEL, &before);
    IoCancelIrp(irp);
    expect(irp->Cancel && irp->CancelRoutine == NULL, "it is canceled, not cancelable");
    expect_equal(irp->CancelIrql, APC_LEVEL, "CancelIrql");
}

CASE(irp_7_pending_returned, "PendingReturned says whether a driver below has pended it",
     CLAUSE_IRP_7)
{
    PIRP marked = stage_irp(), unmarked = stage_irp();
    IoMarkIrpPending(marked);
    stage_complete(marked, STATUS_SUCCESS);
    stage_complete(unmarked, STATUS_SUCCESS);
    expect_equal(stage_reply(marked)->pending_returned, TRUE, "PendingReturned, marked");
    expect_equal(stage_reply(unmarked)->pending_returned, FALSE, "PendingReturned, not marked");
}

CASE(irp_8_list_entry, "an IRP in a list of its driver's stays there, whatever is done to it",
     CLAUSE_IRP_8)
{
    LIST_ENTRY list;
    PIRP irp = stage_irp();
    InitializeListHead(&list);
    InsertTailList(&list, &irp->Tail.Overlay.ListEntry);
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, release_lock);
    IoCancelIrp(irp);
    expect_same(list.Flink, &irp->Tail.Overlay.ListEntry, "the first of the list");
    expect_same(irp->Tail.Overlay.ListEntry.Flink, &list, "its forward link");
    expect_same(irp->Tail.Overlay.ListEntry.Blink, &list, "its backward link");
}

/* ---- Stack locations ----------------------------------------------------------------------- */

static PIO_STACK_LOCATION current[2]; /* of the upper and of the lower driver */
static IO_STACK_LOCATION got;         /* what the lower driver's held */

static NTSTATUS note_and_complete(PDEVICE_OBJECT device, PIRP irp)
{
    current[LOWER] = IoGetCurrentIrpStackLocation(irp);
    got = *current[LOWER];
    return drivers_complete(device, irp);
}

CASE(irp_9_next_is_current, "IoCallDriver: the next location is current, and has the device",
     CLAUSE_IRP_9)
{
    PIRP irp = drivers_irp(2);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    drivers_handle(UPPER, note_and_complete);
    IoCallDriver(drivers_device(UPPER), irp);
    expect_same(current[LOWER], next, "the driver's location");
    expect_same(got.DeviceObject, drivers_device(UPPER), "DeviceObject in it");
}

CASE(irp_9_none_left, "without a location left IoCallDriver stops", CLAUSE_IRP_9)
{
    PIRP irp = drivers_irp(0);
    expect_bugcheck(NO_MORE_IRP_STACK_LOCATIONS, irp, IoCallDriver(drivers_device(UPPER), irp));
}

CASE(irp_9_none_left_below, "so it does in a driver in the middle", CLAUSE_IRP_9)
{
    PIRP irp = drivers_irp(1);
    IoSetNextIrpStackLocation(irp);
    expect_bugcheck(NO_MORE_IRP_STACK_LOCATIONS, irp, IoCallDriver(drivers_device(UPPER), irp));
}

CASE(irp_10_own_location, "the creator's own: one less is left", CLAUSE_IRP_10)
{
    PIRP irp = IoAllocateIrp(2, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    IoSetNextIrpStackLocation(irp);
    expect_same(IoGetCurrentIrpStackLocation(irp), next, "the current location");
    expect_equal(irp->CurrentLocation, 2, "CurrentLocation");
    IoMarkIrpPending(irp);
    expect_equal(next->Control, SL_PENDING_RETURNED, "Control of it, marked pending");
}

CASE(irp_11_insert_marks_it, "an insert marks the current location, and no other", CLAUSE_IRP_11)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = IoAllocateIrp(3, FALSE);
    PIO_STACK_LOCATION locations = (PIO_STACK_LOCATION)(irp + 1);
    IoSetNextIrpStackLocation(irp);
    IoSetNextIrpStackLocation(irp);
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    expect_equal(irp->CurrentLocation, 2, "CurrentLocation");
    expect_equal(locations[0].Control, 0, "Control below the current location");
    expect_equal(locations[1].Control, SL_PENDING_RETURNED, "Control of the current location");
    expect_equal(locations[2].Control, 0, "Control above the current location");
}

/* A request with something in it. */
static PIRP request(void)
{
    static FILE_OBJECT file;
    PIRP irp = drivers_irp(2);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MinorFunction = 7;
    next->Parameters.Read.Length = 1234;
    next->FileObject = &file;
    IoSetCompletionRoutine(irp, drivers_completion, NULL, TRUE, TRUE, TRUE);
    drivers_handle(LOWER, note_and_complete);
    return irp;
}

static NTSTATUS copy_down(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    current[UPPER] = IoGetCurrentIrpStackLocation(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    return IoCallDriver(drivers_device(LOWER), irp);
}

CASE(irp_12_copied, "the request is copied, completion routine and Control are not", CLAUSE_IRP_12)
{
    PIRP irp = request();
    PFILE_OBJECT file = IoGetNextIrpStackLocation(irp)->FileObject;
    drivers_handle(UPPER, copy_down);
    IoCallDriver(drivers_device(UPPER), irp);
    expect_same(current[LOWER], current[UPPER] - 1, "the location below");
    expect_equal(got.MinorFunction, 7, "MinorFunction");
    expect_equal(got.Parameters.Read.Length, 1234, "Parameters");
    expect_same(got.FileObject, file, "FileObject");
    expect_equal(got.Control, 0, "Control");
    expect(got.CompletionRoutine == NULL, "there is no completion routine");
    expect_equal(drivers_note.calls, 1, "the calls of the creator's completion routine");
}

static NTSTATUS skip_down(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    current[UPPER] = IoGetCurrentIrpStackLocation(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(drivers_device(LOWER), irp);
}

CASE(irp_12_skipped, "the driver below gets the same location, completion routine and all",
     CLAUSE_IRP_12)
{
    PIRP irp = request();
    drivers_handle(UPPER, skip_down);
    IoCallDriver(drivers_device(UPPER), irp);
    expect_same(current[LOWER], current[UPPER], "the lower driver's location");
    expect_equal(got.Parameters.Read.Length, 1234, "Parameters");
    expect_same(got.DeviceObject, drivers_device(LOWER), "DeviceObject");
    expect_equal(drivers_note.calls, 1, "the calls of the creator's completion routine");
}
