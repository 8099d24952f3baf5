/*
 * Uses the whole core surface the way driver sources do, valid as C and as C++. It is only
 * compiled: a missing name, a changed prototype, layout or constant does not pass the compiler.
 */

/* A source may bring its own words along, before the include ... */
#define NTAPI    __attribute__((visibility("default")))
#define FASTCALL __attribute__((visibility("default")))

#ifdef SURFACE_INSIDE_EXTERN_C
extern "C" {
#include <wdm.h>
}
#else
#include <wdm.h>
#endif

/* The forwarders may follow each other in any order. */
#include <csq.h>
#include <dontuse.h>
#include <initguid.h>
#include <ntddk.h>
#include <ntdef.h>
#include <ntifs.h>
#include <wdmsec.h>

/* ... and after it. */
#define IN
#define OUT
#define OPTIONAL
#undef FORCEINLINE
#define FORCEINLINE static inline
#undef NTKERNELAPI
#define NTKERNELAPI extern
#undef DECLSPEC_IMPORT
#define DECLSPEC_IMPORT extern

#ifdef __cplusplus
#include <algorithm> /* neither min nor max nor an annotation may break the standard library */
#include <atomic>
#include <type_traits>
#include <vector>
static_assert(std::is_standard_layout<IRP>::value, "CONTAINING_RECORD needs it");
extern "C" {
#endif

/* ---- Types --------------------------------------------------------------------------------- */

C_ASSERT(sizeof(CHAR) == 1 && sizeof(CCHAR) == 1 && sizeof(UCHAR) == 1 && sizeof(BOOLEAN) == 1);
C_ASSERT(sizeof(SHORT) == 2 && sizeof(USHORT) == 2 && sizeof(CSHORT) == 2);
C_ASSERT(sizeof(LONG) == 4 && sizeof(ULONG) == 4 && sizeof(UINT32) == 4 && sizeof(BOOL) == 4);
C_ASSERT(sizeof(NTSTATUS) == 4 && (NTSTATUS)-1 < 0 && sizeof(ACCESS_MASK) == 4);
C_ASSERT(sizeof(LONGLONG) == 8 && sizeof(ULONGLONG) == 8 && sizeof(UINT64) == 8);
C_ASSERT(sizeof(INT64) == 8 && sizeof(LARGE_INTEGER) == 8 && (INT64)-1 < 0);
C_ASSERT(sizeof(ULONG_PTR) == sizeof(PVOID) && sizeof(UINT_PTR) == sizeof(PVOID));
C_ASSERT(sizeof(SIZE_T) == sizeof(PVOID) && sizeof(HANDLE) == sizeof(PVOID));
C_ASSERT((CCHAR)-1 < 0 && (UCHAR)-1 > 0 && (ULONG)-1 > 0);
C_ASSERT(sizeof(KIRQL) == 1 && (KIRQL)-1 > 0); /* TYP-14 */
C_ASSERT(sizeof(KSPIN_LOCK) == sizeof(PVOID) && sizeof(KPROCESSOR_MODE) == 1);
C_ASSERT(sizeof(WCHAR) == sizeof(L'x'));
C_ASSERT(TRUE == 1 && FALSE == 0);
C_ASSERT(DBG == 0 || DBG == 1);
#if __SIZEOF_POINTER__ == 8 && !defined(_WIN64)
#error "_WIN64 is promised on 64-bit hosts"
#endif

/* Every type of the core list with its pointer form: `X x; PX p = &x;`. */
#define BOTH_FORMS(type)                                                                           \
    type Object_##type;                                                                            \
    P##type Pointer_##type = &Object_##type
BOTH_FORMS(BOOLEAN);
BOTH_FORMS(BOOL);
BOTH_FORMS(UCHAR);
BOTH_FORMS(CCHAR);
BOTH_FORMS(CHAR);
BOTH_FORMS(SHORT);
BOTH_FORMS(USHORT);
BOTH_FORMS(LONG);
BOTH_FORMS(ULONG);
BOTH_FORMS(LONGLONG);
BOTH_FORMS(ULONGLONG);
BOTH_FORMS(UINT32);
BOTH_FORMS(UINT64);
BOTH_FORMS(INT64);
BOTH_FORMS(UINT_PTR);
BOTH_FORMS(ULONG_PTR);
BOTH_FORMS(SIZE_T);
BOTH_FORMS(LARGE_INTEGER);
BOTH_FORMS(HANDLE);
BOTH_FORMS(ACCESS_MASK);
BOTH_FORMS(UNICODE_STRING);
BOTH_FORMS(NTSTATUS);
BOTH_FORMS(KIRQL);
BOTH_FORMS(KSPIN_LOCK);
BOTH_FORMS(LIST_ENTRY);
BOTH_FORMS(SINGLE_LIST_ENTRY);
BOTH_FORMS(IO_STATUS_BLOCK);
BOTH_FORMS(IRP);
BOTH_FORMS(IO_STACK_LOCATION);
BOTH_FORMS(DEVICE_OBJECT);
BOTH_FORMS(DRIVER_OBJECT);
BOTH_FORMS(FILE_OBJECT);
BOTH_FORMS(MDL);
BOTH_FORMS(KLOCK_QUEUE_HANDLE);
BOTH_FORMS(FAST_MUTEX);
BOTH_FORMS(KEVENT);
BOTH_FORMS(IO_CSQ);
BOTH_FORMS(IO_CSQ_IRP_CONTEXT);

/* Prototypes spell the tags. */
VOID Tags(struct _IO_CSQ *, struct _IO_CSQ_IRP_CONTEXT *, struct _IRP *, struct _DEVICE_OBJECT *,
          struct _DRIVER_OBJECT *, struct _FILE_OBJECT *, struct _IO_STACK_LOCATION *,
          struct _LIST_ENTRY *, struct _KEVENT *, struct _FAST_MUTEX *, struct _MDL *);

/* ---- Layout (TYP-3, TYP-4, TYP-13) --------------------------------------------------------- */

#ifdef _WIN64
C_ASSERT(sizeof(IO_CSQ) == 64 && sizeof(IO_CSQ_IRP_CONTEXT) == 24);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqInsertIrp) == 8 && FIELD_OFFSET(IO_CSQ, CsqRemoveIrp) == 16);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqPeekNextIrp) == 24 && FIELD_OFFSET(IO_CSQ, CsqAcquireLock) == 32);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqReleaseLock) == 40);
C_ASSERT(FIELD_OFFSET(IO_CSQ, CsqCompleteCanceledIrp) == 48);
C_ASSERT(FIELD_OFFSET(IO_CSQ, ReservePointer) == 56);
C_ASSERT(FIELD_OFFSET(IO_CSQ_IRP_CONTEXT, Irp) == 8 && FIELD_OFFSET(IO_CSQ_IRP_CONTEXT, Csq) == 16);
#endif
C_ASSERT(FIELD_OFFSET(IRP, Tail.Overlay.DriverContext) ==
         FIELD_OFFSET(IRP, Tail.Overlay.DeviceQueueEntry));
