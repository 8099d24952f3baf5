/*
 * Uses the core surface the way driver sources do, valid as C and as C++. It is only compiled.
 */
#include "surroundings.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- A driver's queue, as such files are written ------------------------------------------- */

typedef struct _DEVICE_EXTENSION {
    ULONG Signature;
    IO_CSQ Queue;
    KSPIN_LOCK QueueLock;
    LIST_ENTRY PendingIrps;
    LONG volatile Count;
    FAST_MUTEX Mutex;
    KEVENT Idle;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

/* Role types declare the routines; pointer types hold them. */
IO_CSQ_INSERT_IRP QueueInsert;
IO_CSQ_INSERT_IRP_EX QueueInsertEx;
IO_CSQ_REMOVE_IRP QueueRemove;
IO_CSQ_PEEK_NEXT_IRP QueuePeek;
IO_CSQ_ACQUIRE_LOCK QueueAcquire;
IO_CSQ_RELEASE_LOCK QueueRelease;
IO_CSQ_COMPLETE_CANCELED_IRP QueueCompleteCanceled;
DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD DriverUnload;
DRIVER_STARTIO DriverStart;
DRIVER_CANCEL DriverCancel;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH DriverRead;
IO_COMPLETION_ROUTINE DriverCompletion;
KDEFERRED_ROUTINE DriverDpc;
KSTART_ROUTINE DriverThread;
IO_WORKITEM_ROUTINE DriverWork;

PIO_CSQ_INSERT_IRP InsertPointer = QueueInsert;
PIO_CSQ_INSERT_IRP_EX InsertExPointer = QueueInsertEx;
PDRIVER_INITIALIZE EntryPointer = DriverEntry;
PDRIVER_CANCEL CancelPointer = DriverCancel;
PKDEFERRED_ROUTINE DpcPointer = DriverDpc;
PKSTART_ROUTINE ThreadPointer = DriverThread;
PIO_WORKITEM_ROUTINE WorkPointer = DriverWork;

FORCEINLINE PDEVICE_EXTENSION ExtensionOf(IN PIO_CSQ Csq)
{
    return CONTAINING_RECORD(Csq, DEVICE_EXTENSION, Queue);
}

__forceinline ULONG Twice(ULONG Value)
{
    return 2 * Value;
}

static __forceinline ULONG Thrice(ULONG Value)
{
    return 3 * Value;
}

static __inline ULONG FourTimes(ULONG Value)
{
    return 4 * Value;
}

_Use_decl_annotations_ VOID QueueInsert(struct _IO_CSQ *Csq, PIRP Irp)
{
    InsertTailList(&ExtensionOf(Csq)->PendingIrps, &Irp->Tail.Overlay.ListEntry);
}

NTSTATUS NTAPI QueueInsertEx(struct _IO_CSQ *Csq, PIRP Irp, PVOID InsertContext)
{
    if (InsertContext != NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    QueueInsert(Csq, Irp);
    return STATUS_SUCCESS;
}

VOID QueueRemove(IN PIO_CSQ Csq, IN PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

PIRP QueuePeek(PIO_CSQ Csq, PIRP Irp OPTIONAL, PVOID PeekContext OPTIONAL)
{
    PLIST_ENTRY Head = &ExtensionOf(Csq)->PendingIrps;
    PLIST_ENTRY Next = Irp == NULL ? Head->Flink : Irp->Tail.Overlay.ListEntry.Flink;

    for (; Next != Head; Next = Next->Flink) {
        PIRP Candidate = CONTAINING_RECORD(Next, IRP, Tail.Overlay.ListEntry);
        PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Candidate);

        if (PeekContext == NULL || Stack->FileObject == (PFILE_OBJECT)PeekContext) {
            return Candidate;
        }
    }
    return NULL;
}

_IRQL_raises_(DISPATCH_LEVEL) _IRQL_requires_max_(DISPATCH_LEVEL)
    _Acquires_lock_(ExtensionOf(Csq)->QueueLock) VOID
    QueueAcquire(_In_ PIO_CSQ Csq, _Out_ _At_(*Irql, _Post_ _IRQL_saves_) PKIRQL Irql)
{
    KeAcquireSpinLock(&ExtensionOf(Csq)->QueueLock, Irql);
}

_IRQL_requires_(DISPATCH_LEVEL) _Releases_lock_(ExtensionOf(Csq)->QueueLock) VOID
    QueueRelease(_In_ PIO_CSQ Csq, _In_ _IRQL_restores_ KIRQL Irql)
{
    _Analysis_assume_(Csq != NULL);
    KeReleaseSpinLock(&ExtensionOf(Csq)->QueueLock, Irql);
}

VOID QueueCompleteCanceled(_Inout_ PIO_CSQ Csq, _Inout_opt_ PIRP Irp)
{
    DBG_UNREFERENCED_PARAMETER(Csq);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

/* What drivers did before: a queue and a Cancel routine of their own. */
VOID DriverCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION Extension = (PDEVICE_EXTENSION)DeviceObject->DeviceExtension;
    KLOCK_QUEUE_HANDLE Handle;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireInStackQueuedSpinLock(&Extension->QueueLock, &Handle);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseInStackQueuedSpinLock(&Handle);
    QueueCompleteCanceled(&Extension->Queue, Irp);
}

PIRP OldDequeue(PDEVICE_EXTENSION Extension)
{
    while (!IsListEmpty(&Extension->PendingIrps)) {
        PLIST_ENTRY Entry = RemoveHeadList(&Extension->PendingIrps);
        PIRP Irp = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);

        if (!IoSetCancelRoutine(Irp, NULL))
            continue;
        return Irp;
    }
    return NULL;
}

NTSTATUS OldEnqueue(PDEVICE_EXTENSION Extension, PIRP Irp)
{
    if (IoSetCancelRoutine(Irp, DriverCancel) != NULL) {
        KeBugCheck(CANCEL_STATE_IN_COMPLETED_IRP);
    }
    if (Irp->Cancel && IoSetCancelRoutine(Irp, (PDRIVER_CANCEL)NULL)) {
        return STATUS_CANCELLED;
    }
    InsertHeadList(&Extension->PendingIrps, &Irp->Tail.Overlay.ListEntry);
    IoMarkIrpPending(Irp);
    return STATUS_PENDING;
}

/* The two concurrent fields look like plain ones, in every use that drivers make of them. */
ULONG PlainUse(PIRP Irp, PDEVICE_OBJECT DeviceObject)
{
    IRP Copy = *Irp;
    BOOLEAN Canceled = Irp->Cancel;
    PDRIVER_CANCEL Routine = Irp->CancelRoutine;
    PDRIVER_CANCEL *Address = (PDRIVER_CANCEL *)&Irp->CancelRoutine;
    volatile IRP *Volatile = Irp;

    Copy = *Irp;
    *Irp = Copy;
    Copy.Cancel = Irp->Cancel;
    Copy.CancelRoutine = Irp->CancelRoutine;
    Copy.CancelRoutine = NULL;
    Copy.Cancel = FALSE;
    Copy.Cancel = TRUE;
    Copy.Cancel = (BOOLEAN)(Canceled || Volatile->Cancel);
    Volatile->Cancel = FALSE;
    RtlZeroMemory(&Copy, sizeof(Copy));
    RtlCopyMemory(&Copy, Irp, sizeof(IRP));
    if (Irp->Cancel == TRUE || !Irp->Cancel || Irp->Cancel != Copy.Cancel) {
        Irp->CancelRoutine = Routine;
    }
    if (Irp->CancelRoutine == NULL || NULL != Irp->CancelRoutine || !Irp->CancelRoutine ||
        Irp->CancelRoutine == DriverCancel || *Address == Copy.CancelRoutine) {
        return Irp->Cancel ? 1 : 0;
    }
    Irp->CancelRoutine(DeviceObject, Irp);
    InterlockedExchangePointer((PVOID volatile *)&Irp->CancelRoutine, NULL);
    return Copy.Cancel + (ULONG)Irp->Cancel;
}

NTSTATUS DriverCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->PendingReturned) {
        IoMarkIrpPending(Irp);
    }
    KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return Irp->Cancel ? STATUS_MORE_PROCESSING_REQUIRED : STATUS_CONTINUE_COMPLETION;
}