C_ASSERT(FIELD_OFFSET(IRP, Tail.Overlay.ListEntry) >=
         FIELD_OFFSET(IRP, Tail.Overlay.DriverContext[3]) + (LONG)sizeof(PVOID));
C_ASSERT(sizeof(((PIRP)0)->Cancel) == sizeof(BOOLEAN));
C_ASSERT(sizeof(((PIRP)0)->CancelRoutine) == sizeof(PDRIVER_CANCEL));

/* ---- Constants ----------------------------------------------------------------------------- */

C_ASSERT(IO_TYPE_CSQ_IRP_CONTEXT == 1 && IO_TYPE_CSQ == 2 && IO_TYPE_CSQ_EX == 3); /* TYP-5 */
C_ASSERT(PASSIVE_LEVEL == 0 && APC_LEVEL == 1 && DISPATCH_LEVEL == 2);             /* TYP-14 */
#ifdef _WIN64
C_ASSERT(HIGH_LEVEL == 15);
#else
C_ASSERT(HIGH_LEVEL == 31);
#endif
C_ASSERT(IO_NO_INCREMENT == 0 && SL_PENDING_RETURNED == 0x01); /* TYP-15 */
C_ASSERT(SL_INVOKE_ON_CANCEL == 0x20 && SL_INVOKE_ON_SUCCESS == 0x40 && SL_INVOKE_ON_ERROR == 0x80);
C_ASSERT(IRP_MJ_CREATE == 0 && IRP_MJ_CLOSE == 2 && IRP_MJ_READ == 3 && IRP_MJ_WRITE == 4);
C_ASSERT(IRP_MJ_DEVICE_CONTROL == 0x0e && IRP_MJ_INTERNAL_DEVICE_CONTROL == 0x0f);
C_ASSERT(IRP_MJ_CLEANUP == 0x12 && IRP_MJ_POWER == 0x16 && IRP_MJ_SYSTEM_CONTROL == 0x17);
C_ASSERT(IRP_MJ_SHUTDOWN == 0x10 && IRP_MJ_PNP == 0x1b && IRP_MJ_MAXIMUM_FUNCTION == 0x1b);
C_ASSERT(DO_BUFFERED_IO == 0x04 && DO_DIRECT_IO == 0x10 && PAGE_SIZE == 4096);
C_ASSERT(MAXLONG == 0x7fffffff && IO_TYPE_IRP == 6);

/* The word is looked at as a driver would, with its type and its severity. */
#define STATUS_IS(name, value)                                                                     \
    C_ASSERT((ULONG)STATUS_##name == 0x##value && sizeof(STATUS_##name) == sizeof(NTSTATUS))
STATUS_IS(SUCCESS, 00000000);
STATUS_IS(PENDING, 00000103);
STATUS_IS(TIMEOUT, 00000102);
STATUS_IS(ALERTED, 00000101);
STATUS_IS(CONTINUE_COMPLETION, 00000000);
STATUS_IS(OBJECT_NAME_EXISTS, 40000000);
STATUS_IS(BUFFER_OVERFLOW, 80000005);
STATUS_IS(NO_MORE_FILES, 80000006);
STATUS_IS(CANCELLED, C0000120);
STATUS_IS(UNSUCCESSFUL, C0000001);
STATUS_IS(INVALID_PARAMETER, C000000D);
STATUS_IS(INSUFFICIENT_RESOURCES, C000009A);
STATUS_IS(NO_MEMORY, C0000017);
STATUS_IS(BUFFER_TOO_SMALL, C0000023);
STATUS_IS(NOT_IMPLEMENTED, C0000002);
STATUS_IS(INVALID_DEVICE_REQUEST, C0000010);
STATUS_IS(INVALID_DEVICE_STATE, C0000184);
STATUS_IS(DEVICE_NOT_READY, C00000A3);
STATUS_IS(DELETE_PENDING, C0000056);
STATUS_IS(QUOTA_EXCEEDED, C0000044);
STATUS_IS(THREAD_IS_TERMINATING, C000004B);
STATUS_IS(MORE_PROCESSING_REQUIRED, C0000016);
STATUS_IS(OBJECT_NAME_COLLISION, C0000035);
STATUS_IS(NOT_FOUND, C0000225);
STATUS_IS(DEVICE_REMOVED, C00002B6);
C_ASSERT(NT_SUCCESS(STATUS_PENDING) && NT_SUCCESS(STATUS_OBJECT_NAME_EXISTS));
C_ASSERT(!NT_SUCCESS(STATUS_NO_MORE_FILES) && !NT_SUCCESS(STATUS_CANCELLED));
C_ASSERT(NT_INFORMATION(STATUS_OBJECT_NAME_EXISTS) && !NT_INFORMATION(STATUS_SUCCESS));
C_ASSERT(NT_WARNING(STATUS_BUFFER_OVERFLOW) && !NT_WARNING(STATUS_CANCELLED));
C_ASSERT(NT_ERROR(STATUS_CANCELLED) && !NT_ERROR(STATUS_BUFFER_OVERFLOW));

C_ASSERT(IRQL_NOT_DISPATCH_LEVEL == 0x08 && IRQL_NOT_GREATER_OR_EQUAL == 0x09);
C_ASSERT(IRQL_NOT_LESS_OR_EQUAL == 0x0a && SPIN_LOCK_ALREADY_OWNED == 0x0f);
C_ASSERT(SPIN_LOCK_NOT_OWNED == 0x10 && NO_MORE_IRP_STACK_LOCATIONS == 0x35);
C_ASSERT(MULTIPLE_IRP_COMPLETE_REQUESTS == 0x44 && CANCEL_STATE_IN_COMPLETED_IRP == 0x48);
C_ASSERT(DRIVER_VERIFIER_DETECTED_VIOLATION == 0xc4 && IRQL_UNEXPECTED_VALUE == 0xc8);
C_ASSERT(DRIVER_VERIFIER_IOMANAGER_VIOLATION == 0xc9 && MANUALLY_INITIATED_CRASH == 0xe2);
C_ASSERT(DRIVER_RETURNED_HOLDING_CANCEL_LOCK == 0x11b && KERNEL_SECURITY_CHECK_FAILURE == 0x139);

/* ---- Routines: each with its exact prototype ----------------------------------------------- */

#define PROTOTYPE(result, name, parameters) result(*Check##name) parameters = name

PROTOTYPE(NTSTATUS, IoCsqInitialize,
          (PIO_CSQ, PIO_CSQ_INSERT_IRP, PIO_CSQ_REMOVE_IRP, PIO_CSQ_PEEK_NEXT_IRP,
           PIO_CSQ_ACQUIRE_LOCK, PIO_CSQ_RELEASE_LOCK, PIO_CSQ_COMPLETE_CANCELED_IRP));
PROTOTYPE(NTSTATUS, IoCsqInitializeEx,
          (PIO_CSQ, PIO_CSQ_INSERT_IRP_EX, PIO_CSQ_REMOVE_IRP, PIO_CSQ_PEEK_NEXT_IRP,
           PIO_CSQ_ACQUIRE_LOCK, PIO_CSQ_RELEASE_LOCK, PIO_CSQ_COMPLETE_CANCELED_IRP));
PROTOTYPE(VOID, IoCsqInsertIrp, (PIO_CSQ, PIRP, PIO_CSQ_IRP_CONTEXT));
PROTOTYPE(NTSTATUS, IoCsqInsertIrpEx, (PIO_CSQ, PIRP, PIO_CSQ_IRP_CONTEXT, PVOID));
PROTOTYPE(PIRP, IoCsqRemoveIrp, (PIO_CSQ, PIO_CSQ_IRP_CONTEXT));
PROTOTYPE(PIRP, IoCsqRemoveNextIrp, (PIO_CSQ, PVOID));

PROTOTYPE(BOOLEAN, IoCancelIrp, (PIRP));
PROTOTYPE(PDRIVER_CANCEL, IoSetCancelRoutine, (PIRP, PDRIVER_CANCEL));
PROTOTYPE(VOID, IoAcquireCancelSpinLock, (PKIRQL));
PROTOTYPE(VOID, IoReleaseCancelSpinLock, (KIRQL));
PROTOTYPE(VOID, IoMarkIrpPending, (PIRP));
PROTOTYPE(VOID, IoCompleteRequest, (PIRP, CCHAR));
PROTOTYPE(VOID, IofCompleteRequest, (PIRP, CCHAR));
PROTOTYPE(PIRP, IoAllocateIrp, (CCHAR, BOOLEAN));
PROTOTYPE(VOID, IoFreeIrp, (PIRP));
PROTOTYPE(VOID, IoReuseIrp, (PIRP, NTSTATUS));
PROTOTYPE(VOID, IoInitializeIrp, (PIRP, USHORT, CCHAR));
PROTOTYPE(NTSTATUS, IoCallDriver, (PDEVICE_OBJECT, PIRP));
PROTOTYPE(NTSTATUS, IofCallDriver, (PDEVICE_OBJECT, PIRP));
PROTOTYPE(VOID, IoSetCompletionRoutine,
          (PIRP, PIO_COMPLETION_ROUTINE, PVOID, BOOLEAN, BOOLEAN, BOOLEAN));
PROTOTYPE(NTSTATUS, IoSetCompletionRoutineEx,
          (PDEVICE_OBJECT, PIRP, PIO_COMPLETION_ROUTINE, PVOID, BOOLEAN, BOOLEAN, BOOLEAN));
PROTOTYPE(VOID, IoCopyCurrentIrpStackLocationToNext, (PIRP));
PROTOTYPE(VOID, IoSkipCurrentIrpStackLocation, (PIRP));
PROTOTYPE(PIO_STACK_LOCATION, IoGetCurrentIrpStackLocation, (PIRP));
PROTOTYPE(PIO_STACK_LOCATION, IoGetNextIrpStackLocation, (PIRP));
PROTOTYPE(VOID, IoSetNextIrpStackLocation, (PIRP));

PROTOTYPE(VOID, KeInitializeSpinLock, (PKSPIN_LOCK));
PROTOTYPE(VOID, KeAcquireSpinLock, (PKSPIN_LOCK, PKIRQL));
PROTOTYPE(KIRQL, KeAcquireSpinLockRaiseToDpc, (PKSPIN_LOCK));
PROTOTYPE(VOID, KeReleaseSpinLock, (PKSPIN_LOCK, KIRQL));
PROTOTYPE(VOID, KeAcquireSpinLockAtDpcLevel, (PKSPIN_LOCK));
PROTOTYPE(VOID, KeReleaseSpinLockFromDpcLevel, (PKSPIN_LOCK));
PROTOTYPE(BOOLEAN, KeTryToAcquireSpinLockAtDpcLevel, (PKSPIN_LOCK));
PROTOTYPE(BOOLEAN, KeTestSpinLock, (PKSPIN_LOCK));
PROTOTYPE(VOID, KeAcquireInStackQueuedSpinLock, (PKSPIN_LOCK, PKLOCK_QUEUE_HANDLE));
PROTOTYPE(VOID, KeReleaseInStackQueuedSpinLock, (PKLOCK_QUEUE_HANDLE));
PROTOTYPE(VOID, ExInitializeFastMutex, (PFAST_MUTEX));
PROTOTYPE(VOID, ExAcquireFastMutex, (PFAST_MUTEX));
PROTOTYPE(VOID, ExReleaseFastMutex, (PFAST_MUTEX));
PROTOTYPE(VOID, KeInitializeEvent, (PRKEVENT, EVENT_TYPE, BOOLEAN));
PROTOTYPE(LONG, KeSetEvent, (PRKEVENT, KPRIORITY, BOOLEAN));
PROTOTYPE(LONG, KeResetEvent, (PRKEVENT));
PROTOTYPE(VOID, KeClearEvent, (PRKEVENT));
PROTOTYPE(LONG, KeReadStateEvent, (PRKEVENT));
PROTOTYPE(NTSTATUS, KeWaitForSingleObject,
          (PVOID, KWAIT_REASON, KPROCESSOR_MODE, BOOLEAN, PLARGE_INTEGER));
PROTOTYPE(KIRQL, KeGetCurrentIrql, (VOID));
PROTOTYPE(VOID, KeRaiseIrql, (KIRQL, PKIRQL));
PROTOTYPE(VOID, KeLowerIrql, (KIRQL));
PROTOTYPE(KIRQL, KeRaiseIrqlToDpcLevel, (VOID));
PROTOTYPE(VOID, KeMemoryBarrier, (VOID));
PROTOTYPE(VOID, KeBugCheck, (ULONG));
PROTOTYPE(VOID, KeBugCheckEx, (ULONG, ULONG_PTR, ULONG_PTR, ULONG_PTR, ULONG_PTR));
PROTOTYPE(VOID, RtlAssert, (PVOID, PVOID, ULONG, PCHAR));
PROTOTYPE(ULONG, DbgPrint, (PCSTR, ...));

PROTOTYPE(LONG, InterlockedExchange, (LONG volatile *, LONG));
PROTOTYPE(LONG, InterlockedCompareExchange, (LONG volatile *, LONG, LONG));
PROTOTYPE(LONG, InterlockedIncrement, (LONG volatile *));
PROTOTYPE(LONG, InterlockedDecrement, (LONG volatile *));
PROTOTYPE(LONG, InterlockedExchangeAdd, (LONG volatile *, LONG));
PROTOTYPE(LONG, InterlockedOr, (LONG volatile *, LONG));
PROTOTYPE(LONG, InterlockedAnd, (LONG volatile *, LONG));
PROTOTYPE(LONGLONG, InterlockedExchange64, (LONGLONG volatile *, LONGLONG));
PROTOTYPE(LONGLONG, InterlockedCompareExchange64, (LONGLONG volatile *, LONGLONG, LONGLONG));
PROTOTYPE(LONGLONG, InterlockedIncrement64, (LONGLONG volatile *));
PROTOTYPE(LONGLONG, InterlockedDecrement64, (LONGLONG volatile *));
PROTOTYPE(LONGLONG, InterlockedExchangeAdd64, (LONGLONG volatile *, LONGLONG));
PROTOTYPE(LONGLONG, InterlockedOr64, (LONGLONG volatile *, LONGLONG));
PROTOTYPE(LONGLONG, InterlockedAnd64, (LONGLONG volatile *, LONGLONG));
PROTOTYPE(PVOID, InterlockedExchangePointer, (PVOID volatile *, PVOID));
PROTOTYPE(PVOID, InterlockedCompareExchangePointer, (PVOID volatile *, PVOID, PVOID));

PROTOTYPE(LONG, ReadAcquire, (LONG const volatile *));
PROTOTYPE(LONG, ReadNoFence, (LONG const volatile *));
PROTOTYPE(LONG, ReadRaw, (LONG const volatile *));
PROTOTYPE(VOID, WriteRelease, (LONG volatile *, LONG));
PROTOTYPE(VOID, WriteNoFence, (LONG volatile *, LONG));
PROTOTYPE(VOID, WriteRaw, (LONG volatile *, LONG));
PROTOTYPE(ULONG, ReadULongAcquire, (ULONG const volatile *));
PROTOTYPE(ULONG, ReadULongNoFence, (ULONG const volatile *));
PROTOTYPE(VOID, WriteULongRelease, (ULONG volatile *, ULONG));
PROTOTYPE(VOID, WriteULongNoFence, (ULONG volatile *, ULONG));
PROTOTYPE(LONG64, ReadAcquire64, (LONG64 const volatile *));
PROTOTYPE(VOID, WriteRelease64, (LONG64 volatile *, LONG64));
PROTOTYPE(ULONG64, ReadULong64Acquire, (ULONG64 const volatile *));
PROTOTYPE(VOID, WriteULong64Release, (ULONG64 volatile *, ULONG64));
PROTOTYPE(PVOID, ReadPointerAcquire, (PVOID const volatile *));
PROTOTYPE(PVOID, ReadPointerNoFence, (PVOID const volatile *));
PROTOTYPE(VOID, WritePointerRelease, (PVOID volatile *, PVOID));
PROTOTYPE(VOID, WritePointerNoFence, (PVOID volatile *, PVOID));
PROTOTYPE(BOOLEAN, ReadBooleanAcquire, (BOOLEAN const volatile *));
PROTOTYPE(VOID, WriteBooleanRelease, (BOOLEAN volatile *, BOOLEAN));

PROTOTYPE(VOID, RtlZeroMemory, (PVOID, SIZE_T));
PROTOTYPE(VOID, RtlCopyMemory, (PVOID, const VOID *, SIZE_T));
PROTOTYPE(VOID, RtlMoveMemory, (PVOID, const VOID *, SIZE_T));
PROTOTYPE(VOID, RtlFillMemory, (PVOID, SIZE_T, UCHAR));

/* List helpers are functions: sources keep them in variables. */
PROTOTYPE(VOID, InitializeListHead, (PLIST_ENTRY));
PROTOTYPE(BOOLEAN, IsListEmpty, (const LIST_ENTRY *));
PROTOTYPE(VOID, InsertHeadList, (PLIST_ENTRY, PLIST_ENTRY));
PROTOTYPE(VOID, InsertTailList, (PLIST_ENTRY, PLIST_ENTRY));
PROTOTYPE(PLIST_ENTRY, RemoveHeadList, (PLIST_ENTRY));
PROTOTYPE(PLIST_ENTRY, RemoveTailList, (PLIST_ENTRY));
PROTOTYPE(BOOLEAN, RemoveEntryList, (PLIST_ENTRY));
PROTOTYPE(VOID, AppendTailList, (PLIST_ENTRY, PLIST_ENTRY));
PROTOTYPE(VOID, PushEntryList, (PSINGLE_LIST_ENTRY, PSINGLE_LIST_ENTRY));
PROTOTYPE(PSINGLE_LIST_ENTRY, PopEntryList, (PSINGLE_LIST_ENTRY));

/* A macro, so that raw memory for an IRP can be an array. */
UCHAR RawIrp[IoSizeOfIrp(2)];
C_ASSERT(IoSizeOfIrp(2) == sizeof(IRP) + 2 * sizeof(IO_STACK_LOCATION));

/* ---- Annotations: all empty, wherever they may stand ---------------------------------------- */

/* clang-format off */
_Use_decl_annotations_ _Function_class_(DRIVER_DISPATCH) _Dispatch_type_(IRP_MJ_READ)
_IRQL_raises_(DISPATCH_LEVEL) _IRQL_requires_(PASSIVE_LEVEL) _IRQL_requires_same_
_IRQL_requires_max_(DISPATCH_LEVEL) _IRQL_requires_min_(PASSIVE_LEVEL) _IRQL_uses_cancel_
_IRQL_saves_global_(QueuedSpinLock, Handle) _IRQL_restores_global_(QueuedSpinLock, Handle)
_Acquires_lock_(Lock) _Releases_lock_(Lock) _Requires_lock_held_(Lock)
_Requires_lock_not_held_(Lock)
NTKERNELAPI VOID NTAPI Annotated(
    _In_ ULONG a, _Out_ PULONG b, _Inout_ PULONG c, _In_opt_ PVOID d, _Out_opt_ PVOID e,
    _At_(*f, _Post_) _IRQL_saves_ PKIRQL f, _Pre_ _Post_ _IRQL_restores_ KIRQL g);
#ifndef __cplusplus
VOID OldAnnotated(__in ULONG a, __out PULONG b, __inout PULONG c);
#endif
/* clang-format on */

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