NTSTATUS DriverRead(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp)
{
    PDEVICE_EXTENSION Extension = (PDEVICE_EXTENSION)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    IO_CSQ_IRP_CONTEXT Context;
    LARGE_INTEGER Timeout;
    ULONG Length = 0;

    PAGED_CODE();
    ASSERT(Stack->MajorFunction <= IRP_MJ_MAXIMUM_FUNCTION);
    NT_ASSERT(Irp->StackCount > 0 && Irp->CurrentLocation > 0);
    ASSERTMSG("an IRP", Irp->Type == IO_TYPE_IRP);
    switch (Stack->MajorFunction) {
    case IRP_MJ_READ:
        Length = Stack->Parameters.Read.Length + Stack->Parameters.Read.Key;
        Timeout = Stack->Parameters.Read.ByteOffset;
        break;
    case IRP_MJ_WRITE:
        Length = Stack->Parameters.Write.Length;
        Timeout.QuadPart = Stack->Parameters.Write.ByteOffset.QuadPart;
        break;
    case IRP_MJ_DEVICE_CONTROL:
        Length = min(Stack->Parameters.DeviceIoControl.OutputBufferLength,
                     Stack->Parameters.DeviceIoControl.InputBufferLength);
        Length = max(Length, Stack->Parameters.DeviceIoControl.IoControlCode);
        Timeout.LowPart = 0;
        Timeout.HighPart = 0;
        break;
    default:
        Stack->Parameters.Others.Argument1 = Stack->Parameters.Others.Argument4;
        Stack->Parameters.Others.Argument2 = Stack->Parameters.Others.Argument3;
        Timeout.u.LowPart = 0;
        Timeout.u.HighPart = 0;
        break;
    }
    KdPrint(("read of %lu bytes at %I64d on %wZ\n", Length, Timeout.QuadPart,
             Stack->FileObject != NULL ? &Stack->FileObject->FileName : NULL));
    if (Irp->RequestorMode != KernelMode || Irp->MdlAddress != NULL || Irp->UserBuffer != NULL) {
        RtlFillMemory(Irp->AssociatedIrp.SystemBuffer, Length, 0xff);
    }
    Irp->Tail.Overlay.DriverContext[0] = Irp->Tail.Overlay.Thread;
    Irp->Tail.Overlay.OriginalFileObject = Stack->FileObject;
    Irp->Tail.Overlay.DeviceQueueEntry.SortKey = Stack->MinorFunction + Stack->Flags;
    ASSERT(Irp->Tail.Overlay.CurrentStackLocation == Stack);

    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, DriverCompletion, &Extension->Idle, TRUE, TRUE, TRUE);
    if (NT_SUCCESS(IoCallDriver(DeviceObject->AttachedDevice, Irp))) {
        KeWaitForSingleObject(&Extension->Idle, Executive, KernelMode, FALSE, &Timeout);
    }
    InterlockedIncrement(&Extension->Count);
    Extension->Queue.CsqPeekNextIrp(&Extension->Queue, NULL, Stack->FileObject);
    IoCsqInsertIrp(&Extension->Queue, Irp, &Context);
    if (IoCsqRemoveIrp(&Extension->Queue, &Context) == Irp) {
        Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
    }
    return STATUS_PENDING;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    static WCHAR Name[] = L"\\Device\\Surface";
    PDEVICE_EXTENSION Extension = (PDEVICE_EXTENSION)DriverObject->DeviceObject->DeviceExtension;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = DriverUnload;
    DriverObject->DriverStartIo = DriverStart;
    DriverObject->MajorFunction[IRP_MJ_READ] = DriverRead;
    DriverObject->DriverName.Buffer = Name;
    DriverObject->DriverName.Length = sizeof(Name) - sizeof(WCHAR);
    DriverObject->DeviceObject->Flags |= DO_BUFFERED_IO;
    Extension->Signature = Twice(Thrice(FourTimes(1)));
    KeInitializeSpinLock(&Extension->QueueLock);
    InitializeListHead(&Extension->PendingIrps);
    ExInitializeFastMutex(&Extension->Mutex);
    KeInitializeEvent(&Extension->Idle, NotificationEvent, FALSE);
    Status = IoCsqInitialize(&Extension->Queue, QueueInsert, QueueRemove, QueuePeek, QueueAcquire,
                             QueueRelease, QueueCompleteCanceled);
    if (NT_SUCCESS(Status)) {
        Status = IoCsqInitializeEx(&Extension->Queue, QueueInsertEx, QueueRemove, QueuePeek,
                                   QueueAcquire, QueueRelease, QueueCompleteCanceled);
    }
    return NT_ERROR(Status) ? Status : STATUS_SUCCESS;
}

#ifdef __cplusplus
}

/* A C++ source keeps its standard library, and min of unlike types. */
ULONG StandardLibrary()
{
    using namespace std;
    vector<ULONG> Lengths{1, 2, 3};

    return max(Lengths[0], Lengths[1]) + min<SIZE_T>(Lengths.size(), 2) + (ULONG)min(1, 2L);
}
#endif
